package sample

import (
	"strings"
	"testing"
)

func TestSettingsThatCannotBeMeantAreRefused(t *testing.T) {
	for text, want := range map[string]string{
		"":                                   "line 1, column 1: unexpected end",
		"{\n  \"a\": é}":                     "line 2, column 8: invalid character",
		"{\"a\": 1,\n\"b\" 2}":               "line 2, column 5: invalid character '2' after object key",
		`[1]`:                                "it is an array, not an object",
		`"x"`:                                "it is a string, not an object",
		`{"max_length": 0}`:                  "max_length is 0,",
		`{"max_length": -3}`:                 "max_length is -3,",
		`{"max_length": 150.5}`:              "max_length is 150.5,",
		`{"max_length": "150.0"}`:            `max_length is "150.0",`,
		`{"max_length": "many"}`:             `max_length is "many",`,
		`{"max_length": ""}`:                 `max_length is "",`,
		`{"max_length": true}`:               "max_length is true,",
		`{"max_length": [150]}`:              "max_length is a list,",
		`{"max_length": {"a": 1}}`:           "max_length is a map,",
		`{"max_length": 1e300}`:              "max_length is 1e300,",
		`{"max_length": 1048577}`:            "max_length is 1048577, which is more than any model takes",
		`{"max_length": "9999999999999999"}`: "more than any model takes",
		`{"save_mode": 3}`:                   "save_mode is 3,",
		`{"save_mode": ["pretrained"]}`:      "save_mode is a list,",
		strings.Repeat(" ", 1<<20) + `{}`:    "is larger than 1048576 bytes",
	} {
		s, err := ReadSetupConfig("dir/setup_config.json", []byte(text))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), `"dir/setup_config.json"`) {
			t.Errorf("%s: %+v, %v, want %q", clip(text, 40), s, err, want)
		}
	}
	for text, want := range map[string]string{
		"handler: [":                "can't be read as YAML: yaml: line 1",
		"handler:\n\tmax_length: 3": "can't be read as YAML: yaml: line 2",
		"- 1":                       "can't be read as YAML",
		"handler: {max_length: yes, save_mode: x}":                        `max_length is "yes",`,
		"handler: {max_length: true}":                                     "max_length is true,",
		"handler: {max_length: 0}":                                        "max_length is 0,",
		"handler: {max_length: 1.5}":                                      "max_length is 1.5,",
		"handler: {max_length: [1]}":                                      "max_length is a list,",
		"handler: &a {max_length: *a}":                                    "max_length is a map,",
		"handler: {max_length: 18446744073709551615}":                     "max_length is 18446744073709551615,",
		"handler: {max_length: 99999999}":                                 "more than any model takes",
		"handler: {save_mode: 3}":                                         "save_mode is 3,",
		"a: &a {b: *a}\nhandler: {<<: *a}\n" + strings.Repeat("#", 1<<20): "is larger than",
	} {
		s, err := ReadConfigFile("model-config.yaml", []byte(text))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), `"model-config.yaml"`) {
			t.Errorf("%s: %+v, %v, want %q", clip(text, 40), s, err, want)
		}
	}
}

func TestSettingsAreRead(t *testing.T) {
	for text, want := range map[string]Settings{
		`{}`:                              {},
		`{"max_length": null}`:            {},
		`{"Max_Length": 150}`:             {},
		`{"nested": {"max_length": 150}}`: {},
		`{"max_length": "150", "save_mode": "torchscript", "x": true}`: {MaxLength: 150, SaveMode: "torchscript"},
		`{"max_length": " 150 "}`:                                      {MaxLength: 150},
		`{"max_length": 150.0, "save_mode": "pretrained"}`:             {MaxLength: 150, SaveMode: "pretrained"},
		`{"max_length": 1.5e2, "save_mode": null}`:                     {MaxLength: 150},
		`{"max_length": 1, "max_length": 2}`:                           {MaxLength: 2},
		`{"max_length": 1048576}`:                                      {MaxLength: 1 << 20},
	} {
		want.MaxLengthSource = "setup_config.json"
		if got, err := ReadSetupConfig("setup_config.json", []byte(text)); err != nil || got != want {
			t.Errorf("%s: got %+v, %v", text, got, err)
		}
	}
	for text, want := range map[string]Settings{
		"":                           {},
		"minWorkers: 1":              {},
		"handler:":                   {},
		"handler: my_handler":        {},
		"handler: [max_length, 150]": {},
		"max_length: 150":            {},
		"minWorkers: 1\nhandler:\n  mode: x\n  max_length: 150\n  save_mode: torchscript\n": {MaxLength: 150, SaveMode: "torchscript"},
		"handler: {max_length: '150'}":                           {MaxLength: 150},
		"handler: {max_length: 150.0}":                           {MaxLength: 150},
		"handler: {max_length: null}":                            {},
		"a: &a {max_length: 7}\nhandler: *a":                     {MaxLength: 7},
		"a: &a {max_length: 7}\nhandler: {<<: *a, save_mode: x}": {MaxLength: 7, SaveMode: "x"},
		"n: &n 7\nhandler: {max_length: *n}":                     {MaxLength: 7},
	} {
		want.MaxLengthSource = "model-config.yaml"
		if got, err := ReadConfigFile("model-config.yaml", []byte(text)); err != nil || got != want {
			t.Errorf("%s: got %+v, %v", text, got, err)
		}
	}
}

func TestTheConfigFileCountsBeforeSetupConfig(t *testing.T) {
	setup := Settings{MaxLength: 150, MaxLengthSource: "setup_config.json", SaveMode: "torchscript"}
	for _, config := range []Settings{{MaxLength: 64}, {SaveMode: "pretrained"}} {
		if got := Prefer(config, setup); got != config {
			t.Errorf("got %+v, want %+v", got, config)
		}
	}
	if got := Prefer(Settings{MaxLengthSource: "model-config.yaml"}, setup); got != setup {
		t.Errorf("got %+v, want %+v", got, setup)
	}
}

func FuzzReadSettings(f *testing.F) {
	f.Add(`{"max_length": "150", "save_mode": "torchscript"}`)
	f.Add("minWorkers: 1\nhandler:\n  max_length: 150\n")
	f.Add("a: &a {max_length: 7}\nhandler: {<<: *a, save_mode: x}")
	f.Add("handler: &a {<<: *a, max_length: *a}")
	f.Fuzz(func(t *testing.T, text string) {
		for _, read := range []func(string, []byte) (Settings, error){ReadSetupConfig, ReadConfigFile} {
			s, err := read("file", []byte(text))
			if (s.MaxLength < 0 || s.MaxLength > maxMaxLength) || err != nil && s != (Settings{}) {
				t.Errorf("%q: %+v, %v", text, s, err)
			}
		}
	})
}
