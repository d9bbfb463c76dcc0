package container_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"go-model-archiver/archiver"
	"go-model-archiver/internal/testtools"
	"go-model-archiver/manifest"
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
		if good, err := box.Verify(t.Context()); !good || err != nil || len(box.Findings) > 0 || box.Format != format {
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

func TestWhatIsWrongWithAContainer(t *testing.T) {
	manifestFile := file{name: manifest.Path, content: goodManifest}
	good := zipOf(t, file{name: "a.txt", content: "text"}, manifestFile)
	flipped := bytes.Replace(zipOf(t, file{name: "a.txt", content: "text", change: func(h *zip.FileHeader) { h.Method = zip.Store }}, manifestFile),
		[]byte("text"), []byte("tent"), 1)
	stored := gap(t, "text", 4)
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
		"climbs out":        {"m.mar", zipOf(t, file{name: "../a.txt"}, manifestFile), []string{rules.ArchiveEntryOutside}},
		"climbs out midway": {"m.mar", zipOf(t, file{name: "a/../../b"}, manifestFile), []string{rules.ArchiveEntryOutside}},
		"stays inside":      {"m.mar", zipOf(t, file{name: "a/../b.txt"}, file{name: "/etc/hosts"}, file{name: "..x"}, manifestFile), nil},
		"twice":             {"m.mar", zipOf(t, file{name: "a"}, file{name: "a"}, manifestFile), []string{rules.ArchiveEntryTwice}},
		"encrypted":         {"m.mar", zipOf(t, file{name: "a", change: func(h *zip.FileHeader) { h.Flags |= 1 }}, manifestFile), []string{rules.ArchiveEncrypted}},
		"stored descriptor": {"m.mar", zipOf(t, file{name: "a", content: "x", change: func(h *zip.FileHeader) { h.Method = zip.Store }}, manifestFile), []string{rules.ArchiveDescriptor}},
		"flipped":           {"m.mar", flipped, []string{rules.ArchiveDescriptor, rules.ArchiveDamaged}},
		"good tgz":          {"m.tar.gz", tgzOf(t, &tar.Header{Name: "m/" + manifest.Path, Typeflag: tar.TypeReg}), nil},
		"no gzip":           {"m.tar.gz", good, []string{rules.ArchiveDamaged}},
		"cut gzip":          {"m.tar.gz", tgzOf(t, &tar.Header{Name: "m/" + manifest.Path, Typeflag: tar.TypeReg})[:60], []string{rules.ArchiveDamaged}},
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
			if _, err := box.Verify(t.Context()); err != nil {
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

func TestFolderWithMarInfAlone(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "MAR-INF"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, manifest.Path), []byte(goodManifest), 0o644); err != nil {
		t.Fatal(err)
	}
	box := opened(t, dir)
	if len(box.Findings) != 1 || box.Findings[0].Rule != rules.FolderManifestAlone {
		t.Errorf("found %v", box.Findings)
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
		if good, err := box.Verify(t.Context()); good && err == nil {
			if s, err := box.Subject(t.Context()); err == nil && s.Model == nil && s.ModelPath != "" {
				t.Error("a model without a file")
			}
		}
	})
}
