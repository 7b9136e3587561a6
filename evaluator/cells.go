package evaluator

import (
	"encoding/binary"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/evaluator/region"
)

// resourceTest is one resource pattern in play, what is known substituted. A test with variables left depends on the request.
type resourceTest struct {
	number   int64 // among the tests of the question
	text     string
	template policy.Template
	static   bool
	pattern  region.Pattern // of a static test; else the pattern with every variable as a star
	literal  string         // the one string that it matches; empty where there are others
	matcher  region.Matcher
}

// resourceTests interns the resource patterns of one evaluation. Compiled patterns are shared by all evaluations of a question.
type resourceTests struct {
	list   []*resourceTest
	index  map[string][]int // by text: one text may be read in several ways (A2, B9)
	shared *sharedTests
}

// sharedTests are the compiled patterns of a question.
type sharedTests struct {
	byKey sync.Map // testKey -> *resourceTest
	count atomic.Int64
}

// key names the tests, in order; ok is false when the cells do not hang on them alone: what a variable must be is for each caller to say.
func (r *resourceTests) key() (key string, ok bool) {
	b := make([]byte, 0, 2*len(r.list))
	for _, t := range r.list {
		if !t.static {
			return "", false
		}
		b = binary.AppendVarint(b, t.number)
	}
	return string(b), true
}

// find gives the position of a pattern; ok is false when it is not in play.
func (r *resourceTests) find(t *policy.Template) (at int, ok bool) {
	for _, i := range r.index[t.Text] {
		if r.list[i].template.Same(t) {
			return i, true
		}
	}
	return 0, false
}

func (r *resourceTests) add(t policy.Template) int {
	if i, ok := r.find(&t); ok {
		return i
	}
	return r.enter(r.compiled(t))
}

// take interns a test that is compiled already.
func (r *resourceTests) take(test *resourceTest) int {
	if i, ok := r.find(&test.template); ok {
		return i
	}
	return r.enter(test)
}

func (r *resourceTests) enter(test *resourceTest) int {
	if r.index == nil {
		r.index = map[string][]int{}
	}
	at := len(r.list)
	r.list = append(r.list, test)
	r.index[test.text] = append(r.index[test.text], at)
	return at
}

func (r *resourceTests) compiled(t policy.Template) *resourceTest {
	key := testKey{t.Text, t.Static == nil, t.Never}
	if have, ok := r.shared.byKey.Load(key); ok {
		if test := have.(*resourceTest); test.template.Same(&t) {
			return test
		}
	}
	test := &resourceTest{text: t.Text, template: t, static: t.Static != nil}
	switch {
	case t.Never:
		test.static = true
	case test.static:
		test.pattern = *t.Static
	default:
		test.pattern = widened(&t)
	}
	test.literal, _ = test.pattern.Literal()
	test.matcher = region.Compile(test.pattern)
	test.number = r.shared.count.Add(1)
	r.shared.byKey.LoadOrStore(key, test)
	return test
}

// testKey tells most patterns apart whose text is the same but not its reading.
type testKey struct {
	text           string
	dynamic, never bool
}

// plain is the test's pattern as a resource of an answer, where ${ is text like any other; variables are stars.
func (t *resourceTest) plain() string {
	if t.static {
		return t.text
	}
	return t.pattern.String()
}

// operand is the test's pattern as the operand of a condition, where ${ begins a variable; variables are stars.
func (t *resourceTest) operand() string {
	if text := t.plain(); !strings.Contains(text, "${") {
		return text
	}
	var b strings.Builder
	spellTokens(&b, t.pattern.Tokens, true)
	return b.String()
}

// widened is the pattern of a template with every variable as any text.
func widened(t *policy.Template) region.Pattern {
	var p region.Pattern
	for _, seg := range t.Segments {
		if seg.Kind == policy.SegmentVariable {
			p.Tokens = append(p.Tokens, region.Token{Kind: region.TokenStar})
			continue
		}
		p.Tokens = append(p.Tokens, seg.Tokens...)
	}
	return p
}

