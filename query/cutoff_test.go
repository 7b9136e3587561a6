package query_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/ingest/files"
	"github.com/accessgraph/accessgraph/query"
	"github.com/accessgraph/accessgraph/query/answer"
)

// engineOfAlice is an engine about one account whose user alice has these statements, with some resource policies, and another one whose queue lets her
// send messages.
func engineOfAlice(t *testing.T, statements, resources string) *query.Engine {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"111122223333/account-authorization-details.json": `{"UserDetailList": [{"Path": "/", "UserName": "alice", "UserId": "AIDAALICE", "Arn": "arn:aws:iam::111122223333:user/alice",
			"UserPolicyList": [{"PolicyName": "own", "PolicyDocument": {"Version": "2012-10-17", "Statement": [` + statements + `]}}]}],
			"GroupDetailList": [], "RoleDetailList": [], "Policies": []}`,
		"111122223333/resource-policies.json": `{"ResourcePolicies": [` + resources + `]}`,
		"222233334444/resource-policies.json": `{"ResourcePolicies": [{"Arn": "arn:aws:sqs:us-east-1:222233334444:q", "Type": "AWS::SQS::Queue", "Region": "us-east-1",
			"Policy": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:user/alice"},
			"Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:us-east-1:222233334444:q"}]}}]}`,
	} {
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	facts, _, err := files.Read(t.Context(), []string{dir}, files.Options{})
	if err != nil {
		t.Fatal(err)
	}
	e, err := query.New(t.Context(), facts, answer.Snapshot{Time: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// TestCutOffByEndpoint holds that what a VPC endpoint alone withholds is cut off by it, with its statements.
func TestCutOffByEndpoint(t *testing.T) {
	bucket := `{"Arn": "arn:aws:s3:::own", "Type": "AWS::S3::Bucket", "Region": "us-east-1", "Policy": {"Version": "2012-10-17", "Statement": [
		{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::own/*", "Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-11111111"}}}]}}`
	endpoint := `{"Arn": "arn:aws:ec2:us-east-1:111122223333:vpc-endpoint/vpce-11111111", "Type": "AWS::EC2::VPCEndpoint", "Region": "us-east-1",
		"Attributes": {"EndpointType": "Gateway"}, "Policy": {"Version": "2012-10-17", "Statement": [%s]}}`
	all := `{"Effect": "Allow", "Principal": "*", "Action": %q, "Resource": "*"}`
	for name, c := range map[string]struct{ statements, want string }{
		"denied": {fmt.Sprintf(all, "s3:*") + `, {"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": "*"}`, "endpoint#1"},
		"silent": {fmt.Sprintf(all, "s3:GetObject"), "endpoint"},
	} {
		e := engineOfAlice(t, `{"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}`, bucket+","+fmt.Sprintf(endpoint, c.statements))
		a, err := e.Ask(t.Context(), "what can user/alice do on arn:aws:s3:::own/*", query.Options{})
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for _, cut := range a.Cut {
			var by []string
			for _, one := range cut.CutBy {
				text := one.Layer + one.Level
				for _, s := range one.Statements {
					text += fmt.Sprintf("#%d", s.Index)
				}
				by = append(by, text)
			}
			got[cut.Conditions] = strings.Join(by, ", ")
		}
		if len(got) != 2 || got["aws:SourceVpce != vpce-11111111"] != "resource#0" || got["aws:SourceVpce = vpce-11111111"] != c.want {
			t.Errorf("%s: cut off by %v", name, got)
		}
	}
}

// TestCutOffAbroad holds that what another account grants is cut off where nothing of one's own allows it (D8).
func TestCutOffAbroad(t *testing.T) {
	a, err := engineOfAlice(t, `{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}`, "").
		Ask(t.Context(), "what can user/alice do on arn:aws:sqs:*", query.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Cut) != 1 || a.Cut[0].Resources[0] != "arn:aws:sqs:us-east-1:222233334444:q" || len(a.Cut[0].CutBy) != 1 || a.Cut[0].CutBy[0].Layer != "identity" {
		t.Errorf("cut off: %+v", a.Cut)
	}
}

// TestLiteralStars holds that a star which is no wildcard does not read like one.
func TestLiteralStars(t *testing.T) {
	e := engineOfAlice(t, `{"Effect": "Allow", "Action": "s3:GetObject", "Resource": ["arn:aws:s3:::own/${*}/a", "arn:aws:s3:::own/${$}{x}/*"]}`, "")
	a, err := e.Ask(t.Context(), "what can user/alice do on arn:aws:s3:::own/*", query.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var resources []string
	for r, err := range a.Rows {
		if err != nil {
			t.Fatal(err)
		}
		resources = append(resources, r.(*answer.WhatCan).Resources...)
	}
	if got := strings.Join(resources, " "); got != "arn:aws:s3:::own/${$}{x}/* arn:aws:s3:::own/${*}/a" {
		t.Errorf("resources %s", got)
	}
	doc := policy.Parse(policy.Identity, documentOf(t, e, "what can user/alice do"))
	if len(doc.Statements) != 1 || doc.Statements[0].Resources.Patterns[1].Text != "arn:aws:s3:::own/${*}/a" {
		t.Errorf("document %+v", doc.Statements)
	}
}

// TestDocumentKeepsTime holds that a grant which ends does not last for ever in the document that is written of it, and that encryption which
// is taken for granted is said to be.
func TestDocumentKeepsTime(t *testing.T) {
	e := engineOfAlice(t, `{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Condition": {"DateLessThan": {"aws:CurrentTime": "2027-01-01T00:00:00Z"}}},
		{"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}`, "")
	if doc := documentOf(t, e, "what can user/alice do"); !bytes.Contains(doc, []byte("2027-01-01T00:00:00Z")) {
		t.Errorf("the document forgets when the grant ends:\n%s", doc)
	}
	a, err := e.Ask(t.Context(), "what can user/alice do", query.Options{Document: true})
	if err != nil {
		t.Fatal(err)
	}
	if w := strings.Join(a.Summary().Warnings, "\n"); !strings.Contains(w, "aws:SecureTransport is true") {
		t.Errorf("warnings %q", w)
	}
	if doc := documentOf(t, e, "what can user/alice do when aws:SecureTransport = true"); !bytes.Contains(doc, []byte("aws:SecureTransport")) {
		t.Errorf("the document does not test what the question does:\n%s", doc)
	}
}

func documentOf(t *testing.T, e *query.Engine, question string) []byte {
	t.Helper()
	a, err := e.Ask(t.Context(), question, query.Options{Document: true})
	if err != nil {
		t.Fatal(err)
	}
	return a.Document
}

// TestCutOffByRestrictPublicBuckets holds that what a public policy grants abroad and RestrictPublicBuckets takes away is put down to that
// setting, and not to the policy (D39).
func TestCutOffByRestrictPublicBuckets(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"111122223333/account-authorization-details.json": `{"UserDetailList": [{"Path": "/", "UserName": "alice", "UserId": "AIDAALICE", "Arn": "arn:aws:iam::111122223333:user/alice",
			"UserPolicyList": [{"PolicyName": "own", "PolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::open/*"}]}}]}],
			"GroupDetailList": [], "RoleDetailList": [], "Policies": []}`,
		"222233334444/resource-policies.json": `{"ResourcePolicies": [{"Arn": "arn:aws:s3:::open", "Type": "AWS::S3::Bucket", "Region": "us-east-1",
			"Attributes": {"BlockPublicAccess": {"RestrictPublicBuckets": true}},
			"Policy": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::open/*"}]}}]}`,
	} {
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	facts, _, err := files.Read(t.Context(), []string{dir}, files.Options{})
	if err != nil {
		t.Fatal(err)
	}
	e, err := query.New(t.Context(), facts, answer.Snapshot{})
	if err != nil {
		t.Fatal(err)
	}
	a, err := e.Ask(t.Context(), "what can user/alice do on arn:aws:s3:::open/*", query.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Cut) != 1 || len(a.Cut[0].CutBy) != 1 || a.Cut[0].CutBy[0].Layer != "service" || len(a.Cut[0].CutBy[0].Statements) != 0 {
		t.Errorf("cut off: %+v", a.Cut)
	}
}
