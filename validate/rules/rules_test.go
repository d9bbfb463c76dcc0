package rules

import (
	"strings"
	"testing"
)

func TestEveryRuleIsDescribed(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range All() {
		if seen[r.ID] {
			t.Errorf("rule %q stands twice in the catalogue", r.ID)
		}
		seen[r.ID] = true
		if r.Summary == "" || r.Example == "" || r.Severity == "" {
			t.Errorf("rule %q lacks a summary, an example or a severity", r.ID)
		}
		if strings.HasSuffix(r.Summary, ".") || strings.HasSuffix(r.Example, ".") {
			t.Errorf("rule %q: messages end without a full stop", r.ID)
		}
		if r.Inconclusive && r.Severity != Error {
			t.Errorf("rule %q is inconclusive and no error: it would stop nothing", r.ID)
		}
	}
}
