package evaluator

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/accessgraph/accessgraph/evaluator/catalog"
	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/evaluator/region"
)

// Papers compares policy documents by themselves, without a snapshot: what a new text allows that an old one does not. It is safe for
// concurrent use.
//
// A request is a caller, an action, a resource and a context. Of these a document by itself fixes nothing, so that all are open: any action,
// known to the catalogue or not; any ARN, for any action that has resources at all; any caller that the texts tell apart (see parties);
// every key that such a caller's requests may have. All that is not in the document consents: a ceiling (boundary, SCP, RCP, session
// or endpoint policy) is judged under identity policies that allow everything, an identity policy on resources that delegate to its account, and a
// resource policy for callers of other accounts whose own account allows everything. To callers of the resource's own account it gives what it
// grants without their own policies (D7, D21), or, of a KMS key or a role, through them too (D25, D32).
//
// Caveats: what no policy is needed for (D4) is never granted by one.
type Papers struct {
	w     *World
	mu    sync.Mutex
	known map[string]*compiledQuestion // about every action, by those that the catalogue lacks
}

// mostKnown bounds the questions that are kept.
const mostKnown = 16

// NewPapers compares documents with the actions of a catalogue.
func NewPapers(cat *catalog.Catalog) *Papers {
	return &Papers{w: &World{
		catalog: cat, byARN: map[string]*resource{}, accounts: map[string]*account{}, known: &resourceTypes{byService: map[string][]*resourceType{}},
	}}
}

// PaperQuestion is what a comparison of documents looks at.
type PaperQuestion struct {
	Kind      policy.Kind // of both documents
	Old, New  *policy.Document
	Actions   []string // patterns, as in Question; none: every action
	Resources []string // patterns; none: every resource
	Public    bool     // no caller but those whom nothing fixed bounds (D50)
	First     bool     // one difference is enough
	Budget    int64    // steps of work for one caller on one kind of resource; 0: DefaultBudget
}

// Beyond gives what New allows and Old does not: a row for each caller that the documents tell apart, with grants as in other
// answers. A grant's witness is allowed by New and denied by Old, and the point engine confirms both; of verdict Unknown it may be so.
// Without a row Old allows all that New does. An error is a *QuestionError, or that of the context.
func (p *Papers) Beyond(ctx context.Context, q *PaperQuestion) (*Answer, error) {
	c, err := p.compile(q)
	if err != nil {
		return nil, err
	}
	s := &sheet{w: p.w, asked: q, question: c, names: namesIn(q.Old, q.New), rows: map[string]*paperRow{}}
	s.represent()
	for _, one := range s.parties() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		stop, err := s.judge(ctx, one)
		if err != nil {
			return nil, err
		}
		if stop {
			break
		}
	}
	return &Answer{Rows: s.sum(), Warnings: c.warnings}, nil
}

// sheet is one comparison under way.
type sheet struct {
	w        *World
	asked    *PaperQuestion
	question *compiledQuestion
	stand    []region.Set // by member: those that it stands for, empty for one that another one stands for
	few      region.Set   // the members that stand for others
	names    *named
	rows     map[string]*paperRow
	order    []*paperRow
}

// paperRow is a row under way, with the actions that its callers can ask for: of some ARN, and without a resource.
type paperRow struct {
	*Row
	arns, star region.Set
}

// judge compares the documents for one caller, and tells whether enough is known.
func (s *sheet) judge(ctx context.Context, one *party) (stop bool, err error) {
	row := s.row(one)
	for _, scene := range s.scenes(one) {
		if scene.star {
			row.star = row.star.Or(scene.actions)
		} else {
			row.arns = row.arns.Or(scene.actions)
		}
		budget := region.NewBudget(s.question.Budget).Within(ctx)
		r := s.rivals(one, scene, budget)
		var found []*Access
		if err = r.decide(); err == nil {
			found, err = s.found(r)
		}
		if errors.Is(err, region.ErrBudget) {
			found, err = []*Access{exceeded(s.question, scene.group)}, nil
		}
		if err != nil {
			return false, fmt.Errorf("compare for %s: %w", one.label, err)
		}
		for _, a := range found {
			s.cite(r, a)
			a.members, a.applying = s.widen(a.members).And(scene.actions), scene.actions
			if scene.abroad {
				a.assume(abroadAssumption)
			}
			row.Grants = append(row.Grants, a)
			stop = stop || s.asked.First && a.Verdict != Unknown
		}
		if stop {
			return true, nil
		}
	}
	return false, nil
}

