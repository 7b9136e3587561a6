package gates

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// What is read of a file is bounded.
const (
	maxFileBytes  = 4 << 20
	maxAssertions = 10_000
)

// reading reads one file, node by node, so that every error has its place.
type reading struct{ path string }

// fail makes the error about a node.
func (r *reading) fail(n *yaml.Node, format string, args ...any) error {
	return &FileError{Path: r.path, Line: n.Line, Column: n.Column, Err: fmt.Errorf(format, args...)}
}

// document gives the one value that a text of YAML holds.
func (r *reading) document(text []byte) (*yaml.Node, error) {
	if len(text) > maxFileBytes {
		return nil, &FileError{Path: r.path, Err: fmt.Errorf("more than %d MB", maxFileBytes>>20)}
	}
	d := yaml.NewDecoder(bytes.NewReader(text))
	var doc, more yaml.Node
	if err := d.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, &FileError{Path: r.path, Line: 1, Err: errors.New("the file is empty; it needs assertions:, a list")}
		}
		return nil, r.syntax(err)
	}
	if err := d.Decode(&more); err == nil {
		return nil, r.fail(&more, "a second document begins here; put it into a file of its own")
	} else if !errors.Is(err, io.EOF) {
		return nil, r.syntax(err)
	}
	if doc.Kind != yaml.DocumentNode || len(doc.Content) != 1 {
		return nil, &FileError{Path: r.path, Line: 1, Err: errors.New("this is no YAML document")}
	}
	return doc.Content[0], nil
}

// syntax places an error of the YAML reader.
func (r *reading) syntax(err error) error {
	out := &FileError{Path: r.path, Err: fmt.Errorf("this is no YAML: %w", err)}
	var where *yaml.LoadError
	if errors.As(err, &where) && where.Mark.Line > 0 {
		out.Line, out.Column = where.Mark.Line, where.Mark.Column
		out.Err = fmt.Errorf("this is no YAML: %s", where.Message)
	}
	return out
}

// fields calls one of the functions for each member of a mapping, in order; a member that none is for, and one that is given twice, is an error.
func (r *reading) fields(n *yaml.Node, what string, each map[string]func(*yaml.Node) error) error {
	if n.Kind != yaml.MappingNode {
		return r.fail(n, "%s is a mapping, and this is %s", what, kindOf(n))
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		read := each[key.Value]
		switch {
		case key.Kind != yaml.ScalarNode || read == nil:
			return r.fail(key, "%s has no field %.80q; it has %s", what, key.Value, strings.Join(slices.Sorted(maps.Keys(each)), ", "))
		case seen[key.Value]:
			return r.fail(key, "%s is given twice", key.Value)
		}
		seen[key.Value] = true
		if err := read(value); err != nil {
			return err
		}
	}
	return nil
}

// text reads a scalar that is not empty.
func (r *reading) text(n *yaml.Node, what string) (string, error) {
	if n.Kind != yaml.ScalarNode {
		return "", r.fail(n, "%s is a text, and this is %s", what, kindOf(n))
	}
	text := strings.TrimSpace(n.Value)
	if text == "" || n.Tag == "!!null" {
		return "", r.fail(n, "%s is empty", what)
	}
	return text, nil
}

// into makes a reader of a text.
func (r *reading) into(to *string, what string) func(*yaml.Node) error {
	return func(n *yaml.Node) (err error) {
		*to, err = r.text(n, what)
		return err
	}
}

// list reads each element of a sequence.
func (r *reading) list(n *yaml.Node, what string, each func(*yaml.Node) error) error {
	if n.Kind != yaml.SequenceNode {
		return r.fail(n, "%s is a list, and this is %s", what, kindOf(n))
	}
	if len(n.Content) == 0 {
		return r.fail(n, "%s is an empty list", what)
	}
	for _, element := range n.Content {
		if err := each(element); err != nil {
			return err
		}
	}
	return nil
}

func kindOf(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias, which these files do not have"
	}
	return "a single value"
}
