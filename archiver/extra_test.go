package archiver

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
)

func extras(list string) Spec { return packing(func(s *Spec) { s.ExtraFiles = list }) }

func TestExtraFilesIsACommaList(t *testing.T) {
	inTree(t, map[string]string{"a.txt": "", "b.txt": "", " c.txt": "", "d e.txt": ""})
	for _, list := range []string{"a.txt,b.txt", "a.txt, b.txt", " a.txt ,\tb.txt ", "a.txt,,b.txt,", ",,a.txt, ,b.txt", "b.txt,a.txt,./b.txt"} {
		p := mustPlan(t, extras(list))
		wantNames(t, p, "a.txt", "b.txt")
		wantNotes(t, p)
	}
	wantNames(t, mustPlan(t, extras("")))
	wantNames(t, mustPlan(t, extras(" , ")))
	wantNames(t, mustPlan(t, extras("a.txt, c.txt,d e.txt")), " c.txt", "a.txt", "d e.txt")
}

func TestWildcards(t *testing.T) {
	inTree(t, map[string]string{
		"v/a.txt": "", "v/b.txt": "", "v/.hidden": "", "v/sub/c.txt": "", "v/sub/deep/d.txt": "",
		"w[1].bin": "literal", "w1.bin": "matched", "star*.txt": "",
	})
	for _, c := range []struct {
		list string
		want []string
	}{
		{"v/*.txt", []string{"a.txt", "b.txt"}},
		{"v/*", []string{"a.txt", "b.txt", "c.txt", "deep/d.txt"}},
		{"v/.*", []string{".hidden"}},
		{"v/[!a].txt", []string{"b.txt"}},
		{"v/**/c.txt", []string{"c.txt"}},
		{"w[1].bin", []string{"w[1].bin"}},
		{"w[1]?bin", []string{"w1.bin"}},
		{"star*.txt", []string{"star*.txt"}},
		{" v/?.txt ", []string{"a.txt", "b.txt"}},
	} {
		p := mustPlan(t, extras(c.list))
		wantNames(t, p, c.want...)
	}
	wantNotes(t, mustPlan(t, extras("v/*.none,w?.none")),
		`no-match: the wildcard "v/*.none" matches nothing`, `no-match: the wildcard "w?.none" matches nothing`)
	wantInError(t, mustFail(t, extras("w[2.bin")), `the extra file "w[2.bin" does not exist`)
	wantInError(t, mustFail(t, extras(`v/\*.txt,nothing`)), `the extra file "nothing" does not exist`)
}

func TestAFolderContributesItsContents(t *testing.T) {
	inTree(t, map[string]string{
		"ex/a.txt": "a", "ex/.env": "hidden file", "ex/sub/b.txt": "b", "ex/sub/more/c.txt": "c",
		"ex/.git/config": "", "ex/sub/__pycache__/x.pyc": "", "ex/sub/__MACOSX/y": "", "ex/sub/.ipynb/z": "",
		"ex/empty/emptier/": "", "ex/sub/void/": "", "other/sub/b.txt": "b", "other/sub/d.txt": "d",
	})
	p := mustPlan(t, extras("ex/,other"))
	wantNames(t, p, ".env", "a.txt", "sub/b.txt", "sub/d.txt", "sub/more/c.txt")
	wantNotes(t, p,
		`dropped: hidden and cache folders in "ex/" are left out: ".git", "sub/.ipynb", "sub/__MACOSX", "sub/__pycache__"`,
		`dropped: empty folders in "ex/" are left out: "empty", "sub/void"`)
}

func TestAHiddenFolderThatIsNamedContributesToo(t *testing.T) {
	inTree(t, map[string]string{".hidden/a.txt": "", "__pycache__/b.pyc": "", "src/__pycache__/c.pyc": ""})
	p := mustPlan(t, extras(".hidden,__pycache__,src/*"))
	wantNames(t, p, "a.txt", "b.pyc", "c.pyc")
}

func TestAnEmptyFolderIsNoted(t *testing.T) {
	inTree(t, map[string]string{"ex/deep/deeper/": ""})
	p := mustPlan(t, extras("ex"))
	wantNames(t, p)
	wantNotes(t, p, `dropped: the folder "ex" is empty`)
}

