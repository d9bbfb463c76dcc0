package numpy

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go-model-archiver/internal/testtools"
)

// written makes a .npz of one array of bytes at path.
func written(t *testing.T, path string) *Writer {
	t.Helper()
	w, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	array, err := w.Array("x", "uint8", []int64{3})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := array.Write([]byte{1, 2, 3}); err != nil {
		t.Fatal(err)
	}
	return w
}

func names(t *testing.T, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestWhatIsThereStaysUntilTheFileIsWhole(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "out.npz")
	if err := os.WriteFile(path, []byte("old"), 0o640); err != nil {
		t.Fatal(err)
	}
	w := written(t, path)
	if old, err := os.ReadFile(path); err != nil || string(old) != "old" {
		t.Errorf("before the commit: %q, %v", old, err)
	}
	w.Abort()
	if got := names(t, dir); !slices.Equal(got, []string{"out.npz"}) {
		t.Errorf("after an abort: %q", got)
	}
	if err := written(t, path).Commit(); err != nil {
		t.Fatal(err)
	}
	f, err := Stat(path)
	if err != nil || len(f.Arrays) != 1 || f.Arrays[0].Type() != "uint8[3]" {
		t.Errorf("%+v, %v", f, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o640 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if got := names(t, dir); !slices.Equal(got, []string{"out.npz"}) {
		t.Errorf("after a commit: %q", got)
	}
}

func TestLinksAreWrittenThroughAndNothingElseThanFilesIsReplaced(t *testing.T) {
	dir := t.TempDir()
	link, path := filepath.Join(dir, "link.npz"), filepath.Join(dir, "out.npz")
	if err := os.Symlink("out.npz", link); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{link, dir, "/dev/null", filepath.Join(dir, "no", "out.npz")} {
		if err := Writable(bad); err == nil {
			t.Errorf("%q can be written", bad)
		}
		if _, err := Create(bad); err == nil {
			t.Errorf("%q was begun", bad)
		}
	}
	if err := written(t, path).Commit(); err != nil {
		t.Fatal(err)
	}
	if err := written(t, link).Commit(); err != nil {
		t.Fatal(err)
	}
	if target, err := os.Readlink(link); err != nil || target != "out.npz" {
		t.Errorf("the link is %q, %v", target, err)
	}
}

const readBack = `
import numpy, sys
f = numpy.load("out.npz", allow_pickle=False)
assert f.files == ["a b[0]", 'output["x"]', "empty", "cube"] + sys.argv[1:], f.files
assert f["a b[0]"].shape == () and f["a b[0]"] == 7
assert f['output["x"]'].tolist() == [[1.5, float("-inf")]]
assert f["empty"].shape == (0, 4) and f["empty"].dtype == "int64"
assert f["cube"].shape == (2, 1, 2) and f["cube"].tolist() == [[[True, False]], [[False, True]]]
for name in sys.argv[1:]:
    a = f[name]
    assert a.dtype.name == name and a.shape == (2,) and a.tobytes() == bytes(range(a.nbytes)), name
    numpy.save(name + ".npy", a.astype(a.dtype.newbyteorder(">")))
`

func TestNumPyReadsWhatIsWrittenAndItComesBack(t *testing.T) {
	t.Chdir(t.TempDir())
	w, err := Create("out.npz")
	if err != nil {
		t.Fatal(err)
	}
	add := func(name, dtype string, shape []int64, data []byte) {
		t.Helper()
		array, err := w.Array(name, dtype, shape)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := array.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	add("a b[0]", "uint8", nil, []byte{7})
	add(`output["x"]`, "float32", []int64{1, 2}, []byte{0, 0, 0xc0, 0x3f, 0, 0, 0x80, 0xff})
	add("empty", "int64", []int64{0, 4}, nil)
	add("cube", "bool", []int64{2, 1, 2}, []byte{1, 0, 0, 1})
	if _, err := w.Array("x", "bfloat16", nil); err == nil {
		t.Error("NumPy has no bfloat16")
	}
	var all []string
	for dtype := range widths {
		if dtype != "bool" {
			all = append(all, dtype)
		}
	}
	slices.Sort(all)
	count := func(dtype string) []byte {
		data := make([]byte, 2*widths[dtype])
		for i := range data {
			data[i] = byte(i)
		}
		return data
	}
	for _, dtype := range all {
		add(dtype, dtype, []int64{2}, count(dtype))
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	python := exec.Command(testtools.Python(t), append([]string{"-c", readBack}, all...)...)
	if out, err := python.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	f, err := Stat("out.npz")
	if err != nil {
		t.Fatal(err)
	}
	for _, dtype := range all {
		checkBytes(t, f.Find(dtype), dtype, count(dtype))
		big, err := Stat(dtype + ".npy")
		if err != nil {
			t.Fatal(err)
		}
		checkBytes(t, &big.Arrays[0], dtype, count(dtype))
	}
}

func checkBytes(t *testing.T, a *Array, dtype string, want []byte) {
	t.Helper()
	if a.DType != dtype {
		t.Errorf("%s came back as %s", dtype, a.DType)
	}
	r, err := a.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	got, err := io.ReadAll(r)
	if err != nil || string(got) != string(want) {
		t.Errorf("%s: %x, want %x (%v)", dtype, got, want, err)
	}
}

func TestHostileArchivesAreErrors(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := written(t, "right.npz").Commit(); err != nil {
		t.Fatal(err)
	}
	right, err := os.ReadFile("right.npz")
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct{ content, want string }{
		"another name":   {strings.ReplaceAll(string(right), "x.npy", "x.txt"), `it holds "x.txt", which is no .npy`},
		"cut off":        {string(right[:len(right)-5]), "zip: not a valid zip file"},
		"no header":      {strings.ReplaceAll(string(right), "NUMPY", "NOMPY"), `array "x": it does not begin as one`},
		"more elements":  {strings.ReplaceAll(string(right), "(3,)", "(9,)"), `array "x": it is cut off: its header says uint8[9], which is 9 bytes, and 3 are there`},
		"a negative one": {strings.ReplaceAll(string(right), "(3,)", "(-3)"), `array "x": its shape [-3] is more than`},
	} {
		if err := os.WriteFile("x.npz", []byte(test.content), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := Stat("x.npz"); err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), `"x.npz"`) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
}

func FuzzStat(f *testing.F) {
	dir := f.TempDir()
	w, err := Create(filepath.Join(dir, "seed.npz"))
	if err != nil {
		f.Fatal(err)
	}
	if _, err := w.Array("x", "float32", []int64{0, 2}); err != nil {
		f.Fatal(err)
	}
	if err := w.Commit(); err != nil {
		f.Fatal(err)
	}
	seed, err := os.ReadFile(filepath.Join(dir, "seed.npz"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Add(seed[35:])
	path := filepath.Join(dir, "x.npz")
	f.Fuzz(func(t *testing.T, content []byte) {
		if err := os.WriteFile(path, content, 0o666); err != nil {
			t.Fatal(err)
		}
		file, err := Stat(path)
		if err != nil {
			return
		}
		for i := range file.Arrays {
			a := &file.Arrays[i]
			r, err := a.Open()
			if err != nil {
				continue
			}
			n, err := io.Copy(io.Discard, r)
			if err == nil && n != a.Size {
				t.Errorf("%s gave %d bytes of %d", a.Type(), n, a.Size)
			}
			if err := r.Close(); err != nil {
				t.Error(err)
			}
		}
	})
}
