package sample

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go-model-archiver/validate/loadtest/protocol"
)

const (
	maxText  = 64 << 10 // bytes of one sample's text
	maxName  = 1000     // bytes of an argument's name
	maxDepth = 16       // lists, tuples and dicts within each other
	maxRank  = 64       // dimensions of a tensor
	maxBytes = 4 << 30  // of all tensors of a sample
)

// SyntaxError is a sample that does not follow the grammar.
type SyntaxError struct {
	Text     string
	Column   int    // in characters, from 1
	Expected string // what should stand there
	Found    string // what stands there, empty at the end
	Example  string // a sample that is right
}

func (e *SyntaxError) Error() string {
	found := "the text ends"
	if e.Found != "" {
		found = fmt.Sprintf("there is %q", e.Found)
	}
	return fmt.Sprintf("sample %q: column %d: expected %s, but %s; an example: %q",
		clip(e.Text, 200), e.Column, e.Expected, found, e.Example)
}

// Parse reads one sample in the grammar of the package comment. The error is a
// *SyntaxError. Files are not opened.
func Parse(text string) (spec Spec, err error) {
	p := &parser{text: text}
	if len(text) > maxText {
		return Spec{}, &SyntaxError{text, 1, fmt.Sprintf("at most %d bytes", maxText), clip(text, 20), exampleTensor}
	}
	defer func() {
		if p.err != nil {
			spec, err = Spec{}, p.err
		}
	}()
	spec.Name = p.name()
	spec.value = p.value(0)
	if p.space(); p.pos < len(p.text) {
		p.fail("the end of the sample", exampleTensor)
	}
	return spec, nil
}

const (
	exampleTensor = `input_ids:int64[1,128]=ones`
	exampleFloat  = `float32[1,3,224,224]`
	exampleRand   = `int64[1,128]=randint(0,1000)`
	exampleFile   = `image:@image.npy`
	exampleMember = `image:@inputs.npz[image]`
	exampleList   = `[float32[3,224,224], float32[3,256,256]]`
	exampleDict   = `{"input_ids": int64[1,128], "attention_mask": int64[1,128]=ones}`
)

var exampleScalars = map[string]string{
	"int": `int=3`, "float": `float=0.5`, "bool": `bool=true`, "str": `str="text"`,
}

// parser is a recursive descent. The first failure is kept; after it the
// parser stands at the end of the text, so that every loop ends.
type parser struct {
	text string
	pos  int
	err  error
}

func (p *parser) fail(expected, example string) {
	if p.err != nil {
		return
	}
	column := utf8.RuneCountInString(p.text[:p.pos]) + 1
	p.err = &SyntaxError{p.text, column, expected, clip(p.text[p.pos:], 20), example}
	p.pos = len(p.text)
}

func (p *parser) failAt(pos int, expected, example string) {
	if p.err == nil {
		p.pos = pos
		p.fail(expected, example)
	}
}

func (p *parser) space() {
	for p.pos < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.pos]) >= 0 {
		p.pos++
	}
}

// peek returns the next character that is no space, or 0 at the end.
func (p *parser) peek() byte {
	if p.space(); p.pos < len(p.text) {
		return p.text[p.pos]
	}
	return 0
}

func (p *parser) take(c byte) bool {
	if p.peek() != c || p.pos == len(p.text) {
		return false
	}
	p.pos++
	return true
}

func (p *parser) want(c byte, expected, example string) {
	if !p.take(c) {
		p.fail(expected, example)
	}
}

// run takes the characters that accept says yes to.
func (p *parser) run(accept func(c byte) bool) string {
	p.space()
	start := p.pos
	for p.pos < len(p.text) && accept(p.text[p.pos]) {
		p.pos++
	}
	return p.text[start:p.pos]
}

