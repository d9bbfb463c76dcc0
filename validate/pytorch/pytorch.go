// Package pytorch knows what the releases of PyTorch have: the operators that
// TorchScript can call, and the file formats that they read.
package pytorch

import (
	_ "embed"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// Version is a release of PyTorch; patch releases have what their first has.
type Version struct{ Major, Minor int }

var versionPattern = regexp.MustCompile(`^([0-9]{1,4})\.([0-9]{1,4})(?:[.+a-z][0-9A-Za-z.+_-]*)?$`)

// ParseVersion reads a version such as "2.1", "2.1.2" or "2.1.2+cu121".
func ParseVersion(text string) (Version, error) {
	m := versionPattern.FindStringSubmatch(text)
	if m == nil {
		return Version{}, fmt.Errorf("%q is no version of PyTorch; give one such as 2.1", text)
	}
	major, _ := strconv.Atoi(m[1])
	minor, _ := strconv.Atoi(m[2])
	return Version{major, minor}, nil
}

func (v Version) String() string { return fmt.Sprintf("%d.%d", v.Major, v.Minor) }

// Less says whether v is older than w.
func (v Version) Less(w Version) bool {
	return v.Major < w.Major || v.Major == w.Major && v.Minor < w.Minor
}

// Oldest and Newest are the ends of what this package knows.
func Oldest() Version { return known().versions[0] }

// Newest is the other end: see Oldest.
func Newest() Version { return known().versions[len(known().versions)-1] }

// Known says whether v lies between Oldest and Newest.
func (v Version) Known() bool { return !v.Less(Oldest()) && !Newest().Less(v) }

// FileFormat is the highest version of TorchScript's file format that v reads,
// or 0 where that is not known.
func (v Version) FileFormat() int { return known().formats[v] }

// Lifetime says which versions have an operator.
type Lifetime struct {
	// Since is the first, or zero for an operator that Oldest has, and Until
	// the last, or zero for one that Newest has.
	Since, Until Version
}

// Operator returns the lifetime of an operator such as "aten::add", and whether
// a known version has one of that name. With an argument behind it,
// "aten::stft(align_to_window)", it is that of an argument that came after its
// operator and is given by name only.
func Operator(name string) (Lifetime, bool) {
	l, ok := known().operators[name]
	return l, ok
}

// Has answers for a version; sure is false where v is not Known and the
// lifetime leaves it open.
func (l Lifetime) Has(v Version) (has, sure bool) {
	switch zero := (Version{}); {
	case l.Since != zero && v.Less(l.Since), l.Until != zero && l.Until.Less(v) && v.Known():
		return false, true
	default:
		return true, v.Known()
	}
}

//go:embed operators.txt
var operatorsText string

type table struct {
	versions  []Version
	formats   map[Version]int
	operators map[string]Lifetime
}

var known = sync.OnceValue(func() *table {
	t, err := parse(operatorsText)
	if err != nil {
		panic("pytorch: operators.txt, a part of this program: " + err.Error())
	}
	return t
})

func parse(text string) (*table, error) {
	t := &table{formats: map[Version]int{}, operators: map[string]Lifetime{}}
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		var err error
		switch {
		case len(words) == 0 || words[0] == "#":
		case words[0] == "pytorch" && len(words) == 3:
			err = t.version(words[1], words[2])
		case len(words) <= 2 && len(t.versions) > 0:
			err = t.operator(words)
		default:
			err = fmt.Errorf("what is %q", line)
		}
		if err != nil {
			return nil, err
		}
	}
	if len(t.versions) == 0 {
		return nil, fmt.Errorf("it has no versions")
	}
	return t, nil
}

func (t *table) version(version, format string) error {
	v, err := ParseVersion(version)
	if err != nil {
		return err
	}
	t.versions = append(t.versions, v)
	t.formats[v], err = strconv.Atoi(format)
	return err
}

// operator reads a name, and behind it "2.0-" or "1.13-2.3" unless all have it.
func (t *table) operator(words []string) error {
	var l Lifetime
	if len(words) == 2 {
		since, until, _ := strings.Cut(words[1], "-")
		first, err := ParseVersion(since)
		if err != nil {
			return err
		}
		if first != t.versions[0] {
			l.Since = first
		}
		if until != "" {
			if l.Until, err = ParseVersion(until); err != nil {
				return err
			}
		}
	}
	t.operators[words[0]] = l
	return nil
}
