package evaluator

import (
	"context"
	"errors"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/evaluator/region"
)

// Alternative is policies that a principal of the snapshot does not have, to be compared with what it effectively may do.
type Alternative struct {
	// Identity takes the place of the principal's identity policies; its boundary is gone. SCPs, RCPs and what the resources' own side says
	// stay as they are. A root user has no identity policies (D20): it is bound by them where Alone is set, and else by nothing of the kind.
	Identity []Policy
	// Alone takes all else to consent: no SCP or RCP limits the principal, and every resource that it can have to do with delegates to its
	// account. The alternative is then what the documents say by themselves.
	Alone bool
}

// Inclusion tells whether one stack of policies allows all that another one does.
type Inclusion uint8

// The answers: Exceeds comes with a request that the other stack allows and this one does not, Uncertain with what it hangs on.
const (
	Exceeds Inclusion = iota
	Uncertain
	Included
)

// String gives the answer in a word.
func (i Inclusion) String() string { return [...]string{"exceeds", "unknown", "included"}[i] }

// Direction is what a comparison looks for.
type Direction uint8

// The directions: what is allowed effectively and not by the alternative, and the reverse.
const (
	More Direction = iota
	Less
)

// Comparison is what a principal effectively may do beside what an alternative would allow. Each grant is a product, their union is exact, and
// its witness is confirmed by the point engine under both. A grant of verdict Unknown may be such a difference, or not.
type Comparison struct {
	Principal string
	More      []*Access // allowed effectively, and not by the alternative
	Less      []*Access // allowed by the alternative, and not effectively
}

// Equal tells whether neither allows more than the other: Included when it is so, Uncertain when it may be.
func (c *Comparison) Equal() Inclusion { return min(inclusionOf(c.More), inclusionOf(c.Less)) }

// inclusionOf reads differences: without one, all is included.
func inclusionOf(differences []*Access) Inclusion {
	out := Included
	for _, a := range differences {
		if a.Verdict != Unknown {
			return Exceeds
		}
		out = Uncertain
	}
	return out
}

// Compare compares what each principal that the selector names effectively may do, within the question, with what an alternative would allow.
// The answer is exact over the resources of its own account, those of others whose policy may let it in, and whatever the snapshot does not
// have in its account. Outside principals are not compared.
func (w *World) Compare(ctx context.Context, q Question, who Selector, alt *Alternative) ([]*Comparison, error) {
	t, callers, err := w.comparing(q, who, alt)
	if err != nil {
		return nil, err
	}
	out := make([]*Comparison, 0, len(callers))
	for _, c := range callers {
		one := &Comparison{Principal: c.arn}
		err := t.compare(ctx, c, alt, func(r *rivals) (stop bool, err error) {
			for x, list := range []*[]*Access{&one.More, &one.Less} {
				found, err := r.grants(x)
				if err != nil {
					return false, err
				}
				*list = append(*list, found...)
			}
			return false, nil
		}, func(a *Access) { one.More, one.Less = append(one.More, a), append(one.Less, a) })
		if err != nil {
			return nil, err
		}
		one.More, one.Less = t.question.joinGrants(one.More), t.question.joinGrants(one.Less)
		out = append(out, one)
	}
	return out, nil
}

// Includes tells for each principal that the selector names whether one side allows nothing beyond the other: with More, whether the
// alternative allows all that the principal effectively may do; with Less, whether the principal may do all that the alternative allows. It stops at the
// first request that shows the contrary, and gives it; for Uncertain it gives what may be such a request.
func (w *World) Includes(ctx context.Context, q Question, who Selector, alt *Alternative, d Direction) ([]Inclusion, []*Access, error) {
	t, callers, err := w.comparing(q, who, alt)
	if err != nil {
		return nil, nil, err
	}
	answers, shown := make([]Inclusion, len(callers)), make([]*Access, len(callers))
	for i, c := range callers {
		answers[i], shown[i], err = t.includes(ctx, c, alt, d)
		if err != nil {
			return nil, nil, err
		}
	}
	return answers, shown, nil
}

// includes is Includes for one caller.
func (t *targets) includes(ctx context.Context, c *caller, alt *Alternative, d Direction) (Inclusion, *Access, error) {
	var shown *Access
	err := t.compare(ctx, c, alt, func(r *rivals) (bool, error) {
		a, err := r.first(int(d))
		if a == nil || err != nil {
			return false, err
		}
		if shown == nil || a.Verdict != Unknown {
			shown = a
		}
		return a.Verdict != Unknown, nil
	}, func(a *Access) {
		if shown == nil {
			shown = a
		}
	})
	switch {
	case err != nil:
		return Uncertain, nil, err
	case shown == nil:
		return Included, nil, nil
	}
	return inclusionOf([]*Access{shown}), t.question.joinGrants([]*Access{shown})[0], nil
}

