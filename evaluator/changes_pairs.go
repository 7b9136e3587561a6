package evaluator

import ()

// pairing is one principal as the two snapshots have it.
type pairing struct {
	callers  [2]*caller
	presence Presence
	quiet    bool // it is bound as before
}

// newest is the principal as answers show it.
func (p *pairing) newest() (*caller, int) {
	if p.callers[1] != nil {
		return p.callers[1], 1
	}
	return p.callers[0], 0
}

// pairingClass is principals that nothing tells apart in either snapshot.
type pairingClass struct {
	pairing
	members []pairing
}

// prepare finds out what must be known before classes can be compared side by side.
func (m *moments) prepare() {
	for x, t := range m.targets {
		for _, a := range t.world.accounts { // what is kept of them
			m.ownerState(x, a)
		}
		for _, g := range t.groups {
			m.settled(x, g)
		}
		t.resourceReaders()
	}
}

// classes divides the principals whom something could have changed for into classes.
func (m *moments) classes() []*pairingClass {
	known := map[string]*pairingClass{}
	var out []*pairingClass
	readers := [2]map[string]*readers{{}, {}}
	unsettled := m.unsettled()
	for _, p := range m.pairings() {
		if p.presence == InBoth {
			p.quiet = !m.moved && m.callerState(0, p.callers[0]) == m.callerState(1, p.callers[1])
			if p.quiet && !unsettled.concerns(p.callers) {
				continue
			}
		} else if !m.missed(&p) {
			continue
		}
		k := &keyWriter{}
		k.int(int(p.presence))
		k.flags(p.quiet)
		for x, t := range m.targets {
			c := p.callers[x]
			if c == nil {
				continue
			}
			base := t.classKey(c)
			if readers[x][base] == nil {
				readers[x][base] = t.readersFor(c)
			}
			k.text(base)
			k.text(readers[x][base].vector(t, c))
		}
		cl := known[k.String()]
		if cl == nil {
			cl = &pairingClass{pairing: p}
			known[k.String()] = cl
			out = append(out, cl)
		}
		cl.members = append(cl.members, p)
	}
	return out
}

// pairings pairs the principals of the snapshots: by the unique id that AWS gave them, or by name where one of them has none.
func (m *moments) pairings() []pairing {
	ids, names := map[string]*caller{}, map[string]*caller{}
	for _, c := range m.worlds[0].callers {
		names[c.arn] = c
		if id := c.principal.UniqueID; id != "" {
			ids[c.principal.Account+" "+id] = c
		}
	}
	taken := map[*caller]bool{}
	var out []pairing
	for _, c := range m.worlds[1].callers {
		was := ids[c.principal.Account+" "+c.principal.UniqueID]
		if was == nil || c.principal.UniqueID == "" {
			if was = names[c.arn]; was != nil && was.principal.UniqueID != "" && c.principal.UniqueID != "" {
				was = nil
			}
		}
		if was == nil || taken[was] || was.kind != c.kind {
			out = append(out, pairing{callers: [2]*caller{nil, c}, presence: Appeared})
			continue
		}
		taken[was] = true
		out = append(out, pairing{callers: [2]*caller{was, c}})
	}
	for _, c := range m.worlds[0].callers {
		if !taken[c] {
			out = append(out, pairing{callers: [2]*caller{c, nil}, presence: Gone})
		}
	}
	return out
}

// missed tells whether a principal that one snapshot alone has was not there at the time of the other one, which would have it.
func (m *moments) missed(p *pairing) bool {
	c, x := p.newest()
	other := m.worlds[1-x]
	id := c.principal.Account
	if a := other.account(id); a.principalsRead() || other.lacks(id) {
		return true
	}
	m.unread["principals of account "+id+": "+momentNames[1-x]+" does not tell who they were"] = true
	return false
}

// unsettledGroups are the groups of resources that are not as they were.
type unsettledGroups struct {
	owners   map[string]bool // accounts that own some
	admits   map[string]bool // accounts that others' let in
	everyone bool
}

func (m *moments) unsettled() *unsettledGroups {
	u := &unsettledGroups{owners: map[string]bool{}, admits: map[string]bool{}}
	for x, t := range m.targets {
		for _, a := range t.world.order {
			if !m.sameOwner(a) {
				u.owners[a.id] = true
			}
		}
		for _, g := range t.groups {
			if m.settled(x, g) {
				continue
			}
			u.owners[g.ownerAccount()] = true
			u.everyone = u.everyone || g.outsiders.everyone
			for id := range g.outsiders.accounts {
				u.admits[id] = true
			}
		}
	}
	return u
}

// concerns tells whether a principal may have to do with some of them.
func (u *unsettledGroups) concerns(callers [2]*caller) bool {
	for _, c := range callers {
		if id := c.principal.Account; u.everyone || u.owners[id] || u.admits[id] {
			return true
		}
	}
	return false
}
