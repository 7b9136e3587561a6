package evaluator

import (
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/evaluator/region"
)

// compile makes the question's actions members, with one more for each kind of action that is not in the catalogue and that the
// documents tell from others.
func (p *Papers) compile(q *PaperQuestion) (*compiledQuestion, error) {
	actions := q.Actions
	if len(actions) == 0 {
		actions = []string{"*"}
	}
	more, err := p.unlisted(q, actions)
	if err != nil {
		return nil, err
	}
	if len(more) == 0 && len(q.Actions) == 0 {
		return p.everyAction(q)
	}
	c, err := p.w.compile(Question{Actions: append(slices.Clone(actions), more...), Resources: q.Resources, Budget: q.Budget})
	if err != nil {
		return nil, err
	}
	c.asked = c.asked[:len(actions)]
	for _, name := range more {
		at := c.indexOf(&member{name: name})
		for _, a := range c.asked {
			if a.text == "*" || !strings.Contains(a.text, "@") && region.Glob(a.text, true).Match(name) {
				a.members.Add(at)
			}
		}
	}
	kept := c.warnings[:0]
	for _, w := range c.warnings { // the names that stand for a pattern are nobody's mistake
		if !slices.ContainsFunc(more, func(name string) bool { return w == p.w.unknownAction(name) }) {
			kept = append(kept, w)
		}
	}
	c.warnings = kept
	p.rules(c)
	return c, nil
}

// everyAction is the question about every action of the catalogue, of which most is the same for all documents.
func (p *Papers) everyAction(q *PaperQuestion) (*compiledQuestion, error) {
	var err error
	p.once.Do(func() {
		p.all, err = p.w.compile(Question{Actions: []string{"*"}})
		if err == nil {
			p.rules(p.all)
		}
	})
	if err != nil {
		return nil, err
	}
	c := &compiledQuestion{
		Question: Question{Actions: p.all.Actions, Resources: q.Resources, Budget: q.Budget}, members: p.all.members, asked: p.all.asked,
		named: map[string]bool{}, actions: map[string]region.Set{}, services: p.all.services, sets: p.all.sets, verbs: p.all.verbs, others: p.all.others,
	}
	c.rulesOnce.Do(func() { c.rules = p.all.rules })
	if c.Budget <= 0 {
		c.Budget = p.all.Budget
	}
	for _, r := range q.Resources {
		t := policy.ResourceTemplate(r, policy.Identity, false)
		if t.Static == nil {
			return nil, badQuestion(r, "resource %q: want an ARN or a pattern without variables", r)
		}
		c.patterns = append(c.patterns, *t.Static)
	}
	return c, nil
}

// rules classes actions by the rules of AWS that tell them apart where no fact of the resource is known: fewer than in a snapshot.
func (p *Papers) rules(c *compiledQuestion) {
	c.rulesOnce.Do(func() {
		index := map[string]int32{}
		c.rules = make([]int32, len(c.members))
		for i := range c.members {
			sig := paperSignature(&c.members[i])
			at, ok := index[sig]
			if !ok {
				at = int32(len(index))
				index[sig] = at
			}
			c.rules[i] = at
		}
	})
}

// paperSignature is ruleSignature without the service, but for those that a rule names.
func paperSignature(m *member) string {
	sig := ruleSignature(m.name)[:7]
	switch {
	case m.action == nil:
		sig += "?"
	case len(m.action.Resources) == 0:
		sig += "*"
	}
	service := ActionService(m.name)
	_, pseudo := PseudoARN(m.name, "", "")
	switch {
	case service == "sts", service == "lambda", pseudo, bucketsOfAll(m.name), strings.EqualFold(m.name, "iam:PassRole"), writesManagedPolicy(cutAction(m.name)):
		return sig + strings.ToLower(m.name)
	case service == "kms", service == "iam", service == "s3", service == "dynamodb":
		return sig + service
	}
	return sig
}

// represent finds one action for each set of actions that neither the documents nor a rule tell apart.
func (s *sheet) represent() {
	all := s.question.all()
	r := newRefinement(all, s.question.ruleClasses(), make([]int32, all.Len()))
	for _, doc := range []*policy.Document{s.asked.Old, s.asked.New} {
		for i := range doc.Statements {
			r.split(s.question.matching(&doc.Statements[i].Actions))
		}
	}
	s.stand, s.few = make([]region.Set, all.Len()), s.question.none()
	for _, members := range r.parts() {
		first := members.First()
		s.stand[first] = members
		s.few.Add(first)
	}
}

// widen is all that some members stand for.
func (s *sheet) widen(few region.Set) region.Set {
	out := s.question.none()
	few.Each(func(i int) {
		if s.few.Has(i) {
			out = out.Or(s.stand[i])
		}
	})
	return out
}

// patterns are the texts under Action and NotAction, each once.
func (q *PaperQuestion) patterns() []string {
	var out []string
	seen := map[string]bool{}
	for _, doc := range []*policy.Document{q.Old, q.New} {
		for i := range doc.Statements {
			for _, pattern := range doc.Statements[i].Actions.Patterns {
				if text := pattern.Text; !seen[text] {
					seen[text] = true
					out = append(out, text)
				}
			}
		}
	}
	return out
}

// unlisted gives a name for each set of actions, none of them in the catalogue, that the documents' patterns tell from those for which the
// catalogue's symbolic actions stand: a typing error, or what a service may add one day.
func (p *Papers) unlisted(q *PaperQuestion, actions []string) ([]string, error) {
	var langs []region.Lang
	for _, text := range q.patterns() {
		if _, listed := p.w.catalog.Action(text); listed || wholeService(text) {
			continue
		}
		langs = append(langs, region.Lang{Patterns: []region.Pattern{region.Glob(text, true)}})
	}
	if len(langs) == 0 {
		return nil, nil
	}
	asked := region.Lang{}
	for _, a := range actions {
		if a == "*" || !strings.Contains(a, "@") { // a level holds actions of the catalogue alone
			asked.Patterns = append(asked.Patterns, region.Glob(a, true))
		}
	}
	shape := region.Lang{Patterns: []region.Pattern{region.Glob("?*:?*", true)}}
	cells, err := region.Cells(region.NewBudget(DefaultBudget), []region.Lang{asked, shape}, langs)
	if err != nil {
		return nil, badQuestion("", "the actions of the documents cannot be told apart: %v", err)
	}
	var out []string
	for _, cell := range cells {
		if name := p.unlistedIn(cell, langs); name != "" {
			out = append(out, name)
		}
	}
	return out, nil
}

// wholeService tells patterns that a symbolic action obeys just as every other one of the service does.
func wholeService(pattern string) bool {
	_, name, ok := strings.Cut(pattern, ":")
	return strings.Trim(pattern, "*") == "" || ok && name == "*"
}

// unlistedIn finds an action of a cell that is not in the catalogue; empty where there is none, and where no pattern speaks of the cell.
func (p *Papers) unlistedIn(cell region.Cell, langs []region.Lang) string {
	if cell.In.Empty() {
		return ""
	}
	for _, suffix := range []string{"Any", "", "x", "xx"} {
		name := cell.Witness + suffix
		if _, listed := p.w.catalog.Action(name); listed || strings.ContainsAny(name, "*?@") {
			continue
		}
		fits := true
		for i := range langs {
			fits = fits && langs[i].Match(name) == cell.In.Has(i)
		}
		if fits {
			return name
		}
	}
	return ""
}
