package validate

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"go-model-archiver/validate/pysource"
	"go-model-archiver/validate/rules"
)

const yamlConfig = "model_yaml_config"

// ownConfig finds the assignment of the Hugging Face handler, whose value is
// the config of the server or an empty one.
var ownConfig = regexp.MustCompile(`\bmodel_yaml_config\s*=\s*\(?\s*\w+\.model_yaml_config\s+if\s[^:{}=]*\selse\s*\{\s*\}`)

// checkNeeds looks for what the handler surely reads when the model is loaded:
// settings of the config file and setup_config.json.
func (c *Check) checkNeeds() {
	h := c.handler
	if c.subject.builtin() && c.subject.Manifest.Model.Handler == "trt_llm_handler" {
		c.checkTensorRT()
	}
	if h == nil || !h.Complete {
		return
	}
	c.checkConfigReads()
	if !c.subject.has(setupConfig) {
		c.checkSetupConfigReads()
	}
}

// checkTensorRT looks for the section that the built-in trt_llm_handler reads
// without a default.
func (c *Check) checkTensorRT() {
	if _, end := c.find([]pysource.Key{{Name: "handler", Get: true}, {Name: "engine_dir", Get: true}}); end != fails || c.configUnknown() {
		return
	}
	c.add(rules.HandlerConfigMissing, c.subject.Manifest.Model.ConfigFile,
		`the handler "trt_llm_handler" reads handler: engine_dir from the config file, and there is none`,
		"pass a config file that has it with --config-file")
}

// checkConfigReads compares the keys that the handler reads from the config
// file with the file.
func (c *Check) checkConfigReads() {
	h, function := c.handler, c.function()
	if c.configUnknown() || !h.takesConfigAsIs() {
		return
	}
	var defaults *pysource.Read
	for _, r := range h.ReadsOf(yamlConfig) {
		if r.Store || !h.initializes(r.Scope, function) || !h.namesConfig(r, function) {
			continue
		}
		switch why, outcome := c.find(r.Keys); {
		case outcome == fails:
			if !h.handsOut(r) {
				c.addMissing(r, why)
			}
			return
		case outcome == defaulted && r.Keys[0].Name == "handler" && c.subject.Manifest.Model.ConfigFile == "":
			defaults = &r
		}
	}
	if defaults != nil {
		c.add(rules.HandlerConfigDefault, h.name,
			fmt.Sprintf("%q reads %s from the config file in line %d; none is given, so its defaults count",
				h.name, keyPath(defaults.Keys), defaults.Line), "pass a config file with --config-file to set them")
	}
}

func (c *Check) addMissing(r pysource.Read, why string) {
	name := c.subject.Manifest.Model.ConfigFile
	hint := "pass the config file with --config-file"
	switch {
	case name != "":
		hint = "mend the config file"
	case c.setup != nil:
		hint = fmt.Sprintf("move the settings of %q below handler: in a config file, and pass it with --config-file", setupConfig)
	}
	c.add(rules.HandlerConfigMissing, c.handler.name,
		fmt.Sprintf("%q reads %s from the config file in line %d, and %s", c.handler.name, keyPath(r.Keys), r.Line, why), hint)
}

// keyPath writes keys as YAML nests them: "handler: save_mode".
func keyPath(keys []pysource.Key) string {
	names := make([]string, len(keys))
	for i, k := range keys {
		names[i] = k.Name
	}
	return strings.Join(names, ": ")
}

// configUnknown says that there is a config file whose content can't be told.
func (c *Check) configUnknown() bool {
	return c.subject.Manifest.Model.ConfigFile != "" && c.config == nil
}

// takesConfigAsIs says that nothing of a handler's code gives the config
// another content than the file has.
func (s *source) takesConfigAsIs() bool {
	for _, a := range s.Assignments {
		if lastName(a.Target) != yamlConfig {
			continue
		}
		same := a.Value != "" && lastName(a.Value) == yamlConfig && len(a.Keys) == 0
		if own := a.Value == "" || a.Value == "()"; !same && !(own && ownConfig.MatchString(s.text)) {
			return false
		}
	}
	return !slices.ContainsFunc(s.Calls, s.changesConfig) &&
		!slices.ContainsFunc(s.ReadsOf(yamlConfig), func(r pysource.Read) bool { return r.Store }) &&
		!slices.ContainsFunc(s.Imports, func(i pysource.Import) bool { return i.Name == "*" })
}

// changesConfig says that a call may add keys to the config, or to a variable
// that some of it is assigned to.
func (s *source) changesConfig(call pysource.Call) bool {
	dot := strings.LastIndexByte(call.Callee, '.')
	if dot < 0 || !slices.Contains([]string{"update", "setdefault", "__setitem__"}, call.Callee[dot+1:]) {
		return false
	}
	base := call.Callee[:dot]
	return strings.Contains(base, yamlConfig) || slices.ContainsFunc(s.Assignments, func(a pysource.Assignment) bool {
		return a.Target == base && slices.ContainsFunc(s.Reads, func(r pysource.Read) bool { return r.Base == base })
	})
}

