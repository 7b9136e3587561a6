package files

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/graph"
)

// source is one file to read.
type source struct {
	path  string // as messages name it; "-" is standard input
	scope *scope
	named bool // the user named it, so it must be usable
	size  int64
}

// scope is a directory: files side by side usually speak of one account.
type scope struct {
	account  graph.AccountID // the number the directory is named after; may be empty
	accounts map[graph.AccountID]bool
}

// contractNames are the beginnings of the file names that an export directory uses. A file so named must be usable even
// where others only warn.
var contractNames = []string{
	"organization", "account-authorization-details", "resource-policies", "compute", "account-settings", "shares",
	"coverage", "kms-grants", "credential-report", "password-policy", "account-summary", "account-aliases",
	"saml-providers", "open-id-connect-providers", "service-last-accessed", "observations",
}

// expected tells whether the file must be usable: the user named it, or its name is one of an export directory's.
func (s *source) expected() bool {
	if s.named {
		return true
	}
	return s.contractName() != ""
}

// contractName gives the name that the file has in an export directory, without page number and suffix.
func (s *source) contractName() string {
	base, suffix, _ := strings.Cut(filepath.Base(s.path), ".")
	if !slices.Contains([]string{"json", "csv", "json.gz", "json.zst", "csv.gz", "csv.zst"}, suffix) {
		return ""
	}
	base = strings.TrimRight(base, "0123456789")
	base = strings.TrimSuffix(base, "-")
	if slices.Contains(contractNames, base) {
		return base
	}
	return ""
}

// finder turns the paths that the user gave into sources.
type finder struct {
	sources  []*source
	scopes   map[string]*scope
	seen     map[string]bool
	warnings []string
	failed   []failure // paths that cannot be read at all
}

// failure is a path that cannot be read.
type failure struct {
	source *source
	err    *Error
}

// find lists the files to read, in an order that depends on their names only. Paths that do not exist are in failed.
func find(ctx context.Context, paths []string) (*finder, error) {
	f := &finder{scopes: map[string]*scope{}, seen: map[string]bool{}}
	for _, p := range paths {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if p == "-" {
			f.add("-", true, 0)
			continue
		}
		info, err := os.Stat(p)
		switch {
		case err != nil:
			f.fail(p, true, err)
		case info.IsDir():
			f.directory(p, 1)
		default:
			f.add(p, true, regularSize(info))
		}
	}
	slices.SortStableFunc(f.sources, func(a, b *source) int { return cmp.Compare(a.path, b.path) })
	return f, nil
}

// unreadable gives the Error of a path that the system does not let us read.
func unreadable(p string, err error) *Error {
	e := &Error{File: p, Problem: "cannot be read", Err: err, stops: true}
	var of *fs.PathError
	if errors.As(err, &of) {
		err = of.Err
	}
	e.Problem += ": " + err.Error()
	return e
}

func regularSize(info fs.FileInfo) int64 {
	if info.Mode().IsRegular() {
		return info.Size()
	}
	return 0
}

// directory adds the files of a directory, and of the directories in it while levels remain.
func (f *finder) directory(dir string, levels int) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		f.fail(dir, true, err)
		return
	}
	for _, entry := range entries {
		full := filepath.Join(dir, entry.Name())
		if strings.HasPrefix(entry.Name(), ".") {
			continue
		}
		info, err := os.Stat(full) // follows links: an export may be put together from them
		switch {
		case err != nil:
			f.fail(full, false, err)
		case !info.Mode().IsRegular() && (&source{path: full}).expected():
			f.fail(full, false, errors.New("it is no regular file"))
		case info.IsDir() && levels > 0:
			f.directory(full, levels-1)
		case info.IsDir():
			f.warn(full, "not read: directories are read one level deep")
		case !info.Mode().IsRegular():
			f.warn(full, "not read: it is no regular file")
		default:
			f.add(full, false, info.Size())
		}
	}
}

// fail keeps a path that cannot be read.
func (f *finder) fail(p string, named bool, err error) {
	s := &source{path: p, scope: f.scopeOf(p), named: named}
	f.failed = append(f.failed, failure{s, unreadable(p, err)})
}

func (f *finder) warn(file, text string) {
	f.warnings = append(f.warnings, fmt.Sprintf("%s: %s", file, text))
}

// add adds one file, once however often and under whichever spelling it is given.
func (f *finder) add(file string, named bool, size int64) {
	key := filepath.Clean(file)
	if f.seen[key] {
		return
	}
	f.seen[key] = true
	f.sources = append(f.sources, &source{path: file, scope: f.scopeOf(file), named: named, size: size})
}

// scopeOf gives the scope that a file shares with those beside it. Its account is the name of the directory, where that is
// an account number.
func (f *finder) scopeOf(file string) *scope {
	dir := "-"
	if file != "-" {
		dir = filepath.Dir(filepath.Clean(file))
	}
	s := f.scopes[dir]
	if s == nil {
		s = &scope{accounts: map[graph.AccountID]bool{}}
		name := filepath.Base(dir)
		if full, err := filepath.Abs(dir); err == nil && file != "-" { // ingest files . in an account's directory
			name = filepath.Base(full)
		}
		if isAccountID(name) {
			s.account = graph.AccountID(name)
		}
		f.scopes[dir] = s
	}
	return s
}

// isAccountID tells whether s is an account number: twelve digits.
func isAccountID(s string) bool {
	if len(s) != 12 {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
