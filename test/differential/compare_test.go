package differential

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// file is a file of a folder or an entry of an archive.
type file struct {
	content string
	mode    fs.FileMode // permission bits
}

// tree maps slash-separated names to files.
type tree map[string]file

const manifestName = "MAR-INF/MANIFEST.json"

var createdOn = regexp.MustCompile(`"createdOn": "\d{2}/\d{2}/\d{4} \d{2}:\d{2}:\d{2}"`)

// readFolder reads every regular file below dir; links are not followed.
func readFolder(t *testing.T, dir string) tree {
	t.Helper()
	out := tree{}
	check(t, filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		out[filepath.ToSlash(name)] = file{string(content), info.Mode().Perm()}
		return err
	}))
	return out
}

// written is what after has and before has not, or has otherwise; archives are
// replaced by their entries under ARCHIVE!NAME.
func written(before, after tree) (tree, error) {
	out := tree{}
	for name, f := range after {
		if before[name] == f {
			continue
		}
		entries, err := readArchive(name, f.content)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if entries == nil {
			out[name] = normal(name, f)
		}
		for entry, f := range entries {
			out[name+"!"+entry] = normal(entry, f)
		}
	}
	return out, nil
}

// normal takes out of a manifest what may differ: the time, and the mode,
// which the original never sets.
func normal(name string, f file) file {
	if name != manifestName && !strings.HasSuffix(name, "/"+manifestName) {
		return f
	}
	return file{createdOn.ReplaceAllString(f.content, `"createdOn": "TIME"`), 0}
}

// readArchive returns the entries of an archive, or nil for any other file.
func readArchive(name, content string) (tree, error) {
	switch {
	case strings.HasSuffix(name, ".mar"):
		return readZip(content)
	case strings.HasSuffix(name, ".tar.gz"):
		return readTar(content)
	}
	return nil, nil
}

func readZip(content string) (tree, error) {
	archive, err := zip.NewReader(strings.NewReader(content), int64(len(content)))
	if err != nil {
		return nil, err
	}
	out := tree{}
	for _, entry := range archive.File {
		r, err := entry.Open()
		if err != nil {
			return nil, err
		}
		if err := out.add(entry.Name, entry.Mode(), r); err != nil {
			return nil, err
		}
	}
	if n := len(archive.File); n == 0 || archive.File[n-1].Name != manifestName {
		return nil, fmt.Errorf("the last entry is not the manifest")
	}
	return out, nil
}

func readTar(content string) (tree, error) {
	plain, err := gzip.NewReader(strings.NewReader(content))
	if err != nil {
		return nil, err
	}
	out := tree{}
	for archive := tar.NewReader(plain); ; {
		header, err := archive.Next()
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		if err := out.add(header.Name, header.FileInfo().Mode(), archive); err != nil {
			return nil, err
		}
	}
}

func (t tree) add(name string, mode fs.FileMode, r io.Reader) error {
	if _, ok := t[name]; ok {
		return fmt.Errorf("two entries named %q", name)
	}
	var content bytes.Buffer
	_, err := content.ReadFrom(r)
	t[name] = file{content.String(), mode.Perm()}
	return err
}

// compare tells how ours differs from the original's.
func compare(original, ours tree) []string {
	var problems []string
	for _, name := range slices.Sorted(maps.Keys(original)) {
		want := original[name]
		got, ok := ours[name]
		switch {
		case !ok:
			problems = append(problems, fmt.Sprintf("ours lacks %q", name))
		case got.content != want.content:
			problems = append(problems, fmt.Sprintf("%q holds %.400q, the original's %.400q", name, got.content, want.content))
		case got.mode != want.mode:
			problems = append(problems, fmt.Sprintf("%q has mode %v, the original's %v", name, got.mode, want.mode))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(ours)) {
		if _, ok := original[name]; !ok {
			problems = append(problems, fmt.Sprintf("ours alone has %q", name))
		}
	}
	return problems
}
