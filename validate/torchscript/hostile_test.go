package torchscript

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strings"
	"sync"
	"testing"
	"time"

	"go-model-archiver/validate/pickle/search"
)

// peak returns how many bytes the collector finds alive at most while f runs
// and the heap is kept near a limit, beyond what it had before. What it has not
// collected yet does not count: on a busy machine it comes late.
func peak(limit int64, f func()) int64 {
	runtime.GC()
	debug.FreeOSMemory()
	heap := func(name string) int64 {
		sample := []metrics.Sample{{Name: name}}
		metrics.Read(sample)
		return int64(sample[0].Value.Uint64())
	}
	total := heap("/memory/classes/total:bytes") - heap("/memory/classes/heap/released:bytes")
	live := func() int64 { return heap("/gc/heap/live:bytes") }
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(total + limit))
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	before, most := live(), int64(0)
	done := make(chan bool)
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(500 * time.Microsecond)
		defer tick.Stop()
		for {
			most = max(most, live())
			select {
			case <-done:
				return
			case <-tick.C:
			}
		}
	})
	f()
	close(done)
	wg.Wait()
	return max(most, before) - before
}

// manyEntries is a zip whose n entries are all the same few bytes, with names
// of a length.
func manyEntries(n, name int) []byte {
	var b bytes.Buffer
	local := make([]byte, localSize)
	copy(local, localSignature)
	b.Write(local)
	b.WriteString("x")
	record := make([]byte, directorySize+name)
	copy(record, directorySignature)
	binary.LittleEndian.PutUint32(record[20:], 1)
	binary.LittleEndian.PutUint32(record[24:], 1)
	binary.LittleEndian.PutUint16(record[28:], uint16(name))
	copy(record[directorySize:], "a/data/"+strings.Repeat("n", name))
	start := b.Len()
	for range n {
		b.Write(record)
	}
	length := b.Len() - start
	end := make([]byte, end64Size+locator64Size+endSize)
	copy(end, end64Signature)
	binary.LittleEndian.PutUint64(end[32:], uint64(n))
	binary.LittleEndian.PutUint64(end[40:], uint64(length))
	binary.LittleEndian.PutUint64(end[48:], uint64(start))
	copy(end[end64Size:], locator64Signature)
	binary.LittleEndian.PutUint64(end[end64Size+8:], uint64(b.Len()))
	copy(end[end64Size+locator64Size:], endSignature)
	b.Write(end)
	return b.Bytes()
}

// torchscriptOf is a TorchScript file with given pickles and code.
func torchscriptOf(t *testing.T, data, constants, code string) []byte {
	return zipOf(t, "a/data.pkl="+data, "a/constants.pkl="+constants, "a/version=3", "a/code/__torch__.py="+code)
}

func TestMemoryOfHostileFiles(t *testing.T) {
	const mb = 1 << 20
	words := func(n int, op string) string {
		var b strings.Builder
		b.WriteString("\x80\x04]\x94(")
		for i := range n {
			fmt.Fprintf(&b, "\x8c\x08%08d%s", i, op)
			if i%1000 == 999 {
				b.WriteString("e(")
			}
		}
		return b.String()
	}
	var classes, lists, methods strings.Builder
	for i := range 200_000 {
		fmt.Fprintf(&classes, "class M%d(Module):\n  __parameters__ = [\"weight\", ]\n", i)
		fmt.Fprintf(&lists, "\"p%d\", ", i)
		fmt.Fprintf(&methods, "  def f%d(self, x: Tensor) -> Tensor:\n", i)
	}
	pickles := map[string]string{
		"words":         words(500_000, "\x94"),
		"strings":       "\x80\x04(" + strings.Repeat("\x8c\x80"+strings.Repeat("x", 128), 100_000),
		"imports":       "\x80\x04" + strings.Repeat("cposix\nsystem\n", 300_000),
		"other imports": "\x80\x04" + strings.Join(strings.Fields(classes.String()), "\nc"),
		"marks":         "\x80\x04" + strings.Repeat("(", mb),
		"lists":         "\x80\x04" + strings.Repeat("]", mb),
		"tuples":        "\x80\x04K\x01" + strings.Repeat("\x85", mb),
		"dicts":         "\x80\x04(" + strings.Repeat("}K\x01K\x01s", mb/4),
		"modules":       nested(100_000),
		"memo numbers":  "\x80\x04N" + strings.Repeat("r\xff\xff\xff\x00", 1000),
	}
	files := map[string][]byte{
		"short entries": manyEntries(500_000, 1),
		"many entries":  manyEntries(maxEntries, 40),
		"long names":    manyEntries(500, 60_000),
		"classes":       torchscriptOf(t, module, emptyTuple, classes.String()),
		"names":         torchscriptOf(t, module, emptyTuple, "class M(Module):\n  __parameters__ = ["+lists.String()+"]\n"),
		"methods":       torchscriptOf(t, module, emptyTuple, "class M(Module):\n"+methods.String()),
		"one line":      torchscriptOf(t, module, emptyTuple, "class M(Module):\n  x : "+strings.Repeat("torch.add(", mb)),
	}
	for name, text := range pickles {
		files["a pickle of "+name] = []byte(text)
		files["data of "+name] = torchscriptOf(t, text, emptyTuple, "")
	}
	files["constants"] = torchscriptOf(t, module, pickles["dicts"], "")
	for name, data := range files {
		path := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		files[name] = nil
		readHostile(t, name, path, int64(len(data)))
	}
}

// The most that may live while a file is identified, checked or scanned, and
// while it is opened. The collector is told half of it.
const (
	mostScanning = 16 << 20
	mostOpening  = 40 << 20
)

func readHostile(t *testing.T, name, path string, size int64) {
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for step, c := range map[string]struct {
		limit int64
		run   func()
	}{
		"Identify": {mostScanning, func() { _, _ = Identify(f, size, "model.pt") }},
		"Checksums": {mostScanning, func() {
			if c, err := NewChecksums(f, size); err == nil {
				_, _ = io.Copy(c, io.NewSectionReader(f, 0, size))
				_, _ = c.Mismatches(context.Background())
			}
		}},
		"Search": {mostScanning, func() { _, _ = search.File(context.Background(), f, size) }},
		"Open":   {mostOpening, func() { _, _ = Open(f, size) }},
	} {
		used := peak(c.limit/2, c.run)
		if t.Logf("%s of %s: %.1f MB", step, name, float64(used)/(1<<20)); used > c.limit {
			t.Errorf("%s of %s takes %d bytes", step, name, used)
		}
	}
}
