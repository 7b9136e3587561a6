package render

import (
	"encoding/csv"
	"io"
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/query/answer"
)

const listSeparator = "; "

// writeCSV writes a heading and one record a row, in the order of the row's JSON. Lists are joined by "; ", or written as
// JSON when an element holds a semicolon; structures are JSON. Values are exact and quoted as RFC 4180 says.
func writeCSV(w io.Writer, a *answer.Answer) error {
	out := csv.NewWriter(w)
	record := make([]string, len(a.Schema.Columns))
	for i, c := range a.Schema.Columns {
		record[i] = c.Name
	}
	if err := out.Write(record); err != nil {
		return err
	}
	for r, err := range a.Rows {
		if err != nil {
			out.Flush()
			return err
		}
		for i, c := range a.Schema.Columns {
			v, _ := r.Field(c.Name)
			if record[i], err = csvValue(v); err != nil {
				return err
			}
		}
		if err := out.Write(record); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

func csvValue(v any) (string, error) {
	list, ok := v.([]string)
	if ok && slices.ContainsFunc(list, func(s string) bool { return strings.Contains(s, ";") }) {
		b, err := marshal(list)
		return string(b), err
	}
	return plainValue(v, listSeparator), nil
}
