package cases

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sort"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/evaluator/policy"
)

// Shape is the shape of a case.
type Shape uint8

// The shapes, told apart by their fields.
const (
	Decision    Shape = iota // a concrete request
	ThreeValued              // the same with "free" keys
	Document                 // "policyType" and "text"
)

// Case is one line, read and compiled.
type Case struct {
	ID       string
	Shape    Shape
	Request  evaluator.Request
	Layers   evaluator.Layers
	Free     []string // the keys whose values are unknown, sorted
	Kind     policy.Kind
	Text     string
	Expected string // empty when the case does not say

	written written
}

// written is a request as the line has it, before it is understood.
type written struct {
	who    who
	keys   []string
	values []policy.ContextValue
}

// Rebuild makes the case's request once more out of its strings, in r and its memory: what a request costs a program that has
// strings, as programs have.
func (c *Case) Rebuild(r *evaluator.Request) {
	r.Principal, _ = c.written.who.principal()
	r.Principal.Management, r.Principal.AssumedRoot = c.Request.Principal.Management, c.Request.Principal.AssumedRoot
	r.Action, r.Target = c.Request.Action, c.Request.Target
	r.Context.Reset()
	for i, key := range c.written.keys {
		r.Context.Set(key, c.written.values[i])
	}
}

// Read reads one line. The error says which field is wrong, what was found and what is expected; the ID is set whenever the line
// shows it.
func Read(line []byte) (*Case, error) {
	c := &Case{}
	f, err := members(line, "the case")
	if err != nil {
		return c, err
	}
	if raw, ok := f["id"]; ok {
		if c.ID, err = scalar(raw); err != nil {
			return c, fmt.Errorf("id: %w", err)
		}
	}
	for _, name := range []string{"expected", "expect"} {
		if c.Expected, err = f.optional(name); err != nil {
			return c, err
		}
		if c.Expected != "" {
			break
		}
	}
	if f.given("policyType") && f.given("text") {
		c.Shape = Document
		return c, c.readDocument(f)
	}
	if err := c.readRequest(f); err != nil {
		return c, err
	}
	if err := c.readLayers(f); err != nil {
		return c, err
	}
	if raw, ok := f["free"]; ok && !isNull(raw) {
		c.Shape = ThreeValued
		free, err := members(raw, "free")
		if err != nil {
			return c, err
		}
		for key := range free {
			c.Free = append(c.Free, key)
		}
		sort.Strings(c.Free)
	}
	return c, nil
}

// fields are the members of a JSON object, as written.
type fields map[string]jsontext.Value

// given tells whether a member is there with a value.
func (f fields) given(name string) bool { return f[name] != nil && !isNull(f[name]) }

// members reads an object whose members are unique.
func members(raw []byte, what string) (fields, error) {
	f := fields{}
	err := eachMember(raw, what, func(name string, value jsontext.Value) error {
		if _, twice := f[name]; twice {
			return fmt.Errorf("%s: member %q appears twice; keep one of them", what, name)
		}
		f[name] = value.Clone()
		return nil
	})
	return f, err
}

// eachMember visits the members of an object in their order. What they hold is left as it is, duplicates in a policy document
// included, for the policy parser judges those. The value is valid until visit returns.
func eachMember(raw []byte, what string, visit func(name string, value jsontext.Value) error) error {
	dec := jsontext.NewDecoder(bytes.NewReader(raw), jsontext.AllowDuplicateNames(true))
	tok, err := dec.ReadToken()
	if err != nil {
		return fmt.Errorf("%s: %w", what, unreadable(err))
	}
	if tok.Kind() != '{' {
		return fmt.Errorf("%s: found %s, expected an object", what, kindName(tok.Kind()))
	}
	for dec.PeekKind() != '}' {
		name, err := dec.ReadToken()
		if err != nil {
			return fmt.Errorf("%s: %w", what, unreadable(err))
		}
		key := name.String()
		value, err := dec.ReadValue()
		if err != nil {
			return fmt.Errorf("%s: %s: %w", what, key, unreadable(err))
		}
		if err := visit(key, value); err != nil {
			return err
		}
	}
	if _, err := dec.ReadToken(); err != nil {
		return fmt.Errorf("%s: %w", what, unreadable(err))
	}
	if _, err := dec.ReadToken(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: something follows the object; expected one object a line", what)
	}
	return nil
}

