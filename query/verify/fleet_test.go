package verify_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/evaluator/catalog"
	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/query"
	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/syntax"
)

var (
	fleets         = flag.Int("fleets", 4, "how many random organizations are counted account by account; the acceptance run has more")
	fleetSeed      = flag.Uint64("fleet-seed", 1, "the first of them")
	fleetQuestions = flag.Int("fleet-questions", 4, "how many questions each is asked")
)

// counting is a question about how many there are.
type counting struct {
	actions []string
	allOf   bool
	on      []string
	in      string // a scope in words
	when    string // the context in words, for text ends
	strict  bool
	budget  int64
}

// text is the question up to its stages.
func (q *counting) text() string {
	words := "who "
	if q.in != "" {
		words += "in " + q.in + " "
	}
	words += "can "
	if q.allOf {
		words += "all of "
	}
	words += strings.Join(q.actions, ", ")
	if len(q.on) > 0 {
		list := make([]string, len(q.on))
		for i, r := range q.on {
			list[i] = quoted(r)
		}
		words += " on " + strings.Join(list, ", ")
	}
	if q.when != "" {
		words += " when " + q.when
	}
	return words
}

func (q *counting) String() string {
	return fmt.Sprintf("%s (strict %t, budget %d)", q.text(), q.strict, q.budget)
}

