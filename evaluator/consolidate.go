package evaluator

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/evaluator/region"
)

// Consolidated is one identity policy that allows exactly what a principal effectively may do.
type Consolidated struct {
	Principal  string
	Document   []byte // Version 2012-10-17, indented, with a newline at its end
	Statements int
	Empty      bool // the principal may do nothing: the document's one statement denies everything
}

// maxRounds bounds how often statements are drafted anew for what the last ones left open.
const maxRounds = 8

// consolidateBudget is how many times the budget of a verdict the search and the proof of a document may take.
const consolidateBudget = 64

// Consolidator writes policies for principals, one after the other. It keeps what they share.
type Consolidator struct {
	world  *World
	t      *targets
	within []string // the resources that the question is about; none: all
}

// Consolidator begins a question about all that somebody can do, whatever its actions: a document must not allow anything outside of it. It will
// be in force at other times, so that the time is open: what tests it stays in the document.
func (w *World) Consolidator(q Question) (*Consolidator, error) {
	q.Actions, q.Now = []string{"*"}, time.Time{}
	compiled, err := w.compile(q)
	if err != nil {
		return nil, err
	}
	c := &Consolidator{world: w, within: q.Resources}
	compiled.Resources, compiled.patterns = nil, nil
	c.t = w.newTargets(compiled)
	return c, nil
}

// Of finds a document that is equal to what the principal that the selector names may do within the question. As all that is on the principal's
// side it allows the same requests, which is proved in both directions, and no statement of it can be dropped. In the principal's own account it
// stands for the resource's side too; only where no identity policy is ever enough (on resources of other accounts, on KMS keys, in role trust)
// the resource's own consent is needed as before. The resources are those that the answer ranges over: of the principal's own account, in the
// snapshot or not, and those of other accounts whose own policy may let it in. What rests on an assumption is in the document, what is
// unknown is not.
//
// A QuestionError says that the selector names several principals, or one that has no identity policies; an UnwritableError of the policy
// package that the policy language cannot say it, and region.ErrBudget that the budget ended first. Then there is no document.
func (c *Consolidator) Of(ctx context.Context, who Selector) (*Consolidated, error) {
	p, err := c.world.consolidating(who)
	if err != nil {
		return nil, err
	}
	c.t.prepareFor(p)
	drafts, err := c.t.consolidate(ctx, p, c.within, c.t.question.Budget*consolidateBudget)
	if err != nil {
		return nil, fmt.Errorf("a policy for %s: %w", p.arn, err)
	}
	text, err := policy.Write(drafts)
	if err != nil {
		return nil, err
	}
	return &Consolidated{Principal: p.arn, Document: text, Statements: len(drafts), Empty: drafts[0].Effect == policy.Deny}, nil
}

// consolidating is the one caller that a document is to be written for.
func (w *World) consolidating(who Selector) (*caller, error) {
	callers, err := w.find(who)
	if err != nil {
		return nil, err
	}
	if len(callers) != 1 {
		arns := make([]string, 0, len(callers))
		for _, c := range callers {
			arns = append(arns, c.arn)
		}
		return nil, badQuestion(who.String(), "%q names %d principals, and a policy is written for one; ask for one of these:\n  %s", who, len(callers), strings.Join(arns, "\n  "))
	}
	c := callers[0]
	if c.outside || !hasIdentitySide(&c.principal) {
		return nil, badQuestion(who.String(), "%s is no user, role, root user or group of the snapshot, so that it has no identity policies to write one for", c.arn)
	}
	return c, nil
}

// guess is a draft with what choosing it costs.
type guess struct {
	draft policy.Draft
	main  bool // it is what the principal's own policies say: taken whole, what is too much of it is denied
	found bool // it was drafted for a difference
	cost  int
}

// search looks for a document for one caller.
type search struct {
	t       *targets
	caller  *caller
	within  []string
	budget  *region.Budget
	guesses []guess
	known   map[string]bool
	widened bool
	cutOff  bool // some of the principal's own Allow statements allow more than it may do
}

