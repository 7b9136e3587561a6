package evaluator

import (
	"slices"

	"github.com/accessgraph/accessgraph/evaluator/policy"
)

// What a question can speak of: the names that the snapshot knows.

// Subjects lists every principal of the snapshot, by account, then ARN.
func (w *World) Subjects(yield func(*Subject) bool) {
	for _, c := range w.callers {
		if !yield(w.subject(c)) {
			return
		}
	}
}

// Has tells whether the selector names a principal of the snapshot.
func (w *World) Has(who Selector) bool {
	return slices.ContainsFunc(w.callers, func(c *caller) bool { return who.names(c.kind, c.name, c.arn, c.principal.Account) })
}

// Read tells whether the principals of an account are in the snapshot.
func (w *World) Read(account string) bool {
	a := w.accounts[account]
	return a != nil && a.facts != nil
}

// Groups lists the names of all groups.
func (w *World) Groups() []string {
	var out []string
	for _, a := range w.order {
		for _, g := range a.facts.Groups {
			out = append(out, g.Name)
		}
	}
	return out
}

// Accounts lists the accounts that were read, and those of the organization.
func (w *World) Accounts() []string { return sortedKeys(w.accounts) }

// Units lists the ids and names of the organization's root and OUs.
func (w *World) Units() []string {
	if w.org == nil {
		return nil
	}
	known := map[string]bool{}
	for _, parent := range w.org.parents {
		known[parent] = true // the root, or an OU
	}
	for id, name := range w.org.names {
		known[id], known[name] = true, true
	}
	delete(known, "")
	return sortedKeys(known)
}

// Organization is the organization's id, empty when the snapshot holds none.
func (w *World) Organization() string {
	if w.org == nil {
		return ""
	}
	return w.org.id
}

// Mentions tells whether a policy of a resource, or a KMS grant, names a principal for which the test holds.
func (w *World) Mentions(test func(*policy.PrincipalEntry) bool) bool {
	for _, r := range w.resources {
		for i := range r.grants {
			for _, text := range []string{r.grants[i].Grantee, r.grants[i].Retiring, r.grants[i].IssuingAccount} {
				if e := principalText(text); text != "" && test(&e) {
					return true
				}
			}
		}
		if r.policy == nil {
			continue
		}
		for i := range r.policy.Doc.Statements {
			entries := r.policy.Doc.Statements[i].Principals.Entries
			if slices.ContainsFunc(entries, func(e policy.PrincipalEntry) bool { return test(&e) }) {
				return true
			}
		}
	}
	return false
}
