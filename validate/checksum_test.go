package validate

import (
	"archive/zip"
	"context"
	"os"
	"path/filepath"
	"testing"

	"go-model-archiver/internal/testtools"
	"go-model-archiver/validate/rules"
)

func TestFlippedBit(t *testing.T) {
	c := python(serves).modelled("notmodels/flipped.pt").check(t)
	compareFindings(t, c.Findings, nil, nil)
	compareFindings(t, c.VerifyChecksums(context.Background()), []string{rules.ModelChecksum}, []string{"do not match their CRC-32"})
	compareFindings(t, c.VerifyChecksums(context.Background()), nil, nil)
}

func TestChecksumsOfWhatWasCopied(t *testing.T) {
	a := python(serves).modelled("notmodels/flipped.pt")
	c := a.check(t)
	bytes, err := os.ReadFile(testtools.Testdata(a.model))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Checksums().Write(bytes[:1000]); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Checksums().Write(bytes[1000:]); err != nil {
		t.Fatal(err)
	}
	compareFindings(t, c.ChecksumFindings(context.Background()), []string{rules.ModelChecksum}, nil)
}

func TestWholeBits(t *testing.T) {
	c := python(serves).modelled(twoArguments).check(t)
	compareFindings(t, c.VerifyChecksums(context.Background()), nil, nil)
}

func TestVerifyingStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	c := python(serves).modelled("notmodels/flipped.pt").check(t)
	compareFindings(t, c.VerifyChecksums(ctx), nil, nil)
}

func TestDirectoryThatPointsOutside(t *testing.T) {
	// The last fields of a zip are the directory's offset and the comment's size.
	text := zipped(t, "data.pkl", plainNumbers, zip.Store)
	path := filepath.Join(t.TempDir(), "broken.pt")
	if err := os.WriteFile(path, []byte(text[:len(text)-6]+"\xf0\xff\xff\x7f\x00\x00"), 0o644); err != nil {
		t.Fatal(err)
	}
	c, err := NewCheck(python(serves).modelled(twoArguments).subject(t).of(t, path))
	if err != nil {
		t.Fatal(err)
	}
	compareFindings(t, c.Findings, []string{rules.ModelDamaged}, nil)
}
