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
	told := c.checkRead(f)
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

// checkRead tells of the missing settings that are surely read, and returns
// them. What is read from the config file when the model is loaded is told as a
// key of that.
func (c *Check) checkRead(f *settingsFile) (told []string) {
	h, looked := c.handler, 0
	reads := h.Reads
	if f == c.handlerConfig {
		reads = h.ReadsOf(yamlConfig)
	}
	for _, r := range reads {
		key := r.Keys[len(r.Keys)-1].Name
		if _, given := f.values[key]; given || !h.Complete || r.Store || r.Keys[len(r.Keys)-1].Get || slices.Contains(told, key) {
			continue
		}
		loading, when := c.loading(r.Scope, r.Line), ""
		if !loading {
			if !c.each(r.Scope, r.Line, overRequests, nil) {
				continue
			}
			when = " for each request"
		}
		if looked++; looked > maxLookups || len(told) == maxNamed {
			return told
		}
		if !c.readsFrom(f, r) {
			continue
		}
		told = append(told, key)
		if loading && f == c.handlerConfig {
			continue
		}
		c.add(rules.SettingMissing, h.name,
			fmt.Sprintf("%q reads %s from %s in line %d%s, and it is not there", h.name, key, f.where, r.Line, when),
			fmt.Sprintf("add %q to %s", key, f.where))
	}
	return told
}

// asksFor says that a handler may do without a key: it looks whether it is
// there, or has a default.
func (s *source) asksFor(key string) bool {
	return s.LooksFor(key) || slices.ContainsFunc(s.Reads, func(r pysource.Read) bool {
		return slices.ContainsFunc(r.Keys, func(k pysource.Key) bool { return k.Name == key && (k.Get || r.Store) })
	})
}

// readsFrom says that a key is read from what surely is a file's settings.
func (c *Check) readsFrom(f *settingsFile, r pysource.Read) bool {
	h := c.handler
	if f == c.handlerConfig {
		return len(r.Keys) == 2 && r.Keys[0].Name == "handler" && h.namesConfig(r, c.function()) && h.takesConfigAsIs() && !h.handsOut(r)
	}
	return len(r.Keys) == 1 && h.holdsFile(r, setupConfig)
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
		isLoad := takes(a, loads)
		if !isLoad && a.Value != "None" {
			return false
		}
		loaded = loaded || isLoad
	}
	return loaded && strings.HasPrefix(r.Base, "self.") && !s.changes(r.Base) && !s.MaySet("")
}
