package paths

import (
	"bytes"
	"maps"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/graph"
)

// without gives the facts with statements taken out, each of the one policy that it is in: entities share documents by hash, and keep theirs. ok is
// false when a statement was not found.
func without(facts *graph.Facts, gone []Statement) (_ *graph.Facts, ok bool) {
	t := &taking{facts: facts, docs: maps.Clone(facts.Documents), places: map[policyPlace][]int{}, found: map[policyPlace]bool{}}
	for _, s := range gone {
		at := placeOf(&s)
		t.places[at] = append(t.places[at], s.Index)
	}
	own := *facts
	own.Accounts = make([]*graph.Account, len(facts.Accounts))
	for i, a := range facts.Accounts {
		own.Accounts[i] = t.account(a)
	}
	own.Documents = t.docs
	return &own, len(t.found) == len(t.places)
}

// policyPlace is a policy of the snapshot.
type policyPlace struct{ owner, policy, version string }

func placeOf(s *Statement) policyPlace {
	if s.Layer == evaluator.LayerResource {
		return policyPlace{s.Owner, trustOrResource, ""}
	}
	return policyPlace{s.Owner, s.Policy, s.Version}
}

// trustOrResource stands for the policy that a role or resource has of its own; no inline policy is called so.
const trustOrResource = "\x00"

// taking is the removal of statements.
type taking struct {
	facts  *graph.Facts
	docs   map[graph.DocumentHash]*graph.Document
	places map[policyPlace][]int
	found  map[policyPlace]bool
}

func (t *taking) account(a *graph.Account) *graph.Account {
	own := *a
	own.Users = replaced(a.Users, func(u *graph.User) *graph.User {
		if inline, changed := t.inline(string(u.ARN), u.Inline); changed {
			other := *u
			other.Inline = inline
			return &other
		}
		return u
	})
	own.Groups = replaced(a.Groups, func(g *graph.Group) *graph.Group {
		if inline, changed := t.inline(string(g.ARN), g.Inline); changed {
			other := *g
			other.Inline = inline
			return &other
		}
		return g
	})
	own.Roles = replaced(a.Roles, func(r *graph.Role) *graph.Role {
		inline, changed := t.inline(string(r.ARN), r.Inline)
		trust, also := t.document(policyPlace{string(r.ARN), trustOrResource, ""}, r.Trust)
		if changed || also {
			other := *r
			other.Inline, other.Trust = inline, trust
			return &other
		}
		return r
	})
	own.Policies = replaced(a.Policies, t.managed)
	own.Resources = replaced(a.Resources, func(r *graph.Resource) *graph.Resource {
		if hash, changed := t.document(policyPlace{string(r.ARN), trustOrResource, ""}, r.Policy); changed {
			other := *r
			other.Policy = hash
			return &other
		}
		return r
	})
	return &own
}

// replaced is a list with some of its elements changed; the list itself where none is.
func replaced[T any](list []*T, edit func(*T) *T) []*T {
	out := list
	for i, x := range list {
		other := edit(x)
		if other == x {
			continue
		}
		if &out[0] == &list[0] {
			out = slices.Clone(list)
		}
		out[i] = other
	}
	return out
}

func (t *taking) inline(owner string, list []graph.InlinePolicy) (out []graph.InlinePolicy, changed bool) {
	out = list
	for i, p := range list {
		hash, edited := t.document(policyPlace{owner, p.Name, ""}, p.Document)
		if !edited {
			continue
		}
		if !changed {
			out, changed = slices.Clone(list), true
		}
		out[i].Document = hash
	}
	return out, changed
}

func (t *taking) managed(p *graph.ManagedPolicy) *graph.ManagedPolicy {
	versions, changed := p.Versions, false
	for i, v := range p.Versions {
		name := v.ID
		if v.Default || v.ID == p.DefaultVersion {
			name = ""
		}
		hash, edited := t.document(policyPlace{string(p.ARN), "", name}, v.Document)
		if !edited {
			continue
		}
		if !changed {
			versions, changed = slices.Clone(p.Versions), true
		}
		versions[i].Document = hash
	}
	if !changed {
		return p
	}
	other := *p
	other.Versions = versions
	return &other
}

// document is a policy's document without the statements that are to go.
func (t *taking) document(at policyPlace, hash graph.DocumentHash) (graph.DocumentHash, bool) {
	gone := t.places[at]
	d := t.facts.Documents[hash]
	if len(gone) == 0 || d == nil {
		return hash, false
	}
	text, ok := withoutStatements(d.Canonical, gone)
	if !ok {
		return hash, false
	}
	t.found[at] = true
	other := graph.CanonicalDocument(text)
	t.docs[other.Hash] = &other
	return other.Hash, true
}

// withoutStatements takes statements out of a policy, by their places; ok is false for a text that is none with all of them.
func withoutStatements(text []byte, gone []int) (_ []byte, ok bool) {
	var doc map[string]jsontext.Value
	if json.Unmarshal(text, &doc) != nil {
		return nil, false
	}
	var list []jsontext.Value
	if one := doc["Statement"]; len(one) > 0 && one.Kind() == '{' { // a single statement may stand there without a list
		list = []jsontext.Value{one}
	} else if json.Unmarshal(bytes.Clone(one), &list) != nil {
		return nil, false
	}
	if slices.Max(gone) >= len(list) {
		return nil, false
	}
	left := []jsontext.Value{}
	for i, s := range list {
		if !slices.Contains(gone, i) {
			left = append(left, s)
		}
	}
	out, err := json.Marshal(left)
	if err != nil {
		return nil, false
	}
	doc["Statement"] = out
	text, err = json.Marshal(doc)
	return text, err == nil
}
