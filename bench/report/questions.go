package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/accessgraph/accessgraph/bench/orggen/organization"
	"github.com/accessgraph/accessgraph/graph/badgerstore"
	"github.com/accessgraph/accessgraph/ingest/files"
	"github.com/accessgraph/accessgraph/query"
	"github.com/accessgraph/accessgraph/testdata/sample"
)

const whoCanKMS = "who can do kms:* ?"

const aboutWhoCan = `
"who can do kms:* ?" on one account of 1,000 and of 10,000 principals, and on ten accounts of 1,000, that bench/orggen makes
(--accounts 1 --principals N --seed 1; its package comment gives the distributions; a single account is bound by no SCP). Cold: a new process of the built program, from exec to exit, with its table
written to nothing; files are in the page cache. Warm: asked again in one process through the library, of an engine that has the
snapshot. Medians of 5, fewer when that takes longer than 20 s.`

const aboutAccount = `
From file to answer for a single account of 5,000 users and 5,000 roles: ingest files into a new store, then the cold query, each
a new process.`

const aboutStartup = `
A new process, from exec to exit, median of 21: accessgraph version, and "who can do kms:* ?" on a store of the sample organization
that accessgraph demo uses.`

func (b *bench) whoCan() error {
	for _, o := range []organization.Options{{Accounts: 1, Principals: 1000}, {Accounts: 1, Principals: 10_000}, {Accounts: 10, Principals: 1000}} {
		o.Seed = 1
		store, err := b.ingested(o)
		if err != nil {
			return err
		}
		cold, err := b.cold(store)
		if err != nil {
			return err
		}
		work := fmt.Sprintf("who can do kms:* ?, %d × %d principals, ", o.Accounts, o.Principals)
		if o.Principals == 10_000 {
			b.hold(work+"cold", cold.seconds(), "0.5 s", cold.wall < 500*time.Millisecond)
		} else {
			b.add(work+"cold", cold.seconds())
		}
		warm, err := b.warm(store)
		if err != nil {
			return err
		}
		b.add(work+"warm", warm.seconds())
	}
	return nil
}

// cold asks in new processes.
func (b *bench) cold(store string) (spent, error) {
	return median(5, func() (spent, error) {
		return b.process("query", whoCanKMS, "--store", store)
	})
}

// warm asks an engine that has answered the question before.
func (b *bench) warm(store string) (spent, error) {
	s, err := badgerstore.Open(store)
	if err != nil {
		return spent{}, err
	}
	defer s.Close()
	engine, err := query.Open(b.ctx, s, "latest")
	if err != nil {
		return spent{}, err
	}
	ask := func() error { return askThrough(b.ctx, engine, whoCanKMS) }
	if err := ask(); err != nil {
		return spent{}, err
	}
	return median(5, func() (spent, error) { return timed(ask) })
}

func (b *bench) account() error {
	// The share is of the principals that are not baseline; with it both kinds are 5,000.
	dir, err := b.organization(organization.Options{Accounts: 1, Principals: 10_000, Seed: 1, UserShare: 0.50073})
	if err != nil {
		return err
	}
	facts, _, err := files.Read(b.ctx, []string{dir}, files.Options{})
	if err != nil {
		return err
	}
	if u, r := len(facts.Accounts[0].Users), len(facts.Accounts[0].Roles); u != 5000 || r != 5000 {
		return fmt.Errorf("the account has %d users and %d roles, want 5,000 of each", u, r)
	}
	store := filepath.Join(b.dir, "account-store")
	ingest, err := median(5, func() (spent, error) {
		if err := os.RemoveAll(store); err != nil {
			return spent{}, err
		}
		return b.process("ingest", "files", dir, "--store", store)
	})
	if err != nil {
		return err
	}
	cold, err := b.cold(store)
	if err != nil {
		return err
	}
	b.add("5,000 users and 5,000 roles: ingest files", ingest.seconds())
	b.hold("5,000 users and 5,000 roles: who can do kms:* ?, cold", cold.seconds(), "0.5 s", cold.wall < 500*time.Millisecond)
	b.add("5,000 users and 5,000 roles: from file to answer", spent{ingest.wall + cold.wall, ingest.cpu + cold.cpu}.seconds())
	return nil
}

func (b *bench) startup() error {
	dir, store := filepath.Join(b.dir, "sample"), filepath.Join(b.dir, "sample-store")
	if err := os.CopyFS(dir, fs.FS(sample.FS())); err != nil {
		return err
	}
	if _, err := b.process("ingest", "files", dir, "--store", store); err != nil {
		return err
	}
	for _, m := range []struct {
		work string
		args []string
		want time.Duration
	}{
		{"accessgraph version", []string{"version"}, 50 * time.Millisecond},
		{"who can do kms:* ? on the demo's store", []string{"query", whoCanKMS, "--store", store}, 150 * time.Millisecond},
	} {
		s, err := median(21, func() (spent, error) { return b.process(m.args...) })
		if err != nil {
			return err
		}
		b.hold(m.work, s.milliseconds(), fmt.Sprintf("%d ms", m.want.Milliseconds()), s.wall < m.want)
	}
	return nil
}
