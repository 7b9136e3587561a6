package gates

import (
	"errors"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/accessgraph/accessgraph/query"
	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/syntax"
)

// Read reads a file of assertions from its text; path is for errors, which are *FileError, and for reports. Questions are read too: one that does not
// parse, or whose rows cannot be what is expected of them, is an error of the file.
func Read(path string, text []byte) (*File, error) {
	r := &reading{path: path}
	top, err := r.document(text)
	if err != nil {
		return nil, err
	}
	f := &File{Path: path}
	base := Assertion{}
	var list *yaml.Node
	err = r.fields(top, "the file", map[string]func(*yaml.Node) error{
		"at":         r.reference(&base.At),
		"allow":      r.allowances(&base.Allow),
		"severity":   r.severity(&base.Severity),
		"assertions": func(n *yaml.Node) error { list = n; return nil },
	})
	if err != nil {
		return nil, err
	}
	if list == nil {
		return nil, r.fail(top, "the file has no assertions")
	}
	if len(list.Content) > maxAssertions {
		return nil, r.fail(list, "more than %d assertions", maxAssertions)
	}
	names := map[string]int{}
	err = r.list(list, "assertions", func(n *yaml.Node) error {
		a, err := r.assertion(n, base)
		if err != nil {
			return err
		}
		if line, twice := names[a.Name]; twice {
			return r.fail(n, "the assertion in line %d has the name %.80q too", line, a.Name)
		}
		names[a.Name] = a.Line
		f.Assertions = append(f.Assertions, a)
		return nil
	})
	return f, err
}

func (r *reading) reference(to *string) func(*yaml.Node) error {
	return func(n *yaml.Node) error {
		text, err := r.text(n, "at")
		*to = strings.TrimPrefix(text, "@")
		return err
	}
}

func (r *reading) severity(to *Severity) func(*yaml.Node) error {
	return func(n *yaml.Node) error {
		word, err := r.text(n, "severity")
		if err != nil {
			return err
		}
		if err := oneOf("severity", word, severities()); err != nil {
			return r.fail(n, "%w", err)
		}
		*to = Severity(word)
		return nil
	}
}

func (r *reading) allowances(to *Allowances) func(*yaml.Node) error {
	return func(n *yaml.Node) error {
		var names []string
		err := r.list(n, "allow", func(n *yaml.Node) error {
			name, err := r.text(n, "what is allowed")
			if err == nil {
				if err = oneOf("what is allowed", name, AllowanceNames()); err != nil {
					err = r.fail(n, "%w", err)
				}
			}
			names = append(names, name)
			return err
		})
		if err == nil {
			*to, err = ParseAllowances(names)
		}
		return err
	}
}

// assertion reads one; what it does not say is as in base.
func (r *reading) assertion(n *yaml.Node, base Assertion) (*Assertion, error) {
	a := base
	a.Line = n.Line
	var question, expect, at *yaml.Node
	err := r.fields(n, "an assertion", map[string]func(*yaml.Node) error{
		"name":        r.into(&a.Name, "name"),
		"description": r.into(&a.Description, "description"),
		"question":    func(n *yaml.Node) error { question = n; return r.into(&a.Question, "question")(n) },
		"at":          func(n *yaml.Node) error { at = n; return r.reference(&a.At)(n) },
		"severity":    r.severity(&a.Severity),
		"allow":       r.allowances(&a.Allow),
		"expect":      func(n *yaml.Node) error { expect = n; return nil },
	})
	switch {
	case err != nil:
		return nil, err
	case a.Name == "":
		return nil, r.fail(n, "the assertion has no name")
	case question == nil:
		return nil, r.fail(n, "the assertion %.80q has no question", a.Name)
	case expect == nil:
		return nil, r.fail(n, "the assertion %.80q does not say what to expect: empty, rows, principals, only or matching", a.Name)
	}
	if a.Expect, err = r.expectation(expect); err != nil {
		return nil, err
	}
	q, schema, err := asked(a.Question)
	if err != nil {
		var place *syntax.Error
		if errors.As(err, &place) {
			return nil, r.fail(question, "the question does not parse:\n%s", place.Display())
		}
		return nil, r.fail(question, "%w", err)
	}
	if c := syntax.ClausesOf(q.Question); at != nil && c != nil && c.At != nil {
		return nil, r.fail(at, "the question says already which snapshot it is about: %s", c.At.String())
	}
	if err := a.Expect.check(q, schema); err != nil {
		return nil, r.fail(expect, "%w", err)
	}
	return &a, nil
}

func asked(question string) (*syntax.Query, *answer.Schema, error) {
	q, err := query.Check(question)
	if err != nil {
		return nil, nil, err
	}
	schema, err := query.Schema(question)
	return q, schema, err
}

const expectations = "expect is empty, a verdict (allowed, conditional, denied, unknown), or one of rows: N, principals: [PATTERN, …], only: [PATTERN, …] " +
	"and matching: [{FIELD: PATTERN}, …]"

func (r *reading) expectation(n *yaml.Node) (Expectation, error) {
	if n.Kind == yaml.ScalarNode {
		switch word := strings.TrimSpace(n.Value); answer.Verdict(word) {
		case "empty":
			return Empty{}, nil
		case answer.Allowed, answer.Conditional, answer.Denied, answer.Unknown:
			return VerdictIs(word), nil
		}
		return nil, r.fail(n, "%s, and this is %.80q", expectations, n.Value)
	}
	if n.Kind != yaml.MappingNode || len(n.Content) != 2 {
		return nil, r.fail(n, "%s", expectations)
	}
	var out Expectation
	principals := func(all bool) func(*yaml.Node) error {
		return func(n *yaml.Node) error {
			o := &Only{All: all}
			out = o
			return r.list(n, "the list of principals", func(n *yaml.Node) error {
				pattern, err := r.text(n, "the pattern of a principal")
				o.Listed = append(o.Listed, Listed{Fields: []Field{{"principal", pattern}}})
				return err
			})
		}
	}
	err := r.fields(n, "expect", map[string]func(*yaml.Node) error{
		"rows":       func(n *yaml.Node) (err error) { out, err = r.rowCount(n); return err },
		"principals": principals(true),
		"only":       principals(false),
		"matching":   func(n *yaml.Node) (err error) { out, err = r.matching(n); return err },
	})
	return out, err
}

func (r *reading) rowCount(n *yaml.Node) (Expectation, error) {
	count, err := strconv.ParseInt(n.Value, 10, 32)
	if n.Kind != yaml.ScalarNode || err != nil || count < 0 {
		return nil, r.fail(n, "rows is a number of rows, from 0")
	}
	return RowCount(count), nil
}

func (r *reading) matching(n *yaml.Node) (Expectation, error) {
	o := &Only{All: true}
	err := r.list(n, "matching", func(n *yaml.Node) error {
		if n.Kind != yaml.MappingNode || len(n.Content) == 0 {
			return r.fail(n, "a row is a mapping of fields to patterns, and this is %s", kindOf(n))
		}
		l := Listed{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			name, err := r.text(n.Content[i], "the name of a field")
			if err != nil {
				return err
			}
			pattern, err := r.text(n.Content[i+1], name)
			if err != nil {
				return err
			}
			l.Fields = append(l.Fields, Field{name, pattern})
		}
		o.Listed = append(o.Listed, l)
		return nil
	})
	return o, err
}
