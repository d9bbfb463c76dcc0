package pysource

// GuardKind says what a Guard depends on.
type GuardKind int

const (
	// Unknown stands for whatever is not followed: a case, an except clause,
	// what follows and or or.
	Unknown GuardKind = iota
	// Condition is one of if, elif, else, while or of a return before.
	Condition
	// Loop is the body of a for, which may go through nothing.
	Loop
	// Caught is the body of a try: its failure is not the end.
	Caught
)

// Guard is one of the things on which it depends whether code is reached, where
// its function is.
type Guard struct {
	Kind GuardKind
	// Test is the condition, or what the loop goes through.
	Test Expr
	// Not is set where the condition must not hold.
	Not bool
}

// maxGuards bounds how many returns before a place are followed.
const maxGuards = 400

// Guards lists all that must hold for a line at that place to be reached: the
// blocks around it, and what leaves its function, or its loop, before. An
// exception that nothing catches is none of them.
func (m *Module) Guards(at Scope, line int) []Guard {
	var guards []Guard
	around := map[int32]bool{}
	for b := at.block; b > 0; b = m.blocks[b-1].outer {
		around[b] = true
		switch block := m.blocks[b-1]; block.kind {
		case blockCaught:
			if block.caught {
				guards = append(guards, Guard{Kind: Caught})
			}
		case blockIf:
			guards = append(guards, Guard{Kind: Condition, Test: m.expr(block.test), Not: block.not})
		case blockLoop:
			guards = append(guards, Guard{Kind: Loop, Test: m.expr(block.test)})
		default:
			guards = append(guards, Guard{})
		}
	}
	for _, e := range m.exits {
		switch {
		case e.op == kwRaise || e.line >= line || !e.in(at) || !m.leaves(e, around):
		case len(guards) > maxGuards:
			return append(guards, Guard{})
		default:
			guards = append(guards, Guard{Kind: Condition, Test: m.reaching(e, around), Not: true})
		}
	}
	return guards
}

// leaves tells whether an exit leaves the blocks around a later place: break
// and continue leave only their loop.
func (m *Module) leaves(e exit, around map[int32]bool) bool {
	for b := e.block; b > 0 && e.op != kwReturn; b = m.blocks[b-1].outer {
		if m.blocks[b-1].loop {
			return around[b]
		}
	}
	return true
}

// reaching is the condition under which an exit is reached from the blocks
// around.
func (m *Module) reaching(e exit, around map[int32]bool) Expr {
	all := Expr{Op: And}
	for b := e.block; b > 0 && !around[b]; b = m.blocks[b-1].outer {
		test := Expr{}
		if block := m.blocks[b-1]; block.kind == blockIf {
			test = m.expr(block.test)
			if block.not {
				test = Expr{Op: Not, Args: []Expr{test}}
			}
		}
		all.Args = append(all.Args, test)
	}
	return all
}

// Holds tells whether a condition lets the code be reached, where known tells
// the truth of what is neither and, or nor not.
func (g Guard) Holds(known func(Expr) Answer) Answer {
	if g.Kind != Condition {
		return CannotTell
	}
	if g.Not {
		return negated(g.Test.Truth(known))
	}
	return g.Test.Truth(known)
}

// Truth evaluates an expression as a condition.
func (e Expr) Truth(known func(Expr) Answer) Answer {
	switch e.Op {
	case True:
		return Yes
	case False, None:
		return No
	case Not:
		return negated(e.Args[0].Truth(known))
	case And, Or:
		decides, end := No, Yes
		if e.Op == Or {
			decides, end = Yes, No
		}
		for _, a := range e.Args {
			switch a.Truth(known) {
			case decides:
				return decides
			case CannotTell:
				end = CannotTell
			}
		}
		return end
	}
	return known(e)
}

func negated(a Answer) Answer {
	switch a {
	case Yes:
		return No
	case No:
		return Yes
	}
	return CannotTell
}
