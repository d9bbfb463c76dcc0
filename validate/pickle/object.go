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
		if _, err := m.src.uint(map[byte]int{opExt1: 1, opExt2: 2, opExt4: 4}[op]); err != nil {
			return err
		}
		return m.pushGlobal(Unknown{}, at)
	case opInst, opObj:
		return m.stepInstance(op, at)
	case opPersID, opBinPersID:
		return m.stepPersistent(op, at)
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
	if !ok1 || !ok2 {
		return m.pushGlobal(Unknown{}, at)
	}
	return m.pushGlobal(Global{ms, ns}, at)
}

// pushGlobal reports an import and pushes it.
func (m *machine) pushGlobal(v Value, at int64) error {
	if m.imported != nil {
		m.imported(v, at)
	}
	g, ok := v.(Global)
	if !ok {
		return m.push(v)
	}
	if !m.keep {
		if len(g.Module)+len(g.Name) > 2*maxName {
			v = Unknown{}
		}
		return m.push(v)
	}
	return m.pushSized(g, 48+len(g.Module)+len(g.Name))
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
	if m.called != nil {
		m.called(callable, at)
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

func (m *machine) stepPersistent(op byte, at int64) error {
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
		m.referred(id, at)
	}
	return m.pushSized(Persistent{id}, 32)
}