// handsOut says that something which may fill the config gets it, or the
// context that it belongs to, before it is read. What functions of the handler
// do with the context is seen.
func (s *source) handsOut(r pysource.Read) bool {
	contexts, parts := s.contexts(), map[string]int{} // how many keys lead to what a name holds
	for _, a := range s.Assignments {
		if lastName(a.Value) == yamlConfig {
			parts[a.Target] = len(a.Keys)
		}
	}
	own := s.callable(s.class())
	return slices.ContainsFunc(s.Calls, func(call pysource.Call) bool {
		if onlyLooks(call.Callee) || strings.HasPrefix(call.Callee, "super().") || call.Class == r.Class && call.Function == r.Function && call.Line > r.Line {
			return false
		}
		_, defined := own[call.Callee]
		whole := s.Expr(call)
		return slices.ContainsFunc(slices.Concat(whole.Args, whole.Values), func(e pysource.Expr) bool {
			keys, isConfig := parts[e.Name]
			isConfig = isConfig || lastName(e.Name) == yamlConfig
			return e.Op == pysource.Name && (isConfig && keys+len(e.Keys) < len(r.Keys) || !defined && len(e.Keys) == 0 && slices.Contains(contexts, e.Name))
		})
	})
}

// lastName is the last part of a dotted name.
func lastName(dotted string) string { return dotted[strings.LastIndexByte(dotted, '.')+1:] }

// contexts are the names of what TorchServe passes to initialize, or to a
// function with the data.
func (s *source) contexts() []string {
	names := []string{"self.context"}
	if class := s.class(); class != nil {
		names = append(names, s.given(pysource.Scope{Class: class.Name, Function: "initialize"}))
	}
	for _, f := range s.Functions {
		if len(f.Params) == 2 {
			names = append(names, f.Params[1].Name)
		}
	}
	return names
}

// namesConfig says that what keys are read from is the config, or a variable
// that is only ever assigned parts of it.
func (s *source) namesConfig(r pysource.Read, function string) bool {
	if lastName(r.Base) == yamlConfig {
		return true
	}
	assigned := 0
	for _, a := range s.Assignments {
		if a.Target != r.Base || a.Class != r.Class || !strings.HasPrefix(r.Base, "self.") && a.Function != r.Function {
			continue
		}
		switch {
		case a.Value == "None" && a.Function == "__init__":
		case a.Function != r.Function && s.initializes(a.Scope, function) && !s.runs(r.Scope, function):
			assigned++ // what a request reads is there since the model was loaded
		case a.Conditional || a.Function != r.Function || a.Line > r.Line:
			return false
		default:
			assigned++
		}
	}
	return assigned == 1
}

// outcome is what looking up keys in the config comes to.
type outcome int

const (
	unknown outcome = iota
	found
	defaulted // a default takes the place of a missing key
	fails     // the handler fails on a missing key
)

// find looks keys up as the handler does. why says what it fails on.
func (c *Check) find(keys []pysource.Key) (why string, end outcome) {
	name := c.subject.Manifest.Model.ConfigFile
	missing := func(keys []pysource.Key) string {
		if name == "" {
			return "no config file is given"
		}
		return fmt.Sprintf("%q has no %s", name, keyPath(keys))
	}
	node := c.config // nil is the empty config of a model without a config file
	for i, key := range keys {
		var value *yaml.Node
		open := false
		if node != nil {
			if node.Kind != yaml.MappingNode {
				return fmt.Sprintf("%s is %s in %q, not a map", keyPath(keys[:i]), describeNode(node), name), fails
			}
			value, open = lookup(node, key.Name)
		}
		last := i == len(keys)-1
		switch {
		case value != nil:
			node = value
		case open:
			return "", unknown
		case !key.Get, !key.Default && !last:
			return missing(keys[:i+1]), fails
		case last:
			return "", defaulted
		case !c.handler.emptyDefault(key.Name):
			return "", unknown
		default:
			node = nil // the handler goes on with its empty default
		}
	}
	return "", found
}

// emptyDefault says that wherever the file calls get for a key with a default,
// it is an empty dict.
func (s *source) emptyDefault(key string) bool {
	empty := false
	for _, call := range s.Calls {
		if !strings.HasSuffix(call.Callee, ".get") || call.Positional != 2 {
			continue
		}
		switch e := s.Expr(call); {
		case e.Args[0].Op != pysource.Text || e.Args[0].Text != key:
		case (e.Args[1].Op == pysource.List || e.Args[1].Name == "dict") && len(e.Args[1].Args)+len(e.Args[1].Keywords) == 0:
			empty = true
		default:
			return false
		}
	}
	return empty
}