// abroadAssumption is what a grant to another account stands on (D8).
const abroadAssumption = "the principal's own account allows it, where that is not the resource's"

// found are the differences, or the first of them.
func (s *sheet) found(r *rivals) ([]*Access, error) {
	if !s.asked.First {
		return r.grants(0)
	}
	a, err := r.first(0)
	if a == nil || err != nil {
		return nil, err
	}
	return []*Access{a}, nil
}

// row is the row of a caller.
func (s *sheet) row(one *party) *paperRow {
	key := one.kind + "\x00" + one.label
	row := s.rows[key]
	if row == nil {
		row = &paperRow{Row: &Row{Principal: one.label, Kind: one.kind, Account: one.account}, arns: s.question.none(), star: s.question.none()}
		s.rows[key] = row
		s.order = append(s.order, row)
	}
	return row
}

// rivals sets up New beside Old, for one caller on one kind of resource.
func (s *sheet) rivals(one *party, scene *scene, budget *region.Budget) *rivals {
	c := &caller{kind: one.kind, arn: one.label, principal: one.principal}
	e := &evaluation{
		w: s.w, asking: s.question, caller: c, group: scene.group, layers: s.layers(one, scene, s.asked.New), budget: budget, live: scene.group.actions,
		applies: func(*item) region.Set { return scene.group.actions },
		situate: func(m *member) keyFacts { return s.situate(one, c, m) },
		alone:   true,
	}
	e.tests.shared = &s.question.resources
	e.symbols = newSymbols(s.w, budget)
	e.outsider, e.unsure = relation(&one.principal, scene.group.ownerID, scene.group.star)
	e.apart = one.apart
	e.whole = func(few region.Set) region.Set { return s.widen(few).And(scene.actions) }
	e.supply = scene.supply
	e.ask = func(sk *sketch) *Request { return s.request(e, one, scene, sk) }
	for _, p := range s.asked.Resources {
		e.question = append(e.question, e.tests.add(policy.ResourceTemplate(p, policy.Identity, false)))
	}
	e.gather()
	old := e.beside(s.layers(one, scene, s.asked.Old))
	old.gather()
	for _, side := range []*evaluation{e, old} {
		for _, in := range side.instances {
			in.given = in.policy == givenName
		}
	}
	return newRivals(e, old)
}

// request makes a sketch a request of a caller.
func (s *sheet) request(e *evaluation, one *party, scene *scene, sk *sketch) *Request {
	r := &Request{Principal: one.principal, Action: sk.member.name, Target: e.target(sk.resource)}
	facts := s.situate(one, e.caller, sk.member)
	ctx := policy.NewContext(16)
	for _, k := range everyContext {
		if f := facts.fact(k.canonical); f.state == keyKnown {
			ctx.Put(k.canonical, f.value)
		}
	}
	for _, kv := range sk.request {
		if kv.Multi {
			ctx.Set(kv.Key, policy.Multi(kv.Values...))
		} else if len(kv.Values) == 1 {
			ctx.Set(kv.Key, policy.Single(kv.Values[0]))
			r.Principal = one.become(r.Principal, policy.CanonicalKey(kv.Key), kv.Values[0])
		}
	}
	if scene.home { // it is of the account that owns the resource, whichever that is
		if owner := Owner(&r.Target); isAccountID(owner) {
			r.Principal.Account = owner
		}
	}
	r.Context = *ctx
	return r
}

// reads tells whether a document reads a key.
func (s *sheet) reads(key string) bool {
	want, found := policy.CanonicalKey(key), false
	note := func(k string) { found = found || k == want }
	s.each(func(c *policy.Condition) { note(c.Key) }, note)
	return found
}