func TestNotesOfAFolderStayShort(t *testing.T) {
	inTree(t, map[string]string{"ex/a": "a", "target": "x"})
	for i := range 40 {
		if err := os.MkdirAll(fmt.Sprintf("ex/%02d/.git/refs", i), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink("../target", fmt.Sprintf("ex/link%02d", i)); err != nil {
			t.Fatal(err)
		}
	}
	p := mustPlan(t, extras("ex"))
	wantNotes(t, p, `dropped: "00/.git", "01/.git", "02/.git", "03/.git", "04/.git" and 35 more`,
		`links: links in "ex" are followed: "link00", "link01", "link02", "link03", "link04" and 35 more`)
}

func TestTheSameBytesForOneNameAreAllowed(t *testing.T) {
	big := strings.Repeat("x", 300<<10)
	inTree(t, map[string]string{
		"a/x.txt": "same", "b/x.txt": "same", "a/big": big, "b/big": big, "a/none": "", "b/none": "",
		"m/model.pt": "weights", "m/h.py": "code",
	})
	wantNames(t, mustPlan(t, extras("a,b,a/x.txt")), "big", "none", "x.txt")

	p := mustPlan(t, packing(func(s *Spec) { s.SerializedFile, s.Handler, s.ExtraFiles = "m/model.pt", "m/h.py", "m" }))
	wantNames(t, p, "h.py", "model.pt")
	if p.Serialized() == nil || p.Serialized().File() == nil || p.Handler.Role != RoleHandler {
		t.Error("a file that was given twice lost its role")
	}
}

func TestDifferentBytesForOneNameAreRefused(t *testing.T) {
	big := strings.Repeat("x", 300<<10)
	inTree(t, map[string]string{
		"a/x.txt": "one", "b/x.txt": "two", "a/y.txt": "short", "b/y.txt": "longer", "a/big": big + "1", "b/big": big + "2",
	})
	err := mustFail(t, extras("a,b"))
	if !errors.Is(err, ErrNameClash) {
		t.Errorf("%v is not ErrNameClash", err)
	}
	wantInError(t, err,
		`"a/x.txt" and "b/x.txt" differ and both become the entry "x.txt"`,
		`"a/y.txt" and "b/y.txt" differ and both become the entry "y.txt"`,
		`"a/big" and "b/big" differ and both become the entry "big"`)
}

func TestTheFilesOfFlagsClashToo(t *testing.T) {
	inTree(t, map[string]string{"a/model.py": "one", "b/model.py": "two", "MAR-INF": "a file"})
	err := mustFail(t, packing(func(s *Spec) { s.Handler, s.ModelFile = "a/model", "b/model.py" }))
	wantInError(t, err, `"a/model.py" and "b/model.py" differ`)
	err = mustFail(t, packing(func(s *Spec) { s.SerializedFile = "MAR-INF" }))
	wantInError(t, err, `"MAR-INF" becomes the entry "MAR-INF", where the manifest needs a folder of that name`)
}

func TestANameCannotBeAFileAndAFolder(t *testing.T) {
	inTree(t, map[string]string{"a/x": "file", "b/x/one": "1", "b/x/two": "2", "b/x/deep/three": "3"})
	for _, list := range []string{"a,b", "b,a"} {
		err := mustFail(t, extras(list))
		if !errors.Is(err, ErrNameClash) {
			t.Errorf("%v is not ErrNameClash", err)
		}
		wantInError(t, err, `"a/x" becomes the entry "x", where "b/x/`, "needs a folder of that name")
		if strings.Contains(err.Error(), "\n") {
			t.Errorf("one clash, told more than once: %v", err)
		}
	}
}

func TestTheOldManifestIsLeftOut(t *testing.T) {
	inTree(t, map[string]string{"old/MAR-INF/MANIFEST.json": "{}", "old/MAR-INF/notes.txt": "", "old/a.txt": ""})
	p := mustPlan(t, extras("old"))
	wantNames(t, p, "MAR-INF/notes.txt", "a.txt")
	wantNotes(t, p, `dropped: "old/MAR-INF/MANIFEST.json" is left out`)
}

func TestLinksToFilesAreFollowedWhereverTheyPoint(t *testing.T) {
	inTree(t, map[string]string{
		"hub/blobs/aaaa": "{}", "hub/blobs/bbbb": "weights",
		"hub/snapshots/1/config.json": "-> ../../blobs/aaaa", "hub/snapshots/1/sub/w.bin": "-> ../../../blobs/bbbb",
		"hub/snapshots/1/chain": "-> config.json",
		"snapshot":              "-> hub/snapshots/1",
	})
	for _, folder := range []string{"hub/snapshots/1", "snapshot"} {
		p := mustPlan(t, extras(folder))
		wantNames(t, p, "chain", "config.json", "sub/w.bin")
		wantNotes(t, p, `links: links in "`+folder+`" are followed: "chain", "config.json", "sub/w.bin"`)
		if e := p.Entry("sub/w.bin"); e.Size != 7 {
			t.Errorf("%s is %d bytes", e.Name, e.Size)
		}
	}
	p := mustPlan(t, packing(func(s *Spec) { s.SerializedFile = "hub/snapshots/1/sub/w.bin" }))
	wantNames(t, p, "w.bin")
	wantNotes(t, p)
}

func TestLinksToFolders(t *testing.T) {
	inTree(t, map[string]string{
		"in/real/a.txt": "", "in/copy": "-> real", "in/deep/x/copy": "-> ../../real",
		"out/b.txt": "", "out/elsewhere": "-> ../in", "out/absolute": "-> /usr",
		"loop/up": "-> .", "loop/sub/up": "-> ../../loop", "loop/a": "-> b/c", "loop/b/c": "-> ..",
		"cache/.git": "-> /usr", "cache/a.txt": "",
	})
	p := mustPlan(t, extras("in"))
	wantNames(t, p, "copy/a.txt", "deep/x/copy/a.txt", "real/a.txt")
	wantNotes(t, p, `links: "copy", "deep/x/copy"`)

	wantInError(t, mustFail(t, extras("out")), `"out/elsewhere" is a link to the folder`, `which is outside "out"`,
		`"out/absolute" is a link to the folder "/usr"`)
	wantNames(t, mustPlan(t, packing(func(s *Spec) { s.ExtraFiles, s.Exclude = "out", []string{"absolute", "else*"} })), "b.txt")
	wantInError(t, mustFail(t, extras("loop")), `"loop/up" in an extra folder is a link to a folder that it is in`,
		`"loop/sub/up" in an extra folder is a link`, `"loop/a"`, `"loop/b/c"`)
	wantNames(t, mustPlan(t, extras("cache")), "a.txt")
}

func TestLinksToFoldersAreFoundInsideWhenTheWorkingFolderIsALink(t *testing.T) {
	inTree(t, map[string]string{"real/ex/sub/a.txt": "", "link": "-> real"})
	cwd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(cwd+"/real/ex/sub", "real/ex/copy"); err != nil {
		t.Fatal(err)
	}
	t.Chdir("link")
	t.Setenv("PWD", cwd+"/link")
	wantNames(t, mustPlan(t, extras("ex")), "copy/a.txt", "sub/a.txt")
}

// TestFoldersOfLinksDoNotMultiplyWithoutBound has 2 to the 24th paths through
// folders that hold nothing but two links to the next one.
func TestFoldersOfLinksDoNotMultiplyWithoutBound(t *testing.T) {
	inTree(t, map[string]string{"ex/24/": ""})
	for i := range 24 {
		dir := fmt.Sprintf("ex/%02d", i)
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"/a", "/b"} {
			if err := os.Symlink(fmt.Sprintf("../%02d", i+1), dir+name); err != nil {
				t.Fatal(err)
			}
		}
	}
	pl := newPlanner(t.Context(), extras("ex"))
	pl.limit = 10_000
	wantInError(t, pl.addSources(), "the extra files are more than 10000 files and folders")
}

