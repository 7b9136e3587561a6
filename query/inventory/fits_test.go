package inventory_test

import (
	"slices"
	"time"

	"github.com/accessgraph/accessgraph/query/answer"
)

// fits tells whether a value is one of a column's type, and of its words.
func fits(c answer.Column, v any) bool {
	switch v := v.(type) {
	case string:
		return c.Type == answer.Text && (len(c.Words) == 0 || slices.Contains(c.Words, v)) || c.Type == answer.Object
	case []string:
		return c.Type == answer.List
	case float64:
		return c.Type == answer.Number
	case bool:
		return c.Type == answer.Bool
	case time.Time:
		return c.Type == answer.Time
	case time.Duration:
		return c.Type == answer.Duration
	}
	return c.Type == answer.Object
}
