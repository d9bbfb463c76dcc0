package pickle

import "slices"

// objectSize is about what an Object takes.
const objectSize = 112

// stepObject names a global, calls one, sets the state of what a call gave, or
// refers to something outside.
func (m *machine) stepObject(op byte, at int64) error {
	switch op {
	case opGlobal:
		g, err := m.globalLines()
		if err != nil {
			return err
		}
		return m.pushGlobal(g, at)
	case opStackGlobal:
		return m.stackGlobal(at)
	case opExt1, opExt2, opExt4:
		// A number that a program registered with copyreg: only it can tell.
		if _, err := m.src.uint(1 << (op - opExt1)); err != nil {
			return err
		}
		return m.pushGlobal(untold{}, at)
	case opInst, opObj:
		return m.stepInstance(op, at)
	case opPersID, opBinPersID:
		return m.stepPersistent(op)
	case opBuild:
		return m.stepBuild()
	}
	return m.stepCall(op, at)
}

// globalLines reads the two lines that name a global.
func (m *machine) globalLines() (Value, error) {
	module, kept1, err := m.src.line()
	if err != nil {
		return nil, err
	}
	name, kept2, err := m.src.line()
	if err != nil {
		return nil, err
	}
	if !kept1 || !kept2 {
		return Unknown{}, nil
	}
	return Global{string(module), string(name)}, nil
}

func (m *machine) stackGlobal(at int64) error {
	name, err := m.pop()
	if err != nil {
		return err
	}
	module, err := m.pop()
	if err != nil {
		return err
	}
	ms, ok1 := module.(string)
	ns, ok2 := name.(string)
	if ok1 && ok2 {
		return m.pushGlobal(Global{ms, ns}, at)
	}
	for _, v := range []Value{module, name} {
		if _, lost := v.(untold); lost {
			return m.pushGlobal(v, at)
		}
	}
	return m.pushGlobal(Unknown{}, at)
}

// pushGlobal reports an import and pushes it.
func (m *machine) pushGlobal(v Value, at int64) error {
	if m.imported != nil {
		m.imported(v, at)
	}
	if g, ok := v.(Global); ok && m.keep {
		return m.pushSized(g, 48+len(g.Module)+len(g.Name))
	}
	return m.pushName(v)
}

// stepInstance makes an instance of a class from the values above the mark.
func (m *machine) stepInstance(op byte, at int64) error {
	var class Value
	var err error
	if op == opInst {
		if class, err = m.globalLines(); err != nil {
			return err
		}
		if m.imported != nil {
			m.imported(class, at)
		}
	}
	args, err := m.popMark()
	if err != nil {
		return err
	}
	if op == opObj {
		if len(args) == 0 {
			return malformed("no class above the mark")
		}
		class, args = args[0], args[1:]
	}
	if !m.keep {
		args = nil
	}
	return m.pushCall(class, Tuple(slices.Clone(args)), 16*len(args), at)
}

// stepCall makes an object from a callable and its arguments.
func (m *machine) stepCall(op byte, at int64) error {
	if op == opNewObjEx {
		if _, err := m.pop(); err != nil { // the keyword arguments
			return err
		}
	}
	args, err := m.pop()
	if err != nil {
		return err
	}
	callable, err := m.pop()
	if err != nil {
		return err
	}
	return m.pushCall(callable, args, 0, at)
}

func (m *machine) pushCall(callable, args Value, size int, at int64) error {
	m.calls++
	if a, ok := args.(attribute); ok && isGetattr(callable) {
		m.getattrs--
		if m.imported != nil && Classify(Global(a)) == Dangerous {
			m.imported(Global(a), at)
		}
		return m.pushName(Global(a))
	}
	return m.pushSized(&Object{Callable: callable, Args: args}, objectSize+size)
}

func (m *machine) stepBuild() error {
	state, err := m.pop()
	if err != nil {
		return err
	}
	onto, err := m.top()
	if err != nil {
		return err
	}
	if o, ok := onto.(*Object); ok {
		o.State = state
	}
	return nil
}

func (m *machine) stepPersistent(op byte) error {
	var id Value
	var err error
	if op == opBinPersID {
		id, err = m.pop()
	} else {
		var text []byte
		text, _, err = m.src.line()
		id = string(text)
	}
	if err != nil {
		return err
	}
	if m.referred != nil {
		m.referred(id)
	}
	return m.pushSized(Persistent{id}, 32)
}

// attribute stands, without keep, for a tuple of a global and a name: what
// getattr is called with where enumerations and nested classes are pickled.
type attribute Global

// asAttribute returns the attribute that items make, if they do.
func asAttribute(items []Value) (attribute, bool) {
	if len(items) != 2 {
		return attribute{}, false
	}
	g, ok1 := items[0].(Global)
	name, ok2 := items[1].(string)
	return attribute{g.Module, g.Name + "." + name}, ok1 && ok2
}

// isGetattr reports whether a value is Python's function getattr.
func isGetattr(v Value) bool {
	g, ok := v.(Global)
	return ok && isGetattrGlobal(g)
}

func isGetattrGlobal(g Global) bool {
	return g.Name == "getattr" && (g.Module == "builtins" || g.Module == "__builtin__")
}