func isWord(c byte) bool {
	return c == '_' || isDigit(c) || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isName(c byte) bool   { return c == '.' || isWord(c) }
func isNumber(c byte) bool { return c == '+' || c == '-' || isName(c) }

// name takes NAME and its colon, or nothing.
func (p *parser) name() string {
	name := p.run(isName)
	if !validName(name) || !p.take(':') {
		p.pos = 0
		return ""
	}
	return name
}

// validName tells whether the grammar can spell name.
func validName(name string) bool {
	return name != "" && len(name) <= maxName && isWord(name[0]) && !isDigit(name[0]) && !strings.ContainsFunc(name, func(r rune) bool {
		return r >= utf8.RuneSelf || !isName(byte(r))
	})
}

func (p *parser) value(depth int) node {
	c := p.peek()
	start := p.pos
	switch {
	case strings.IndexByte("[({", c) >= 0 && depth == maxDepth:
		p.fail(fmt.Sprintf("at most %d lists, tuples and dicts within each other", maxDepth), exampleList)
	case c == '[':
		return node{kind: protocol.List, items: p.items(']', depth)}
	case c == '(':
		return node{kind: protocol.Tuple, items: p.items(')', depth)}
	case c == '{':
		return p.dict(depth)
	case c == '@':
		return node{kind: protocol.Tensor, source: p.file()}
	case isWord(c):
		return p.typed(start, p.run(isWord))
	}
	p.fail("a dtype, int, float, bool, str, none, a list, a tuple, a dict, @FILE.npy or @FILE.npz", exampleFloat)
	return node{}
}

// typed reads what begins with a word, which was taken already.
func (p *parser) typed(start int, word string) node {
	switch {
	case word == "none":
		return node{kind: protocol.None}
	case word == "int" || word == "float" || word == "str" || word == "bool" && p.peek() == '=' && !p.fileFollows():
		return p.scalar(word)
	case slices.Contains(dtypes, word):
		return p.tensor(start, word)
	}
	p.failAt(start, "a dtype ("+strings.Join(dtypes, ", ")+"), int, float, bool, str or none", exampleFloat)
	return node{}
}

// fileFollows tells bool=@FILE, a tensor, from bool=true, a scalar.
func (p *parser) fileFollows() bool {
	rest := strings.TrimLeft(p.text[p.pos:], " \t\r\n")
	return strings.HasPrefix(strings.TrimLeft(strings.TrimPrefix(rest, "="), " \t\r\n"), "@")
}

func (p *parser) items(end byte, depth int) []node {
	p.pos++
	var items []node
	for !p.take(end) && p.err == nil {
		items = append(items, p.value(depth+1))
		if p.peek() != end {
			p.want(',', fmt.Sprintf("\",\" or %q", string(end)), exampleList)
		}
	}
	return items
}

func (p *parser) dict(depth int) node {
	p.pos++
	n := node{kind: protocol.Dict}
	for !p.take('}') && p.err == nil {
		p.space()
		start := p.pos
		key := p.key()
		for i := 0; i < len(n.items); i += 2 {
			if same := n.items[i]; same.kind == key.kind && same.text == key.text && same.number == key.number {
				p.failAt(start, "another key than "+strconv.Quote(strings.TrimSpace(p.text[start:p.pos])), exampleDict)
			}
		}
		p.want(':', `":" after the key`, exampleDict)
		n.items = append(n.items, key, p.value(depth+1))
		if p.peek() != '}' {
			p.want(',', `"," or "}"`, exampleDict)
		}
	}
	return n
}

func (p *parser) key() node {
	if p.peek() == '"' {
		return node{kind: protocol.Str, text: p.str(exampleDict)}
	}
	start := p.pos
	if word := p.run(isWord); word == "float" || word == "bool" {
		return p.scalar(word)
	}
	p.pos = start
	return node{kind: protocol.Int, number: p.integer("a key: a string in double quotes, a whole number, float=NUMBER or bool=true", exampleDict)}
}

func (p *parser) str(example string) string {
	p.space()
	quoted, err := strconv.QuotedPrefix(p.text[p.pos:])
	if err != nil || quoted[0] != '"' {
		p.fail("a string in double quotes", example)
		return ""
	}
	p.pos += len(quoted)
	text, _ := strconv.Unquote(quoted) // QuotedPrefix has checked it
	return text
}

func (p *parser) integer(expected, example string) int64 {
	p.space()
	start := p.pos
	v, err := strconv.ParseInt(p.run(isNumber), 10, 64)
	if err != nil {
		p.failAt(start, expected, example)
	}
	return v
}

func (p *parser) scalar(word string) node {
	example := exampleScalars[word]
	p.want('=', fmt.Sprintf(`"=" and a value after %q (a tensor's dtype has its size in bits, such as float32)`, word), example)
	p.space()
	start := p.pos
	switch word {
	case "int":
		return node{kind: protocol.Int, number: p.integer("a whole number of 64 bits", example)}
	case "str":
		return node{kind: protocol.Str, text: p.bareOrQuoted("a text", bareEnd, example)}
	case "float":
		v, err := strconv.ParseFloat(p.run(isNumber), 64)
		if err != nil || strings.ContainsAny(p.text[start:p.pos], "_xX") {
			p.failAt(start, "a decimal number, inf or nan", example)
		}
		return node{kind: protocol.Float, text: strconv.FormatFloat(v, 'g', -1, 64)}
	}
	switch p.run(isWord) {
	case "true":
		return node{kind: protocol.Bool, number: 1}
	case "false":
	default:
		p.failAt(start, "true or false", example)
	}
	return node{kind: protocol.Bool}
}

// clip shortens text for a message.
func clip(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	for limit > 0 && !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit] + "…"
}
