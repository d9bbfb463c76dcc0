package loadtest_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go-model-archiver/internal/testtools"
	"go-model-archiver/validate/loadtest"
	"go-model-archiver/validate/loadtest/protocol"
	"go-model-archiver/validate/rules"
	"go-model-archiver/validate/sample"
)

// golden runs models in Python and saves inputs and outputs as people do, and
// in every way in which NumPy lays an array out.
const golden = `
import sys, numpy, torch
models = sys.argv[1]
def run(name, *inputs, **named):
    tensors = [torch.from_numpy(numpy.asarray(a)) for a in (*inputs, *named.values())]
    return torch.jit.load(f"{models}/{name}.pt")(*tensors)
x = numpy.arange(6, dtype="f4").reshape(2, 3)
numpy.savez("x.npz", x=x)
numpy.savez("x-unnamed.npz", numpy.asfortranarray(x.astype(">f4")))
numpy.save("x.npy", x)

bert = dict(input_ids=numpy.arange(150).reshape(1, 150) % 400, attention_mask=numpy.ones((1, 150), "i8"))
numpy.savez("bert-in.npz", **dict(reversed(bert.items())))
logits = run("bert-seq", **bert)[0].detach().numpy()
numpy.savez("bert.npz", logits)
numpy.savez_compressed("bert-logits.npz", logits=logits)
numpy.save("bert.npy", logits)
numpy.savez("bert-double.npz", logits.astype("f8"))
numpy.savez("bert-noise.npz", logits + numpy.float32(5e-6))
numpy.savez("bert-off.npz", logits + numpy.array([[0, 0.25]], "f4"))
numpy.savez("bert-nan.npz", logits + numpy.array([[0, numpy.nan]], "f4"))
numpy.savez("bert-shape.npz", logits[0])
numpy.savez("bert-int.npz", logits.astype("i8"))
numpy.savez("bert-two.npz", logits, logits)

dictionary = {k: v.numpy() for k, v in run("dict-output", x).items()}
numpy.savez("dict.npz", **dict(reversed(dictionary.items())))
numpy.savez("dict-paths.npz", **{'output["logits"]': dictionary["logits"]})
numpy.savez("dict-misnamed.npz", logits=dictionary["logits"], other=x)
numpy.savez("dict-swapped.npz", *reversed(dictionary.values()))

first, second = run("nested-output", x)
nested = [*first["hidden"], *first["last"], second[0]]
nested = [a.numpy() for a in nested]
numpy.savez("nested.npz", *[numpy.asfortranarray(a) for a in nested])

types = run("dtypes-output", x)
types = [(t.float() if t.dtype == torch.bfloat16 else t).numpy() for t in types]
numpy.savez("types.npz", *types)
numpy.savez("types-swapped.npz", *[numpy.array(a, a.dtype.newbyteorder(">"), order="F") for a in types])
numpy.savez("types-wide.npz", *[a.astype({"i": "i8", "u": "u8", "f": "f8", "c": "c16", "b": "?"}[a.dtype.kind]) for a in types])

odd = run("nan-output", x).numpy()
numpy.save("nan.npy", odd)
numpy.save("nan-0.npy", numpy.nan_to_num(odd))
numpy.save("inf.npy", run("inf-output", x).numpy())
`

// goldenFolder is made once: Python takes its time.
func goldenFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	python := exec.Command(testtools.Python(t), "-W", "ignore", "-c", golden, testtools.Testdata("models"))
	python.Dir = dir
	if out, err := python.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return dir
}

