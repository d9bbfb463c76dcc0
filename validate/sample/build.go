package sample

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go-model-archiver/validate/loadtest/protocol"
)

// ErrNone is wrapped by the error that says that no sample was given and none
// can be derived. Its text says what forward takes and how to give a sample.
var ErrNone = errors.New("there is no sample for forward")

// NoneError wraps ErrNone; Hint says what to give.
type NoneError struct{ Message, Hint string }

func (e *NoneError) Error() string { return e.Message + ": " + e.Hint }

func (e *NoneError) Unwrap() error { return ErrNone }

// MismatchError is a sample that does not fit the arguments of forward.
type MismatchError struct {
	Reason    string
	Arguments []protocol.Argument
}

func (e *MismatchError) Error() string {
	return "the sample does not fit forward: " + e.Reason + "; forward takes " + declaration(e.Arguments)
}

// maxArguments bounds what the model may declare.
const maxArguments = 1000

// Build makes the sample for the arguments of forward. The specs are fitted to
// them by name, and those without a name in order to the arguments that are
// left. What no spec is for is derived from the settings; arguments with a
// default are left out then, and optional ones are None.
//
// The error is a *NoneError, a *MismatchError, or is about a .npy file, whose
// header is read here, or a .npz. The same specs, arguments, settings and seed make the
// same sample.
func Build(specs []Spec, args []protocol.Argument, settings Settings, seed int64) (*Sample, error) {
	if len(args) > maxArguments {
		return nil, &MismatchError{fmt.Sprintf("it has %d arguments, which is more than %d", len(args), maxArguments), args[:1]}
	}
	b := &builder{args: args, settings: settings, seed: seed, inputs: make([]input, len(args))}
	specs, err := b.expand(specs)
	if err != nil {
		return nil, err
	}
	if err := b.assign(specs); err != nil {
		return nil, err
	}
	if missing := b.derive(); len(missing) > 0 {
		return nil, b.missing(missing, len(specs) > 0)
	}
	if err := b.fillGaps(); err != nil {
		return nil, err
	}
	for i, in := range b.inputs {
		if !in.set {
			break // fillGaps has left no later one
		}
		if err := b.add(i, in); err != nil {
			return nil, err
		}
	}
	return &b.sample, nil
}

// input is what one argument gets, before its tensors are known.
type input struct {
	set    bool
	value  node
	source string
}

type builder struct {
	args     []protocol.Argument
	settings Settings
	seed     int64
	inputs   []input // one for each argument
	sample   Sample
	size     int64  // bytes of the tensors so far
	stream   uint64 // tells the next tensor's random numbers from the others'
}

func (b *builder) mismatch(format string, args ...any) error {
	return &MismatchError{fmt.Sprintf(format, args...), b.args}
}

// assign gives each spec to an argument and checks its type.
func (b *builder) assign(specs []Spec) error {
	if len(specs) > len(b.args) {
		return b.mismatch("there are %d samples for %d arguments", len(specs), len(b.args))
	}
	for _, named := range []bool{true, false} {
		for _, s := range specs {
			if named != (s.Name != "") {
				continue
			}
			i, err := b.place(s)
			if err != nil {
				return err
			}
			t := parseType(b.args[i].Type)
			value, err := asScalar(s.value, baseName(b.args[i].Name), t)
			if err != nil {
				return fmt.Errorf("the sample for %q: %w", b.args[i].Name, err)
			}
			if reason := t.check(value, clip(b.args[i].Name, 100)); reason != "" {
				if flag, ok := b.example(b.args[i]); ok {
					reason += "; give " + flag + " with the model's own shapes"
				}
				return b.mismatch("%s", reason)
			}
			b.inputs[i] = input{true, value, "--sample"}
		}
	}
	return nil
}

