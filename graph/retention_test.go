package graph

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestRetention(t *testing.T) {
	var history []Entry
	for i, at := range []string{
		"2024-12-31T23:00:00Z", "2025-12-28T03:00:00Z", "2025-12-29T03:00:00Z", "2026-01-01T02:00:00Z", "2026-01-31T10:00:00Z",
		"2026-02-01T00:30:00+01:00", // still January in UTC
		"2026-02-02T00:00:00Z", "2026-02-02T12:00:00Z", "2026-02-02T12:00:00Z",
	} {
		when, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		history = append(history, Entry{Number: int64(i) + 1, Time: when})
	}
	slices.Reverse(history) // the order is that of time, whatever the list's is
	for name, test := range map[string]struct {
		rule   Retention
		tagged []int64
		want   []int64
	}{
		"nothing":          {Retention{}, nil, nil},
		"tags alone":       {Retention{}, []int64{2, 9}, []int64{2, 9}},
		"the last":         {Retention{Last: 3}, nil, []int64{7, 8, 9}},
		"more than exist":  {Retention{Last: 100}, nil, []int64{1, 2, 3, 4, 5, 6, 7, 8, 9}},
		"days":             {Retention{Daily: 3}, nil, []int64{4, 6, 9}},
		"weeks":            {Retention{Weekly: 3}, nil, []int64{4, 6, 9}}, // 29 December and 1 January are one week
		"weeks, one more":  {Retention{Weekly: 4}, nil, []int64{2, 4, 6, 9}},
		"months":           {Retention{Monthly: 3}, nil, []int64{3, 6, 9}},
		"years":            {Retention{Yearly: 2}, nil, []int64{3, 9}},
		"several and tags": {Retention{Last: 1, Daily: 2, Yearly: 9}, []int64{4}, []int64{1, 3, 4, 6, 9}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := slices.Sorted(maps.Keys(test.rule.Keep(history, test.tagged))); !slices.Equal(got, test.want) {
				t.Errorf("%v are kept, want %v", got, test.want)
			}
		})
	}
	want := map[int64][]string{9: {"tagged", "last", "daily"}, 6: {"daily"}}
	if diff := cmp.Diff(want, Retention{Last: 1, Daily: 2}.Keep(history, []int64{9})); diff != "" {
		t.Errorf("reasons: %s", diff)
	}
}
