package evaluator

import (
	"strings"

	"github.com/accessgraph/accessgraph/evaluator/policy"
)

// class is a set of callers that nothing in play tells apart: they share one evaluation.
type class struct {
	first   *caller
	members []*caller
}

// classesOf groups callers for a question: by what binds them whatever the question (class key), and then by every fact that a
// statement in play reads of the caller (D22, C31).
func (t *targets) classesOf(callers []*caller) []*class {
	byKey := map[string]*class{}
	var out []*class
	readers := map[string]*readers{}
	for _, c := range callers {
		rd := readers[c.class]
		if rd == nil {
			rd = t.readersFor(c)
			readers[c.class] = rd
		}
		key := c.class + rd.vector(t, c)
		cl := byKey[key]
		if cl == nil {
			cl = &class{first: c}
			byKey[key] = cl
			out = append(out, cl)
		}
		cl.members = append(cl.members, c)
	}
	return out
}

// readers are the places in statements in play that read a fact of the caller.
type readers struct {
	conditions []*policy.Condition
	keys       []string // keys whose very value matters: they are used as variables
}

// readersFor collects them from the caller's own documents, the SCPs of its account and everything on the resource side.
func (t *targets) readersFor(c *caller) *readers {
	rd := &readers{}
	seen := map[string]bool{}
	for i := range c.identity {
		rd.document(c.identity[i].Doc, t.question, seen)
	}
	if c.boundary != nil {
		rd.document(c.boundary.Doc, t.question, seen)
	}
	if c.account != nil {
		for _, level := range c.account.scps {
			for i := range level {
				rd.document(level[i].Doc, t.question, seen)
			}
		}
	}
	shared := t.resourceReaders()
	rd.conditions = append(rd.conditions, shared.conditions...)
	for _, k := range shared.keys {
		rd.key(k, seen)
	}
	for k := range t.question.named {
		rd.key(k, seen)
	}
	return rd
}

// resourceReaders collects the resource side's readers once a question.
func (t *targets) resourceReaders() *readers {
	t.once.Do(func() {
		rd := &readers{}
		seen := map[string]bool{}
		docs := map[*policy.Document]bool{}
		add := func(p *Policy) {
			if p != nil && !docs[p.Doc] {
				docs[p.Doc] = true
				rd.document(p.Doc, t.question, seen)
			}
		}
		t.named = map[string]bool{}
		for _, g := range t.groups {
			add(g.policy)
			t.nameCallers(g)
		}
		for _, a := range t.world.order {
			for _, level := range a.rcps {
				for i := range level {
					add(&level[i])
				}
			}
		}
		t.shared = rd
	})
	return t.shared
}

// nameCallers notes the ARNs and ids that the resource side spells out: such callers are told apart from all others.
func (t *targets) nameCallers(g *targetGroup) {
	if g.policy != nil {
		for i := range g.policy.Doc.Statements {
			for _, e := range g.policy.Doc.Statements[i].Principals.Entries {
				if e.Kind == policy.PrincipalARN || e.Kind == policy.PrincipalID {
					t.named[roleOfSession(e.Text)] = true
				}
			}
		}
	}
	for _, gr := range g.grants {
		t.named[roleOfSession(gr.Grantee)] = true
		t.named[roleOfSession(gr.Retiring)] = true
	}
}

// roleOfSession cuts the session name off a session ARN.
func roleOfSession(arn string) string {
	if i := strings.Index(arn, ":assumed-role/"); i >= 0 {
		if j := strings.LastIndexByte(arn, '/'); j > i+len(":assumed-role/") {
			return arn[:j]
		}
	}
	return arn
}

func (r *readers) document(d *policy.Document, q *compiledQuestion, seen map[string]bool) {
	for i := range d.Statements {
		s := &d.Statements[i]
		if q.matching(&s.Actions).Empty() {
			continue
		}
		for j := range s.Resources.Patterns {
			r.template(&s.Resources.Patterns[j], seen)
		}
		for j := range s.Conditions {
			c := &s.Conditions[j]
			if callerKey(c.Key) {
				r.conditions = append(r.conditions, c)
			}
			for k := range c.Values {
				if c.Values[k].Template != nil {
					r.template(c.Values[k].Template, seen)
				}
			}
		}
	}
}

func (r *readers) template(t *policy.Template, seen map[string]bool) {
	addVariables(t, func(k string) { r.key(k, seen) })
}

func (r *readers) key(k string, seen map[string]bool) {
	if callerKey(k) && !seen[k] {
		seen[k] = true
		r.keys = append(r.keys, k)
	}
}

// callerKey tells the keys whose value belongs to the very caller, beyond account and kind.
func callerKey(k string) bool {
	switch k {
	case "aws:principalarn", "aws:username", "aws:userid":
		return true
	}
	return strings.HasPrefix(k, "aws:principaltag/")
}

// vector spells what the readers see of a caller.
func (r *readers) vector(t *targets, c *caller) string {
	s := &situation{world: t.world, caller: c, named: t.question.named}
	var b strings.Builder
	for _, cond := range r.conditions {
		f := s.fact(cond.Key)
		b.WriteByte(byte('0' + f.state))
		if f.state == keyKnown {
			if staticValues(cond) {
				ctx := policy.NewContext(1)
				ctx.Set(cond.Key, f.value)
				if cond.Eval(ctx, policy.Deny) {
					b.WriteByte('+')
				}
				if cond.Eval(ctx, policy.Allow) {
					b.WriteByte('-')
				}
			} else {
				b.WriteString(f.value.Single + "\x00")
			}
		} else if f.universe != nil {
			b.WriteString(c.principal.UniqueID + "\x00")
		}
	}
	for _, k := range r.keys {
		f := s.fact(k)
		b.WriteByte(byte('0' + f.state))
		if f.universe != nil {
			b.WriteString(c.principal.UniqueID)
		}
		b.WriteString(f.value.Single + "\x00")
	}
	id := roleOfSession(c.principal.ARN)
	if t.named[c.arn] || t.named[c.principal.UniqueID] || t.named[id] {
		b.WriteString("\x00named " + c.arn)
	}
	return b.String()
}

func staticValues(c *policy.Condition) bool {
	for i := range c.Values {
		if t := c.Values[i].Template; t != nil && t.Static == nil && !t.Never {
			return false
		}
	}
	return true
}
