package verify_test

import (
	"fmt"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/query/syntax"
)

// ask draws a question about an organization.
func (g *generator) ask(n *naive) *question {
	q := &question{admits: func(*principal) bool { return true }}
	a := pick(g, g.accounts...)
	key, bucket, role := pick(g, g.keys[a]...), pick(g, g.buckets[a]...), pick(g, g.roles[a]...)
	type form struct {
		actions []string
		on      []string
	}
	f := pick(g,
		form{[]string{"kms:*"}, nil}, form{[]string{"kms:*"}, nil}, form{[]string{"kms:Decrypt"}, []string{key}}, form{[]string{"kms:*"}, []string{key}},
		form{[]string{"kms:Decrypt", "kms:ListKeys"}, nil}, form{[]string{"kms:RetireGrant"}, nil},
		form{[]string{"s3:GetObject"}, []string{bucket + "/*"}}, form{[]string{"s3:GetObject", "s3:PutObject"}, nil}, form{[]string{"s3:ListBucket"}, []string{bucket}},
		form{[]string{"s3:*"}, []string{bucket, bucket + "/*"}}, form{[]string{"s3:Get*"}, []string{"arn:aws:s3:::data*"}}, form{[]string{"s3:GetObject"}, []string{bucket + "/public/x"}},
		form{[]string{"sts:AssumeRole"}, []string{role}}, form{[]string{"sts:AssumeRole*"}, nil}, form{[]string{"sts:AssumeRole"}, []string{"arn:aws:iam::" + a + ":role/*"}},
		form{[]string{"iam:PassRole"}, nil}, form{[]string{"iam:PassRole"}, []string{role}}, form{[]string{"iam:CreateUser", "iam:List*"}, nil},
		form{[]string{"secretsmanager:*"}, nil}, form{[]string{"secretsmanager:GetSecretValue"}, []string{"arn:aws:secretsmanager:*:*:secret:db*"}}, form{[]string{"sqs:*"}, nil},
		form{[]string{"s3:DeleteBucketPolicy"}, nil}, form{[]string{"s3:ListAllMyBuckets"}, nil},
	)
	q.actions, q.on = f.actions, f.on
	words := "who can do "
	switch g.r.IntN(7) {
	case 0, 1:
		arn := pick(g, append(append([]string{"arn:aws:iam::" + a + ":root"}, g.users[a]...), g.roles[a]...)...)
		name, matches := quoted(arn), func(o *principal) bool { return o.arn == arn }
		if g.chance(30) && !strings.HasSuffix(arn, ":root") {
			kind, short := kindOf(arn), arn[strings.LastIndexByte(arn, '/')+1:]
			name, matches = kind+"/"+short, func(o *principal) bool { return o.kind == kind && o.name == short }
		}
		q.single, q.admits = true, func(o *principal) bool { return !o.outside && matches(o) }
		words = "can " + name + " do "
	case 2:
		words = "who outside can "
		q.admits = func(p *principal) bool { return p.outside && !n.inside(p.Account) }
	}
	if g.chance(12) && len(q.on) < 2 {
		q.allOf = true
		words += "all of "
	}
	q.text = words + strings.Join(q.actions, ", ")
	if len(q.on) > 0 {
		var list []string
		for _, r := range q.on {
			list = append(list, quoted(r))
		}
		q.text += " on " + strings.Join(list, ", ")
	}
	if !q.single {
		g.scopes(n, q)
	}
	if g.chance(25) {
		g.when(q)
	}
	return q
}

func quoted(s string) string {
	if strings.Contains(s, "'") {
		return `"` + s + `"`
	}
	return "'" + s + "'"
}

// inside tells whether an account is in the zone of trust (D50).
func (n *naive) inside(account string) bool { return n.read(account) || n.inOrganization(account) }

// scopes draws in and except.
func (g *generator) scopes(n *naive, q *question) {
	a := pick(g, g.accounts...)
	had := q.admits
	switch g.r.IntN(12) {
	case 0:
		if !strings.Contains(q.text, "outside") {
			q.text += " in account " + a
			q.admits = func(p *principal) bool { return had(p) && p.Account == a }
		}
	case 1:
		if !strings.Contains(q.text, "outside") && n.facts.Organization != nil {
			q.text += " in ou Dev"
			q.admits = func(p *principal) bool {
				return had(p) && n.inOrganization(p.Account) && strings.Contains(strings.Join(n.above(p.Account), " "), "ou-dev")
			}
		}
	case 2:
		q.text += " except user/alice, account " + a
		q.admits = func(p *principal) bool { return had(p) && p.Account != a && !(p.kind == "user" && p.name == "alice") }
	case 3:
		q.text += " except service lambda.amazonaws.com, tag team = red"
		q.admits = func(p *principal) bool {
			for _, t := range p.tags {
				if strings.EqualFold(t.Key, "team") && t.Value == "red" {
					return false
				}
			}
			return had(p) && p.arn != "lambda.amazonaws.com"
		}
	}
}

// when draws a context.
func (g *generator) when(q *question) {
	words := pick(g,
		"aws:MultiFactorAuthPresent = true", "aws:MultiFactorAuthPresent is absent", "not aws:MultiFactorAuthPresent = true", "aws:SourceIp in 203.0.113.0/24",
		"aws:SourceVpce is absent", "aws:SourceVpce = vpce-1 or aws:SourceIp in 10.0.0.0/8", "aws:RequestedRegion = us-east-1", "aws:PrincipalTag/team like r*",
		"aws:SecureTransport = false", "aws:CurrentTime < 2027-01-01T00:00:00Z", "all aws:TagKeys in (env, team)", "any aws:TagKeys = env and aws:ViaAWSService = false",
		"aws:PrincipalTag/team = aws:ResourceTag/team", "sts:ExternalId is absent", "kms:ViaService like 's3.*.amazonaws.com'", "aws:PrincipalArn arnlike 'arn:aws:iam::*:role/*'",
		"aws:PrincipalOrgID != o-abc", "aws:MultiFactorAuthAge < 3600", "iam:PassedToService in (ec2.amazonaws.com, lambda.amazonaws.com)", "aws:username = alice or aws:SourceVpce is present",
	)
	if err := q.setWhen(words); err != nil {
		panic(fmt.Sprintf("%s: %v", words, err))
	}
	q.text += " when " + words
}

func (q *question) setWhen(words string) error {
	x, err := syntax.ParseExpr(words)
	if err != nil {
		return err
	}
	q.when, q.whenWords, q.keys, q.order = x, words, map[string]bool{}, nil
	keysOf(x, func(key string) {
		q.keys[policy.CanonicalKey(key)] = true
		q.order = append(q.order, key)
	})
	return nil
}

// expand lists the actions that the question stands for, at most some of a long list, and one that nobody knows for every service that a
// wildcard reaches.
func (n *naive) expand(q *question, g *generator) []string {
	var out []string
	named := map[string]bool{}
	for _, list := range actionsOf {
		for _, a := range list {
			named[strings.ToLower(a)] = true
		}
	}
	for _, text := range q.actions {
		var all []string
		for a := range n.catalog.Actions(text) {
			all = append(all, a.Name)
		}
		keep := 100
		if len(all) > 10 && !q.allOf {
			keep = 900 / len(all)
		}
		for _, a := range all {
			if named[strings.ToLower(a)] || g.chance(keep) {
				out = append(out, a)
			}
		}
		if service, _, _ := strings.Cut(text, ":"); strings.HasSuffix(text, ":*") {
			out = append(out, service+":ZzUnknown")
		}
	}
	return out
}