// cell is a set of resource strings that no pattern in play tells apart.
type cell struct {
	place   int        // among the group's cells
	in      region.Set // static tests that hold throughout
	depends region.Set // tests with variables that may hold
	pieces  []piece
	actions region.Set
	whole   *names // the items that lie in it as a whole
	region  string // that every resource of it is in as its ARN tells, empty where it does not
}

// piece is the part of one item that lies in a cell.
type piece struct {
	item    *item
	whole   bool
	bits    region.Set // over the item's splitting tests, when not whole
	split   *splitItem
	witness string
}

// splitItem is an item that patterns cut in two or more.
type splitItem struct {
	item  *item
	tests []int // the tests that cut it, by index in the evaluation
	cells []region.Cell
}

// cuts are the cells of one group, by the tests that cut it: callers whose policies name the same resources share them.
type cuts struct {
	mu   sync.Mutex
	done map[string]cutting
}

// cutting is one way to cut a group, and the steps that it took: whoever takes it over is charged the same, so that a verdict does not
// hang on who came first.
type cutting struct {
	cells []*cell
	spent int64
}

// cutCells cuts a group's items by the tests in play. Only cells inside the question's resource patterns are kept.
func (e *evaluation) cutCells() error {
	key, shared := e.tests.key()
	if !shared || e.group.memo == nil {
		return e.cut()
	}
	memo := &e.group.memo.cuts
	memo.mu.Lock()
	done, ok := memo.done[key]
	memo.mu.Unlock()
	if ok {
		e.cells = done.cells
		e.budget.Spend(done.spent)
		return e.budget.Err()
	}
	before := e.budget.Used()
	if err := e.cut(); err != nil {
		return err
	}
	memo.mu.Lock()
	defer memo.mu.Unlock()
	if memo.done == nil {
		memo.done = map[string]cutting{}
	}
	memo.done[key] = cutting{e.cells, e.budget.Used() - before}
	return nil
}

func (e *evaluation) cut() error {
	byKey := map[string]*cell{}
	for _, it := range e.group.items {
		actions := e.applies(it).And(e.live)
		if actions.Empty() {
			continue
		}
		if err := e.cutItem(it, actions, byKey); err != nil {
			return fmt.Errorf("resources %s: %w", it.text, err)
		}
	}
	for _, c := range e.cells {
		c.region = e.regionOf(c)
		c.whole.number = e.asking.spellings.count.Add(1)
	}
	return nil
}

func (e *evaluation) cutItem(it *item, actions region.Set, byKey map[string]*cell) error {
	n := len(e.tests.list)
	in, depends := region.NewSet(n), region.NewSet(n)
	var partial []int
	for i, t := range e.tests.list {
		switch {
		case e.group.star:
			if t.template.StarOnly {
				in.Add(i)
			}
		case t.template.Never:
		case it.literal:
			if t.matcher.Match(it.text) {
				if t.static {
					in.Add(i)
				} else {
					depends.Add(i)
				}
			}
		default:
			meets, covers, err := e.relate(it, t)
			if err != nil {
				return err
			}
			switch {
			case !meets:
			case covers && t.static:
				in.Add(i)
			case covers:
				depends.Add(i)
			default:
				partial = append(partial, i)
			}
		}
	}
	if it.literal || len(partial) == 0 && !it.claimed {
		witness := it.text
		if !it.literal {
			witness = ""
		}
		e.addPiece(byKey, in, depends, actions, piece{item: it, whole: true, witness: witness})
		return nil
	}
	return e.splitItem(it, in, depends, partial, actions, byKey)
}

// relate tells whether a test meets an item and whether it covers it.
func (e *evaluation) relate(it *item, t *resourceTest) (meets, covers bool, err error) {
	if t.template.StarOnly {
		return true, true, nil
	}
	if t.matcher.Apart(&it.matcher) {
		e.budget.Spend(1)
		return false, false, e.budget.Err()
	}
	lang := region.Lang{Patterns: []region.Pattern{t.pattern}}
	own := region.Lang{Patterns: []region.Pattern{it.pattern}}
	meets, err = region.Intersects(e.budget, lang, own)
	if err != nil || !meets {
		return false, false, err
	}
	covers, err = region.Covers(e.budget, lang, own)
	return true, covers, err
}

