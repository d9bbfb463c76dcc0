package archiver

import "testing"

func TestExcludedEntriesAreLeftOut(t *testing.T) {
	inTree(t, map[string]string{
		"ex/model.bin": "", "ex/model.safetensors": "", "ex/optimizer.pt": "", "ex/sub/optimizer.pt": "", "ex/sub/keep.txt": "",
		"ex/checkpoint-5/w": "", "ex/sub/logs/x": "", "ck/checkpoint-6/w": "",
	})
	for _, c := range []struct {
		exclude []string
		want    []string
		notes   []string
	}{
		{[]string{"optimizer.pt", "*.bin", "checkpoint-*", "logs"}, []string{"model.safetensors", "sub/keep.txt"}, []string{
			`excluded: excluded by "optimizer.pt": "optimizer.pt", "sub/optimizer.pt"`, `excluded: "model.bin"`, `excluded: "checkpoint-5", "checkpoint-6"`,
			`excluded: "sub/logs"`}},
		{[]string{"sub/*", "*/w", "model.*"}, []string{"optimizer.pt"}, []string{
			`excluded: "sub/keep.txt", "sub/logs", "sub/optimizer.pt"`, `excluded: "checkpoint-5/w"`, `excluded: "model.bin", "model.safetensors"`}},
		{[]string{"sub", "model.*", "checkpoint-?", "*.nothing"}, []string{"optimizer.pt"}, []string{
			`excluded: "sub"`, "excluded: ", "excluded: ", `no-match: the exclude pattern "*.nothing" matches nothing`}},
	} {
		list := "ex"
		if c.exclude[0] == "optimizer.pt" {
			list = "ex,ck/*"
		}
		p := mustPlan(t, packing(func(s *Spec) { s.ExtraFiles, s.Exclude = list, c.exclude }))
		wantNames(t, p, c.want...)
		wantNotes(t, p, c.notes...)
	}
}

func TestAFileOfAFlagCannotBeExcluded(t *testing.T) {
	inTree(t, map[string]string{"w/m.pt": "", "h.py": "", "extra.pt": ""})
	err := mustFail(t, packing(func(s *Spec) {
		s.SerializedFile, s.Handler, s.ExtraFiles, s.Exclude = "w/m.pt", "h:run", "extra.pt", []string{"*.pt", "h.*"}
	}))
	wantInError(t, err, `the serialized file "w/m.pt" is excluded by "*.pt"`, `the handler "h.py" is excluded by "h.*"`)
}

func TestAnExcludedNameClashesWithNothing(t *testing.T) {
	inTree(t, map[string]string{"a/x.txt": "one", "b/x.txt": "two", "b/y.txt": ""})
	p := mustPlan(t, packing(func(s *Spec) { s.ExtraFiles, s.Exclude = "a,b", []string{"x.txt"} }))
	wantNames(t, p, "y.txt")
}
