package verify_test

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	realistic "github.com/accessgraph/accessgraph/bench/orggen/organization"
	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/evaluator/catalog"
	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/ingest/files"
)

var denials = flag.Int("denials", 25, "how many random denied requests are explained, of the sample and of generated organizations each")

// reasoned is what became of the denied requests of some organizations.
type reasoned struct {
	denied, sets, changes, fixed, doubtful int
}

// TestWhyChanges is the acceptance of why: of random denied requests, every set of changes that is suggested allows the request once it is
// applied, as the point engine decides on policies that the naive evaluator gathered, and no part of the set does.
func TestWhyChanges(t *testing.T) {
	cat, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	sample, _, err := files.Read(t.Context(), []string{filepath.Join("..", "..", "testdata", "sample", "org")}, files.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 4))
	large, _, err := files.Read(t.Context(), []string{largeOrganization(t)}, files.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for name, facts := range map[string]*graph.Facts{"sample": sample, "large": large} {
		var got reasoned
		explainSimulated(t, facts, cat, r, *denials, &got)
		t.Logf("%s: %+v", name, got)
		if got.denied < *denials || got.sets < got.denied/2 {
			t.Errorf("too few requests of the %s organization were explained: %+v", name, got)
		}
	}
	var got reasoned
	for seed := uint64(1); got.denied < *denials; seed++ {
		facts, err := generate(seed).ingest(t.Context(), t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		explainDenied(t, facts, cat, r, min(12, *denials-got.denied), &got)
		if t.Failed() {
			t.Fatalf("organization %d", seed)
		}
	}
	t.Logf("generated: %+v", got)
	if got.sets < got.denied/2 {
		t.Errorf("too few changes were found: %+v", got)
	}
}

// deniedActions are asked on every resource that they act on.
var deniedActions = []string{
	"kms:Decrypt", "kms:ScheduleKeyDeletion", "kms:CreateKey", "kms:RetireGrant", "s3:GetObject", "s3:PutObject", "s3:ListBucket", "s3:PutBucketPolicy",
	"s3:ListAllMyBuckets", "sts:AssumeRole", "iam:PassRole", "iam:CreateUser", "secretsmanager:GetSecretValue", "sqs:SendMessage", "lambda:InvokeFunction",
	"ec2:RunInstances", "sns:Publish",
}

var errImpossible = errors.New("no request has such a context")

func explainDenied(t *testing.T, facts *graph.Facts, cat *catalog.Catalog, r *rand.Rand, want int, got *reasoned) {
	t.Helper()
	w, err := evaluator.Compile(t.Context(), facts, cat)
	if err != nil {
		t.Fatal(err)
	}
	n := newNaive(facts, cat)
	q := &question{}
	strings := n.strings(nil, deniedActions)
	for tries, found := 0, 0; found < want && tries < 200*want; tries++ {
		p := n.principals[r.IntN(len(n.principals))]
		action, _, target := n.draw(r, p, strings)
		if target == nil || target.unread {
			continue
		}
		var points []*point
		n.contexts(q, p, action, target, func(pt *point) {
			if !pt.allowed {
				points = append(points, pt)
			}
		})
		if len(points) == 0 {
			continue
		}
		found++
		pt := points[r.IntN(len(points))]
		if err := n.explained(t, w, p, target, pt, got); err != nil {
			t.Errorf("%s: %v", n.show(pt), err)
			return
		}
	}
}

// draw picks a resource and an action on it; no target: nothing can be asked of it.
func (n *naive) draw(r *rand.Rand, p *principal, strings []string) (action, arn string, _ *target) {
	arn = strings[r.IntN(len(strings))]
	for _, i := range r.Perm(len(deniedActions)) {
		if t, ok := n.target(&question{}, p, deniedActions[i], arn); ok {
			return deniedActions[i], arn, t
		}
	}
	return "", arn, nil
}

// explainSimulated draws requests of an organization that the naive evaluator's pools do not fit; the policies in force are those of simulate.
func explainSimulated(t *testing.T, facts *graph.Facts, cat *catalog.Catalog, r *rand.Rand, want int, got *reasoned) {
	t.Helper()
	w, err := evaluator.Compile(t.Context(), facts, cat)
	if err != nil {
		t.Fatal(err)
	}
	n := newNaive(facts, cat)
	values := mentioned(n)
	keys := slices.Sorted(maps.Keys(values)) // those that only variables read have no values
	strings := n.strings(nil, deniedActions)
	for tries, found := 0, 0; found < want && tries < 400*want; tries++ {
		p := n.principals[r.IntN(len(n.principals))]
		action, arn, target := n.draw(r, p, strings)
		if target == nil || target.unread || target.assumed {
			continue
		}
		var given []evaluator.KeyValue
		if p.kind == "role" { // whose sessions always say these
			given = append(given, evaluator.KeyValue{Key: "aws:MultiFactorAuthPresent", Values: []string{"false"}},
				evaluator.KeyValue{Key: "aws:TokenIssueTime", Values: []string{"2026-10-31T12:00:00Z"}})
		}
		for range r.IntN(4) {
			key := keys[r.IntN(len(keys))]
			if len(values[key]) == 0 {
				continue
			}
			info, _ := cat.ConditionKey(policy.CanonicalKey(key))
			if a, _ := cat.Action(action); !requestKey(key) && (a == nil || !a.HasKey(policy.CanonicalKey(key))) {
				continue
			}
			given = append(given, evaluator.KeyValue{Key: key, Values: []string{values[key][r.IntN(len(values[key]))]}, Multi: info.Multivalued})
		}
		who := evaluator.Selector{Kind: evaluator.SelectARN, Name: p.arn}
		s, err := w.Simulate(who, action, arn, given, time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC))
		if err != nil {
			t.Fatal(err)
		}
		if s.Decision.Effect == evaluator.Allowed {
			continue
		}
		when := pinned(&s.Request, keys)
		pt := &point{request: &s.Request}
		err = n.explainedUnder(t, w, p, arn, pt, &s.Layers, when, got)
		if errors.Is(err, errImpossible) { // the drawn keys contradict what is known
			continue
		}
		found++
		if err != nil {
			t.Errorf("%s: %v", n.show(pt), err)
			return
		}
	}
}

