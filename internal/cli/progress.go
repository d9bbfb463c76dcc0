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

// progressDelay spares short work a display.
const progressDelay = time.Second

// progress shows on a terminal how far archiving and load test are; a nil
// *progress shows nothing.
type progress struct {
	display       *mpb.Progress
	archive, test *mpb.Bar
}

// startProgress returns nil where w is no terminal or the user wants none.
func startProgress(w io.Writer, wishes *wishes, plan *archiver.Plan) *progress {
	f, ok := w.(*os.File)
	if !ok || !wishes.progress || wishes.quiet || !term.IsTerminal(int(f.Fd())) {
		return nil
	}
	var total int64
	for _, e := range plan.Entries {
		total += e.Size
	}
	delay := make(chan any)
	time.AfterFunc(progressDelay, func() { close(delay) })
	p := &progress{display: mpb.New(mpb.WithOutput(w), mpb.WithWidth(40), mpb.WithRenderDelay(delay))}
	p.archive = p.display.AddBar(total, mpb.BarRemoveOnComplete(),
		mpb.PrependDecorators(decor.Name("archiving ")),
		mpb.AppendDecorators(
			decor.CountersKibiByte("% .1f of % .1f "), decor.AverageSpeed(decor.SizeB1024(0), "% .1f "),
			decor.AverageETA(decor.ET_STYLE_GO), decor.Name(" left")))
	if !wishes.loadTest.Off && plan.Serialized() != nil {
		p.test = p.display.AddSpinner(1, mpb.BarRemoveOnComplete(),
			mpb.PrependDecorators(decor.Name("load test ")),
			mpb.AppendDecorators(decor.Elapsed(decor.ET_STYLE_GO), decor.Name(" of at most "+wishes.loadTest.Timeout.String())))
	}
	return p
}

// read counts n more bytes of sources as archived.
func (p *progress) read(n int64) {
	if p != nil {
		p.archive.IncrInt64(n)
	}
}

// tested ends the load test's line.
func (p *progress) tested() {
	if p != nil && p.test != nil {
		p.test.Abort(true)
	}
}

// stop takes the display off the terminal.
func (p *progress) stop() {
	if p == nil {
		return
	}
	p.archive.Abort(true)
	p.tested()
	p.display.Wait()
}
