package differential

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go-model-archiver/internal/testtools"
)

// checksums maps the entries of an archive to the CRC-32 of their bytes.
type checksums map[string]uint32

// testReaders gives every archive to readers that others wrote.
func testReaders(t *testing.T, archives []string) {
	want := map[string]checksums{}
	var zips []string
	for _, path := range archives {
		content, err := os.ReadFile(path)
		check(t, err)
		entries, err := readArchive(path, string(content))
		check(t, err)
		want[path] = checksums{}
		for name, f := range entries {
			want[path][name] = crc32.ChecksumIEEE([]byte(f.content))
		}
		if strings.HasSuffix(path, ".mar") {
			zips = append(zips, path)
		}
	}
	if len(zips) == 0 || len(zips) == len(archives) {
		t.Fatalf("%d archives and %d of them zip files: no use", len(archives), len(zips))
	}
	t.Run("python", func(t *testing.T) { equal(t, want, archives, pythonReads(t, archives)) })
	t.Run("java", func(t *testing.T) { equal(t, want, zips, javaReads(t, zips)) })
	t.Run("unzip", func(t *testing.T) {
		for _, path := range zips {
			reads(t, "unzip", "-tqq", path)
		}
	})
	t.Run("bsdtar", func(t *testing.T) {
		for _, path := range archives {
			listed := strings.Split(strings.TrimSpace(reads(t, "bsdtar", "-tf", path)), "\n")
			if len(listed) != len(want[path]) {
				t.Errorf("bsdtar lists %q in %s, want %d entries", listed, path, len(want[path]))
			}
		}
	})
}

func equal(t *testing.T, want map[string]checksums, paths []string, got map[string]checksums) {
	t.Helper()
	for _, path := range paths {
		if !maps.Equal(want[path], got[path]) {
			t.Errorf("%s is read as %v, want %v", path, got[path], want[path])
		}
	}
}

func pythonReads(t *testing.T, paths []string) map[string]checksums {
	t.Helper()
	output := feed(t, paths, testtools.Python(t), script("read_archives.py"))
	var got map[string]checksums
	check(t, json.Unmarshal(output, &got))
	return got
}

func javaReads(t *testing.T, paths []string) map[string]checksums {
	t.Helper()
	output := feed(t, paths, testtools.Command(t, "java"), "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC",
		"-Dfile.encoding=UTF-8", "-Dsun.jnu.encoding=UTF-8", script("ReadArchives.java"))
	got := map[string]checksums{}
	for line := range strings.Lines(string(output)) {
		fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(fields) != 3 {
			t.Fatalf("ReadArchives.java says %q", line)
		}
		var sum uint32
		_, err := fmt.Sscan(fields[2], &sum)
		check(t, err)
		if got[fields[0]] == nil {
			got[fields[0]] = checksums{}
		}
		got[fields[0]][fields[1]] = sum
	}
	return got
}

func script(name string) string {
	return filepath.Join(testtools.Root(), "test", "differential", name)
}

// feed runs a command with the paths on its stdin and returns its stdout.
func feed(t *testing.T, paths []string, name string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Stdin = strings.NewReader(strings.Join(paths, "\n") + "\n")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	output, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", filepath.Base(name), err, stderr.String())
	}
	return output
}

// reads runs a command that must succeed and returns its stdout.
func reads(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(testtools.Command(t, name), args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	output, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s%s", name, strings.Join(args, " "), err, output, stderrOf(err))
	}
	return string(output)
}
