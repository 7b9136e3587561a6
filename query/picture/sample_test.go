package picture_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/accessgraph/accessgraph/query/answer"
)

func role(account, name string) string { return "arn:aws:iam::" + account + ":role/" + name }

func user(account, name string) string { return "arn:aws:iam::" + account + ":user/" + name }

// ask makes an answer of rows.
func ask(query string, rows ...*answer.Path) *answer.Answer {
	all := make([]answer.Row, len(rows))
	for i, r := range rows {
		all[i] = r
	}
	return &answer.Answer{
		Query:    query,
		Snapshot: answer.Snapshot{ID: strings.Repeat("ab", 32), Name: "weekly", Time: time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC), Complete: true},
		Schema:   answer.PathSchema(), Rows: answer.Of(all...),
		Summary: func() answer.Summary {
			return answer.Summary{Count: len(rows), Assumptions: []string{"no-organization-data"}}
		},
	}
}

// end is a node of the samples.
type end struct{ id, kind, account string }

// step makes a hop. Its details are kind, technique and condition.
func step(from, to end, kind, technique, when string) answer.Hop {
	verdict := answer.Allowed
	if when != "" {
		verdict = answer.Conditional
	}
	title := ""
	if technique != "" {
		title = "Does " + strings.ReplaceAll(technique, "-", " ")
	}
	return answer.Hop{From: from.id, FromKind: from.kind, FromAccount: from.account, To: to.id, ToKind: to.kind, ToAccount: to.account,
		Kind: kind, Technique: technique, Title: title, Verdict: verdict, Conditions: when,
		Via: []answer.StatementRef{{Layer: "identity", Policy: "arn:aws:iam::111122223333:policy/Ops", Sid: "Assume"}, {Layer: "trust", Policy: to.id, Index: 1}}}
}

// path makes a row of hops.
func path(admin string, hops ...answer.Hop) *answer.Path {
	first, last := hops[0], hops[len(hops)-1]
	p := &answer.Path{Principal: first.From, Kind: first.FromKind, Account: first.FromAccount, From: first.From, To: last.To, ToKind: last.ToKind,
		ToAccount: last.ToAccount, Hops: hops, HopCount: len(hops), Verdict: answer.Allowed, Admin: admin}
	for _, h := range hops {
		if h.Verdict.Rank() > p.Verdict.Rank() {
			p.Verdict = h.Verdict
		}
	}
	return p
}

const (
	dev  = "111122223333"
	ci   = "222233334444"
	prod = "333344445555"
)

// small is a graph of twelve nodes: from GitHub, a user, a function and a service to administrators of three accounts.
func small() *answer.Answer {
	github := end{"token.actions.githubusercontent.com", "provider", ""}
	deploy := end{role(ci, "GitHubDeploy"), "role", ci}
	pipeline := end{role(ci, "build/Pipeline"), "role", ci}
	release := end{role(prod, "Release"), "role", prod}
	admin := end{role(prod, "Admin"), "role", prod}
	alice := end{user(dev, "alice"), "user", dev}
	bob := end{user(dev, "team/bob"), "user", dev}
	app := end{role(dev, "App"), "role", dev}
	devAdmin := end{role(dev, "Admin"), "role", dev}
	function := end{"arn:aws:lambda:us-east-1:" + dev + ":function:nightly", "compute", dev}
	lambda := end{"lambda.amazonaws.com", "service", ""}
	root := end{"arn:aws:iam::" + dev + ":root", "root", dev}
	sub := `token.actions.githubusercontent.com:sub like "repo:acme/deploy:*" and token.actions.githubusercontent.com:aud = sts.amazonaws.com`
	return ask("paths from anyone to admin",
		path("permissions", step(github, deploy, "CAN_FEDERATE", "", sub), step(deploy, pipeline, "HIJACK_COMPUTE", "codebuild-start-build", ""),
			step(pipeline, release, "CAN_ASSUME", "", "sts:ExternalId = 7c1d"), step(release, admin, "PASSROLE_NEW", "lambda-new-function-invoke", "")),
		path("permissions", step(alice, devAdmin, "CAN_ASSUME", "", "aws:MultiFactorAuthPresent = true")),
		path("escalation", step(bob, app, "PASSROLE_NEW", "ec2-new-instance", ""), step(app, app, "GAIN_PERMISSIONS", "iam-put-role-policy", "")),
		path("escalation", step(function, app, "RUNS_AS", "", ""), step(app, app, "GAIN_PERMISSIONS", "iam-put-role-policy", "")),
		path("escalation", step(lambda, app, "SERVICE_ASSUMES", "", "aws:SourceAccount = "+dev)),
		path("permissions", step(bob, alice, "BECOME", "iam-create-access-key", ""), step(alice, devAdmin, "CAN_ASSUME", "", "aws:MultiFactorAuthPresent = true")),
		path("permissions", step(bob, alice, "BECOME", "iam-update-login-profile", ""), step(alice, devAdmin, "CAN_ASSUME", "", "aws:MultiFactorAuthPresent = true")),
		path("permissions", step(devAdmin, release, "CAN_ASSUME", "", ""), step(release, admin, "PASSROLE_NEW", "lambda-new-function-invoke", "")),
		&answer.Path{Principal: root.id, Kind: root.kind, Account: root.account, From: root.id, To: root.id, ToKind: root.kind, ToAccount: root.account,
			Admin: "permissions", Withheld: []string{"organizations:LeaveOrganization"}, Verdict: answer.Allowed},
	)
}

