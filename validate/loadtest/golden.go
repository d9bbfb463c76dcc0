package loadtest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go-model-archiver/validate/loadtest/protocol"
	"go-model-archiver/validate/numpy"
	"go-model-archiver/validate/rules"
)

// Expected is what forward should give: golden outputs of a .npy or .npz file.
type Expected struct {
	// RTol and ATol are how far a value may be off, relative to the expected one
	// and absolutely; nil is the default for the output's dtype, that of
	// torch.testing.assert_close.
	RTol, ATol *float64

	file *numpy.File
}

// ReadExpected reads the headers of the file with the expected outputs. Its
// values are read in pieces when forward was run, so the file has to stay.
func ReadExpected(path string) (*Expected, error) {
	f, err := numpy.Stat(path)
	if err != nil {
		return nil, err
	}
	return &Expected{file: f}, nil
}

// Comparison is how the outputs compare with the expected ones.
type Comparison struct {
	File    string     `json:"file"`
	Outputs []Compared `json:"outputs"`
	// NotCompared are the paths of the outputs that the file has nothing for.
	NotCompared []string `json:"notCompared"`
}

// Compared is one output beside the array that was expected.
type Compared struct {
	Path string `json:"path"`
	// Array is the array's name in a .npz, else empty.
	Array string `json:"array"`
	// DType and Shape are those of the array.
	DType string  `json:"dtype"`
	Shape []int64 `json:"shape"`
	// Equal says that the types fit and that every value is within RTol and ATol.
	Equal bool    `json:"equal"`
	RTol  float64 `json:"rtol"`
	ATol  float64 `json:"atol"`
	// Beyond is how many values are beyond RTol and ATol.
	Beyond int64 `json:"beyond"`
	// Absolute and Relative are the largest differences, nil where there is
	// none. Relative ones are told where a finite number other than 0 is expected.
	Absolute *Difference `json:"absolute"`
	Relative *Difference `json:"relative"`
}

// Difference is a value that is not the expected one.
type Difference struct {
	// Size is nil for one that is not finite.
	Size  *float64 `json:"size"`
	Index []int64  `json:"index"`
	// Expected and Got are texts, since JSON has no NaN and no complex numbers:
	// 0.5, nan, -inf, (1+2j).
	Expected string `json:"expected"`
	Got      string `json:"got"`
}

// arrayNames returns the name that each output has in a .npz: a dict's key
// where that is a text and at the top, else its path. No two are the same.
func arrayNames(outputs []protocol.Output) []string {
	names := make([]string, len(outputs))
	taken := map[string]bool{}
	last := map[string]int{} // the number behind a path that several outputs have
	for i, o := range outputs {
		name := topKey(o.Path)
		if name == "" || taken[name] {
			name = o.Path
		}
		for taken[name] {
			last[o.Path]++
			name = fmt.Sprintf("%s (%d)", o.Path, last[o.Path]+1)
		}
		names[i], taken[name] = name, true
	}
	return names
}

// topKey is the key of a path such as output["logits"], or empty.
func topKey(path string) string {
	inner, ok := strings.CutPrefix(path, "output[")
	inner, closed := strings.CutSuffix(inner, "]")
	if !ok || !closed || !strings.HasPrefix(inner, `"`) {
		return ""
	}
	key, err := strconv.Unquote(inner)
	if err != nil || strings.ContainsAny(key, "\x00\\") {
		return ""
	}
	return key
}

