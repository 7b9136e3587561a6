package evaluator

import (
	"context"
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/evaluator/segment"
)

// crowd is callers of an account that nothing in play tells apart.
type crowd struct {
	caller  *caller
	plain   string  // what tells them apart from others, whoever spells them out
	abroad  bool    // another account's resource spells them out
	shapes  []int32 // all members of these, but for those who are judged by themselves
	members []int   // and these
	count   int
	root    bool
}

// roll is the principals of an account, while they are divided into crowds.
type roll struct {
	*sight
	all     *roster
	t       *targets
	counts  []int // by shape: members who are not counted yet
	named   map[int]bool
	abroad  map[int]bool // those of them whom other accounts' resources spell out
	known   map[string]*readers
	crowds  []*crowd
	byKey   map[string]*crowd
	settled int // bunches whom a resource's own policy lets in
}

func (v *sight) roll(t *targets) (*roll, error) {
	named, abroad, err := v.namedMembers(t)
	if err != nil {
		return nil, err
	}
	r := &roll{sight: v, abroad: abroad, t: t, counts: make([]int, len(v.seg.Shapes)), named: map[int]bool{}, known: map[string]*readers{}, byKey: map[string]*crowd{}}
	for i := range r.counts {
		r.counts[i] = v.seg.Shapes[i].Count
	}
	if len(named) > 0 {
		if r.all, err = v.roster(); err != nil {
			return nil, err
		}
	}
	for _, at := range named {
		r.named[at] = true
		r.counts[r.all.members[at].Shape]--
		if err := r.one(at); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// key spells what tells a caller apart, with the readers that see something of it.
func (r *roll) key(c *caller) (string, *readers) {
	base := r.t.classKey(c)
	rd := r.known[base]
	if rd == nil {
		rd = r.t.readersFor(c)
		r.known[base] = rd
	}
	return base, rd
}

func (r *roll) crowd(key string, c *caller) *crowd {
	have := r.byKey[key]
	if have == nil {
		have = &crowd{caller: c}
		r.byKey[key] = have
		r.crowds = append(r.crowds, have)
	}
	return have
}

// one adds a member by itself.
func (r *roll) one(at int) error {
	c, err := r.memberCaller(at)
	if err != nil {
		return err
	}
	base, rd := r.key(c)
	plain := base + r.t.spelled(rd, c)
	key := base + rd.vector(r.t, c)
	if r.named[at] { // by another account's resource, of which r.t does not know
		key += "\x00named " + c.arn
	}
	cr := r.crowd(key, c)
	cr.plain, cr.abroad = plain, cr.abroad || r.abroad[at]
	cr.members, cr.count = append(cr.members, at), cr.count+1
	return nil
}

// bunch is shapes that differ in nothing but documents that are not in question.
type bunch struct {
	shapes []int32
	count  int
}

// bunches joins the shapes that are not counted yet by what of them is in question: all of it, or what can forbid them something.
func (r *roll) bunches(denies bool) []*bunch {
	tags := slices.ContainsFunc(r.world.part.reads, readsPrincipalTag) || r.t.question.readsPrincipalTags() || r.t.guardsReadTags(r.account)
	var out []*bunch
	byKey := map[string]*bunch{}
	for i := range r.seg.Shapes {
		if r.counts[i] == 0 {
			continue
		}
		s := &r.seg.Shapes[i]
		k := &keyWriter{}
		k.flags(s.Role, s.Linked, s.FreeTags, s.Anyone, s.Federated, s.Cognito, s.Boundary != nil)
		for _, name := range s.Services {
			k.text(name)
		}
		k.int(-2)
		for _, p := range s.Identity {
			if p.Document == segment.Missing || r.relevant[p.Document] && (!denies || r.denies[p.Document]) {
				k.int(int(p.Document))
			}
		}
		k.int(-2)
		if b := s.Boundary; b != nil && (b.Document == segment.Missing || r.relevant[b.Document]) {
			k.int(int(b.Document))
		}
		if tags {
			for _, tag := range s.Tags {
				k.text(tag.Key)
				k.text(tag.Value)
			}
		}
		b := byKey[k.String()]
		if b == nil {
			b = &bunch{}
			byKey[k.String()] = b
			out = append(out, b)
		}
		b.shapes, b.count = append(b.shapes, int32(i)), b.count+r.counts[i]
	}
	return out
}

func readsPrincipalTag(key string) bool { return strings.HasPrefix(key, "aws:principaltag/") }

func (c *compiledQuestion) readsPrincipalTags() bool {
	for key := range c.named {
		if readsPrincipalTag(key) {
			return true
		}
	}
	return false
}

// guardsReadTags tells whether an SCP or RCP of an account reads tags of the caller.
func (t *targets) guardsReadTags(a *account) bool {
	for _, levels := range [][][]Policy{a.scps, a.rcps} {
		for _, level := range levels {
			for i := range level {
				for j := range level[i].Doc.Statements {
					rd := &readers{}
					rd.statement(&level[i].Doc.Statements[j], readsPrincipalTag)
					if len(rd.conditions)+len(rd.keys) > 0 {
						return true
					}
				}
			}
		}
	}
	return false
}

// settle counts those whom the account's resources let in whatever their own policies allow: a policy of a resource is enough (D21). What
// forbids them something counts.
func (r *roll) settle(ctx context.Context, found func(*caller) (*presence, error), counts headcount) error {
	for _, b := range r.bunches(true) {
		shape := &r.seg.Shapes[b.shapes[0]]
		c := r.callerOf(shape, nil, "")
		c.identity = c.identity[:0]
		for _, p := range shape.Identity {
			if p.Document == segment.Missing || r.denies[p.Document] {
				if doc := r.document(p.Document, policy.Identity); doc != silent {
					c.identity = append(c.identity, Policy{Name: p.Name, Doc: doc})
				}
			}
		}
		if _, rd := r.key(c); rd.individual() {
			continue
		}
		p, err := found(c)
		if err != nil {
			return err
		}
		own, _, _ := r.t.groupsAround(c)
		if p.many() {
			_, err = p.try(ctx, own)
		} else {
			err = p.look(ctx, own)
		}
		if err != nil {
			return err
		}
		if p.verdict() != Conditional {
			continue
		}
		counts.add(r.id(), c.kind, Conditional, b.count)
		r.settled++
		for _, at := range b.shapes {
			r.counts[at] = 0
		}
	}
	return nil
}

// divide makes crowds of all who are not counted yet.
func (r *roll) divide() error {
	apart := map[int32]bool{}
	for _, b := range r.bunches(false) {
		c := r.callerOf(&r.seg.Shapes[b.shapes[0]], nil, "")
		base, rd := r.key(c)
		if !rd.individual() {
			cr := r.crowd(base+rd.vector(r.t, c), c)
			cr.plain = base + r.t.spelled(rd, c)
			cr.shapes, cr.count = append(cr.shapes, b.shapes...), cr.count+b.count
			continue
		}
		for _, at := range b.shapes {
			apart[at] = true
		}
	}
	if len(apart) == 0 {
		return r.addRoot()
	}
	all, err := r.roster()
	if err != nil {
		return err
	}
	r.all = all
	for at := range all.members {
		if apart[r.all.members[at].Shape] && !r.named[at] {
			if err := r.one(at); err != nil {
				return err
			}
		}
	}
	return r.addRoot()
}

func (r *roll) addRoot() error {
	root := r.world.rootCaller(r.account)
	base, rd := r.key(root)
	r.crowds = append(r.crowds, &crowd{caller: root, plain: base + r.t.spelled(rd, root), count: 1, root: true})
	return nil
}