// place finds the argument that s is for: by its whole name, by its name less
// what tracing added where only one argument has that, or the first free one.
func (b *builder) place(s Spec) (int, error) {
	if s.Name == "" {
		return slices.IndexFunc(b.inputs, func(in input) bool { return !in.set }), nil
	}
	found := b.find(func(arg protocol.Argument) bool { return arg.Name == s.Name })
	if len(found) == 0 {
		found = b.find(func(arg protocol.Argument) bool { return baseName(arg.Name) == s.Name })
	}
	switch {
	case len(found) == 0:
		return 0, b.mismatch("it has no argument %q", s.Name)
	case len(found) > 1:
		return 0, b.mismatch("it has %d arguments %q", len(found), s.Name)
	case b.inputs[found[0]].set:
		return 0, b.mismatch("there are two samples for %q", s.Name)
	}
	return found[0], nil
}

func (b *builder) find(match func(protocol.Argument) bool) []int {
	var found []int
	for i, arg := range b.args {
		if match(arg) {
			found = append(found, i)
		}
	}
	return found
}

// fillGaps spells out the default of each argument that an argument with a
// sample follows, since forward takes its inputs by place.
func (b *builder) fillGaps() error {
	last := len(b.inputs) - 1
	for last >= 0 && !b.inputs[last].set {
		last--
	}
	for i := range b.inputs[:last+1] {
		if b.inputs[i].set {
			continue
		}
		value, ok := literal(*b.args[i].Default, parseType(b.args[i].Type))
		if !ok {
			return b.mismatch("%q needs a sample, since its default %s can't be given before %q", b.args[i].Name,
				clip(*b.args[i].Default, 100), b.args[last].Name)
		}
		b.inputs[i] = input{true, value, "its default"}
	}
	return nil
}

// literal reads a default as TorchScript writes it.
func literal(text string, t annotation) (n node, ok bool) {
	if t.is("Optional", 1) && text != "None" {
		t = t.args[0]
	}
	var err error
	switch {
	case t.name == "str":
		n = node{kind: protocol.Str, text: text}
		// Python quotes it, and libtorch does not.
		if unquoted, err := strconv.Unquote(text); err == nil {
			n.text = unquoted
		}
	case text == "None":
		n = node{kind: protocol.None}
	case text == "True" || text == "False":
		n = node{kind: protocol.Bool}
		if text == "True" {
			n.number = 1
		}
	case t.name == "int":
		n = node{kind: protocol.Int}
		n.number, err = strconv.ParseInt(text, 10, 64)
	case t.name == "float":
		var v float64
		v, err = strconv.ParseFloat(text, 64)
		n = node{kind: protocol.Float, text: strconv.FormatFloat(v, 'g', -1, 64)}
	case t.name == "Tuple" && len(t.args) > 0:
		return literalTuple(text, t)
	default:
		return n, false
	}
	return n, err == nil && t.check(n, "") == ""
}

// literalTuple reads a tuple of numbers, bools, None and such tuples: (3, 0.5).
func literalTuple(text string, t annotation) (node, bool) {
	inner, opened := strings.CutPrefix(text, "(")
	inner, closed := strings.CutSuffix(inner, ")")
	items := splitItems(inner)
	if !opened || !closed || len(items) != len(t.args) {
		return node{}, false
	}
	n := node{kind: protocol.Tuple}
	for i, item := range items {
		if t.args[i].name == "str" {
			return n, false // it may hold a comma
		}
		value, ok := literal(item, t.args[i])
		if !ok {
			return n, false
		}
		n.items = append(n.items, value)
	}
	return n, t.check(n, "") == ""
}

// splitItems splits at the commas that stand in no inner tuple.
func splitItems(text string) []string {
	var items []string
	depth, start := 0, 0
	for i, c := range text {
		switch {
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == ',' && depth == 0:
			items = append(items, strings.TrimSpace(text[start:i]))
			start = i + 1
		}
	}
	if last := strings.TrimSpace(text[start:]); last != "" {
		items = append(items, last)
	}
	return items
}

// add resolves the input of argument i and appends it to the sample.
func (b *builder) add(i int, in input) error {
	name := b.args[i].Name
	b.stream = uint64(i) << 32
	value, err := b.resolve(&in.value, name)
	if err != nil {
		return err
	}
	spec := Spec{Name: name, value: in.value}
	if !validName(name) {
		spec.Name = ""
	}
	b.sample.Inputs = append(b.sample.Inputs, Input{Name: name, Value: value, Spec: spec.String(), Source: in.source})
	return nil
}

