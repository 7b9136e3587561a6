package paths

import (
	"strings"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/accessgraph/accessgraph/evaluator"
)

// outsideEdge is what somebody who is no principal of the snapshot reaches at once.
type outsideEdge struct {
	node uint32
	edge edge
}

// addOutsiders finds everybody outside of the snapshot whom a trust policy lets in: accounts, anybody, identity providers and services (E5–E7). Providers
// and services have edges that hang on nothing else; all others may do what their grants say, as principals do.
func (b *builder) addOutsiders() error {
	found, err := b.polls[0].Outside(b.ctx)
	if err != nil {
		return err
	}
	for _, o := range found {
		switch o.Kind {
		case "service":
			if roles := b.letsIn(o); !roles.empty() {
				b.addTo(b.services, o.ARN, b.handedOver(o, roles))
				b.addStaticEdges(b.outsider(o), ServiceAssumes, roles)
			}
		case "provider":
			if roles := b.letsIn(o); !roles.empty() {
				b.addTo(b.accepts, o.ARN, roles)
				b.addStaticEdges(b.outsider(o), CanFederate, roles)
			}
		default:
			b.addGrants(o, 0)
		}
	}
	if err := b.addAbsent(); err != nil {
		return err
	}
	return b.addOpenProviders(found)
}

// addAbsent finds the roles that identity providers would sign in to which are not there: whoever creates one does (E11).
func (b *builder) addAbsent() error {
	absent := map[string]bool{}
	var roles []string
	for _, p := range b.world.Unlisted() {
		if p.Absent {
			absent[p.ARN] = true
			roles = append(roles, p.Roles...)
		}
	}
	if len(absent) == 0 {
		return nil
	}
	q := evaluator.Question{Actions: signIns, Resources: roles, Budget: b.options.Budget}
	poll, err := b.world.WithProviders().NewPoll(q, false)
	if err != nil {
		return err
	}
	found, err := poll.Outside(b.ctx)
	if err != nil {
		return err
	}
	for _, o := range found {
		if o.Kind == "provider" && absent[o.ARN] {
			b.addTo(b.accepts, o.ARN, b.letsIn(o))
		}
	}
	return nil
}

// addOpenProviders makes a node of whoever has any token of an identity provider with many tenants, where trust policies do not say which tenant's
// tokens they accept (E6): such roles are reachable from anyone.
func (b *builder) addOpenProviders(found []*evaluator.Outsider) error {
	openings, _, err := b.world.External(b.ctx, evaluator.Question{Budget: b.options.Budget, Now: b.options.Now}, evaluator.ExternalOptions{Trust: true}, nil)
	if err != nil {
		return err
	}
	open := map[string]*roaring.Bitmap{}
	for _, o := range openings {
		if role, ok := b.things.by[o.Resource]; ok && o.Grantee.Kind == evaluator.GranteeProvider && contains(o.Risks, evaluator.RiskPublic) {
			if open[o.Grantee.ID] == nil {
				open[o.Grantee.ID] = roaring.New()
			}
			open[o.Grantee.ID].Add(role)
		}
	}
	for _, o := range found {
		roles := open[o.ARN]
		if o.Kind != "provider" || roles == nil {
			continue
		}
		anyone := *o
		anyone.Kind, anyone.Name = "public", "anyone with a token of "+o.ARN
		b.addStaticEdges(b.outsider(&anyone), CanFederate, b.letsIn(o).within(roles))
	}
	return nil
}

// addOutsidersBeyond finds what other resources' policies let outsiders do.
func (b *builder) addOutsidersBeyond() error {
	for at, poll := range b.polls {
		if at == 0 {
			continue
		}
		found, err := poll.Outside(b.ctx)
		if err != nil {
			return err
		}
		for _, o := range found {
			if o.Kind != "service" && o.Kind != "provider" {
				b.addGrants(o, at)
			}
		}
	}
	return nil
}

// addGrants notes what an outsider may do of a poll.
func (b *builder) addGrants(o *evaluator.Outsider, poll int) {
	n := b.outsider(o)
	if b.abroad[n] == nil {
		b.abroad[n] = map[int][]*evaluator.Access{}
	}
	b.abroad[n][poll] = append(b.abroad[n][poll], o.Grants...)
}

func (b *builder) addStaticEdges(n uint32, kind Kind, roles leveled) {
	roles.each(func(level Level, set *roaring.Bitmap) {
		b.static = append(b.static, outsideEdge{n, edge{kind: kind, level: level, to: set}})
	})
}

// addAbroad makes a party of each outsider that acts as principals do.
func (b *builder) addAbroad() {
	for _, n := range b.outside {
		if found := b.abroad[n]; found != nil {
			grants := make([][]*evaluator.Access, len(b.polls))
			for at, list := range found {
				grants[at] = list
			}
			b.nodes[n].party = int32(len(b.parties))
			b.parties = append(b.parties, party{members: []uint32{n}, account: b.nodes[n].Account, grants: grants})
		}
	}
}

