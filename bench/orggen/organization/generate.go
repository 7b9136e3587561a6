package organization

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
)

// Options say which organization to make. The same options give the same organization.
type Options struct {
	Accounts   int     // at least 1; the first is the management account
	Principals int     // users and roles of each account, at least 1
	Seed       uint64  //
	UserShare  float64 // of the principals that are not baseline, how many are users: 0 means a fifth
	Changes    int     // planted: how many things are otherwise than without
	Seed2      uint64  // another one plants other changes into the same organization
}

// Errors about options.
var errOptions = errors.New("want at least one account and one principal, a share of users from 0 to 1, and no negative number of changes")

// Sink takes one file of the export, named relative to the export directory with slashes. The data is the sink's to keep.
type Sink func(name string, data []byte) error

// file is what a Sink takes.
type file struct {
	name string
	data []byte
}

// Generate makes the organization and hands its files to sink, account by account, always in the same order and from the
// goroutine that called it. Accounts are made on all processors: one for each, and one
// more, are in memory at most.
// An error is about the options or is the sink's own.
func Generate(o Options, sink Sink) error {
	_, err := GenerateChanged(o, sink)
	return err
}

// GenerateChanged is Generate, and lists the changes that were planted, in the order of their numbers.
func GenerateChanged(o Options, sink Sink) ([]Change, error) {
	if o.Accounts < 1 || o.Principals < 1 || o.UserShare < 0 || o.UserShare > 1 || o.Changes < 0 {
		return nil, fmt.Errorf("make organization of %d accounts with %d principals: %w", o.Accounts, o.Principals, errOptions)
	}
	if o.UserShare == 0 {
		o.UserShare = 0.2
	}
	org := newOrg(o)
	if err := emit(sink, "organization.json", org.export()); err != nil {
		return nil, err
	}
	if err := org.eachAccount(sink); err != nil {
		return nil, err
	}
	return org.changes, emit(sink, "coverage.json", org.coverage())
}

// made is one account's files, or why there are none.
type made struct {
	files []file
	err   error
}

// eachAccount makes the accounts side by side and hands their files on in the order of the accounts: nothing that depends on
// which of them was ready first reaches the sink.
func (g *org) eachAccount(sink Sink) error {
	waiting := make(chan chan made, runtime.GOMAXPROCS(0)) // in the order of the accounts; it bounds how many are in memory
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		defer close(waiting)
		for i := range g.accounts {
			result := make(chan made, 1) // nobody may be there to take it
			select {
			case waiting <- result:
			case <-stop:
				return
			}
			go func() {
				files, err := g.account(i)
				result <- made{files, err}
			}()
		}
	}()
	for result := range waiting {
		account := <-result
		if account.err != nil {
			return account.err
		}
		for _, f := range account.files {
			if err := sink(f.name, f.data); err != nil {
				return err
			}
		}
	}
	return nil
}

// Write makes the organization as an export directory at dir, which is created; files of that name are overwritten. The list of
// planted changes, if there are any, goes to ChangesFile(dir).
func Write(dir string, o Options) error {
	changes, err := GenerateChanged(o, func(name string, data []byte) error {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("write organization: %w", err)
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			return fmt.Errorf("write organization: %w", err)
		}
		return nil
	})
	if err != nil || len(changes) == 0 {
		return err
	}
	list, err := encodeChanges(changes)
	if err != nil {
		return err
	}
	if err := os.WriteFile(ChangesFile(dir), list, 0o644); err != nil {
		return fmt.Errorf("write list of changes: %w", err)
	}
	return nil
}

// emit hands v to sink as a file.
func emit(sink Sink, name string, v any) error {
	f, err := encode(name, v)
	if err != nil {
		return err
	}
	return sink(f.name, f.data)
}

// encode writes v as the AWS CLI prints: indented by four spaces.
func encode(name string, v any) (file, error) {
	b, err := json.MarshalIndent(v, "", "    ")
	if err != nil {
		return file{}, fmt.Errorf("write %s: %w", name, err)
	}
	return file{name, append(b, '\n')}, nil
}

// random is a source of its own for each account, so that an account does not depend on those before it.
type random struct{ *rand.Rand }

func newRandom(seed, stream uint64) random { return random{rand.New(rand.NewPCG(seed, stream))} }

// chance is true in percent of cases.
func (r random) chance(percent int) bool { return r.IntN(100) < percent }

// pick gives one of the strings.
func (r random) pick(s []string) string { return s[r.IntN(len(s))] }

// weighted gives the position of one of the weights, each as likely as its part of their sum.
func (r random) weighted(weights ...int) int {
	sum := 0
	for _, w := range weights {
		sum += w
	}
	n := r.IntN(sum)
	for i, w := range weights {
		if n -= w; n < 0 {
			return i
		}
	}
	return len(weights) - 1
}

const idLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"

// uniqueID is an IAM unique id: a prefix such as AIDA and 17 letters and digits.
func (r random) uniqueID(prefix string) string {
	b := []byte(prefix)
	for range 17 {
		b = append(b, idLetters[r.IntN(len(idLetters))])
	}
	return string(b)
}

// hex gives n hexadecimal digits.
func (r random) hex(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = "0123456789abcdef"[r.IntN(16)]
	}
	return string(b)
}

// uuid is the form of KMS key ids.
func (r random) uuid() string {
	return r.hex(8) + "-" + r.hex(4) + "-" + r.hex(4) + "-" + r.hex(4) + "-" + r.hex(12)
}