// requestKey tells the keys that any request of a principal may have or not.
func requestKey(key string) bool {
	switch policy.CanonicalKey(key) {
	case "aws:sourceip", "aws:sourcevpce", "aws:sourcevpc", "aws:tagkeys", "aws:referer", "aws:useragent", "aws:calledvia":
		return true
	}
	return strings.HasPrefix(policy.CanonicalKey(key), "aws:requesttag/")
}

// mentioned lists the keys of all conditions with the values that they are compared with.
func mentioned(n *naive) map[string][]string {
	out := map[string][]string{}
	read := func(t *policy.Template) {
		for i := range t.Segments {
			if s := &t.Segments[i]; s.Kind == policy.SegmentVariable {
				out[s.Key] = append(out[s.Key], []string{}...)
			}
		}
	}
	for _, d := range n.parsed {
		for i := range d.Statements {
			for j := range d.Statements[i].Resources.Patterns {
				read(&d.Statements[i].Resources.Patterns[j])
			}
			for _, c := range d.Statements[i].Conditions {
				for _, v := range c.Values {
					if v.Template != nil {
						read(v.Template)
					}
					if c.Op != policy.Null {
						out[c.Key] = append(out[c.Key], v.Text)
					}
				}
			}
		}
	}
	for k := range out {
		slices.Sort(out[k])
		out[k] = slices.Compact(out[k])
	}
	return out
}

// largeOrganization is one that the generator of the benchmarks makes.
func largeOrganization(t *testing.T) string {
	dir := t.TempDir()
	if err := realistic.Write(dir, realistic.Options{Seed: 4, Accounts: 3, Principals: 90}); err != nil {
		t.Fatal(err)
	}
	return dir
}

// explained asks why one request is denied and tries what is suggested.
func (n *naive) explained(t *testing.T, w *evaluator.World, p *principal, target *target, pt *point, got *reasoned) error {
	_, keys := n.keysInPlay(&question{}, p, pt.request.Action, target, n.layers(p, pt.request.Action, target))
	return n.explainedUnder(t, w, p, target.arn, pt, n.layers(p, pt.request.Action, target), pinned(pt.request, keys), got)
}

func (n *naive) explainedUnder(
	t *testing.T, w *evaluator.World, p *principal, arn string, pt *point, l *evaluator.Layers, when evaluator.Expr, got *reasoned,
) error {
	q := evaluator.Question{Actions: []string{pt.request.Action}, Resources: []string{arn}, When: when}
	if arn == "*" {
		q.Resources = nil
	}
	reason, _, err := w.Why(t.Context(), q, evaluator.Selector{Kind: evaluator.SelectARN, Name: p.arn})
	if err != nil {
		return err
	}
	if reason.Verdict != evaluator.Denied || reason.Action != pt.request.Action || reason.Resource != arn {
		return fmt.Errorf("verdict %s of %s on %s", reason.Verdict, reason.Action, reason.Resource)
	}
	if reason.Ruling.Rule == "C30" {
		return errImpossible
	}
	got.denied++
	if reason.Ruling.Rule == "" {
		return fmt.Errorf("no rule decided")
	}
	if (reason.Ruling.Rule == "D2") != (n.decider.Decide(pt.request, l).Effect == evaluator.ExplicitDeny) && reason.Ruling.Rule != "D39" {
		return fmt.Errorf("rule %s, the point engine says %s", reason.Ruling.Rule, n.decider.Decide(pt.request, l).Effect)
	}
	if len(reason.Changes) == 0 {
		got.fixed++
		return n.unchangeable(reason, pt, l, got)
	}
	for i := range reason.Changes {
		got.sets++
		got.changes += len(reason.Changes[i].Changes)
		if err := n.irredundant(pt.request, l, reason.Changes[i].Changes); err != nil {
			return fmt.Errorf("set %d of %d: %w", i+1, len(reason.Changes), err)
		}
	}
	return nil
}

