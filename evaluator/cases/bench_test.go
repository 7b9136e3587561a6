package cases

import (
	"encoding/json"
	"sort"
	"testing"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/evaluator/policy"
)

// written is a case's request as plain strings, the way a program has it before it asks.
type written struct {
	who        who
	action     string
	keys       []string
	values     []policy.ContextValue
	target     evaluator.Target
	management bool
	layers     evaluator.Layers
}

// request builds the request from its strings.
func (w *written) request(r *evaluator.Request) {
	r.Principal, _ = w.who.principal()
	r.Principal.Management = w.management
	r.Action = w.action
	r.Target = w.target
	r.Context = *policy.NewContext(len(w.keys))
	for i, key := range w.keys {
		r.Context.Set(key, w.values[i])
	}
}

func mix(t testing.TB) []written {
	var out []written
	for _, line := range lines(t, "decisions.jsonl") {
		c, err := Read(line)
		if err != nil {
			t.Fatal(err)
		}
		var raw struct {
			Principal, PrincipalType string
			PrincipalAttributes      struct{ UniqueID, RoleID, RoleARN, IssuerARN string }
			Context                  map[string]any
		}
		if err := json.Unmarshal(line, &raw); err != nil {
			t.Fatal(err)
		}
		a := raw.PrincipalAttributes
		w := written{
			who: who{raw.PrincipalType, raw.Principal, a.UniqueID, a.RoleID, a.RoleARN, a.IssuerARN}, action: c.Request.Action,
			target: c.Request.Target, management: c.Request.Principal.Management, layers: c.Layers,
		}
		for key := range raw.Context {
			w.keys = append(w.keys, key)
		}
		sort.Strings(w.keys)
		for _, key := range w.keys {
			v, ok := c.Request.Context.Lookup(policy.CanonicalKey(key))
			if !ok {
				t.Fatalf("%s: key %s was lost", c.ID, key)
			}
			w.values = append(w.values, v)
		}
		out = append(out, w)
	}
	return out
}

// BenchmarkDecide measures decisions over the mix of the decision suite: documents are compiled once, requests are built from
// their strings each time.
func BenchmarkDecide(b *testing.B) {
	all := mix(b)
	var d evaluator.Decider
	var r evaluator.Request
	allowed := 0
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		w := &all[n%len(all)]
		n++
		w.request(&r)
		if d.Decide(&r, &w.layers).Effect == evaluator.Allowed {
			allowed++
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "decisions/s")
	if n >= len(all) && allowed == 0 {
		b.Fatal("nothing was allowed")
	}
}

// BenchmarkDecideAlone leaves the building of the requests out.
func BenchmarkDecideAlone(b *testing.B) {
	all := mix(b)
	requests := make([]evaluator.Request, len(all))
	for i := range all {
		all[i].request(&requests[i])
	}
	var d evaluator.Decider
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		i := n % len(all)
		n++
		d.Decide(&requests[i], &all[i].layers)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "decisions/s")
}
