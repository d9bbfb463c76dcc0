package pickle

import (
	"errors"
	"io"
	"slices"
)

// Import is a global that a file of pickles would import when it is loaded.
type Import struct {
	// Global is empty where only code could tell which one it is.
	Global
	// Offset is the byte of its first opcode.
	Offset int64
	Risk   Risk
}

// The bounds of a scan.
const (
	maxImports   = 10_000
	maxNesting   = 4 // pickles in strings of pickles
	globalMemory = 4 << 20
)

// Globals lists what the pickles in a file import, each global once in the
// order of appearance. It executes nothing and keeps little, whatever the
// file's size.
//
// Several pickles may follow each other, and other bytes may follow those, as
// in files of torch.save before PyTorch 1.6 and of joblib; in such bytes it
// looks for dangerous imports only. A file that is no pickle gives nothing. The
// error wraps ErrTooLarge, when the list is not complete, or comes from r.
func Globals(r io.Reader) ([]Import, error) {
	s := &globalScan{seen: map[Global]int{}}
	err := s.scan(r)
	return s.imports, err
}

func (s *globalScan) scan(r io.Reader) error {
	raw := &rawScan{}
	s.src = newSource(io.TeeReader(r, raw), sourceBuffer)
	for {
		err := s.pickle()
		if err == nil {
			continue
		}
		if errors.Is(err, io.EOF) || !s.headed {
			return s.failure(err)
		}
		// Code that reads the file may skip what breaks the pickle here.
		_, readErr := io.Copy(io.Discard, s.src.r)
		s.add(raw.end())
		return errors.Join(s.failure(err), readErr)
	}
}

type globalScan struct {
	src     *source
	seen    map[Global]int // places in imports
	imports []Import
	headed  bool // some pickle started with PROTO
	depth   int  // of pickles in strings of pickles
}

// failure leaves out what only says that the bytes are no pickle.
func (s *globalScan) failure(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, ErrMalformed) {
		return nil
	}
	return err
}

// pickle scans the next pickle. What does not end as one, and does not start
// with a protocol's number either, may be any text: then only dangerous
// imports count, and only if something was called.
func (s *globalScan) pickle() error {
	start, err := s.src.r.Peek(2)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	headed := len(start) == 2 && start[0] == opProto && start[1] <= highestProtocol
	s.headed = s.headed || headed
	var found []Import
	met := map[Import]bool{}
	m := newMachine(s.src, globalMemory, false)
	m.imported = func(v Value, at int64) {
		i := imported(v)
		if len(found) < maxImports && !met[i] {
			met[i] = true
			i.Offset = at
			found = append(found, i)
		}
	}
	if s.depth < maxNesting {
		m.nested = s.nested
	}
	_, err = m.run()
	if err == nil && m.getattrs == 0 {
		// Every use of getattr was told, and judged as an import.
		for i := range found {
			if isGetattrGlobal(found[i].Global) {
				found[i].Risk = Unfamiliar
			}
		}
	}
	if err != nil && !headed {
		found = slices.DeleteFunc(found, func(i Import) bool { return m.calls == 0 || i.Risk != Dangerous })
	}
	s.add(found)
	return err
}

// imported judges an import. No pickler writes a name that the pickle has to
// compute first.
func imported(v Value) Import {
	switch v := v.(type) {
	case Global:
		return Import{Global: v, Risk: Classify(v)}
	case untold:
		return Import{Risk: Unfamiliar}
	}
	return Import{Risk: Dangerous}
}

// add appends the imports that are new, as long as there is room; the risk of
// others may rise.
func (s *globalScan) add(found []Import) {
	for _, i := range found {
		at, ok := s.seen[i.Global]
		switch {
		case ok:
			s.imports[at].Risk = max(s.imports[at].Risk, i.Risk)
		case len(s.imports) < maxImports:
			s.seen[i.Global] = len(s.imports)
			s.imports = append(s.imports, i)
		}
	}
}

// String names the global, or says that it could not be told.
func (i Import) String() string {
	if i.Global == (Global{}) {
		return "a name that only running the pickle would tell"
	}
	return i.Global.String()
}
