// Package torchserve runs the archives of go-model-archiver in the real
// TorchServe and compares its predictions with PyTorch's own.
package torchserve

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go-model-archiver/internal/testtools"
)

const (
	startTimeout   = 90 * time.Second
	requestTimeout = 120 * time.Second
	// ended is what the watchdog writes to the log when TorchServe is gone.
	ended = "torchserve ended with exit code"
)

// watchdog runs TorchServe, and kills its whole process group (the launcher,
// Java and Java's Python workers) when stdin is closed: by the test, or by the
// end of the test process, however it ended.
const watchdog = `{ "$@"; echo "` + ended + ` $?"; } & read -r _; kill -9 -$$`

// server is a running TorchServe on the loopback interface.
type server struct {
	inference, management string // URLs
	store                 string // the model store
	log                   string // path
	stdin                 io.Closer
	watchdog              *exec.Cmd
}

// start starts TorchServe with its own folders and free ports; settings are
// further lines of its config.properties. It is stopped when the test ends.
func start(t *testing.T, settings ...string) *server {
	t.Helper()
	dir := t.TempDir()
	s := &server{store: filepath.Join(dir, "store"), log: filepath.Join(dir, "server.log")}
	for _, sub := range []string{"store", "tmp", "logs"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	config := filepath.Join(dir, "config.properties")
	if err := os.WriteFile(config, []byte(s.config(t, settings)), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.stop(t) })
	s.run(t, dir, config)
	s.waitUntilReady(t)
	return s
}

func (s *server) config(t *testing.T, settings []string) string {
	ports := freePorts(t, 5)
	s.inference = fmt.Sprintf("http://127.0.0.1:%d", ports[0])
	s.management = fmt.Sprintf("http://127.0.0.1:%d", ports[1])
	lines := []string{
		"inference_address=" + s.inference,
		"management_address=" + s.management,
		fmt.Sprintf("metrics_address=http://127.0.0.1:%d", ports[2]),
		"grpc_inference_address=127.0.0.1",
		fmt.Sprintf("grpc_inference_port=%d", ports[3]),
		"grpc_management_address=127.0.0.1",
		fmt.Sprintf("grpc_management_port=%d", ports[4]),
		"default_workers_per_model=1",
		"number_of_netty_threads=2",
		"disable_system_metrics=true",
		"vmargs=-Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1",
	}
	return strings.Join(append(lines, settings...), "\n") + "\n"
}

// freePorts finds n different ports that nobody listens on.
func freePorts(t *testing.T, n int) []int {
	t.Helper()
	ports := make([]int, n)
	for i := range ports {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		ports[i] = l.Addr().(*net.TCPAddr).Port
	}
	return ports
}

func (s *server) run(t *testing.T, dir, config string) {
	t.Helper()
	testtools.Command(t, "java")
	log, err := os.Create(s.log)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	torchserve := filepath.Join(filepath.Dir(testtools.Python(t)), "torchserve")
	cmd := exec.Command("sh", "-c", watchdog, "sh", torchserve, "--start", "--foreground", "--ncs",
		"--disable-token-auth", "--enable-model-api", "--model-store", s.store, "--ts-config", config)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "TMPDIR="+filepath.Join(dir, "tmp"), "TEMP="+filepath.Join(dir, "tmp"),
		"LOG_LOCATION="+filepath.Join(dir, "logs"), "METRICS_LOCATION="+filepath.Join(dir, "logs"), "OMP_NUM_THREADS=1")
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if s.stdin, err = cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s.watchdog = cmd
}

func (s *server) waitUntilReady(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(startTimeout); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		if response, err := http.Get(s.inference + "/ping"); err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return
			}
		}
		if log, _ := os.ReadFile(s.log); bytes.Contains(log, []byte(ended)) {
			t.Fatal("TorchServe ended before it was ready")
		}
	}
	t.Fatalf("TorchServe was not ready after %v", startTimeout)
}

func (s *server) stop(t *testing.T) {
	if s.watchdog != nil {
		s.stdin.Close()
		_ = s.watchdog.Wait() // it kills itself with its group
	}
	if !t.Failed() {
		return
	}
	if log, err := os.ReadFile(s.log); err == nil {
		t.Logf("TorchServe's log:\n%s", log)
	}
}

// register loads an archive of the model store with one worker.
func (s *server) register(t *testing.T, archive string) {
	t.Helper()
	s.call(t, http.MethodPost, s.management+"/models?initial_workers=1&synchronous=true&url="+archive, nil)
}

func (s *server) unregister(t *testing.T, model string) {
	t.Helper()
	s.call(t, http.MethodDelete, s.management+"/models/"+model, nil)
}

// predict sends body as JSON and decodes the answer into answer.
func (s *server) predict(t *testing.T, model string, body, answer any) {
	t.Helper()
	content, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	reply := s.call(t, http.MethodPost, s.inference+"/predictions/"+model, content)
	if err := json.Unmarshal(reply, answer); err != nil {
		t.Fatalf("prediction %s: %v", reply, err)
	}
}

func (s *server) call(t *testing.T, method, url string, body []byte) []byte {
	t.Helper()
	request, err := http.NewRequest(method, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	client := http.Client{Timeout: requestTimeout}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	reply, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: %s: %s", method, url, response.Status, reply)
	}
	return reply
}
