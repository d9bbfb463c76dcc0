package validate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"go-model-archiver/validate/pickle"
	"go-model-archiver/validate/pickle/search"
	"go-model-archiver/validate/rules"
)

// pickleScan is what the pickles in one file import.
type pickleScan struct {
	ctx                   context.Context
	file                  string
	dangerous, unfamiliar []string
	unread                []string // what could not be searched
}

// PickleFindings looks through every pickle of the archive, whatever its name:
// in the serialized file and in the other entries. It reads much of them, and
// may run beside the load test and the writer. The error is one of opening an
// entry, or ctx's.
func (c *Check) PickleFindings(ctx context.Context) ([]rules.Finding, error) {
	var strange []pickleScan
	if c.subject.Model != nil {
		f := pickleScan{ctx: ctx, file: c.subject.ModelPath}
		f.note(search.File(ctx, c.subject.model(), c.subject.ModelSize))
		if c.identity.Loadable {
			f.unfamiliar = nil // libtorch makes nothing of classes but TorchScript's own
		}
		strange = append(strange, f)
	}
	for _, e := range c.subject.Entries {
		if e.Name == c.subject.Manifest.Model.SerializedFile || e.Size == 0 {
			continue
		}
		f := pickleScan{ctx: ctx, file: e.Name}
		switch err := f.entry(e); {
		case errors.Is(err, ErrDamaged):
			continue
		case err != nil:
			return nil, fmt.Errorf("read %q: %w", e.Name, err)
		}
		strange = append(strange, f)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return judgePickles(strange), nil
}

func judgePickles(files []pickleScan) []rules.Finding {
	var found []rules.Finding
	for _, f := range files {
		if len(f.dangerous) > 0 {
			found = append(found, rules.New(rules.PickleDangerous, f.file,
				fmt.Sprintf("a pickle in %q imports %s, which may run when the pickle is loaded", f.file, someNames(f.dangerous)),
				"don't load it; get the file again from someone you trust, or save it in a format without code"))
		}
	}
	for _, kind := range []struct {
		rule, message, more, hint string
		has                       func(pickleScan) string
	}{
		{rules.PickleUnfamiliar, "a pickle in %q imports %s, which this program does not know%s", "; so do those in %s",
			"make sure that the file comes from someone you trust, and that the handler brings these classes along",
			func(f pickleScan) string { return someNames(f.unfamiliar) }},
		{rules.PickleUnread, "%q could not be searched for pickles: %s%s", "; neither could %s",
			"make sure that it comes from someone you trust",
			func(f pickleScan) string { return someNames(f.unread) }},
	} {
		with := slices.DeleteFunc(slices.Clone(files), func(f pickleScan) bool { return kind.has(f) == "" })
		if len(with) == 0 {
			continue
		}
		more := ""
		if len(with) > 1 {
			more = fmt.Sprintf(kind.more, counted(len(with)-1, "other file"))
		}
		found = append(found, rules.New(kind.rule, with[0].file, fmt.Sprintf(kind.message, with[0].file, kind.has(with[0]), more), kind.hint))
	}
	return found
}

func someNames(names []string) string {
	if len(names) <= maxNamed {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:maxNamed], ", "), len(names)-maxNamed)
}

// entry searches an entry of the archive; the error is one of opening it.
func (f *pickleScan) entry(e Entry) error {
	r, err := e.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	if at, ok := r.(io.ReaderAt); ok {
		f.note(search.File(f.ctx, at, e.Size))
	} else {
		f.note(search.Stream(f.ctx, r, e.Size))
	}
	return nil
}

// note sorts what was found. TorchScript's own classes are nothing that Python
// imports.
func (f *pickleScan) note(found search.Result, err error) {
	f.unread = found.Unread
	if err != nil {
		f.unread = append(f.unread, err.Error())
	}
	for _, i := range found.Imports {
		switch {
		case i.Risk == pickle.Dangerous:
			f.dangerous = append(f.dangerous, i.String())
		case !strings.HasPrefix(i.Module, "__torch__"):
			f.unfamiliar = append(f.unfamiliar, i.String())
		}
	}
}
