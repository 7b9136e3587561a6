package evaluator

import (
	"reflect"
	"slices"

	"github.com/accessgraph/accessgraph/evaluator/policy"
)

// Two stacks of policies are compared inside one evaluation: the same caller, the same targets, the same cells of resources, classes of
// actions and cells of keys. What the one allows and the other does not is then a difference of two nodes of one diagram, and exact.

// rivals are two evaluations of one caller and one group of targets that differ in the policies in force alone.
type rivals struct {
	sides   [2]*evaluation
	joint   *evaluation // with the statements of both, which tell actions apart
	parts   [][2]*verdictPart
	moments bool // they are of two snapshots, and what is known of the caller and the targets differs too; see counterpart
	nobody  int  // the side that has no such caller, and is allowed nothing; -1: both have it
}

// beside begins an evaluation of other policies for the same caller and targets. Its statements are to be gathered before any other
// evaluation gathers more, and the two then go to newRivals.
func (e *evaluation) beside(layers *Layers) *evaluation {
	other := *e
	other.layers, other.instances, other.keys, other.endpoints = layers, nil, nil, nil
	return &other
}

// newRivals joins an evaluation and one that was begun beside it.
func newRivals(a, b *evaluation) *rivals {
	joint := *a
	joint.tests, joint.keys = b.tests, nil // those of a and more
	a.tests = b.tests
	joint.instances = append(a.instances[:len(a.instances):len(a.instances)], b.instances...)
	shared := map[*policy.Statement]bool{}
	for _, in := range a.instances {
		shared[in.statement] = true
	}
	for i, in := range b.instances {
		in.place = len(a.instances) + i
		if in.statement != nil && !shared[in.statement] {
			in.beside = joint.instances[:len(a.instances):len(a.instances)]
		}
	}
	return &rivals{sides: [2]*evaluation{a, b}, joint: &joint, nobody: -1}
}

// sameDoubt gives the statement whose doubts are those of in. What a rule of AWS leaves open is answered alike for statements that say the
// same, in whichever stack; what could not be read is not, but for what goes by one name in two snapshots: nothing says that it changed.
func (in *instance) sameDoubt(cause policy.Cause) *instance {
	unread := cause == policy.UnanalysableStatement || cause == policy.MissingDocument
	if in.beside == nil || unread && !in.later {
		return in
	}
	for _, other := range in.beside {
		if unread && other.policy != in.policy {
			continue
		}
		if other.layer == in.layer && other.level == in.level && other.statement != nil && sameStatement(other.statement, in.statement) {
			return other
		}
	}
	return in
}

// sameStatement tells whether two statements say the same, word for word; names and places do not count.
func sameStatement(a, b *policy.Statement) bool {
	x, y := *a, *b
	x.Index, x.Sid, y.Index, y.Sid = 0, "", 0, ""
	return reflect.DeepEqual(x, y)
}

// decide writes down and decides what either stack allows, for every class of actions on every cell. The only errors are those of the
// budget and of its context.
func (r *rivals) decide() error {
	if err := r.joint.cutCells(); err != nil {
		return err
	}
	for _, c := range r.joint.cells {
		classes, err := r.joint.classes(c)
		if err != nil {
			return err
		}
		for _, cl := range classes {
			if !r.joint.budget.Spend(1 + int64(len(cl.in))) {
				return r.joint.budget.Err()
			}
			var pair [2]*verdictPart
			for x, e := range r.sides {
				pair[x] = &verdictPart{class: r.of(cl, x), cell: c}
				e.compose(pair[x])
				if x == r.nobody {
					pair[x].result = formulaFalse
				}
			}
			if pair[0].result.kind != formFalse || pair[1].result.kind != formFalse {
				r.parts = append(r.parts, pair)
			}
		}
	}
	if err := r.joint.symbols.seal(); err != nil {
		return err
	}
	for _, pair := range r.parts {
		for x, e := range r.sides {
			if _, err := e.decidePart(pair[x]); err != nil {
				return err
			}
		}
		if r.moments {
			r.suit(pair)
		}
	}
	return r.joint.budget.Err()
}

