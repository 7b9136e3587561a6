package evaluator

import (
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/accessgraph/accessgraph/evaluator/catalog"
	"github.com/accessgraph/accessgraph/evaluator/policy"
)

// rivalsOf compares two stacks of policies on one request, some of whose keys are free.
func rivalsOf(t *rapid.T, r *Request, first, second *Layers, free []string, cat *catalog.Catalog) *rivals {
	a := closedEvaluation(r, first, free, cat)
	a.ask = func(sk *sketch) *Request {
		q := *r
		q.Context = *policy.NewContext(16)
		r.Context.Each(func(key string, v policy.ContextValue) { q.Context.Set(key, v) })
		for _, kv := range sk.request {
			if kv.Multi {
				q.Context.Set(kv.Key, policy.Multi(kv.Values...))
			} else {
				q.Context.Set(kv.Key, policy.Single(kv.Values[0]))
			}
		}
		return &q
	}
	b := a.beside(second)
	b.gather()
	out := newRivals(a, b)
	if err := out.decide(); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestComparisonsAgree holds that what one random stack allows beyond another is what the point engine says, value by value of the free keys,
// and that each difference has a witness that the point engine confirms.
func TestComparisonsAgree(t *testing.T) {
	cat := testCatalog(t)
	differences, equals := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		p, fixed := drawCaller(t)
		free := rapid.SliceOfNDistinct(rapid.SampledFrom(keySpecs), 1, 2, func(k keySpec) string { return k.name }).Draw(t, "free")
		layers := [2]*Layers{drawLayers(t, free), drawLayers(t, free)}
		if rapid.IntRange(0, 3).Draw(t, "alike") == 0 { // stacks that share some layers are the usual case
			layers[1].Identity = layers[0].Identity
		}
		isFree := map[string]bool{}
		var names []string
		compared := 0
		for _, k := range free {
			if slices.Contains(comparedKeys, k.name) {
				compared++
			}
			isFree[k.name] = true
			names = append(names, k.name)
		}
		r := &Request{Principal: p, Action: "s3:GetObject", Target: Target{
			Resource: rapid.SampledFrom([]string{"arn:aws:s3:::data/red/x", "arn:aws:s3:::other/x"}).Draw(t, "on"), Account: "111111111111",
		}}
		r.Context = *policy.NewContext(4)
		for k, v := range fixed {
			r.Context.Set(k, v)
		}
		rv := rivalsOf(t, r, layers[0], layers[1], names, cat)
		for x := range 2 {
			grants, err := rv.grants(x)
			if err != nil {
				t.Fatal(err)
			}
			one, err := rv.first(x)
			if err != nil {
				t.Fatal(err)
			}
			if (one == nil) != (len(grants) == 0) {
				t.Fatalf("side %d: %d grants beyond the other, and the first is %v", x, len(grants), one)
			}
			for _, a := range append(grants, one) {
				if a != nil && a.Verdict == Unknown && compared < 2 { // values of two keys that are compared are not always found
					t.Fatalf("side %d: no witness, or not confirmed: %v %s", x, a.Notes, exprText(a.Conditions))
				}
			}
			if len(grants) == 0 {
				equals++
			} else {
				differences++
			}
			enumerate(free, map[string]policy.ContextValue{}, func(values map[string]policy.ContextValue) {
				if inconsistent(values, isFree) {
					return
				}
				q := *r
				ctx := policy.NewContext(16)
				for k, v := range merged(fixed, values) {
					ctx.Set(k, v)
				}
				q.Context = *ctx
				want := Decide(&q, layers[x]).Effect == Allowed && Decide(&q, layers[1-x]).Effect != Allowed
				got := false
				for _, a := range grants {
					got = got || a.Conditions == nil || holdsAt(a.Conditions, &q)
				}
				if got != want {
					t.Fatalf("side %d at %v: the point engine says %v, the comparison %v", x, values, want, got)
				}
			})
		}
	})
	t.Logf("%d differences, %d inclusions", differences, equals)
	if differences == 0 || equals == 0 {
		t.Errorf("%d differences, %d inclusions: the stacks are all of one sort", differences, equals)
	}
}

func merged(a, b map[string]policy.ContextValue) map[string]policy.ContextValue {
	out := maps.Clone(a)
	maps.Copy(out, b)
	return out
}

// TestComparisonsAgreeOnPoints compares stacks of every kind of layer, for every kind of caller, with uncertain statements in them: a
// difference is certain just where the point engine is, and nothing that may be one is passed over.
func TestComparisonsAgreeOnPoints(t *testing.T) {
	cat := testCatalog(t)
	decider := Decider{Actions: CatalogTypes(cat)}
	rapid.Check(t, func(t *rapid.T) {
		c := rapid.SampledFrom(pointCallers).Draw(t, "caller")
		target := rapid.SampledFrom(pointTargets).Draw(t, "target")
		r := &Request{Principal: c, Action: target.action, Target: Target{
			Resource: target.resource, Account: rapid.SampledFrom([]string{"111111111111", "222222222222", ""}).Draw(t, "owner"),
		}}
		r.Context = *policy.NewContext(4)
		if c.Kind == User {
			r.Context.Set("aws:username", policy.Single("alice"))
		}
		layers := [2]*Layers{drawPointLayers(t, &c, target.resource), drawPointLayers(t, &c, target.resource)}
		if rapid.IntRange(0, 2).Draw(t, "same") == 0 {
			layers[1] = layers[0]
		}
		rv := rivalsOf(t, r, layers[0], layers[1], []string{"aws:PrincipalTag/t"}, cat)
		for x := range 2 {
			exceeds, doubtful := false, false
			for _, tag := range []string{"", "x", "y", "x*", "alice"} {
				q := *r
				q.Context = *policy.NewContext(4)
				r.Context.Each(func(key string, v policy.ContextValue) { q.Context.Set(key, v) })
				if tag != "" {
					q.Context.Set("aws:PrincipalTag/t", policy.Single(tag))
				}
				yes := decider.Decide(&q, layers[x])
				mine, sure := yes.Effect == Allowed, len(yes.Uncertainties) == 0
				no := decider.Decide(&q, layers[1-x])
				theirs, theirsSure := no.Effect == Allowed, len(no.Uncertainties) == 0
				exceeds = exceeds || mine && sure && !theirs
				doubtful = doubtful || mine && !theirs || mine && sure && theirs && !theirsSure
			}
			one, err := rv.first(x)
			if err != nil {
				t.Fatal(err)
			}
			got := Included
			if one != nil {
				got = inclusionOf([]*Access{one})
			}
			switch {
			case exceeds != (got == Exceeds):
				t.Fatalf("side %d: %s, the point engine says %v", x, got, exceeds)
			case doubtful && got == Included:
				t.Fatalf("side %d: included, and the point engine has doubts", x)
			case layers[0] == layers[1] && got != Included:
				t.Fatalf("side %d: %s in itself: %v", x, got, one.Notes)
			}
		}
	})
}
