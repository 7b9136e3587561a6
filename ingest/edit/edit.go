// Package edit changes the facts of a snapshot into those of one that is planned. What a plan does not know yet is marked, so that answers are unknown
// where they hang on it; nothing that is not known is taken for nothing.
package edit

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/accessgraph/accessgraph/graph"
)

// Editor changes facts in place. The zero hash and Unknown documents are what is not known until the change is made.
type Editor struct {
	Facts *graph.Facts
	Now   time.Time // when what is new is made

	accounts map[graph.AccountID]*account
	unknown  map[string]bool // documents that are known only when the change is made, as coverage names them
	notes    []string
}

// account is an account with its entities by ARN, as far as they were looked for.
type account struct {
	facts    *graph.Account
	changed  bool
	isNew    bool
	entities map[graph.ARN]any
	names    map[string]graph.ARN // of IAM's, by kind and name
}

// New makes an editor of facts, which it owns from then on.
func New(facts *graph.Facts) *Editor {
	e := &Editor{Facts: facts, accounts: map[graph.AccountID]*account{}, unknown: map[string]bool{}}
	if facts.Documents == nil {
		facts.Documents = map[graph.DocumentHash]*graph.Document{}
	}
	for _, a := range facts.Accounts {
		e.accounts[a.ID] = &account{facts: a}
	}
	return e
}

// Note says something about the changes as a whole that every answer about them should say.
func (e *Editor) Note(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !slices.Contains(e.notes, text) {
		e.notes = append(e.notes, text)
	}
}

// Notes gives what was noted, in order.
func (e *Editor) Notes() []string { return e.notes }

// Gap says that something of the changes could not be used: answers are not complete.
func (e *Editor) Gap(format string, args ...any) {
	c := graph.Coverage{Kind: graph.KindInput, State: graph.CoverageFailed, Error: fmt.Sprintf(format, args...)}
	if !slices.Contains(e.Facts.Coverage, c) {
		e.Facts.Coverage = append(e.Facts.Coverage, c)
	}
}

// Account gives an account to change, new where the snapshot does not have it.
func (e *Editor) Account(id graph.AccountID) *graph.Account { return e.account(id).facts }

func (e *Editor) account(id graph.AccountID) *account {
	a := e.accounts[id]
	if a == nil {
		a = &account{facts: &graph.Account{ID: id}, isNew: true}
		e.accounts[id] = a
		e.Facts.Accounts = append(e.Facts.Accounts, a.facts)
		e.Gap("account %s is not in the snapshot: of it only what the changes say is known", id)
	}
	a.changed = true
	return a
}

// find gives the entity of an account with that ARN, nil where there is none.
func (a *account) find(arn graph.ARN) any {
	if a.entities == nil {
		a.entities, a.names = map[graph.ARN]any{}, map[string]graph.ARN{}
		for _, v := range a.facts.Users {
			a.index(v.ARN, v)
		}
		for _, v := range a.facts.Groups {
			a.index(v.ARN, v)
		}
		for _, v := range a.facts.Roles {
			a.index(v.ARN, v)
		}
		for _, v := range a.facts.Policies {
			a.index(v.ARN, v)
		}
		for _, v := range a.facts.Resources {
			a.index(v.ARN, v)
		}
		for _, v := range a.facts.Providers {
			a.index(v.ARN, v)
		}
	}
	return a.entities[arn]
}

func (a *account) index(arn graph.ARN, entity any) {
	a.entities[arn] = entity
	if arn.Service() == "iam" && Owner(arn) == a.facts.ID {
		a.names[nameKey(arn)] = arn
	}
}

// nameKey is the kind and name of an entity of IAM; in its account it is unique.
func nameKey(arn graph.ARN) string {
	_, _, _, _, resource, _ := arn.Split()
	kind, rest, _ := strings.Cut(resource, "/")
	return kind + "/" + strings.ToLower(rest[strings.LastIndexByte(rest, '/')+1:])
}

// Named gives the entity of IAM of a kind ("user", "group", "role", "policy") and name in an account, nil where there is none.
func (e *Editor) Named(id graph.AccountID, kind, name string) any {
	a := e.accounts[id]
	if a == nil {
		return nil
	}
	a.find("")
	if arn, ok := a.names[kind+"/"+strings.ToLower(name)]; ok {
		return a.entities[arn]
	}
	return nil
}

// Find gives the user, group, role, managed policy, resource or identity provider with that ARN, as a pointer into the facts, nil where there is none.
// owner is the account of an ARN that names none, as those of buckets; without one, all accounts are looked through.
func (e *Editor) Find(arn graph.ARN, owner graph.AccountID) any {
	if id := Owner(arn); id != "" {
		owner = id
	}
	if owner != "" {
		if a := e.accounts[owner]; a != nil {
			return a.find(arn)
		}
		return nil
	}
	for _, a := range e.Facts.Accounts {
		if found := e.accounts[a.ID].find(arn); found != nil {
			return found
		}
	}
	return nil
}

