package archiver

import (
	"errors"
	"fmt"
)

// ErrNameClash says that two sources with different bytes want one entry name,
// or that a name would be both a file and a folder.
var ErrNameClash = errors.New("two sources for one entry name")

// Problem is one reason why a Spec cannot become a Plan. NewPlan joins all
// that it finds; errors.As and Unwrap() []error tell them apart.
type Problem struct {
	Message string // what is wrong, and with which path
	Hint    string // what to do; may be ""
	Err     error  // ErrExists, ErrNameClash, an *fs.PathError, …; may be nil
}

func (p *Problem) Error() string {
	if p.Hint == "" {
		return p.Message
	}
	return p.Message + ": " + p.Hint
}

func (p *Problem) Unwrap() error { return p.Err }

// maxProblems bounds how many problems are told of: a folder may hold a
// million dangling links.
const maxProblems = 100

// problems collects what is wrong.
type problems struct {
	list []error
	more int
}

func (p *problems) add(problem *Problem) {
	if len(p.list) == maxProblems {
		p.more++
		return
	}
	p.list = append(p.list, problem)
}

// err joins the problems; nil when there are none.
func (p *problems) err() error {
	if p.more > 0 {
		return errors.Join(append(p.list, fmt.Errorf("and %d more problems", p.more))...)
	}
	return errors.Join(p.list...)
}
