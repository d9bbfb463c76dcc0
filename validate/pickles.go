package validate

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"go-model-archiver/validate/ctxio"
	"go-model-archiver/validate/pickle"
	"go-model-archiver/validate/rules"
)

// The bounds of the search for pickles.
const (
	pickleHead     = 4 << 10  // bytes that tell a pickle
	maxUnmarked    = 1 << 20  // bytes of a file that may be a pickle without a protocol's number
	maxSpooled     = 64 << 20 // bytes of a zip that can only be read from its beginning
	maxInnerFiles  = 20_000   // files of a zip or tar that are looked at
	maxPickleNames = 1_000    // imports that are kept of one file
)

// pickleScan is what the pickles in one file import.
type pickleScan struct {
	ctx                   context.Context
	file                  string
	dangerous, unfamiliar []string
	err                   error
}

// PickleFindings looks through every pickle of the archive, whatever its name:
// in the serialized file and in the other entries. It reads much of them, and
// may run beside the load test and the writer. The error is one of opening an
// entry, or ctx's.
func (c *Check) PickleFindings(ctx context.Context) ([]rules.Finding, error) {
	var strange []pickleScan
	if c.subject.Model != nil {
		f := pickleScan{ctx: ctx, file: c.subject.ModelPath}
		f.scan(io.NewSectionReader(c.subject.Model, 0, c.subject.ModelSize), c.subject.ModelSize)
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
		if err := f.entry(e); err != nil {
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
		rule, message, hint string
		has                 func(pickleScan) string
	}{
		{rules.PickleUnfamiliar, "a pickle in %q imports %s, which this program does not know%s",
			"make sure that the file comes from someone you trust, and that the handler brings these classes along",
			func(f pickleScan) string { return someNames(f.unfamiliar) }},
		{rules.PickleUnread, "a pickle in %q could not be looked through: %s%s", "", func(f pickleScan) string {
			if f.err == nil {
				return ""
			}
			return f.err.Error()
		}},
	} {
		with := slices.DeleteFunc(slices.Clone(files), func(f pickleScan) bool { return kind.has(f) == "" })
		if len(with) == 0 {
			continue
		}
		more := ""
		if len(with) > 1 {
			more = fmt.Sprintf("; so do those in %s", counted(len(with)-1, "other file"))
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

// entry scans an entry of the archive; the error is one of opening it.
func (f *pickleScan) entry(e Entry) error {
	r, err := e.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	if at, ok := r.(io.ReaderAt); ok {
		f.scan(io.NewSectionReader(at, 0, e.Size), e.Size)
		return nil
	}
	f.stream(r, e.Size)
	return nil
}

// scan looks through a file of which any part can be read.
func (f *pickleScan) scan(r *io.SectionReader, size int64) {
	var magic [4]byte
	if _, err := r.ReadAt(magic[:], 0); err == nil && string(magic[:]) == "PK\x03\x04" {
		f.zip(r, size)
		return
	}
	f.stream(r, size)
}

// stream looks through a file that is read from its beginning.
func (f *pickleScan) stream(r io.Reader, size int64) {
	b := bufio.NewReaderSize(ctxio.NewReader(f.ctx, r), pickleHead)
	head, err := b.Peek(int(min(size, pickleHead)))
	if err != nil && !errors.Is(err, io.EOF) {
		f.err = err
		return
	}
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		if size > maxSpooled {
			f.err = fmt.Errorf("it is in a compressed zip of %d bytes", size)
			return
		}
		data, err := io.ReadAll(io.LimitReader(b, size))
		if err != nil {
			f.err = err
			return
		}
		f.zip(bytes.NewReader(data), int64(len(data)))
	case len(head) > 262 && string(head[257:262]) == "ustar":
		f.tar(tar.NewReader(b))
	default:
		f.pickle(b, head, size)
	}
}

func (f *pickleScan) zip(r io.ReaderAt, size int64) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return // no reader of pickles finds anything in it
	}
	for _, inner := range z.File[:min(len(z.File), maxInnerFiles)] {
		content, err := inner.Open()
		if err != nil {
			continue
		}
		f.inner(content, int64(min(inner.UncompressedSize64, 1<<62)))
		content.Close()
	}
}

func (f *pickleScan) tar(t *tar.Reader) {
	for range maxInnerFiles {
		header, err := t.Next()
		if err != nil {
			return
		}
		f.inner(t, header.Size)
	}
}

// inner looks through a file inside of another.
func (f *pickleScan) inner(r io.Reader, size int64) {
	b := bufio.NewReaderSize(ctxio.NewReader(f.ctx, r), pickleHead)
	head, _ := b.Peek(int(min(size, pickleHead)))
	f.pickle(b, head, size)
}

// pickle lists what the pickles that a file consists of import. Those of
// protocols 0 and 1 look like any text, and only short ones are tried.
func (f *pickleScan) pickle(r io.Reader, head []byte, size int64) {
	if !pickle.LooksLike(head, int64(len(head)) == size) && size > maxUnmarked {
		return
	}
	imports, err := pickle.Globals(r)
	if errors.Is(err, pickle.ErrTooLarge) {
		f.err = err
	}
	for _, i := range imports {
		switch name := i.String(); {
		case i.Risk == pickle.Dangerous:
			f.dangerous = addName(f.dangerous, name)
		case i.Risk == pickle.Unfamiliar && !strings.HasPrefix(i.Module, "__torch__"):
			f.unfamiliar = addName(f.unfamiliar, name)
		}
	}
}

func addName(names []string, name string) []string {
	if len(names) < maxPickleNames && !slices.Contains(names, name) {
		names = append(names, name)
	}
	return names
}
