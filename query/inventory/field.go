package inventory

import (
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/query/answer"
)

// field is one field of the rows T of a kind: how it is described, and how a row gives it.
type field[T any] struct {
	answer.Column
	get func(*T) any
}

// table is all fields of a kind, in the order of its JSON.
type table[T any] struct {
	fields []field[T]
	places map[string]int
}

func newTable[T any](parts ...[]field[T]) *table[T] {
	t := &table[T]{places: map[string]int{}}
	for _, fields := range parts {
		for _, f := range fields {
			t.places[f.Name] = len(t.fields)
			t.fields = append(t.fields, f)
		}
	}
	return t
}

func (t *table[T]) columns() []answer.Column {
	out := make([]answer.Column, len(t.fields))
	for i := range t.fields {
		out[i] = t.fields[i].Column
	}
	return out
}

// value gives a field of a row, or a member of one whose members are fields.
func (t *table[T]) value(row *T, name string) (any, bool) {
	if i, ok := t.places[name]; ok {
		return t.fields[i].get(row), true
	}
	open, key, ok := strings.Cut(name, ".")
	i, known := t.places[open]
	if !ok || !known || !t.fields[i].Open {
		return nil, false
	}
	pairs, _ := t.fields[i].get(row).(Pairs)
	return pairs.value(key), true
}

// write is the JSON of a row. What is worked out on demand is in it where it was asked for.
func (t *table[T]) write(enc *jsontext.Encoder, r Row) error {
	about := r.Self()
	columns := make([]answer.Column, 0, len(t.fields))
	for i := range t.fields {
		c := t.fields[i].Column
		if _, asked := about.Judged[c.Name]; asked || !c.Dear {
			columns = append(columns, c)
		}
	}
	return answer.WriteRow(enc, r, columns)
}

// part makes the fields of a part of a row.
func part[T, P any](of func(*T) *P, fields []field[P]) []field[T] {
	out := make([]field[T], len(fields))
	for i, f := range fields {
		out[i] = field[T]{Column: f.Column, get: func(row *T) any { return f.get(of(row)) }}
	}
	return out
}

func text[T any](name, about string, get func(*T) string) field[T] {
	return field[T]{answer.Column{Name: name, About: about}, func(row *T) any {
		if s := get(row); s != "" {
			return s
		}
		return nil
	}}
}

func list[T any](name, about string, get func(*T) []string) field[T] {
	return field[T]{answer.Column{Name: name, Type: answer.List, About: about}, func(row *T) any { return get(row) }}
}

func number[T any](name, about string, get func(*T) *int) field[T] {
	return field[T]{answer.Column{Name: name, Type: answer.Number, About: about}, func(row *T) any {
		if n := get(row); n != nil {
			return float64(*n)
		}
		return nil
	}}
}

func flag[T any](name, about string, get func(*T) *bool) field[T] {
	return field[T]{answer.Column{Name: name, Type: answer.Bool, About: about}, func(row *T) any {
		if b := get(row); b != nil {
			return *b
		}
		return nil
	}}
}

func moment[T any](name, about string, get func(*T) *time.Time) field[T] {
	return field[T]{answer.Column{Name: name, Type: answer.Time, About: about}, func(row *T) any {
		if t := get(row); t != nil {
			return *t
		}
		return nil
	}}
}

func span[T any](name, about string, get func(*T) *time.Duration) field[T] {
	return field[T]{answer.Column{Name: name, Type: answer.Duration, About: about}, func(row *T) any {
		if d := get(row); d != nil {
			return *d
		}
		return nil
	}}
}

func pairs[T any](name, about string, get func(*T) Pairs) field[T] {
	return field[T]{answer.Column{Name: name, Type: answer.Object, Open: true, About: about}, func(row *T) any {
		if p := get(row); p != nil {
			return p
		}
		return nil
	}}
}

// main marks a field as one that tables show.
func (f field[T]) main() field[T] { f.Main = true; return f }

// arn marks a field whose texts are ARNs.
func (f field[T]) arn() field[T] { f.ARN = true; return f }

// words says all that a field can be.
func (f field[T]) words(all ...string) field[T] { f.Words = all; return f }

// dear marks a field that is worked out on demand.
func (f field[T]) dear() field[T] { f.Dear = true; return f }

// Pairs are keys and values: tags. Its JSON is an object; nil is not known.
type Pairs []graph.Tag

// MarshalJSONTo writes one member a pair, in their order.
func (p Pairs) MarshalJSONTo(enc *jsontext.Encoder) error {
	if err := enc.WriteToken(jsontext.BeginObject); err != nil {
		return err
	}
	for _, t := range p {
		if err := enc.WriteToken(jsontext.String(t.Key)); err != nil {
			return err
		}
		if err := enc.WriteToken(jsontext.String(t.Value)); err != nil {
			return err
		}
	}
	return enc.WriteToken(jsontext.EndObject)
}

// value gives the value of a key as it is written, else of one that differs in letter case alone; nil where there is neither.
func (p Pairs) value(key string) any {
	for _, t := range p {
		if t.Key == key {
			return t.Value
		}
	}
	for _, t := range p {
		if strings.EqualFold(t.Key, key) {
			return t.Value
		}
	}
	return nil
}

// known gives the tags of what they were collected for, which may have none.
func known(tags []graph.Tag) Pairs {
	return append(Pairs{}, tags...)
}
