package evaluator

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
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
		base := t.classKey(c)
		rd := readers[base]
		if rd == nil {
			rd = t.readersFor(c)
			readers[base] = rd
		}
		key := base + rd.vector(t, c)
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

// classKey names what principals must share to be judged together at all: account, kind, the exemptions that hang on the kind, and
// the statements that speak of the question's actions, with the names by which a proof quotes them. A boundary counts even when it has
// none: it then allows nothing.
func (t *targets) classKey(c *caller) string {
	var b strings.Builder
	b.WriteString(c.sort())
	for i := range c.identity {
		if p := &c.identity[i]; t.relevant(p.Doc) {
			if !t.unproved {
				fmt.Fprintf(&b, "\x00%q", p.Name)
			}
			b.WriteString(t.spokenOf(p.Doc))
		}
	}
	if c.boundary != nil {
		if b.WriteString("\x00boundary\x00"); t.unproved {
			b.WriteString(t.spokenOf(c.boundary.Doc))
		} else {
			fmt.Fprintf(&b, "%s\x00%p", c.boundary.Name, c.boundary.Doc)
		}
	}
	return b.String()
}

// sort spells what rules read of a caller, whatever the policies say: account, kind, and what hangs on the kind.
func (c *caller) sort() string {
	text := c.principal.Account + "\x00" + c.kind
	if c.principal.ServiceLinked {
		text += "+linked"
	}
	if c.freeTags {
		text += "+tags"
	}
	if c.session != "" {
		text += "+session " + c.session
	}
	if c.chained {
		text += "+chained"
	}
	for _, name := range []string{"glue", "codebuild"} { // their keys hang on the action too
		if c.origins.service(name) {
			text += "+" + name
		}
	}
	return text
}

// spokenOf spells the statements of a document that speak of the question's actions.
func (t *targets) spokenOf(d *policy.Document) string {
	if text, ok := t.spoken[d]; ok {
		return text
	}
	var b []byte
	for i := range d.Statements {
		if s := &d.Statements[i]; !t.question.matching(&s.Actions).Empty() {
			b = binary.AppendUvarint(append(b, 0), uint64(t.contentOf(s)))
			if !t.unproved {
				b = strconv.AppendQuote(binary.AppendUvarint(b, uint64(s.Index)), s.Sid)
			}
		}
	}
	t.spoken[d] = string(b)
	return string(b)
}

// relevant tells whether some statement of a document speaks of the question's actions.
func (t *targets) relevant(d *policy.Document) bool {
	yes, ok := t.speaks[d]
	if ok {
		return yes
	}
	for i := range d.Statements {
		if !t.question.matching(&d.Statements[i].Actions).Empty() {
			yes = true
			break
		}
	}
	t.speaks[d] = yes
	return yes
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
	for _, shared := range t.resourceReadersOf(c) {
		rd.conditions = append(rd.conditions, shared.conditions...)
		for _, k := range shared.keys {
			rd.key(k, seen)
		}
	}
	return rd
}

// resourceReadersOf gives the readers of the resource side that can see a caller: a statement that names accounts and their principals alone
// never looks at a caller of another account.
func (t *targets) resourceReadersOf(c *caller) []*readers {
	all := t.resourceReaders()
	if c.outside || c.account == nil || t.abroad != nil {
		return []*readers{all}
	}
	if own := t.seenFrom[c.account.id]; own != nil {
		return []*readers{t.seenByAll, own}
	}
	return []*readers{t.seenByAll}
}

// seesDocument notes what the statements of a resource's own policy that speak of the question can see of callers.
func (t *targets) seesDocument(d *policy.Document) {
	for i := range d.Statements {
		if s := &d.Statements[i]; !t.question.matching(&s.Actions).Empty() {
			t.sees(s)
		}
	}
}

// sees notes the readers of a statement of a resource's own policy for the accounts that it can match.
func (t *targets) sees(s *policy.Statement) {
	rd := &readers{}
	rd.statement(s, callerKey)
	if len(rd.conditions) == 0 && len(rd.keys) == 0 {
		return
	}
	everyone := s.Principals.Not || s.Principals.None || s.Unanalysable != ""
	for _, e := range s.Principals.Entries {
		everyone = everyone || e.Kind == policy.PrincipalEveryone || e.Kind == policy.PrincipalID
	}
	if everyone {
		t.seenByAll.add(rd)
		return
	}
	noted := map[string]bool{}
	for _, e := range s.Principals.Entries {
		if e.Account == "" || noted[e.Account] {
			continue
		}
		noted[e.Account] = true
		if t.seenFrom[e.Account] == nil {
			t.seenFrom[e.Account] = &readers{}
		}
		t.seenFrom[e.Account].add(rd)
	}
}

func (r *readers) add(more *readers) {
	r.conditions = append(r.conditions, more.conditions...)
	r.keys = append(r.keys, more.keys...)
}

