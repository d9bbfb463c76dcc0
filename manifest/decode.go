package manifest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// Decode reads a manifest of at most MaxSize bytes the way that both of its
// readers in TorchServe 0.12 do, the Java frontend and the Python worker: keys
// are case-sensitive, of a doubled key the last counts, unknown keys are
// ignored, null is absent, and a missing runtime is Python; one that is null or
// that no server knows is left for the caller to judge. A number or a
// boolean is taken for its text, except as the name of the model's files,
// which only Python reads. A missing or null model, invalid UTF-8 and anything
// after the JSON object are errors.
func Decode(r io.Reader) (*Manifest, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxSize+1))
	if err != nil {
		return nil, fmt.Errorf("read manifest: %w", err)
	}
	if len(data) > MaxSize {
		return nil, fmt.Errorf("manifest is larger than %d bytes", MaxSize)
	}
	if !utf8.Valid(data) {
		return nil, errors.New("manifest is not valid UTF-8")
	}
	var top object
	if err := json.Unmarshal(data, &top.values); err != nil {
		return nil, fmt.Errorf("manifest is not a JSON object: %w", err)
	}
	m := &Manifest{
		CreatedOn:       top.scalar("createdOn"),
		Runtime:         Runtime(top.scalar("runtime")),
		ArchiverVersion: top.scalar("archiverVersion"),
	}
	if _, given := top.values["runtime"]; !given {
		m.Runtime = Python
	}
	if known, ok := constants[m.Runtime]; ok {
		m.Runtime = known
	}
	if !top.has("model") {
		return nil, errors.New(`manifest has no "model"`)
	}
	var model object
	if err := json.Unmarshal(top.values["model"], &model.values); err != nil {
		return nil, fmt.Errorf(`manifest: "model" is not an object: %w`, err)
	}
	m.Model = &Model{
		ModelName:        model.scalar("modelName"),
		SerializedFile:   model.text("serializedFile"),
		Handler:          model.scalar("handler"),
		ModelFile:        model.text("modelFile"),
		ModelVersion:     model.scalar("modelVersion"),
		RequirementsFile: model.scalar("requirementsFile"),
		ConfigFile:       model.scalar("configFile"),
	}
	if model.has("extensions") {
		m.Model.Extensions = model.values["extensions"]
	}
	if err := errors.Join(top.err, model.err); err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	return m, nil
}

// constants are the names of the frontend's own, which it takes too.
var constants = map[Runtime]Runtime{"PYTHON": Python, "PYTHON3": Python3}

// object is a JSON object being read, with the problems of its values.
type object struct {
	values map[string]json.RawMessage
	err    error
}

func (o *object) has(key string) bool {
	value, ok := o.values[key]
	return ok && string(value) != "null"
}

// text is the string of that key, "" when absent.
func (o *object) text(key string) string {
	var s string
	if o.has(key) {
		if err := json.Unmarshal(o.values[key], &s); err != nil {
			o.err = errors.Join(o.err, fmt.Errorf("%q is not a string", key))
		}
	}
	return s
}

// scalar is like text, and takes a number or a boolean for its text.
func (o *object) scalar(key string) string {
	if !o.has(key) {
		return ""
	}
	switch value := o.values[key]; value[0] {
	case '"', '[', '{':
		return o.text(key)
	default:
		return string(value)
	}
}
