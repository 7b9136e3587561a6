package render

import (
	"bufio"
	"io"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/accessgraph/accessgraph/query/answer"
)

// jsonOptions make the same value the same bytes; text that is no UTF-8 gets replacement characters and is no error.
func jsonOptions() json.Options {
	return json.JoinOptions(json.Deterministic(true), jsontext.AllowInvalidUTF8(true))
}

func marshal(v any) ([]byte, error) { return json.Marshal(v, jsonOptions()) }

// writeJSON writes one document, row by row, so that a long answer needs no memory for all of it.
func writeJSON(w *bufio.Writer, a *answer.Answer) error {
	enc := jsontext.NewEncoder(w, jsonOptions(), jsontext.WithIndent("  "))
	write := func(name string, v any) error {
		if err := enc.WriteToken(jsontext.String(name)); err != nil {
			return err
		}
		return json.MarshalEncode(enc, v, jsonOptions())
	}
	if err := enc.WriteToken(jsontext.BeginObject); err != nil {
		return err
	}
	for _, fact := range a.About {
		if err := write(fact.Name, fact.Value); err != nil {
			return err
		}
	}
	if a.Query != "" { // lists that answer no question have neither
		if err := write("query", a.Query); err != nil {
			return err
		}
		if a.From != nil {
			if err := write("from", a.From); err != nil {
				return err
			}
		}
		if err := write("snapshot", a.Snapshot); err != nil {
			return err
		}
	}
	if err := writeRows(enc, a.Rows); err != nil {
		return err
	}
	if a.Cut != nil {
		if err := write("cut", a.Cut); err != nil {
			return err
		}
	}
	s := a.Summary()
	if err := write("count", s.Count); err != nil {
		return err
	}
	if a.Query != "" || len(a.About) > 0 {
		if err := write("unknown", s.Unknown); err != nil {
			return err
		}
		if err := write("assumptions", s.Assumptions); err != nil {
			return err
		}
	}
	if len(s.Notes) > 0 {
		if err := write("notes", s.Notes); err != nil {
			return err
		}
	}
	if len(s.Incomplete) > 0 {
		if err := write("incomplete", s.Incomplete); err != nil {
			return err
		}
	}
	return enc.WriteToken(jsontext.EndObject)
}

func writeRows(enc *jsontext.Encoder, rows answer.Rows) error {
	if err := enc.WriteToken(jsontext.String("rows")); err != nil {
		return err
	}
	if err := enc.WriteToken(jsontext.BeginArray); err != nil {
		return err
	}
	for r, err := range rows {
		if err != nil {
			return err
		}
		if err := json.MarshalEncode(enc, r, jsonOptions()); err != nil {
			return err
		}
	}
	return enc.WriteToken(jsontext.EndArray)
}

// writeNDJSON hands each row to w as soon as it is there: who reads the pipe need not wait for the last one.
func writeNDJSON(w io.Writer, a *answer.Answer) error {
	for r, err := range a.Rows {
		if err != nil {
			return err
		}
		line, err := marshal(r)
		if err != nil {
			return err
		}
		if _, err := w.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	return nil
}
