package evaluator

import (
	"crypto/sha256"
	"fmt"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/accessgraph/accessgraph/evaluator/catalog"
	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/evaluator/region"
)

// Question is a region of requests: these actions, on these resources, in these contexts.
type Question struct {
	Actions   []string // patterns: kms:*, *, @write, kms:@read
	AllOf     bool     // every action, and every one that a wildcard stands for, must be allowed
	Resources []string // patterns; none: every resource
	When      Expr     // nil: every context
	Strict    bool     // leave out what stands on an assumption about a resource that is not in the snapshot
	Budget    int64    // steps of work for one principal; 0: DefaultBudget
	// Now is the time at which requests are made unless the question speaks of it itself (C34); zero: at any time.
	Now time.Time
}

// fixesTime tells whether the time of requests is known: the question does not speak of it itself.
func (c *compiledQuestion) fixesTime() bool {
	return !c.Now.IsZero() && !c.named["aws:currenttime"] && !c.named["aws:epochtime"]
}

// QuestionError is returned for a question that cannot be asked: an action or a resource that is none. About is what it is about, as
// the question writes it.
type QuestionError struct{ About, Message string }

func (e *QuestionError) Error() string { return e.Message }

func badQuestion(about, format string, args ...any) error {
	return &QuestionError{About: about, Message: fmt.Sprintf(format, args...)}
}

// DefaultBudget is the number of engine steps that one principal's verdict may cost for a question about few actions; it takes well
// under a second. Every action asked for adds budgetPerAction.
const DefaultBudget = 5_000_000

const budgetPerAction = 150

// OtherName stands for the actions of a service that the catalogue does not know (B20).
const OtherName = "(any other action)"

// otherService stands for a service that the catalogue does not know.
const otherService = "(any other service)"

// member is one action of a question: a known one, one that only a policy or the question names, or the symbolic other.
type member struct {
	name   string
	action *catalog.Action // nil when the catalogue does not know it
	other  bool
	stands string // what answers call it, where its name is made up; see shown
}

// shown is what answers call the member.
func (m *member) shown() string {
	if m.stands != "" {
		return m.stands
	}
	return m.name
}

// compiledQuestion is a question whose actions are members, by service and name.
type compiledQuestion struct {
	Question
	members  []member
	asked    []askedAction
	patterns []region.Pattern      // of Resources
	named    map[string]bool       // keys that When mentions
	actions  map[string]region.Set // action pattern -> members, filled as patterns come up
	lists    map[string]region.Set // key -> members that may have it
	keeps    func(*Access) bool    // whether a grant keeps what it is made of; nil: none does; see Poll
	mu       sync.Mutex            // guards actions and lists

	numbers     numbering[digest]       // of what statements and documents say
	contents    sync.Map                // *policy.Statement -> number of what it says
	documents   sync.Map                // *policy.Document -> number of what it says
	statements  numbering[statementKey] // see numberOf
	seen        numbering[digest]       // of what callers see of groups
	fixed       sync.Map                // *policy.Statement -> its resource patterns without variables; see testsOf
	pathReaders sync.Map                // *policy.Statement -> whether it reads places in the organization

	inside     sync.Map // action pattern -> whether it asks for no more than the question (bool); see within
	spoken     sync.Map // *policy.Actions -> region.Set; see matching
	resources  sharedTests
	spellings  spellings
	tagKeys    sync.Map // [2]string of family and tag -> contextKey
	partitions sync.Map // see symbols.cut
	rulesOnce  sync.Once
	rules      []int32 // by member; see ruleClasses
	warnings   []string
	services   map[string]bool
	sets       []serviceSet // by service
	verbs      []serviceSet // by service and verb
	others     region.Set   // the members that stand for unknown actions
	nothing    region.Set   // no member
}

// askedAction is one action of the question as written, with the members that it stands for.
type askedAction struct {
	text    string
	members region.Set
}

