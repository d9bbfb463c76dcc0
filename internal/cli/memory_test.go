package cli_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"go-model-archiver/internal/testtools"
	"go-model-archiver/validate/loadtest/protocol"
)

// most is what the main program may take, whatever a model or a worker does.
const most = 64 << 20

// peak runs the main binary and returns the most that it had resident. What
// wait tells is no help: it counts the worker too.
func peak(t *testing.T, worker string, args ...string) (used int64, said string) {
	t.Helper()
	cmd := exec.Command(testtools.Main(t), args...)
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "GO_MODEL_ARCHIVER_WORKER="+worker)
	var out bytes.Buffer // of both, so that it is written to by one
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // its output tells
		close(ended)
	}()
	status := fmt.Sprintf("/proc/%d/status", cmd.Process.Pid)
	for {
		if text, err := os.ReadFile(status); err == nil {
			if m := regexp.MustCompile(`VmHWM:\s*(\d+) kB`).FindSubmatch(text); m != nil {
				kib, _ := strconv.ParseInt(string(m[1]), 10, 64)
				used = kib << 10
			}
		}
		select {
		case <-ended:
			return used, out.String()
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// A worker that a model took over says as much as it can, in every place.
func TestTheMainProgramStaysSmallWhateverTheWorkerSays(t *testing.T) {
	const hello, loaded = `{"protocol":3,"libtorch":"9.9"}`, `{"loaded":{"seconds":1,"arguments":[{"name":"x","type":"Tensor"}],"returns":"Tensor"}}`
	list := func(element string) string {
		return "[" + strings.Repeat(element+",", (protocol.MaxLine-1000)/(len(element)+1)) + element + "]"
	}
	few := func(n int, element string) string { return "[" + strings.Repeat(element+",", n-1) + element + "]" }
	outcome := func(fields string) []string {
		return []string{hello, loaded, `{"outcome":{"seconds":1,"latencies":[1],` + fields + `,"peakMemory":1}}`}
	}
	long := strings.Repeat("k", 500)
	for name, lines := range map[string][]string{
		"empty outputs":     outcome(`"outputs":` + list(`{}`)),
		"nulls for outputs": outcome(`"outputs":` + list(`null`)),
		"a long shape":      outcome(`"outputs":[{"shape":` + list(`0`) + `}]`),
		"a shape within":    outcome(`"outputs":[{"shape":` + few(390_000, `0`) + `}]`),
		"long paths":        outcome(`"outputs":` + few(protocol.MaxOutputs, `{"path":"`+long+`","dtype":"float32","shape":[1,2,3],"min":1,"max":2,"mean":3}`)),
		"what is saved": outcome(`"outputs":` + few(protocol.MaxOutputs, `{"path":"`+long[:40]+`","dtype":"bool","shape":[0]}`) +
			`,"data":` + few(protocol.MaxOutputs, `"bool"`)),
		"much changes":        outcome(`"outputs":[],"changing":` + few(390_000, `"a"`)),
		"much is unread":      outcome(`"outputs":[],"unread":["` + strings.Repeat(`x `, 2<<20) + `"]`),
		"empty texts":         outcome(`"outputs":[],"data":` + list(`""`)),
		"lists over and over": outcome(strings.TrimSuffix(strings.Repeat(`"outputs":`+few(2000, "null")+`,`, 100), ",")),
		"deep lists":          {hello, loaded, strings.Repeat("[", protocol.MaxLine-10)},
		"arguments":           {hello, `{"loaded":{"arguments":` + list(`{}`) + `}}`},
		"long arguments":      {hello, `{"loaded":{"arguments":` + few(1000, `{"name":"`+strings.Repeat("n", 5000)+`","type":"Tensor"}`) + `}}`},
		"a long failure":      {hello, loaded, `{"failure":{"stage":"forward","message":"` + strings.Repeat(`Traceback of TorchScript\n`, 200_000) + `"}}`},
		"a long greeting":     {`{"protocol":3,"libtorch":"` + strings.Repeat("9.", 2<<20) + `"}`},
		"a line without end":  {strings.Repeat(" ", 32<<20)},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			worker := filepath.Join(folder, "worker")
			script := "#!/bin/sh\n"
			for i, line := range lines {
				file := filepath.Join(folder, strconv.Itoa(i))
				if err := os.WriteFile(file, []byte(line+"\n"), 0o600); err != nil {
					t.Fatal(err)
				}
				script += fmt.Sprintf("cat %q; read request\n", file)
			}
			if err := os.WriteFile(worker, []byte(script), 0o700); err != nil {
				t.Fatal(err)
			}
			used, said := peak(t, worker, "validate", testtools.Testdata("models", "scripted.pt"), "--sample", "float32[2,8]",
				"--json", "--report", "r.json", "--report", "r.xml", "--report", "r.sarif", "--save-outputs", "o.npz", "--timeout", "30s")
			t.Logf("%d MiB", used>>20)
			if used > most {
				t.Errorf("%d bytes: %.300s", used, said)
			}
			if !strings.Contains(said, `"verdict":`) || strings.Contains(said, "panic") {
				t.Errorf("%.300s", said)
			}
		})
	}
}

// largest are models that are made to fill what is told of them.
const largest = `
import sys, torch
from typing import Dict, List
class Outputs(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> Dict[str, torch.Tensor]:
        out: Dict[str, torch.Tensor] = {}
        for i in range(9999):
            out["KEY" + str(i)] = x
        return out
class Nested(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> Dict[str, Dict[str, List[Dict[str, List[torch.Tensor]]]]]:
        key = "KEY"
        return {key: {key: [{key: [x for i in range(100)]} for j in range(99)]}}
class Many(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> Dict[str, torch.Tensor]:
        return {"output " + str(i): x for i in range(9999)}
torch.jit.script(Outputs()).save("outputs.pt")
torch.jit.script(Many()).save("many.pt")
torch.jit.script(Nested()).save("nested.pt")
names = [f"argument_{i}" for i in range(3000)]
source = "def forward(self, " + ", ".join(f"{n}: Tensor" for n in names) + ") -> Tensor:\n    return argument_0\n"
arguments = torch.jit.ScriptModule()
arguments.define(source.replace("self, ", "self, ", 1))
arguments.save("arguments.pt")
`

func TestTheMainProgramStaysSmallWhateverTheModelGives(t *testing.T) {
	folder := t.TempDir()
	source := filepath.Join(folder, "largest.py") // which scripting reads
	if err := os.WriteFile(source, []byte(strings.Replace(largest, "KEY", strings.Repeat(`<key\"`, 16), 2)), 0o600); err != nil {
		t.Fatal(err)
	}
	python := exec.Command(testtools.Python(t), "-W", "ignore", source)
	python.Dir = folder
	if out, err := python.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for model, want := range map[string]string{
		"outputs":   "the names of what forward gives are longer than",
		"nested":    "the names of what forward gives are longer than",
		"many":      `"verdict":"passed"`,
		"arguments": "forward takes 3000 arguments, and the load test handles at most 1000",
	} {
		t.Run(model, func(t *testing.T) {
			used, said := peak(t, testtools.Worker(t), "validate", filepath.Join(folder, model+".pt"), "--sample", "float32[3]", "--iterations", "2",
				"--json", "--report", "r.json", "--report", "r.xml", "--report", "r.sarif", "--save-outputs", "o.npz", "--timeout", "60s")
			t.Logf("%d MiB", used>>20)
			if used > most {
				t.Errorf("%d bytes", used)
			}
			if !strings.Contains(said, want) {
				t.Errorf("no %q in %.500s … %.500s", want, said, said[max(0, len(said)-500):])
			}
		})
	}
}
