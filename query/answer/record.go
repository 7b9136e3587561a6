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

// MarshalJSONTo writes the record as one object, members in the order of its columns. Numbers without a fraction are
// written as integers, times as RFC 3339, durations as whole seconds.
func (r *Record) MarshalJSONTo(enc *jsontext.Encoder) error {
	if err := enc.WriteToken(jsontext.BeginObject); err != nil {
		return err
	}
	for i, c := range r.Schema.Columns {
		if err := enc.WriteToken(jsontext.String(c.Name)); err != nil {
			return err
		}
		if err := writeValue(enc, c, r.Values[i]); err != nil {
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
		return enc.WriteToken(jsontext.String(v.UTC().Format(time.RFC3339)))
	case time.Duration:
		return enc.WriteToken(jsontext.Int(int64(v / time.Second)))
	}
	return json.MarshalEncode(enc, v, json.Deterministic(true))
}
