package container_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go-model-archiver/archiver"
	"go-model-archiver/internal/testtools"
	"go-model-archiver/manifest"
	"go-model-archiver/validate"
	"go-model-archiver/validate/container"
	"go-model-archiver/validate/rules"
)

const goodManifest = `{"runtime": "python", "model": {"modelName": "m", "handler": "base_handler", "modelVersion": "1"}}`

// packed writes a container of each format with the same model.
func packed(t *testing.T, format archiver.Format) string {
	t.Helper()
	dir := t.TempDir()
	plan, err := archiver.NewPlan(t.Context(), archiver.Spec{
		ModelName: "m", Version: "1", Handler: "base_handler", ExportPath: dir, Format: format,
		SerializedFile: testtools.OneModel(t, "scripted").Path, Runtime: manifest.Python,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer plan.Close()
	result, err := archiver.Write(t.Context(), plan, archiver.Options{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return result.Path
}

func TestEveryFormatGivesTheSameModel(t *testing.T) {
	want, err := os.ReadFile(testtools.OneModel(t, "scripted").Path)
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range archiver.Formats() {
		box := opened(t, packed(t, format))
		if err := box.Verify(t.Context()); err != nil || len(box.Findings) > 0 || box.Format != format {
			t.Errorf("%s: %v, %v, format %s", format, err, box.Findings, box.Format)
		}
		s, err := box.Subject(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got := make([]byte, s.ModelSize)
		if _, err := s.Model.ReadAt(got, s.ModelOffset); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: the model has other bytes, %v", format, err)
		}
		in, err := box.Inspect(t.Context())
		if err != nil || in.Model == nil || in.Model.Forward == nil || len(in.Entries) != 2 {
			t.Errorf("%s: %+v, %v", format, in, err)
		}
	}
}

func opened(t *testing.T, path string) *container.Container {
	t.Helper()
	box, err := container.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { box.Close() })
	return box
}

// file is one entry of an archive made by hand.
type file struct {
	name, content string
	change        func(*zip.FileHeader)
}

func zipOf(t *testing.T, files ...file) []byte {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, f := range files {
		h := &zip.FileHeader{Name: f.name, Method: zip.Deflate}
		if f.change != nil {
			f.change(h)
		}
		w, err := z.CreateHeader(h)
		if err == nil {
			_, err = w.Write([]byte(f.content))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// gap is an archive whose first entry has the size given, with the rest of
// the text behind it.
func gap(t *testing.T, text string, size int) []byte {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	h := &zip.FileHeader{Name: "a.txt", CRC32: crc32.ChecksumIEEE([]byte(text[:size])), CompressedSize64: uint64(size), UncompressedSize64: uint64(size)}
	for _, f := range []struct {
		h    *zip.FileHeader
		text string
	}{
		{h, text},
		{&zip.FileHeader{Name: manifest.Path, CRC32: crc32.ChecksumIEEE([]byte(goodManifest)), CompressedSize64: uint64(len(goodManifest)), UncompressedSize64: uint64(len(goodManifest))}, goodManifest},
	} {
		w, err := z.CreateRaw(f.h)
		if err == nil {
			_, err = w.Write([]byte(f.text))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func tgzOf(t *testing.T, headers ...*tar.Header) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	w := tar.NewWriter(z)
	for _, h := range headers {
		content := []byte(goodManifest)
		if h.Typeflag == tar.TypeReg {
			h.Size = int64(len(content))
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if h.Typeflag == tar.TypeReg {
			if _, err := w.Write(content); err != nil {
				t.Fatal(err)
			}
		}
	}
	w.Close()
	z.Close()
	return out.Bytes()
}

func gzipOf(t *testing.T, data []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := z.Write(data); err != nil {
		t.Fatal(err)
	}
	z.Close()
	return out.Bytes()
}

func inflated(t *testing.T, data []byte) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// overlapping is an archive whose directory has its first file once more.
func overlapping(t *testing.T, files ...file) []byte {
	t.Helper()
	data := zipOf(t, files...)
	end := bytes.LastIndex(data, []byte("PK\x05\x06"))
	first := bytes.Index(data, []byte("PK\x01\x02"))
	second := first + 4 + bytes.Index(data[first+4:], []byte("PK\x01\x02"))
	record, tail := slices.Clone(data[first:second]), data[end:]
	count := binary.LittleEndian.Uint16(tail[10:]) + 1
	binary.LittleEndian.PutUint16(tail[8:], count)
	binary.LittleEndian.PutUint16(tail[10:], count)
	binary.LittleEndian.PutUint32(tail[12:], binary.LittleEndian.Uint32(tail[12:])+uint32(len(record)))
	return slices.Insert(data, end, record...)
}

func TestWhatIsWrongWithAContainer(t *testing.T) {
	manifestFile := file{name: manifest.Path, content: goodManifest}
	good := zipOf(t, file{name: "a.txt", content: "text"}, manifestFile)
	flipped := bytes.Replace(zipOf(t, file{name: "a.txt", content: "text", change: func(h *zip.FileHeader) { h.Method = zip.Store }}, manifestFile),
		[]byte("text"), []byte("tent"), 1)
	stored := gap(t, "text", 4)
	encryptedCentrally := slices.Clone(good)
	encryptedCentrally[bytes.Index(good, []byte("PK\x01\x02"))+8] |= 1
	goodTGZ := tgzOf(t, &tar.Header{Name: "m/" + manifest.Path, Typeflag: tar.TypeReg})
	store := func(h *zip.FileHeader) { h.Method = zip.Store }
	crc := binary.LittleEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte("text")))
	for name, test := range map[string]struct {
		file string
		data []byte
		want []string
	}{
		"nothing":          {"m.mar", good, nil},
		"truncated":        {"m.mar", good[:len(good)-30], []string{rules.ArchiveDamaged}},
		"empty":            {"m.mar", nil, []string{rules.ArchiveDamaged}},
		"no zip":           {"m.mar", []byte("<html>not found</html>"), []string{rules.ArchiveDamaged}},
		"bytes in front":   {"m.mar", append([]byte("#!/bin/sh\n"), good...), []string{rules.ArchiveDamaged}},
		"no manifest":      {"m.mar", zipOf(t, file{name: "a.txt", content: "text"}), []string{rules.ManifestMissing}},
		"manifest no JSON": {"m.mar", zipOf(t, file{name: manifest.Path, content: "{"}), []string{rules.ManifestInvalid}},
		"no model in it":   {"m.mar", zipOf(t, file{name: manifest.Path, content: `{"runtime": "python"}`}), []string{rules.ManifestInvalid}},
		"absent files": {"m.mar", zipOf(t, file{name: manifest.Path,
			content: `{"model": {"modelName": "m", "serializedFile": "m.pt", "configFile": "c.yaml", "handler": "base_handler"}}`}),
			[]string{rules.ManifestFileMissing, rules.ManifestFileMissing}},
		"climbs out":          {"m.mar", zipOf(t, file{name: "../a.txt"}, manifestFile), []string{rules.ArchiveEntryOutside}},
		"climbs out midway":   {"m.mar", zipOf(t, file{name: "a/../../b"}, manifestFile), []string{rules.ArchiveEntryOutside}},
		"stays inside":        {"m.mar", zipOf(t, file{name: "a/x.txt"}, file{name: "a/../b.txt"}, file{name: "./c.txt"}, file{name: "..x"}, manifestFile), nil},
		"goes through none":   {"m.mar", zipOf(t, file{name: "a/../b.txt"}, manifestFile), []string{rules.ArchiveEntryClash}},
		"goes through a file": {"m.mar", zipOf(t, file{name: "a"}, file{name: "a/../b.txt"}, manifestFile), []string{rules.ArchiveEntryClash}},
		"absolute":            {"m.mar", zipOf(t, file{name: "/etc/hosts"}, file{name: "/etc/passwd"}, manifestFile), []string{rules.ArchiveEntryAbsolute}},
		"file and folder":     {"m.mar", zipOf(t, file{name: "x"}, file{name: "x!"}, file{name: "x/y"}, manifestFile), []string{rules.ArchiveEntryClash}},
		"folder and file":     {"m.mar", zipOf(t, file{name: "x/"}, file{name: "x"}, manifestFile), []string{rules.ArchiveEntryClash}},
		"folders":             {"m.mar", zipOf(t, file{name: "x/"}, file{name: "x/"}, file{name: "x/y"}, file{name: "xy"}, manifestFile), nil},
		"no name":             {"m.mar", zipOf(t, file{name: ""}, manifestFile), []string{rules.ArchiveEntryClash}},
		"zip without .mar":    {"m.zip", good, []string{rules.ArchiveName}},
		"zip in capitals":     {"m.MAR", good, []string{rules.ArchiveName}},
		"gzip as .mar":        {"m.mar", goodTGZ, []string{rules.ArchiveName}},
		"gzip as anything":    {"m", goodTGZ, nil},
		"tar":                 {"m.tar", inflated(t, goodTGZ), []string{rules.ArchiveName}},
		"bytes behind gzip":   {"m.tar.gz", append(slices.Clone(goodTGZ), "trailing"...), nil},
		"zeros behind gzip":   {"m.tar.gz", append(slices.Clone(goodTGZ), 0, 0, 0), nil},
		"gzip behind gzip":    {"m.tar.gz", append(slices.Clone(goodTGZ), goodTGZ...), []string{rules.ArchiveMembers}},
		"gzip of no tar":      {"m.pt", gzipOf(t, bytes.Repeat([]byte("weights"), 999)), []string{rules.ArchiveDamaged}},
		"gzip of little":      {"m.tar.gz", gzipOf(t, []byte("weights")), []string{rules.ArchiveDamaged}},
		"no runtime":          {"m.mar", zipOf(t, file{name: manifest.Path, content: `{"model": {"modelName": "m", "handler": "base_handler"}}`}), nil},
		"null runtime":        {"m.mar", zipOf(t, file{name: manifest.Path, content: `{"runtime": null, "model": {"handler": "base_handler"}}`}), []string{rules.ManifestRuntime}},
		"other runtime":       {"m.mar", zipOf(t, file{name: manifest.Path, content: `{"runtime": "python2", "model": {"handler": "base_handler"}}`}), []string{rules.ManifestRuntime}},
		"runtime's constant":  {"m.mar", zipOf(t, file{name: manifest.Path, content: `{"runtime": "PYTHON", "model": {"handler": "base_handler"}}`}), nil},
		"dot slash": {"m.mar", zipOf(t, file{name: "m.pt"}, file{name: "c.yaml"}, file{name: manifest.Path,
			content: `{"model": {"serializedFile": "./m.pt", "configFile": "x/../c.yaml", "handler": "base_handler"}}`}), nil},
		"a file of the server's":     {"m.mar", zipOf(t, file{name: manifest.Path, content: `{"model": {"serializedFile": "/mnt/m.pt", "handler": "base_handler"}}`}), nil},
		"twice":                      {"m.mar", zipOf(t, file{name: "a"}, file{name: "a"}, manifestFile), []string{rules.ArchiveEntryTwice}},
		"encrypted in the directory": {"m.mar", encryptedCentrally, nil},
		"overlapping":                {"m.mar", overlapping(t, file{name: "a.txt", content: "text"}, manifestFile), []string{rules.ArchiveDamaged}},
		"encrypted":                  {"m.mar", zipOf(t, file{name: "a", change: func(h *zip.FileHeader) { h.Flags |= 1 }}, manifestFile), []string{rules.ArchiveEncrypted}},
		"stored descriptor":          {"m.mar", zipOf(t, file{name: "a", content: "x", change: store}, file{name: "b", content: "x", change: store}, manifestFile), []string{rules.ArchiveDescriptor}},
		"flipped":                    {"m.mar", flipped, []string{rules.ArchiveDescriptor, rules.ArchiveDamaged}},
		"good tgz":                   {"m.tar.gz", tgzOf(t, &tar.Header{Name: "m/" + manifest.Path, Typeflag: tar.TypeReg}), nil},
		"no gzip":                    {"m.tar.gz", good, []string{rules.ArchiveDamaged}},
		"cut gzip":                   {"m.tar.gz", tgzOf(t, &tar.Header{Name: "m/" + manifest.Path, Typeflag: tar.TypeReg})[:60], []string{rules.ArchiveDamaged}},
		"link in tar": {"m.tar.gz", tgzOf(t, &tar.Header{Name: "m/l", Linkname: "/etc/passwd", Typeflag: tar.TypeSymlink},
			&tar.Header{Name: "m/" + manifest.Path, Typeflag: tar.TypeReg}), []string{rules.ArchiveEntryKind}},
		"flat tar": {"m.tar.gz", tgzOf(t, &tar.Header{Name: "a.txt", Typeflag: tar.TypeReg},
			&tar.Header{Name: "m/" + manifest.Path, Typeflag: tar.TypeReg}), nil},
		"tar of a folder's content": {"m.tar.gz", tgzOf(t, &tar.Header{Name: "./" + manifest.Path, Typeflag: tar.TypeReg}), nil},
		"two folders in a tar":      {"m.tar.gz", tgzOf(t, &tar.Header{Name: "./m/" + manifest.Path, Typeflag: tar.TypeReg}), []string{rules.ManifestMissing}},
		"climbs out of a tar": {"m.tar.gz", tgzOf(t, &tar.Header{Name: "m/" + manifest.Path, Typeflag: tar.TypeReg},
			&tar.Header{Name: "m/../../a.txt", Typeflag: tar.TypeReg}), []string{rules.ArchiveEntryOutside}},
		"no requirements": {"m.mar", zipOf(t, file{name: manifest.Path,
			content: `{"model": {"modelName": "m", "requirementsFile": "r.txt", "handler": "base_handler"}}`}), []string{rules.RequirementsMissing}},
		"another name in front": {"m.mar", bytes.Replace(good, []byte("a.txt"), []byte("b.txt"), 1), []string{rules.ArchiveDamaged}},
		"another method in front": {"m.mar", bytes.Replace(good, []byte("PK\x03\x04\x14\x00\x08\x00\x08"), []byte("PK\x03\x04\x14\x00\x08\x00\x00"), 1),
			[]string{rules.ArchiveDamaged}},
		"an archive behind an archive": {"m.mar", append(slices.Clone(good), zipOf(t, file{name: "b.txt"}, manifestFile)...), []string{rules.ArchiveDamaged}},
		"bytes between entries":        {"m.mar", gap(t, "text with more behind it", 4), []string{rules.ArchiveDamaged}},
		"size in front":                {"m.mar", bytes.Replace(stored, []byte{4, 0, 0, 0, 4, 0, 0, 0}, []byte{4, 0, 0, 0, 9, 0, 0, 0}, 1), []string{rules.ArchiveDamaged}},
		"checksum in front":            {"m.mar", bytes.Replace(stored, crc, []byte{1, 2, 3, 4}, 1), []string{rules.ArchiveDamaged}},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), test.file)
			if err := os.WriteFile(path, test.data, 0o644); err != nil {
				t.Fatal(err)
			}
			box := opened(t, path)
			if err := box.Verify(t.Context()); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range box.Findings {
				got = append(got, f.Rule)
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("found %v, want %v: %v", got, test.want, box.Findings)
			}
		})
	}
}

// Whatever has to be inflated is told, up to its end.
func TestProgressOfInflating(t *testing.T) {
	model, err := os.ReadFile(testtools.OneModel(t, "bert-seq").Path)
	if err != nil {
		t.Fatal(err)
	}
	theirs := filepath.Join(t.TempDir(), "m.mar")
	data := zipOf(t, file{name: "m.pt", content: string(model)},
		file{name: manifest.Path, content: `{"model": {"modelName": "m", "serializedFile": "m.pt", "handler": "base_handler"}}`})
	if err := os.WriteFile(theirs, data, 0o644); err != nil {
		t.Fatal(err)
	}
	tgz := packed(t, archiver.TGZ)
	info, err := os.Stat(tgz)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]int64{theirs: int64(len(model)), tgz: info.Size(), packed(t, archiver.ZipStore): 0} {
		var last, all int64
		box, err := container.OpenWithProgress(t.Context(), path, func(done, total int64) {
			if done < last || done > total {
				t.Errorf("%s: %d of %d after %d", path, done, total, last)
			}
			last, all = done, total
		})
		if err != nil {
			t.Fatal(err)
		}
		defer box.Close()
		in, err := box.Inspect(t.Context())
		if err != nil || last != want || all != want || (in.Inflated > 0) != (want > 0) {
			t.Errorf("%s: told %d of %d, inflated %d, want %d, %v", path, last, all, in.Inflated, want, err)
		}
	}
}

// Only an archive of others costs an inflate to look into.
func TestInspectSaysWhatItInflated(t *testing.T) {
	model, err := os.ReadFile(testtools.OneModel(t, "bert-seq").Path)
	if err != nil {
		t.Fatal(err)
	}
	theirs := filepath.Join(t.TempDir(), "m.mar")
	data := zipOf(t, file{name: "m.pt", content: string(model)},
		file{name: manifest.Path, content: `{"model": {"modelName": "m", "serializedFile": "m.pt", "handler": "base_handler"}}`})
	if err := os.WriteFile(theirs, data, 0o644); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]int64{theirs: int64(len(model)), packed(t, archiver.ZipStore): 0, packed(t, archiver.NoArchive): 0} {
		in, err := opened(t, path).Inspect(t.Context())
		if err != nil || in.Inflated != want || in.Model == nil || in.Model.Forward == nil {
			t.Errorf("%s: inflated %d, want %d, %v", path, in.Inflated, want, err)
		}
	}
}

// What came in an archive's place is told, and so is how many entries of an
// archive a finding is about.
func TestFindingsSayWhatIsThere(t *testing.T) {
	manifestFile := file{name: manifest.Path, content: goodManifest}
	store := func(h *zip.FileHeader) { h.Method = zip.Store }
	for says, data := range map[string][]byte{
		"is an HTML page":       []byte("<html>not found</html>"),
		"is a Git LFS pointer":  []byte("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"),
		"is a text file and no": []byte("not a model"),
		"its end, where a zip":  zipOf(t, manifestFile)[:90],
		"for 2 more entries":    zipOf(t, file{name: "a", change: store}, file{name: "b", change: store}, file{name: "c", change: store}, manifestFile),
	} {
		path := filepath.Join(t.TempDir(), "m.mar")
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		box := opened(t, path)
		if len(box.Findings) != 1 || !strings.Contains(box.Findings[0].Message, says) || box.Findings[0].Hint == "" {
			t.Errorf("%q: found %v", says, box.Findings)
		}
	}
}

// A damaged entry can't be read, and hides no other.
func TestADamagedEntryIsLeftOut(t *testing.T) {
	store := func(h *zip.FileHeader) { h.Method = zip.Store }
	data := zipOf(t, file{name: "readme.txt", content: "readme", change: store}, file{name: "h.py", content: "import os"},
		file{name: "m.pt", content: "the weights", change: store},
		file{name: manifest.Path, content: `{"model": {"serializedFile": "m.pt", "handler": "h.py"}}`})
	data = bytes.Replace(data, []byte("readme"), []byte("reedme"), 2)
	data = bytes.Replace(data, []byte("the weights"), []byte("the weighty"), 1)
	path := filepath.Join(t.TempDir(), "m.mar")
	if err := os.WriteFile(path, bytes.Replace(data, []byte("reedme.txt"), []byte("readme.txt"), 1), 0o644); err != nil {
		t.Fatal(err)
	}
	box := opened(t, path)
	if err := box.Verify(t.Context()); err != nil || !box.Readable() {
		t.Fatal(err)
	}
	s, err := box.Subject(t.Context())
	if err != nil || s.Model != nil {
		t.Errorf("a damaged model is given: %v", err)
	}
	for name, want := range map[string]error{"m.pt": validate.ErrDamaged, "h.py": nil} {
		if _, err := s.ReadEntry(name, 1<<20); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
	check, err := validate.NewCheck(s)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := check.PickleFindings(t.Context()); err != nil {
		t.Error(err)
	}
	if !slices.ContainsFunc(check.Findings, func(f rules.Finding) bool { return strings.Contains(f.Message, `"m.pt" is damaged`) }) {
		t.Errorf("nothing says why nothing is load-tested: %v", check.Findings)
	}
}

func TestABareModelIsItsOwnContainer(t *testing.T) {
	box := opened(t, testtools.OneModel(t, "scripted").Path)
	s, err := box.Subject(t.Context())
	if err != nil || s.Model == nil || box.Format != "" || len(box.Findings) > 0 {
		t.Errorf("%+v, %v, format %q, %v", s, err, box.Format, box.Findings)
	}
}

func TestACancelledContextEndsInflating(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	path := packed(t, archiver.TGZ)
	cancel()
	if box, err := container.Open(ctx, path); err == nil {
		box.Close()
		t.Error("opened all the same")
	}
}

func FuzzOpen(f *testing.F) {
	for _, seed := range []string{goodManifest} {
		var out bytes.Buffer
		z := zip.NewWriter(&out)
		w, _ := z.Create(manifest.Path)
		w.Write([]byte(seed))
		z.Close()
		f.Add("m.mar", out.Bytes())
		f.Add("m.tar.gz", out.Bytes())
	}
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		file := "m.mar"
		if len(name)%2 == 0 {
			file = "m.tar.gz"
		}
		path := filepath.Join(t.TempDir(), file)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		box, err := container.Open(t.Context(), path)
		if err != nil {
			return
		}
		defer box.Close()
		if err := box.Verify(t.Context()); err == nil {
			if s, err := box.Subject(t.Context()); err == nil && s.Model == nil && s.ModelPath != "" {
				t.Error("a model without a file")
			}
		}
	})
}
