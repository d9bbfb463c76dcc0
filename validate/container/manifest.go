package container

import (
	"bytes"
	"fmt"
	"path"
	"slices"

	"go-model-archiver/manifest"
	"go-model-archiver/validate/rules"
)

// readManifest reads MAR-INF/MANIFEST.json.
func (c *Container) readManifest() {
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
// handler's is looked at by package validate. An absolute name may be that of a
// file on the server.
func (c *Container) checkManifest() {
	if r := c.Manifest.Runtime; !slices.Contains(manifest.Runtimes(), r) {
		c.add(rules.ManifestRuntime, c.Path,
			fmt.Sprintf("the manifest of %q has the runtime %q, and TorchServe knows python, python3 and LSP", c.Path, r),
			`write the archive again with "runtime": "python"`)
	}
	m := c.Manifest.Model
	for _, named := range []struct{ what, file string }{
		{"serialized file", m.SerializedFile}, {"model file", m.ModelFile}, {"config file", m.ConfigFile},
	} {
		if named.file != "" && !path.IsAbs(named.file) && c.entry(named.file) == nil {
			c.add(rules.ManifestFileMissing, c.Path,
				fmt.Sprintf("the manifest of %q names the %s %q, which is not there", c.Path, named.what, named.file), "write the archive again with that file")
		}
	}
	if file := m.RequirementsFile; file != "" && c.entry(file) == nil {
		c.add(rules.RequirementsMissing, c.Path,
			fmt.Sprintf("the manifest of %q names the requirements file %q, which is not there", c.Path, file), "write the archive again with that file")
	}
}

// checkNames finds names that stand twice.
func (c *Container) checkNames() {
	seen := map[string]bool{}
	for _, e := range c.entries {
		if seen[e.name] {
			c.addEntry(rules.ArchiveEntryTwice, fmt.Sprintf("%q stands twice in %q, and the last one counts", e.name, c.Path), "write the archive again")
		}
		seen[e.name] = true
	}
}
