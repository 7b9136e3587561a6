package evaluator

import (
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator/policy"
)

// abroadView is how resources see callers of other accounts: those that do not speak of a caller's account see of it what any policy in play
// reads, and nothing else.
type abroadView struct {
	naming map[string][]int // account -> the groups that speak of it, by place
	tells  bool             // something reads which account a caller is of
	paths  bool             // something reads where in the organization it is

	asked    map[string][]int // account -> the groups with a condition that names it, by place
	barred   map[string]bool  // accounts that a Deny or a NotPrincipal speaks of
	accounts bool             // something reads the number of its account, which what readers see of a caller does not say
}

// lookAbroad makes the targets look at callers as other accounts' resources do.
func (t *targets) lookAbroad() {
	v := &abroadView{naming: map[string][]int{}, asked: map[string][]int{}, barred: map[string]bool{}}
	read := func(s *policy.Statement, place int) {
		if t.question.matching(&s.Actions).Empty() {
			return
		}
		v.paths = v.paths || t.readsPaths(s)
		rd := &readers{}
		rd.statement(s, tellsAccount)
		v.tells = v.tells || len(rd.keys) > 0
		v.accounts = v.accounts || slices.ContainsFunc(rd.keys, accountKey)
		for _, c := range rd.conditions {
			switch named, ok := accountsIn(c); {
			case ok && place != everyGroup: // all other accounts are alike to it
				for _, id := range named {
					v.name(id, place)
					v.asked[id] = append(v.asked[id], place)
				}
			default:
				v.tells, v.accounts = true, v.accounts || accountKey(c.Key)
			}
		}
	}
	for place, g := range t.groups {
		for id := range g.outsiders.accounts {
			v.name(id, place)
		}
		if g.policy != nil {
			for i := range g.policy.Doc.Statements {
				s := &g.policy.Doc.Statements[i]
				read(s, place)
				for _, e := range s.Principals.Entries {
					if s.Effect == policy.Deny || s.Principals.Not {
						v.barred[e.Account] = true
					}
					if e.Account != "" {
						v.name(e.Account, place)
					}
				}
			}
		}
	}
	for _, a := range t.world.owners() {
		for _, level := range a.rcps {
			for i := range level {
				for j := range level[i].Doc.Statements {
					read(&level[i].Doc.Statements[j], everyGroup)
				}
			}
		}
	}
	for key := range t.question.named {
		v.tells = v.tells || tellsAccount(key)
		v.accounts = v.accounts || accountKey(key)
		v.paths = v.paths || pathKey(key)
	}
	t.resourceReaders()
	t.abroad = v
}

// name notes that a group speaks of an account.
func (v *abroadView) name(id string, place int) {
	if at := v.naming[id]; len(at) == 0 || at[len(at)-1] != place {
		v.naming[id] = append(at, place)
	}
}

// accountsIn gives the accounts that a condition on the number of the caller's account names one by one; ok is false for any other condition.
func accountsIn(c *policy.Condition) (ids []string, ok bool) {
	if !accountKey(c.Key) || c.Set != policy.NoSet {
		return nil, false
	}
	switch c.Op {
	case policy.StringEquals, policy.StringNotEquals, policy.StringEqualsIgnoreCase, policy.StringNotEqualsIgnoreCase, policy.StringLike, policy.StringNotLike:
	default:
		return nil, false
	}
	for i := range c.Values {
		t := c.Values[i].Template
		if t == nil || t.Static == nil {
			return nil, false
		}
		id, literal := t.Static.Literal()
		if !literal {
			return nil, false
		}
		ids = append(ids, id)
	}
	return ids, true
}

// tellsAccount tells the keys whose value says which account a caller is of.
func tellsAccount(key string) bool {
	switch key {
	case "aws:principalarn", "aws:userid", "aws:sourceaccount", "aws:sourcearn":
		return true
	}
	return accountKey(key)
}

// accountKey tells the keys that are the number of the caller's account.
func accountKey(key string) bool { return key == "aws:principalaccount" || key == "kms:calleraccount" }

// sortFor spells what a group's side sees of a caller by rules: all of it, or, of a caller of another account that it does not speak of, all but
// the account.
func (t *targets) sortFor(c *caller) string {
	if t.abroad == nil || t.abroad.tells || c.outside || c.account == nil {
		return c.sort()
	}
	k := &keyWriter{}
	k.text(strings.TrimPrefix(c.sort(), c.principal.Account))
	k.flags(c.account.inOrg, c.account.management, c.principal.Management)
	if t.abroad.paths {
		k.text(c.account.path)
	}
	return k.String()
}
