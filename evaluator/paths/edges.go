package paths

import (
	"slices"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/evaluator/policy"
)

// findEdges finds all edges of a party: those that it shares with parties whose permissions come to the same once for all of them.
func (b *builder) findEdges(p *party) {
	name := b.signature(p)
	f, known := b.shared.edges[name]
	if !known {
		f = b.shareable(p)
		b.shared.edges[name] = f
	}
	own := b.findSelf(p, f)
	if !known {
		b.findControlled(f)
		b.shared.settle(f)
	}
	p.edges = f.edges
	if len(own) > 0 {
		p.edges = slices.Concat(f.edges[:f.own], own, f.edges[f.own:])
	}
}

// shareable finds what hangs on a party's permissions and its account alone, but for what it can make of others; see findControlled.
func (b *builder) shareable(p *party) *findings {
	f := &findings{control: none()}
	note := func(e edge, on leveled) {
		on.each(func(level Level, set *roaring.Bitmap) {
			one := e
			one.level, one.to = level, set
			if !e.leaf {
				one.to = b.sessions(set)
			}
			f.edges = append(f.edges, one)
		})
		if !e.leaf {
			f.control.or(on)
		}
	}
	note(edge{kind: CanAssume}, b.assumable(p))
	note(edge{kind: CanAssumeRoot, leaf: true}, b.rootSessions(p))
	for _, t := range b.usable {
		switch t.Kind {
		case Become, PassRole, HijackCompute:
			if on := b.takes(p, t); !on.empty() {
				note(edge{kind: t.Kind, technique: t, leaf: t.Limited != ""}, on)
			}
		case OpenResource:
			if on := b.meets(p, t).within(b.things.resources); !on.empty() {
				note(edge{kind: t.Kind, technique: t, leaf: true}, on)
			}
		case WeakenGuardrail:
			b.weakens(p, t, f)
		case MemberOf, CanAssume, CanFederate, ServiceAssumes, RunsAs, CanAccess, CanAssumeRoot, GainPermissions:
		}
	}
	f.edits = b.edits(p)
	b.noteGains(f)
	f.own = len(f.edges)
	return f
}

// rootSessions gives the root users that a party can get sessions of (E9), limited to one of AWS's five tasks. Another root user gets none.
func (b *builder) rootSessions(p *party) leveled {
	if !b.options.Leaves || b.nodes[p.members[0]].Kind == "root" || !contains(b.world.RootSessions(), p.account) {
		return none()
	}
	members := roaring.New()
	for _, arn := range b.world.RootsOfMembers() {
		members.Add(b.things.by[arn])
	}
	return b.holds(p, assumeRoot).on.within(members)
}

// assumable gives the roles that a party may assume (E5). A trust policy or identity policy that wants session tags or a source identity wants
// them to be allowed too.
func (b *builder) assumable(p *party) leveled {
	return b.assumed(b.holds(p, assumeRole).grants, func() leveled { return b.holds(p, tagSession).on }, func() leveled { return b.holds(p, sourceIdentity).on }).within(b.things.roles)
}

// assumed reads grants of an action that makes a session.
func (b *builder) assumed(grants []*evaluator.Access, tags, identity func() leveled) leveled {
	out := none()
	for _, g := range grants {
		set := b.thingsOf(g)
		if set.IsEmpty() {
			continue
		}
		wantsTags, wantsIdentity := false, false
		bare := g
		for _, key := range g.Keys() {
			isTag, isIdentity := sessionTag(key), key == "sts:sourceidentity"
			if !isTag && !isIdentity || bare == nil {
				continue
			}
			without := b.given(bare, key, "")
			wantsTags, wantsIdentity = wantsTags || isTag, wantsIdentity || isIdentity
			bare = without
		}
		if bare != g {
			b.bares[g] = bare
		}
		if bare != nil { // it can be done without
			out.add(set, b.level(bare))
		}
		if bare == g || !wantsTags && !wantsIdentity {
			continue
		}
		with := just(set, b.level(g))
		if wantsTags {
			with = with.and(tags())
		}
		if wantsIdentity {
			with = with.and(identity())
		}
		out.or(with)
	}
	return out
}

