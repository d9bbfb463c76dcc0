package cli

import (
	"io"

	"go-model-archiver/archiver"
	"go-model-archiver/validate"
	"go-model-archiver/validate/rules"
)

// noteRules maps what planning noted to the catalogue, with a hint where there
// is something to do.
var noteRules = map[archiver.NoteKind]struct{ rule, hint string }{
	archiver.NoteDropped:         {rules.EntryDropped, ""},
	archiver.NoteExcluded:        {rules.EntryExcluded, ""},
	archiver.NoteLinks:           {rules.LinksFollowed, ""},
	archiver.NoteNoMatch:         {rules.WildcardNoMatch, "check the pattern"},
	archiver.NoteExportPathMade:  {rules.ExportPathCreated, "check its spelling if it should exist"},
	archiver.NoteOverwrite:       {rules.Overwriting, "leave --force out to keep an archive that exists"},
	archiver.NoteNamePortability: {rules.EntryPortability, "rename the file"},
}

func planFindings(plan *archiver.Plan) []rules.Finding {
	var out []rules.Finding
	for _, n := range plan.Notes {
		kind := noteRules[n.Kind]
		out = append(out, rules.New(kind.rule, n.Path, n.Message, kind.hint))
	}
	return out
}

func planned(plan *archiver.Plan) *validate.Plan {
	p := &validate.Plan{Destination: plan.Destination}
	for _, e := range plan.Entries {
		p.Entries = append(p.Entries, validate.PlannedEntry{Name: e.Name, Source: e.Source, Size: e.Size})
	}
	return p
}

func subject(plan *archiver.Plan) validate.Subject {
	s := validate.Subject{Manifest: plan.Manifest, ReadEntry: plan.ReadEntry, Entries: []validate.Entry{}}
	for _, e := range plan.Entries {
		s.Entries = append(s.Entries, validate.Entry{
			Name: e.Name, Size: e.Size, Open: func() (io.ReadCloser, error) { return e.Open() },
		})
	}
	if e := plan.Serialized(); e != nil {
		s.Model, s.ModelSize, s.ModelPath = e.File(), e.Size, e.Source
	}
	return s
}
