package evaluator

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
	"sort"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/evaluator/region"
)

// Verdict is the answer for a region of requests.
type Verdict uint8

// The verdicts, from worst to best: denied; unknown: it hangs on something that the snapshot does not tell; conditional:
// allowed under the residual; allowed: whatever the keys that the question leaves open are.
const (
	Denied Verdict = iota
	Unknown
	Conditional
	AllowedAlways
)

// String gives the verdict's name in answers.
func (v Verdict) String() string {
	return [...]string{"denied", "unknown", "conditional", "allowed"}[v]
}

// Access is one grant of an answer: actions × resources × conditions is a product, and every request in it is allowed.
type Access struct {
	Actions     []string
	ActionCount int // catalogue actions among them
	Verdict     Verdict
	Conditions  Expr // nil: none
	Assumptions []string
	Causes      []policy.Cause // for Unknown: the D54 names, with Notes in words
	Notes       []string

	*spelling
	witness    *Witness // for the class's first member; see Row.Witness
	members    region.Set
	sketch     *sketch     // the witness, before it is tied to one principal
	evaluation *evaluation // where it comes from
	question   *compiledQuestion
	hints      []*policy.Actions // of the granting statements, for print
	applying   region.Set        // the members that can be asked of its resources; see Brief
	stored     bool              // its resources are in the snapshot
	from       *raw              // what it is made of, where a comparison of documents may look for other witnesses
	kept       *raw              // the same, where a survey asks more of it
	eased      bool              // what Eased said before it was settled
}

// spelling is the resources and the proof of a grant: as lists that are shared by many grants until somebody asks, then as one.
type spelling struct {
	named []*names
	proof [][]StatementRef
	known *spellings

	resourcesOnce sync.Once
	resources     []string
	viaOnce       sync.Once
	statements    []StatementRef
}

// names is a list of resources that many grants share; the number tells lists apart, 0 is one that is of this grant alone.
type names struct {
	list   []string
	number int64
}

// spellings are the joined lists of a question, by the numbers of what they join: most classes of callers have the same resources.
type spellings struct {
	byParts sync.Map // string -> []string
	count   atomic.Int64
}

// Resources are the patterns of the grant's resources, sorted; one that another covers is left out. The list must not be changed.
func (s *spelling) Resources() []string {
	s.resourcesOnce.Do(func() { s.resources = s.join() })
	return s.resources
}

// Via are the statements that grant it, by layer and policy. The list must not be changed.
func (s *spelling) Via() []StatementRef {
	s.viaOnce.Do(func() { s.statements = sortedRefs(slices.Concat(s.proof...)) })
	return s.statements
}

func (s *spelling) join() []string {
	var key []byte
	var all []string
	shared := s.known != nil
	for _, n := range s.named {
		all = append(all, n.list...)
		key = binary.AppendVarint(key, n.number)
		shared = shared && n.number != 0
	}
	if !shared {
		return compactResources(all)
	}
	if list, ok := s.known.byParts.Load(string(key)); ok {
		return list.([]string)
	}
	list := compactResources(all)
	s.known.byParts.Store(string(key), list)
	return list
}

// raw is a grant before its resources and residual are put into words.
type raw struct {
	members  region.Set
	applying region.Set // the members that can be asked of the cells
	cells    []*cell
	node     region.Node // contexts, unknown facts and assumptions resolved
	part     *verdictPart
	verdict  Verdict
	via      []*instance // by place
	assumes  []string
	causes   []*opaque
}

// grantsOf turns the decided parts into grants: contexts that are allowed for certain, and those that hang on unknown facts.
func (e *evaluation) grantsOf(parts []*verdictPart, cover *coverage) ([]*Access, error) {
	var raws []*raw
	for _, p := range parts {
		rs := e.resolve(p, e.asking.Strict)
		if len(rs) == 0 {
			cover.denied = cover.denied.Or(p.class.members)
		} else if rs[0].verdict != AllowedAlways {
			cover.gaps = cover.gaps.Or(p.class.members)
		}
		raws = append(raws, rs...)
	}
	raws = mergeRaw(raws)
	var out []*Access
	for _, r := range raws {
		gs, err := e.put(r)
		if err != nil {
			return nil, err
		}
		out = append(out, gs...)
	}
	return out, e.budget.Err()
}

