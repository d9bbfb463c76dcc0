package archiver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"unicode/utf8"
)

// isWildcard says whether torch-model-archiver takes a path for a wildcard.
func isWildcard(path string) bool {
	return strings.ContainsAny(path, "*?") || strings.Contains(path, "[") && strings.Contains(path, "]")
}

// glob lists the paths that match pattern, sorted, as Python's glob.glob finds
// them: "*" and "?" don't cross a slash and skip hidden names, "[!x]" negates,
// a backslash is an ordinary character, "**" is "*". Folders that cannot be
// read match nothing. More than limit paths are an error.
func glob(ctx context.Context, pattern string, limit int) ([]string, error) {
	g := &globber{ctx: ctx, left: limit}
	paths, err := g.expand(pattern, false)
	slices.Sort(paths)
	return paths, err
}

type globber struct {
	ctx  context.Context
	left int // how many more names may be looked at
}

var errTooManyNames = errors.New("too many files to look at")

// expand lists what matches pattern; with dirs, only folders where the last
// element is a wildcard.
func (g *globber) expand(pattern string, dirs bool) ([]string, error) {
	dir, base := splitPath(pattern)
	if !hasMagic(pattern) {
		if literalExists(pattern, dir, base) {
			return []string{pattern}, nil
		}
		return nil, nil
	}
	parents := []string{dir}
	if dir != pattern && hasMagic(dir) {
		var err error
		if parents, err = g.expand(dir, true); err != nil {
			return nil, err
		}
	}
	var found []string
	for _, parent := range parents {
		names, err := g.names(parent, base, dirs)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			found = append(found, joinPath(parent, name))
		}
	}
	return found, nil
}

func literalExists(path, dir, base string) bool {
	if base == "" {
		return isFolder(dir)
	}
	_, err := os.Lstat(path)
	return err == nil
}

// names lists the names in dir that match base.
func (g *globber) names(dir, base string, dirs bool) ([]string, error) {
	if !hasMagic(base) {
		if literalExists(joinPath(dir, base), dir, base) {
			return []string{base}, nil
		}
		return nil, nil
	}
	if err := g.ctx.Err(); err != nil {
		return nil, err
	}
	_, list, err := readFolder(orDot(dir), g.left)
	if err != nil {
		return nil, nil
	}
	if g.left -= len(list); g.left < 0 {
		return nil, fmt.Errorf("%w in %q", errTooManyNames, orDot(dir))
	}
	m := compileMatch(base)
	var names []string
	for _, d := range list {
		name := d.Name()
		switch {
		case strings.HasPrefix(name, ".") && !strings.HasPrefix(base, "."):
		case !m.match(name):
		case dirs && !d.IsDir() && !isFolder(joinPath(dir, name)):
		default:
			names = append(names, name)
		}
	}
	return names, nil
}

func hasMagic(pattern string) bool { return strings.ContainsAny(pattern, "*?[") }

func orDot(dir string) string {
	if dir == "" {
		return "."
	}
	return dir
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// splitPath cuts the last element off, as os.path.split does.
func splitPath(p string) (dir, base string) {
	i := strings.LastIndexByte(p, '/') + 1
	dir, base = p[:i], p[i:]
	if trimmed := strings.TrimRight(dir, "/"); trimmed != "" {
		dir = trimmed
	}
	return dir, base
}

func joinPath(dir, name string) string {
	if dir == "" || strings.HasSuffix(dir, "/") {
		return dir + name
	}
	return dir + "/" + name
}

// matcher is a compiled pattern of one path element; a star is an element with
// the star set.
type matcher []matchElement

type matchElement struct {
	star   bool
	negate bool
	ranges []runeRange
}

type runeRange struct{ lo, hi rune }

var anyRune = runeRange{0, utf8.MaxRune}

// compileMatch reads a pattern as Python's fnmatch.translate does.
func compileMatch(pattern string) matcher {
	var m matcher
	p := runes(pattern)
	for i := 0; i < len(p); {
		switch c := p[i]; c {
		case '*':
			if len(m) == 0 || !m[len(m)-1].star {
				m = append(m, matchElement{star: true})
			}
		case '?':
			m = append(m, matchElement{ranges: []runeRange{anyRune}})
		case '[':
			if set, n := compileSet(p[i:]); n > 0 {
				m = append(m, set)
				i += n
				continue
			}
			fallthrough
		default:
			m = append(m, matchElement{ranges: []runeRange{{c, c}}})
		}
		i++
	}
	return m
}

// compileSet reads a "[…]" at the start of p and says how long it is; 0 when
// it is not closed and so a plain bracket.
func compileSet(p []rune) (set matchElement, length int) {
	start := 1
	if start < len(p) && p[start] == '!' {
		set.negate = true
		start++
	}
	end := start
	if end < len(p) && p[end] == ']' {
		end++
	}
	for end < len(p) && p[end] != ']' {
		end++
	}
	if end >= len(p) {
		return matchElement{}, 0
	}
	for in := p[start:end]; len(in) > 0; {
		switch {
		case len(in) > 2 && in[1] == '-':
			if in[0] <= in[2] {
				set.ranges = append(set.ranges, runeRange{in[0], in[2]})
			}
			in = in[3:]
			continue
		case in[0] == '!' && len(set.ranges) == 0 && !set.negate:
			set.negate = true // Python drops the empty ranges before it looks for the "!"
		default:
			set.ranges = append(set.ranges, runeRange{in[0], in[0]})
		}
		in = in[1:]
	}
	return set, end + 1
}

func (e matchElement) has(r rune) bool {
	in := slices.ContainsFunc(e.ranges, func(x runeRange) bool { return x.lo <= r && r <= x.hi })
	return in != e.negate
}

// match says whether the pattern matches all of name. Going back to the last
// star only keeps it from taking exponential time.
func (m matcher) match(name string) bool {
	s := runes(name)
	i, j := 0, 0
	starI, starJ := -1, 0
	for j < len(s) {
		switch {
		case i < len(m) && m[i].star:
			starI, starJ = i, j
			i++
		case i < len(m) && m[i].has(s[j]):
			i++
			j++
		case starI >= 0:
			starJ++
			i, j = starI+1, starJ
		default:
			return false
		}
	}
	for i < len(m) && m[i].star {
		i++
	}
	return i == len(m)
}

// runes decodes a file name; like Python, it gives each byte that is not UTF-8
// a value of its own.
func runes(s string) []rune {
	out := make([]rune, 0, len(s))
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		if r == utf8.RuneError && n == 1 {
			r = 0xdc00 + rune(s[0])
		}
		out = append(out, r)
		s = s[n:]
	}
	return out
}