// match finds the array that each output is compared with: by name, or in the
// order of the file where no array has the name of an output. What has no
// partner is a finding.
func (t *test) match(outputs []protocol.Output) map[int]*numpy.Array {
	file, names := t.cfg.Expect.file, arrayNames(outputs)
	found, places := map[int]*numpy.Array{}, map[string]int{}
	for i := len(outputs) - 1; i >= 0; i-- {
		places[outputs[i].Path] = i
	}
	for i, name := range names {
		places[name] = i
	}
	var strange []string
	for i := range file.Arrays {
		a := &file.Arrays[i]
		at, there := places[a.Name]
		if !there || outputs[at].Data == "" {
			strange = append(strange, a.Name)
			continue
		}
		found[at] = a
	}
	switch {
	case len(found) == 0:
		return t.matchInOrder(outputs)
	case len(strange) > 0:
		t.lacks(fmt.Sprintf("%q holds %s, and forward of %q gives no output of that name but %s",
			file.Path, quoted(strange), t.cfg.ModelPath, quoted(names)))
	}
	return found
}

func (t *test) matchInOrder(outputs []protocol.Output) map[int]*numpy.Array {
	file := t.cfg.Expect.file
	found := map[int]*numpy.Array{}
	for i, o := range outputs {
		if o.Data != "" && len(found) < len(file.Arrays) {
			found[i] = &file.Arrays[len(found)]
		}
	}
	if n := len(file.Arrays); n > len(found) {
		t.lacks(fmt.Sprintf("%q holds %d arrays, and forward of %q gives %d outputs", file.Path, n, t.cfg.ModelPath, len(found)))
	}
	return found
}

// quoted lists the first of some names.
func quoted(names []string) string {
	const most = 8
	var list []string
	for i, name := range names {
		if i == most {
			list = append(list, fmt.Sprintf("%d more", len(names)-i))
			break
		}
		list = append(list, strconv.Quote(clean(name, 100)))
	}
	return strings.Join(list, ", ")
}

func (t *test) differs(message string) {
	t.fail(rules.OutputDiffers, message,
		"compare the versions of model and libtorch; where the change is meant, make the file anew with --save-outputs, and where the distance is, widen --rtol and --atol")
}

// lacks adds that an array has no output, which may be among those that were
// not read.
func (t *test) lacks(message string) {
	if t.partly {
		t.fail(rules.OutputsUnused, message+", of those that were read", "compare the others in Python")
		return
	}
	t.differs(message)
}

// name is how messages call an expected array.
func (e *Expected) name(a *numpy.Array) string {
	if a.Name == "" {
		return strconv.Quote(e.file.Path)
	}
	return fmt.Sprintf("%q in %q", clean(a.Name, 100), e.file.Path)
}

// judgeCompared adds what is wrong with one output.
func (t *test) judgeCompared(o protocol.Output, a *numpy.Array, c Compared) {
	e := t.cfg.Expect
	is := fmt.Sprintf("%s of %q is %s, and %s is %s", o.Path, t.cfg.ModelPath, typeText(o), e.name(a), a.Type())
	switch {
	case !fits(o, a) || !slices.Equal(o.Shape, a.Shape):
		t.differs(is)
	case c.Beyond > 0:
		largest := c.Absolute
		size := "not finite"
		if largest.Size != nil {
			size = strconv.FormatFloat(*largest.Size, 'g', 6, 64)
		}
		t.differs(fmt.Sprintf("%s of %q is not %s: %s beyond rtol %g and atol %g, the largest difference is %s at %s, where %s is expected and %s given",
			o.Path, t.cfg.ModelPath, e.name(a), beyond(c.Beyond, o.Shape), c.RTol, c.ATol, size, indexText(largest.Index), largest.Expected, largest.Got))
	case !sameType(o, a):
		t.fail(rules.OutputDType, is+"; the values are equal within the tolerances", "make the file anew with --save-outputs where the change is meant")
	}
}

// beyond writes "3 of 10 values are".
func beyond(n int64, shape []int64) string {
	total := int64(1)
	for _, d := range shape {
		total *= d
	}
	if n == 1 {
		return fmt.Sprintf("1 of %d values is", total)
	}
	return fmt.Sprintf("%d of %d values are", n, total)
}

func typeText(o protocol.Output) string {
	return o.DType + indexText(o.Shape)
}

func indexText(index []int64) string {
	return strings.ReplaceAll(fmt.Sprint(index), " ", ",")
}
