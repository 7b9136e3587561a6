package stage

import (
	"testing"
	"time"

	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/syntax"
)

// TestCompareTyped tests the types that rows of access have none of.
func TestCompareTyped(t *testing.T) {
	now := time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC)
	day := 24 * time.Hour
	noon := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		of      answer.Type
		value   any
		op      syntax.Op
		literal string
		want    bool
	}{
		{answer.Duration, 91 * day, syntax.Greater, "90d", true},
		{answer.Duration, 90 * day, syntax.Greater, "90d", false},
		{answer.Duration, 90 * day, syntax.Equal, "2160h", true},
		{answer.Duration, nil, syntax.Less, "90d", false},
		{answer.Duration, nil, syntax.NotEqual, "90d", true},
		{answer.Time, noon, syntax.Equal, "2026-11-01", true},
		{answer.Time, noon, syntax.NotEqual, "2026-11-01", false},
		{answer.Time, noon, syntax.Less, "2026-11-01", false},
		{answer.Time, noon, syntax.LessEqual, "2026-11-01", true},
		{answer.Time, noon, syntax.Greater, "2026-11-01", false},
		{answer.Time, noon, syntax.Greater, "2026-10-31", true},
		{answer.Time, noon, syntax.Less, "2026-11-01T12:00:01Z", true},
		{answer.Time, noon, syntax.Greater, "3w", true}, // older than three weeks
		{answer.Time, noon, syntax.Greater, "4w", false},
		{answer.Time, nil, syntax.Greater, "4w", false},
		{answer.Bool, true, syntax.Equal, "TRUE", true},
		{answer.Bool, false, syntax.Equal, "true", false},
		{answer.Bool, nil, syntax.Equal, "false", false},
		{answer.Bool, false, syntax.NotEqual, "true", true},
	} {
		holds, err := compile(answer.Column{Name: "f", Type: test.of}, test.op, test.literal, now)
		if err != nil {
			t.Errorf("%v: %v", test, err)
			continue
		}
		if got := holds(test.value); got != test.want {
			t.Errorf("%v %d %s is %v", test.value, test.op, test.literal, got)
		}
	}
	for _, test := range []struct {
		of      answer.Type
		op      syntax.Op
		literal string
	}{
		{answer.Duration, syntax.Greater, "90"}, {answer.Duration, syntax.Greater, "d"}, {answer.Duration, syntax.Greater, "-1d"},
		{answer.Duration, syntax.Greater, "9999999999999d"}, {answer.Duration, syntax.Like, "90d"},
		{answer.Time, syntax.Equal, "yesterday"}, {answer.Time, syntax.Contains, "2026-11-01"}, {answer.Time, syntax.Equal, "2026-13-01"},
		{answer.Bool, syntax.Equal, "yes"}, {answer.Bool, syntax.Less, "true"}, {answer.Number, syntax.Contains, "1"}, {answer.Object, syntax.Equal, "1"},
	} {
		if _, err := compile(answer.Column{Name: "f", Type: test.of}, test.op, test.literal, now); err == nil {
			t.Errorf("%s compared with %q is no error", test.of, test.literal)
		}
	}
}

func TestTruthAndNull(t *testing.T) {
	for _, test := range []struct {
		v           any
		truth, null bool
	}{
		{nil, false, true}, {"", false, false}, {"x", true, false}, {true, true, false}, {false, false, false}, {0.0, false, false}, {1.5, true, false},
		{[]string(nil), false, true}, {[]string{"x"}, true, false}, {time.Time{}, false, false}, {time.Now(), true, false}, {time.Duration(0), false, false}, {time.Second, true, false},
	} {
		if truthy(test.v) != test.truth || isNull(test.v) != test.null {
			t.Errorf("%#v: truthy %v, null %v", test.v, truthy(test.v), isNull(test.v))
		}
	}
}

func TestCompareValuesOrdersNullFirst(t *testing.T) {
	now := time.Now()
	for _, pair := range [][2]any{{nil, "a"}, {"a", "b"}, {1.0, 2.0}, {false, true}, {now, now.Add(1)}, {time.Second, time.Minute}, {[]string{"a"}, []string{"a", "b"}}} {
		if compareValues(pair[0], pair[1]) >= 0 || compareValues(pair[1], pair[0]) <= 0 || compareValues(pair[0], pair[0]) != 0 {
			t.Errorf("%v and %v are not in order", pair[0], pair[1])
		}
	}
}
