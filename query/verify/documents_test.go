package verify_test

import (
	"fmt"
	"strings"
)

// scope is what a document is for.
type scope struct {
	kind     string // identity, boundary, scp, scp-allow, rcp, resource, trust
	account  string
	resource string // of a resource policy: what it is attached to
}

// document draws a policy document of one to three statements.
func (g *generator) document(s scope) tree {
	statements := []any{}
	for i := range 1 + g.r.IntN(3) {
		statements = append(statements, g.statement(s, i))
	}
	switch s.kind {
	case "boundary": // a boundary that allows nothing is no test of much
		if g.chance(60) {
			statements = append(statements, tree{"Effect": "Allow", "Action": pick[any](g, "*", []any{"s3:*", "kms:*", "sts:*"}), "Resource": "*"})
		}
	case "scp":
		if g.chance(50) {
			statements = append(statements, tree{"Effect": "Allow", "Action": "*", "Resource": "*"})
		}
	}
	d := tree{"Version": "2012-10-17", "Statement": statements}
	if s.kind != "scp" && s.kind != "scp-allow" && s.kind != "rcp" && g.chance(8) {
		delete(d, "Version") // no variables then (A2)
	}
	return d
}

// service draws the service that a statement is about.
func (g *generator) service(s scope) string {
	if s.kind == "resource" {
		return strings.Split(s.resource, ":")[2]
	}
	if s.kind == "rcp" {
		return pick(g, "s3", "kms", "sts", "secretsmanager", "sqs")
	}
	return pick(g, "s3", "s3", "kms", "kms", "kms", "sts", "iam", "secretsmanager", "sqs")
}

var actionsOf = map[string][]string{
	"s3":             {"s3:*", "s3:GetObject", "s3:Get*", "s3:PutObject", "s3:ListBucket", "s3:List*", "s3:*Object", "S3:getobject", "s3:ListAllMyBuckets", "s3:DeleteBucketPolicy"},
	"kms":            {"kms:*", "kms:Decrypt", "kms:Describe*", "kms:List*", "kms:Encrypt", "kms:CreateGrant", "kms:GenerateDataKey*", "kms:ScheduleKeyDeletion", "kms:RetireGrant", "kms:?ncrypt", "kms:ListKeys"},
	"sts":            {"sts:AssumeRole", "sts:*", "sts:AssumeRole*", "sts:TagSession"},
	"iam":            {"iam:PassRole", "iam:*", "iam:Get*", "iam:CreateUser", "iam:List*"},
	"secretsmanager": {"secretsmanager:*", "secretsmanager:GetSecretValue", "secretsmanager:Get*", "secretsmanager:CreateSecret"},
	"sqs":            {"sqs:*", "sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteQueue", "sqs:ListQueues"},
}

func (g *generator) statement(s scope, i int) tree {
	service := g.service(s)
	st := tree{"Sid": fmt.Sprintf("S%d", i), "Effect": g.effect(s)}
	deny := st["Effect"] == "Deny"
	g.actions(st, s, service)
	g.resourceElement(st, s, service)
	if s.kind == "resource" {
		g.principalElement(st, s, deny)
	}
	if s.kind == "rcp" {
		st["Principal"] = "*"
	}
	n := 0
	switch {
	case g.chance(45):
		n = 1
	case g.chance(25):
		n = 2
	}
	if deny && n == 0 && g.chance(70) { // a Deny without a condition leaves little to look at
		n = 1
	}
	g.conditions(st, s, service, n)
	if g.chance(2) && s.kind != "rcp" { // cannot be analysed (A15)
		st["Condition"] = tree{"StringMatches": tree{"aws:username": "x"}}
	}
	return st
}

func (g *generator) effect(s scope) string {
	switch s.kind {
	case "rcp":
		return "Deny"
	case "scp-allow":
		return "Allow"
	case "scp":
		if g.chance(70) {
			return "Deny"
		}
		return "Allow"
	}
	if g.chance(22) {
		return "Deny"
	}
	return "Allow"
}

func (g *generator) actions(st tree, s scope, service string) {
	list := actionsOf[service]
	element, n := "Action", 1+g.r.IntN(2)
	if s.kind != "rcp" && g.chance(10) {
		element = "NotAction"
	}
	var out []any
	for range n {
		out = append(out, pick(g, list...))
	}
	if element == "Action" && s.kind != "rcp" && g.chance(12) {
		out = []any{"*"}
	}
	if element == "NotAction" && g.chance(50) {
		out = append(out, pick(g, "iam:*", "sts:*", "kms:Decrypt", "s3:Put*"))
	}
	st[element] = g.oneOrList(out)
}

