package main_test

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "go-model-archiver"

type goPackage struct {
	ImportPath string
	Imports    []string
	Deps       []string
	CgoFiles   []string
	Standard   bool
}

// packages lists the main binary's packages as CGO_ENABLED=0 builds them.
func packages(t *testing.T, args ...string) map[string]goPackage {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-json=ImportPath,Imports,Deps,CgoFiles,Standard"}, args...)...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]goPackage{}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all[p.ImportPath] = p
	}
}

func TestMainBinaryHasNoLibtorchAndNoCgo(t *testing.T) {
	all := packages(t, "-deps", ".")
	for path, p := range all {
		if strings.Contains(path, "gotch") || path == "runtime/cgo" || len(p.CgoFiles) > 0 {
			t.Errorf("the main binary imports %s", path)
		}
	}
	if len(all) < 50 {
		t.Errorf("only %d packages were looked at", len(all))
	}
}

// borders says which of our packages a part may import, directly or through
// others; a part is a package and everything below it.
var borders = []struct {
	part   string
	banned []string
}{
	{"manifest", []string{"archiver", "validate", "internal", "cmd"}},
	{"archiver", []string{"validate", "internal", "cmd"}},
	{"validate", []string{"internal", "cmd"}},
	{"validate/loadtest/protocol", []string{"archiver", "manifest", "validate/rules", "validate/sample", "validate/torchscript"}},
	{"validate/rules", []string{"archiver", "manifest", "validate/loadtest", "validate/sample", "validate/torchscript"}},
	{"validate/pickle", []string{"archiver", "manifest", "validate/rules", "validate/loadtest", "validate/torchscript"}},
	{"validate/numpy", []string{"archiver", "manifest", "validate/rules", "validate/loadtest", "validate/sample", "validate/torchscript"}},
	{"validate/torchscript", []string{"archiver", "manifest", "validate/sample"}},
	{"validate/pytorch", []string{"archiver", "manifest", "validate/rules", "validate/loadtest", "validate/sample", "validate/torchscript"}},
	{"validate/ctxio", []string{"archiver", "manifest", "validate/rules"}},
	{"validate/pysource", []string{"archiver", "manifest", "validate/rules", "validate/loadtest"}},
	{"internal/report", []string{"internal/cli", "cmd"}},
}

func TestImportsKeepTheBorders(t *testing.T) {
	all := packages(t, "./...")
	for _, b := range borders {
		seen := false
		for path, p := range all {
			if !within(path, b.part) {
				continue
			}
			seen = true
			for _, dep := range p.Deps {
				if slices.ContainsFunc(b.banned, func(x string) bool { return within(dep, x) }) {
					t.Errorf("%s imports %s, over the border of %s", path, dep, b.part)
				}
			}
		}
		if !seen {
			t.Errorf("there is no package %s; its border guards nothing", b.part)
		}
	}
}

func within(path, part string) bool {
	return path == module+"/"+part || strings.HasPrefix(path, module+"/"+part+"/")
}

// Only the command line prints and exits.
func TestLibrariesNeitherPrintNorExit(t *testing.T) {
	for path, p := range packages(t, "./...") {
		if !within(path, "manifest") && !within(path, "archiver") && !within(path, "validate") {
			continue
		}
		for _, banned := range []string{"log", "flag"} {
			if slices.Contains(p.Imports, banned) {
				t.Errorf("%s imports %s", path, banned)
			}
		}
	}
}
