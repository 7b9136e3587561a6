package render_test

import (
	"strings"
	"testing"

	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/render"
)

// denial is a reason with everything that a tree can show.
func denial() *answer.Answer {
	row := &answer.Why{
		Principal: "arn:aws:iam::111122223333:user/alice", Account: "111122223333", Action: "s3:*", Resource: "arn:aws:s3:::logs/*",
		Verdict: answer.Denied, Layer: "scp", Owner: "ou Prod (ou-1)", Rule: "D2", Because: "an explicit Deny ends it",
		Shown: &answer.Shown{Action: "s3:PutObject", Resource: "arn:aws:s3:::logs/" + strings.Repeat("long/", 30), Verdict: answer.Denied},
		Layers: []answer.WhyLayer{
			{Layer: "identity", Owner: "arn:aws:iam::111122223333:user/alice", Allows: answer.Somewhere, Denies: answer.Nowhere, Statements: []answer.WhyStatement{
				{Policy: "own", Sid: "MFA", Effect: "Allow", Matches: answer.Somewhere, When: "aws:MultiFactorAuthPresent = true"},
				{Policy: "own", Index: 1, Effect: "Allow", Matches: answer.Nowhere, Stopped: &answer.Stopped{Element: "action", Patterns: []string{"ec2:*"}}},
				{Policy: "own", Index: 2, Effect: "Allow", Matches: answer.Nowhere, Stopped: &answer.Stopped{
					Element: "condition", Condition: "StringEquals aws:PrincipalTag/Team: data", Key: "aws:PrincipalTag/Team", Known: "value", Values: []string{"shop\x1b[2J"},
				}},
				{Policy: "gone", Effect: "Allow", Matches: answer.Perhaps, Cause: "missing-document"},
			}},
			{Layer: "scp", Owner: "ou Prod (ou-1)", Allows: answer.Everywhere, Denies: answer.Everywhere, Statements: []answer.WhyStatement{
				{Policy: "FullAWSAccess", Effect: "Allow", Matches: answer.Everywhere}, {Policy: "DenyLogs", Sid: "Logs", Effect: "Deny", Matches: answer.Everywhere},
			}},
			{Layer: "rcp", Owner: "root r-1", Absent: "RCPs do not limit sns", Rule: "D14"},
			{Layer: "resource", Owner: "arn:aws:s3:::logs", Allows: answer.Nowhere, Denies: answer.Nowhere},
		},
		Changes: []answer.ChangeSet{{Verdict: answer.Conditional, Conditions: "aws:MultiFactorAuthPresent = true", Changes: []answer.Change{
			{Text: "exempt user/alice from SCP DenyLogs, statement 1 (Logs), at ou Prod (ou-1)", Kind: "exempt", Layer: "scp"},
			{Text: "add an Allow for s3:PutObject that names user/alice to the policy of arn:aws:s3:::logs", Kind: "add-allow", Layer: "resource"},
		}}},
		Assumes: []string{"something"},
	}
	return &answer.Answer{Schema: answer.WhySchema(), Rows: answer.Of(row), Summary: func() answer.Summary {
		return answer.Summary{Count: 1, Assumptions: []string{"aws:SecureTransport is true"}}
	}}
}

// TestReason holds what a tree says in 80 columns.
func TestReason(t *testing.T) {
	out := write(t, render.Table, denial(), render.Options{})
	for line := range strings.Lines(out) {
		if len(strings.TrimRight(line, "\n")) > 80 {
			t.Errorf("longer than 80 columns: %s", line)
		}
	}
	for _, want := range []string{
		"111122223333 user/alice cannot s3:* on arn:aws:s3:::logs/*\n",
		"  decided by scp at ou Prod (ou-1): an explicit Deny ends it (D2)\n",
		"  shown for s3:PutObject on",
		"  allow own#MFA\n           when aws:MultiFactorAuthPresent = true\n",
		"  -     allow own, statement 3\n           StringEquals aws:PrincipalTag/Team: data; it is shop\\x1b[2J\n",
		"  allow gone, statement 1\n           hangs on missing-document\n",
		"scp ou Prod (ou-1) denies\n", "  deny  DenyLogs#Logs\n",
		"resource does not allow\n  arn:aws:s3:::logs\n",
		"1 statement of other actions not shown (-o wide)\n",
		"no single change would allow it; these 2 together would:\n  1. exempt user/alice",
		"     then when aws:MultiFactorAuthPresent = true\n", "assumes: something\n", "assumes: aws:SecureTransport is true\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
	if strings.Contains(out, "\x1b") || strings.Contains(out, "RCPs") {
		t.Errorf("escapes, or a layer that has nothing to say:\n%s", out)
	}
}

// TestReasonInColour holds that what allows, denies, depends and is not known has a colour each, and that no text brings its own.
func TestReasonInColour(t *testing.T) {
	out := write(t, render.Table, denial(), render.Options{Color: true, Width: 100})
	for _, want := range []string{
		"\x1b[31m111122223333 user/alice cannot", "scp ou Prod (ou-1) \x1b[31mdenies\x1b[0m", "\x1b[31m  deny  \x1b[0mDenyLogs#Logs", "\x1b[32m  allow \x1b[0mFullAWSAccess",
		"\x1b[33m  allow \x1b[0mown#MFA", "\x1b[35m  allow \x1b[0mgone", "resource \x1b[2mdoes not allow\x1b[0m", "shop\\x1b[2J",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in:\n%q", want, out)
		}
	}
}

// TestReasonWide holds that wide leaves nothing out.
func TestReasonWide(t *testing.T) {
	out := write(t, render.Wide, denial(), render.Options{})
	for _, want := range []string{"own, statement 2\n           speaks of action ec2:*\n", "rcp root r-1 – RCPs do not limit sns (D14)\n", "identity does not allow"} {
		if found := strings.Contains(out, want); found == (want == "identity does not allow") {
			t.Errorf("%q found %v in:\n%s", want, found, out)
		}
	}
}

// TestReasonOnAPage holds that a page has what can be read in a cell, and no structures.
func TestReasonOnAPage(t *testing.T) {
	out := write(t, render.Markdown, denial(), render.Options{})
	if !strings.Contains(out, "exempt user/alice from SCP DenyLogs") || !strings.Contains(out, "| denied | scp |") || strings.Contains(out, "{") {
		t.Errorf("the page is:\n%s", out)
	}
}
