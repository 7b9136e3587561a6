package main

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/accessgraph/accessgraph/bench/orggen/organization"
)

// spent is what some work took. Other work on the machine lengthens wall and not cpu.
type spent struct {
	wall time.Duration
	cpu  time.Duration // of all threads, the garbage collector's included
}

// timed measures work in this process.
func timed(work func() error) (spent, error) {
	start, before := time.Now(), cpuTime()
	err := work()
	return spent{time.Since(start), cpuTime() - before}, err
}

// mostTime ends the repetition of something slow.
const mostTime = 20 * time.Second

// median measures n times, fewer when that takes longer than mostTime, and gives the median of each figure.
func median(n int, measure func() (spent, error)) (spent, error) {
	var wall, cpu []time.Duration
	for start := time.Now(); len(wall) < n && (len(wall) == 0 || time.Since(start) < mostTime); {
		s, err := measure()
		if err != nil {
			return spent{}, err
		}
		wall, cpu = append(wall, s.wall), append(cpu, s.cpu)
	}
	return spent{middle(wall), middle(cpu)}, nil
}

// middle is the median; of an even number of values the smaller one in the middle.
func middle[T int64 | float64 | time.Duration](values []T) T {
	slices.Sort(values)
	return values[(len(values)-1)/2]
}

// seconds prints both figures of what took long.
func (s spent) seconds() string {
	return fmt.Sprintf("%.2f s (%.2f s of CPU)", s.wall.Seconds(), s.cpu.Seconds())
}

// milliseconds prints both figures of what did not.
func (s spent) milliseconds() string {
	return fmt.Sprintf("%.0f ms (%.0f ms of CPU)", s.wall.Seconds()*1e3, s.cpu.Seconds()*1e3)
}

// process runs the program in a new process; its output is thrown away.
func (b *bench) process(args ...string) (spent, error) {
	var stderr bytes.Buffer
	cmd := exec.CommandContext(b.ctx, b.binary, args...)
	cmd.Stderr = &stderr
	start := time.Now()
	if err := cmd.Run(); err != nil {
		return spent{}, fmt.Errorf("accessgraph %q: %w\n%s", args, err, stderr.Bytes())
	}
	return spent{time.Since(start), cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}, nil
}

// peakOf runs the program in a new process and gives the most memory that it had resident. The figure of a process begins with
// that of the one which starts it, and this one may have grown: a small one, this command with -peak-of, starts it instead.
func (b *bench) peakOf(ctx context.Context, args ...string) (rss int64, s spent, err error) {
	out, err := b.self(ctx, append([]string{"-peak-of", b.binary}, args...)...)
	if err == nil {
		_, err = fmt.Sscan(string(out), &rss, &s.wall, &s.cpu)
	}
	return rss, s, err
}

// printPeak is the small process: it runs a command and prints peak memory, time and CPU time.
func printPeak(command []string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Stderr = os.Stderr
	start := time.Now()
	if err := cmd.Run(); err != nil {
		return err
	}
	p := cmd.ProcessState
	fmt.Println(peak(p), int64(time.Since(start)), int64(p.UserTime()+p.SystemTime()))
	return nil
}

// organization gives the directory of a generated organization; each is made once.
func (b *bench) organization(o organization.Options) (string, error) {
	name := fmt.Sprintf("%d-accounts-of-%d-%g", o.Accounts, o.Principals, o.UserShare)
	if b.made[name] == "" {
		dir := filepath.Join(b.dir, name)
		if err := organization.Write(dir, o); err != nil {
			return "", err
		}
		b.made[name] = dir
	}
	return b.made[name], nil
}

// ingested gives a store that holds a generated organization.
func (b *bench) ingested(o organization.Options) (store string, err error) {
	dir, err := b.organization(o)
	if err != nil {
		return "", err
	}
	store = dir + "-store"
	if b.made[store] == "" {
		if _, err := b.process("ingest", "files", dir, "--store", store); err != nil {
			return "", err
		}
		b.made[store] = store
	}
	return store, nil
}

// size is the size of all files below a directory.
func size(dir string) (total int64, err error) {
	err = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			total += info.Size()
		}
		return err
	})
	return total, err
}
