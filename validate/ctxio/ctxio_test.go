package ctxio

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestReadingEndsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	r := NewReader(ctx, strings.NewReader("abcdef"))
	first := make([]byte, 3)
	if _, err := io.ReadFull(r, first); err != nil || string(first) != "abc" {
		t.Fatalf("read %q, %v", first, err)
	}
	cancel()
	if rest, err := io.ReadAll(r); !errors.Is(err, context.Canceled) || len(rest) > 0 {
		t.Errorf("read %q, %v after the context was done", rest, err)
	}
}
