package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/ingest/changes"
	"github.com/accessgraph/accessgraph/ingest/edit"
	"github.com/accessgraph/accessgraph/query/answer"
)

// withFlags say what is to be put on top of a snapshot.
type withFlags struct {
	paths   []string
	account string
}

func (f *withFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArrayVar(&f.paths, "with", nil,
		"ask about the snapshot with changes on top, @planned: a Terraform plan (terraform show -json), a file of changes, or a folder of them")
	flags.StringVar(&f.account, "with-account", "", "with --with: the account of resources of a plan that does not tell it")
}

// asked is what a question is asked of: a store, the reference of a snapshot, and what is to be said of it.
type asked struct {
	store graph.Store
	at    string
	notes []string
	id    graph.SnapshotID // of what is planned
}

// planned puts the changes that the flags name on top of a snapshot of the store; without any, the store is as it is.
func (a *app) planned(ctx context.Context, store graph.Store, at string, f *withFlags) (*asked, error) {
	switch {
	case f.account != "" && !edit.IsAccount(f.account):
		return nil, usageError{fmt.Errorf("--with-account %q is no account: want 12 digits", f.account)}
	case f.account != "" && len(f.paths) == 0:
		return nil, usageError{errors.New("--with-account goes with --with")}
	case len(f.paths) == 0:
		return &asked{store: store, at: at}, nil
	}
	p, err := changes.Open(ctx, store, f.paths, changes.Options{At: at, Account: f.account, Tool: toolVersion(), Stdin: a.stdin})
	var input *changes.Error
	switch {
	case err == nil:
		// Of the accounts that did not change, the index of the snapshot below holds. Without one, questions are answered from the facts.
		var odd *evaluator.OddAccountError
		if err := evaluator.WriteIndex(ctx, p.Store, p.Planned, p.Facts); err != nil && !errors.As(err, &odd) {
			return nil, storeErrorOf(ctx, err)
		}
		return &asked{store: p.Store, at: "planned", notes: p.Notes, id: p.Planned}, nil
	case errors.As(err, &input):
		return nil, err
	}
	return nil, storeErrorOf(ctx, err)
}

// note puts what is to be said of a planned snapshot at the head of the notes of an answer about it.
func (q *asked) note(a *answer.Answer) {
	if len(q.notes) == 0 || a.Snapshot.ID != string(q.id) && (a.From == nil || a.From.ID != string(q.id)) {
		return
	}
	inner := a.Summary
	a.Summary = func() answer.Summary {
		s := inner()
		s.Notes = append(append([]string{}, q.notes...), s.Notes...)
		return s
	}
}
