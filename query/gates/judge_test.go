package gates_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/gates"
)

// answered makes an answer to "who can kms:Decrypt" with rows of "name" or "name?", whose verdict is unknown.
func answered(t *testing.T, s answer.Summary, names ...string) *answer.Answer {
	t.Helper()
	var rows []answer.Row
	for _, name := range names {
		verdict := answer.Allowed
		if short, ok := strings.CutSuffix(name, "?"); ok {
			name, verdict = short, answer.Unknown
			s.Unknown++
		}
		rows = append(rows, &answer.WhoCan{Principal: "arn:aws:iam::111122223333:user/" + name, Kind: "user", Verdict: verdict})
	}
	s.Count = len(rows)
	return &answer.Answer{Schema: answer.WhoCanSchema(), Rows: answer.Of(rows...), Summary: func() answer.Summary { return s }, Snapshot: answer.Snapshot{Complete: true}}
}

// TestJudgeVerdict: the verdict of every row of can is the one that is expected; with allow, unknown may be any.
func TestJudgeVerdict(t *testing.T) {
	for _, c := range []struct{ expect, verdicts, want string }{
		{"denied", "denied denied", ""},
		{"denied", "denied allowed", "unexpected"},
		{"denied", "unknown", "unknown"},
		{"denied\n  allow: [unknown]", "unknown denied", ""},
		{"unknown", "unknown", ""},
		{"unknown", "denied", "unexpected"},
		{"denied", "", "missing"},
	} {
		var rows []answer.Row
		unknown := 0
		for _, v := range strings.Fields(c.verdicts) {
			rows = append(rows, &answer.Can{Principal: "p", Verdict: answer.Verdict(v)})
			if v == "unknown" {
				unknown++
			}
		}
		a := &answer.Answer{Schema: answer.CanSchema(), Rows: answer.Of(rows...), Snapshot: answer.Snapshot{Complete: true},
			Summary: func() answer.Summary { return answer.Summary{Count: len(rows), Unknown: unknown} }}
		if got := heldBy(t, "can user/alice do kms:Decrypt", c.expect, a); got != c.want {
			t.Errorf("%s of %q: %q, want %q", c.expect, c.verdicts, got, c.want)
		}
	}
}

// held asks whether an answer is as the text of an expectation says, and gives the kinds of problems.
func held(t *testing.T, expect string, a *answer.Answer) string {
	t.Helper()
	return heldBy(t, "who can kms:Decrypt", expect, a)
}

func heldBy(t *testing.T, question, expect string, a *answer.Answer) string {
	t.Helper()
	f, err := gates.Read("f", []byte("assertions:\n- name: n\n  question: "+question+"\n  expect: "+expect))
	if err != nil {
		t.Fatal(err)
	}
	problems := gates.Watch(a, f.Assertions[0].Expect, f.Assertions[0].Allow)
	if _, err := answer.Collect(a.Rows); err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, p := range problems() {
		kinds = append(kinds, p.Kind)
	}
	return strings.Join(kinds, " ")
}

// TestJudge: an assertion holds only if it does whatever the rows of verdict unknown are; where they are allowed, if it may.
func TestJudge(t *testing.T) {
	const lenient = "\n  allow: [unknown]"
	for _, c := range []struct {
		expect string
		names  string
		want   string
	}{
		{"empty", "", ""},
		{"empty", "a", "count unexpected"},
		{"empty", "a?", "count unknown"},
		{"empty" + lenient, "a?", ""},
		{"empty" + lenient, "a? b", "count unexpected"},
		{"{rows: 0}", "a?", "count unknown"},
		{"{rows: 2}", "a b", ""},
		{"{rows: 2}", "a", "count unexpected"},
		{"{rows: 2}", "a b?", "count unexpected unknown"},
		{"{rows: 2}" + lenient, "a b?", ""},
		{"{rows: 2}" + lenient, "a b? c?", ""},
		{"{rows: 2}" + lenient, "a b c d?", "count unexpected unexpected unexpected unknown"},
		{"{only: [user/a]}", "", ""},
		{"{only: [user/a]}", "a", ""},
		{"{only: [user/a]}", "a?", ""},
		{"{only: [user/a]}", "b", "unexpected"},
		{"{only: [user/a]}", "a b?", "unknown"},
		{"{only: [user/a]}" + lenient, "a b?", ""},
		{"{principals: [user/a, 'user/b*']}", "a b1 b2", ""},
		{"{principals: [user/a, 'user/b*']}", "a", "missing"},
		{"{principals: [user/a, 'user/b*']}", "a b c", "unexpected"},
		{"{principals: [user/a]}", "a?", "unknown unknown"},
		{"{principals: [user/a]}" + lenient, "a?", ""},
		{"{principals: ['arn:aws:iam::999999999999:user/a']}", "a", "unexpected missing"},
		{"{matching: [{principal: user/a, verdict: unknown}]}", "a?", ""},
		{"{matching: [{principal: user/a, verdict: allowed}]}", "a?", "unknown missing"},
		{"{matching: [{kind: role}]}", "a", "unexpected missing"},
	} {
		if got := held(t, c.expect, answered(t, answer.Summary{}, strings.Fields(c.names)...)); got != c.want {
			t.Errorf("%s, rows %q: %q, want %q", c.expect, c.names, got, c.want)
		}
	}
}

// TestJudgeSummary: what is said of an answer as a whole counts too, each of it unless it is allowed.
func TestJudgeSummary(t *testing.T) {
	for _, c := range []struct {
		summary answer.Summary
		kind    string
		allow   string
	}{
		{answer.Summary{Incomplete: []string{"account 1: iam denied"}}, gates.Gap, "incomplete"},
		{answer.Summary{Warnings: []string{"did you mean"}}, gates.Warned, "warnings"},
		{answer.Summary{Unknown: 3}, gates.Uncertain, "unknown"},
		{answer.Summary{Undecided: 1}, gates.Uncertain, "unknown"},
	} {
		if got := held(t, "empty", answered(t, c.summary)); got != c.kind {
			t.Errorf("%+v: %q, want %q", c.summary, got, c.kind)
		}
		if got := held(t, "empty\n  allow: ["+c.allow+"]", answered(t, c.summary)); got != "" {
			t.Errorf("%+v, allowed: %q", c.summary, got)
		}
	}
	partial := answered(t, answer.Summary{})
	partial.Snapshot.Complete = false
	if got := held(t, "empty", partial); got != gates.Gap {
		t.Errorf("a snapshot that is not complete: %q", got)
	}
}

// TestJudgeMany: of many rows some are shown and all are counted.
func TestJudgeMany(t *testing.T) {
	var names []string
	for i := range 1000 {
		names = append(names, fmt.Sprint("u", i))
	}
	a := answered(t, answer.Summary{}, names...)
	problems := gates.Watch(a, gates.Empty{}, gates.Allowances{})
	if _, err := answer.Collect(a.Rows); err != nil {
		t.Fatal(err)
	}
	found := problems()
	if len(found) > 30 || found[0].Text != "no rows were expected, and there are 1000" {
		t.Errorf("%d problems, the first %q", len(found), found[0].Text)
	}
	if last := found[len(found)-1].Text; last != "and 975 rows more" {
		t.Errorf("the last is %q", last)
	}
}
