package sample

import (
	"fmt"
	"slices"
	"strings"

	"go-model-archiver/validate/loadtest/protocol"
)

func (p *parser) tensor(start int, dtype string) node {
	n := node{kind: protocol.Tensor, dtype: dtype}
	if p.peek() == '[' {
		n.dims = p.dims()
		if _, ok := tensorSize(dtype, n.dims); !ok {
			p.failAt(start, fmt.Sprintf("a tensor of at most %d GiB", maxBytes>>30), exampleFloat)
		}
	}
	if n.dims == nil && !(p.peek() == '=' && p.fileFollows()) {
		p.fail(fmt.Sprintf(`"[" and the dimensions after %q`, dtype), exampleFloat)
	}
	if p.take('=') {
		n.source = p.source(dtype)
	}
	return n
}

func (p *parser) dims() []int64 {
	p.pos++
	dims := []int64{}
	for !p.take(']') && p.err == nil {
		p.space()
		start := p.pos
		d := p.integer(`a dimension: a whole number of at least 0, or "]"`, exampleFloat)
		if d < 0 {
			p.failAt(start, "a dimension: a whole number of at least 0", exampleFloat)
		}
		if dims = append(dims, d); len(dims) > maxRank {
			p.failAt(start, fmt.Sprintf("at most %d dimensions", maxRank), exampleFloat)
		}
		if p.peek() != ']' {
			p.want(',', `"," or "]"`, exampleFloat)
		}
	}
	return dims
}

func (p *parser) file() source {
	p.pos++
	p.space()
	start := p.pos
	s := source{kind: fromFile, path: p.bareOrQuoted("the name of a .npy or .npz file", bareEnd+"[", exampleFile)}
	if s.path == "" || strings.ContainsRune(s.path, 0) {
		p.failAt(start, "the name of a .npy or .npz file", exampleFile)
	}
	if p.take('[') {
		p.space()
		start = p.pos
		if s.member = p.bareOrQuoted("the name of an array in the file", bareEnd+"[", exampleMember); s.member == "" {
			p.failAt(start, "the name of an array in the file", exampleMember)
		}
		p.want(']', `"]"`, exampleMember)
	}
	return s
}

// bareEnd are the characters that end a WORD.
const bareEnd = " \t\r\n\"',)]}"

// bareOrQuoted takes TEXT: a string in double quotes, or the characters before
// one of end.
func (p *parser) bareOrQuoted(expected, end, example string) string {
	if p.peek() == '"' {
		return p.str(example)
	}
	bare := p.run(func(c byte) bool { return strings.IndexByte(end, c) < 0 })
	if bare == "" {
		p.fail(expected, example)
	}
	return bare
}

func (p *parser) source(dtype string) source {
	if p.peek() == '@' {
		return p.file()
	}
	p.space()
	start := p.pos
	switch p.run(isWord) {
	case "zeros":
		return source{kind: zeros}
	case "ones":
		return source{kind: ones}
	case "arange":
		return p.arange(dtype)
	case "randint":
		return p.randint(dtype)
	case "random":
		if !slices.Contains(floats, dtype) {
			p.failAt(start, "randint(LOW,HIGH), since random draws floats", exampleRand)
		}
		return source{kind: random}
	}
	p.failAt(start, "zeros, ones, arange, arange(N), random, randint(LOW,HIGH), @FILE.npy or @FILE.npz[NAME]", exampleRand)
	return source{}
}

func (p *parser) arange(dtype string) source {
	s := source{kind: arange}
	if p.take('(') {
		p.space()
		start := p.pos
		s.high = p.integer("how many numbers arange repeats", `int64[1,128]=arange(4)`)
		if s.high < 1 || s.high-1 > wholeRange[dtype].high {
			p.failAt(start, "N of at least 1, where "+dtype+" holds N-1", `int64[1,128]=arange(4)`)
		}
		p.want(')', `")"`, `int64[1,128]=arange(4)`)
	}
	return s
}

func (p *parser) randint(dtype string) source {
	s := source{kind: randint}
	p.want('(', `"(" after randint`, exampleRand)
	p.space()
	start := p.pos
	s.low = p.integer("the lowest number to draw", exampleRand)
	p.want(',', `"," and the bound above the numbers to draw`, exampleRand)
	s.high = p.integer("the bound above the numbers to draw", exampleRand)
	p.want(')', `")"`, exampleRand)
	if r := wholeRange[dtype]; s.low >= s.high || s.low < r.low || s.high-1 > r.high {
		p.failAt(start, "LOW,HIGH where LOW is less than HIGH, and "+dtype+" holds LOW to HIGH-1", exampleRand)
	}
	return s
}
