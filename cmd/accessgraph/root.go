package main

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// app is what every command shares: the streams and the global flags.
type app struct {
	stdin          io.Reader
	typed          io.Reader // standard input itself, which nothing interrupts
	stdout, stderr io.Writer

	store      string
	keys       keyFlags
	logLevel   string
	noColor    bool
	noProgress bool
	quiet      bool

	started bool // the command line was accepted and a command began
}

// exitCodes says what the exit codes mean.
const exitCodes = `0 done; 1 an expectation did not hold, or damage was found;
2 wrong usage or a query that does not parse; 3 the input could not be used; 4 the store could not be used;
5 stored, but something of the input could not be used.`

// newRoot builds the command tree.
func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "accessgraph",
		Short: "Who can do what in your AWS accounts, exactly",
		Long: `accessgraph keeps snapshots of the policies of AWS accounts and answers questions about effective access.

  accessgraph demo                              # a sample organization, asked and answered
  accessgraph ingest files export.json          # what 'aws iam get-account-authorization-details' prints
  accessgraph query 'who can do kms:* ?'

Results go to stdout, everything else to stderr. Exit codes: ` + exitCodes,
		SilenceErrors:     true,
		SilenceUsage:      true,
		PersistentPreRunE: a.begin,
		RunE:              func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		Args:              noSuchCommand,
	}
	flags := root.PersistentFlags()
	flags.StringVar(&a.store, "store", "", "folder of the store (env ACCESSGRAPH_STORE; default $XDG_DATA_HOME/accessgraph)")
	addKey(root, &a.keys)
	flags.StringVar(&a.logLevel, "log-level", "warn", "what to log to stderr: debug, info, warn or error")
	flags.BoolVar(&a.noColor, "no-color", false, "no colours (also NO_COLOR)")
	flags.BoolVar(&a.noProgress, "no-progress", false, "no progress bar")
	flags.BoolVarP(&a.quiet, "quiet", "q", false, "no warnings and no progress on stderr")
	completeFlag(root, "log-level", oneOf("debug", "info", "warn", "error"))
	root.AddCommand(newDemo(a), newDiff(a), newIngest(a), newQuery(a), newShell(a), newMan(a), newPolicy(a), newSimulate(a), newSnapshots(a), newTest(a), newVersion(a))
	addCompletion(root)
	return root
}

// begin runs before every command: from here on an error is no longer one of usage.
func (a *app) begin(cmd *cobra.Command, _ []string) error {
	var level slog.Level
	if err := level.UnmarshalText([]byte(a.logLevel)); err != nil {
		return fmt.Errorf("--log-level %q is not one of debug, info, warn, error", a.logLevel)
	}
	if a.quiet {
		level = slog.LevelError
	}
	slog.SetDefault(slog.New(slog.NewTextHandler(a.stderr, &slog.HandlerOptions{Level: level})))
	a.started = true
	return nil
}

// needsCommand is what a command does that only holds others.
func needsCommand(cmd *cobra.Command, _ []string) error {
	var names []string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() && c.Name() != "help" {
			names = append(names, c.Name())
		}
	}
	slices.Sort(names)
	return usageError{fmt.Errorf("%s needs a command: one of %s", cmd.CommandPath(), strings.Join(names, ", "))}
}

// noSuchCommand refuses arguments of a command that only holds others, and suggests the nearest command.
func noSuchCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	text := fmt.Sprintf("%s has no command %q", cmd.CommandPath(), args[0])
	if cmd.SuggestionsMinimumDistance <= 0 {
		cmd.SuggestionsMinimumDistance = 2
	}
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		text += fmt.Sprintf("; did you mean %s?", strings.Join(near, " or "))
	}
	return usageError{fmt.Errorf("%s", text)}
}

// storeDir is the folder of the store: the flag, the environment, or the user's data folder.
func (a *app) storeDir() (string, error) {
	if a.store != "" {
		return a.store, nil
	}
	if dir := os.Getenv("ACCESSGRAPH_STORE"); dir != "" {
		return dir, nil
	}
	if data := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(data) {
		return filepath.Join(data, "accessgraph"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", usageError{fmt.Errorf("no home folder to keep the store in (%w); give --store DIR", err)}
	}
	return filepath.Join(home, ".local", "share", "accessgraph"), nil
}

// warn tells the user something that does not stop the command.
func (a *app) warn(format string, args ...any) {
	if !a.quiet {
		fmt.Fprintf(a.stderr, "warning: "+format+"\n", args...)
	}
}

// say tells the user what was done besides the result.
func (a *app) say(format string, args ...any) {
	if !a.quiet {
		fmt.Fprintf(a.stderr, format+"\n", args...)
	}
}