// fifty is a graph of fifty nodes in four accounts that are all different.
func fifty() *answer.Answer {
	accounts := []string{dev, ci, prod, "444455556666"}
	var rows []*answer.Path
	for i := range 16 {
		a, b := accounts[i%4], accounts[(i/3)%4]
		who := end{user(a, fmt.Sprintf("person%02d", i)), "user", a}
		first := end{role(a, fmt.Sprintf("Team%02d", i%6)), "role", a}
		second := end{role(b, fmt.Sprintf("Deploy%02d", i)), "role", b}
		admin := end{role(b, "Admin"), "role", b}
		when := ""
		if i%3 == 0 {
			when = "aws:MultiFactorAuthPresent = true"
		}
		if i%5 == 4 {
			when = fmt.Sprintf("aws:SourceIp in (203.0.113.%d/32, 198.51.100.0/24) and aws:PrincipalTag/Team = platform%d", i, i)
		}
		rows = append(rows, path("permissions", step(who, first, "CAN_ASSUME", "", when), step(first, second, "PASSROLE_NEW", "lambda-new-function-invoke", ""),
			step(second, admin, "CAN_ASSUME", "", "")))
	}
	outside := end{"arn:aws:iam::999900001111:root", "account", "999900001111"}
	for i := range 2 {
		rows = append(rows, path("permissions", step(outside, end{role(prod, fmt.Sprintf("Deploy%02d", 6+i)), "role", prod}, "CAN_ASSUME", "", "sts:ExternalId = x"),
			step(end{role(prod, fmt.Sprintf("Deploy%02d", 6+i)), "role", prod}, end{role(prod, "Admin"), "role", prod}, "CAN_ASSUME", "", "")))
	}
	return ask("who can reach admin", rows...)
}

// hostile is a graph of names that mean something to the formats.
func hostile() *answer.Answer {
	a := end{user(dev, `a"];x -> y [label="\`), "user", dev}
	b := end{user(dev, `\N &amp; \u0027) DETACH DELETE n; //`), "user", dev}
	c := end{role(dev, "x/</title><script>"), "role", dev}
	d := end{"\x1b[31m\xff\u202e'日本\n`\\", "so`rt\\u0060", `1"}`}
	return ask("paths from \"\\\n\x1b[2J</svg>\\u000A to admin",
		path("permissions", step(a, c, "CAN_ASSUME", "", `aws:PrincipalTag/x = "\"]`), step(c, c, "GAIN_PERMISSIONS", `te"ch\`, "")),
		path("permissions", step(b, c, "ODD`]->() kind\\", "", "x = '\\u0027'")),
		path("", step(d, b, "BECOME", "t", "\u2028")),
	)
}

// mixed is a graph with cycles, long lines, several ways from a node to itself, and every kind of end.
func mixed() *answer.Answer {
	acc := []string{dev, ci, prod}
	r := func(i int) end { return end{role(acc[i%3], fmt.Sprintf("Role%02d", i)), "role", acc[i%3]} }
	var rows []*answer.Path
	for i := range 14 {
		rows = append(rows, path("", step(r(i), r((i*5+3)%14), "CAN_ASSUME", "", "")))
		if i%4 == 0 {
			rows = append(rows, path("escalation", step(r(i), r(i), "GAIN_PERMISSIONS", "iam-put-role-policy", ""),
				step(r(i), r(i), "GAIN_PERMISSIONS", "iam-attach-role-policy", "iam:PolicyARN like arn:aws:iam::aws:policy/*")))
		}
		if i%3 == 0 {
			rows = append(rows, path("", step(r(i), r(13), "PASSROLE_NEW", "ec2-new-instance", "aws:SourceIp in 203.0.113.0/24")))
		}
	}
	b := end{"arn:aws:s3:::payroll-2026", "resource", dev}
	k := end{"arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab", "resource", dev}
	p := end{"arn:aws:iam::111122223333:policy/Ops", "policy", dev}
	rows = append(rows, path("", step(r(13), b, "CAN_ACCESS", "", "")), path("", step(r(13), k, "OPEN_RESOURCE", "kms-put-key-policy", "")),
		path("", step(r(2), p, "GAIN_PERMISSIONS", "iam-create-policy-version", "")),
		path("", step(end{"*", "public", ""}, r(0), "CAN_ASSUME", "", "aws:SourceVpce = vpce-1")))
	return ask("all paths from anyone to s3:GetObject on arn:aws:s3:::payroll-2026/*", rows...)
}
