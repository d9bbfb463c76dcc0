package report_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"go-model-archiver/internal/report"
	"go-model-archiver/validate/loadtest"
	"go-model-archiver/validate/loadtest/protocol"
)

// compared is a load test with expected and saved outputs and other shapes.
func compared() *loadtest.Result {
	l := loaded()
	l.Outputs = append(l.Outputs, protocol.Output{Path: "output[1]", DType: "bfloat16", Shape: []int64{2}})
	l.Comparison = &loadtest.Comparison{
		File: "out.npz",
		Outputs: []loadtest.Compared{
			{Path: "output[0]", Array: "arr_0", DType: "float32", Shape: []int64{2, 3}, RTol: 1.3e-6, ATol: 1e-5, Beyond: 2,
				Absolute: &loadtest.Difference{Index: []int64{1, 2}, Expected: "nan", Got: "0.5"},
				Relative: &loadtest.Difference{Size: new(0.125), Index: []int64{0, 0}, Expected: "4.0", Got: "4.5"}},
			{Path: "output[1]", Array: "arr_1", DType: "float32", Shape: []int64{2}, Equal: true, RTol: 0.016, ATol: 1e-5,
				Absolute: &loadtest.Difference{Size: new(0.0001), Index: []int64{1}, Expected: "0", Got: "0.0001"}},
			{Path: "output[2]", DType: "int64", Shape: []int64{}, Equal: true},
			{Path: "output[3]", DType: "bool", Shape: []int64{7}},
		},
		NotCompared: []string{`output["name"]`},
	}
	l.Saved = &loadtest.Saved{File: "saved.npz", Arrays: []loadtest.SavedArray{
		{Path: "output[0]", Name: "output[0]", DType: "float32"}, {Path: "output[1]", Name: "output[1]", DType: "float32", Converted: true},
	}}
	none := []int64{}
	l.Shapes = &loadtest.Shapes{
		LeftOut: "the worker ended while it tried another shape",
		Inputs: []loadtest.InputShape{
			{Name: "ids", Dimensions: []loadtest.Dimension{
				{Name: "batch", Size: 1, State: loadtest.Fixed, Ran: none, Failed: []int64{2}},
				{Name: "length", Size: 150, State: loadtest.Free, AtMost: 512, Ran: []int64{16, 158}, Failed: none},
			}},
			{Name: "x", Dimensions: []loadtest.Dimension{
				{Name: "batch", Size: 1, State: loadtest.Free, Ran: []int64{2}, Failed: none},
				{Name: "dimension 1", Size: 9, State: loadtest.Partly, Ran: []int64{8}, Failed: []int64{10, 11}},
				{Name: "dimension 2", Size: 3, State: loadtest.Unknown, Ran: none, Failed: none},
			}},
		},
	}
	return l
}

func TestTextOfComparedOutputsAndShapes(t *testing.T) {
	want := `expected  output[0]  differs                    absolute not finite at [1,2]  relative 0.125 at [0,0]  (rtol 1.3e-06  atol 1e-05)
          output[1]  equal                      absolute 0.0001 at [1]  (rtol 0.016  atol 1e-05)
          output[2]  the same
          output[3]  has another type or shape
          not compared: output["name"]
saved     saved.npz, 2 arrays, 1 without numbers left out, output[1] as float32
shapes    ids  batch fixed at 1, length free up to 512
          x    batch free, dimension 1 of 9, also 8, not 10 and 11, dimension 2 not tried
          not all tried: the worker ended while it tried another shape
`
	got := text(t, concluded(nil, false, compared()))
	_, got, _ = strings.Cut(got, "bfloat16[2]\n")
	got, _, _ = strings.Cut(got, "verdict")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestJSONOfComparedOutputsAndShapesKeepsItsSchema(t *testing.T) {
	schema := compiled(t, reportSchemaPath())
	r := concluded(nil, false, compared())
	right := written(t, report.JSON, r)
	if err := schema.Validate(decoded(t, right)); err != nil {
		t.Fatalf("%v\n%s", err, right)
	}
	for old, changed := range map[string]string{
		`"size": null`: `"size": "nan"`, `"state": "partly"`: `"state": "some"`, `"atMost": 512`: `"atMost": 0`,
		`"equal": true`: `"equal": 1`, `"converted": true`: `"converted": null`, `"notCompared": [`: `"left": [], "notCompared": [`,
	} {
		if !strings.Contains(right, old) {
			t.Fatalf("the report has no %s:\n%s", old, right)
		}
		if schema.Validate(decoded(t, strings.Replace(right, old, changed, 1))) == nil {
			t.Errorf("the schema lets %s pass", changed)
		}
	}
}
