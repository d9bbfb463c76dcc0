package validate

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"go-model-archiver/validate/rules"
	"go-model-archiver/validate/sample"
)

// settingsFile is one of the two files that a handler's settings stand in.
type settingsFile struct {
	name   string // the entry
	where  string // for messages: `"setup_config.json"`, `handler: in "model-config.yaml"`
	values map[string]any
	// open is set where a merge may bring more keys.
	open bool
}

// text is a value as the file has it.
func (f *settingsFile) text(key string) string {
	if v, ok := f.values[key].(string); ok {
		return strconv.Quote(v)
	}
	return fmt.Sprint(f.values[key])
}

// word is a value if it is a string.
func (f *settingsFile) word(key string) string {
	if f == nil {
		return ""
	}
	word, _ := f.values[key].(string)
	return word
}

// readSettings reads what the handler reads, and what the sample is derived
// from.
func (c *Check) readSettings() error {
	setup, err := c.readSetupConfig()
	if err != nil {
		return err
	}
	config, err := c.readHandlerConfig()
	if err != nil {
		return err
	}
	if c.handler.readsSetupConfigAlone() && c.setup != nil {
		config = sample.Settings{}
	}
	c.settings = sample.Prefer(config, setup)
	if c.subject.builtin() {
		c.settings.VisionHandler = c.subject.Manifest.Model.Handler
	}
	if c.handler.huggingFace() {
		c.checkSettings()
	}
	return nil
}

// readSetupConfig reads setup_config.json, which old Hugging Face handlers
// read.
func (c *Check) readSetupConfig() (sample.Settings, error) {
	data, err := c.read(setupConfig, maxSettings)
	if err != nil || data == nil {
		return sample.Settings{}, err
	}
	c.checkUTF8(rules.SettingsUnreadable, setupConfig, data)
	var values map[string]any
	err = json.Unmarshal(data, &values)
	if err == nil && values == nil {
		err = errors.New("it is null, not an object")
	}
	if err != nil {
		c.addUnreadableSetup(data, err)
		return sample.Settings{}, nil
	}
	c.setup = &settingsFile{name: setupConfig, where: strconv.Quote(setupConfig), values: values}
	// What is wrong with the values matters to a Hugging Face handler alone.
	settings, _ := sample.ReadSetupConfig(setupConfig, data)
	return settings, nil
}

// addUnreadableSetup tells of a setup_config.json that is no JSON object: an
// error where the handler surely loads it and fails on it.
func (c *Check) addUnreadableSetup(data []byte, err error) {
	rule, what := rules.SettingsUnreadable, "used"
	sure := c.handler.huggingFace() && c.handler.readsSetupConfigAlone()
	if _, syntax := errors.AsType[*json.SyntaxError](err); syntax {
		sure, what = refusedByPython(data), "read as JSON"
	}
	if sure && c.loadsJSON(setupConfig, data) {
		rule = rules.SetupConfigUnreadable
	}
	c.add(rule, setupConfig, fmt.Sprintf("%q can't be %s: %v", setupConfig, what, explainJSON(data, err)),
		"mend the file; until then no sample is derived from it")
}

// readHandlerConfig reads handler: of the config file.
func (c *Check) readHandlerConfig() (sample.Settings, error) {
	name := c.subject.Manifest.Model.ConfigFile
	data, err := c.read(name, maxSettings)
	if err != nil || data == nil {
		return sample.Settings{}, err
	}
	data = asYAML11(data)
	c.checkConfig(data)
	if c.config == nil {
		return sample.Settings{}, nil
	}
	handler, _ := lookup(c.config, "handler")
	if handler != nil && handler.Kind == yaml.MappingNode {
		_, open := lookup(handler, "")
		c.handlerConfig = &settingsFile{name: name, where: fmt.Sprintf("handler: in %q", name), values: scalars(handler), open: open}
	}
	settings, _ := sample.ReadConfigFile(name, data)
	return settings, nil
}

