package torchscript

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"go-model-archiver/internal/testtools"
	"go-model-archiver/validate/pickle"
)

func identify(t *testing.T, data []byte, name string) Identity {
	t.Helper()
	id, err := Identify(bytes.NewReader(data), int64(len(data)), name)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return id
}

func fixture(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(testtools.Testdata("models", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// zipOf makes a zip with entries of the given names, all empty or of the
// bytes given.
func zipOf(t testing.TB, names ...string) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	for _, name := range names {
		name, content, _ := strings.Cut(name, "=")
		f, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func safetensorsFile(header string, data int) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(b, header...), make([]byte, data)...)
}

func elfFile(sections uint64, text string) []byte {
	b := make([]byte, 64)
	copy(b, "\x7fELF\x02\x01\x01")
	b[16] = 3
	binary.LittleEndian.PutUint64(b[40:], sections)
	b[58], b[60] = 64, 1
	return append(append(b, text...), make([]byte, 100)...)
}

// onnxFile has a graph that says n bytes and has as many as given.
func onnxFile(n byte, graph int) []byte {
	return append([]byte("\x08\x07\x12\x07pytorch\x1a\x041.13\x3a"+string(rune(n))), make([]byte, graph)...)
}

func TestIdentifyDamaged(t *testing.T) {
	model := fixture(t, "bert-seq.pt")
	header := `{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}`
	old, err := os.ReadFile(filepath.Join("testdata", "seeds", "torch1.13-module-legacy.pt"))
	if err != nil {
		t.Fatal(err)
	}
	lateEnd := zipOf(t, "model/data.pkl")
	copy(lateEnd[len(lateEnd)-6:], "\xff\xff\xff\x7f") // the directory's offset
	for name, c := range map[string]struct {
		data   []byte
		kind   Kind
		damage Damage
	}{
		"nothing":                  {nil, Empty, DamageEmpty},
		"a model less 1 KB":        {model[:len(model)-1024], Zip, DamageTruncated},
		"the start of a model":     {model[:100], Zip, DamageTruncated},
		"4 bytes of a model":       {model[:4], Zip, DamageTruncated},
		"a wrong directory":        {lateEnd, Zip, DamageBroken},
		"a page":                   {[]byte("<!DOCTYPE html>\n<html><body>404</body>"), HTML, DamageWebPage},
		"a page in capitals":       {[]byte("\xef\xbb\xbf \n<HTML>"), HTML, DamageWebPage},
		"a page in XHTML":          {[]byte(`<?xml version="1.0"?> <!DOCTYPE html PUBLIC>`), HTML, DamageWebPage},
		"a page after a comment":   {[]byte("<!-- x --><html>"), HTML, DamageWebPage},
		"an S3 error":              {[]byte(`<?xml version="1.0" encoding="UTF-8"?>` + "\n<Error><Code>NoSuchKey</Code></Error>"), XML, DamageWebPage},
		"a Git LFS pointer":        {[]byte("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n"), LFSPointer, DamageLFSPointer},
		"a git-annex pointer":      {[]byte("/annex/objects/SHA256E-s12--00.pt\n"), LFSPointer, DamageLFSPointer},
		"safetensors cut in data":  {safetensorsFile(header, 15), SafeTensors, DamageTruncated},
		"safetensors cut in front": {safetensorsFile(header, 0)[:40], SafeTensors, DamageTruncated},
		"a library cut":            {elfFile(1000, ""), SharedLibrary, DamageTruncated},
		"an ONNX model cut":        {onnxFile(100, 50), ONNX, DamageTruncated},
		"a legacy file cut by 1":   {old[:len(old)-1], Module, DamageTruncated},
		"a legacy tar cut at once": {tarOf(t)[:540], Tar, DamageTruncated},
		"a legacy tar cut within":  {tarOf(t)[:2700], Checkpoint, DamageTruncated},
		"a legacy tar cut between": {tarOf(t)[:3072], Checkpoint, DamageTruncated},
		"a legacy file cut":        {[]byte(legacyMagic + "\x80\x02M\xe9\x03.\x80\x02}q\x00(X\x10"), Checkpoint, DamageTruncated},
	} {
		t.Run(name, func(t *testing.T) {
			id := identify(t, c.data, "model.pt")
			if id.Kind != c.kind || id.Damage != c.damage {
				t.Errorf("got %+v, want %s with damage %q", id, c.kind, c.damage)
			}
			if id.Detail == "" || id.Words == "" || id.Loadable {
				t.Errorf("no words for people, or loadable: %+v", id)
			}
		})
	}
}

// tarOf returns a tar that torch.save wrote in the days of PyTorch 0.1: each
// entry takes 1024 bytes.
func tarOf(t *testing.T) []byte {
	t.Helper()
	data, err := os.ReadFile(testtools.Testdata("notmodels", "legacy-tar.pt"))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// A cut that takes only the padding takes nothing of a tar.
func TestIdentifyTarWithoutPadding(t *testing.T) {
	if id := identify(t, tarOf(t)[:4096], "model.pt"); id.Kind != Checkpoint || !id.Legacy || id.Damaged() {
		t.Errorf("got %+v", id)
	}
}

// What is not known for sure is legitimate.
func TestIdentifySound(t *testing.T) {
	header := `{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}`
	random := make([]byte, 5000)
	for i := range random {
		random[i] = byte(i*i*7 + i>>3)
	}
	for name, c := range map[string]struct {
		data []byte
		kind Kind
	}{
		"weights.bin":      {random, Unknown},
		"zeros.bin":        {make([]byte, 5000), Unknown},
		"one.bin":          {[]byte{0xff}, Unknown},
		"ends.bin":         {append(bytes.Clone(random), endSignature...), Unknown},
		"length.bin":       {safetensorsFile("{\x01\x02\x03", 9), Unknown},
		"proto.bin":        {[]byte("\x08\x07\x12\x01\x01\xff\xff\xff"), Unknown},
		"varint.bin":       {[]byte("\x08\x07\x3a\x7f"), Unknown},
		"pickle-ish.bin":   {[]byte("\x80\x02\xff\xff"), Unknown},
		"m.safetensors":    {safetensorsFile(header, 16), SafeTensors},
		"none.safetensors": {safetensorsFile("{}", 0), SafeTensors},
		"m.onnx":           {onnxFile(100, 100), ONNX},
		"lib.so":           {elfFile(0, ""), SharedLibrary},
		"aoti.so":          {elfFile(0, strings.Repeat("x", 70000)+"AOTInductorModelContainerCreate"), Compiled},
		"m.engine":         {[]byte("ftrt\x00\x00\x00\x00"), TensorRT},
		"m.plan":           {[]byte("ptrt\x00\x00\x00\x00"), TensorRT},
		"m.gguf":           {[]byte("GGUF\x03\x00\x00\x00"), OtherModel},
		"m.npz":            {zipOf(t, "arr_0.npy"), OtherModel},
		"m.mar":            {zipOf(t, "model.pt", "MAR-INF/MANIFEST.json"), Archive},
		"m.zip":            {zipOf(t, "a/b", "c"), Zip},
		"empty.zip":        {zipOf(t), Zip},
		"old.pt2":          {zipOf(t, "serialized_exported_program.json", "version"), Export},
		"new.pt2":          {zipOf(t, "m/archive_format=pt2", "m/models/model.json", "m/version"), Export},
		"aoti.pt2":         {zipOf(t, "m/archive_format=pt2", "m/data/aotinductor/model/x.so"), Compiled},
		"package.pt":       {zipOf(t, "p/.data/extern_modules", "p/.data/version"), Package},
		"flat.pt":          {zipOf(t, "data.pkl=\x80\x02}.", "constants.pkl"), Zip},
		"dict.pt":          {zipOf(t, "a/data.pkl=\x80\x02}."), Checkpoint},
		"bad.pt":           {zipOf(t, "a/data.pkl=\xff"), Checkpoint},
		"old.pt":           {zipOf(t, "a/model.json", "a/version"), TorchScript},
		"openvino.xml":     {[]byte(`<?xml version="1.0"?><net name="x">`), XML},
		"xgboost.json":     {[]byte(`{"learner": [1, 2.5, null]}`), JSON},
		"long.json":        {[]byte(`{"a":[` + strings.Repeat(`"xyz",`, 1000) + `1]}`), JSON},
		"lightgbm.txt":     {[]byte("tree\nversion=v3\n" + strings.Repeat("ä", 3000)), Text},
		"brace.txt":        {[]byte("{not json}"), Text},
		"m.pkl":            {[]byte("\x80\x04\x95\x0a\x00\x00\x00\x00\x00\x00\x00]\x94(K\x01K\x02e."), Pickle},
		"m.gz":             {[]byte("\x1f\x8b\x08\x00\x00\x00\x00\x00"), Gzip},
	} {
		t.Run(name, func(t *testing.T) {
			id := identify(t, c.data, name)
			if id.Kind != c.kind || id.Damaged() || id.Words == "" {
				t.Errorf("got %+v, want %s", id, c.kind)
			}
		})
	}
}

// Every model of testdata is what PyTorch made it.
func TestIdentifyModels(t *testing.T) {
	paths, err := filepath.Glob(testtools.Testdata("models", "*.pt"))
	if err != nil || len(paths) < 20 {
		t.Fatalf("%d models, %v", len(paths), err)
	}
	for _, path := range paths {
		id := identify(t, fixture(t, filepath.Base(path)), path)
		if id.Kind != TorchScript || !id.Loadable || id.Damaged() {
			t.Errorf("%s: got %+v", filepath.Base(path), id)
		}
	}
}

// What PyTorch itself saves in other ways.
func TestIdentifySaved(t *testing.T) {
	dir := t.TempDir()
	runPython(t, filepath.Join("testdata", "make_saved.py"), dir)
	text, err := os.ReadFile(filepath.Join(dir, "kinds.json"))
	if err != nil {
		t.Fatal(err)
	}
	var want map[string]struct {
		Kind     Kind
		Legacy   bool
		Loadable bool
	}
	if err := json.Unmarshal(text, &want); err != nil || len(want) < 15 {
		t.Fatalf("%d files, %v", len(want), err)
	}
	for name, w := range want {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		id := identify(t, data, name)
		if id.Kind != w.Kind || id.Legacy != w.Legacy || id.Loadable != w.Loadable || id.Damaged() {
			t.Errorf("%s: got %+v, want %+v", name, id, w)
		}
	}
}

// Files of today's tools (scripts/make-newer-testdata.py).
func TestIdentifyNewerKinds(t *testing.T) {
	for name, want := range map[string]Kind{
		"exported.pt2": Export, "exported-2.1.pt2": Export, "compiled.pt2": Compiled, "exported.onnx": ONNX,
		"newer.safetensors": SafeTensors, "newer-mobile.ptl": Mobile, "newer-state_dict.pt": StateDict,
	} {
		data, err := os.ReadFile(testtools.Testdata("notmodels", name))
		if err != nil {
			t.Fatal(err)
		}
		// Whatever it is called.
		for _, name := range []string{name, "model.pt", "model.bin"} {
			if id := identify(t, data, name); id.Kind != want || id.Damaged() || id.Loadable != (want == Mobile) {
				t.Errorf("%s: got %+v, want %s", name, id, want)
			}
		}
	}
	library := libraryIn(t, testtools.Testdata("notmodels", "compiled.pt2"))
	if id := identify(t, library, "model.so"); id.Kind != Compiled || id.Damaged() {
		t.Errorf("its library: got %+v", id)
	}
	if id := identify(t, library[:len(library)-1], "model.so"); id.Damage != DamageTruncated {
		t.Errorf("its library cut: got %+v", id)
	}
}

// libraryIn returns the shared library in a package of AOTInductor.
func libraryIn(t *testing.T, path string) []byte {
	t.Helper()
	z, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	for _, f := range z.File {
		if !strings.HasSuffix(f.Name, ".so") {
			continue
		}
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	t.Fatalf("no library in %s", path)
	return nil
}

func TestStateOfManyKeys(t *testing.T) {
	inner, tensor := &pickle.Dict{}, &pickle.Object{Callable: pickle.Global{Module: "torch._utils", Name: "_rebuild_tensor_v2"}}
	for i := range 20_000 {
		inner.Pairs = append(inner.Pairs, pickle.Pair{Key: strconv.Itoa(i), Value: tensor})
	}
	inner.Pairs = append(inner.Pairs, pickle.Pair{Key: "last", Value: int64(1)})
	all := &pickle.Dict{}
	for i := range 20_000 {
		all.Pairs = append(all.Pairs, pickle.Pair{Key: fmt.Sprintf("c%d.w", i), Value: inner})
	}
	start := time.Now()
	s := stateOf(all)
	if len(s.Children) != maxChildren || s.Alien != "" || s.Inner != "" || time.Since(start) > 2*time.Second {
		t.Errorf("got %d children, %q, %q in %s", len(s.Children), s.Alien, s.Inner, time.Since(start))
	}
}
