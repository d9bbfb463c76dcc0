package rules

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"go-model-archiver/internal/testtools"
)

var update = flag.Bool("update", false, "write docs/rules.md anew")

// TestDocs keeps docs/rules.md equal to the catalogue.
func TestDocs(t *testing.T) {
	path := testtools.Root() + "/docs/rules.md"
	want := markdown()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is not what the catalogue says; make docs writes it anew", path)
	}
}

func markdown() string {
	var b strings.Builder
	b.WriteString(`# Rules

Every finding names its rule. An *error* surely fails in the server or the handler and ends with exit
code 3, or with 4 where it is marked as *could not be tested here*; a *warning* only looks odd; a *note*
is worth knowing. ` + "`--ignore RULE`" + ` lets a finding pass and still lists it.

This page is made from validate/rules by ` + "`make docs`" + `.
`)
	for _, r := range All() {
		severity := string(r.Severity)
		if r.Inconclusive {
			severity += ", could not be tested here"
		}
		fmt.Fprintf(&b, "\n## %s\n\n%s: %s.\n\n    %s\n", r.ID, severity, r.Summary, r.Example)
		if len(r.Preempts) == 1 {
			fmt.Fprintf(&b, "\nIn production: `%s`\n", r.Preempts[0])
		} else if len(r.Preempts) > 1 {
			fmt.Fprintf(&b, "\nIn production:\n\n- `%s`\n", strings.Join(r.Preempts, "`\n- `"))
		}
	}
	return b.String()
}
