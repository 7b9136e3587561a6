package stage_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/answer/stage"
	"github.com/accessgraph/accessgraph/query/syntax"
)

// thing is a row of which a function and a field are known to an asker alone.
type thing struct {
	name  string
	cheap bool
	dear  *bool
}

func (*thing) RowVerdict() answer.Verdict { return "" }

func (r *thing) Field(name string) (any, bool) {
	switch name {
	case "name":
		return r.name, true
	case "cheap":
		return r.cheap, true
	case "dear":
		if r.dear == nil {
			return nil, true
		}
		return *r.dear, true
	}
	return nil, false
}

// oracle answers by the name of a row: y is yes, n is no, and what else there is nobody knows. It keeps what it was asked.
type oracle struct {
	asked []string
	err   error
}

func (o *oracle) Functions() []string { return []string{"can"} }

func (o *oracle) CheckCall(c *syntax.Call) (int, error) {
	if len(c.Arguments) > 1 {
		return 1, errors.New("can takes one argument")
	}
	return 0, nil
}

func (o *oracle) know(rows []answer.Row) []*bool {
	out := make([]*bool, len(rows))
	var names []string
	for i, r := range rows {
		name := r.(*thing).name
		names = append(names, name)
		if yes := strings.HasPrefix(name, "y"); yes || strings.HasPrefix(name, "n") {
			out[i] = &yes
		}
	}
	o.asked = append(o.asked, strings.Join(names, " "))
	return out
}

func (o *oracle) Call(_ *syntax.Call, rows []answer.Row) ([]*bool, error) {
	if o.err != nil {
		return nil, o.err
	}
	return o.know(rows), nil
}

func (o *oracle) Fill(_ string, rows []answer.Row) error {
	for i, v := range o.know(rows) {
		rows[i].(*thing).dear = v
	}
	return o.err
}

func thingSchema() *answer.Schema {
	return &answer.Schema{Kind: answer.KindShow, Columns: []answer.Column{{Name: "name"}, {Name: "cheap", Type: answer.Bool}}, Nested: []answer.Column{{Name: "dear", Type: answer.Bool, Dear: true}}}
}

// things runs stages over five rows, two of which are cheap, and gives the names of what is left, of what nobody could decide, and what was asked.
func things(t *testing.T, o *oracle, stages string) (left, undecided []string, err error) {
	t.Helper()
	text := "show users | " + stages
	q, err := syntax.Parse(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	in := answer.Of(&thing{name: "y1", cheap: true}, &thing{name: "n1", cheap: true}, &thing{name: "y2"}, &thing{name: "n2"}, &thing{name: "u1"})
	r, err := stage.ApplyAsking(thingSchema(), in, q.Stages, text, now, o)
	if err != nil {
		return nil, nil, err
	}
	rows, err := answer.Collect(r.Rows)
	for _, row := range rows {
		v, _ := row.Field("name")
		left = append(left, v.(string))
	}
	for _, u := range r.Undecided() {
		undecided = append(undecided, u.Row.(*thing).name)
	}
	return left, undecided, err
}

// TestAsked holds that what must be asked is asked last, once for all rows that hang on it, and that what stays unknown is no row and is told.
func TestAsked(t *testing.T) {
	for _, test := range []struct{ stages, left, undecided, asked string }{
		{"where can(x)", "y1 y2", "u1", "y1 n1 y2 n2 u1"},
		{"where not can(x)", "n1 n2", "u1", "y1 n1 y2 n2 u1"},
		{"where can(x) and cheap", "y1", "", "y1 n1"},
		{"where cheap or can(x)", "y1 n1 y2", "u1", "y2 n2 u1"},
		{"where can(x) or not can(x)", "y1 n1 y2 n2", "u1", "y1 n1 y2 n2 u1|n1 n2 u1"},
		{"where cheap and name = none and can(x)", "", "", ""},
		{"where dear", "y1 y2", "u1", "y1 n1 y2 n2 u1"},
		{"where not dear", "n1 n2", "u1", "y1 n1 y2 n2 u1"},
		{"where dear = false and not cheap", "n2", "u1", "y2 n2 u1"},
		{"where dear is null", "u1", "", "y1 n1 y2 n2 u1"},
		{"where can(x) | select name", "y1 y2", "u1", "y1 n1 y2 n2 u1"},
		{"where cheap | select name, dear", "y1 n1", "", "y1 n1"},
		{"sort by dear desc | limit 2", "y1 y2", "", "y1 n1 y2 n2 u1"},
	} {
		o := &oracle{}
		left, undecided, err := things(t, o, test.stages)
		got := struct{ stages, left, undecided, asked string }{test.stages, strings.Join(left, " "), strings.Join(undecided, " "), strings.Join(o.asked, "|")}
		if err != nil || got != test {
			t.Errorf("got %+v, error %v; want %+v", got, err, test)
		}
	}
}

// TestAskedErrors holds that an asker's error ends the rows, and that bad calls are pointed at before anybody is asked.
func TestAskedErrors(t *testing.T) {
	broken := errors.New("the store is gone")
	for _, stages := range []string{"where can(x)", "where dear", "select name, dear"} {
		if _, _, err := things(t, &oracle{err: broken}, stages); !errors.Is(err, broken) {
			t.Errorf("%s: %v", stages, err)
		}
	}
	for stages, want := range map[string]string{
		"where cann(x)":              `these rows have no function cann; they have can`,
		"where can(x, y)":            `can takes one argument`,
		"select name | where can(x)": `these rows have no function can`,
	} {
		o := &oracle{}
		_, _, err := things(t, o, stages)
		var bad *syntax.Error
		if !errors.As(err, &bad) || bad.Message != want || len(o.asked) > 0 {
			t.Errorf("%s: %v, asked %v; want %q", stages, err, o.asked, want)
		}
	}
	if _, err := apply(t, "where can(x)", answer.Of()); err == nil {
		t.Error("rows without an asker have a function")
	}
}

// TestNever holds that a time that never was is older than every age, and is no null.
func TestNever(t *testing.T) {
	schema := &answer.Schema{Kind: answer.KindRecord, Columns: []answer.Column{{Name: "used", Type: answer.Time}}}
	for predicate, want := range map[string]int{"used > 90d": 1, "used < 90d": 0, "used < 2026-01-01": 1, "used is null": 0, "used": 0} {
		q, err := syntax.Parse("show users | where " + predicate)
		if err != nil {
			t.Fatal(err)
		}
		r, err := stage.Apply(schema, answer.Of(&answer.Record{Schema: schema, Values: []any{answer.Never()}}), q, "", now)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := answer.Collect(r.Rows)
		if err != nil || len(rows) != want {
			t.Errorf("%s: %d rows, error %v, want %d", predicate, len(rows), err, want)
		}
	}
	if !slices.Equal([]string{answer.TimeText(answer.Never()), answer.TimeText(now)}, []string{"never", "2026-11-24T08:00:00Z"}) {
		t.Error("times are written otherwise")
	}
}
