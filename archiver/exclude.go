package archiver

import "path"

// exclude is a pattern of Spec.Exclude and what it left out.
type exclude struct {
	pattern string
	names   []string
}

// matches says whether the pattern matches a name or its last element.
func (x *exclude) matches(name string) bool {
	full, _ := path.Match(x.pattern, name) // parseExcludes saw that it is well formed
	last, _ := path.Match(x.pattern, path.Base(name))
	return full || last
}

func (pl *planner) parseExcludes(patterns []string) []*exclude {
	var list []*exclude
	for _, pattern := range patterns {
		if _, err := path.Match(pattern, ""); err != nil {
			pl.problem(err, "", "the exclude pattern %q is malformed", pattern)
			continue
		}
		list = append(list, &exclude{pattern: pattern})
	}
	return list
}

// excluded says whether the entry or folder name is left out, and remembers
// it for the note.
func (pl *planner) excluded(name string) bool {
	out := false
	for _, x := range pl.excludes {
		if x.matches(name) {
			x.names = append(x.names, name)
			out = true
		}
	}
	return out
}

func (pl *planner) noteExcludes() {
	for _, x := range pl.excludes {
		if len(x.names) == 0 {
			pl.note(NoteNoMatch, x.pattern, "the exclude pattern %q matches nothing", x.pattern)
			continue
		}
		pl.note(NoteExcluded, x.pattern, "excluded by %q: %s", x.pattern, some(x.names))
	}
}
