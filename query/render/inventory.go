package render

import (
	"strings"
	"time"

	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/query/answer"
)

// maxListed is how many elements of a list a table of the inventory shows.
const maxListed = 3

// hashShown is how much of a snapshot's id a table shows: enough to name it in a question.
const hashShown = 12

// nothing stands in a table where a field that is no text is not known, or has no value.
const nothing = "-"

// showLayout is a table of the inventory: the fields that tell most, or with wide all of them, as they are.
func showLayout(s *answer.Schema, wide bool) *layout {
	l := &layout{noun: s.Of, wide: wide}
	var columns []answer.Column
	for _, c := range s.Columns {
		if wide || c.Main {
			columns = append(columns, c)
		}
	}
	for _, c := range columns {
		h := heading{title: strings.ToUpper(strings.ReplaceAll(c.Name, "_", " ")), right: c.Type == answer.Number || c.Type == answer.Duration}
		if !wide && (c.Type == answer.Text || c.Type == answer.List || c.Type == answer.Object) {
			h.share, h.lines = 2, 8
			if c.ARN {
				h.share = 4
			}
		}
		l.headings = append(l.headings, h)
	}
	l.entries = func(r answer.Row, full bool) [][]string {
		cells := make([]string, len(columns))
		for i, c := range columns {
			v, _ := r.Field(c.Name)
			cells[i] = shownValue(c, v, wide, full)
			if cells[i] == "" && !wide && c.Type == answer.List {
				cells[i] = others(r, c, full)
			}
		}
		return [][]string{cells}
	}
	return l
}

// others is what stands for a list that its row has the complement of: NotAction in the place of Action.
func others(r answer.Row, c answer.Column, full bool) string {
	v, _ := r.Field("not_" + c.Name)
	list, _ := v.([]string)
	if len(list) == 0 {
		return ""
	}
	return "all but " + shownValue(c, list, false, full)
}

// shownValue is a field as people read it: dates without the time of day, names instead of the ARNs of principals, yes and no.
func shownValue(c answer.Column, v any, wide, full bool) string {
	switch v := v.(type) {
	case nil:
		if c.Type == answer.Text {
			return ""
		}
		return nothing
	case bool:
		return yesNo(v)
	case time.Time:
		if !wide && !v.IsZero() {
			return v.UTC().Format(time.DateOnly)
		}
	case string:
		if !wide && c.ARN {
			return short(v)
		}
		if _, hash := graph.ParseHash(v); !wide && hash {
			return v[:hashShown]
		}
	case []string:
		texts := v
		if !wide && c.ARN {
			texts = make([]string, len(v))
			for i := range v {
				texts[i] = short(v[i])
			}
		}
		if full || wide {
			return strings.Join(texts, ", ")
		}
		return listed(texts, maxListed, len(texts))
	}
	return plainValue(v, ", ")
}
