// Command accessgraph answers who can do what in a set of AWS accounts, from snapshots of their policies.
//
// This package is the face: it turns flags into calls of the packages query, ingest and graph, and their results into
// text and exit codes. It decides nothing about access.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is the whole program. The first interrupt asks everything to stop and leave the store clean; the second ends the
// process at once, by the signal's own default.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)

	a := &app{stdin: interruptible(ctx, stdin), typed: stdin, stdout: stdout, stderr: stderr}
	root := newRoot(a)
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return exitDone
	}
	if !a.started { // cobra refused the command line: unknown command or flag, wrong arguments
		err = usageError{fmt.Errorf("%w; see %s --help", err, cmd.CommandPath())}
	}
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		fmt.Fprintln(stderr, "accessgraph: interrupted")
		return exitInterrupted
	}
	code, text := exitOf(err)
	if text != "" {
		fmt.Fprintln(stderr, text)
	}
	return code
}
