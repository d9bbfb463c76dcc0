package validate

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go-model-archiver/internal/testtools"
	"go-model-archiver/validate/rules"
)

// constants are the names of the rules in Go, by id, read from the catalogue's
// own source.
func constants(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("rules/*.go")
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]string{}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(source)) {
			if name, id, ok := strings.Cut(strings.TrimSpace(line), " = "); ok {
				names[strings.Trim(strings.TrimSpace(id), `"`)] = "rules." + strings.TrimSpace(name)
			}
		}
	}
	return names
}

func TestEveryRuleIsMadeToFindSomething(t *testing.T) {
	found := map[string]bool{}
	for _, cases := range [][]ruleCase{
		handlerCases, callCases, settingsCases, labelCases, configCases, requirementsCases, modelCases,
	} {
		for _, c := range cases {
			for _, id := range c.want {
				found[id] = true
			}
		}
	}
	for _, cases := range [][]outputCase{positionCases, outputCases} {
		for _, c := range cases {
			for _, id := range c.want {
				found[id] = true
			}
		}
	}
	for _, c := range pickleCases {
		for _, id := range c.want {
			found[id] = true
		}
	}
	names, others := constants(t), otherTests(t)
	for _, r := range rules.All() {
		if !found[r.ID] && !strings.Contains(others, names[r.ID]) && !strings.Contains(others, r.ID+`\]`) {
			t.Errorf("no test makes the rule %q (%s) find anything", r.ID, names[r.ID])
		}
	}
}

// otherTests are the texts of all tests that run checks, beside the tables of
// this package: those of the catalogue and of reports only show findings.
func otherTests(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, pattern := range []string{"validate/*_test.go", "validate/[^r]*/*_test.go", "internal/cli/*_test.go", "internal/cli/testdata/script/*.txtar"} {
		files, err := filepath.Glob(filepath.Join(testtools.Root(), pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s matches no test (%v)", pattern, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			all.Write(text)
		}
	}
	return all.String()
}
