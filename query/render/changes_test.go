package render_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/render"
)

// changeRows are rows of every kind.
func changeRows() []answer.Row {
	const account = "111122223333"
	role := "arn:aws:iam::" + account + ":role/service/Deploy"
	grant := func(verdict answer.Verdict, conditions string, actions ...string) answer.Grant {
		return answer.Grant{Actions: actions, Resources: []string{"arn:aws:s3:::payroll/*"}, Verdict: verdict, Conditions: conditions, Assumptions: []string{"the bucket is there"},
			Causes:  []string{"missing-document: its policy"},
			Witness: &answer.Witness{Principal: role, Action: actions[0], Resource: "arn:aws:s3:::payroll/x", Context: map[string]answer.ContextValue{"aws:SourceIp": {Values: []string{"192.0.2.1"}}}}}
	}
	facts := func(r answer.ChangeRow) answer.Row {
		r.Section = answer.SectionFacts
		return &r
	}
	rows := []answer.Row{
		facts(answer.ChangeRow{Kind: "scp", ID: "p-12345678", Name: "NoQueues", Change: answer.ChangeChanged, Details: []answer.Detail{
			{What: "attached to", Change: answer.ChangeRemoved, Removed: []string{"ou Workloads (ou-1a2b-11111111)"}},
			{What: "principals that gained access", Change: answer.ChangeAdded, After: "37"}}}),
		facts(answer.ChangeRow{Kind: "account", ID: account, Account: account, Change: answer.ChangeChanged, Details: []answer.Detail{
			{What: "parent", Change: answer.ChangeChanged, Before: "ou A (ou-1)", After: "ou B (ou-2)"}}}),
		facts(answer.ChangeRow{Kind: "user", ID: "arn:aws:iam::" + account + ":user/eve\x1b[2J", Account: account, Change: answer.ChangeRecreated, Details: []answer.Detail{
			{What: "unique id", Change: answer.ChangeChanged, Before: "AIDA1", After: "AIDA2"}}}),
		facts(answer.ChangeRow{Kind: "role", ID: role, Account: account, Change: answer.ChangeChanged, Details: []answer.Detail{
			{What: "inline policy deploy", Change: answer.ChangeChanged, Statements: []answer.StatementChange{
				{Change: answer.ChangeChanged, Text: "Write: Action +s3:PutObject -s3:GetObject"},
				{Change: answer.ChangeAdded, Text: "Allow s3:ListBucket on arn:aws:s3:::payroll if StringEquals(aws:PrincipalTag/team, red, blue, green, yellow)"}}},
			{What: "groups", Change: answer.ChangeChanged, Added: []string{"a", "b"}, Removed: []string{"c"}},
			{What: "trust policy", Change: answer.ChangeUnknown},
			{What: "grants", Change: answer.ChangeChanged}}}),
	}
	for i := range 5 {
		rows = append(rows, facts(answer.ChangeRow{Kind: "resource", ID: fmt.Sprintf("arn:aws:kms:eu-west-1:%s:key/%d", account, i), Account: account, Change: answer.ChangeUnknown,
			Gap: "not read in @b: AWS::KMS::Key denied: AccessDenied"}))
	}
	for i := range 2 {
		rows = append(rows, facts(answer.ChangeRow{Kind: "resource", ID: fmt.Sprintf("arn:aws:sqs:eu-west-1:%s:q%d", account, i), Account: account, Change: answer.ChangeUnknown,
			Gap: "not read in @a: AWS::SQS::Queue not-asked"}))
	}
	var many []answer.Detail
	for i := range 20 {
		many = append(many, answer.Detail{What: fmt.Sprintf("tag k%02d", i), Change: answer.ChangeAdded, After: "v"})
	}
	rows = append(rows, facts(answer.ChangeRow{Kind: "role", ID: "arn:aws:iam::" + account + ":role/New", Account: account, Change: answer.ChangeAdded, Details: many}))
	causes := []answer.Detail{{What: "scp NoQueues", Change: answer.ChangeRemoved}, {What: "tags", Change: answer.ChangeChanged}}
	var six []string
	for i := range 6 {
		six = append(six, fmt.Sprintf("arn:aws:iam::%s:role/r%d", account, i))
	}
	return append(rows,
		&answer.ChangeRow{Kind: "principal", ID: role, Account: account, Change: answer.ChangeChanged, Principals: []string{role}, Details: causes, Section: answer.SectionAccess,
			Gained: []answer.Grant{grant(answer.Allowed, "", "s3:PutObject")}, Lost: []answer.Grant{grant(answer.Conditional, "aws:MultiFactorAuthPresent = true", "s3:GetObject", "s3:GetObjectAcl")}},
		&answer.ChangeRow{Kind: "principal", ID: six[0], Account: account, Change: answer.ChangeRemoved, Principals: six, Section: answer.SectionAccess, Lost: []answer.Grant{grant(answer.Unknown, "", "s3:*")}},
		&answer.ChangeRow{Kind: "reaches admin", ID: role, Name: "to arn:aws:iam::" + account + ":role/Admin", Account: account, Change: answer.ChangeAdded, Section: answer.SectionPaths},
		&answer.ChangeRow{Kind: "principal", ID: role, Account: account, Change: answer.ChangeChanged, Relation: answer.RelationWeaker, Gained: []answer.Grant{grant(answer.Allowed, "", "s3:PutObject")}},
	)
}

// TestChanges holds that the marks of changes are painted where there is a terminal, and no line is wider than it.
func TestChanges(t *testing.T) {
	sample := samples()["changes"]
	painted := write(t, render.Table, sample(), render.Options{Width: 60, Color: true})
	for _, want := range []string{"\x1b[32m+\x1b[0m role New", "\x1b[31m-\x1b[0m attached to", "\x1b[35m?\x1b[0m 5 of kind resource"} {
		if !strings.Contains(painted, want) {
			t.Errorf("%q is not in\n%s", want, painted)
		}
	}
	plain := write(t, render.Table, sample(), render.Options{Width: 60})
	for line := range strings.Lines(plain) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 60 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	if got := regexp.MustCompile(`\x1b\[[0-9]*m`).ReplaceAllString(painted, ""); got != plain {
		t.Errorf("without its colours the table is another one (-plain +painted):\n%s", cmp.Diff(plain, got))
	}
}