// irredundant tries every part of a set of changes.
func (n *naive) irredundant(r *evaluator.Request, l *evaluator.Layers, changes []evaluator.Change) error {
	whole := 1<<len(changes) - 1
	for mask := 0; mask <= whole; mask++ {
		layers, request := *l, *r
		var tried []string
		for i := range changes {
			if mask&(1<<i) == 0 {
				continue
			}
			c := &changes[i]
			tried = append(tried, fmt.Sprintf("%s %s %s %v %s", c.Kind, c.Layer, c.Policy, c.Statement, c.Principal))
			if c.Kind == evaluator.Unrestrict {
				request.Target.RestrictPublicBuckets = false
			}
			if c.Held != "" { // a key that the policies in force may not read
				request.Context = withKey(request.Context, "aws:PrincipalArn", r.Principal.RoleARN)
			}
			c.Apply(&layers)
		}
		d := n.decider.Decide(&request, &layers)
		if sure := d.Effect == evaluator.Allowed && len(d.Uncertainties) == 0; sure != (mask == whole) {
			return fmt.Errorf("%d of %d changes make it %s %v: %s", len(tried), len(changes), d.Effect, d.Uncertainties, strings.Join(tried, "; "))
		}
	}
	return nil
}

// withKey is a context with one key more.
func withKey(c policy.Context, key, value string) policy.Context {
	out := policy.NewContext(c.Len() + 1)
	c.Each(out.Put)
	out.Set(key, policy.ContextValue{Single: value})
	return *out
}

// unchangeable holds that what is said not to be changeable is not: everything that policies can say is not enough, or what is there cannot
// be read.
func (n *naive) unchangeable(reason *evaluator.Reason, pt *point, l *evaluator.Layers, got *reasoned) error {
	if reason.Fixed == "" {
		return fmt.Errorf("no change and no reason for that")
	}
	allow := func(kind policy.Kind, members string) *policy.Document {
		return policy.Parse(kind, []byte(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*",`+members+`}}`))
	}
	everything := evaluator.Policy{Name: "all", Doc: allow(policy.Identity, `"Resource":"*"`)}
	open := &evaluator.Layers{Identity: []evaluator.Policy{everything}, Resource: &evaluator.Policy{
		Name: "all", Doc: allow(policy.Resource, `"Principal":{"AWS":["`+pt.request.Principal.Account+`","`+pt.request.Principal.ARN+`"]},"Resource":"*"`),
	}}
	request := *pt.request
	if request.Principal.ServiceLinked { // its service alone writes its policies
		open.Identity = l.Identity
	}
	if strings.Contains(request.Target.Resource, ":role/aws-") { // AWS alone changes whom it trusts
		open.Resource = l.Resource
	}
	request.Target.RestrictPublicBuckets = false
	if !evaluator.TakesPolicy(evaluator.ActionService(request.Action)) {
		open.Resource = nil
	}
	d := n.decider.Decide(&request, open)
	if d.Effect != evaluator.Allowed || len(d.Uncertainties) > 0 {
		return nil
	}
	for _, ps := range slices.Concat([][]evaluator.Policy{l.Identity}, l.SCP, l.RCP) {
		for i := range ps {
			if unreadable(&ps[i]) {
				got.doubtful++
				return nil
			}
		}
	}
	if unreadable(l.Boundary) || unreadable(l.Resource) {
		got.doubtful++
		return nil
	}
	return fmt.Errorf("%q, and yet policies could allow it", reason.Fixed)
}

func unreadable(p *evaluator.Policy) bool {
	return p != nil && slices.ContainsFunc(p.Doc.Statements, func(s policy.Statement) bool { return s.Unanalysable != "" || s.Principals.Not })
}

// pinned is the context of a request as a condition that holds for it alone, as far as the keys in play tell.
func pinned(r *evaluator.Request, keys []string) evaluator.Expr {
	test := func(op policy.Base, set policy.SetOperator, key string, values ...string) evaluator.Expr {
		values = slices.Clone(values)
		for i := range values {
			values[i] = strings.ReplaceAll(values[i], "${", "${$}{")
		}
		return evaluator.Test{Condition: policy.NewCondition(op, set, false, key, values...)}
	}
	var all []evaluator.Expr
	for _, key := range append(slices.Clone(keys), "aws:userid") {
		v, ok := r.Context.Lookup(policy.CanonicalKey(key))
		switch {
		case !ok && key == "aws:userid":
		case !ok:
			all = append(all, test(policy.Null, policy.NoSet, key, "true"))
		case !v.Multi:
			all = append(all, test(policy.StringEquals, policy.NoSet, key, v.Single))
		default:
			all = append(all, test(policy.Null, policy.NoSet, key, "false"))
			if len(v.List) == 0 {
				all = append(all, evaluator.Not{Of: test(policy.StringLike, policy.ForAnyValue, key, "*")})
			} else {
				all = append(all, test(policy.StringEquals, policy.ForAllValues, key, v.List...))
			}
			for _, s := range v.List {
				all = append(all, test(policy.StringEquals, policy.ForAnyValue, key, s))
			}
		}
	}
	return evaluator.And{Of: all}
}