// splitItem partitions an item by the patterns that cut it, and takes out what the snapshot's own resources claim.
func (e *evaluation) splitItem(it *item, in, depends region.Set, partial []int, actions region.Set, byKey map[string]*cell) error {
	langs := make([]region.Lang, len(partial))
	for i, at := range partial {
		langs[i] = region.Lang{Patterns: []region.Pattern{e.tests.list[at].pattern}}
	}
	within := it.langs
	if it.claimed {
		if claims := e.claims(it, partial); len(claims) > 0 {
			within = append(append([]region.Lang{}, within...), region.Lang{Patterns: claims, Not: true})
		}
	}
	n := len(e.tests.list)
	cells, err := region.Cells(e.budget, within, langs)
	if err != nil {
		return err
	}
	split := &splitItem{item: it, tests: partial, cells: cells}
	for _, c := range cells {
		cin, cdepends := in.Or(region.NewSet(n)), depends.Or(region.NewSet(n))
		for i, at := range partial {
			switch {
			case !c.In.Has(i): // where no value of a variable reaches, the pattern cannot match
			case e.tests.list[at].static:
				cin.Add(at)
			default:
				cdepends.Add(at)
			}
		}
		p := piece{item: it, whole: len(cells) == 1, witness: c.Witness, bits: c.In, split: split}
		if text, ok := e.single(c, partial); ok { // one resource: variables then mean what they must be for it (C47)
			p = piece{item: &item{text: text, shown: shownLiteral(text), literal: true, types: it.types, service: it.service}, whole: true, witness: text}
		} else if it.claimed && e.w.holds(c.Witness) {
			p.witness = e.unclaimed(c.Witness)
		}
		e.addPiece(byKey, cin, cdepends, actions, p)
	}
	return nil
}

// shownLiteral is one ARN as a resource of an answer: its stars and question marks are no wildcards (B11).
func shownLiteral(text string) string {
	if !strings.ContainsAny(text, "*?") {
		return text
	}
	return strings.NewReplacer("*", "${*}", "?", "${?}").Replace(text)
}

// single gives the one resource that a cell holds, where a pattern of it is a plain ARN.
func (e *evaluation) single(c region.Cell, partial []int) (string, bool) {
	for i, at := range partial {
		if t := e.tests.list[at]; c.In.Has(i) && t.static {
			if text, ok := t.pattern.Literal(); ok {
				return text, true
			}
		}
	}
	return "", false
}

// claims are the snapshot's resources that patterns in play single out, so that "any other resource" does not speak of them.
func (e *evaluation) claims(it *item, partial []int) []region.Pattern {
	var out []region.Pattern
	seen := map[string]bool{}
	for _, at := range partial {
		p := e.tests.list[at].pattern
		text, literal := p.Literal()
		if !literal {
			text = literalPrefix(p)
		}
		if literal && e.w.holds(text) && !seen[text] {
			seen[text] = true
			out = append(out, region.Literal(text))
		}
		for i, r := range text { // what lies under a resource of the snapshot
			if it.apart {
				break
			}
			if (r != '/' && r != ':') || !e.w.holds(text[:i]) || seen[text[:i+1]] {
				continue
			}
			seen[text[:i+1]] = true
			under := region.Literal(text[:i+1])
			under.Tokens = append(under.Tokens, region.Token{Kind: region.TokenStar})
			out = append(out, under)
		}
	}
	return out
}

// unclaimed lengthens a witness until no resource of the snapshot has that ARN.
func (e *evaluation) unclaimed(arn string) string {
	for range 64 {
		arn += "x"
		if !e.w.holds(arn) {
			break
		}
	}
	return arn
}

func (e *evaluation) addPiece(byKey map[string]*cell, in, depends, actions region.Set, p piece) {
	if !e.asked(in, p.item) {
		return
	}
	key := in.Key() + "|" + depends.Key() + "|" + actions.Key()
	if !depends.Empty() {
		key += "|" + p.item.text // what a variable must be depends on the very ARN
		if !p.whole {
			key += "|" + p.bits.Key()
		}
	}
	c := byKey[key]
	if c == nil {
		c = &cell{place: len(e.cells), in: in, depends: depends, actions: actions, whole: &names{}}
		byKey[key] = c
		e.cells = append(e.cells, c)
	}
	c.pieces = append(c.pieces, p)
	if p.whole {
		c.whole.list = append(c.whole.list, p.item.spelled())
	}
}