// checkSetupConfigReads looks for a handler that fails without
// setup_config.json.
func (c *Check) checkSetupConfigReads() {
	h, function := c.handler, c.function()
	mentions := h.Mentions(setupConfig)
	if len(mentions) == 0 {
		return
	}
	at := mentions[0]
	sure := len(mentions) == 1 && h.initializes(at.Scope, function) && h.inModelFolder(at)
	switch {
	case sure && c.mayFetch(at):
		return
	case sure && (h.Opens(setupConfig) == pysource.Yes || c.readsPath(setupConfig)):
		c.add(rules.SetupConfigMissing, h.name,
			fmt.Sprintf("%q opens %q in line %d, and the archive has no such file", h.name, setupConfig, at.Line),
			c.setupHint())
	case sure && h.readsUnset(at, function):
		c.add(rules.SetupConfigMissing, h.name,
			fmt.Sprintf("%q takes its settings from %q (line %d), and the archive has no such file", h.name, setupConfig, at.Line),
			c.setupHint())
	case c.subject.Manifest.Model.ConfigFile == "":
		c.add(rules.SetupConfigAbsent, h.name,
			fmt.Sprintf("%q looks for %q (line %d), and the archive has neither that nor a config file", h.name, setupConfig, at.Line), "add it to --extra-files if the handler has to have it")
	}
}

// readsPath says that the handler surely reads a file through its Path when the
// model is loaded.
func (c *Check) readsPath(file string) bool {
	h := c.handler
	return slices.ContainsFunc(h.Calls, func(call pysource.Call) bool {
		if method := lastName(call.Callee); method != "read_text" && method != "read_bytes" {
			return false
		}
		read := h.File(h.On(call), call.Scope, call.Line)
		return read.Op == pysource.Text && read.Text == file && c.loading(call.Scope, call.Line)
	})
}

// mayFetch says that something which may put a file into the model's folder gets
// that, or the context, before the file is read.
func (c *Check) mayFetch(file pysource.String) bool {
	h := c.handler
	contexts, path, own := h.contexts(), h.PathVariable(file), h.callable(h.class())
	return slices.ContainsFunc(h.Calls, func(call pysource.Call) bool {
		gets := func(names ...string) bool {
			return slices.ContainsFunc(call.Args, func(a string) bool { return a != "" && slices.Contains(names, a) })
		}
		_, defined := own[call.Callee]
		switch here := call.Class == file.Class && call.Function == file.Function; {
		case leavesFolder(call.Callee), !here && (defined || !h.runs(call.Scope, c.function())):
			return false
		case here && path != "" && gets(path):
			return true
		case here && call.Line > file.Line:
			return false
		}
		return h.Passes(call, "model_dir") || gets(contexts...)
	})
}

// leavesFolder says that a function puts no file into a folder that it is given.
func leavesFolder(callee string) bool {
	first, _, _ := strings.Cut(callee, ".")
	switch first {
	case "torch", "super()", "open", "glob", "Path", "pathlib", "join", "isfile", "isdir", "exists":
		return true
	case "os":
		return strings.HasPrefix(callee, "os.path.") || slices.Contains([]string{"os.listdir", "os.walk", "os.scandir", "os.stat", "os.fspath"}, callee)
	}
	return onlyLooks(callee) || strings.HasSuffix(callee, ".from_pretrained")
}

func (c *Check) setupHint() string {
	if c.handlerConfig != nil && c.handler.readsSetupConfigAlone() {
		return fmt.Sprintf("add the file to --extra-files; this handler does not read %s", c.handlerConfig.where)
	}
	return "add the file to --extra-files"
}

// inModelFolder says that a file name is looked up in the model's own folder,
// which is also where the worker runs.
func (s *source) inModelFolder(name pysource.String) bool {
	if name.Call >= 0 && s.Calls[name.Call].Callee == "open" && name.Value == setupConfig {
		return true
	}
	return strings.Contains(s.line(name.Line), "model_dir") && strings.Count(name.Value, "/") <= 1
}

// readsUnset says that initialize surely reads a key of an attribute that is
// None unless the JSON file of that name was read.
func (s *source) readsUnset(name pysource.String, function string) bool {
	return slices.ContainsFunc(s.Reads, func(r pysource.Read) bool {
		return !r.Store && !r.Keys[0].Get && strings.HasPrefix(r.Base, "self.") &&
			s.initializes(r.Scope, function) && s.loadedOnly(r, name)
	})
}

// loadedOnly says that all an attribute is ever assigned is None in __init__
// and, in the same method, what the first json.load after the file's name gives.
func (s *source) loadedOnly(r pysource.Read, name pysource.String) bool {
	loads := slices.DeleteFunc(s.CallsTo("json.load"), func(l pysource.Call) bool { return l.Line < name.Line })
	loaded := false
	for _, a := range s.Assignments {
		if a.Target != r.Base {
			continue
		}
		switch {
		case a.Value == "None" && a.Function == "__init__" && a.Class == r.Class:
		case len(loads) > 0 && a.Value == loads[0].Callee+"()" && a.Line == loads[0].Line && a.Scope == loads[0].Scope && a.Line < r.Line:
			loaded = true
		default:
			return false
		}
	}
	return loaded
}
