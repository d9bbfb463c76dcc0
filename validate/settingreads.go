package validate

import (
	"fmt"
	"slices"
	"strings"

	"go-model-archiver/validate/pysource"
	"go-model-archiver/validate/rules"
)

// parsesNumber says that the handler surely makes an int of a setting: in
// initialize, or for each request.
func (c *Check) parsesNumber(key string) bool {
	h := c.handler
	calls := h.CallsTo("int")
	return slices.ContainsFunc(calls[:min(len(calls), maxLookups)], func(call pysource.Call) bool {
		if call.Positional != 1 || len(call.Keywords) > 0 || call.Star {
			return false
		}
		read, _, _ := h.Resolve(h.Argument(call, 0), call.Scope, call.Line)
		return h.isSetting(read) && read.Keys[len(read.Keys)-1].Name == key &&
			(c.loading(call.Scope, call.Line) || c.each(call.Scope, call.Line, overRequests, nil))
	})
}

// checkAbsent finds settings that are missing and that the handler reads:
// surely when the model is loaded or by each request, or, of those that
// every Hugging Face handler needs, maybe.
func (c *Check) checkAbsent(f *settingsFile) {
	if f.open {
		return
	}
	var told []string
	for _, r := range c.settingReads(f) {
		key := r.Keys[len(r.Keys)-1].Name
		if _, given := f.values[key]; given || slices.Contains(told, key) || len(told) == maxNamed {
			continue
		}
		when := ""
		switch {
		case c.loading(r.Scope, r.Line):
			if f == c.handlerConfig { // told as a key of the config file
				told = append(told, key)
				continue
			}
		case c.each(r.Scope, r.Line, overRequests, nil):
			when = " for each request"
		default:
			continue
		}
		told = append(told, key)
		c.add(rules.SettingMissing, c.handler.name,
			fmt.Sprintf("%q reads %s from %s in line %d%s, and it is not there", c.handler.name, key, f.where, r.Line, when),
			fmt.Sprintf("add %q to %s", key, f.where))
	}
	for _, key := range []string{"max_length", "mode"} {
		at := slices.IndexFunc(c.handler.Reads, func(r pysource.Read) bool { return !r.Store && !r.Keys[0].Get && r.Keys[0].Name == key })
		if _, given := f.values[key]; given || at < 0 || slices.Contains(told, key) || c.handler.asksFor(key) {
			continue
		}
		c.add(rules.SettingValue, f.name,
			fmt.Sprintf("%s is missing in %s, and %q may read it in line %d", key, f.where, c.handler.name, c.handler.Reads[at].Line),
			fmt.Sprintf("add %q to %s", key, f.where))
	}
}

// asksFor says that a handler may do without a key: it looks whether it is
// there, or has a default.
func (s *source) asksFor(key string) bool {
	return s.LooksFor(key) || slices.ContainsFunc(s.Reads, func(r pysource.Read) bool {
		return slices.ContainsFunc(r.Keys, func(k pysource.Key) bool { return k.Name == key && (k.Get || r.Store) })
	})
}

// settingReads are the reads of a key, without a default, from what surely is a
// file's settings.
func (c *Check) settingReads(f *settingsFile) []pysource.Read {
	h := c.handler
	reads := h.Reads
	if f == c.handlerConfig {
		reads = h.ReadsOf(yamlConfig)
	}
	bases := map[string]bool{}
	return slices.DeleteFunc(slices.Clone(reads), func(r pysource.Read) bool {
		if r.Store || r.Keys[len(r.Keys)-1].Get || !h.Complete {
			return true
		}
		if f == c.handlerConfig {
			return len(r.Keys) != 2 || r.Keys[0].Name != "handler" || !h.namesConfig(r, c.function()) || !h.takesConfigAsIs(r)
		}
		base := r.Class + " " + r.Base
		if _, known := bases[base]; !known {
			bases[base] = h.holdsFile(r, setupConfig)
		}
		return len(r.Keys) != 1 || !bases[base]
	})
}

// holdsFile says that an attribute holds what a JSON file has, where it holds
// anything, and that nothing is added to it.
func (s *source) holdsFile(r pysource.Read, file string) bool {
	loads := s.JSONLoads(file, false)
	loaded := false
	for _, a := range s.Assignments {
		if a.Target != r.Base || a.Class != r.Class {
			continue
		}
		isLoad := slices.ContainsFunc(loads[:min(len(loads), maxLookups)], func(l pysource.Call) bool {
			return a.Line == l.Line && a.Value == l.Callee+"()" && a.Class == l.Class && a.Function == l.Function
		})
		if !isLoad && a.Value != "None" {
			return false
		}
		loaded = loaded || isLoad
	}
	return loaded && strings.HasPrefix(r.Base, "self.") && !s.changes(r.Base) && !s.MaySet("")
}