// resolve takes the assumptions as true (or, with strict, those about a resource's consent as false), notes which ones matter, and
// quantifies what the snapshot does not tell.
func (e *evaluation) resolve(p *verdictPart, strict bool) []*raw {
	space := e.symbols.space
	n := p.node
	var assumes []string
	var unknown []region.Var
	var causes []*opaque
	for _, o := range e.symbols.olist {
		switch {
		case o.assumption != "":
			with, without := space.Restrict(n, o.variable, 1), space.Restrict(n, o.variable, 0)
			if strict && o.assumption == e.group.assumption {
				n = without
				continue
			}
			if with != without {
				assumes = append(assumes, o.assumption)
			}
			n = with
		case o.cause != "":
			unknown = append(unknown, o.variable)
		}
	}
	if n == space.False() {
		return nil
	}
	certain, possible := n, n
	if len(unknown) > 0 {
		certain, possible = space.ForAll(n, unknown...), space.Exists(n, unknown...)
		causes = e.causesOf(n)
	}
	for _, d := range p.doubts {
		if space.And(space.Exists(possible, d.variables...), p.care) != possible {
			causes = append(causes, d.cause)
		}
		certain = space.And(space.ForAll(space.Or(certain, space.Not(p.care)), d.variables...), certain)
		possible = space.And(space.Exists(possible, d.variables...), p.care)
	}
	if !e.group.snapshot && e.group.assumption == notInSnapshot {
		assumes = append(assumes, notInSnapshot)
	}
	via := e.via(p)
	var out []*raw
	if certain != space.False() {
		v := Conditional
		if space.Diff(p.care, certain) == space.False() {
			v = AllowedAlways
		}
		out = append(out, &raw{
			members: p.class.members, applying: p.cell.actions, cells: []*cell{p.cell}, node: certain, part: p, verdict: v, via: via, assumes: assumes,
		})
	}
	if rest := space.Diff(possible, certain); rest != space.False() {
		out = append(out, &raw{
			members: p.class.members, applying: p.cell.actions, cells: []*cell{p.cell}, node: rest, part: p, verdict: Unknown, via: via, assumes: assumes, causes: causes,
		})
	}
	return out
}

// causesOf lists the unknown facts that the result depends on.
func (e *evaluation) causesOf(n region.Node) []*opaque {
	var out []*opaque
	for _, o := range e.symbols.olist {
		if o.cause != "" && e.symbols.space.Restrict(n, o.variable, 0) != e.symbols.space.Restrict(n, o.variable, 1) {
			out = append(out, o)
		}
	}
	return out
}

// via lists the granting statements that bear the result.
func (e *evaluation) via(p *verdictPart) []*instance {
	var out []*instance
	for _, g := range p.granting {
		if n := len(out); g.in.given || g.formula.kind == formFalse || n > 0 && out[n-1] == g.in || e.symbols.space.And(e.symbols.node(g.formula), p.node) == e.symbols.space.False() {
			continue
		}
		out = append(out, g.in)
	}
	return out
}

// mergeRaw joins grants that share contexts and proof: first the resources of the same actions, then the actions of the
// same resources.
func mergeRaw(raws []*raw) []*raw {
	raws = mergeBy(raws, func(r *raw) string { return r.key() + "|" + r.members.Key() }, func(a, b *raw) {
		a.cells = append(a.cells[:len(a.cells):len(a.cells)], b.cells...)
	})
	return mergeBy(raws, func(r *raw) string {
		key := []byte(r.key())
		for _, in := range r.via { // a proof of one action is none of another
			key = binary.AppendUvarint(key, uint64(in.place))
		}
		key = append(key, '|')
		for _, c := range r.cells {
			key = binary.AppendUvarint(key, uint64(c.place))
		}
		return string(key)
	}, func(a, b *raw) { a.members = a.members.Or(b.members) })
}

func mergeBy(raws []*raw, key func(*raw) string, join func(a, b *raw)) []*raw {
	byKey := map[string]*raw{}
	var out []*raw
	for _, r := range raws {
		k := key(r)
		if have := byKey[k]; have != nil {
			join(have, r)
			have.applying = have.applying.Or(r.applying)
			have.via = joinPlaces(have.via, r.via)
			continue
		}
		own := *r
		byKey[k] = &own
		out = append(out, &own)
	}
	return out
}

// joinPlaces is the union of two lists of statements, by place.
func joinPlaces(a, b []*instance) []*instance {
	byPlace := func(x, y *instance) int { return x.place - y.place }
	same := func(x, y *instance) bool { return x == y }
	if slices.EqualFunc(a, b, same) {
		return a
	}
	out := slices.Concat(a, b)
	slices.SortFunc(out, byPlace)
	return slices.CompactFunc(out, same)
}

