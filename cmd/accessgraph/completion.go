package main

import (
	"cmp"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/accessgraph/accessgraph/cmd/accessgraph/shell"
	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/complete"
	"github.com/accessgraph/accessgraph/query/render"
)

// addCompletion adds the command completion, which is cobra's own but for what it says to a shell that it does not know.
func addCompletion(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	for _, cmd := range root.Commands() {
		if cmd.Name() == "completion" {
			cmd.Args, cmd.RunE = noSuchCommand, needsCommand
		}
	}
}

// Limits of what the user's shell is told: it waits for an answer at every Tab.
const (
	maxCompletions     = 200
	completionPatience = time.Second
)

// completeFlag has a flag completed by a function. The flag was just declared, so that the only error there is cannot occur.
func completeFlag(cmd *cobra.Command, flag string, fn cobra.CompletionFunc) {
	_ = cmd.RegisterFlagCompletionFunc(flag, fn)
}

// oneOf completes one of a few words.
func oneOf(words ...string) cobra.CompletionFunc {
	return cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp)
}

func verdictWords() []string {
	return []string{string(answer.Allowed), string(answer.Conditional), string(answer.Denied), string(answer.Unknown)}
}

// live opens the store for completion; nil when it cannot be opened, which the command itself will say.
func (a *app) live(cmd *cobra.Command, ref string) (live *complete.Live, done func()) {
	if k, err := a.keys.source(); err != nil || k.command != "" { // it may ask for something, or take long, at every Tab
		return nil, func() {}
	}
	store, _, err := a.open(cmd.Context(), forReading)
	if err != nil {
		return nil, func() {}
	}
	ref = cmp.Or(strings.TrimPrefix(ref, "@"), "latest")
	live = complete.NewLive(store, func() string { return ref }, completionPatience)
	return live, func() {
		live.Close()
		_ = store.Close() // only read
	}
}

// completeSnapshot completes the reference of a snapshot, for a flag or the one argument of a command.
func (a *app) completeSnapshot(cmd *cobra.Command, args []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
	live, done := a.live(cmd, "")
	defer done()
	if live == nil || len(args) > 0 && cmd.Args != nil && cmd.ValidateArgs(append(args, begun)) != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	names, _ := live.Names(complete.Snapshot, "", begun, maxCompletions)
	out := make([]cobra.Completion, 0, len(names))
	for _, n := range names {
		text := n.Text
		if begun != "" && !strings.HasPrefix(begun, "@") { // which may be left out
			text = strings.TrimPrefix(text, "@")
		}
		out = append(out, cobra.CompletionWithDesc(render.Neutral(text), render.Neutral(n.About)))
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}

// completeName completes the name of one of some kinds, as the snapshot that a flag names has it.
func (a *app) completeName(at *string, kinds ...complete.Kind) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
		live, done := a.live(cmd, *at)
		defer done()
		sources := []complete.Source{}
		if live != nil {
			sources = append(sources, live)
		}
		c, err := shell.NewCompleter(sources...)
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		directive := cobra.ShellCompDirectiveNoFileComp
		var out []cobra.Completion
		for _, kind := range kinds {
			for _, s := range c.Sources {
				names, _ := s.Names(kind, "", begun, maxCompletions)
				for _, n := range names {
					if n.Open {
						directive |= cobra.ShellCompDirectiveNoSpace
					}
					out = append(out, cobra.CompletionWithDesc(render.Neutral(n.Text), render.Neutral(n.About)))
				}
			}
		}
		return out, directive
	}
}

// completeQuestion completes a question that is written as one argument, in quotes, or as several.
func (a *app) completeQuestion(at *string) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
		live, done := a.live(cmd, *at)
		defer done()
		var sources []complete.Source
		if live != nil {
			sources = append(sources, live)
		}
		c, err := shell.NewCompleter(sources...)
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		quote := ""
		if strings.HasPrefix(begun, "'") || strings.HasPrefix(begun, `"`) { // some shells leave an open one on; no question begins with one
			quote, begun = begun[:1], begun[1:]
		}
		before := ""
		if len(args) > 0 {
			before = strings.Join(args, " ") + " "
		}
		text := before + begun
		found := c.At(text, len(text))
		if found.Start < len(before) { // within quotes of the language, which began in an argument before
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		directive := cobra.ShellCompDirectiveNoFileComp
		if quote != "" || strings.Contains(begun, " ") {
			directive |= cobra.ShellCompDirectiveNoSpace // the argument goes on
		}
		var out []cobra.Completion
		for _, x := range found.Candidates {
			if x.Open {
				directive |= cobra.ShellCompDirectiveNoSpace
			}
			out = append(out, cobra.CompletionWithDesc(quote+text[len(before):found.Start]+x.Text, render.Neutral(x.About)))
		}
		return out, directive
	}
}