func (s *search) add(d policy.Draft, main bool) (fresh bool) {
	id := d.Text()
	if s.known[id] {
		return false
	}
	text, err := policy.Write([]policy.Draft{d})
	if err != nil {
		return false
	}
	s.known[id] = true
	s.guesses = append(s.guesses, guess{draft: d, main: main, cost: len(text)})
	return true
}

// consolidate finds a document, and where the principal's own statements cannot stay as they are a second one: the shorter is taken.
func (t *targets) consolidate(ctx context.Context, c *caller, within []string, steps int64) ([]policy.Draft, error) {
	start := func() *search {
		return &search{t: t, caller: c, within: within, budget: region.NewBudget(steps).Within(ctx), known: map[string]bool{}}
	}
	first := start()
	best, err := first.run(ctx, true, someProducts)
	if err == nil && !first.cutOff || ctx.Err() != nil {
		return best, err
	}
	most := fewProducts
	if err != nil {
		most = someProducts
	}
	second, other := start().run(ctx, false, most)
	switch {
	case ctx.Err() != nil:
		return nil, other
	case other != nil && err != nil:
		return start().run(ctx, true, maxProducts)
	case other != nil:
		return best, nil
	case err != nil:
		return second, nil
	}
	a, err := policy.Write(best)
	if err != nil {
		return nil, err
	}
	b, err := policy.Write(second)
	if err != nil || len(a) <= len(b) {
		return best, err
	}
	return second, nil
}

// run looks for drafts that are exact together. With whole, the principal's own statements are taken as they are and what the other layers
// cut off is denied; else only what is allowed as a whole is taken. No difference is written with more products than most.
func (s *search) run(ctx context.Context, whole bool, most int) ([]policy.Draft, error) {
	s.begin(whole)
	var wordless []string
	for range maxRounds {
		if len(s.guesses) == 0 { // nothing that its own side says counts; what the resources' sides say may
			s.add(policy.Draft{Effect: policy.Deny, Actions: []string{"*"}, Resources: []string{"*"}}, false)
		}
		x, err := s.t.examine(ctx, s.caller, s.drafts(), s.within, s.budget)
		if err != nil {
			return nil, err
		}
		x.desperate = !whole && most > fewProducts
		use := x.harmless()
		own := slices.Clone(use)
		for i := range own {
			own[i] = own[i] && s.guesses[i].main
		}
		for i, sound := range x.sound(own) {
			s.cutOff = s.cutOff || s.guesses[i].main && s.guesses[i].draft.Effect == policy.Allow && !sound
		}
		for i, sound := range x.sound(use) {
			if s.guesses[i].draft.Effect == policy.Allow {
				use[i] = sound || s.guesses[i].main && whole
			}
		}
		missing, excess := x.missing(use), x.excess(use)
		if len(missing) == 0 && len(excess) == 0 {
			x.reduce(use, s.order())
			var out []policy.Draft
			for i := range s.guesses {
				if use[i] {
					out = append(out, s.guesses[i].draft)
				}
			}
			if len(out) == 0 { // a document must have a statement (A3)
				out = append(out, policy.Draft{Effect: policy.Deny, Actions: []string{"*"}, Resources: []string{"*"}})
			}
			return s.prove(ctx, tidy(out))
		}
		fresh := false
		for _, d := range x.narrowed(x.harmless()) {
			fresh = s.add(d, false) || fresh
		}
		if fresh {
			continue // they may leave little to write
		}
		s.drop(use)
		for effect, found := range [][]difference{policy.Allow: missing, policy.Deny: excess} {
			drafts, without, err := x.draftsFor(found, policy.Effect(effect), most)
			if err != nil {
				return nil, err
			}
			wordless = append(wordless, without...)
			for _, d := range drafts {
				if s.add(d, false) {
					fresh = true
					s.guesses[len(s.guesses)-1].found = true
				}
			}
		}
		if !fresh && whole && s.widen(x.plain) {
			continue
		}
		if !fresh {
			return nil, x.unwritable(missing, excess, wordless)
		}
	}
	return nil, region.ErrBudget
}

