// Package gates holds snapshots to assertions, so that a pipeline can stop what a rule forbids: "only break-glass can decrypt the payroll key" is a
// question and the rows it may have. Read reads files of assertions, Run asks them, and a Report is written as text, JSON, JUnit XML or SARIF.
//
// A gate must not pass because something is not known. A row of verdict unknown may be one or none: an assertion holds only if it does either way. An
// answer from incomplete data, or one with a warning (a misspelt action, that nobody can do), fails the assertion too. Each of the three can be allowed by
// name. What could not be asked at all is an error, and no pass.
package gates

import (
	"fmt"
	"slices"
	"strings"
)

// File is one file of assertions, in the order of the file.
type File struct {
	Path       string // as it was named
	Assertions []*Assertion
}

// Assertion is a question with what its answer must be.
type Assertion struct {
	Name        string
	Question    string
	Description string   // empty: none
	Severity    Severity // empty: none
	At          string   // snapshot reference; empty: that of the run
	Expect      Expectation
	Allow       Allowances
	Line        int // of the assertion in its file, from 1
}

// Severity says how bad it is when an assertion does not hold. It is for reports: every failure ends a run with a failure.
type Severity string

// The severities, worst first.
const (
	Critical Severity = "critical"
	High     Severity = "high"
	Medium   Severity = "medium"
	Low      Severity = "low"
	Info     Severity = "info"
)

func severities() []string {
	return []string{string(Critical), string(High), string(Medium), string(Low), string(Info)}
}

// Allowances are what an assertion may pass in spite of.
type Allowances struct {
	Unknown    bool // rows of verdict unknown: it passes if it holds for some reading of them
	Incomplete bool // data that was given or asked for and could not be used
	Warnings   bool // warnings of the answer
}

// The names of the allowances, in files and on the command line.
const (
	allowUnknown    = "unknown"
	allowIncomplete = "incomplete"
	allowWarnings   = "warnings"
)

// AllowanceNames lists what can be allowed.
func AllowanceNames() []string { return []string{allowUnknown, allowIncomplete, allowWarnings} }

// ParseAllowances reads names of allowances; another word is an error that lists them.
func ParseAllowances(names []string) (Allowances, error) {
	var a Allowances
	for _, name := range names {
		switch name {
		case allowUnknown:
			a.Unknown = true
		case allowIncomplete:
			a.Incomplete = true
		case allowWarnings:
			a.Warnings = true
		default:
			return a, notOneOf("what is allowed", name, AllowanceNames())
		}
	}
	return a, nil
}

func notOneOf(what, word string, words []string) error {
	return fmt.Errorf("%s is one of %s, and %.80q is none", what, strings.Join(words, ", "), word)
}

// oneOf tells whether word is one of words.
func oneOf(what, word string, words []string) error {
	if slices.Contains(words, word) {
		return nil
	}
	return notOneOf(what, word, words)
}

// FileError is a file of assertions that cannot be used, and where.
type FileError struct {
	Path         string
	Line, Column int // from 1; 0: not known
	Err          error
}

func (e *FileError) Error() string {
	place := e.Path
	if e.Line > 0 {
		place += fmt.Sprintf(":%d", e.Line)
		if e.Column > 0 {
			place += fmt.Sprintf(":%d", e.Column)
		}
	}
	return place + ": " + e.Err.Error()
}

func (e *FileError) Unwrap() error { return e.Err }