// sessionTag tells the keys of session tags that a request passes (D30).
func sessionTag(key string) bool {
	return key == "aws:tagkeys" || key == "sts:transitivetagkeys" || strings.HasPrefix(key, "aws:requesttag/")
}

// takes gives the principals that a technique takes over for a party (E11–E13).
func (b *builder) takes(p *party, t *Technique) leveled {
	on := b.meets(p, t)
	if on.empty() {
		return on
	}
	switch t.Target {
	case "provider":
		return b.signsIn(on)
	case "user":
		on = on.within(b.things.users)
	default:
		on = on.within(b.things.roles)
	}
	if t.Service != "" {
		on = on.and(b.admitting(t.Service))
	}
	return on
}

// meets gives the targets on which a party meets every requirement and fact of a technique. What the snapshot does not tell is taken to be so: it is
// an assumption of the edge.
func (b *builder) meets(p *party, t *Technique) leveled {
	limit := certain
	for _, r := range t.Requires {
		h := b.holds(p, r.Action)
		switch r.On {
		case OnNew:
			limit = min(limit, h.new)
		default:
			limit = min(limit, h.any)
		}
		if limit == evaluator.Denied {
			return none()
		}
	}
	var out leveled
	started := false
	narrow := func(on leveled) {
		if !started {
			out, started = on, true
			return
		}
		out = out.and(on)
	}
	compute := t.Kind == HijackCompute
	for _, r := range t.Requires {
		switch {
		case r.On == OnTarget && strings.EqualFold(r.Action, passRole) && t.Service != "":
			narrow(b.passable(p, t.Service))
		case r.On == OnTarget && strings.EqualFold(r.Action, updateTrust):
			narrow(b.holds(p, r.Action).on)
			narrow(b.openedTo(p))
		case r.On == OnTarget || r.On == OnCompute:
			narrow(b.holds(p, r.Action).on)
		}
	}
	switch {
	case compute && !started:
		narrow(just(b.things.in(p.account, b.things.compute), certain))
	case !started:
		narrow(just(b.inAccount(p, t), certain))
	}
	if compute {
		out = b.runBy(out, t)
	}
	for _, f := range t.Facts {
		if may, told := b.things.maybe[f]; told {
			out = out.within(may)
		}
	}
	if t.Target == "provider" && !hasFact(t, Absent) {
		out = out.within(b.things.there)
	}
	if !compute && t.Kind != PassRole && t.Target != "resource" && t.Target != "organization" && !hasFact(t, SSORole) {
		out = out.within(b.things.editable)
	}
	return out.capped(limit)
}

func hasFact(t *Technique, f Fact) bool {
	for _, have := range t.Facts {
		if have == f {
			return true
		}
	}
	return false
}

// passable gives the roles that a party may pass to a service (D49).
func (b *builder) passable(p *party, service string) leveled {
	return b.heldBy(b.holds(p, passRole).grants, service, func(h *held) {
		for _, g := range b.holds(p, passRole).grants {
			if g.Reads(passedTo) {
				if g = b.given(g, passedTo, service); g == nil {
					continue
				}
			}
			h.on.add(b.thingsOf(g), b.level(g))
		}
	}).on
}

// given is Access.Given, worked out once; no value stands for an absent key.
func (b *builder) given(g *evaluator.Access, key, value string) *evaluator.Access {
	at := givenKey{g, key, value}
	out, ok := b.givens[at]
	if !ok {
		if value == "" {
			out = g.Given(key)
		} else {
			out = g.Given(key, value)
		}
		b.givens[at] = out
	}
	return out
}

type givenKey struct {
	grant      *evaluator.Access
	key, value string
}

// runBy gives the roles of compute that a technique takes over, as far as their trust policies admit the service (E7).
func (b *builder) runBy(on leveled, t *Technique) leveled {
	out := none()
	on.each(func(level Level, set *roaring.Bitmap) {
		roles := roaring.New()
		set.Iterate(func(c uint32) bool {
			role, runs := b.things.runs[c]
			if runs && contains(t.Compute, b.things.list[c].typ) {
				roles.Add(role)
			}
			return true
		})
		out.add(roles, level)
	})
	return out
}