// oneOrList writes a list of one now and then as a scalar (A8).
func (g *generator) oneOrList(list []any) any {
	if len(list) == 1 && g.chance(60) {
		return list[0]
	}
	return list
}

// resourceElement draws Resource or NotResource.
func (g *generator) resourceElement(st tree, s scope, service string) {
	element := "Resource"
	if g.chance(12) {
		element = "NotResource"
	}
	var out []any
	for range 1 + g.r.IntN(2) {
		out = append(out, g.resourcePattern(s, service))
	}
	if element == "Resource" && g.chance(35) {
		out = []any{"*"}
	}
	st[element] = g.oneOrList(out)
}

func (g *generator) resourcePattern(s scope, service string) string {
	a := s.account
	if g.chance(25) {
		a = pick(g, g.accounts...)
	}
	if s.kind == "resource" {
		switch service {
		case "s3":
			return pick(g, s.resource, s.resource+"/*", s.resource+"/*", s.resource+"/public/*", s.resource+"/home/${aws:username}/*", s.resource+"/${aws:PrincipalTag/team}/*", "*")
		case "kms":
			return pick(g, "*", "*", s.resource)
		}
		return pick(g, s.resource, "*")
	}
	switch service {
	case "kms":
		return pick(g, pick(g, g.keys[a]...), "arn:aws:kms:*:"+a+":key/*", "arn:aws:kms:us-east-1:*:key/k?", "arn:aws:kms:*", "*", "arn:aws:kms:us-east-1:"+a+":key/new", "arn:aws:kms:*:*:alias/*")
	case "s3":
		b := pick(g, g.buckets[a]...)
		return pick(g, b, b+"/*", b+"/*", b+"/home/${aws:username}/*", b+"/${aws:PrincipalTag/team}/*", b+"/public/*", "arn:aws:s3:::data*", "arn:aws:s3:::*/public/*",
			"arn:aws:s3:::new-bucket/x", "arn:aws:s3", "*", b+"/${aws:PrincipalTag/none, 'shared'}/*", "arn:aws:s3:::*")
	case "sts", "iam":
		return pick(g, pick(g, g.roles[a]...), "arn:aws:iam::*:role/*", "arn:aws:iam::"+a+":role/A*", "*", "arn:aws:iam::"+a+":user/${aws:username}", "arn:aws:iam::*:role/eng/*", "arn:aws:iam::"+a+":role/${aws:PrincipalTag/team}")
	case "secretsmanager":
		return pick(g, "arn:aws:secretsmanager:*:"+a+":secret:db*", "*", "arn:aws:secretsmanager:us-east-1:"+a+":secret:${aws:PrincipalTag/team}-*", "arn:aws:secretsmanager:*:*:secret:*")
	}
	return pick(g, "arn:aws:sqs:us-east-1:"+a+":jobs", "arn:aws:sqs:*:*:j*", "*", "arn:aws:sqs:*:"+a+":${aws:PrincipalAccount}")
}

// conditions draws n tests of different operators and keys.
func (g *generator) conditions(st tree, s scope, service string, n int) {
	block := tree{}
	for range n {
		k := pick(g, pool...)
		if k.services != nil && (k.services[0] != service || strings.Contains(k.key, "github")) {
			continue
		}
		op := pick(g, k.ops...)
		texts := g.fitting(k, op)
		if len(texts) == 0 {
			continue
		}
		values := []any{pick(g, texts...)}
		if op == "Null" {
			values = []any{pick(g, "true", "false")}
		} else if g.chance(30) && len(texts) > 1 {
			values = append(values, pick(g, texts...))
		}
		if block[op] == nil {
			block[op] = tree{}
		}
		block[op].(tree)[k.key] = g.oneOrList(values)
	}
	if len(block) > 0 {
		st["Condition"] = block
	}
}

// fitting are the values of a key for an operator: one that takes no wildcard gets none, but for endpoints, of which a request can
// have one with a star in its name.
func (g *generator) fitting(k keyPool, op string) []string {
	if strings.Contains(op, "Like") || strings.Contains(op, "Arn") || k.key == "aws:SourceVpce" {
		return k.values
	}
	var out []string
	for _, v := range k.values {
		if !strings.Contains(v, "*") {
			out = append(out, v)
		}
	}
	return out
}
