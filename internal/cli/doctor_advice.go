package cli

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strings"

	"go-model-archiver/validate/loadtest"
)

// slowGFLOPS is less than any processor of today reaches on one thread with a
// library that uses its vector instructions, and more than without.
const slowGFLOPS = 8

// advise says why a worker that works is slow, and what to do.
func advise(e loadtest.Examination) (advice, remedy string) {
	if e.Problem != "" || e.Description == nil {
		return "", ""
	}
	blas := e.Description.BLAS
	switch {
	case isReferenceBLAS(blas):
		return blas + " is the reference BLAS: a BERT-base takes 18 times as long with it as with OpenBLAS",
			"apt-get install libopenblas0-pthread; where that is installed, choose it with update-alternatives --config libblas.so.3-" + debianTriplet()
	case e.Description.GFLOPS < slowGFLOPS:
		return fmt.Sprintf("%.1f GFLOPS are few for one thread: the processor is busy, or %q does not use its vector instructions", e.Description.GFLOPS, blas),
			"run doctor again on an idle machine; if it stays so, try a worker of another libtorch, such as PyPI's"
	}
	return "", ""
}

// isReferenceBLAS knows netlib's, which Debian and Ubuntu keep in a folder blas,
// and others call libblas.so or librefblas.so without another name behind it.
func isReferenceBLAS(path string) bool {
	folder, file := filepath.Split(path)
	return filepath.Base(folder) == "blas" && strings.HasPrefix(file, "libblas.so") || strings.HasPrefix(file, "librefblas.so")
}

func debianTriplet() string {
	machine := map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[runtime.GOARCH]
	if machine == "" {
		machine = runtime.GOARCH
	}
	return machine + "-linux-gnu"
}
