package container

import (
	"context"
	"errors"
	"fmt"

	"go-model-archiver/validate/rules"
)

// Verify reads every entry of a zip and compares it with its checksum, on all
// cores; a deflated model is unpacked meanwhile. What is damaged is a finding,
// and can't be read any more. A .tar.gz was read to its end by Open, and a
// folder has no checksums.
func (c *Container) Verify(ctx context.Context) error {
	serialized := c.serialized()
	for i := range c.entries {
		e := &c.entries[i]
		if e.packed == nil {
			continue
		}
		var err, cause error
		if e == serialized && e.file == nil {
			_, _, err = c.modelFile(ctx, e)
			cause = errors.Unwrap(err)
		} else {
			err = e.packed.Verify(ctx)
			cause = err
		}
		if err == nil {
			continue
		}
		if isOurs(ctx, err) {
			return err
		}
		c.addEntry(rules.ArchiveDamaged, fmt.Sprintf("%q is damaged: %v", c.Path, cause), "write or copy the archive again")
		e.damaged = true
	}
	c.countEntries()
	return nil
}