// key is what grants must share to be one product: contexts, verdict and what it stands on. The proof is joined.
func (r *raw) key() string {
	var b strings.Builder
	b.WriteByte(byte(r.verdict))
	for i := 0; i < 32; i += 8 {
		b.WriteByte(byte(int32(r.node) >> i))
		b.WriteByte(byte(int32(r.part.care) >> i))
	}
	for _, a := range r.assumes {
		b.WriteString("\x00" + a)
	}
	for _, c := range r.causes {
		b.WriteString("\x00" + c.name)
	}
	return b.String()
}

// put words a grant. Resources that patterns alone cannot say become grants of their own with a condition on the resource.
func (e *evaluation) put(r *raw) ([]*Access, error) {
	var residual Expr
	if r.verdict != AllowedAlways {
		x, ok := e.symbols.residual(r.node, r.part.care)
		if !ok {
			return nil, e.wordless(r)
		}
		if c, isConst := x.(Const); !isConst || !c.Value {
			residual = x
		}
	}
	sk, ok := e.sketchOf(r)
	if !ok {
		return nil, e.wordless(r)
	}
	var out []*Access
	var proof [][]StatementRef
	for _, in := range r.via {
		proof = append(proof, e.refs(in))
	}
	for _, d := range e.describe(r.cells) {
		a := &Access{
			Verdict: r.verdict, Conditions: residual, Assumptions: r.assumes, spelling: &spelling{named: d.patterns, proof: proof, known: &e.asking.spellings},
			members: r.members, sketch: sk, evaluation: e, question: e.asking, hints: r.hints(),
			applying: r.applying, stored: e.group.snapshot && !e.group.star,
		}
		if e.whole != nil {
			a.from = r
		}
		if e.asking.keeps != nil {
			a.kept = r
		}
		if d.condition != nil {
			a.Conditions = d.condition
			if residual != nil {
				a.Conditions = And{Of: []Expr{d.condition, residual}}
			}
		}
		for _, c := range r.causes {
			a.Causes = appendCause(a.Causes, c.cause)
			if note := string(c.cause) + ": " + c.name; !slices.Contains(a.Notes, note) {
				a.Notes = append(a.Notes, note)
			}
		}
		out = append(out, a)
	}
	return out, nil
}

// joinGrants joins grants of different groups that differ in nothing but the resources, and drops resources that another pattern of
// the same grant covers.
func (c *compiledQuestion) joinGrants(grants []*Access) []*Access {
	byKey := map[string]*Access{}
	var out []*Access
	for _, g := range grants {
		key := g.joinKey()
		have := byKey[key]
		if have == nil {
			own := *g // g may be shared with callers of other classes
			own.Assumptions, own.Causes, own.Notes, own.hints = slices.Clip(g.Assumptions), slices.Clip(g.Causes), slices.Clip(g.Notes), slices.Clip(g.hints)
			byKey[key] = &own
			out = append(out, &own)
			continue
		}
		have.applying, have.stored = have.applying.Or(g.applying), have.stored && g.stored
		have.hints = joined(have.hints, g.hints)
		have.spelling = &spelling{named: slices.Concat(have.named, g.named), proof: slices.Concat(have.proof, g.proof), known: &c.spellings}
		if have.sketch == nil {
			have.sketch, have.evaluation = g.sketch, g.evaluation
		}
		for _, a := range g.Assumptions {
			have.assume(a)
		}
	}
	for _, g := range out {
		g.Actions, g.ActionCount = c.spell(g.members, g.hints)
	}
	return out
}

// joinKey is what grants must share to become one. That part of the resources is not in the snapshot is said of the whole.
func (a *Access) joinKey() string {
	var b strings.Builder
	b.WriteString(a.members.Key())
	fmt.Fprintf(&b, "|%d|%s|", a.Verdict, exprText(a.Conditions))
	for _, s := range a.Assumptions {
		if s != notInSnapshot {
			b.WriteString(s + "\x00")
		}
	}
	b.WriteString(strings.Join(a.Notes, "\x00"))
	return b.String()
}

func (a *Access) assume(text string) {
	for _, have := range a.Assumptions {
		if have == text {
			return
		}
	}
	a.Assumptions = append(a.Assumptions[:len(a.Assumptions):len(a.Assumptions)], text)
}