// resolve turns n into a value, and completes n on the way: what was left to a
// default or to a file's header is written out.
func (b *builder) resolve(n *node, name string) (protocol.Value, error) {
	v := protocol.Value{Kind: n.kind}
	switch n.kind {
	case protocol.Tensor:
		t, err := b.tensor(*n, name)
		if err != nil {
			return v, err
		}
		b.sample.tensors = append(b.sample.tensors, t)
		n.dtype, n.dims, n.source = t.dtype, t.shape, t.source
		v.DType, v.Shape = t.dtype, t.shape
	case protocol.Int, protocol.Bool:
		v.Int = n.number
	case protocol.Float, protocol.Str:
		v.Text = n.text
	}
	n.items = slices.Clone(n.items) // the caller's specs stay as they are
	for i := range n.items {
		if n.kind == protocol.Dict && i%2 == 1 {
			name = n.items[i-1].text
		}
		item, err := b.resolve(&n.items[i], name)
		if err != nil {
			return v, err
		}
		v.Items = append(v.Items, item)
	}
	return v, nil
}

func (b *builder) tensor(n node, name string) (t tensor, err error) {
	t = tensor{dtype: n.dtype, shape: n.dims, source: n.source, seed: [2]uint64{uint64(b.seed), b.stream}}
	b.stream++
	if t.source.kind == fromFile {
		if t.file, err = statArray(t.source, baseName(name)); err != nil {
			return t, fmt.Errorf("the sample for %q: %w", name, err)
		}
		t.source.member = t.file.Name
		if err := t.fitFile(); err != nil {
			return t, fmt.Errorf("the sample for %q: %w", name, err)
		}
	}
	if t.source.kind == unset {
		t.source = defaultSource(name, t.dtype, t.shape)
	}
	var ok bool
	if t.size, ok = tensorSize(t.dtype, t.shape); !ok || b.size+t.size > maxBytes {
		return t, fmt.Errorf("the sample for %q: the tensors of a sample may have %d GiB", name, maxBytes>>30)
	}
	b.size += t.size
	width, _ := protocol.ElementSize(t.dtype)
	if limit := wholeRange[t.dtype].high; t.source.kind == arange && t.source.high == 0 && t.size/width-1 > limit {
		return t, fmt.Errorf("the sample for %q: %s counts beyond %d, which is the last number that %s holds; write arange(%d)",
			name, n, limit, t.dtype, limit+1)
	}
	return t, nil
}

// fitFile compares what was written beside a file with what is in it.
func (t *tensor) fitFile() error {
	f := t.file
	if t.dtype == "" {
		t.dtype = f.DType
	}
	if t.shape == nil {
		t.shape = f.Shape
	}
	if !slices.Equal(t.shape, f.Shape) {
		return fmt.Errorf("%s was asked for, and %q has the shape %s", shapeText(t.shape), t.source.path, shapeText(f.Shape))
	}
	if t.dtype != f.DType && !(slices.Contains(floats, t.dtype) && slices.Contains(floats, f.DType)) {
		return fmt.Errorf("%s was asked for, and %q has %s; convert it with numpy's astype", t.dtype, t.source.path, f.DType)
	}
	return nil
}

// declaration writes the arguments as Python would.
func declaration(args []protocol.Argument) string {
	if len(args) == 0 {
		return "no arguments"
	}
	var b strings.Builder
	for i, arg := range args {
		if i > 0 {
			b.WriteString(", ")
		}
		if i == 20 {
			fmt.Fprintf(&b, "and %d more", len(args)-i)
			break
		}
		b.WriteString(clip(arg.Name, 100) + ": " + clip(arg.Type, 200))
		if arg.Default != nil {
			b.WriteString(" = " + clip(*arg.Default, 100))
		}
	}
	return b.String()
}
