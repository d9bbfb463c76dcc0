// Package rules is the catalogue of everything that a check can find: each
// rule has a stable id, a severity, and says what it pre-empts in production.
package rules

import (
	"fmt"
	"slices"
)

// Severity says how much a finding matters.
type Severity string

// An Error surely fails in the server or the handler; a Warning only looks
// odd; a Note is worth knowing.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
	Note    Severity = "note"
)

// Rule describes one kind of finding.
type Rule struct {
	ID       string
	Severity Severity
	// Inconclusive marks an error that says nothing about the model: a
	// required check could not be run here.
	Inconclusive bool
	// Summary is one sentence in lower case without a full stop.
	Summary string
	// Example is a message that the rule gives.
	Example string
	// Preempts are messages that production would have given instead.
	Preempts []string
}

// Finding is one problem that a check found.
type Finding struct {
	Rule     string   `json:"rule"`
	Severity Severity `json:"severity"`
	// File is the file or archive entry that the finding is about, or empty.
	File    string `json:"file"`
	Message string `json:"message"`
	Hint    string `json:"hint"`
	// Ignored is set when the user asked to let this rule pass.
	Ignored bool `json:"ignored"`
}

// New returns a finding of the rule with that id, which must be in the
// catalogue. message says what is wrong and hint what to do; both are in lower
// case without a full stop, and hint may be empty.
func New(id, file, message, hint string) Finding {
	r, ok := Lookup(id)
	if !ok {
		panic(fmt.Sprintf("rules: no rule %q in the catalogue", id))
	}
	return Finding{Rule: id, Severity: r.Severity, File: file, Message: message, Hint: hint}
}

// Lookup finds a rule by id.
func Lookup(id string) (Rule, bool) {
	i := slices.IndexFunc(catalogue, func(r Rule) bool { return r.ID == id })
	if i < 0 {
		return Rule{}, false
	}
	return catalogue[i], true
}

// All returns the catalogue in its documented order.
func All() []Rule { return slices.Clone(catalogue) }
