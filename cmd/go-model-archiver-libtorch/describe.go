//go:build libtorch

package main

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"

	"go-model-archiver/cmd/go-model-archiver-libtorch/internal/shim"
	"go-model-archiver/validate/loadtest/protocol"
)

// describe says what this libtorch is and can do.
func describe() protocol.Reply {
	d := protocol.Described{ABI: "pre-cxx11", Devices: []string{"cpu"}}
	if shim.CXX11ABI() {
		d.ABI = "cxx11"
	}
	cuda, err := shim.CUDADevices()
	if err == nil {
		d.Config, err = shim.Config()
	}
	if err == nil {
		d.GFLOPS, err = shim.GFLOPS()
	}
	if err != nil {
		return failure(protocol.StageOpen, err)
	}
	for i := range cuda {
		d.Devices = append(d.Devices, fmt.Sprintf("cuda:%d", i))
	}
	d.BLAS = blas(shim.BLASFile(), d.Config)
	return protocol.Reply{Described: &d}
}

var (
	mklLine  = regexp.MustCompile(`(?m)^\s*- (Intel\(R\).*Math Kernel Library.*?)(?: for .*)?$`)
	blasInfo = regexp.MustCompile(`\bBLAS_INFO=(\w+)`)
)

// blas names the library of matrix products: its file, links resolved, or where
// it is a part of libtorch what libtorch says of it.
func blas(file, config string) string {
	if file != "" && !strings.HasPrefix(filepath.Base(file), "libtorch") {
		if resolved, err := filepath.EvalSymlinks(file); err == nil {
			return resolved
		}
		return file
	}
	for _, said := range []*regexp.Regexp{mklLine, blasInfo} {
		if m := said.FindStringSubmatch(config); m != nil {
			return m[1]
		}
	}
	return "unknown"
}
