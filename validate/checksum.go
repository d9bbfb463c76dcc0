package validate

import (
	"context"
	"fmt"
	"io"
	"strings"

	"go-model-archiver/validate/ctxio"
	"go-model-archiver/validate/rules"
	"go-model-archiver/validate/torchscript"
)

// maxNamed bounds how many damaged entries a finding names.
const maxNamed = 3

func (c *Check) startChecksums() {
	sums, err := torchscript.NewChecksums(c.subject.model(), c.subject.ModelSize)
	if err != nil {
		c.Findings = append(c.Findings, c.unverifiable(err))
		return
	}
	c.checksums = sums
}

// Checksums is given the serialized file's bytes in order by whoever reads
// them anyway, and ChecksumFindings then tells what it saw. It is nil when
// there is nothing to verify.
func (c *Check) Checksums() io.Writer {
	if c.checksums == nil {
		return nil
	}
	return c.checksums
}

// ChecksumFindings compares the bytes that Checksums was given with the
// checksums inside the file. It must have been given all of them.
func (c *Check) ChecksumFindings(ctx context.Context) []rules.Finding {
	if c.checksums == nil || c.verified {
		return nil
	}
	c.verified = true
	names, err := c.checksums.Mismatches(ctx)
	switch {
	case ctx.Err() != nil:
		return nil
	case err != nil:
		return []rules.Finding{c.unverifiable(err)}
	case len(names) == 0:
		return nil
	}
	path := c.subject.ModelPath
	return []rules.Finding{rules.New(rules.ModelChecksum, path,
		fmt.Sprintf("%q is damaged: the bytes of %s do not match their CRC-32", path, quoted(names)),
		"save, copy or download the model again; libtorch would load it without a word")}
}

// VerifyChecksums reads the serialized file itself, where ChecksumFindings has
// not judged it yet.
func (c *Check) VerifyChecksums(ctx context.Context) []rules.Finding {
	if c.checksums == nil || c.verified {
		return nil
	}
	sums, err := torchscript.NewChecksums(c.subject.model(), c.subject.ModelSize)
	if err == nil {
		_, err = io.Copy(sums, ctxio.NewReader(ctx, c.subject.model()))
	}
	switch {
	case ctx.Err() != nil:
		return nil
	case err != nil:
		return []rules.Finding{c.unverifiable(err)}
	}
	c.checksums = sums
	return c.ChecksumFindings(ctx)
}

func (c *Check) unverifiable(err error) rules.Finding {
	path := c.subject.ModelPath
	return rules.New(rules.ModelDamaged, path,
		fmt.Sprintf("the checksums inside %q can't be verified: %v", path, err), "save or download the model again")
}

func quoted(names []string) string {
	shown := make([]string, 0, maxNamed)
	for _, n := range names[:min(len(names), maxNamed)] {
		shown = append(shown, fmt.Sprintf("%q", n))
	}
	text := strings.Join(shown, ", ")
	if more := len(names) - len(shown); more > 0 {
		text += fmt.Sprintf(" and %d more entries", more)
	}
	return text
}
