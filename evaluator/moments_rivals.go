package evaluator

import (
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/evaluator/region"
)

// A request of one snapshot is asked in the other one as it would be there: what is a fact, such as a tag of the principal or the place of its
// account, is what that snapshot says. A key that one of them fixes and the other leaves open is either for the caller to choose there, such as a
// session tag, so that any choice will do, or something that was not read, so that what hangs on it is not known.

// doubt is a key that one snapshot knows and the other did not read.
type doubt struct {
	variables []region.Var
	cause     *opaque
}

// unlike are the domains of a part's keys that the two snapshots leave open in different ways.
func (r *rivals) unlike(pair [2]*verdictPart) []*domain {
	var out []*domain
	for _, d := range r.joint.symbols.order {
		a, b := pair[0].facts.fact(d.key), pair[1].facts.fact(d.key)
		if a.state != b.state && (a.open() || b.open()) {
			out = append(out, d)
		}
	}
	return out
}

// open tells whether only the request knows the key.
func (f *keyFact) open() bool { return f.state == keyFree || f.state == keyPresent }

// suit fits the contexts of either part to what its snapshot says: a key that is always there is never absent, and what one of them did not
// read is in doubt.
func (r *rivals) suit(pair [2]*verdictPart) {
	s := r.joint.symbols
	for _, d := range r.unlike(pair) {
		for _, p := range pair {
			if f := p.facts.fact(d.key); f.state == keyPresent {
				none, _ := s.absentNode(d.key)
				p.node, p.care = s.space.Diff(p.node, none), s.space.Diff(p.care, none)
			}
		}
		if !chosen(d.key) {
			dbt := doubt{s.variablesOf(d), &opaque{name: d.written + ", which one of the snapshots does not tell", cause: policy.CollectionGap}}
			pair[0].doubts, pair[1].doubts = append(pair[0].doubts, dbt), append(pair[1].doubts, dbt)
		}
	}
}

// chosen tells the keys that are for the caller to choose where they are open: its session's tags and where its credentials come from.
func chosen(key string) bool {
	_, source := sourceKey(key)
	return source || strings.HasPrefix(key, "aws:principaltag/") || key == "aws:federatedprovider" || key == "identitystore:userid" ||
		strings.HasPrefix(key, cognitoIdentity+":")
}

// variablesOf are the variables of a key and of all that it is compared with.
func (s *symbols) variablesOf(d *domain) []region.Var {
	out := append([]region.Var{d.presence}, d.inhabited...)
	for _, o := range s.olist {
		if o.class() == 0 && (o.key == d.key || slices.Contains(o.reads, d.key)) {
			out = append(out, o.variable)
		}
	}
	return out
}

// counterpart is where a request of side x is allowed on the other side, whatever the caller has to choose there that it cannot on side x.
func (r *rivals) counterpart(pair [2]*verdictPart, x int) region.Node {
	s := r.joint.symbols
	n := pair[1-x].node
	for _, d := range r.unlike(pair) {
		mine, other := pair[x].facts.fact(d.key), pair[1-x].facts.fact(d.key)
		switch {
		case !chosen(d.key) || !other.open():
		case !mine.open():
			n = s.space.Exists(n, s.variablesOf(d)...)
		case other.state == keyPresent: // and here it may be absent
			none, _ := s.absentNode(d.key)
			n = s.space.Or(n, s.space.And(none, s.space.Exists(n, s.variablesOf(d)...)))
		}
	}
	return n
}

// asked is a sketch of one side as the request that a side would be asked: what is a fact there is no choice.
func (r *rivals) asked(x int, sk *sketch) *Request {
	e := r.sides[x]
	if !r.moments {
		return e.request(sk, e.caller, policy.NewContext(24))
	}
	own := *sk
	own.request = nil
	facts := e.situate(sk.member)
	if s, ok := facts.(*situation); ok {
		s.region = sk.region
	}
	there := map[string]bool{}
	for _, kv := range sk.request {
		key := policy.CanonicalKey(kv.Key)
		if f := facts.fact(key); f.open() {
			own.request = append(own.request, kv)
			there[key] = true
		}
	}
	for _, d := range r.joint.symbols.order { // what is always there is something
		if f := facts.fact(d.key); f.state == keyPresent && !there[d.key] && !d.multi && len(d.cells) > 0 {
			own.request = append(own.request, KeyValue{Key: d.written, Values: []string{d.cells[0].Witness}})
		}
	}
	return e.request(&own, e.caller, policy.NewContext(24))
}
