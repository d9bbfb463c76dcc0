package cli

import (
	"fmt"
	"math"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"go-model-archiver/validate/loadtest"
	"go-model-archiver/validate/numpy"
)

func goldenFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "expect", Category: groupTest, Usage: "compare what forward gives with the arrays of `FILE` (.npz or .npy): by name, or in order"},
		&cli.Float64Flag{Name: "rtol", Category: groupTest, Usage: "relative `TOLERANCE` of --expect", DefaultText: "that of torch.testing.assert_close for the dtype, 1.3e-6 for float32"},
		&cli.Float64Flag{Name: "atol", Category: groupTest, Usage: "absolute `TOLERANCE` of --expect", DefaultText: "that of torch.testing.assert_close for the dtype, 1e-5 for float32"},
		&cli.StringFlag{Name: "save-outputs", Category: groupTest, Usage: "save what forward gives as `FILE`.npz, which --expect takes"},
		&cli.StringFlag{Name: "probe", Category: groupTest, Value: "on", Usage: "try other batch sizes and lengths after forward, and say which dimensions are fixed: `on|off`"},
	}
}

// parseGolden reads what is wanted of the outputs. The headers of an --expect
// file are read here, so that a wrong one ends the run before any work.
func (w *wishes) parseGolden(c *cli.Context) error {
	if err := choice(c, "probe", []string{"on", "off"}); err != nil {
		return err
	}
	o := &w.loadTest
	o.ProbeOff, o.SaveOutputs = c.String("probe") == "off", c.String("save-outputs")
	for _, name := range []string{"expect", "save-outputs"} {
		if o.Off && c.IsSet(name) {
			return usagef("argument --%s: there are no outputs with --load-test=off", name)
		}
	}
	if c.IsSet("expect") {
		if err := readable("expect", c.String("expect")); err != nil {
			return err
		}
		expected, err := loadtest.ReadExpected(c.String("expect"))
		if err != nil {
			return usagef("argument --expect: %v", err)
		}
		o.Expect = expected
	}
	rtol, err := tolerance(c, "rtol")
	if err != nil {
		return err
	}
	atol, err := tolerance(c, "atol")
	if err != nil {
		return err
	}
	if o.Expect != nil {
		o.Expect.RTol, o.Expect.ATol = rtol, atol
	}
	if !c.IsSet("save-outputs") {
		return nil
	}
	if !strings.HasSuffix(strings.ToLower(o.SaveOutputs), ".npz") {
		return usagef("argument --save-outputs: a name that ends in .npz is wanted, and %q is given", o.SaveOutputs)
	}
	if err := numpy.Writable(o.SaveOutputs); err != nil {
		return fmt.Errorf("the outputs can't be saved in %q: %w", o.SaveOutputs, err)
	}
	if sameFile(c.String("expect"), o.SaveOutputs) {
		return usagef("argument --save-outputs: %q is what --expect compares with; give another name", o.SaveOutputs)
	}
	return nil
}

func sameFile(a, b string) bool {
	first, err := os.Stat(a)
	if err != nil {
		return false
	}
	second, err := os.Stat(b)
	return err == nil && os.SameFile(first, second)
}

// tolerance is nil where none is given.
func tolerance(c *cli.Context, name string) (*float64, error) {
	v := c.Float64(name)
	switch {
	case !c.IsSet(name):
		return nil, nil
	case !c.IsSet("expect"):
		return nil, usagef("argument --%s: nothing is compared without --expect", name)
	case v < 0 || math.IsNaN(v) || math.IsInf(v, 0):
		return nil, usagef("argument --%s: %v is no tolerance; give a number from 0 on", name, v)
	}
	return &v, nil
}
