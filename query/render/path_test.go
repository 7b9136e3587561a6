package render_test

import (
	"strings"
	"testing"

	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/render"
)

// pathRows are paths with everything that formats treat differently: steps across accounts and within one, a technique and a plain step, a step to
// itself, conditions, an assumption, an unknown verdict, names that are hostile, and an administrator without a step.
func pathRows() []answer.Row {
	const here, there = "111122223333", "333344445555"
	alice, deploy := "arn:aws:iam::"+here+":user/alice", "arn:aws:iam::"+here+":role/ci/Deploy"
	release, admin := "arn:aws:iam::"+there+":role/Release", "arn:aws:iam::"+there+":role/Admin"
	root := "arn:aws:iam::" + here + ":root"
	hostile := "arn:aws:iam::" + here + ":user/\x1b[31mred\u202e|<b>"
	assume := answer.Hop{From: alice, FromKind: "user", FromAccount: here, To: deploy, ToKind: "role", ToAccount: here, Kind: "CAN_ASSUME",
		Verdict: answer.Conditional, Conditions: "aws:MultiFactorAuthPresent = true and aws:SourceIp in (203.0.113.0/24, 198.51.100.0/24)",
		Via: []answer.StatementRef{{Layer: "identity", Policy: "arn:aws:iam::" + here + ":policy/Ops", Sid: "Assume"}, {Layer: "trust", Policy: deploy}},
		Steps: []answer.Step{{Action: "sts:AssumeRole", Resource: deploy, Verdict: answer.Conditional, Conditions: "aws:MultiFactorAuthPresent = true",
			Witness: &answer.Witness{Principal: alice, Action: "sts:AssumeRole", Resource: deploy,
				Context: map[string]answer.ContextValue{"aws:MultiFactorAuthPresent": {Values: []string{"true"}}}}}}}
	across := answer.Hop{From: deploy, FromKind: "role", FromAccount: here, To: release, ToKind: "role", ToAccount: there, Kind: "CAN_ASSUME",
		Verdict: answer.Conditional, Conditions: "sts:ExternalId = 7c1d", Via: []answer.StatementRef{{Layer: "trust", Policy: release, Sid: "Release"}}}
	pass := answer.Hop{From: release, FromKind: "role", FromAccount: there, To: admin, ToKind: "role", ToAccount: there, Kind: "PASSROLE_NEW",
		Technique: "lambda-new-function-invoke", Title: "Runs a new Lambda function with the role", Catalogue: []string{"lambda-001"}, Verdict: answer.Allowed,
		Via:   []answer.StatementRef{{Layer: "identity", Policy: release + ":deploy", Index: 2}},
		Facts: []string{"the role trusts lambda.amazonaws.com"}, Assumptions: []string{"resource-not-in-snapshot"}, Remedy: "limit iam:PassRole to the roles of functions"}
	itself := answer.Hop{From: deploy, FromKind: "role", FromAccount: here, To: deploy, ToKind: "role", ToAccount: here, Kind: "GAIN_PERMISSIONS",
		Technique: "iam-put-role-policy", Title: "Writes an inline policy of a role", Verdict: answer.Unknown,
		Via: []answer.StatementRef{{Layer: "identity", Policy: "arn:aws:iam::" + here + ":policy/Ops", Sid: "Own"}}}
	gone := assume
	gone.From, gone.Conditions, gone.Verdict, gone.Steps = hostile, "", answer.Allowed, nil
	return []answer.Row{
		&answer.Path{Principal: alice, Kind: "user", Account: here, From: alice, To: admin, ToKind: "role", ToAccount: there,
			Hops: []answer.Hop{assume, across, pass}, HopCount: 3, Verdict: answer.Conditional, Admin: "permissions",
			Withheld: []string{"organizations:LeaveOrganization (scp)"}},
		&answer.Path{Principal: root, Kind: "root", Account: here, From: root, To: root, ToKind: "root", ToAccount: here, Verdict: answer.Allowed,
			Admin: "permissions", Withheld: []string{"organizations:LeaveOrganization (scp)"}},
		&answer.Path{Principal: deploy, Kind: "role", Account: here, From: deploy, To: deploy, ToKind: "role", ToAccount: here,
			Hops: []answer.Hop{itself}, HopCount: 1, Verdict: answer.Unknown, Admin: "escalation",
			Causes: []string{"missing-document: arn:aws:iam::" + here + ":policy/Gone"}},
		&answer.Path{Principal: hostile, Kind: "user", Account: here, From: hostile, To: deploy, ToKind: "role", ToAccount: here,
			Hops: []answer.Hop{gone}, HopCount: 1, Verdict: answer.Allowed},
	}
}

// TestPathsAreTold holds that ten paths are told step by step and eleven a line each, that wide tells any number, and that pages and CSV have a line each.
func TestPathsAreTold(t *testing.T) {
	for n, told := range map[int]bool{1: true, 10: true, 11: false} {
		rows := make([]answer.Row, n)
		for i := range rows {
			rows[i] = pathRows()[0]
		}
		sample := func() *answer.Answer {
			return &answer.Answer{Schema: answer.PathSchema(), Rows: answer.Of(rows...), Summary: func() answer.Summary { return answer.Summary{Count: n} }}
		}
		const step = "  2. assumes → "
		text := write(t, render.Table, sample(), render.Options{})
		if got := strings.Count(text, step); got != map[bool]int{true: n}[told] {
			t.Errorf("%d paths: a table tells %d steps:\n%s", n, got, text)
		}
		if !told && !strings.Contains(text, "→ role/Deploy (assumes) → 333344445555 role/Release (assumes) → role/Admin (lambda-new-function-invoke)") {
			t.Errorf("%d paths: no line tells the path:\n%s", n, text)
		}
		if got := strings.Count(write(t, render.Wide, sample(), render.Options{}), step); got != n {
			t.Errorf("%d paths: wide tells %d", n, got)
		}
		if got := strings.Count(write(t, render.Markdown, sample(), render.Options{}), "\n| "); got != n+1 {
			t.Errorf("%d paths are %d lines of a page", n, got-1)
		}
		if got := strings.Count(write(t, render.CSV, sample(), render.Options{}), "\n"); got != n+1 {
			t.Errorf("%d paths are %d records", n, got-1)
		}
	}
}
