package cli

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"go-model-archiver/internal/report"
	"go-model-archiver/validate/loadtest"
)

// write prints what was found, for people.
func (d *diagnosis) write(w io.Writer) error {
	var b strings.Builder
	for _, worker := range d.Workers {
		worker.write(&b)
		b.WriteByte('\n')
	}
	row(&b, "kernel", d.Landlock.String())
	row(&b, "default", d.chosen())
	_, err := io.WriteString(w, b.String())
	return err
}

func row(b *strings.Builder, label, text string) {
	fmt.Fprintf(b, "%-9s %s\n", label, report.Printable(text))
}

func (w *foundWorker) write(b *strings.Builder) {
	row(b, "worker", w.Path)
	for _, path := range w.Also {
		row(b, "", path)
	}
	if w.Libtorch != "" {
		row(b, "libtorch", w.Libtorch)
	}
	if d := w.Description; d != nil {
		row(b, "c++ abi", d.ABI)
		row(b, "blas", d.BLAS)
		row(b, "speed", fmt.Sprintf("%.1f GFLOPS (float32 matrix product, one thread)", d.GFLOPS))
		row(b, "devices", strings.Join(d.Devices, ", "))
	}
	if w.Problem == "" {
		row(b, "self-test", fmt.Sprintf("passed, %.3f s with starting libtorch", w.Seconds))
	} else {
		row(b, "problem", w.Problem)
		row(b, "hint", w.Hint)
	}
	for _, name := range w.Misnamed {
		row(b, "misnamed", fmt.Sprintf("%s says %s, and its libtorch is %s", filepath.Base(name), loadtest.VersionOfName(name), w.Libtorch))
		row(b, "hint", `remove it, and build the worker of that version with "make worker LIBTORCH=…"`)
	}
	if w.Advice != "" {
		row(b, "slow", w.Advice)
		row(b, "hint", w.Remedy)
	}
}

func (d *diagnosis) chosen() string {
	switch {
	case d.Problem != "":
		return "none: " + d.Problem
	case !d.Usable:
		return d.Workers[0].Path + ", which does not work"
	}
	return fmt.Sprintf("%s (libtorch %s)", d.Workers[0].Path, d.Workers[0].Libtorch)
}

// String says what the kernel keeps a model from.
func (l landlockSupport) String() string {
	if !l.Files {
		return "no Landlock: a hostile model in a worker can write what you can write"
	}
	kept := []string{"write files"}
	if l.Network {
		kept = append(kept, "open TCP connections")
	}
	if l.Signals {
		kept = append(kept, "signal other processes")
	}
	text := fmt.Sprintf("Landlock %d: no model can %s", l.ABI, strings.Join(kept, " or "))
	if !l.Network {
		text += "; TCP connections need Landlock 4, Linux 6.7"
	}
	return text
}
