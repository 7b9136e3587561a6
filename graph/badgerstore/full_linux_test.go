package badgerstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/graph/storetest"
)

// fullDir, when set in the environment, makes the test binary run fillDisk there.
const fullDir = "ACCESSGRAPH_TEST_FULL"

// TestFullDisk publishes into a file system of 24 MB, in a process with its own mounts, until it is full.
func TestFullDisk(t *testing.T) {
	if dir := os.Getenv(fullDir); dir != "" {
		if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=24m"); err != nil {
			fmt.Println("cannot mount:", err)
			return
		}
		fillDisk(t, dir)
		fmt.Println("filled")
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestFullDisk$", "-test.v")
	cmd.Env = append(os.Environ(), fullDir+"="+t.TempDir())
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOSPC) || strings.Contains(out.String(), "cannot mount") {
		t.Skipf("this system does not let a test mount a file system: %v %s", err, out.String())
	}
	if err != nil || !strings.Contains(out.String(), "filled") {
		t.Fatalf("%v\n%s", err, out.String())
	}
}

func fillDisk(t *testing.T, dir string) {
	ctx := context.Background()
	s, err := Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	published := 0
	for i := range 1000 {
		_, err := graph.Publish(ctx, s, storetest.Account(graph.AccountID(fmt.Sprintf("%012d", i)), 4000), graph.Meta{})
		if err == nil {
			published++
			continue
		}
		if !errors.Is(err, graph.ErrFull) {
			t.Fatalf("the error of a full disk is %v", err)
		}
		t.Log(err)
		break
	}
	history, err := s.History(ctx)
	if err != nil || len(history) != published || published == 0 || published == 1000 {
		t.Fatalf("%d were published, the history has %d: %v", published, len(history), err)
	}
	if err := graph.Verify(ctx, s, func(d graph.Damage) { t.Errorf("%s", d) }); err != nil {
		t.Fatal(err)
	}
}
