package pickle

import "slices"

// stepContainer makes a tuple, list, dict or set of what lies on the stack, or
// adds to one.
func (m *machine) stepContainer(op byte) error {
	switch op {
	case opTuple1, opTuple2, opTuple3:
		items := make(Tuple, int(op-opTuple1)+1)
		for i := len(items) - 1; i >= 0; i-- {
			v, err := m.pop()
			if err != nil {
				return err
			}
			items[i] = v
		}
		return m.pushTuple(items)
	case opAppend:
		v, err := m.pop()
		if err != nil {
			return err
		}
		return m.extend([]Value{v})
	case opSetItem:
		v, err := m.pop()
		if err != nil {
			return err
		}
		k, err := m.pop()
		if err != nil {
			return err
		}
		return m.setItems([]Value{k, v})
	}
	items, err := m.popMark()
	if err != nil {
		return err
	}
	switch op {
	case opAppends, opAddItems:
		return m.extend(items)
	case opSetItems:
		return m.setItems(items)
	case opDict:
		if err := m.pushSized(&Dict{}, 32); err != nil {
			return err
		}
		// The items still lie above what was pushed over the mark.
		return m.setItems(items)
	}
	if op == opTuple {
		return m.pushTuple(items)
	}
	if !m.keep {
		return m.push(Unknown{})
	}
	items = slices.Clone(items)
	if op == opList {
		return m.pushSized(&List{Items: items}, 32+16*len(items))
	}
	return m.pushSized(&Set{Items: items}, 32+16*len(items))
}

// pushTuple pushes a tuple of items that may still lie on the stack.
func (m *machine) pushTuple(items []Value) error {
	if !m.keep {
		if a, ok := asAttribute(items); ok {
			return m.pushName(a)
		}
		return m.push(Unknown{})
	}
	return m.pushSized(Tuple(slices.Clone(items)), 24+16*len(items))
}

// extend adds items to the list, set or object on top of the stack.
func (m *machine) extend(items []Value) error {
	onto, err := m.top()
	if err != nil {
		return err
	}
	if !m.keep {
		return nil
	}
	// Twice, since append leaves room for more.
	if err := m.charge(32 * len(items)); err != nil {
		return err
	}
	switch onto := onto.(type) {
	case *List:
		onto.Items = append(onto.Items, items...)
	case *Set:
		onto.Items = append(onto.Items, items...)
	case *Object:
		onto.Items = append(onto.Items, items...)
	case Unknown:
	default:
		return malformed("items for a %T", onto)
	}
	return nil
}

// setItems sets keys and values, in turns, on the dict or object on top of the
// stack.
func (m *machine) setItems(items []Value) error {
	if len(items)%2 != 0 {
		return malformed("a key without a value")
	}
	onto, err := m.top()
	if err != nil {
		return err
	}
	if !m.keep {
		return nil
	}
	if err := m.charge(32 * len(items)); err != nil {
		return err
	}
	var pairs *[]Pair
	switch onto := onto.(type) {
	case *Dict:
		pairs = &onto.Pairs
	case *Object:
		pairs = &onto.Pairs
	case Unknown:
		return nil
	default:
		return malformed("pairs for a %T", onto)
	}
	for i := 0; i < len(items); i += 2 {
		*pairs = append(*pairs, Pair{items[i], items[i+1]})
	}
	return nil
}