func contains[T comparable](list []T, one T) bool { return slices.Contains(list, one) }

// inAccount gives the targets of a technique that names none in its requirements: in the party's account, or for Identity Center, which one account
// administers for all, in every account.
func (b *builder) inAccount(p *party, t *Technique) *roaring.Bitmap {
	if t.Target == "organization" {
		return b.things.resources
	}
	everywhere := hasFact(t, SSORole)
	if everywhere && !b.administersSSO(p.account) {
		return roaring.New()
	}
	all := b.things.roles
	if t.Target == "user" {
		all = b.things.users
	}
	if everywhere {
		return all
	}
	return b.things.in(p.account, all)
}

// administersSSO tells whether an account may administer IAM Identity Center: the management account and its delegates; without organization data
// any account may.
func (b *builder) administersSSO(account string) bool {
	o := b.facts.Organization
	if o == nil || string(o.ManagementAccount) == account {
		return true
	}
	for _, d := range o.Delegated {
		if string(d.ID) != account {
			continue
		}
		for _, s := range d.ServicePrincipals {
			if s == "sso.amazonaws.com" {
				return true
			}
		}
	}
	return false
}

// signsIn gives the roles that identity providers under somebody's control sign in to: whoever controls a provider chooses its claims.
func (b *builder) signsIn(on leveled) leveled {
	out := none()
	on.within(b.things.providers).each(func(level Level, set *roaring.Bitmap) {
		set.Iterate(func(id uint32) bool {
			if roles, ok := b.accepts[b.things.list[id].arn]; ok {
				out.or(just(roles[conditional], certain).capped(level))
				out[unknown].Or(roles[unknown])
			}
			return true
		})
	})
	return out
}

// everyoneOfAccount is a trust policy that lets everybody in.
const everyoneTrust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"]}]}`

// prepareOpened makes the poll of who could assume which role of its account if the role's trust policy named it: nobody whom an SCP, an RCP or a policy
// of its own denies sts:AssumeRole.
func (b *builder) prepareOpened() error {
	w, err := b.world.WithTrust(b.ctx, policy.Parse(policy.Trust, []byte(everyoneTrust)))
	if err != nil {
		return err
	}
	if b.opened, err = w.NewPoll(evaluator.Question{Actions: []string{assumeRole}, Budget: b.options.Budget, Now: b.options.Now}, true); err != nil {
		return err
	}
	b.opened.Settle(func(string) bool { return false })
	return nil
}

// openedTo gives the roles of its account that a party may assume once their trust policies name it.
func (b *builder) openedTo(p *party) leveled {
	actor := b.nodes[p.members[0]].actor
	class := b.opened.Class(actor)
	if on, ok := b.openedBy[class]; ok {
		return on
	}
	out := none()
	found, err := b.opened.Ask(b.ctx, []*evaluator.Actor{actor})
	if err == nil && len(found) > 0 {
		for _, g := range found[0].Grants {
			out.add(b.thingsOf(g), b.level(g))
		}
	}
	if err != nil && b.err == nil {
		b.err = err
	}
	b.openedBy[class] = out
	return out
}

// weakens notes that a party can change the organization's own policies (E23), in the management account. To whom the organization's resource policy
// delegates that is not in a snapshot.
func (b *builder) weakens(p *party, t *Technique, f *findings) {
	o := b.facts.Organization
	if o == nil {
		return
	}
	limit := certain
	for _, r := range t.Requires {
		limit = min(limit, b.holds(p, r.Action).any)
	}
	if limit == evaluator.Denied {
		return
	}
	if string(o.ManagementAccount) != p.account {
		return
	}
	f.edges = append(f.edges, edge{kind: t.Kind, technique: t, level: limit, to: roaring.New(), leaf: true})
}

// admitting gives the roles whose trust policies let a service in; Amazon Cognito signs in as a built-in identity provider (A28).
func (b *builder) admitting(service string) leveled {
	if roles, ok := b.admitted[service]; ok {
		return roles
	}
	out := none()
	for _, roles := range []leveled{b.services[service], b.services["*"], b.accepts[service]} {
		if roles.any() != nil {
			out.or(roles)
		}
	}
	b.admitted[service] = out
	return out
}
