package archiver

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"go-model-archiver/internal/testtools"
)

// python runs a script with the standard library alone, gives it in as JSON on
// stdin and reads out from its stdout.
func python(t *testing.T, script string, in, out any) {
	t.Helper()
	data, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(testtools.Command(t, "python3"), "-c", "import sys, json, glob, fnmatch\n"+script)
	cmd.Stdin, cmd.Stderr = strings.NewReader(string(data)), os.Stderr
	result, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(result, out); err != nil {
		t.Fatalf("%v in %.200q", err, result)
	}
}

func TestGlobFindsWhatPythonsGlobFinds(t *testing.T) {
	inTree(t, map[string]string{
		"a.txt": "", "b.txt": "", "ab.txt": "", ".hidden.txt": "", "A.TXT": "", "a[1].bin": "", "a1.bin": "", "a]b": "", "!x": "", "-": "",
		`back\slash`: "", "*": "", "?x": "", "[x]": "", "größe.txt": "", "名.txt": "", "new\nline": "", "^c": "",
		"d/x.py": "", "d/y.py": "", "d/.z.py": "", "d/e/x.py": "", "d/e/f/x.py": "", ".h/x.py": "", "g/x.py": "", "g/empty/": "",
		"link": "-> d", "dangling": "-> nowhere", "loop": "-> loop", "file.d/x": "", "[d]/x.py": "", "-x/y": "",
	})
	patterns := []string{
		"*", "*.txt", ".*", ".h*", "?.txt", "??.txt", "[ab].txt", "[!a].txt", "[^a].txt", "[a-b].txt", "[b-a].txt", "[!b-a].txt",
		"a[1].bin", "a[[]1].bin", "a[]]b", "[]]", "[!]]*", "[!!]*", "[]-a]*", "[a-]*", "[-a]", "[--0]", "[a", "a]b", "*]*", "[", "[]", "[!]",
		`back\*`, `\*`, `back[\]slash`, "[*]", "[?]x", "[[]x]", "g*r", "gr[ö]ße.txt", "gr?ße.txt", "?.txt", "[名].txt", "new?line", "new*line",
		"**", "**/*.py", "d/**", "d/**/x.py", "d/*", "d/*/x.py", "*/x.py", "*/*/x.py", "*/", "d/*/", "d/", "d*/", ".*/x.py", "./*.txt", "./d/*.py",
		"d//*.py", "d/./*.py", "*//x.py", "../*/a.txt", "/et[c]/hostname", "/*/hostname", "//etc/hostn*", "link/*", "lin[k]/x.py", "li*", "dang*", "dangling", "loo[p]", "*/.z.py",
		"d/[x]*", "[d]/*", "[[]d]/*", "nothing*", "nothing/*", "a.txt/*", "a.txt*/", "a.tx[t]/", "file.?/x", "-*/y", "[a-z-0]*", "[a--z]*", "[!-]*", "", "   ",
	}
	var want [][]string
	python(t, "json.dump([sorted(glob.glob(p)) for p in json.load(sys.stdin)], sys.stdout)", patterns, &want)
	for i, pattern := range patterns {
		got, err := glob(t.Context(), pattern, 1000)
		if err != nil {
			t.Errorf("%q: %v", pattern, err)
		}
		if diff := cmp.Diff(want[i], append([]string{}, got...)); diff != "" {
			t.Errorf("glob(%q) (-Python +ours):\n%s", pattern, diff)
		}
	}
}

func TestRandomPatternsMatchWhatPythonsFnmatchMatches(t *testing.T) {
	type pair struct{ Name, Pattern string }
	rng := rand.New(rand.NewPCG(3, 4))
	random := func(alphabet string, most int) string {
		letters := []rune(alphabet)
		out := make([]rune, rng.IntN(most+1))
		for i := range out {
			out[i] = letters[rng.IntN(len(letters))]
		}
		return string(out)
	}
	pairs := make([]pair, 40_000)
	for i := range pairs {
		pairs[i] = pair{random(`abc-!]\^[&ö`, 5), random(`abc***??[[[[]]]]!!---\^&|~ö`, 9)}
	}
	var want []bool
	python(t, `
import warnings
warnings.simplefilter("ignore")
json.dump([fnmatch.fnmatchcase(p["Name"], p["Pattern"]) for p in json.load(sys.stdin)], sys.stdout)`, pairs, &want)
	matches := 0
	for i, p := range pairs {
		if got := compileMatch(p.Pattern).match(p.Name); got != want[i] {
			t.Errorf("match(%q, %q) = %v, Python says %v", p.Pattern, p.Name, got, want[i])
		}
		if want[i] {
			matches++
		}
	}
	if matches < 1000 {
		t.Errorf("only %d pairs match: the test says little", matches)
	}
}

func TestStarsDoNotTakeExponentialTime(t *testing.T) {
	if compileMatch(strings.Repeat("*a", 60) + "b").match(strings.Repeat("a", 250)) {
		t.Error("it matches")
	}
}

func TestGlobMatchesNamesThatAreNotUTF8(t *testing.T) {
	inTree(t, map[string]string{"caf\xe9.txt": "", "caf\xe8.txt": ""})
	for pattern, want := range map[string]int{"caf?.txt": 2, "caf??.txt": 0, "caf\xe9.*": 1, "caf[\xe9].txt": 1, "caf[!\xe9].txt": 1} {
		got, err := glob(t.Context(), pattern, 10)
		if err != nil || len(got) != want {
			t.Errorf("%q matches %q, %v; want %d", pattern, got, err, want)
		}
	}
}

func TestGlobIsBounded(t *testing.T) {
	inTree(t, map[string]string{"a": "", "b": "", "c": "", "d/x": ""})
	if _, err := glob(t.Context(), "*/*", 4); !errors.Is(err, errTooManyNames) {
		t.Errorf("error is %v", err)
	}
	if got, err := glob(t.Context(), "*/*", 5); err != nil || len(got) != 1 {
		t.Errorf("%q, %v", got, err)
	}
	ctx, cancel := contextCancelled(t)
	defer cancel()
	if _, err := glob(ctx, "*", 5); err == nil {
		t.Error("a cancelled search found something")
	}
}