// compile resolves a question's actions against the catalogue.
func (w *World) compile(q Question) (*compiledQuestion, error) {
	if !w.readsTime {
		q.Now = time.Time{} // answers that the time does not touch are the same at any time
	}
	c := &compiledQuestion{Question: q, named: map[string]bool{}, actions: map[string]region.Set{}, services: map[string]bool{}}
	if c.Budget <= 0 {
		c.Budget = DefaultBudget
	}
	byName := map[string]int{}
	wanted := make([][]string, len(q.Actions))
	for i, text := range q.Actions {
		names, err := w.expand(text, c)
		if err != nil {
			return nil, err
		}
		wanted[i] = names
		for _, n := range names {
			byName[strings.ToLower(n)] = 0
		}
		c.asked = append(c.asked, askedAction{text: text})
	}
	keys := make([]string, 0, len(byName))
	for k := range byName {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	for i, k := range keys {
		byName[k] = i
	}
	c.members, c.nothing = make([]member, len(keys)), region.NewSet(len(keys))
	for i := range wanted {
		set := region.NewSet(len(keys))
		for _, n := range wanted[i] {
			at := byName[strings.ToLower(n)]
			set.Add(at)
			if c.members[at].name == "" {
				c.members[at] = w.member(n)
			}
		}
		c.asked[i].members = set
	}
	for i := range c.members {
		service, _, _ := strings.Cut(c.members[i].name, ":")
		c.services[strings.ToLower(service)] = true
	}
	for _, r := range q.Resources {
		t := policy.ResourceTemplate(r, policy.Identity, false)
		if t.Static == nil {
			return nil, badQuestion(r, "resource %q: want an ARN or a pattern without variables", r)
		}
		c.patterns = append(c.patterns, *t.Static)
	}
	if q.Budget <= 0 {
		c.Budget += budgetPerAction * int64(len(c.members))
	}
	mentionedKeys(q.When, c.named)
	c.serviceSets()
	c.verbSets()
	return c, nil
}

// expand lists the members that an action of the question stands for.
func (w *World) expand(text string, c *compiledQuestion) ([]string, error) {
	if level, ok := accessLevel(text); ok {
		service := "*"
		if s, _, found := strings.Cut(text, ":"); found {
			service = s
		}
		var names []string
		for a := range w.catalog.Actions(service + ":*") {
			if a.Access&level != 0 {
				names = append(names, a.Name)
			}
		}
		if len(names) == 0 {
			hint := ""
			if near := w.catalog.NearestService(service); near != "" {
				hint = "; did you mean " + near + text[len(service):] + "?"
			}
			return nil, badQuestion(text, "action %q: the catalogue has no service %q%s", text, service, hint)
		}
		return names, nil
	}
	if strings.HasPrefix(text, "@") || strings.Contains(text, ":@") {
		return nil, badQuestion(text, "action %q: want @list, @read, @write, @tagging or @permissions", text)
	}
	if text == "*" {
		text = "*:*"
	}
	service, name, ok := strings.Cut(text, ":")
	if !ok || service == "" || name == "" {
		return nil, badQuestion(text, "action %q: want service:Name, such as kms:Decrypt", text)
	}
	var names []string
	for a := range w.catalog.Actions(text) {
		names = append(names, a.Name)
	}
	if !strings.ContainsAny(text, "*?") {
		if len(names) == 0 {
			names = append(names, text)
			c.warnings = append(c.warnings, w.unknownAction(text))
		}
		return names, nil
	}
	pattern := region.Compile(region.Glob(text, true))
	for _, s := range w.catalog.Services() {
		if other := s + ":" + OtherName; pattern.Match(other) {
			names = append(names, other)
		}
	}
	if other := otherService + ":" + OtherName; pattern.Match(other) {
		names = append(names, other)
	}
	if len(names) == 0 {
		names = append(names, service+":"+OtherName)
		c.warnings = append(c.warnings, w.unknownAction(text))
	}
	return names, nil
}

func (w *World) unknownAction(text string) string {
	near := w.catalog.Nearest(text)
	if prefix, rest, _ := strings.Cut(text, ":"); strings.ContainsAny(rest, "*?") && !w.catalog.Known(prefix) {
		near = nil
		if s := w.catalog.NearestService(prefix); s != "" {
			near = []string{s + ":" + rest}
		}
	}
	msg := fmt.Sprintf("action %s is not in the catalogue of %s; the answer comes from the policies", text, w.catalog.Date())
	if len(near) > 0 {
		msg += "; did you mean " + near[0] + "?"
	}
	return msg
}

func accessLevel(text string) (catalog.AccessLevel, bool) {
	if _, after, ok := strings.Cut(text, ":"); ok {
		text = after
	}
	switch strings.ToLower(text) {
	case "@list":
		return catalog.List, true
	case "@read":
		return catalog.Read, true
	case "@write":
		return catalog.Write, true
	case "@tagging":
		return catalog.Tagging, true
	case "@permissions":
		return catalog.PermissionsManagement, true
	}
	return 0, false
}

func (w *World) member(name string) member {
	m := member{name: name, other: strings.HasSuffix(name, OtherName)}
	if a, ok := w.catalog.Action(name); ok {
		m.action = a
	}
	return m
}

// lists tells whether a service-specific key can be there for the action (C30); an action that is not in the catalogue may
// have any.
func (m *member) lists(key string) bool { return m.action == nil || m.action.HasKey(key) }

// indexOf is the place of one of the question's members.
func (c *compiledQuestion) indexOf(m *member) int {
	return sort.Search(len(c.members), func(i int) bool { return strings.ToLower(c.members[i].name) >= strings.ToLower(m.name) })
}

// matching gives the members that an Action or NotAction element matches. Patterns are matched once per question. The set is shared: it must not be
// changed.
func (c *compiledQuestion) matching(a *policy.Actions) region.Set {
	if !c.mentions(a) { // of most statements there is nothing to remember
		return c.nothing
	}
	if set, ok := c.spoken.Load(a); ok {
		return set.(region.Set)
	}
	set := c.match(a)
	c.spoken.Store(a, set)
	return set
}

// mentions tells whether an element may match a member: it names a service of the question, or names services by a pattern.
func (c *compiledQuestion) mentions(a *policy.Actions) bool {
	if a.Not || c.nothing.Len() != len(c.members) {
		return true
	}
	for i := range a.Patterns {
		service, _, ok := strings.Cut(a.Patterns[i].Text, ":")
		if !ok || strings.ContainsAny(service, "*?") || c.services[strings.ToLower(service)] {
			return true
		}
	}
	return false
}

func (c *compiledQuestion) match(a *policy.Actions) region.Set {
	out := region.NewSet(len(c.members))
	for i := range a.Patterns {
		p := &a.Patterns[i]
		out = out.Or(c.patternMembers(p))
	}
	if a.Not {
		out = out.Not()
	}
	return out
}

func (c *compiledQuestion) matchPattern(p *policy.ActionPattern) region.Set {
	set := region.NewSet(len(c.members))
	text := strings.ToLower(p.Text)
	if service, _, ok := strings.Cut(text, ":"); ok && !strings.ContainsAny(service, "*?") {
		if !c.services[service] {
			return set
		}
		prefix := service + ":"
		from := sort.Search(len(c.members), func(i int) bool { return strings.ToLower(c.members[i].name) >= prefix })
		for i := from; i < len(c.members) && strings.HasPrefix(strings.ToLower(c.members[i].name), prefix); i++ {
			if p.Match(c.members[i].name) {
				set.Add(i)
			}
		}
		return set
	}
	for i := range c.members {
		if p.Match(c.members[i].name) {
			set.Add(i)
		}
	}
	return set
}

// mentionedKeys collects the keys that an expression speaks of.
func mentionedKeys(e Expr, into map[string]bool) {
	switch e := e.(type) {
	case And:
		for _, sub := range e.Of {
			mentionedKeys(sub, into)
		}
	case Or:
		for _, sub := range e.Of {
			mentionedKeys(sub, into)
		}
	case Not:
		mentionedKeys(e.Of, into)
	case Test:
		into[e.Condition.Key] = true
		for i := range e.Condition.Values {
			if t := e.Condition.Values[i].Template; t != nil {
				addVariables(t, func(key string) { into[key] = true })
			}
		}
	}
}

// forget drops what is known of the statements of a document that nobody will ask about again.
func (c *compiledQuestion) forget(d *policy.Document) {
	for i := range d.Statements {
		s := &d.Statements[i]
		c.spoken.Delete(&s.Actions)
		c.contents.Delete(s)
		c.fixed.Delete(s)
		c.pathReaders.Delete(s)
		for j := range s.Resources.Patterns {
			if p := &s.Resources.Patterns[j]; p.Static != nil {
				c.resources.byKey.Delete(testKey{p.Text, false, p.Never})
			}
		}
	}
	c.documents.Delete(d)
}

// digest stands for a long text: nobody finds two with the same one.
type digest [16]byte

func digestOf[T string | []byte](text T) (d digest) {
	sum := sha256.Sum256([]byte(text))
	copy(d[:], sum[:])
	return d
}

// numbering numbers things by what they are, in the order in which they come.
type numbering[K comparable] struct {
	mu    sync.Mutex
	known map[K]int
}

// of gives a thing's number.
func (n *numbering[K]) of(key K) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	at, ok := n.known[key]
	if !ok {
		if n.known == nil {
			n.known = map[K]int{}
		}
		at = len(n.known)
		n.known[key] = at
	}
	return at
}
