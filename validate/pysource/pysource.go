// Package pysource reads Python 3 source without Python: what a file imports,
// defines and calls, and which strings it holds. It executes nothing, bounds
// everything, and says so where it cannot tell.
//
// It understands the grammar up to Python 3.14 (f-strings within f-strings,
// match statements, type parameters), but it is no syntax checker: some files
// that Python refuses are read without a complaint.
package pysource

import "fmt"

// SyntaxError says where a source stops making sense to this package. It does
// not always mean that Python would refuse the file: encodings other than
// UTF-8, ASCII and Latin-1 and sources past the bounds end in one too.
type SyntaxError struct {
	Line    int // counted from 1
	Message string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Message) }

func syntaxErrorf(line int, format string, args ...any) *SyntaxError {
	return &SyntaxError{Line: line, Message: fmt.Sprintf(format, args...)}
}

// Module is what one source file holds, in the order of the file. Lines count
// from 1.
type Module struct {
	// Complete is false when Parse returned an error: what is listed was seen,
	// but more may be there.
	Complete bool

	Imports []Import
	// Functions and Classes are those defined in the module's own scope, also
	// inside if, try, with and the like.
	Functions []Function
	Classes   []Class
	// Names are the names that statements in the module's own scope bind, once
	// for each time: definitions, imports, assignments, loops, captures.
	Names       []Binding
	Calls       []Call
	Reads       []Read
	Subscripts  []Subscript
	Assignments []Assignment
	Strings     []String

	// deleted are names that a del statement or a function's global statement
	// touches; dynamic is set where names may come and go unseen.
	deleted map[string]bool
	dynamic bool
	// writes has the indexes of open() calls that are not for reading.
	writes map[int]bool
	blocks []block
	exits  []exit
	// w has the text, which expressions are read from when they are asked for.
	w *walker
}

// Scope is where something stands.
type Scope struct {
	// Class is the dotted name of the innermost class around it, such as "A",
	// "A.B" or "f.A" for one in a function; empty outside.
	Class string
	// Function is the dotted name of the function around it within that class
	// (or the module), such as "handle" or "handle.inner"; empty outside.
	Function string
	// Conditional is set where reaching the function (or the module or the
	// class body) does not surely mean reaching this: inside if, for, while,
	// try or match, after a return in such a block, or in an expression with
	// and, or, if or lambda.
	Conditional bool
	// block is the innermost block around it, as an index from 1.
	block int32
}

// Import is one name that an import statement binds.
type Import struct {
	// Module is the dotted module as written, without the dots of a relative
	// import; empty for "from . import x".
	Module string
	// Name is what a from-import takes from it, "*" for all; empty for a plain
	// import.
	Name string
	// Alias is the name after as, or empty.
	Alias string
	// Level counts the dots of a relative import.
	Level int
	Line  int
	Scope
}

// Function is a function or method definition.
type Function struct {
	Name   string
	Params []Param
	Async  bool
	// Decorators are as written, without the @.
	Decorators []string
	Line       int // of def
	Scope
}

// Param is one parameter.
type Param struct {
	Name string
	// Stars is "*" or "**" for the two that collect what is left.
	Stars       string
	KeywordOnly bool
	Default     bool
}

// Class is a class definition.
type Class struct {
	Name string
	// Bases are the positional ones as written; Keywords the names of the
	// others, such as metaclass ("**" for an unpacked dict).
	Bases    []string
	Keywords []string
	Methods  []Function
	// Names are those that the class body binds, methods included.
	Names      []Binding
	Decorators []string
	Line       int // of class
	Scope
	// elsewhere is set where its __module__ may be another module, or it no
	// class at all.
	elsewhere bool
}

// Binding is one place where a name gets its value.
type Binding struct {
	Name        string
	Line        int
	Conditional bool
}

// Call is one call expression.
type Call struct {
	// Callee is what is called: dotted names as written, with "()" for a call
	// before it, "[]" for a subscript, `""` for a string, "0" for a number and
	// "()", "[]", "{}" for a bracket: "torch.jit.load", "f().g", "a[].b". The
	// first part of a very long one is "…".
	Callee string
	// Positional counts the positional arguments, unpacked ones excepted.
	Positional int
	// Args has the dotted name of each of these, empty where it is anything
	// else; of more than 64 only the first 64.
	Args     []string
	Keywords []string
	// Star and DoubleStar tell of *args and **kwargs.
	Star, DoubleStar bool
	// In is the index of the innermost call around it, or -1.
	In   int
	Line int // of the expression's start
	Scope
	// first and open are the tokens that the expression and its arguments start
	// at.
	first, open int32
}

// Read is one use of string keys: x["a"]["b"] or x.get("a", {}).
type Read struct {
	// Base is what the keys are looked up in, in the form of Call.Callee.
	Base string
	Keys []Key
	// Store is set where the last key is assigned to.
	Store bool
	Line  int
	Scope
}

// Subscript is a use of any other key: x[i].
type Subscript struct {
	Base string // as that of a Read
	// Store is set where it is assigned to.
	Store bool
	Line  int
	Scope
	index span
}

// Key is one key of a Read.
type Key struct {
	Name string
	// Get is set for .get(name), which yields None where the key is missing,
	// and Default where it is given a second argument.
	Get, Default bool
}

// Assignment is an assignment to one dotted name; "with open(p) as f" is one
// too, and x += 1, the x of "for x in y" and that of "x, y = z", whose Value is
// empty.
type Assignment struct {
	Target string // such as "load" or "self.config"
	// Value is in the form of Call.Callee where one chain of names, calls and
	// keys is assigned, else empty. Keys that end it are taken off and stand in
	// Keys.
	Value string
	Keys  []Key
	Line  int
	Scope
	value span
}

// String is one string literal; literals that Python joins are one.
type String struct {
	// Value has its escapes replaced. Of an f-string every field is "{}"; an
	// escape by character name becomes U+FFFD.
	Value string
	Bytes bool
	// Format is set for f-strings.
	Format bool
	// Doc is set for the docstring of a module, class or function.
	Doc bool
	// Call is the index of the innermost call that it is in the arguments of,
	// or -1.
	Call int
	Line int
	Scope
}

// Parse reads a source file of at most 4 MiB. It always returns a Module: with
// an error, which is a *SyntaxError, one that is not Complete.
func Parse(src []byte) (*Module, error) {
	m := &Module{deleted: map[string]bool{}, writes: map[int]bool{}}
	m.w = newWalker(nil, []token{{}}, m)
	if len(src) > maxSource {
		return m, syntaxErrorf(1, "the source is longer than 4 MiB")
	}
	text, err := decode(src)
	if err != nil {
		return m, err
	}
	tokens, err := lex(text)
	m.w = newWalker(text, tokens, m)
	w := m.w
	w.module()
	w.strings = nil
	if err == nil {
		err = w.err
	}
	if err != nil {
		return m, err
	}
	m.Complete = true
	return m, nil
}
