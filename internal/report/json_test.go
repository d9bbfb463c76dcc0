package report_test

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"go-model-archiver/archiver"
	"go-model-archiver/internal/report"
	"go-model-archiver/internal/testtools"
	"go-model-archiver/validate"
)

func reportSchemaPath() string { return testtools.Root() + "/docs/report.schema.json" }

func compiled(t *testing.T, path string) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	s, err := c.Compile(path)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func decoded(t *testing.T, text string) any {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return value
}

func TestJSONKeepsItsSchema(t *testing.T) {
	schema := compiled(t, reportSchemaPath())
	for name, r := range reports() {
		text := written(t, report.JSON, r)
		if err := schema.Validate(decoded(t, text)); err != nil {
			t.Errorf("%s: %v\n%s", name, err, text)
		}
	}
}

// The schema refuses what no report says; else it would check nothing.
func TestSchemaRefusesOtherReports(t *testing.T) {
	schema := compiled(t, reportSchemaPath())
	all := reports()
	for name, change := range map[string]struct {
		of       string
		old, new string
	}{
		"unknown field":       {"passed", `"verdict"`, `"other": 1, "verdict"`},
		"missing field":       {"passed", `"schemaVersion": 1,`, ``},
		"another version":     {"passed", `"schemaVersion": 1`, `"schemaVersion": 2`},
		"verdict":             {"passed", `"passed"`, `"ok"`},
		"no archive":          {"folder", `"format": "no-archive"`, `"format": "rar"`},
		"half a SHA-256":      {"passed", `0a0a0a`, `0a`},
		"negative size":       {"passed", `"size": 2048`, `"size": -1`},
		"severity":            {"passed", `"severity": "warning"`, `"severity": "fatal"`},
		"rule":                {"passed", `"rule": "output-inf"`, `"rule": "Output Inf"`},
		"stage":               {"passed", `"stage": "done"`, `"stage": "finished"`},
		"findings":            {"plan", `"findings": []`, `"findings": null`},
		"load test":           {"plan", `"stage": "none",`, ``},
		"shape":               {"passed", `"shape": []`, `"shape": null`},
		"statistic":           {"passed", `"max": 2`, `"max": "2"`},
		"field of an output":  {"passed", `"nan": 1`, `"nan": 1, "median": 0`},
		"field of a finding":  {"passed", `"ignored": false`, `"ignored": false, "line": 1`},
		"field of an input":   {"passed", `"source": "--sample"`, `"source": "--sample", "seed": 0`},
		"field of an entry":   {"plan", `"size": 200`, `"size": 200, "mode": 420`},
		"empty error":         {"error", `"error": "open`, `"error": "", "open": "`},
		"tool":                {"error", `"version": "1.2.3"`, `"version": ""`},
		"destination of plan": {"plan", `"destination": "m.mar",`, ``},
	} {
		text := written(t, report.JSON, all[change.of])
		if !strings.Contains(text, change.old) {
			t.Fatalf("%s: the report has no %s:\n%s", name, change.old, text)
		}
		if schema.Validate(decoded(t, strings.Replace(text, change.old, change.new, 1))) == nil {
			t.Errorf("%s: the schema lets it pass", name)
		}
	}
}

// Every field of the Go types is in the schema and the other way round, and
// those that are always written are required.
func TestSchemaHasTheFieldsOfTheTypes(t *testing.T) {
	var root schemaNode
	if err := json.Unmarshal([]byte(readFile(t, reportSchemaPath())), &root); err != nil {
		t.Fatal(err)
	}
	compared := 0
	var compare func(typ reflect.Type, s schemaNode)
	compare = func(typ reflect.Type, s schemaNode) {
		for _, alternative := range s.OneOf {
			if alternative.Ref != "" {
				s = alternative
			}
		}
		if s.Ref != "" {
			s = root.Defs[strings.TrimPrefix(s.Ref, "#/$defs/")]
		}
		switch typ.Kind() {
		case reflect.Pointer:
			compare(typ.Elem(), s)
		case reflect.Slice:
			if s.Items == nil {
				t.Errorf("%v has no items in the schema", typ)
				return
			}
			compare(typ.Elem(), *s.Items)
		case reflect.Struct:
			compared++
			fields := map[string]reflect.Type{}
			var required []string
			for f := range typ.Fields() {
				name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
				if !f.IsExported() || name == "-" {
					continue
				}
				fields[name] = f.Type
				if options != "omitempty" {
					required = append(required, name)
				}
			}
			if diff := cmp.Diff(slices.Sorted(maps.Keys(fields)), slices.Sorted(maps.Keys(s.Properties))); diff != "" {
				t.Errorf("%v (-) and the schema (+):\n%s", typ, diff)
			}
			if diff := cmp.Diff(slices.Sorted(slices.Values(required)), slices.Sorted(slices.Values(s.Required))); diff != "" {
				t.Errorf("required of %v (-) and the schema (+):\n%s", typ, diff)
			}
			for name, field := range fields {
				compare(field, s.Properties[name])
			}
		}
	}
	compare(reflect.TypeFor[validate.Report](), root)
	if compared < 9 {
		t.Errorf("only %d structs were compared", compared)
	}
	for _, f := range archiver.Formats() {
		if !slices.Contains(root.Defs["archive"].Properties["format"].Enum, string(f)) {
			t.Errorf("the schema does not know the format %q", f)
		}
	}
}

type schemaNode struct {
	Ref        string                `json:"$ref"`
	Defs       map[string]schemaNode `json:"$defs"`
	Properties map[string]schemaNode `json:"properties"`
	Required   []string              `json:"required"`
	Items      *schemaNode           `json:"items"`
	OneOf      []schemaNode          `json:"oneOf"`
	Enum       []string              `json:"enum"`
}

func TestSeveralReportsAreOnePerLine(t *testing.T) {
	all := reports()
	text := written(t, report.JSON, all["passed"], all["hostile"], all["plan"])
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(lines) != 3 {
		t.Fatalf("%d lines", len(lines))
	}
	schema := compiled(t, reportSchemaPath())
	for _, line := range lines {
		if err := schema.Validate(decoded(t, line)); err != nil {
			t.Error(err)
		}
	}
}