// widen takes Allow drafts for what is missing as they are, where nothing exact says it: what is too much of them is then denied.
func (s *search) widen(plain []policy.Draft) bool {
	if s.widened {
		return false
	}
	for _, d := range plain {
		if d.Effect != policy.Allow {
			continue
		}
		s.widened = true
		delete(s.known, d.Text())
		s.add(d, true)
	}
	return s.widened
}

// drop forgets what was drafted for a difference and is of no use: it would cut resources finer for nothing.
func (s *search) drop(use []bool) {
	kept := s.guesses[:0]
	for i, g := range s.guesses {
		if use[i] || !g.found {
			kept = append(kept, g)
		}
	}
	s.guesses = kept
}

// begin drafts what the layers themselves say.
func (s *search) begin(whole bool) {
	d := s.t.newDrafter(s.caller)
	own := d.sources(s.caller.identity)
	if s.caller.kind == "root" {
		own = append(own, source{
			Draft:   policy.Draft{Effect: policy.Allow, Actions: []string{"*"}, Resources: []string{"*"}},
			actions: []region.Pattern{region.Glob("*", true)}, resources: []policy.Template{policy.ResourceTemplate("*", policy.Identity, true)},
		})
	}
	own = slices.DeleteFunc(own, func(s source) bool { return s.Effect == policy.Deny })
	for _, a := range own {
		s.add(a.Draft, true)
	}
	for _, no := range d.denials() {
		s.add(no, true)
	}
	common := own
	for _, ceiling := range d.ceilings() {
		common = meet(common, ceiling)
		for _, a := range common {
			s.add(a.Draft, false)
		}
		if whole {
			for _, no := range bars(ceiling) {
				s.add(no, false)
			}
		}
	}
}

func (s *search) drafts() []policy.Draft {
	out := make([]policy.Draft, len(s.guesses))
	for i := range s.guesses {
		out[i] = s.guesses[i].draft
	}
	return out
}

// order is the order in which drafts are given up: the longest first.
func (s *search) order() []int {
	out := make([]int, len(s.guesses))
	for i := range out {
		out[i] = i
	}
	slices.SortStableFunc(out, func(a, b int) int {
		return cmp.Or(cmp.Compare(s.guesses[b].cost, s.guesses[a].cost), strings.Compare(s.guesses[a].draft.Text(), s.guesses[b].draft.Text()))
	})
	return out
}

// unwritable says what no draft could say.
func (x *exam) unwritable(missing, excess []difference, wordless []string) error {
	what := strings.Join(union(wordless, nil), "; ")
	for _, d := range slices.Concat(missing, excess) {
		if what != "" {
			break
		}
		s := d.aspect
		residual, ok := s.e.symbols.residual(d.node, s.parts[0].care)
		if !ok {
			return region.ErrBudget
		}
		what = exprText(residual)
		if described := s.e.describe([]*cell{s.parts[0].cell}); len(described) > 0 {
			what = fmt.Sprintf("%s on %v %s", what, spelledResources(described[0].patterns[0].list), exprText(described[0].condition))
		}
	}
	return &policy.UnwritableError{Condition: what}
}

// prove examines the document itself: it is exact, and every statement of it is needed.
func (s *search) prove(ctx context.Context, drafts []policy.Draft) ([]policy.Draft, error) {
	for {
		x, err := s.t.examine(ctx, s.caller, drafts, s.within, s.budget)
		if err != nil {
			return nil, err
		}
		use := make([]bool, len(drafts))
		order := make([]int, len(drafts))
		for i := range drafts {
			use[i], order[i] = true, len(drafts)-1-i
		}
		if !x.exact(use) {
			return nil, errors.New("the document could not be proved equal to the effective permissions")
		}
		if len(drafts) == 1 {
			return drafts, nil
		}
		x.reduce(use, order)
		kept := drafts[:0:0]
		for i := range drafts {
			if use[i] {
				kept = append(kept, drafts[i])
			}
		}
		if len(kept) == len(drafts) {
			return drafts, nil
		}
		drafts = kept
	}
}