// readsSetupConfigAlone says that a handler reads setup_config.json and surely
// not the config file.
func (s *source) readsSetupConfigAlone() bool {
	return s != nil && s.Complete && len(s.Mentions(setupConfig)) > 0 && !strings.Contains(s.text, "model_yaml_config")
}

// checkSettings judges the settings that a Hugging Face handler reads.
func (c *Check) checkSettings() {
	if c.setup != nil && c.handlerConfig != nil {
		c.checkAgreement()
	}
	f := c.effective()
	if f == nil {
		return
	}
	c.checkNumbers(f)
	c.checkAbsent(f)
	c.checkWord(f, "save_mode", "torchscript", "pretrained")
	c.checkWord(f, "mode", "sequence_classification", "token_classification", "question_answering", "text_generation")
	if on := f.values["captum_explanation"]; truth(on) && strings.EqualFold(f.word("save_mode"), "torchscript") && c.handler.readsKey("captum_explanation") {
		c.add(rules.CaptumTorchScript, f.name,
			fmt.Sprintf("captum_explanation is %s in %s, and save_mode is %q: requests for /explanations will fail, predictions work", f.describe("captum_explanation"), f.where, f.word("save_mode")),
			"set captum_explanation to false")
	}
}

// effective is the file whose settings count for the handler, or nil.
func (c *Check) effective() *settingsFile {
	f := c.handlerConfig
	if f == nil || c.setup != nil && (c.handler.readsSetupConfigAlone() || f.values["save_mode"] == nil && f.values["max_length"] == nil) {
		return c.setup
	}
	return f
}

func (c *Check) checkAgreement() {
	var odd []string
	for _, key := range slices.Sorted(maps.Keys(c.setup.values)) {
		other, both := c.handlerConfig.values[key]
		if !both || !scalarValue(other) || !scalarValue(c.setup.values[key]) || plain(other) == plain(c.setup.values[key]) {
			continue
		}
		odd = append(odd, fmt.Sprintf("%s (%s and %s)", key, c.setup.text(key), c.handlerConfig.text(key)))
	}
	if len(odd) == 0 {
		return
	}
	if len(odd) > maxNamed {
		odd = append(odd[:maxNamed], "…")
	}
	c.add(rules.SettingsDisagree, setupConfig,
		fmt.Sprintf("%s and %s disagree on %s", c.setup.where, c.handlerConfig.where, strings.Join(odd, ", ")),
		"pack only the one that the handler reads")
}

// plain makes 150, 150.0 and "150" equal, and true and "True".
func plain(v any) string {
	return strings.ToLower(strings.TrimSuffix(strings.TrimSpace(fmt.Sprint(v)), ".0"))
}

func scalarValue(v any) bool {
	switch v.(type) {
	case []any, map[string]any:
		return false
	}
	return true
}

func (c *Check) checkNumbers(f *settingsFile) {
	for _, key := range []string{"max_length", "num_labels", "batch_size"} {
		value, given := f.values[key]
		if !given {
			continue
		}
		n, isNumber := pythonInt(value)
		fraction, _ := value.(float64)
		switch {
		case isNumber && n > 0 && fraction == math.Trunc(fraction):
		case !isNumber && key == "max_length" && c.parsesNumber(key):
			c.add(rules.SettingNotNumber, f.name,
				fmt.Sprintf("max_length is %s in %s, and the handler needs a whole number", f.describe(key), f.where), "give the number of tokens")
		default:
			c.add(rules.SettingValue, f.name,
				fmt.Sprintf("%s is %s in %s, and a whole number from 1 on is wanted", key, f.describe(key), f.where), "write such a number, or leave it out")
		}
	}
}

func (f *settingsFile) describe(key string) string {
	switch f.values[key].(type) {
	case nil:
		return "null"
	case []any:
		return "a list"
	case map[string]any:
		return "a map"
	}
	return f.text(key)
}

