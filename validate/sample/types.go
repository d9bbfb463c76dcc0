package sample

import (
	"fmt"
	"strings"

	"go-model-archiver/validate/loadtest/protocol"
)

// annotation is a type as TorchScript writes it: Dict[str, Tensor] has the
// name Dict and two args.
type annotation struct {
	name string
	args []annotation
}

const (
	maxTypeText  = 4 << 10
	maxTypeDepth = 16
)

// parseType reads a type. One that it can't read, such as that of a class with
// an odd name, has the whole text as its name and so is an unknown type.
func parseType(text string) annotation {
	if len(text) <= maxTypeText {
		if t, rest, ok := cutType(text, 0); ok && strings.TrimSpace(rest) == "" {
			return t
		}
	}
	return annotation{name: text}
}

func cutType(text string, depth int) (t annotation, rest string, ok bool) {
	text = strings.TrimSpace(text)
	end := 0
	for end < len(text) && isName(text[end]) {
		end++
	}
	t.name, rest = text[:end], strings.TrimSpace(text[end:])
	if t.name == "" || depth > maxTypeDepth {
		return t, rest, false
	}
	if !strings.HasPrefix(rest, "[") {
		return t, rest, true
	}
	for {
		var arg annotation
		if arg, rest, ok = cutType(rest[1:], depth+1); !ok {
			return t, rest, false
		}
		t.args = append(t.args, arg)
		rest = strings.TrimSpace(rest)
		switch {
		case strings.HasPrefix(rest, "]"):
			return t, rest[1:], true
		case !strings.HasPrefix(rest, ","):
			return t, rest, false
		}
	}
}

func (t annotation) String() string {
	if len(t.args) == 0 {
		return t.name
	}
	args := make([]string, len(t.args))
	for i, arg := range t.args {
		args[i] = arg.String()
	}
	return t.name + "[" + strings.Join(args, ", ") + "]"
}

// is tells whether t is the generic type with so many args.
func (t annotation) is(name string, args int) bool {
	return t.name == name && len(t.args) == args
}

// optional tells whether None is a value of t.
func (t annotation) optional() bool {
	if t.is("Union", len(t.args)) {
		for _, arg := range t.args {
			if arg.optional() {
				return true
			}
		}
	}
	return t.is("Optional", 1) || t.name == "None" || t.name == "NoneType"
}

// check returns why n is no value of t, or an empty string. Types that are not
// known take every value: libtorch has the last word on them.
func (t annotation) check(n node, path string) string {
	switch {
	case t.is("Optional", 1):
		if n.kind == protocol.None {
			return ""
		}
		return t.args[0].check(n, path)
	case t.name == "Union":
		return t.checkUnion(n, path)
	case t.is("List", 1):
		return t.checkItems(n, path, protocol.List)
	case t.is("Dict", 2):
		return t.checkDict(n, path)
	case t.name == "Tuple" && len(t.args) > 0:
		return t.checkItems(n, path, protocol.Tuple)
	}
	for _, kind := range plainTypes[t.name] {
		if n.kind == kind {
			return ""
		}
	}
	if plainTypes[t.name] == nil {
		return ""
	}
	return t.mismatch(n, path)
}

// plainTypes holds the kinds of value that each type without args takes.
// libtorch converts no int to a float here.
var plainTypes = map[string][]protocol.Kind{
	"Tensor":   {protocol.Tensor},
	"int":      {protocol.Int},
	"float":    {protocol.Float},
	"bool":     {protocol.Bool},
	"str":      {protocol.Str},
	"number":   {protocol.Int, protocol.Float},
	"NoneType": {protocol.None},
	"None":     {protocol.None},
}

func (t annotation) mismatch(n node, path string) string {
	return fmt.Sprintf("%s takes %s, but %s is %s", path, clip(t.String(), 200), clip(n.String(), 100), kindNames[n.kind])
}

var kindNames = map[protocol.Kind]string{
	protocol.Tensor: "a tensor", protocol.Int: "an int", protocol.Float: "a float",
	protocol.Bool: "a bool", protocol.Str: "a string", protocol.None: "None",
	protocol.List: "a list", protocol.Tuple: "a tuple", protocol.Dict: "a dict",
}

func (t annotation) checkUnion(n node, path string) string {
	for _, arg := range t.args {
		if arg.check(n, path) == "" {
			return ""
		}
	}
	return t.mismatch(n, path)
}

func (t annotation) checkItems(n node, path string, kind protocol.Kind) string {
	if n.kind != kind {
		return t.mismatch(n, path)
	}
	if kind == protocol.Tuple && len(n.items) != len(t.args) {
		return fmt.Sprintf("%s takes %s, but the sample has %d items", path, clip(t.String(), 200), len(n.items))
	}
	for i, item := range n.items {
		if reason := t.args[min(i, len(t.args)-1)].check(item, fmt.Sprintf("%s[%d]", path, i)); reason != "" {
			return reason
		}
	}
	return ""
}

func (t annotation) checkDict(n node, path string) string {
	if n.kind != protocol.Dict {
		return t.mismatch(n, path)
	}
	for i := 0; i < len(n.items); i += 2 {
		key := keyText(n.items[i])
		if reason := t.args[0].check(n.items[i], "the key "+key+" of "+path); reason != "" {
			return reason
		}
		if reason := t.args[1].check(n.items[i+1], path+"["+key+"]"); reason != "" {
			return reason
		}
	}
	return ""
}
