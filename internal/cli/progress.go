package cli

import (
	"io"
	"os"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"

	"go-model-archiver/archiver"
)

// unsizedWidth is how wide a terminal is taken for that does not say.
const unsizedWidth = 80

// progressDelay spares short work a display.
const progressDelay = time.Second

// progress shows on a terminal how far archiving or inflating and the load test
// are; a nil *progress shows nothing.
type progress struct {
	display     *mpb.Progress
	bytes, test *mpb.Bar
}

// newProgress returns an empty display, or nil where w is no terminal or none is
// wanted.
func newProgress(w io.Writer, wanted bool) *progress {
	if !wanted || !isTerminal(w) {
		return nil
	}
	return &progress{display: newDisplay(w)}
}

// archiving adds a bar for the sources of a plan.
func (p *progress) archiving(plan *archiver.Plan) {
	if p == nil {
		return
	}
	var total int64
	for _, e := range plan.Entries {
		total += e.Size
	}
	p.bytes = addBytes(p.display, "archiving ", total)
}

// testing adds a line for a load test whose stages may take so long.
func (p *progress) testing(timeout time.Duration) {
	if p != nil {
		p.test = p.display.AddSpinner(1, mpb.BarRemoveOnComplete(),
			mpb.PrependDecorators(decor.Name("load test ")),
			mpb.AppendDecorators(decor.Elapsed(decor.ET_STYLE_GO), decor.Name(" of at most "+timeout.String())))
	}
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// newDisplay is an empty display, which shows once the delay is over.
func newDisplay(w io.Writer) *mpb.Progress {
	delay := make(chan any)
	time.AfterFunc(progressDelay, func() { close(delay) })
	options := []mpb.ContainerOption{mpb.WithOutput(w), mpb.WithWidth(40), mpb.WithRenderDelay(delay)}
	if f, ok := w.(*os.File); ok {
		// Some terminals, such as those of CI services, say that they have no size.
		if width, height, err := term.GetSize(int(f.Fd())); err == nil && (width == 0 || height == 0) {
			options = append(options, mpb.WithOutput(struct{ io.Writer }{w}), mpb.WithWidth(unsizedWidth), mpb.ForceTTY(), mpb.WithAutoRefresh())
		}
	}
	return mpb.New(options...)
}

// addBytes adds a bar for work on so many bytes. It stays when they are done: the
// disk, a checksum or the load test may take longer.
func addBytes(display *mpb.Progress, name string, total int64) *mpb.Bar {
	phase := func(s decor.Statistics) string {
		if s.Current >= s.Total {
			return "finishing "
		}
		return name
	}
	bar := display.AddBar(0, // with a total of its own it would end at the last byte
		mpb.PrependDecorators(decor.Any(phase)),
		mpb.AppendDecorators(
			decor.CountersKibiByte("% .1f of % .1f "), decor.AverageSpeed(decor.SizeB1024(0), "% .1f "),
			decor.AverageETA(decor.ET_STYLE_GO), decor.Name(" left")))
	bar.SetTotal(total, false)
	return bar
}

// inflated says how many bytes of all are inflated; the first call adds a bar.
func (p *progress) inflated(done, total int64) {
	if p == nil {
		return
	}
	if p.bytes == nil {
		p.bytes = addBytes(p.display, "inflating ", total)
	}
	p.bytes.SetTotal(total, false)
	p.bytes.SetCurrent(done)
}

// read counts n more bytes of sources as archived.
func (p *progress) read(n int64) {
	if p != nil {
		p.bytes.IncrInt64(n)
	}
}

// tested ends the load test's line.
func (p *progress) tested() {
	if p != nil && p.test != nil {
		p.test.Abort(true)
	}
}

// stop takes the display off the terminal; to do so again does nothing.
func (p *progress) stop() {
	if p == nil {
		return
	}
	if p.bytes != nil {
		p.bytes.Abort(true)
	}
	p.tested()
	p.display.Wait()
}
