package policy

// principals reads Principal or NotPrincipal (A7, A20, A31, D17).
func (s *statementReader) principals() {
	rule := principalRuleOf(s.kind)
	m, not, ok := s.either("A7", "Principal", "NotPrincipal", rule == principalRequired)
	if !ok {
		if rule == principalOptional && s.member("Principal") == nil {
			s.out.Principals = Principals{None: true} // A7: read as "*"
		}
		return
	}
	at := s.at.member(m.name)
	if rule == principalRefused {
		broken := "A7"
		if s.kind == SCP {
			broken = "A34"
		}
		s.broke(broken, at, m.nameAt, "%s has no %s, it speaks of whom it is attached to; remove it", s.kind.phrase(), m.name)
		return
	}
	if not {
		s.notPrincipal(m, at)
	}
	entries, ok := s.principalEntries(m, at)
	if !ok {
		return
	}
	s.out.Principals = Principals{Not: not, Entries: entries}
	if s.kind == RCP && !not && (!everyoneAlone(entries)) {
		s.broke("D17", at, m.offset, `the Principal of an RCP is "*"; restrict whom it binds with a condition`)
	}
}

// notPrincipal says where NotPrincipal may not stand (A31, D17). With Allow it is still read, as a grant to everyone else.
func (s *statementReader) notPrincipal(m *node, at *path) {
	switch {
	case s.kind == RCP:
		s.broke("D17", at, m.nameAt, "an RCP has no NotPrincipal; deny everyone, with a condition on aws:PrincipalArn")
	case s.kind == Trust:
		s.broke("A31", at, m.nameAt, "a trust policy has no NotPrincipal; name under Principal who may assume the role")
	case len(s.effects) == 1 && s.effects[0] == Allow:
		s.problem("A31", at, m.nameAt, "Allow with NotPrincipal grants access to everyone who is not listed, anonymous callers included; name under Principal who is meant")
	}
}

// principalEntries reads "*" or the map (A20); ok is false when the entries cannot be relied on.
func (s *statementReader) principalEntries(m *node, at *path) (entries []PrincipalEntry, ok bool) {
	switch {
	case m.kind == '"' && m.text == "*":
		if s.kind == Trust {
			s.problem("A22", at, m.offset, `a trust policy does not take "*"; write {"AWS": "*"}`)
		}
		return everyone().Entries, true
	case m.kind != '{':
		s.broke("A20", at, m.offset, `%s is "*" or an object with AWS, Service, Federated or CanonicalUser, not %s`, m.name, describe(m))
		return nil, false
	}
	if len(m.children) == 0 {
		s.lint("A16", at, m.offset, "an empty %s matches nobody; name somebody", m.name)
	}
	ok = true
	for i := range m.children {
		kind := &m.children[i]
		place := at.member(kind.name)
		switch {
		case kind.twin:
			s.twice(kind, m.name)
			ok = false
			continue
		case kind.name != mapAWS && kind.name != mapService && kind.name != mapFederated && kind.name != mapCanonicalUser:
			s.broke("A20", place, kind.nameAt, "unknown kind of principal %s; expected AWS, Service, Federated or CanonicalUser%s", clip(kind.name), meant(kind.name, mapAWS, mapService, mapFederated, mapCanonicalUser))
			ok = false
			continue
		}
		list, fine := s.texts(kind, place)
		ok = ok && fine
		for _, v := range list {
			e, found, wrong := principalEntry(s.kind, kind.name, v.text)
			s.flaws(&v, found)
			if wrong.rule != "" {
				s.broke(wrong.rule, v.path(), v.offset, "%s", wrong.message)
				ok = false
				continue
			}
			entries = append(entries, e)
		}
	}
	return entries, ok
}

// everyoneAlone tells whether a list of principals is "*" (D17).
func everyoneAlone(entries []PrincipalEntry) bool {
	for _, e := range entries {
		if e.Kind != PrincipalEveryone {
			return false
		}
	}
	return len(entries) > 0
}

// describe is what stands in a place where something else was expected.
func describe(n *node) string {
	if n.kind == '"' {
		return clip(n.text)
	}
	return n.what()
}