// truth says that Python takes a value of settings for true, as it does any
// text.
func truth(v any) bool {
	switch v := v.(type) {
	case string:
		return v != ""
	case []any:
		return len(v) > 0
	case map[string]any:
		return len(v) > 0
	}
	return v != nil && v != false && v != 0 && v != 0.0
}

// pythonInt reads what Python's int() takes.
func pythonInt(v any) (int64, bool) {
	switch v := v.(type) {
	case string:
		n, err := strconv.ParseInt(strings.ReplaceAll(strings.TrimSpace(v), "_", ""), 10, 64)
		return n, err == nil || errors.Is(err, strconv.ErrRange)
	case int:
		return int64(v), true
	case int64:
		return v, true
	case uint64:
		return int64(v >> 1), true
	case float64:
		return int64(v), true
	case bool:
		return map[bool]int64{true: 1}[v], true
	}
	return 0, false
}

// checkWord warns of a value that the handler knows nothing of.
func (c *Check) checkWord(f *settingsFile, key string, known ...string) {
	value, given := f.values[key]
	word, isWord := value.(string)
	if !given || isWord && (slices.Contains(known, word) || c.handler.mentions(word)) || !c.handler.readsKey(key) {
		return
	}
	hint := fmt.Sprintf("the handler of TorchServe knows %s", strings.Join(known, ", "))
	c.add(rules.SettingValue, f.name,
		fmt.Sprintf("%s is %s in %s, which %q does not mention", key, f.describe(key), f.where, c.handler.name), hint)
}

// lookup returns the value of a mapping's last key of that name, nil where
// there is none; open is set where the mapping may get it from a merge.
func lookup(mapping *yaml.Node, key string) (value *yaml.Node, open bool) {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		switch k := mapping.Content[i]; {
		case k.Tag == "!!merge":
			open = true
		case k.Kind == yaml.ScalarNode && k.Value == key:
			value = target(mapping.Content[i+1])
		}
	}
	return value, open
}

// target returns what an alias stands for, which is never another alias.
func target(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// scalars returns the scalar values of a mapping; what lists and maps hold,
// which aliases could make huge, is left out.
func scalars(mapping *yaml.Node) map[string]any {
	values := map[string]any{}
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		var v any
		switch n := target(mapping.Content[i+1]); {
		case n.Kind == yaml.SequenceNode:
			v = []any{}
		case n.Kind == yaml.MappingNode:
			v = map[string]any{}
		case isBool(n):
			v = slices.Contains([]string{"yes", "true", "on"}, strings.ToLower(n.Value))
		case n.Decode(&v) != nil:
			v = n.Value
		}
		values[mapping.Content[i].Value] = v
	}
	return values
}

// refusedByPython says that json.load fails on a text that encoding/json finds
// a syntax error in: Python takes NaN and Infinity for numbers.
func refusedByPython(data []byte) bool {
	return !bytes.Contains(data, []byte("NaN")) && !bytes.Contains(data, []byte("Infinity"))
}

// byteOrderMarks are those of UTF-8 and of UTF-16.
var byteOrderMarks = []string{"\xef\xbb\xbf", "\xff\xfe", "\xfe\xff"}

func marked(data []byte) bool {
	return slices.ContainsFunc(byteOrderMarks, func(mark string) bool { return bytes.HasPrefix(data, []byte(mark)) })
}

// explainJSON says where in a text encoding/json found its error, and what
// editors don't show.
func explainJSON(data []byte, err error) error {
	switch {
	case len(bytes.TrimSpace(data)) == 0:
		return errors.New("it is empty")
	case bytes.HasPrefix(data, []byte(byteOrderMarks[0])):
		return errors.New("it starts with a byte order mark, which Python's json refuses")
	case marked(data):
		return errors.New("it is UTF-16, and UTF-8 is wanted")
	}
	return sample.ExplainJSON(data, err)
}
