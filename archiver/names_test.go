package archiver

import (
	"os"
	"strings"
	"testing"
)

func TestNamesThatOtherSystemsCannotUnpackAreNoted(t *testing.T) {
	long := strings.Repeat("long-name/", 20) + "x"
	for name, want := range map[string]string{
		"a:b.txt":       `name-portability: Windows has no names with`,
		`back\slash`:    `name-portability: Windows has no names with`,
		"q?":            `name-portability: Windows has no names with`,
		"tab\there":     `name-portability: Windows has no names with`,
		"sub/dot./x":    `name-portability: Windows cuts off dots and spaces`,
		"space ":        `name-portability: Windows cuts off dots and spaces`,
		"con":           `name-portability: Windows reserves the name`,
		"sub/Aux.h/x":   `name-portability: Windows reserves the name`,
		"com1.tar.gz":   `name-portability: Windows reserves the name`,
		"LPT1":          `name-portability: Windows reserves the name`,
		"nul .txt":      `name-portability: Windows reserves the name`,
		long:            `name-portability: too long for Windows`,
		"mar-inf/x":     `name-portability: names differ only by case: "MAR-INF", "mar-inf"`,
		"com10":         "",
		"console.txt":   "",
		"größe-名.txt":   `name-portability: TorchServe cannot unpack a name beyond ASCII`,
		"...three.dots": "",
	} {
		inTree(t, map[string]string{"ex/" + name: ""})
		p := mustPlan(t, extras("ex"))
		wantNames(t, p, name)
		if want == "" {
			wantNotes(t, p)
		} else {
			wantNotes(t, p, want)
		}
	}
}

func TestNamesThatDifferOnlyByCaseAreNoted(t *testing.T) {
	inTree(t, map[string]string{
		"ex/a/README": "", "ex/a/readme": "", "ex/a/Readme": "", "ex/Vocab.txt": "", "ex/vocab.txt": "", "ex/plain": "",
	})
	wantNotes(t, mustPlan(t, extras("ex")),
		`name-portability: names differ only by case: "Vocab.txt", "vocab.txt", "a/README", "a/Readme", "a/readme"`)

	inTree(t, map[string]string{"ex/mar-inf/manifest.json": ""})
	wantNotes(t, mustPlan(t, extras("ex")),
		`name-portability: names differ only by case: "MAR-INF/MANIFEST.json", "mar-inf/manifest.json", "MAR-INF", "mar-inf"`)

	inTree(t, map[string]string{"ex/Data/x": "", "ex/data": "", "ex/b/c/y": "", "ex/B/z": "", "ex/b/v": ""})
	wantNotes(t, mustPlan(t, extras("ex")),
		`name-portability: names differ only by case: "data", "Data", "B", "b"`)
}

func TestNamesThatDifferOnlyByTheCaseOfAnyAlphabet(t *testing.T) {
	inTree(t, map[string]string{"ex/Ärger": "", "ex/ärger": "", "ex/COM¹": ""})
	wantNotes(t, mustPlan(t, extras("ex")), "name-portability: Windows reserves", "name-portability: beyond ASCII",
		`name-portability: names differ only by case: "Ärger", "ärger"`)
}

func TestManyBadNamesMakeOneNote(t *testing.T) {
	inTree(t, map[string]string{"a:1": "", "a:2": "", "a:3": "", "a:4": "", "a:5": "", "a:6": "", "a:7": ""})
	wantNotes(t, mustPlan(t, extras("*")), `name-portability: "a:1", "a:2", "a:3", "a:4", "a:5" and 2 more`)
}

func TestNamesThatAreNotUTF8AreRefused(t *testing.T) {
	inTree(t, map[string]string{"ex/": ""})
	if err := os.WriteFile("ex/caf\xe9.pt", nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, s := range []Spec{
		extras("ex"), extras("ex/*"), extras("ex/caf\xe9.pt"), packing(func(s *Spec) { s.SerializedFile = "ex/caf\xe9.pt" }),
	} {
		wantInError(t, mustFail(t, s), `"ex/caf\xe9.pt": the name is not valid UTF-8`)
	}
}
