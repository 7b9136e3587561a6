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
	base, err := p.question(actions, more, len(q.Actions) == 0)
	if err != nil {
		return nil, err
	}
	c := &compiledQuestion{
		Question: Question{Actions: base.Actions, Resources: q.Resources, Budget: q.Budget}, members: base.members, asked: base.asked,
		named: map[string]bool{}, actions: map[string]region.Set{}, services: base.services, sets: base.sets, verbs: base.verbs, others: base.others,
	}
	if len(more) > 0 {
		c.members = c.madeUp(more, q.patterns())
	}
	c.warnings = slices.Clone(base.warnings)
	for _, text := range q.patterns() {
		if p.misspelled(text) && len(c.warnings) < mostMisspelled {
			c.warnings = append(c.warnings, p.w.unknownAction(text))
		}
	}
	c.rulesOnce.Do(func() { c.rules = base.rules })
	if c.Budget <= 0 {
		c.Budget = base.Budget
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

// madeUp is the members, of which those with a name that no document writes say which pattern they stand for: the most particular one.
func (c *compiledQuestion) madeUp(names, patterns []string) []member {
	out := slices.Clone(c.members)
	for _, name := range names {
		var best string
		for _, text := range patterns {
			if strings.EqualFold(text, name) {
				best = "" // a document writes it
				break
			}
			if region.Glob(text, true).Match(name) && len(text) > len(best) {
				best = text
			}
		}
		if best != "" {
			out[c.indexOf(&member{name: name})].stands = best + " " + OtherName
		}
	}
	return out
}

// mostMisspelled bounds the actions that are reported as unknown.
const mostMisspelled = 20

// misspelled tells whether a text is the name of an action that the catalogue lacks.
func (p *Papers) misspelled(text string) bool {
	_, listed := p.w.catalog.Action(text)
	return !listed && !strings.ContainsAny(text, "*?@")
}

// question compiles the actions. What is asked of every document, every action, is compiled once.
func (p *Papers) question(actions, more []string, keep bool) (*compiledQuestion, error) {
	key := strings.Join(more, "\x00")
	p.mu.Lock()
	defer p.mu.Unlock()
	if c := p.known[key]; c != nil && keep {
		return c, nil
	}
	c, err := p.w.compile(Question{Actions: append(slices.Clone(actions), more...)})
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
	if c.warnings = nil; !keep { // the names that stand for a pattern are nobody's mistake
		for _, a := range actions {
			if p.misspelled(a) {
				c.warnings = append(c.warnings, p.w.unknownAction(a))
			}
		}
	}
	p.rules(c)
	if keep {
		if p.known == nil || len(p.known) >= mostKnown {
			p.known = map[string]*compiledQuestion{}
		}
		p.known[key] = c
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
// catalogue's symbolic actions stand: a typing error, or what a service may add one day. Services are looked at one by one: a pattern that
// names one says nothing of others.
func (p *Papers) unlisted(q *PaperQuestion, actions []string) ([]string, error) {
	ofService := map[string][]region.Lang{}
	var ofAny []region.Lang // patterns that name no service
	for _, text := range q.patterns() {
		if _, listed := p.w.catalog.Action(text); listed || wholeService(text) {
			continue
		}
		lang := region.Lang{Patterns: []region.Pattern{region.Glob(text, true)}}
		service, _, _ := strings.Cut(strings.ToLower(text), ":")
		if strings.ContainsAny(service, "*?") {
			ofAny = append(ofAny, lang)
		} else {
			ofService[service] = append(ofService[service], lang)
		}
	}
	asked := region.Lang{}
	for _, a := range actions {
		if a == "*" || !strings.Contains(a, "@") { // a level holds actions of the catalogue alone
			asked.Patterns = append(asked.Patterns, region.Glob(a, true))
		}
	}
	budget := region.NewBudget(DefaultBudget)
	var out []string
	look := func(langs []region.Lang, within ...region.Lang) error {
		if len(langs) == 0 {
			return nil
		}
		cells, err := region.Cells(budget, append(within, asked), langs)
		if err != nil {
			return badQuestion("", "the actions of the documents cannot be told apart: %v", err)
		}
		for _, cell := range cells {
			if name := p.unlistedIn(cell, langs); name != "" {
				out = append(out, name)
			}
		}
		return nil
	}
	others := region.Lang{Not: true}
	for _, service := range sortedKeys(ofService) {
		shape := region.Glob(service+":?*", true)
		others.Patterns = append(others.Patterns, shape)
		if err := look(slices.Concat(ofService[service], ofAny), region.Lang{Patterns: []region.Pattern{shape}}); err != nil {
			return nil, err
		}
	}
	if err := look(ofAny, region.Lang{Patterns: []region.Pattern{region.Glob("?*:?*", true)}}, others); err != nil {
		return nil, err
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
	candidates := []string{cell.Witness + "Any", cell.Witness, cell.Witness + "x", cell.Witness + "xx"}
	cell.In.Each(func(i int) {
		if p := langs[i].Patterns[0]; !p.HasWildcard() { // as the document writes it
			candidates = append([]string{p.String()}, candidates...)
		}
	})
	for _, name := range candidates {
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