// HolderOf gives the account that has the entity with that ARN; ok is false where none has.
func (e *Editor) HolderOf(arn graph.ARN) (id graph.AccountID, ok bool) {
	if id := Owner(arn); id != "" {
		a := e.accounts[id]
		return id, a != nil && a.find(arn) != nil
	}
	for _, a := range e.Facts.Accounts {
		if e.accounts[a.ID].find(arn) != nil {
			return a.ID, true
		}
	}
	return "", false
}

// Namesake gives the user, group, role or managed policy of IAM that has the name of arn and another path: names are unique without it. Empty: there is none.
func (e *Editor) Namesake(arn graph.ARN) graph.ARN {
	a := e.accounts[Owner(arn)]
	if a == nil || arn.Service() != "iam" {
		return ""
	}
	a.find("")
	if other := a.names[nameKey(arn)]; other != arn {
		return other
	}
	return ""
}

// Owner gives the account number in an ARN, empty where it has none: those of buckets, and of AWS's own policies.
func Owner(arn graph.ARN) graph.AccountID {
	if id := arn.Account(); IsAccount(string(id)) {
		return id
	}
	return ""
}

// IsAccount tells whether a text is an account number.
func IsAccount(text string) bool {
	return len(text) == 12 && strings.Trim(text, "0123456789") == ""
}

// Add puts a new entity into an account; one with its ARN must not be there.
func (e *Editor) Add(id graph.AccountID, entity any) {
	a := e.account(id)
	a.find("")
	switch v := entity.(type) {
	case *graph.User:
		v.ID, v.Created = orMade(v.ID, "AIDA", v.ARN), e.made(v.Created)
		a.facts.Users = append(a.facts.Users, v)
		a.index(v.ARN, v)
	case *graph.Group:
		v.ID, v.Created = orMade(v.ID, "AGPA", v.ARN), e.made(v.Created)
		a.facts.Groups = append(a.facts.Groups, v)
		a.index(v.ARN, v)
	case *graph.Role:
		v.ID, v.Created = orMade(v.ID, "AROA", v.ARN), e.made(v.Created)
		a.facts.Roles = append(a.facts.Roles, v)
		a.index(v.ARN, v)
	case *graph.ManagedPolicy:
		v.ID, v.Created = orMade(v.ID, "ANPA", v.ARN), e.made(v.Created)
		a.facts.Policies = append(a.facts.Policies, v)
		a.index(v.ARN, v)
	case *graph.Resource:
		a.facts.Resources = append(a.facts.Resources, v)
		a.index(v.ARN, v)
	case *graph.Provider:
		a.facts.Providers = append(a.facts.Providers, v)
		a.index(v.ARN, v)
	}
}

// made gives when something was made: now, where it is new.
func (e *Editor) made(at time.Time) time.Time {
	if at.IsZero() {
		return e.Now
	}
	return at
}

// orMade gives an id, or one that stands for what AWS will choose: no policy can name that yet.
func orMade(id, prefix string, arn graph.ARN) string {
	if id != "" {
		return id
	}
	sum := sha256.Sum256([]byte(arn))
	return prefix + base32.StdEncoding.EncodeToString(sum[:])[:17]
}

// Delete takes the entity with that ARN out of an account; ok is false where there is none.
func (e *Editor) Delete(id graph.AccountID, arn graph.ARN) (ok bool) {
	if e.accounts[id] == nil {
		return false
	}
	a := e.account(id)
	switch v := a.find(arn).(type) {
	case *graph.User:
		a.facts.Users = without(a.facts.Users, v)
	case *graph.Group:
		a.facts.Groups = without(a.facts.Groups, v)
		for _, u := range a.facts.Users {
			u.Groups = without(u.Groups, v.Name)
		}
	case *graph.Role:
		a.facts.Roles = without(a.facts.Roles, v)
	case *graph.ManagedPolicy:
		a.facts.Policies = without(a.facts.Policies, v)
	case *graph.Resource:
		a.facts.Resources = without(a.facts.Resources, v)
		a.facts.Grants = slices.DeleteFunc(a.facts.Grants, func(g *graph.KMSGrant) bool { return g.Key == arn })
	case *graph.Provider:
		a.facts.Providers = without(a.facts.Providers, v)
	default:
		return false
	}
	delete(a.entities, arn)
	if a.names[nameKey(arn)] == arn {
		delete(a.names, nameKey(arn))
	}
	return true
}

func without[E comparable](list []E, v E) []E {
	return slices.DeleteFunc(list, func(have E) bool { return have == v })
}

// Later says that a document is known only when the change is made, by the name that coverage has for it: "ARN policy NAME", or an ARN.
func (e *Editor) Later(what string) { e.unknown[what] = true }

// Changed marks an account whose entities were changed through pointers.
func (e *Editor) Changed(id graph.AccountID) { e.account(id) }
