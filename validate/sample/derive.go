package sample

import (
	"fmt"
	"slices"

	"go-model-archiver/validate/loadtest/protocol"
)

// visionHandlers are TorchServe's built-in handlers whose preprocessing makes
// a batch of images.
var visionHandlers = []string{"image_classifier", "object_detector", "image_segmenter", "dali_image_classifier"}

var (
	imageBatch = node{kind: protocol.Tensor, dtype: "float32", dims: []int64{1, 3, 224, 224}}
	image      = node{kind: protocol.Tensor, dtype: "float32", dims: []int64{3, 224, 224}}
)

// derive fills the arguments that must have a value and have no spec. It
// returns those that nothing can be derived for.
func (b *builder) derive() (missing []protocol.Argument) {
	tokens := b.tokensApply()
	imageAt := b.imageArgument()
	for i, arg := range b.args {
		t := parseType(arg.Type)
		switch {
		case b.inputs[i].set || arg.Default != nil:
		case t.optional():
			b.inputs[i] = input{true, node{kind: protocol.None}, "its type " + t.String()}
		case i == imageAt && t.name == "Tensor":
			b.inputs[i] = input{true, imageBatch, "the built-in " + b.settings.VisionHandler}
		case i == imageAt: // torchvision's detection models take images of any size, one by one
			batch := node{kind: protocol.List, items: []node{image}}
			b.inputs[i] = input{true, batch, "the built-in " + b.settings.VisionHandler}
		case imageAt < 0 && tokens && t.name == "Tensor" && b.deriveTokens(i):
		default:
			missing = append(missing, arg)
		}
	}
	return missing
}

// tokensApply tells whether max_length counts: it is a word that other
// handlers may use for something else.
func (b *builder) tokensApply() bool {
	return b.settings.MaxLength > 0 && (b.settings.SaveMode != "" ||
		slices.ContainsFunc(b.args, func(arg protocol.Argument) bool { return baseName(arg.Name) == "input_ids" }))
}

// imageArgument is the first argument that takes images, or -1.
func (b *builder) imageArgument() int {
	if !slices.Contains(visionHandlers, b.settings.VisionHandler) {
		return -1
	}
	return slices.IndexFunc(b.args, func(arg protocol.Argument) bool {
		t := parseType(arg.Type)
		return t.name == "Tensor" || t.is("List", 1) && t.args[0].name == "Tensor"
	})
}

// deriveTokens gives argument i what a tokenizer would; false is where its shape
// or its dtype can't be told.
func (b *builder) deriveTokens(i int) bool {
	value, sure := tokensOf(b.args[i].Name, b.role(i), b.settings.MaxLength)
	b.inputs[i] = input{sure, value, b.settings.maxLengthText()}
	return sure
}

// role is what argument i is for. The Hugging Face handler, whose settings have
// a save_mode, gives ids and their mask in this order, whatever the names are.
func (b *builder) role(i int) role {
	r := roleOf(b.args[i].Name)
	if r == noRole && b.settings.SaveMode != "" && i < 2 {
		return []role{tokenIDs, mask}[i]
	}
	return r
}

// maxHelp is the length at which the list of examples ends.
const maxHelp = 2000

// missing is the error for arguments that have no sample.
func (b *builder) missing(args []protocol.Argument, given bool) error {
	var flags, without string
	for _, arg := range args {
		if len(flags) > maxHelp {
			flags += " …"
			break
		}
		if flag, ok := b.example(arg); ok {
			flags += " " + flag
		} else if without == "" {
			without = fmt.Sprintf("--sample has no value of the type %s of %q", clip(arg.Type, 200), clip(arg.Name, 100))
		}
	}
	help := without
	switch {
	case without == "":
		help = "give" + flags + " with the model's own shapes"
	case flags != "":
		help = "give" + flags + " with the model's own shapes, but " + without
	}
	if given {
		return b.mismatch("%q has no sample; %s", args[0].Name, help)
	}
	why := ""
	if b.settings.MaxLength > 0 && !b.tokensApply() {
		why = fmt.Sprintf(" (%s was not used: save_mode does not stand beside it, and forward has no argument input_ids)",
			b.settings.maxLengthText())
	}
	return &NoneError{Message: fmt.Sprintf("%v, which takes %s%s", ErrNone, declaration(b.args), why), Hint: help}
}

// example is a flag that gives the argument a sample of its type; false where
// the grammar has none.
func (b *builder) example(arg protocol.Argument) (string, bool) {
	value, ok := exampleOf(parseType(arg.Type))
	s := Spec{value: value}
	if validName(arg.Name) {
		s.Name = arg.Name
	}
	if r := roleOf(arg.Name); r != noRole && s.value.kind == protocol.Tensor {
		length := b.settings.MaxLength
		if length <= 0 {
			length = 128
		}
		s.value, _ = tokensOf(arg.Name, r, length)
	}
	return clip(flag(s.String()), maxHelp), ok
}

func exampleOf(t annotation) (n node, ok bool) {
	switch {
	case t.is("Optional", 1):
		return exampleOf(t.args[0])
	case t.name == "Union":
		for _, arg := range t.args {
			if n, ok = exampleOf(arg); ok {
				break
			}
		}
		return n, ok
	case t.is("List", 1):
		if t.args[0].name == "Tensor" {
			return node{kind: protocol.List, items: []node{image}}, true
		}
		return exampleItems(protocol.List, t.args)
	case t.is("Dict", 2):
		if t.args[0].name == "Tensor" {
			return n, false // no key of the grammar
		}
		return exampleItems(protocol.Dict, t.args)
	case t.name == "Tuple" && len(t.args) > 0:
		return exampleItems(protocol.Tuple, t.args)
	}
	n, ok = plainExamples[t.name]
	return n, ok
}

// plainExamples are those of the types without args.
var plainExamples = map[string]node{
	"Tensor":   imageBatch,
	"Any":      imageBatch,
	"int":      {kind: protocol.Int, number: 1},
	"number":   {kind: protocol.Int, number: 1},
	"float":    {kind: protocol.Float, text: "0.5"},
	"bool":     {kind: protocol.Bool, number: 1},
	"str":      {kind: protocol.Str, text: "text"},
	"None":     {kind: protocol.None},
	"NoneType": {kind: protocol.None},
}

func exampleItems(kind protocol.Kind, types []annotation) (node, bool) {
	n := node{kind: kind}
	for i, t := range types {
		item, ok := exampleOf(t)
		if !ok {
			return n, false
		}
		if kind == protocol.Dict && i == 0 && item.kind == protocol.Str {
			item.text = "key"
		}
		n.items = append(n.items, item)
	}
	return n, true
}