// asked tells whether a cell lies in the question's resources.
func (e *evaluation) asked(in region.Set, it *item) bool {
	if len(e.question) == 0 || e.group.star {
		return true
	}
	for _, i := range e.question {
		if in.Has(i) {
			return true
		}
	}
	return false
}

// matchFormula is "the statement's Resource or NotResource holds in the cell" (B6–B17).
func (e *evaluation) matchFormula(in *instance, c *cell, l *lowering) *formula {
	r := &in.statement.Resources
	if r.Implicit {
		return formulaTrue
	}
	var parts []*formula
	hit := false
	for _, i := range in.resources {
		switch {
		case c.in.Has(i):
			hit = true
		case c.depends.Has(i):
			parts = append(parts, e.dependent(e.tests.list[i], c, l))
		}
	}
	any := disj(append(parts, constant(hit))...)
	if r.Not {
		return negate(any)
	}
	return any
}

// dependent is a pattern whose variables only the request knows, against a cell (C47).
func (e *evaluation) dependent(t *resourceTest, c *cell, l *lowering) *formula {
	p := c.pieces[0]
	if p.item.literal {
		return l.literalMatches(&t.template, p.item.text, nil)
	}
	return l.relation("", &t.template, policy.Condition{}, p.item.text)
}

// describe gives the resource patterns of a set of cells, and what must be said beyond patterns: pieces of one item that no
// union of patterns spells exactly.
func (e *evaluation) describe(cells []*cell) []described {
	var out []described
	var plain []*names
	bySplit := map[*splitItem][]piece{}
	var order []*splitItem
	for _, c := range cells {
		if len(c.whole.list) > 0 {
			plain = append(plain, c.whole)
		}
		if len(c.whole.list) == len(c.pieces) {
			continue
		}
		for _, p := range c.pieces {
			if p.whole {
				continue
			}
			if bySplit[p.split] == nil {
				order = append(order, p.split)
			}
			bySplit[p.split] = append(bySplit[p.split], p)
		}
	}
	for _, s := range order {
		ps := bySplit[s]
		if len(ps) == len(s.cells) {
			plain = append(plain, &names{list: []string{s.item.spelled()}})
			continue
		}
		patterns, cond := e.describeSplit(s, ps)
		if cond == nil {
			plain = append(plain, &names{list: patterns})
			continue
		}
		out = append(out, described{patterns: []*names{{list: patterns}}, condition: cond})
	}
	if len(plain) > 0 {
		out = append([]described{{patterns: plain}}, out...)
	}
	return out
}

// described is a set of resources as answers show it.
type described struct {
	patterns  []*names
	condition Expr // nil: the patterns alone say it
}

// describeSplit finds patterns in play whose union is exactly the chosen cells of an item, else says the narrowest pattern around
// them and which others they must or must not match.
func (e *evaluation) describeSplit(s *splitItem, chosen []piece) ([]string, Expr) {
	in := map[string]bool{}
	for _, p := range chosen {
		in[p.bits.Key()] = true
	}
	inside := e.insideTests(s)
	if patterns, ok := e.cover(s, in, inside); ok {
		return patterns, nil
	}
	base, cells := s.item.spelled(), s.cells
	for _, i := range inside { // the narrowest pattern that holds all of the chosen cells
		var held []region.Cell
		count := 0
		for _, c := range s.cells {
			if c.In.Has(i) {
				held = append(held, c)
				if in[c.In.Key()] {
					count++
				}
			}
		}
		if count == len(in) && len(held) < len(cells) {
			base, cells = e.tests.list[s.tests[i]].plain(), held
		}
	}
	var negative []int
	for i := range s.tests {
		meets, taken := false, false
		for _, c := range cells {
			if c.In.Has(i) {
				meets = true
				taken = taken || in[c.In.Key()]
			}
		}
		if meets && !taken {
			negative = append(negative, i)
		}
	}
	if excludes(cells, in, negative) {
		return []string{base}, Not{Of: resourceLike(e.textsOf(s, irredundant(cells, in, negative)))}
	}
	return []string{base}, e.minterms(s, cells, chosen)
}

