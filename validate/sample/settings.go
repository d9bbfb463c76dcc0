package sample

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// Settings is what a sample can be derived from.
type Settings struct {
	MaxLength       int64  // 0 where there is none
	MaxLengthSource string // the file that MaxLength stands in, as the user named it
	SaveMode        string // the save_mode beside it: "torchscript", "pretrained"
	VisionHandler   string // the built-in handler's name; others than those for images are ignored
}

const (
	maxSettings  = 1 << 20 // bytes of a settings file
	maxMaxLength = 1 << 20 // tokens
)

func (s Settings) maxLengthText() string {
	return fmt.Sprintf("max_length %d in %q", s.MaxLength, s.MaxLengthSource)
}

// Prefer chooses between the settings of the config file and those of
// setup_config.json. Where the config file has any, they count alone: the
// Hugging Face handler of TorchServe 0.12 reads nothing but `handler:` in it,
// and only the handlers of older releases read setup_config.json.
func Prefer(config, setup Settings) Settings {
	if config.MaxLength > 0 || config.SaveMode != "" {
		return config
	}
	return setup
}

// ReadSetupConfig reads max_length and save_mode from the text of a
// setup_config.json. file is its name, for messages and MaxLengthSource.
func ReadSetupConfig(file string, data []byte) (Settings, error) {
	if len(data) > maxSettings {
		return Settings{}, fmt.Errorf("%q is larger than %d bytes", file, maxSettings)
	}
	var fields map[string]json.RawMessage // a struct would take any case of the keys
	if err := json.Unmarshal(data, &fields); err != nil {
		return Settings{}, fmt.Errorf("%q can't be read as JSON: %w", file, ExplainJSON(data, err))
	}
	var maxLength, saveMode any
	for key, to := range map[string]*any{"max_length": &maxLength, "save_mode": &saveMode} {
		if raw, ok := fields[key]; ok {
			d := json.NewDecoder(bytes.NewReader(raw))
			d.UseNumber()
			if err := d.Decode(to); err != nil {
				return Settings{}, fmt.Errorf("%q: %s: %w", file, key, err)
			}
		}
	}
	return newSettings(file, maxLength, saveMode)
}

// ExplainJSON adds to an error of encoding/json where in data it is, counting
// lines and columns from 1.
func ExplainJSON(data []byte, err error) error {
	var offset int64
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		offset = max(syntax.Offset-1, 0) // Offset counts the character that is wrong
		if strings.HasPrefix(syntax.Error(), "unexpected end") {
			offset = syntax.Offset
		}
	case errors.As(err, &kind):
		return fmt.Errorf("it is %s, not an object", cmp.Or(jsonKinds[kind.Value], kind.Value))
	default:
		return err
	}
	before := data[:min(offset, int64(len(data)))]
	line := bytes.Count(before, []byte("\n")) + 1
	column := utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1
	return fmt.Errorf("line %d, column %d: %w", line, column, err)
}

// jsonKinds are the kinds of values in encoding/json's errors, with an article.
var jsonKinds = map[string]string{
	"array": "an array", "string": "a string", "number": "a number", "bool": "true or false",
}

// ReadConfigFile reads max_length and save_mode from `handler:` in the text of
// a config file (--config-file). file is its name, for messages and
// MaxLengthSource.
func ReadConfigFile(file string, data []byte) (Settings, error) {
	if len(data) > maxSettings {
		return Settings{}, fmt.Errorf("%q is larger than %d bytes", file, maxSettings)
	}
	// Nodes keep aliases as they are; only the two fields are looked at.
	var config struct {
		Handler yaml.Node `yaml:"handler"`
	}
	if err := yaml.Unmarshal(data, &config); err != nil {
		return Settings{}, fmt.Errorf("%q can't be read as YAML: %w", file, err)
	}
	var fields struct {
		MaxLength yaml.Node `yaml:"max_length"`
		SaveMode  yaml.Node `yaml:"save_mode"`
	}
	if handler := target(&config.Handler); handler.Kind == yaml.MappingNode {
		if err := handler.Decode(&fields); err != nil {
			return Settings{}, fmt.Errorf("%q: handler: %w", file, err)
		}
	}
	return newSettings(file, scalar(&fields.MaxLength), scalar(&fields.SaveMode))
}

// target returns what an alias stands for, which is never another alias.
func target(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// scalar returns the value of n: nil where there is none, and something empty
// for a list or a map, which aliases could make huge.
func scalar(n *yaml.Node) any {
	var v any
	switch n = target(n); {
	case n.Kind == yaml.SequenceNode:
		return []any{}
	case n.Kind == yaml.MappingNode:
		return map[string]any{}
	case n.Decode(&v) != nil:
		return n.Value
	}
	return v
}

func newSettings(file string, maxLength, saveMode any) (Settings, error) {
	s := Settings{MaxLengthSource: file}
	if mode, ok := saveMode.(string); ok {
		s.SaveMode = mode
	} else if saveMode != nil {
		return Settings{}, fmt.Errorf("%q: save_mode is %s, and a text is wanted", file, describe(saveMode))
	}
	if maxLength == nil {
		return s, nil
	}
	n, ok := wholeNumber(maxLength)
	switch {
	case !ok || n <= 0:
		return Settings{}, fmt.Errorf("%q: max_length is %s, and a whole number from 1 on is wanted", file, describe(maxLength))
	case n > maxMaxLength:
		return Settings{}, fmt.Errorf("%q: max_length is %d, which is more than any model takes (at most %d)", file, n, maxMaxLength)
	}
	s.MaxLength = n
	return s, nil
}

func describe(v any) string {
	switch v := v.(type) {
	case []any:
		return "a list"
	case map[string]any:
		return "a map"
	case string:
		return strconv.Quote(clip(v, 40))
	default:
		return clip(fmt.Sprint(v), 40)
	}
}

// wholeNumber reads what Python's int() reads without a loss: 150, 150.0,
// "150", but not "150.0".
func wholeNumber(v any) (int64, bool) {
	switch v := v.(type) {
	case string:
		n, err := strconv.ParseInt(strings.TrimSpace(v), 10, 64)
		return n, err == nil
	case int:
		return int64(v), true
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n, true
		}
		f, err := v.Float64()
		return wholeFloat(f, err == nil)
	case float64:
		return wholeFloat(v, true)
	}
	return 0, false
}

func wholeFloat(f float64, ok bool) (int64, bool) {
	return int64(f), ok && f == math.Trunc(f) && math.Abs(f) < 1<<53
}