// unreadable puts an error of the JSON reader in words of the input.
func unreadable(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the JSON ends too early")
	}
	return fmt.Errorf("not JSON: %w", err)
}

func isNull(raw jsontext.Value) bool { return raw.Kind() == 'n' }

func kindName(k jsontext.Kind) string {
	switch k {
	case 'n':
		return "null"
	case 'f', 't':
		return "a boolean"
	case '"':
		return "a string"
	case '0':
		return "a number"
	case '{':
		return "an object"
	case '[':
		return "an array"
	}
	return "something else"
}

// scalar reads a string, or a number or boolean as its text (A8).
func scalar(raw jsontext.Value) (string, error) {
	switch raw.Kind() {
	case '"':
		text, err := jsontext.AppendUnquote(nil, raw)
		if err != nil {
			return "", fmt.Errorf("not a readable string: %w", err)
		}
		return string(text), nil
	case '0', 't', 'f':
		return string(raw), nil
	}
	return "", fmt.Errorf("found %s, expected a string", kindName(raw.Kind()))
}

// text reads a member that must be a string.
func (f fields) text(name string) (string, error) {
	raw, ok := f[name]
	if !ok || isNull(raw) {
		return "", fmt.Errorf("%s is missing; expected a string", name)
	}
	return f.optional(name)
}

// optional reads a member that may be missing or null, and then is empty.
func (f fields) optional(name string) (string, error) {
	raw, ok := f[name]
	if !ok || isNull(raw) {
		return "", nil
	}
	if raw.Kind() != '"' {
		return "", fmt.Errorf("%s: found %s, expected a string", name, kindName(raw.Kind()))
	}
	s, err := scalar(raw)
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	return s, nil
}

// flag reads a boolean that is false when it is missing.
func (f fields) flag(name string) (bool, error) {
	raw, ok := f[name]
	if !ok || isNull(raw) {
		return false, nil
	}
	switch raw.Kind() {
	case 't':
		return true, nil
	case 'f':
		return false, nil
	}
	return false, fmt.Errorf("%s: found %s, expected true or false", name, kindName(raw.Kind()))
}

// elements reads an array; a missing or null one is empty.
func elements(raw jsontext.Value, what string) ([]jsontext.Value, error) {
	if raw == nil || isNull(raw) {
		return nil, nil
	}
	if raw.Kind() != '[' {
		return nil, fmt.Errorf("%s: found %s, expected an array", what, kindName(raw.Kind()))
	}
	dec := jsontext.NewDecoder(bytes.NewReader(raw), jsontext.AllowDuplicateNames(true))
	if _, err := dec.ReadToken(); err != nil {
		return nil, fmt.Errorf("%s: %w", what, unreadable(err))
	}
	var out []jsontext.Value
	for dec.PeekKind() != ']' {
		v, err := dec.ReadValue()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", what, unreadable(err))
		}
		out = append(out, v.Clone())
	}
	return out, nil
}

// documentKinds are the names of policy types, in the spellings people use; letters alone count.
var documentKinds = [...]struct {
	name string
	kind policy.Kind
}{
	{"identity", policy.Identity},
	{"boundary", policy.Boundary},
	{"permissionsboundary", policy.Boundary},
	{"session", policy.Session},
	{"scp", policy.SCP},
	{"rcp", policy.RCP},
	{"resource", policy.Resource},
	{"trust", policy.Trust},
	{"vpcendpoint", policy.VPCEndpoint},
	{"endpoint", policy.VPCEndpoint},
	{"vpce", policy.VPCEndpoint},
}

func (c *Case) readDocument(f fields) error {
	name, err := f.text("policyType")
	if err != nil {
		return err
	}
	if c.Text, err = f.text("text"); err != nil {
		return err
	}
	letters := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			return r
		}
		return -1
	}, strings.ToLower(name))
	for _, k := range documentKinds {
		if letters == k.name || letters == k.name+"policy" {
			c.Kind = k.kind
			return nil
		}
	}
	return fmt.Errorf("policyType: found %q, expected identity, boundary, session, scp, rcp, resource, trust or vpc-endpoint", name)
}