// comparing prepares a comparison.
func (w *World) comparing(q Question, who Selector, alt *Alternative) (*targets, []*caller, error) {
	t, callers, err := w.about(q, who, alt.documents()...)
	if err != nil {
		return nil, nil, err
	}
	for _, p := range callers {
		if p.outside {
			return nil, nil, badQuestion(who.String(), "%s is not in the snapshot: what its own account allows it is not known, so that there is nothing to compare", p.arn)
		}
	}
	return t, callers, nil
}

// compare compares a caller with an alternative on every group of targets that either may have access to, until look has seen enough.
// What the budget leaves undecided goes to cut.
func (t *targets) compare(ctx context.Context, c *caller, alt *Alternative, look func(*rivals) (stop bool, err error), cut func(*Access)) error {
	budget := region.NewBudget(t.question.Budget).Within(ctx)
	side := t.sideOf(c)
	side.rival = t.sideUnder(c, alt.layers(c))
	for _, doc := range alt.documents() { // groups are one to a caller only where both sides see no difference
		for i := range doc.Statements {
			side.reads.statement(&doc.Statements[i], resourceKey)
		}
	}
	for _, g := range t.mergeFor(side, t.groupsFor(c)) {
		if err := ctx.Err(); err != nil {
			return err
		}
		r := t.rivalsOn(side, alt, g, budget)
		err := r.decide()
		stop := false
		if err == nil {
			stop, err = look(r)
		}
		switch {
		case errors.Is(err, region.ErrBudget):
			cut(exceeded(t.question, g))
			return nil
		case err != nil || stop:
			return err
		}
	}
	return nil
}

// rivalsOn sets up what a caller may do on a group of targets beside what the alternative would allow.
func (t *targets) rivalsOn(side *callerSide, alt *Alternative, g *targetGroup, budget *region.Budget) *rivals {
	a, _ := evaluationFor(t, side, g, budget)
	a.begin(t)
	l := alt.layers(side.caller)
	if !alt.Alone {
		own := layersOf(side.caller, g)
		l.RCP, l.Resource, l.Grants = own.RCP, own.Resource, own.Grants
	}
	b := a.beside(l)
	b.alone = alt.Alone
	b.gatherCaller(t, side.rival)
	b.gatherResource()
	if alt.Alone { // a consent proves nothing
		for _, in := range b.instances {
			in.given = in.layer == LayerResource || in.layer == LayerGrant
		}
	} else {
		b.gatherEndpoints()
	}
	return newRivals(a, b)
}

// documents are those of the alternative.
func (alt *Alternative) documents() []*policy.Document {
	out := make([]*policy.Document, 0, len(alt.Identity))
	for i := range alt.Identity {
		out = append(out, alt.Identity[i].Doc)
	}
	return out
}

// layers are the policies in force for a caller under the alternative, but for what stays as it is on the resource's side.
func (alt *Alternative) layers(c *caller) *Layers {
	if !alt.Alone {
		l := &Layers{Identity: alt.Identity}
		if c.account != nil {
			l.SCP = c.account.scps
		}
		return l
	}
	l := consenting(c.principal.Account)
	if c.kind != "root" {
		l.Identity = alt.Identity
		return l
	}
	l.Endpoint, l.EndpointKind = alt.ceiling(), EndpointInterface // it has no identity policies: a ceiling over everything says the same
	return l
}

// ceiling is the alternative as one policy.
func (alt *Alternative) ceiling() *Policy {
	if len(alt.Identity) == 1 {
		return &alt.Identity[0]
	}
	whole := &policy.Document{Kind: policy.Identity, Variables: true}
	for _, doc := range alt.documents() {
		whole.Statements = append(whole.Statements, doc.Statements...)
	}
	return &Policy{Name: "alternative", Doc: whole}
}

// consenting is a resource's side that delegates to an account, whatever the action: by its policy, and as who may retire its grants (D33).
func consenting(account string) *Layers {
	return &Layers{
		Resource: &Policy{Name: "consent", Doc: delegating(account)},
		Grants:   []Grant{{ID: "consent", Retiring: account}},
	}
}
