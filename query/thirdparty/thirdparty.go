// Package thirdparty knows the names of AWS accounts that are known to belong to somebody: vendors whose products work in their customers' accounts,
// and AWS itself. Users add their own.
package thirdparty

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

//go:embed thirdparty.json
var data []byte

// Party is somebody with AWS accounts.
type Party struct {
	Name     string   `json:"name"`
	Accounts []string `json:"accounts"`
	Source   string   `json:"source,omitempty"` // where it says so
}

// Parties are parties by account.
type Parties map[string]*Party

// file is the format of a list of parties.
type file struct {
	Date    string   `json:"date,omitempty"`
	Parties []*Party `json:"parties"`
}

// Error is returned for a list of parties that cannot be read. Line and Column are counted from 1, the latter in bytes; 0: not known.
type Error struct {
	File         string
	Line, Column int
	Err          error
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %v", e.File, e.Err)
	}
	return fmt.Sprintf("%s:%d:%d: %v", e.File, e.Line, e.Column, e.Err)
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Known are the parties that come with the program.
func Known() (Parties, error) {
	out := Parties{}
	return out, out.Add("thirdparty.json", data)
}

// Name is what an account is known as, empty where it is not.
func (p Parties) Name(account string) string {
	if party := p[account]; party != nil {
		return party.Name
	}
	return ""
}

// Add takes in a list of parties, whose file is called name; where it names an account that is known already, it counts. Errors are *Error, and
// nothing is added then.
func (p Parties) Add(name string, text []byte) error {
	f := &file{}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(f); err != nil {
		return at(name, text, d.InputOffset(), err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return at(name, text, d.InputOffset(), errors.New(`want one object {"parties": […]} and nothing behind it`))
	}
	if f.Parties == nil {
		return at(name, text, 0, errors.New(`want {"parties": [{"name", "accounts": ["123456789012", …], "source"?}, …]}`))
	}
	for i, party := range f.Parties {
		if err := party.check(); err != nil {
			return at(name, text, place(text, i), fmt.Errorf("parties[%d]: %w", i, err))
		}
	}
	for _, party := range f.Parties {
		for _, account := range party.Accounts {
			p[account] = party
		}
	}
	return nil
}

func (p *Party) check() error {
	switch {
	case p == nil:
		return errors.New("want an object, not null")
	case strings.TrimSpace(p.Name) == "":
		return errors.New("want a name")
	case len(p.Accounts) == 0:
		return errors.New("want accounts, a list of account numbers")
	}
	for _, a := range p.Accounts {
		if len(a) != 12 || strings.Trim(a, "0123456789") != "" {
			return fmt.Errorf("account %q: want 12 digits, as text", a)
		}
	}
	return nil
}

// place is the offset at which the party with an index begins.
func place(text []byte, index int) int64 {
	d := json.NewDecoder(bytes.NewReader(text))
	for {
		token, err := d.Token()
		if err != nil {
			return 0
		}
		if token != "parties" {
			continue
		}
		if open, err := d.Token(); err != nil || open != json.Delim('[') {
			continue // a text of that name
		}
		for ; index > 0; index-- {
			var skipped json.RawMessage
			if d.Decode(&skipped) != nil {
				return 0
			}
		}
		at := d.InputOffset()
		return at + int64(len(text[at:])-len(bytes.TrimLeft(text[at:], " \t\r\n,")))
	}
}

// at says where an error is.
func at(name string, text []byte, offset int64, err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		offset = syntax.Offset - 1
	case errors.As(err, &kind):
		offset = kind.Offset - 1
		where := kind.Field + ": "
		if kind.Field == "" {
			where = ""
		}
		err = fmt.Errorf("%swant %s, not %s", where, wanted(kind), kind.Value)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		offset, err = int64(len(text)), errors.New("the file ends too early")
	}
	before := text[:min(max(offset, 0), int64(len(text)))]
	line := 1 + bytes.Count(before, []byte("\n"))
	return &Error{File: name, Line: line, Column: 1 + len(before) - (1 + bytes.LastIndexByte(before, '\n')), Err: err}
}

// wanted says in words what a field of the file holds.
func wanted(e *json.UnmarshalTypeError) string {
	switch e.Type.Kind().String() {
	case "string":
		return "text"
	case "slice":
		return "a list"
	}
	return "an object"
}