// contexts are what questions fix of the context: in words, and as the evaluator takes them.
var contexts = func() map[string]evaluator.Expr {
	test := func(op, key string, values ...string) evaluator.Expr {
		text := fmt.Sprintf(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{%q:{%q:[%s]}}}}`, op, key,
			`"`+strings.Join(values, `","`)+`"`)
		return evaluator.Test{Condition: policy.Parse(policy.Identity, []byte(text)).Statements[0].Conditions[0]}
	}
	not := func(x evaluator.Expr) evaluator.Expr { return evaluator.Not{Of: x} }
	return map[string]evaluator.Expr{
		"":                                                    nil,
		"aws:MultiFactorAuthPresent = true":                   test("Bool", "aws:MultiFactorAuthPresent", "true"),
		"not aws:MultiFactorAuthPresent = true":               not(test("Bool", "aws:MultiFactorAuthPresent", "true")),
		"aws:MultiFactorAuthPresent is absent":                test("Null", "aws:MultiFactorAuthPresent", "true"),
		"aws:PrincipalTag/team = red":                         test("StringEquals", "aws:PrincipalTag/team", "red"),
		"aws:PrincipalTag/team like 'r*'":                     test("StringLike", "aws:PrincipalTag/team", "r*"),
		"aws:PrincipalTag/team is absent":                     test("Null", "aws:PrincipalTag/team", "true"),
		"aws:PrincipalArn arnlike 'arn:aws:iam::*:role/*'":    test("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/*"),
		"aws:PrincipalArn arnlike 'arn:aws:iam::2*:role/A*'":  test("ArnLike", "aws:PrincipalArn", "arn:aws:iam::2*:role/A*"),
		"aws:PrincipalArn like '*22222*'":                     test("StringLike", "aws:PrincipalArn", "*22222*"),
		"aws:userid like 'AROA*'":                             test("StringLike", "aws:userid", "AROA*"),
		"aws:userid = AIDA2220":                               test("StringEquals", "aws:userid", "AIDA2220"),
		"aws:username = alice":                                test("StringEquals", "aws:username", "alice"),
		"aws:PrincipalOrgID = o-abc":                          test("StringEquals", "aws:PrincipalOrgID", "o-abc"),
		"aws:PrincipalOrgID != o-abc":                         not(test("StringEquals", "aws:PrincipalOrgID", "o-abc")),
		"any aws:PrincipalOrgPaths like 'o-abc/r-root/ou-*'":  test("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", "o-abc/r-root/ou-*"),
		"any aws:ResourceOrgPaths like 'o-abc/r-root/ou-*'":   test("ForAnyValue:StringLike", "aws:ResourceOrgPaths", "o-abc/r-root/ou-*"),
		"aws:ResourceOrgID = o-abc":                           test("StringEquals", "aws:ResourceOrgID", "o-abc"),
		"aws:PrincipalAccount = 222222222222":                 test("StringEquals", "aws:PrincipalAccount", "222222222222"),
		"aws:PrincipalAccount like '2*'":                      test("StringLike", "aws:PrincipalAccount", "2*"),
		"aws:PrincipalAccount != aws:ResourceAccount":         not(test("StringEquals", "aws:PrincipalAccount", "${aws:ResourceAccount}")),
		"aws:ResourceAccount = 222222222222":                  test("StringEquals", "aws:ResourceAccount", "222222222222"),
		"aws:ResourceAccount != 222222222222":                 not(test("StringEquals", "aws:ResourceAccount", "222222222222")),
		"aws:PrincipalAccount = 000000000000":                 test("StringEquals", "aws:PrincipalAccount", "000000000000"),
		"aws:PrincipalTag/team = aws:ResourceTag/team":        test("StringEquals", "aws:PrincipalTag/team", "${aws:ResourceTag/team}"),
		"aws:PrincipalType = User":                            test("StringEquals", "aws:PrincipalType", "User"),
		"aws:RequestedRegion = us-east-1":                     test("StringEquals", "aws:RequestedRegion", "us-east-1"),
		"aws:SecureTransport = false":                         test("Bool", "aws:SecureTransport", "false"),
		"aws:SourceVpce is absent":                            test("Null", "aws:SourceVpce", "true"),
		"sts:ExternalId is absent":                            test("Null", "sts:ExternalId", "true"),
		"kms:CallerAccount = 222222222222":                    test("StringEquals", "kms:CallerAccount", "222222222222"),
		"aws:CurrentTime < 2027-01-01T00:00:00Z":              test("DateLessThan", "aws:CurrentTime", "2027-01-01T00:00:00Z"),
		"iam:PassedToService = ec2.amazonaws.com":             test("StringEquals", "iam:PassedToService", "ec2.amazonaws.com"),
		"resource = 'arn:aws:s3:::data-22/*'":                 nil, // only in words
		"resource like 'arn:aws:iam::2*:role/*'":              nil,
		"aws:SourceAccount = aws:PrincipalAccount":            test("StringEquals", "aws:SourceAccount", "${aws:PrincipalAccount}"),
		"aws:PrincipalArn = 'arn:aws:iam::222222222222:root'": test("StringEquals", "aws:PrincipalArn", "arn:aws:iam::222222222222:root"),
		"aws:PrincipalIsAWSService = true":                    test("Bool", "aws:PrincipalIsAWSService", "true"),
	}
}()

// inWordsOnly are the contexts that only the language says.
func inWordsOnly(words string) bool { return words != "" && contexts[words] == nil }

// everywhere tells whether a question is about every one of its resources: one request settles nobody, and counting is left to the rows.
func (q *counting) everywhere() bool { return q.allOf && len(q.on) > 0 }

// filterOf is the scope of a question as the evaluator takes it.
func filterOf(in string) func(*evaluator.Subject) bool {
	kind, name, _ := strings.Cut(in, " ")
	switch kind {
	case "account":
		return func(s *evaluator.Subject) bool { return s.Account == name }
	case "ou":
		return func(s *evaluator.Subject) bool { return slices.Contains(s.Path, name) }
	case "org":
		return func(s *evaluator.Subject) bool { return s.Org == name }
	}
	return nil
}

// fleetPair is one snapshot both ways.
type fleetPair struct {
	world *evaluator.World
	fleet *evaluator.Fleet
	whole *query.Engine
	index *query.Engine
}

func pairOf(ctx context.Context, facts *graph.Facts, cat *catalog.Catalog) (*fleetPair, error) {
	p := &fleetPair{}
	var err error
	if p.world, err = evaluator.Compile(ctx, facts, cat); err != nil {
		return nil, err
	}
	if p.fleet, err = evaluator.FleetOf(ctx, facts, cat); err != nil {
		return nil, err
	}
	if p.whole, err = query.New(ctx, facts, answer.Snapshot{}); err != nil {
		return nil, err
	}
	p.index, err = query.NewIndexed(ctx, facts, answer.Snapshot{})
	return p, err
}

// same holds that a question has one answer: of the fleet, of the world that counts, and of the rows of the world.
func (p *fleetPair) same(ctx context.Context, q *counting) (rows int, err error) {
	if !inWordsOnly(q.when) && !q.everywhere() {
		asked := evaluator.Question{Actions: q.actions, AllOf: q.allOf, Resources: q.on, When: contexts[q.when], Strict: q.strict, Budget: q.budget}
		a, err := p.world.WhoCan(ctx, asked, filterOf(q.in))
		if err != nil {
			return 0, fmt.Errorf("who can: %w", err)
		}
		want := counted(a)
		got, err := p.world.CountCan(ctx, asked, filterOf(q.in))
		if err != nil {
			return 0, fmt.Errorf("count: %w", err)
		}
		if diff := cmp.Diff(want, plainly(got)); diff != "" {
			return 0, fmt.Errorf("the world counts otherwise than its rows (-rows +count):\n%s%s", diff, whose(a))
		}
		got, err = p.fleet.CountCan(ctx, asked, filterOf(q.in))
		if err != nil {
			return 0, fmt.Errorf("fleet: %w", err)
		}
		if diff := cmp.Diff(want, plainly(got)); diff != "" {
			return 0, fmt.Errorf("the fleet counts otherwise (-world +fleet):\n%s%s", diff, whose(a))
		}
		rows = len(a.Rows)
	}
	for _, stages := range []string{" | count", " | group by account count"} {
		text := q.text() + stages
		o := query.Options{Strict: q.strict, Budget: q.budget}
		want, n, err := askedJSON(ctx, p.whole, text, o)
		if err != nil {
			return rows, fmt.Errorf("%s: %w", text, err)
		}
		got, _, err := askedJSON(ctx, p.index, text, o)
		if err != nil {
			return rows, fmt.Errorf("%s: index: %w", text, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			return rows, fmt.Errorf("%s (-world +index):\n%s", text, diff)
		}
		if inWordsOnly(q.when) || q.everywhere() {
			rows += n
		}
	}
	return rows, nil
}

// counted counts rows.
func counted(a *evaluator.Answer) *evaluator.Counted {
	counts := map[evaluator.Holding]int{}
	for _, r := range a.Rows {
		counts[evaluator.Holding{Account: r.Account, Kind: r.Kind, Verdict: min(r.Verdict, evaluator.Conditional)}]++
	}
	out := &evaluator.Counted{Assumptions: a.Assumptions, Warnings: a.Warnings}
	for h, n := range counts {
		h.Count = n
		out.Holdings = append(out.Holdings, h)
	}
	slices.SortFunc(out.Holdings, func(a, b evaluator.Holding) int {
		return strings.Compare(fmt.Sprintf("%s %s %d", a.Account, a.Kind, a.Verdict), fmt.Sprintf("%s %s %d", b.Account, b.Kind, b.Verdict))
	})
	return plainly(out)
}

// plainly makes empty lists nil, and leaves out how the answer was found.
func plainly(c *evaluator.Counted) *evaluator.Counted {
	c.Plan = nil
	if len(c.Holdings) == 0 {
		c.Holdings = nil
	}
	if len(c.Assumptions) == 0 {
		c.Assumptions = nil
	}
	if len(c.Warnings) == 0 {
		c.Warnings = nil
	}
	return c
}

// whose lists rows for a message.
func whose(a *evaluator.Answer) string {
	var b strings.Builder
	for _, r := range a.Rows {
		fmt.Fprintf(&b, "  %s %s %s\n", r.Kind, r.Principal, r.Verdict)
	}
	return b.String()
}

// drawCounting draws a question about an organization whose accounts hold what the generator named.
func (g *generator) drawCounting() *counting {
	a := pick(g, g.accounts...)
	key, bucket, role, user := pick(g, g.keys[a]...), pick(g, g.buckets[a]...), pick(g, g.roles[a]...), pick(g, g.users[a]...)
	type form struct{ actions, on []string }
	s := func(list ...string) []string { return list }
	f := pick(g,
		form{s("kms:*"), nil}, form{s("kms:Decrypt"), nil}, form{s("kms:Decrypt"), s(key)}, form{s("kms:*"), s("arn:aws:kms:*:" + a + ":key/*")}, form{s("kms:RetireGrant"), nil},
		form{s("kms:Decrypt", "kms:ListKeys"), nil}, form{s("kms:@write"), nil}, form{s("kms:Decrypt"), s("arn:aws:kms:*:2*:key/*")},
		form{s("s3:GetObject"), nil}, form{s("s3:GetObject"), s(bucket + "/*")}, form{s("s3:GetObject"), s(bucket + "/public/x")}, form{s("s3:*"), s(bucket, bucket+"/*")},
		form{s("s3:GetObject", "s3:PutObject"), nil}, form{s("s3:Get*"), s("arn:aws:s3:::data*")}, form{s("s3:GetObject"), s("arn:aws:s3:::*-22/*")}, form{s("s3:@read"), nil},
		form{s("s3:DeleteBucketPolicy"), nil}, form{s("s3:ListAllMyBuckets"), nil}, form{s("s3:*"), nil}, form{s("s3:GetObject"), s("arn:aws:s3:::elsewhere/*")},
		form{s("sts:AssumeRole"), nil}, form{s("sts:AssumeRole"), s(role)}, form{s("sts:AssumeRole*"), nil}, form{s("sts:AssumeRole"), s("arn:aws:iam::" + a + ":role/*")},
		form{s("sts:AssumeRole"), s("arn:aws:iam::2*:role/*")}, form{s("sts:*"), nil},
		form{s("iam:PassRole"), nil}, form{s("iam:PassRole"), s(role)}, form{s("iam:CreateUser", "iam:List*"), nil}, form{s("iam:*"), s(user)}, form{s("iam:*"), nil}, form{s("iam:@write"), nil},
		form{s("secretsmanager:*"), nil}, form{s("secretsmanager:GetSecretValue"), s("arn:aws:secretsmanager:*:*:secret:db*")}, form{s("sqs:*"), nil}, form{s("sqs:SendMessage"), nil},
		form{s("iam:PassRole", "lambda:CreateFunction"), nil}, form{s("kms:Decrypt", "s3:GetObject"), nil}, form{s("ec2:RunInstances"), nil},
	)
	if g.chance(3) {
		f = pick(g, form{s("@permissions"), nil}, form{s("*"), nil})
	}
	q := &counting{actions: f.actions, on: f.on, strict: g.chance(15)}
	q.allOf = len(q.on) < 2 && g.chance(15)
	if g.chance(20) {
		q.in = pick(g, "account "+a, "account "+a, "account "+unread)
		if g.files["organization.json"] != nil {
			q.in = pick(g, "account "+a, "ou Dev", "org o-abc")
		}
	}
	if g.chance(45) {
		q.when = pick(g, slices.Sorted(maps.Keys(contexts))...)
	}
	if g.chance(5) {
		q.budget = 1 << 40
	}
	return q
}

// countable tells whether a question can be put: the wording, and a scope that the snapshot knows of.
func (p *fleetPair) asks(ctx context.Context, q *counting) bool {
	if _, err := syntax.Parse(q.text()); err != nil {
		panic(q.text() + ": " + err.Error())
	}
	if q.in == "" {
		return true
	}
	_, _, err := askedJSON(ctx, p.whole, "who in "+q.in+" can s3:DeleteBucketPolicy | count", query.Options{})
	return err == nil
}

// TestFleetCounts holds that counts made account by account are those of the whole, in random organizations and in such whose accounts differ in
// little: there, what is found of one account is taken over for others.
func TestFleetCounts(t *testing.T) {
	cat, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	asked, rows, odd := 0, 0, 0
	for seed := *fleetSeed; seed < *fleetSeed+uint64(*fleets); seed++ {
		g := generateAll(seed)
		if seed%3 != 0 {
			g.twins(seed)
		}
		o := &organization{g.files}
		facts, err := o.ingest(t.Context(), t.TempDir())
		if err != nil {
			t.Fatalf("organization %d: %v", seed, err)
		}
		p, err := pairOf(t.Context(), facts, cat)
		var refused *evaluator.OddAccountError
		if errors.As(err, &refused) {
			odd++
			continue
		}
		if err != nil {
			t.Fatalf("organization %d: %v", seed, err)
		}
		for at := range *fleetQuestions {
			if *oneQuestion >= 0 && at != *oneQuestion {
				continue
			}
			g.r = rand.New(rand.NewPCG(seed, uint64(at)))
			q := g.drawCounting()
			if !p.asks(t.Context(), q) {
				continue
			}
			n, err := p.same(t.Context(), q)
			asked, rows = asked+1, rows+n
			if err == nil {
				continue
			}
			t.Errorf("organization %d, question %d: %s\n%v", seed, at, q, err)
			if !*keepGoing {
				t.Fatal(g.smallest(t.Context(), cat, q))
			}
		}
	}
	t.Logf("%d organizations, %d of them refused, %d questions, %d rows", *fleets, odd, asked, rows)
	if rows == 0 {
		t.Error("nothing was counted")
	}
}
