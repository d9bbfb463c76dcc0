package pysource

// blockKind says what decides whether the code of a block is reached.
type blockKind uint8

const (
	blockOther  blockKind = iota // something that is not followed
	blockIf                      // its condition, which while has too
	blockLoop                    // whether there is anything to go through
	blockCaught                  // that nothing before it in the same try fails
)

// maxBlocks bounds how many blocks one elif after another opens.
const maxBlocks = 256

// block is a part of a function, of the module or of a class body that need
// not be reached where that is.
type block struct {
	kind blockKind
	// not is set where the condition must not hold.
	not bool
	// loop is set for the body of for and while.
	loop bool
	// caught is set for a try some of whose exceptions do not get out.
	caught bool
	// outer is the block around it as an index from 1, or 0; depth counts those.
	outer, depth int32
	// test is the condition, or what a loop goes through.
	test span
}

// exit is a statement that leaves its block early.
type exit struct {
	Scope
	op   op // kwReturn, kwRaise, kwBreak or kwContinue
	line int
}

// within is a place in a block of its own below p.
func (w *walker) within(p place, b block) place {
	b.outer = p.block
	if b.outer > 0 {
		b.depth = w.m.blocks[b.outer-1].depth + 1
	}
	w.m.blocks = append(w.m.blocks, b)
	p.block = int32(len(w.m.blocks))
	return p.maybe()
}

// other is a place that is reached or not for reasons that are not followed.
func (w *walker) other(p place) place { return w.within(p, block{}) }

// head opens the block of an if, while, for or try, which an elif, else or
// except may follow.
func (w *walker) head(p place, b block) place {
	inner := w.within(p, b)
	*p.last = inner.block
	return inner
}

// otherwise is the place of an elif or else.
func (w *walker) otherwise(p place) place {
	if *p.last == 0 {
		return w.other(p)
	}
	before := w.m.blocks[*p.last-1]
	if before.kind != blockIf || before.loop || before.depth > maxBlocks {
		return w.other(p)
	}
	p.block = before.outer
	return w.within(p, block{kind: blockIf, not: !before.not, test: before.test})
}

// except walks a clause that catches what the try before it raises.
func (w *walker) except(p place, i int) {
	first, clause := len(w.m.exits), place{}
	w.header(i+1, func(colon int) place {
		clause = w.other(p)
		w.walk(i+1, colon, clause)
		return clause
	})
	for _, e := range w.m.exits[first:] {
		if e.op == kwRaise && e.block == clause.block {
			return // what is caught goes on
		}
	}
	if *p.last > 0 {
		w.m.blocks[*p.last-1].caught = true
	}
}

// exits records that the statement whose last token is before end leaves.
func (w *walker) exit(p place, op op, end int) {
	w.m.exits = append(w.m.exits, exit{Scope: p.scope(), op: op, line: int(w.tokens[end-1].line)})
}