// resourceReaders collects the readers of the resource side and of the question itself, once.
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
		t.named = map[string][]int{}
		t.seenByAll, t.seenFrom = &readers{}, map[string]*readers{}
		for _, g := range t.groups {
			if g.policy != nil && !docs[g.policy.Doc] {
				t.seesDocument(g.policy.Doc)
			}
			add(g.policy)
			t.nameCallers(g.policy, g.place)
			for _, gr := range g.grants {
				t.name(gr.Grantee, g.place)
				t.name(gr.Retiring, g.place)
			}
		}
		beside, seenBeside := &readers{}, map[string]bool{}
		addBeside := func(p *Policy) {
			if p != nil && !docs[p.Doc] {
				beside.document(p.Doc, t.question, seenBeside)
			}
			add(p)
		}
		for _, e := range t.world.endpoints {
			addBeside(e.policy)
			t.nameCallers(e.policy, everyGroup)
		}
		for _, a := range t.world.owners() {
			for _, level := range a.rcps {
				for i := range level {
					addBeside(&level[i])
				}
			}
		}
		for k := range t.question.named {
			rd.key(k, seen)
			beside.key(k, seenBeside)
		}
		t.seenByAll.add(beside)
		t.shared = rd
	})
	return t.shared
}

// nameCallers notes the ARNs and ids that the resource side spells out: such callers are told apart from all others.
func (t *targets) nameCallers(p *Policy, place int) {
	if p == nil {
		return
	}
	for i := range p.Doc.Statements {
		for _, e := range p.Doc.Statements[i].Principals.Entries {
			if e.Kind == policy.PrincipalARN || e.Kind == policy.PrincipalID {
				t.name(e.Text, place)
			}
		}
	}
}

// everyGroup is the place of what every group of targets has on its side.
const everyGroup = -1

// name notes that the side of the group at a place spells somebody out.
func (t *targets) name(who string, place int) {
	who = roleOfSession(who)
	if at := t.named[who]; who != "" && (len(at) == 0 || at[len(at)-1] != place) {
		t.named[who] = append(at, place)
	}
}

// namedBy lists the groups whose own side spells a caller out, by place.
func (t *targets) namedBy(c *caller) []int {
	return slices.Concat(t.named[c.arn], t.named[c.principal.UniqueID], t.named[roleOfSession(c.principal.ARN)])
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
	from := len(r.keys) // those before are known to be distinct
	for i := range d.Statements {
		s := &d.Statements[i]
		if !q.matching(&s.Actions).Empty() {
			r.statement(s, callerKey)
		}
	}
	r.keys = append(r.keys[:from], distinctKeys(r.keys[from:], seen)...)
}

// distinctKeys drops keys that were seen before.
func distinctKeys(keys []string, seen map[string]bool) []string {
	kept := keys[:0]
	for _, k := range keys {
		if !seen[k+"\x00kept"] {
			seen[k+"\x00kept"] = true
			kept = append(kept, k)
		}
	}
	return kept
}

// statement adds where one statement reads keys of a sort.
func (r *readers) statement(s *policy.Statement, sort func(string) bool) {
	variable := func(k string) {
		if sort(k) {
			r.keys = append(r.keys, k)
		}
	}
	for i := range s.Resources.Patterns {
		addVariables(&s.Resources.Patterns[i], variable)
	}
	for i := range s.Conditions {
		c := &s.Conditions[i]
		if sort(c.Key) {
			r.conditions = append(r.conditions, c)
		}
		for j := range c.Values {
			if c.Values[j].Template != nil {
				addVariables(c.Values[j].Template, variable)
			}
		}
	}
}

func (r *readers) key(k string, seen map[string]bool) {
	if callerKey(k) && !seen[k+"\x00kept"] {
		seen[k+"\x00kept"] = true
		r.keys = append(r.keys, k)
	}
}

// callerKey tells the keys whose value belongs to the very caller, beyond account and kind.
func callerKey(k string) bool {
	switch k {
	case "aws:principalarn", "aws:username", "aws:userid", "aws:federatedprovider", "identitystore:userid":
		return true
	}
	_, source := sourceKey(k)
	return source || strings.HasPrefix(k, "aws:principaltag/") || strings.HasPrefix(k, cognitoIdentity+":")
}

// vector spells what the readers see of a caller.
func (r *readers) vector(t *targets, c *caller) string {
	var b strings.Builder
	r.spell(&b, &situation{world: t.world, caller: c, asking: t.question})
	if len(t.namedBy(c)) > 0 {
		b.WriteString("\x00named " + c.arn)
	}
	return b.String()
}

// spell writes what the readers see: of a condition with fixed values how it comes out, of anything else the very value.
func (r *readers) spell(b *strings.Builder, s *situation) {
	for _, cond := range r.conditions {
		f := s.fact(cond.Key)
		b.WriteByte(byte('0' + f.state))
		switch {
		case f.state == keyKnown && staticValues(cond):
			ctx := policy.NewContext(1)
			ctx.Set(cond.Key, f.value)
			if cond.Eval(ctx, policy.Deny) {
				b.WriteByte('+')
			}
			if cond.Eval(ctx, policy.Allow) {
				b.WriteByte('-')
			}
		default:
			f.spell(b, s.caller)
		}
	}
	for _, k := range r.keys {
		f := s.fact(k)
		b.WriteByte(byte('0' + f.state))
		f.spell(b, s.caller)
	}
}

func (f *keyFact) spell(b *strings.Builder, c *caller) {
	if f.universe != nil {
		b.WriteString(c.principal.UniqueID)
	}
	b.WriteString(strconv.Quote(f.value.Single))
	for _, v := range f.value.List {
		b.WriteString(strconv.Quote(v))
	}
	b.WriteByte(0)
}

func staticValues(c *policy.Condition) bool {
	for i := range c.Values {
		if t := c.Values[i].Template; t != nil && t.Static == nil && !t.Never {
			return false
		}
	}
	return true
}
