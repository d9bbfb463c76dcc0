// Command go-model-archiver load-tests a model and packs it into an archive
// that TorchServe serves.
package main

import (
	"os"

	"go-model-archiver/internal/cli"
)

func main() {
	os.Exit(cli.Main(os.Args, os.Stdout, os.Stderr))
}