func goldenFile(t *testing.T, path string) *loadtest.Expected {
	t.Helper()
	e, err := loadtest.ReadExpected(path)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// compared runs a model on a sample in dir and compares the outputs with a
// file in dir.
func compared(t *testing.T, dir, model, in, out string, change ...func(*loadtest.Config)) (*loadtest.Result, []rules.Finding) {
	t.Helper()
	spec, err := sample.Parse(fmt.Sprintf("@%q", filepath.Join(dir, in)))
	if err != nil {
		t.Fatal(err)
	}
	return loadTest(t, models(model), nil, append(change, func(c *loadtest.Config) {
		c.Sample = func(args []protocol.Argument) (*sample.Sample, error) {
			return sample.Build([]sample.Spec{spec}, args, sample.Settings{}, 0)
		}
		if out != "" {
			e := goldenFile(t, filepath.Join(dir, out))
			if c.Expect != nil {
				e.RTol, e.ATol = c.Expect.RTol, c.Expect.ATol
			}
			c.Expect = e
		}
	})...)
}

func TestOutputsAreComparedWithPythons(t *testing.T) {
	dir := goldenFolder(t)
	differs, dtype := rules.OutputDiffers, rules.OutputDType
	tolerant := func(c *loadtest.Config) { c.Expect = &loadtest.Expected{RTol: new(0.0), ATol: new(0.26)} }
	exact := func(c *loadtest.Config) { c.Expect = &loadtest.Expected{RTol: new(0.0), ATol: new(0.0)} }
	plain := func(*loadtest.Config) {}
	for _, test := range []struct {
		model, in, out string
		change         func(*loadtest.Config)
		rule, words    string
	}{
		{"bert-seq", "bert-in.npz", "bert.npz", plain, "", ""},
		{"bert-seq", "bert-in.npz", "bert-logits.npz", plain, "", ""},
		{"bert-seq", "bert-in.npz", "bert.npy", plain, "", ""},
		{"bert-seq", "bert-in.npz", "bert-noise.npz", plain, "", ""},
		{"bert-seq", "bert-in.npz", "bert-off.npz", tolerant, "", ""},
		{"bert-seq", "bert-in.npz", "bert-noise.npz", exact, differs, "2 of 2 values are beyond rtol 0 and atol 0"},
		{"bert-seq", "bert-in.npz", "bert-double.npz", plain, dtype,
			`output[0] of "bert-seq.pt" is float32[1,2], and "arr_0" in "DIR/bert-double.npz" is float64[1,2]; the values are equal`},
		{"bert-seq", "bert-in.npz", "bert-off.npz", plain, differs,
			"1 of 2 values is beyond rtol 1.3e-06 and atol 1e-05, the largest difference is 0.25 at [0,1], where "},
		{"bert-seq", "bert-in.npz", "bert-nan.npz", plain, differs, "the largest difference is not finite at [0,1], where nan is expected and "},
		{"bert-seq", "bert-in.npz", "bert-shape.npz", plain, differs,
			`output[0] of "bert-seq.pt" is float32[1,2], and "arr_0" in "DIR/bert-shape.npz" is float32[2]`},
		{"bert-seq", "bert-in.npz", "bert-int.npz", plain, differs, `is float32[1,2], and "arr_0" in "DIR/bert-int.npz" is int64[1,2]`},
		{"bert-seq", "bert-in.npz", "bert-two.npz", plain, differs, `"DIR/bert-two.npz" holds 2 arrays, and forward of "bert-seq.pt" gives 1 output`},
		{"dict-output", "x.npz", "dict.npz", plain, "", ""},
		{"dict-output", "x-unnamed.npz", "dict.npz", plain, "", ""},
		{"dict-output", "x.npy", "dict-paths.npz", plain, "", ""},
		{"dict-output", "x.npz", "dict-misnamed.npz", plain, differs,
			`"DIR/dict-misnamed.npz" holds "other", and forward of "dict-output.pt" gives no output of that name but "logits", "a \"quoted\" key"`},
		{"dict-output", "x.npz", "dict-swapped.npz", plain, differs, "is float32[2,3], and"},
		{"nested-output", "x.npz", "nested.npz", plain, "", ""},
		{"dtypes-output", "x.npz", "types.npz", plain, "", ""},
		{"dtypes-output", "x.npz", "types-swapped.npz", plain, "", ""},
		{"dtypes-output", "x.npz", "types-wide.npz", plain, dtype, "output[9] of \"dtypes-output.pt\" is complex64[2,3], and \"arr_9\" in \"DIR/types-wide.npz\" is complex128[2,3]"},
		{"inf-output", "x.npz", "inf.npy", plain, "", ""},
		{"nan-output", "x.npz", "nan.npy", plain, "", ""},
		{"nan-output", "x.npz", "nan-0.npy", plain, differs, "the largest difference is not finite at"},
	} {
		t.Run(test.model+" "+test.out, func(t *testing.T) {
			t.Parallel()
			result, findings := compared(t, dir, test.model, test.in, test.out, test.change)
			if result.Stage != protocol.StageDone || result.Comparison == nil {
				t.Fatalf("stage %s: %v", result.Stage, findings)
			}
			var said []string
			for _, f := range findings {
				if f.Rule == differs || f.Rule == dtype {
					said = append(said, f.Rule+": "+f.Message)
				}
			}
			all := strings.ReplaceAll(strings.Join(said, "\n"), dir, "DIR")
			if test.rule == "" && all != "" || !strings.Contains(all, test.words) || !strings.Contains(all, test.rule) {
				t.Errorf("findings %s\nwant %s: %s", all, test.rule, test.words)
			}
			for _, c := range result.Comparison.Outputs {
				if c.Equal == has(findings, differs) && !strings.Contains(all, "holds") {
					t.Errorf("%+v: equal %t, findings %s", c, c.Equal, all)
				}
			}
		})
	}
}

// What was not looked at is named.
func TestOutputsWithoutAnArrayAreListed(t *testing.T) {
	dir := goldenFolder(t)
	for out, want := range map[string]string{"dict-paths.npz": `output["a \"quoted\" key"]`, "x.npy": `output["a \"quoted\" key"]`} {
		result, findings := compared(t, dir, "dict-output", "x.npz", out)
		if !has(findings, rules.OutputExtra) {
			t.Errorf("%s: findings %v", out, findings)
		}
		if c := result.Comparison; len(c.Outputs) != 1 || len(c.NotCompared) != 1 || c.NotCompared[0] != want {
			t.Errorf("%s: %+v", out, c)
		}
	}
}

const readSaved = `
import sys, numpy
with numpy.load(sys.argv[1], allow_pickle=False) as f:
    print(*[f"{n}:{f[n].dtype.name}{list(f[n].shape)}".replace(" ", "") for n in f.files], sep="\n")
`

func TestSavedOutputsAreThoseThatAreExpected(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"bert-seq", "bert-qa", "dict-output", "nested-output", "dtypes-output", "bfloat16", "float16",
		"nan-output", "inf-output", "quantized", "list-output", "control-flow"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path, want := model(t, models(name))
			saved := filepath.Join(dir, name+".npz")
			result, findings := loadTest(t, path, want.Sample, func(c *loadtest.Config) { c.SaveOutputs = saved })
			if result.Saved == nil || result.Saved.File != saved {
				t.Fatalf("saved %+v, findings %v", result.Saved, findings)
			}
			out, err := exec.Command(testtools.Python(t), "-c", readSaved, saved).CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			var written []string
			for _, a := range result.Saved.Arrays {
				written = append(written, fmt.Sprintf("%s:%s", a.Name, a.DType))
				if a.Converted != (name == "bfloat16" || a.Path == "output[7]") {
					t.Errorf("%+v", a)
				}
			}
			for i, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
				if i >= len(written) || !strings.HasPrefix(strings.ReplaceAll(line, " ", ""), strings.ReplaceAll(written[i], " ", "")) {
					t.Errorf("NumPy reads %q as number %d of %q", line, i, written)
				}
			}
			result, findings = loadTest(t, path, want.Sample, func(c *loadtest.Config) { c.Expect = goldenFile(t, saved) })
			if has(findings, rules.OutputDiffers) || has(findings, rules.OutputDType) || len(result.Comparison.NotCompared) > 0 && name != "nested-output" {
				t.Errorf("findings %v, not compared %q", findings, result.Comparison.NotCompared)
			}
			for _, c := range result.Comparison.Outputs {
				if !c.Equal || c.Absolute != nil || c.Relative != nil {
					t.Errorf("%+v", c)
				}
			}
		})
	}
}

