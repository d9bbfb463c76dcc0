package container

import (
	"bytes"
	"fmt"
	"path"
	"strings"

	"go-model-archiver/archiver"
	"go-model-archiver/manifest"
	"go-model-archiver/validate/rules"
)

// readManifest reads MAR-INF/MANIFEST.json.
func (c *Container) readManifest() {
	if len(c.Findings) > 0 && len(c.entries) == 0 {
		return // the container itself can't be read
	}
	e := c.entry(manifest.Path)
	if e == nil {
		c.add(rules.ManifestMissing, c.Path,
			fmt.Sprintf("%q has no %s; TorchServe asks for the handler with the request, or takes its default_service_handler", c.Path, manifest.Path),
			"write the archive with go-model-archiver")
		return
	}
	data, err := c.read(manifest.Path, manifest.MaxSize)
	if err == nil {
		c.Manifest, err = manifest.Decode(bytes.NewReader(data))
	}
	if err != nil {
		c.add(rules.ManifestInvalid, c.Path, fmt.Sprintf("the manifest of %q can't be read: %v", c.Path, err), "write the archive again")
		return
	}
	c.checkManifest()
}

// checkManifest finds files that the manifest names and that are absent; the
// handler's is looked at by package validate.
func (c *Container) checkManifest() {
	m := c.Manifest.Model
	for _, named := range []struct{ what, file string }{
		{"serialized file", m.SerializedFile}, {"model file", m.ModelFile}, {"config file", m.ConfigFile},
	} {
		if named.file != "" && c.entry(named.file) == nil {
			c.add(rules.ManifestFileMissing, c.Path,
				fmt.Sprintf("the manifest of %q names the %s %q, which is not there", c.Path, named.what, named.file), "write the archive again with that file")
		}
	}
	if file := m.RequirementsFile; file != "" && c.entry(file) == nil {
		c.add(rules.RequirementsMissing, c.Path,
			fmt.Sprintf("the manifest of %q names the requirements file %q, which is not there", c.Path, file), "write the archive again with that file")
	}
	if c.Format != archiver.NoArchive {
		return
	}
	for _, e := range c.entries {
		if !strings.HasPrefix(e.name, "MAR-INF/") {
			return
		}
	}
	c.add(rules.FolderManifestAlone, c.Path,
		fmt.Sprintf("the folder %q holds MAR-INF alone, and TorchServe takes that for the model's folder", c.Path), "put the model's files beside MAR-INF")
}

// place is where the server unpacks a name to, below the model's folder. One
// that climbs out of it, which the server refuses, is a finding.
func (c *Container) place(name string) (string, bool) {
	inside := path.Clean(strings.TrimLeft(name, "/"))
	if inside == ".." || strings.HasPrefix(inside, "../") {
		c.add(rules.ArchiveEntryOutside, c.Path, fmt.Sprintf("%q in %q stands outside the model's folder", name, c.Path), "write the archive again")
		return "", false
	}
	return inside, true
}

// checkNames finds names that stand twice.
func (c *Container) checkNames() {
	seen := map[string]bool{}
	for _, e := range c.entries {
		if seen[e.name] {
			c.add(rules.ArchiveEntryTwice, c.Path, fmt.Sprintf("%q stands twice in %q, and the last one counts", e.name, c.Path), "write the archive again")
		}
		seen[e.name] = true
	}
}
