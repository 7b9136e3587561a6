package main

import (
	"context"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/accessgraph/accessgraph/cmd/accessgraph/shell"
	"github.com/accessgraph/accessgraph/query"
)

// newShell makes the command shell.
func newShell(a *app) *cobra.Command {
	var at string
	zone := &zoneFlags{}
	cmd := &cobra.Command{
		Use:   "shell",
		Short: "Ask questions at a prompt",
		Long: `Opens the store once and asks what is typed, with completion (Tab), highlighting, and a history that is kept in
$XDG_STATE_HOME/accessgraph, else ~/.local/state/accessgraph. A question ends with Enter when it is whole; \? lists keys and commands.

Where standard input or output is no terminal, statements are read from standard input, one a line or separated by semicolons. A
question goes on in the next lines as long as they can belong to it. What fails is told on stderr with its line, the others are asked,
and the exit code is that of the first that failed.`,
		Example: `  accessgraph shell
  accessgraph shell --at @2026-11-01
  printf '%s\n' '\o csv' 'who can do kms:* | count' | accessgraph shell`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.shell(cmd.Context(), at, zone) },
	}
	cmd.Flags().StringVar(&at, "at", "", "the snapshot to ask at first: @latest, @latest~1, @2026-11-01, a name, or the beginning of an id")
	completeFlag(cmd, "at", a.completeSnapshot)
	zone.add(cmd)
	return cmd
}

func (a *app) shell(ctx context.Context, at string, zone *zoneFlags) error {
	options, err := zone.options(query.Options{})
	if err != nil {
		return err
	}
	store, err := a.openStore(ctx, forReading)
	if err != nil {
		return err
	}
	defer store.Close()
	c := shell.Config{Store: store, At: strings.TrimPrefix(at, "@"), Out: a.stdout, Err: a.stderr, Render: a.renderOptions, Notes: a.notes,
		Explain: explainInShell, Snapshots: snapshotList, Options: options}
	_, shown := terminal(a.stdout)
	typed, isTerminal := terminal(a.typed)
	if shown && isTerminal && os.Getenv("TERM") != "dumb" {
		return shell.Interactive(ctx, c, shell.Terminal{Descriptor: typed, Colors: a.renderOptions().Color})
	}
	run := shell.Script
	if shown && isTerminal {
		run = shell.Plain
	}
	code, err := run(ctx, c, a.stdin)
	if err == nil && code != exitDone {
		return silentExit(code)
	}
	return err
}

// explainInShell is exitOf without the program's name, which is plain at its prompt.
func explainInShell(err error) (code int, text string) {
	code, text = exitOf(err)
	return code, strings.TrimPrefix(text, "accessgraph: ")
}