// of is a class of actions with the statements of one stack alone.
func (r *rivals) of(cl *actionClass, x int) *actionClass {
	own := &actionClass{members: cl.members, first: cl.first}
	border := len(r.sides[0].instances)
	for _, in := range cl.in {
		if (in.place >= border) == (x == 1) {
			own.in = append(own.in, in)
		}
	}
	return own
}

// beyond gives the parts in which stack x allows what the other one does not, with just these contexts.
func (r *rivals) beyond(x int) []*verdictPart {
	space := r.joint.symbols.space
	var out []*verdictPart
	for _, pair := range r.parts {
		other := pair[1-x].node
		if r.moments {
			other = r.counterpart(pair, x)
		}
		rest := space.Diff(pair[x].node, other)
		if rest == space.False() {
			continue
		}
		p := *pair[x]
		p.node = rest
		out = append(out, &p)
	}
	slices.SortStableFunc(out, func(a, b *verdictPart) int { return r.strange(a) - r.strange(b) }) // known actions make the better witnesses
	return out
}

// strange is 1 for actions that the catalogue does not know.
func (r *rivals) strange(p *verdictPart) int {
	if r.joint.asking.members[p.class.first].action == nil {
		return 1
	}
	return 0
}

// grants are the requests that stack x allows and the other one does not: each with a witness that the point engine confirms, or Unknown.
func (r *rivals) grants(x int) ([]*Access, error) {
	e := r.sides[x]
	out, err := e.grantsOf(r.beyond(x), &coverage{gaps: e.asking.none(), denied: e.asking.none()})
	if err != nil {
		return nil, err
	}
	for _, a := range out {
		r.prove(x, a)
	}
	return out, nil
}

// first is one request that stack x allows for certain and the other one does not; where there is none, one grant that may be such, or
// nil when there is none of these either: the other one allows all that x does.
func (r *rivals) first(x int) (*Access, error) {
	e := r.sides[x]
	var doubt *Access
	for _, p := range r.beyond(x) {
		for _, one := range e.resolve(p, e.asking.Strict) {
			if one.verdict == Unknown && doubt != nil {
				continue
			}
			found, err := e.put(one)
			if err != nil {
				return nil, err
			}
			for _, a := range found {
				if r.prove(x, a); a.Verdict != Unknown {
					return a, nil
				}
				doubt = a
			}
		}
	}
	return doubt, e.budget.Err()
}

// prove makes a grant's sketch a request, and withdraws the verdict where the point engine does not say that stack x allows it and the other
// one does not, for certain.
func (r *rivals) prove(x int, a *Access) {
	e := r.sides[x]
	a.witness = e.show(r.asked(x, a.sketch), a.sketch, e.caller)
	if a.Verdict == Unknown || r.confirms(x, a.sketch, a.Assumptions) {
		return
	}
	found := a.from != nil && e.otherwise(a.from, func(sk *sketch) bool {
		if !r.confirms(x, sk, a.Assumptions) {
			return false
		}
		a.sketch, a.witness = sk, e.show(r.asked(x, sk), sk, e.caller)
		return true
	})
	if !found {
		a.doubt()
	}
}

// confirms tells whether the point engine allows a request under stack x and denies it under the other one, both for certain.
func (r *rivals) confirms(x int, sk *sketch, assumes []string) bool {
	this, other := r.sides[x], r.sides[1-x]
	yes := this.decideUnder(r.asked(x, sk), *this.layers, this.w.endpoints, assumes)
	asked := r.asked(x, sk)
	if r.moments {
		asked = r.asked(1-x, sk)
	}
	if r.nobody == 1-x {
		return yes.Effect == Allowed && len(yes.Uncertainties) == 0
	}
	no := other.decideUnder(asked, *other.layers, other.w.endpoints, assumes)
	return yes.Effect == Allowed && len(yes.Uncertainties) == 0 && no.Effect != Allowed
}
