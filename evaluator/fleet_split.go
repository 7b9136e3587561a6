package evaluator

import (
	"strings"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/evaluator/region"
	"github.com/accessgraph/accessgraph/evaluator/segment"
)

// What is alike to the resources of one account may differ to those of others: they name a caller, or read a tag of it.

// readGates notes which accounts the conditions of gates, and of the RCPs over them, speak of.
func (k *asking) readGates(g *gates, sights map[*segmented]*sight) {
	read := func(text []byte, portable bool) {
		g.partial = g.partial || !portable
		for i := 0; i+12 <= len(text); i++ {
			if id := string(text[i : i+12]); isAccountID(id) {
				g.named[id] = true
			}
		}
	}
	for _, v := range sights {
		seen := map[int32]bool{}
		note := func(place int32) {
			if place != segment.Missing && v.relevant[place] && !seen[place] {
				seen[place] = true
				read(v.texts[place], v.seg.Documents[place].Portable)
			}
		}
		for _, r := range v.account.facts.Resources {
			if place, ok := segment.PlaceOf(v.account.id, r.Policy); ok {
				note(place)
			}
		}
		for i := range v.seg.Shapes {
			if v.seg.Shapes[i].Open {
				note(v.seg.Shapes[i].Trust)
			}
		}
		for _, level := range v.account.rcps {
			for i := range level {
				guard := k.guardOf(level[i].Doc)
				read(guard.text, guard.portable)
			}
		}
	}
}

// abroadReaders are the readers of the gates that may let in somebody of an account.
func (g *gates) abroadReaders(id string) *readers {
	rd := &readers{}
	seen := map[string]bool{}
	docs := map[*policy.Document]bool{}
	add := func(p *Policy) {
		if p != nil && !docs[p.Doc] {
			docs[p.Doc] = true
			rd.document(p.Doc, g.t.question, seen)
		}
	}
	for _, group := range g.t.cross {
		if group.owner.id == id || !group.outsiders.admits(id) {
			continue
		}
		add(group.policy)
		for _, level := range group.owner.rcps {
			for i := range level {
				add(&level[i])
			}
		}
	}
	return rd
}

// spellsOut tells whether some gate may name a principal of an account: by its ARN, or by a unique id, which is anybody's.
func (g *gates) spellsOut() func(id string) bool {
	anybody, accounts := false, map[string]bool{}
	for who := range g.t.named {
		if strings.HasPrefix(who, "arn:") {
			accounts[arnAccount(who)] = true
		} else {
			anybody = true
		}
	}
	return func(id string) bool { return anybody || accounts[id] }
}

// splitAdmitted gives the leftovers whom some gate may let in, those whom gates tell apart one by one.
func (k *asking) splitAdmitted(g *gates, sights map[*segmented]*sight, wanted region.Set) ([]*leftover, error) {
	all := k.left
	k.left = nil
	var out []*leftover
	spelled := g.spellsOut()
	var in *segmented
	var rd *readers
	var v *sight
	for _, l := range all { // by account
		if !g.admit(l, wanted, k.question.AllOf) {
			k.left = append(k.left, l)
			continue
		}
		if l.in != in {
			in, rd, v = l.in, g.abroadReaders(l.in.id()), sights[l.in]
		}
		alike := len(rd.conditions)+len(rd.keys) == 0 && !spelled(l.in.id())
		if alike || l.root || l.count == 1 && l.member >= 0 {
			k.left, out = append(k.left, l), append(out, l)
			continue
		}
		if v == nil {
			var err error
			if v, err = k.seeCallers(l.in); err != nil {
				return nil, err
			}
		}
		parts, err := v.split(g.t, l, rd)
		if err != nil {
			return nil, err
		}
		k.left, out = append(k.left, parts...), append(out, parts...)
	}
	return out, nil
}

// split divides a leftover by what readers see of its members.
func (v *sight) split(t *targets, l *leftover, rd *readers) ([]*leftover, error) {
	places, err := v.namedMembers(t)
	if err != nil {
		return nil, err
	}
	named := map[int]bool{}
	apart := map[int32]bool{} // shapes with members who are looked at one by one
	for _, at := range places {
		named[at] = true
		apart[v.members[at].Shape] = true
	}
	var out []*leftover
	byKey := map[string]*leftover{}
	add := func(c *caller, shape int32, member, count int) {
		key := t.spelled(rd, c)
		if named[member] {
			key += "\x00named " + c.arn
		}
		part := byKey[key]
		if part == nil {
			one := *l
			part = &one
			part.shape, part.member, part.makeup, part.count = shape, member, makeup{}, 0
			switch {
			case named[member]:
				part.key = ""
			case l.key != "":
				part.key += strings.ReplaceAll(key, v.id(), segment.Neutral)
			}
			byKey[key] = part
			out = append(out, part)
		}
		part.count += count
	}
	single := func(at int) error {
		c, err := v.memberCaller(at)
		if err == nil {
			add(c, v.members[at].Shape, at, 1)
		}
		return err
	}
	for _, at := range l.members {
		if err := single(at); err != nil {
			return nil, err
		}
	}
	whole := map[int32]bool{}
	for _, shape := range l.shapes {
		whole[shape] = true
		if apart[shape] || rd.individual() {
			continue
		}
		left := v.seg.Shapes[shape].Count
		for at := range l.but {
			if v.members[at].Shape == shape {
				left--
			}
		}
		add(v.callerOf(&v.seg.Shapes[shape], nil, ""), shape, -1, left)
		delete(whole, shape)
	}
	if len(whole) == 0 {
		return out, nil
	}
	if err := v.names(); err != nil {
		return nil, err
	}
	for at := range v.members {
		if whole[v.members[at].Shape] && !l.but[at] {
			if err := single(at); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}
