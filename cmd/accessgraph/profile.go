package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"

	"github.com/spf13/cobra"
)

// profileFlags are --cpuprofile and --memprofile: files for `go tool pprof` about the work of a command.
type profileFlags struct{ cpu, mem string }

// addProfiles gives cmd the flags.
func addProfiles(cmd *cobra.Command) *profileFlags {
	p := &profileFlags{}
	cmd.Flags().StringVar(&p.cpu, "cpuprofile", "", "write a CPU profile of the work to a file, for go tool pprof")
	cmd.Flags().StringVar(&p.mem, "memprofile", "", "write a profile of all memory that the work allocated to a file, for go tool pprof")
	return p
}

// profiled does the work and writes the profiles that were asked for, whether or not it succeeds: what fails late or is interrupted
// because it takes too long is what one wants a profile of. Both files are made before the work begins.
func (a *app) profiled(ctx context.Context, p *profileFlags, work func(context.Context) error) (err error) {
	if p.cpu != "" && p.cpu == p.mem {
		return usageError{fmt.Errorf("--cpuprofile and --memprofile are both %s; give each a file of its own", p.cpu)}
	}
	cpu, err := createProfile("--cpuprofile", p.cpu)
	if err != nil {
		return err
	}
	mem, err := createProfile("--memprofile", p.mem)
	if err != nil {
		return errors.Join(err, closeProfile(cpu))
	}
	if cpu != nil {
		if err := pprof.StartCPUProfile(cpu); err != nil {
			return errors.Join(fmt.Errorf("--cpuprofile: %w", err), closeProfile(cpu), closeProfile(mem))
		}
	}
	defer func() {
		var failed error
		if cpu != nil {
			pprof.StopCPUProfile()
			failed = closeProfile(cpu)
		}
		if mem != nil {
			runtime.GC() // the profile is as of the last collection
			failed = errors.Join(failed, pprof.Lookup("allocs").WriteTo(mem, 0), closeProfile(mem))
		}
		switch {
		case failed == nil:
		case err == nil:
			err = fmt.Errorf("write profile: %w", failed)
		default: // the error of the work decides about the exit code
			a.warn("the profile is not complete: %v", failed)
		}
	}()
	return work(ctx)
}

// createProfile makes the file that a flag names; nil when it names none.
func createProfile(flag, name string) (*os.File, error) {
	if name == "" {
		return nil, nil
	}
	f, err := os.Create(name)
	if err != nil {
		return nil, usageError{fmt.Errorf("%s: %w", flag, err)}
	}
	return f, nil
}

func closeProfile(f *os.File) error {
	if f == nil {
		return nil
	}
	return f.Close()
}