// A check that was asked for and did not run is no success.
func TestOutputsThatWereWantedAndDidNotComeAreAnError(t *testing.T) {
	dir := goldenFolder(t)
	out := filepath.Join(dir, "out.npz")
	want := func(c *loadtest.Config) {
		c.Expect, c.SaveOutputs = goldenFile(t, filepath.Join(dir, "x.npz")), out
	}
	_, findings := loadTest(t, models("scripted"), nil, want)
	if len(findings) != 3 || findings[0].Rule != rules.NoSample || findings[1].Rule != rules.OutputsUnused || findings[2].Rule != rules.OutputsUnused {
		t.Errorf("findings %v", findings)
	}
	_, findings = loadTest(t, models("scripted"), []string{"float32[2,7]"}, want)
	if len(findings) != 1 || findings[0].Rule != rules.ForwardFailed {
		t.Errorf("findings %v", findings)
	}
	if _, err := os.Stat(out); !os.IsNotExist(err) {
		t.Errorf("%s: %v", out, err)
	}
}

func TestFilesThatFailMeanwhileAreNamed(t *testing.T) {
	dir := goldenFolder(t)
	for name, change := range map[string]func(*loadtest.Config){
		`"DIR/gone.npy": no such file`: func(c *loadtest.Config) {
			gone := filepath.Join(dir, "gone.npy")
			content, err := os.ReadFile(filepath.Join(dir, "x.npy"))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(gone, content, 0o600); err != nil {
				t.Fatal(err)
			}
			c.Expect = goldenFile(t, gone)
			if err := os.Remove(gone); err != nil {
				t.Fatal(err)
			}
		},
		"can't be saved": func(c *loadtest.Config) { c.SaveOutputs = filepath.Join(dir, "no", "such", "folder.npz") },
	} {
		result, findings := compared(t, dir, "dict-output", "x.npz", "", change)
		findings = slices.DeleteFunc(findings, func(f rules.Finding) bool { return f.Rule == rules.OutputExtra }) // .npy holds one of two
		if len(findings) != 1 || findings[0].Rule != rules.OutputsUnused || result.Stage != protocol.StageDone {
			t.Fatalf("%s: stage %s, findings %v", name, result.Stage, findings)
		}
		if name != "can't be saved" {
			name = "gone.npy"
		}
		if !strings.Contains(findings[0].Message, name) {
			t.Errorf("%q lacks %q", findings[0].Message, name)
		}
	}
}
