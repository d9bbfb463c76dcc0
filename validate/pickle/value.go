// Package pickle reads Python pickles without executing anything: it follows
// the opcodes of protocols 0 to 5 on a stack of plain values, where calls and
// classes are only written down. [Load] builds the value of one pickle,
// [Globals] lists what a file of pickles would import.
//
// The opcodes are those of Python's Lib/pickletools.py.
package pickle

import "strings"

// Value is what an opcode left on the stack. It is one of: nil (None), bool,
// int64, *big.Int (where int64 is too small), float64, string, []byte, Tuple,
// *List, *Dict, *Set, Global, *Object, Persistent and Unknown.
//
// Values may be shared, and lists, dicts and objects may contain themselves:
// whoever walks them bounds the depth.
type Value any

// Tuple is a tuple.
type Tuple []Value

// List is a list.
type List struct{ Items []Value }

// Set is a set or a frozenset.
type Set struct{ Items []Value }

// Dict is a dict, in the order of insertion; equal keys are kept.
type Dict struct{ Pairs []Pair }

// Pair is one item of a dict.
type Pair struct{ Key, Value Value }

// Get returns the value of the last pair that has key.
func (d *Dict) Get(key string) (Value, bool) {
	if d == nil {
		return nil, false
	}
	for i := len(d.Pairs) - 1; i >= 0; i-- {
		if d.Pairs[i].Key == key {
			return d.Pairs[i].Value, true
		}
	}
	return nil, false
}

// Global is something that a pickle imports: a class, a function or anything
// else that a module holds.
type Global struct{ Module, Name string }

func (g Global) String() string {
	var b strings.Builder
	b.WriteString(g.Module)
	if g.Module != "" {
		b.WriteByte('.')
	}
	b.WriteString(g.Name)
	return b.String()
}

// Object is what a call or a class would have given.
type Object struct {
	// Callable is a Global in most pickles.
	Callable Value
	// Args is a Tuple in most pickles.
	Args Value
	// State is what BUILD handed over, or nil; with several BUILDs the last.
	State Value
	// Items and Pairs are what was appended or set: an OrderedDict is an
	// Object whose items are Pairs.
	Items []Value
	Pairs []Pair
}

// Class is the global that was called, and whether it was one.
func (o *Object) Class() (Global, bool) {
	g, ok := o.Callable.(Global)
	return g, ok
}

// Persistent is a reference to something outside the pickle, such as the
// storage of a tensor.
type Persistent struct{ ID Value }

// Unknown stands for a value that was too large to keep or that only code
// could tell, such as a buffer outside the pickle.
type Unknown struct{}

// mark is what MARK pushes.
type mark struct{}
