package container

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"go-model-archiver/validate/rules"
)

// unpacked is what the server's unpacking makes of an archive's names.
type unpacked struct {
	spots []spot
	// climbing are names that go up on their way, without leaving the model's
	// folder.
	climbing []string
}

// spot is where an entry comes to lie in the model's folder.
type spot struct {
	name   string
	folder bool
}

// place is where the server unpacks a name to, below the model's folder. One
// that climbs out of it, which the server refuses, is a finding.
func (c *Container) place(name string, folder bool) (string, bool) {
	inside := path.Clean(strings.TrimLeft(name, "/"))
	switch {
	case inside == ".." || strings.HasPrefix(inside, "../"):
		c.addEntry(rules.ArchiveEntryOutside, fmt.Sprintf("%q in %q stands outside the model's folder", name, c.Path), "write the archive again")
		return "", false
	case inside == "." && !folder:
		c.addClash(name, "is a file in the place of the model's folder itself")
		return "", false
	case inside == ".":
		return inside, true
	}
	c.unpacked.spots = append(c.unpacked.spots, spot{inside, folder})
	if strings.Contains(name, "/../") {
		c.unpacked.climbing = append(c.unpacked.climbing, name)
	}
	return inside, true
}

// checkAbsolute tells of a name that starts at the root of the file system:
// the server puts it into the model's folder all the same.
func (c *Container) checkAbsolute(name string) {
	if strings.HasPrefix(name, "/") {
		c.addEntry(rules.ArchiveEntryAbsolute, fmt.Sprintf("%q in %q is an absolute name; TorchServe puts it into the model's folder, and other programs may not", name, c.Path),
			"write the archive again with relative names")
	}
}

func (c *Container) addClash(name, why string) {
	c.addEntry(rules.ArchiveEntryClash, fmt.Sprintf("%q in %q %s, so TorchServe can't unpack it", name, c.Path, why), "write the archive again")
}

// checkUnpacking finds what the server can't unpack: a file where a folder is,
// and a name that goes through a folder which is not there.
func (c *Container) checkUnpacking() {
	spots := c.unpacked.spots
	slices.SortFunc(spots, func(a, b spot) int { return byFolder(a.name, b.name) })
	for i := 1; i < len(spots); i++ {
		s, next := spots[i-1], spots[i]
		if s.name == next.name && s.folder != next.folder || !s.folder && strings.HasPrefix(next.name, s.name+"/") {
			c.addClash(s.name, "is a file and a folder")
		}
	}
	for _, name := range c.unpacked.climbing {
		before, _, _ := strings.Cut(name, "/../")
		before = path.Clean(strings.TrimLeft(before, "/"))
		if before != "." && !isFolder(spots, before) {
			c.addClash(name, fmt.Sprintf("goes through %q, which is no folder of it", before))
		}
	}
}

// isFolder says that a folder is made of the sorted spots.
func isFolder(spots []spot, name string) bool {
	i, _ := slices.BinarySearchFunc(spots, name, func(s spot, name string) int { return byFolder(s.name, name) })
	return i < len(spots) && (spots[i] == spot{name, true} || strings.HasPrefix(spots[i].name, name+"/"))
}

// byFolder compares names so that what is in a folder comes right behind it.
func byFolder(a, b string) int {
	for i := range min(len(a), len(b)) {
		switch {
		case a[i] == b[i]:
		case a[i] == '/':
			return -1
		case b[i] == '/':
			return 1
		default:
			return cmp.Compare(a[i], b[i])
		}
	}
	return cmp.Compare(len(a), len(b))
}