func TestTooManyFilesAreRefused(t *testing.T) {
	inTree(t, map[string]string{"ex/a": "a", "ex/b": "b", "ex/c": "c", "ex/d": "d"})
	for _, list := range []string{"ex", "ex/*", "ex/a,ex/a,ex/a,ex/a"} {
		pl := newPlanner(t.Context(), extras(list))
		pl.limit = 3
		wantInError(t, pl.addSources(), "the extra files are more than 3 files and folders: name the files")
	}
}

func TestFoldersThatLieTooDeepAreRefused(t *testing.T) {
	inTree(t, map[string]string{"ex/" + strings.Repeat("d/", maxDepth-1) + "a.txt": ""})
	mustPlan(t, extras("ex"))
	inTree(t, map[string]string{"ex/" + strings.Repeat("d/", maxDepth) + "a.txt": ""})
	wantInError(t, mustFail(t, extras("ex")), `the folders in "ex" lie more than 200 deep`)
}

func TestAnArchiveDoesNotHoldItself(t *testing.T) {
	inTree(t, map[string]string{"a.txt": "a", "m.mar": "the old one", "sub/m.mar": "another"})
	for _, list := range []string{".", "./*,sub/.."} {
		p := mustPlan(t, packing(func(s *Spec) { s.ExtraFiles, s.Force, s.Exclude = list, true, []string{"sub"} }))
		wantNames(t, p, "a.txt")
	}
	p := mustPlan(t, packing(func(s *Spec) { s.ExtraFiles, s.Force = ".", true }))
	wantNames(t, p, "a.txt", "sub/m.mar")
	wantNotes(t, p, "overwrite: ", `dropped: "m.mar" is left out: it is the archive to be written`)

	for _, change := range []func(*Spec){
		func(s *Spec) { s.ExtraFiles = "m.mar" },
		func(s *Spec) { s.SerializedFile = "./m.mar" },
	} {
		err := mustFail(t, packing(func(s *Spec) { s.Force = true; change(s) }))
		wantInError(t, err, "is the archive to be written")
	}
}