// compactResources sorts patterns and drops those that another one covers.
func compactResources(patterns []string) []string {
	type glob struct {
		text string
		m    region.Matcher
	}
	var globs []glob
	for _, p := range patterns {
		if strings.ContainsAny(p, "*?") && !strings.Contains(p, "${") && p != "*" {
			globs = append(globs, glob{p, region.Compile(region.Glob(p, false))})
		}
	}
	seen := map[string]bool{}
	var out []string
	for _, p := range patterns {
		if seen[p] {
			continue
		}
		seen[p] = true
		covered := false
		for i := range globs {
			if g := &globs[i]; g.text != p && !strings.ContainsAny(p, "?") && g.m.Match(p) { // stars of p are characters to g: only its own stars take them
				covered = true
				break
			}
		}
		if !covered {
			out = append(out, p)
		}
	}
	sort.Strings(out)
	return out
}

// wordless is the error for a residual that could not be written within the budget.
func (e *evaluation) wordless(*raw) error {
	if err := e.budget.Err(); err != nil {
		return err
	}
	return region.ErrBudget
}

func appendCause(to []policy.Cause, c policy.Cause) []policy.Cause {
	for _, have := range to {
		if have == c {
			return to
		}
	}
	return append(to, c)
}

// sortedRefs sorts references, each once.
func sortedRefs(refs []StatementRef) []StatementRef {
	out := slices.Clone(refs)
	slices.SortFunc(out, func(a, b StatementRef) int {
		return cmp.Or(cmp.Compare(a.Layer, b.Layer), strings.Compare(a.Policy, b.Policy), cmp.Compare(a.Index, b.Index), strings.Compare(a.Sid, b.Sid))
	})
	return slices.Compact(out)
}

// hints are the Action elements of the granting statements, whose patterns an answer may use.
func (r *raw) hints() []*policy.Actions {
	var hints []*policy.Actions
	for _, g := range r.part.granting {
		if s := g.in.statement; s != nil && !s.Actions.Not && !g.in.given {
			hints = joined(hints, []*policy.Actions{&s.Actions})
		}
	}
	return hints
}

// joined adds what is new of more.
func joined[T comparable](to, more []T) []T {
	for _, v := range more {
		if !slices.Contains(to, v) {
			to = append(to, v)
		}
	}
	return to
}

// spell writes a set of members as patterns; the number is that of catalogue actions in it.
func (c *compiledQuestion) spell(members region.Set, hints []*policy.Actions) ([]string, int) {
	return c.spellAmong(members, c.all(), hints)
}

// spellAmong is spell where only some members can be asked of the resources: a pattern may stand for others too.
func (c *compiledQuestion) spellAmong(members, among region.Set, hints []*policy.Actions) ([]string, int) {
	return c.spellWith(c.asked, members, among, hints)
}

// spellWith is spellAmong in the words of some actions of the question.
func (c *compiledQuestion) spellWith(asked []askedAction, members, among region.Set, hints []*policy.Actions) ([]string, int) {
	count := 0
	members.Each(func(i int) {
		if c.members[i].action != nil {
			count++
		}
	})
	left := members
	var out []string
	take := func(text string, set region.Set) {
		if !set.Intersects(left) { // most do not
			return
		}
		set = set.And(among)
		if set.Empty() || !set.SubsetOf(members) || !set.Intersects(left) {
			return
		}
		out = append(out, text)
		left = left.AndNot(set)
	}
	for _, a := range asked {
		take(a.text, a.members)
	}
	for _, a := range hints {
		for i := range a.Patterns {
			if left.Empty() {
				break
			}
			p := &a.Patterns[i]
			if set := c.patternMembers(p); c.within(p, set) {
				take(p.Text, set)
			}
		}
	}
	for _, s := range c.serviceSets() {
		if s.whole && (left.Has(s.first) || !among.Has(s.first)) {
			take(s.name+":*", s.members)
		}
	}
	unknown := left.And(c.others) // no verb stands for every action that is not known yet
	left = left.AndNot(unknown)
	for _, s := range c.verbs {
		if members.Has(s.first) || !among.Has(s.first) {
			take(s.name+"*", s.members)
		}
	}
	left = left.Or(unknown)
	left.Each(func(i int) { out = append(out, c.members[i].shown()) })
	slices.SortFunc(out, compareActions)
	return out, count
}

// compareActions orders actions by name, those that nobody knows yet behind the others.
func compareActions(a, b string) int {
	unknown := func(s string) int { return strings.Count(s, OtherName) }
	return cmp.Or(cmp.Compare(unknown(a), unknown(b)), strings.Compare(a, b))
}