// each visits the conditions of both documents, and the keys of their variables.
func (s *sheet) each(condition func(*policy.Condition), variable func(string)) {
	for _, doc := range []*policy.Document{s.asked.Old, s.asked.New} {
		for i := range doc.Statements {
			st := &doc.Statements[i]
			for j := range st.Resources.Patterns {
				addVariables(&st.Resources.Patterns[j], variable)
			}
			for j := range st.Conditions {
				condition(&st.Conditions[j])
				for k := range st.Conditions[j].Values {
					if t := st.Conditions[j].Values[k].Template; t != nil {
						addVariables(t, variable)
					}
				}
			}
		}
	}
}

// binding are the keys that tie a caller of nobody's account to somebody, where their values are fixed (D50): organizations and networks.
// Accounts and principals are parties of their own.
func bindingKey(key string) bool {
	switch key {
	case "aws:principalorgid", "aws:principalorgpaths", "aws:sourcevpc", "aws:sourcevpce", "aws:sourcevpcarn", "aws:vpceaccount", "aws:vpceorgid", "aws:vpceorgpaths":
		return true
	}
	return false
}

// fixed gives the fixed values of such keys in the documents, as patterns, by key: those that begin with something fixed, and what goes on after it.
// Of a service those keys count too that say which it is and for whom it acts.
func (s *sheet) fixed(service bool) map[string][]string {
	out := map[string][]string{}
	s.each(func(c *policy.Condition) {
		if !bindingKey(c.Key) && !(service && servingKey(c.Key)) {
			return
		}
		for i := range c.Values {
			text := c.Values[i].Text
			if strings.HasSuffix(c.Key, "orgpaths") { // the organization is what is fixed
				org, _, ok := strings.Cut(text, "/")
				if ok && fixedText(&c.Values[i], org) {
					out[c.Written] = append(out[c.Written], org+"/*")
				}
				continue
			}
			if fixedValue(&c.Values[i]) || servingKey(c.Key) && fixedOwner(&c.Values[i]) {
				out[c.Written] = append(out[c.Written], text)
			}
		}
	}, func(string) {})
	return out
}

// servingKey tells the keys by which a service says which it is, or for whom it acts (E15).
func servingKey(key string) bool {
	switch key {
	case "aws:sourcearn", "aws:sourceaccount", "aws:sourceowner", "aws:sourceorgid", "aws:sourceorgpaths", "aws:principalservicename", "aws:principalservicenameslist",
		"aws:principalaccount", "aws:principalarn":
		return true
	}
	return false
}

// fixedOwner tells ARNs with wildcards of an account that has none.
func fixedOwner(v *policy.Value) bool {
	return (v.Template == nil || v.Template.Static != nil) && isAccountID(arnAccount(v.Text))
}

// cite names the statements of a ceiling that let a grant's witness through: a ceiling grants nothing, so that no proof has them.
func (s *sheet) cite(r *rivals, a *Access) {
	layer, ceiling := map[policy.Kind]Layer{
		policy.Boundary: LayerBoundary, policy.Session: LayerSession, policy.SCP: LayerSCP, policy.VPCEndpoint: LayerEndpoint,
	}[s.asked.Kind]
	if !ceiling || a.sketch == nil {
		return
	}
	e := r.sides[0]
	q := e.request(a.sketch, e.caller, nil)
	var refs []StatementRef
	for i := range s.asked.New.Statements {
		st := &s.asked.New.Statements[i]
		holds := st.Effect == policy.Allow && st.Actions.Match(q.Action) && st.Resources.Match(q.Target.Resource, &q.Context)
		for j := range st.Conditions {
			holds = holds && st.Conditions[j].Eval(&q.Context, st.Effect)
		}
		if holds {
			refs = append(refs, StatementRef{Layer: layer, Policy: "new", Sid: st.Sid, Index: st.Index})
		}
	}
	a.spelling = &spelling{named: a.named, proof: [][]StatementRef{refs}}
}
