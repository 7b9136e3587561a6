package main

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// fullDir, when set in the environment, makes TestFullDisk fill a small file system that it mounts there.
const fullDir = "ACCESSGRAPH_TEST_FULL"

// TestFullDisk ingests into a file system of 24 MB, in a process with its own mounts, until it is full: what was stored before answers as it did,
// and gc makes room.
func TestFullDisk(t *testing.T) {
	if dir := os.Getenv(fullDir); dir != "" {
		if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=24m"); err != nil {
			fmt.Println("cannot mount:", err)
			return
		}
		fillDisk(t, filepath.Join(dir, "store"))
		fmt.Println("filled")
		return
	}
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, "-test.run=^TestFullDisk$", "-test.v")
	cmd.Env = append(os.Environ(), fullDir+"="+t.TempDir())
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}}
	out, err := cmd.CombinedOutput()
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOSPC) || strings.Contains(string(out), "cannot mount") {
		t.Skipf("this system does not let a test mount a file system: %v %s", err, out)
	}
	if err != nil || !strings.Contains(string(out), "filled") {
		t.Fatalf("%v\n%s", err, out)
	}
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, "full_linux_test.go") {
			t.Log(strings.TrimSpace(line))
		}
	}
}

// manyUsers writes an export that does not compress.
func manyUsers(t *testing.T, seed uint64) (path string) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 0))
	var text strings.Builder
	text.WriteString(`{"UserDetailList": [`)
	for i := range 9000 {
		if i > 0 {
			text.WriteByte(',')
		}
		noise := ""
		for range 12 {
			noise += fmt.Sprintf("%016x", r.Uint64())
		}
		fmt.Fprintf(&text, `{"Arn": "arn:aws:iam::111122223333:user/u%d-%d", "UserId": %q, "UserPolicyList": []}`, seed, i, noise)
	}
	text.WriteString(`]}`)
	path = filepath.Join(t.TempDir(), "export.json")
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func fillDisk(t *testing.T, store string) {
	run := func(args ...string) (code, stdout, stderr string) {
		var out, err bytes.Buffer
		cmd := accessgraph(t, append(args, "--store", store)...)
		cmd.Stdout, cmd.Stderr = &out, &err
		code = exitCodeOf(cmd.Run())
		return code, out.String(), err.String()
	}
	must := func(args ...string) string {
		t.Helper()
		code, stdout, stderr := run(args...)
		if code != "0" {
			t.Fatalf("%q: exit code %s\n%s%s", args, code, stdout, stderr)
		}
		return stdout
	}
	must("ingest", "files", sampleOrganization, "--name", "base", "-q")
	ask := func() string { return must("query", "who can do kms:*", "--at", "@base", "-o", "json") }
	want := ask()
	stored, refused := 0, 0
	for seed := uint64(0); refused == 0 && seed < 100; seed++ {
		switch code, _, stderr := run("ingest", "files", manyUsers(t, seed), "-q"); {
		case code == "0":
			stored++
		case code == "4" && strings.Contains(stderr, "no space left for the store"):
			refused++
		default:
			t.Fatalf("exit code %s: %s", code, stderr)
		}
		must("snapshots", "verify")
		if ask() != want {
			t.Fatal("the answer of the earlier snapshot changed")
		}
	}
	if stored == 0 || refused == 0 {
		t.Fatalf("%d ingests were stored, %d refused", stored, refused)
	}
	t.Logf("%d ingests were stored before %d were refused with exit code 4", stored, refused)
	must("snapshots", "tag", "@base", "keep")
	code, _, stderr := run("snapshots", "gc", "--keep-last", "1")
	t.Logf("gc on the full disk ends with %s: %s", code, stderr)
	if code != "0" && code != "4" {
		t.Errorf("gc on the full disk: exit code %s: %s", code, stderr)
	}
	must("snapshots", "verify")
	if ask() != want {
		t.Error("the answer of the earlier snapshot changed")
	}
	if code == "0" {
		must("ingest", "files", manyUsers(t, 1000), "-q")
	}
}