func (b *builder) addTo(to map[string]leveled, name string, roles leveled) {
	have, ok := to[name]
	if !ok {
		have = none()
	}
	have.or(roles)
	to[name] = have
}

// letsIn gives the roles that an outsider gets sessions of.
func (b *builder) letsIn(o *evaluator.Outsider) leveled {
	out := none()
	named := func(action string) []*evaluator.Access {
		var list []*evaluator.Access
		at := b.places[strings.ToLower(action)].action
		for _, g := range o.Grants {
			if g.HasAt(at) {
				list = append(list, g)
			}
		}
		return list
	}
	on := func(action string) func() leveled {
		return func() leveled {
			l := none()
			for _, g := range named(action) {
				l.add(b.thingsOf(g), b.level(g))
			}
			return l
		}
	}
	for _, action := range []string{assumeRole, withSAML, withWeb} {
		out.or(b.assumed(named(action), on(tagSession), on(sourceIdentity)))
	}
	return out.within(b.things.roles)
}

// outsider gives the node of somebody outside.
func (b *builder) outsider(o *evaluator.Outsider) uint32 {
	key := o.Kind + "\x00" + o.ARN + "\x00" + o.Name
	if n, ok := b.strangers[key]; ok {
		if b.nodes[n].outsider == nil { // of a graph that keeps the numbers of another
			b.nodes[n].outsider = o
		}
		return n
	}
	n := uint32(len(b.nodes))
	b.strangers[key] = n
	node := Node{
		Kind: o.Kind, ARN: o.ARN, Name: o.Name, Account: o.Account, Principal: n, party: -1, outsider: o,
		Outside: b.beyond(o.Kind, o.ARN, o.Account), Open: o.Kind == "public",
	}
	if o.Kind == "provider" {
		node.Account = providerAccount(o.ARN)
	}
	b.nodes = append(b.nodes, node)
	b.outside = append(b.outside, n)
	return n
}

func providerAccount(arn string) string {
	if parts := strings.SplitN(arn, ":", 6); len(parts) == 6 {
		return parts[4]
	}
	return ""
}

// computeServices are the services that compute runs for, by the kind of compute: the principal that its role trusts (E7).
func computeServices(list *List) map[string]string {
	out := map[string]string{}
	for i := range list.All {
		t := &list.All[i]
		for _, kind := range t.Compute {
			if t.Kind == HijackCompute && out[kind] == "" {
				out[kind] = t.Service
			}
		}
	}
	return out
}

// addStatic makes the edges of outsiders and compute, and nodes for compute that runs with a role (E7).
func (b *builder) addStatic() {
	services := computeServices(b.techniques)
	b.things.compute.Iterate(func(c uint32) bool {
		role, runs := b.things.runs[c]
		if !runs {
			return true
		}
		t := b.things.list[c]
		level := unknown // a kind of compute whose service nobody told
		if service := services[t.typ]; service != "" {
			level = b.admitting(service).of(role)
		}
		if level == evaluator.Denied {
			return true
		}
		n, there := b.strangers["compute\x00"+t.arn+"\x00"+t.typ]
		if !there {
			n = uint32(len(b.nodes))
			b.nodes = append(b.nodes, Node{Kind: "compute", ARN: t.arn, Name: t.typ, Account: t.account, Principal: n, party: -1})
			b.outside = append(b.outside, n)
		}
		b.static = append(b.static, outsideEdge{n, edge{kind: RunsAs, level: level, to: roaring.BitmapOf(role)}})
		return true
	})
	for i := range b.static {
		s := &b.static[i]
		if s.edge.kind != CanFederate {
			s.edge.to = b.sessions(s.edge.to)
		}
		if b.nodes[s.node].party < 0 {
			b.nodes[s.node].party = int32(len(b.parties))
			b.parties = append(b.parties, party{members: []uint32{s.node}, account: b.nodes[s.node].Account})
		}
		p := &b.parties[b.nodes[s.node].party]
		p.edges = append(p.edges, s.edge)
	}
}

// handedOver is the roles that a service gets sessions of for somebody who has it run with them: the keys that say for which resource it acts are
// then of that resource, in the role's account (D49).
func (b *builder) handedOver(o *evaluator.Outsider, roles leveled) leveled {
	out := none()
	out.or(roles)
	at := b.places[strings.ToLower(assumeRole)].action
	for _, g := range o.Grants {
		if b.level(g) != conditional || !g.HasAt(at) {
			continue
		}
		b.thingsOf(g).Iterate(func(role uint32) bool {
			own := g
			if g.Reads("aws:SourceAccount") {
				if own = b.given(g, "aws:SourceAccount", b.things.list[role].account); own == nil {
					out[conditional].Remove(role)
					out[unknown].Remove(role)
					return true
				}
			}
			keys := own.Keys()
			if own == g && len(keys) == 0 { // a condition on something else, which was let go of
				return true
			}
			for _, key := range keys {
				if !strings.HasPrefix(key, "aws:source") && !evaluator.Chosen(key) {
					return true
				}
			}
			if roles[conditional].Contains(role) {
				out[certain].Add(role)
			}
			return true
		})
	}
	return out
}