// serviceSet is the members of one service; whole when they are all of its actions, the unknown ones included.
type serviceSet struct {
	name    string
	members region.Set
	first   int // the least of them
	whole   bool
}

func (c *compiledQuestion) serviceSets() []serviceSet {
	if c.sets != nil {
		return c.sets
	}
	for i := range c.members {
		service := ActionService(c.members[i].name)
		if n := len(c.sets); n == 0 || c.sets[n-1].name != service {
			c.sets = append(c.sets, serviceSet{name: service, members: region.NewSet(len(c.members))})
		}
		last := &c.sets[len(c.sets)-1]
		last.members.Add(i)
	}
	for i := range c.sets {
		s := &c.sets[i]
		s.first = s.members.First()
		s.members.Each(func(m int) {
			other := c.members[m].other
			s.whole = s.whole || other && (strings.HasSuffix(c.members[m].name, ":"+OtherName))
		})
	}
	return c.sets
}

// verbSets are the members of each service that begin with the same verb (kms:List…), together with the service's unknown
// actions, which a pattern of that verb may stand for: where all of them are in a set, the pattern says so.
func (c *compiledQuestion) verbSets() {
	other := map[string]int{}
	c.others = c.none()
	for i := range c.members {
		if c.members[i].other {
			other[ActionService(c.members[i].name)] = i
			c.others.Add(i)
		}
	}
	index := map[string]int{}
	for i := range c.members {
		m := &c.members[i]
		service, name, _ := strings.Cut(m.name, ":")
		any, ok := other[strings.ToLower(service)]
		if !ok || m.action == nil {
			continue
		}
		verb := service + ":" + leadingVerb(name)
		at, seen := index[verb]
		if !seen {
			at = len(c.verbs)
			index[verb] = at
			c.verbs = append(c.verbs, serviceSet{name: verb, members: region.SetOf(len(c.members), any)})
		}
		c.verbs[at].members.Add(i)
	}
	kept := c.verbs[:0]
	for _, v := range c.verbs {
		v.first = v.members.First()
		if v.members.Count() > 3 && c.alone(v) {
			kept = append(kept, v)
		}
	}
	c.verbs = kept
}

// alone tells whether no member outside the set begins with its verb (kms:Enable takes in kms:EnableKeyRotation, but not kms:Encrypt).
func (c *compiledQuestion) alone(v serviceSet) bool {
	prefix := strings.ToLower(v.name) // members are sorted by it
	from := sort.Search(len(c.members), func(i int) bool { return strings.ToLower(c.members[i].name) >= prefix })
	for i := from; i < len(c.members) && strings.HasPrefix(strings.ToLower(c.members[i].name), prefix); i++ {
		if !v.members.Has(i) && c.members[i].action != nil && strings.HasPrefix(c.members[i].name, v.name) {
			return false
		}
	}
	return true
}

// leadingVerb is the first word of a name: List of ListKeys.
func leadingVerb(name string) string {
	for i := 1; i < len(name); i++ {
		if name[i] >= 'A' && name[i] <= 'Z' {
			return name[:i]
		}
	}
	return name
}

// within tells whether a statement's pattern stands for no action that the question does not ask for, so that an answer may
// use it as it is.
func (c *compiledQuestion) within(p *policy.ActionPattern, set region.Set) bool {
	if !strings.ContainsAny(p.Text, "*?") {
		return false // a name is spelled as the catalogue does
	}
	if yes, ok := c.inside.Load(p.Text); ok {
		return yes.(bool)
	}
	yes := false
	for _, a := range c.asked {
		if !set.SubsetOf(a.members) || strings.Contains(a.text, "@") {
			continue
		}
		text := a.text
		if text == "*" {
			text = "*:*"
		}
		ok, err := region.Covers(nil, region.Lang{Patterns: []region.Pattern{region.Glob(text, true)}}, region.Lang{Patterns: []region.Pattern{region.Glob(p.Text, true)}})
		if yes = err == nil && ok; yes {
			break
		}
	}
	c.inside.Store(p.Text, yes)
	return yes
}

func (c *compiledQuestion) patternMembers(p *policy.ActionPattern) region.Set {
	c.mu.Lock()
	set, ok := c.actions[p.Text]
	c.mu.Unlock()
	if ok {
		return set
	}
	set = c.matchPattern(p)
	c.mu.Lock()
	c.actions[p.Text] = set
	c.mu.Unlock()
	return set
}
