package archiver

import (
	"slices"
	"strings"
	"unicode/utf16"
)

// maxPortableName is the longest entry name, in UTF-16 units, that Windows
// unpacks into a folder of some sixty characters: its paths end at 260.
const maxPortableName = 200

// nameRules are what keeps a name from being unpacked elsewhere; each looks at
// one element of the name.
var nameRules = []struct {
	text string
	bad  func(element string) bool
}{
	{`Windows has no names with <>:"|?*\ or control characters`, func(e string) bool {
		return strings.ContainsFunc(e, func(r rune) bool { return r < ' ' || r == 0x7f || strings.ContainsRune(`<>:"|?*\`, r) })
	}},
	{"Windows cuts off dots and spaces at the end of a name", func(e string) bool {
		return strings.HasSuffix(e, ".") || strings.HasSuffix(e, " ")
	}},
	{"Windows reserves the name for a device", reservedName},
	{"TorchServe cannot unpack a name beyond ASCII where its locale is not UTF-8", func(e string) bool {
		return strings.ContainsFunc(e, func(r rune) bool { return r > 0x7f })
	}},
}

// reservedName says whether Windows takes element for a device, whatever
// follows its first dot.
func reservedName(element string) bool {
	stem, _, _ := strings.Cut(element, ".")
	stem = strings.ToUpper(strings.TrimRight(stem, " "))
	if slices.Contains([]string{"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"}, stem) {
		return true
	}
	port, ok := strings.CutPrefix(stem, "COM")
	if !ok {
		port, ok = strings.CutPrefix(stem, "LPT")
	}
	return ok && strings.Contains("0123456789¹²³", port) && len([]rune(port)) == 1
}

// noteNames warns of entry names that cannot be unpacked everywhere, with one
// note for each reason.
func (pl *planner) noteNames() {
	names := make([]string, 0, len(pl.plan.Entries))
	for _, e := range pl.plan.Entries {
		names = append(names, e.Name)
	}
	slices.Sort(names)

	for _, rule := range nameRules {
		pl.noteNamesWhere(names, rule.text, func(name string) bool {
			return slices.ContainsFunc(strings.Split(name, "/"), rule.bad)
		})
	}
	pl.noteNamesWhere(names, "too long for Windows", func(name string) bool {
		return len(utf16.Encode([]rune(name))) > maxPortableName
	})
	pl.noteCase(names)
}

func (pl *planner) noteNamesWhere(names []string, why string, bad func(string) bool) {
	var list []string
	for _, name := range names {
		if bad(name) {
			list = append(list, name)
		}
	}
	if len(list) > 0 {
		pl.note(NoteNamePortability, list[0], "%s: %s", why, some(list))
	}
}

// noteCase warns of names, also of folders, that Windows and macOS take for the
// same.
func (pl *planner) noteCase(names []string) {
	fold := func(name string) string { return strings.ToLower(strings.ToUpper(name)) }
	names = withFolders(names)
	groups := make(map[string][]string, len(names))
	for _, name := range names {
		groups[fold(name)] = append(groups[fold(name)], name)
	}
	var list []string
	for _, name := range names {
		if group := groups[fold(name)]; len(group) > 1 && group[0] == name {
			list = append(list, group...)
		}
	}
	if len(list) > 0 {
		pl.note(NoteNamePortability, list[0], "names differ only by case: %s", some(list))
	}
}

// withFolders adds the folders that names lie in, each once, with a slash at
// its end.
func withFolders(names []string) []string {
	all := slices.Clone(names)
	seen := map[string]bool{}
	for _, name := range names {
		for i, c := range name {
			if folder := name[:i]; c == '/' && !seen[folder] {
				seen[folder] = true
				all = append(all, folder)
			}
		}
	}
	return all
}