// minterms says cells one by one, by the tests that tell them apart.
func (e *evaluation) minterms(s *splitItem, cells []region.Cell, chosen []piece) Expr {
	var terms []Expr
	for _, p := range chosen {
		var all []Expr
		for i := range s.tests {
			some, every := false, true
			for _, c := range cells {
				some = some || c.In.Has(i)
				every = every && c.In.Has(i)
			}
			if !some || every {
				continue
			}
			like := resourceLike(e.textsOf(s, []int{i}))
			if p.bits.Has(i) {
				all = append(all, like)
			} else {
				all = append(all, Not{Of: like})
			}
		}
		terms = append(terms, conjunction(all))
	}
	if len(terms) == 1 {
		return terms[0]
	}
	return Or{Of: terms}
}

func conjunction(xs []Expr) Expr {
	if len(xs) == 1 {
		return xs[0]
	}
	return And{Of: xs}
}

// insideTests are the tests that do not reach beyond the item.
func (e *evaluation) insideTests(s *splitItem) []int {
	var out []int
	own := region.Lang{Patterns: []region.Pattern{s.item.pattern}}
	for i, at := range s.tests {
		inside, err := region.Covers(e.budget, own, region.Lang{Patterns: []region.Pattern{e.tests.list[at].pattern}})
		if err == nil && inside {
			out = append(out, i)
		}
	}
	return out
}

// excludes tells whether the chosen cells are all but those that some negative pattern matches.
func excludes(cells []region.Cell, in map[string]bool, negative []int) bool {
	for _, c := range cells {
		hit := false
		for _, i := range negative {
			hit = hit || c.In.Has(i)
		}
		if hit == in[c.In.Key()] {
			return false
		}
	}
	return true
}

// irredundant drops negative patterns whose cells the others exclude already.
func irredundant(cells []region.Cell, in map[string]bool, negative []int) []int {
	keep := append([]int{}, negative...)
	for at := 0; at < len(keep); {
		rest := append(append([]int{}, keep[:at]...), keep[at+1:]...)
		if excludes(cells, in, rest) {
			keep = rest
		} else {
			at++
		}
	}
	return keep
}

// cover picks patterns, none reaching beyond the item, whose cells are exactly the chosen ones.
func (e *evaluation) cover(s *splitItem, in map[string]bool, inside []int) ([]string, bool) {
	covered := map[string]bool{}
	var out []string
	for _, i := range inside {
		gain, fits := false, true
		for _, c := range s.cells {
			if c.In.Has(i) {
				fits = fits && in[c.In.Key()]
				gain = gain || !covered[c.In.Key()]
			}
		}
		if !fits || !gain {
			continue
		}
		for _, c := range s.cells {
			if c.In.Has(i) {
				covered[c.In.Key()] = true
			}
		}
		out = append(out, e.tests.list[s.tests[i]].plain())
	}
	return out, len(covered) == len(in)
}

func (e *evaluation) textsOf(s *splitItem, tests []int) []string {
	out := make([]string, 0, len(tests))
	for _, i := range tests {
		out = append(out, e.tests.list[s.tests[i]].operand())
	}
	return out
}

// resourceLike is `resource like pattern…`.
func resourceLike(patterns []string) Expr {
	c := policy.Condition{Op: policy.StringLike, Key: ResourceKey, Written: ResourceKey}
	for _, p := range patterns {
		t := policy.ResourceTemplate(p, policy.Identity, strings.Contains(p, "${"))
		c.Values = append(c.Values, policy.Value{Text: p, Template: &t})
	}
	return Test{Condition: c}
}

// literalPrefix is what every string of a pattern begins with.
func literalPrefix(p region.Pattern) string {
	var b strings.Builder
	for _, t := range p.Tokens {
		if t.Kind != region.TokenRune || p.Fold {
			break
		}
		b.WriteRune(t.Rune)
	}
	return b.String()
}
