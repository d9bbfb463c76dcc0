package pysource

import (
	"slices"
	"strings"
)

// maxPrefixes bounds how many key paths one name may stand for.
const maxPrefixes = 4

// ReadsOf lists the reads of string keys from an attribute or name such as
// "model_yaml_config", whatever stands before it, and from what parts of it were
// assigned to: after c = ctx.model_yaml_config["handler"], c["mode"] is a read
// of "handler" and "mode". A name counts within its function (or from the
// module on everywhere), a dotted name such as self.config within its class.
func (m *Module) ReadsOf(name string) []Read {
	prefixes := map[string][][]Key{}
	keys := func(base string, s Scope) [][]Key {
		if lastElement(base) == name {
			return [][]Key{nil}
		}
		if found := prefixes[inScope(base, s)]; len(found) > 0 {
			return found
		}
		return prefixes[inScope(base, Scope{})]
	}
	// Each round follows the assignments one step further.
	for range maxAliasSteps {
		grown := false
		for _, a := range m.Assignments {
			if a.Value == "" || lastElement(a.Target) == name {
				continue
			}
			target := inScope(a.Target, a.Scope)
			for _, prefix := range keys(a.Value, a.Scope) {
				full := slices.Concat(prefix, a.Keys)
				known := prefixes[target]
				if len(known) < maxPrefixes && len(full) <= maxAliasSteps &&
					!slices.ContainsFunc(known, func(k []Key) bool { return slices.Equal(k, full) }) {
					prefixes[target] = append(known, full)
					grown = true
				}
			}
		}
		if !grown {
			break
		}
	}
	var reads []Read
	for _, r := range m.Reads {
		for _, prefix := range keys(r.Base, r.Scope) {
			found := r
			found.Keys = slices.Concat(prefix, r.Keys)
			reads = append(reads, found)
		}
	}
	return reads
}

// inScope makes a key of a name and where it means the same.
func inScope(name string, s Scope) string {
	if strings.Contains(name, ".") {
		return s.Class + " " + name
	}
	return s.Class + " " + s.Function + " " + name
}