func TestTheArchiveOfARunThatWasFasterIsNotPacked(t *testing.T) {
	inTree(t, map[string]string{"a.txt": "a"})
	pl := newPlanner(t.Context(), extras("."))
	pl.checkDestination()
	if err := os.WriteFile("m.mar", []byte("theirs"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := pl.addSources(); err != nil {
		t.Fatal(err)
	}
	pl.finish()
	wantNames(t, pl.plan, "a.txt")
}

func TestTemporaryFilesOfRunsAreNotPacked(t *testing.T) {
	inTree(t, map[string]string{
		".m.mar.0123456789abcdef.tmp": "", ".other.tar.gz.0123456789abcdef.tmp": "", ".m.0123456789abcdef.tmp/a.txt": "",
		".m.mar.mine.tmp": "", "m.mar.0123456789abcdef.tmp": "", ".0123456789abcdef.tmp": "", ".tmp": "",
	})
	for _, list := range []string{".", "*,.*tmp"} {
		p := mustPlan(t, extras(list))
		wantNames(t, p, ".0123456789abcdef.tmp", ".m.mar.mine.tmp", ".tmp", "m.mar.0123456789abcdef.tmp")
		wantNotes(t, p, "dropped: temporary file", "dropped: temporary file", "dropped: temporary file")
	}
	name := tempName("store/m.tar.gz")
	if !isTemp(name[len("store/"):]) {
		t.Errorf("%q is not known for a temporary name", name)
	}
}

func TestAFolderThatIsWrittenIsNotInItself(t *testing.T) {
	inTree(t, map[string]string{
		"a.txt": "new", "m/a.txt": "old", "m/weights.bin": "unpacked there", "m/MAR-INF/MANIFEST.json": "{}",
	})
	folder := func(list string) Spec {
		return packing(func(s *Spec) { s.Format, s.Force, s.ExtraFiles = NoArchive, true, list })
	}
	for _, list := range []string{".", "./*"} {
		p := mustPlan(t, folder(list))
		wantNames(t, p, "a.txt")
		wantNotes(t, p, "overwrite: ", "dropped: is left out: it is the archive to be written")
	}
	wantNames(t, mustPlan(t, folder("m")), "a.txt", "weights.bin")
	wantNames(t, mustPlan(t, folder("m/weights.bin")), "weights.bin")
}
