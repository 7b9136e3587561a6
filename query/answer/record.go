package answer

import (
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Record is a row that a stage made: what select keeps, what group by and count find. Values stand in the order of the
// schema's columns.
type Record struct {
	Schema  *Schema
	Values  []any
	Verdict Verdict // that of the row it was selected from; empty for groups and counts
}

// RowVerdict gives the verdict of the row that was selected from.
func (r *Record) RowVerdict() Verdict { return r.Verdict }

// Field gives the value of the column called name.
func (r *Record) Field(name string) (any, bool) {
	for i, c := range r.Schema.Columns {
		if c.Name == name {
			return r.Values[i], true
		}
	}
	return nil, false
}

// MarshalJSONTo writes the record as one object, members in the order of its columns.
func (r *Record) MarshalJSONTo(enc *jsontext.Encoder) error {
	return WriteRow(enc, r, r.Schema.Columns)
}

// Never is the time of what is known never to have happened; ages count it as older than everything. Answers write "never".
func Never() time.Time { return time.Time{} }

// TimeText writes a time as answers do: RFC 3339 in UTC, or never.
func TimeText(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.UTC().Format(time.RFC3339)
}

// WriteRow writes the row's values of some columns as one object, members in their order. Numbers without a fraction are
// written as integers, times as RFC 3339 or "never", durations as whole seconds.
func WriteRow(enc *jsontext.Encoder, r Row, columns []Column) error {
	if err := enc.WriteToken(jsontext.BeginObject); err != nil {
		return err
	}
	for _, c := range columns {
		if err := enc.WriteToken(jsontext.String(c.Name)); err != nil {
			return err
		}
		v, _ := r.Field(c.Name)
		if err := writeValue(enc, c, v); err != nil {
			return err
		}
	}
	return enc.WriteToken(jsontext.EndObject)
}

func writeValue(enc *jsontext.Encoder, c Column, v any) error {
	switch v := v.(type) {
	case nil:
		// An absent text is "" in every typed row; a selected one says the same.
		if c.Type == Text {
			return enc.WriteToken(jsontext.String(""))
		}
		return enc.WriteToken(jsontext.Null)
	case float64:
		return enc.WriteToken(jsontext.Float(v))
	case time.Time:
		return enc.WriteToken(jsontext.String(TimeText(v)))
	case time.Duration:
		return enc.WriteToken(jsontext.Int(int64(v / time.Second)))
	}
	return json.MarshalEncode(enc, v, json.Deterministic(true))
}
