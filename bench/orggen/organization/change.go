package organization

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
)

// Change is one difference that Options.Changes planted: what the organization would have been without it, and what it is.
// Nothing else differs, but for the counts of attachments that AWS keeps with each managed policy.
type Change struct {
	Kind    string `json:"kind"`
	Account string `json:"account"` // the management account for what belongs to the organization
	Entity  string `json:"entity"`  // ARN; id of an account or of a policy of the organization
	Before  any    `json:"before"`  // the part of the export that has changed; null where there was none
	After   any    `json:"after"`
	// Access says in words whose access is expected to change, as far as other policies do not decide it already. It is "none"
	// where nobody's can.
	Access string `json:"access"`
}

// noAccess is the Access of a change that decides nothing.
const noAccess = "none"

// kindOfChange makes one change, either to the organization or to an account. The round tells the directions of a kind apart: what
// one round adds, the next takes away. It fails where nothing is left to be changed in this way.
type kindOfChange struct {
	name      string
	onOrg     func(g *org, r random, round int) (Change, bool)
	onAccount func(a *account, round int) (Change, bool)
}

// kindsOfChange are taken in turn.
func kindsOfChange() []kindOfChange {
	return []kindOfChange{
		{name: "inline-policy", onAccount: (*account).editInline},
		{name: "policy-version", onAccount: (*account).newVersion},
		{name: "attachment", onAccount: (*account).changeAttached},
		{name: "membership", onAccount: (*account).changeGroups},
		{name: "boundary", onAccount: (*account).changeBoundary},
		{name: "scp", onOrg: (*org).changeTargets},
		{name: "trust", onAccount: (*account).editTrust},
		{name: "resource-policy", onAccount: (*account).editResource},
		{name: "tag", onAccount: (*account).changeTag},
		{name: "account-moved", onOrg: (*org).move},
		{name: "principal-added", onAccount: (*account).addPrincipal},
		{name: "principal-removed", onAccount: (*account).removePrincipal},
	}
}

// changeStreams keeps the random streams of changes apart from those of accounts, where both seeds are the same.
const changeStreams = 1 << 32

// changeRandom is the source for change k alone, so that it does not depend on those before it.
func (o Options) changeRandom(k int) random { return newRandom(o.Seed2, changeStreams+1+uint64(k)) }

// plantChanges makes the changes to the organization and decides which account gets which of the others: one after the other in
// an order of their own, so that no account has two before each has one.
func (g *org) plantChanges() {
	g.changes = make([]Change, g.options.Changes)
	g.taken = map[string]bool{}
	g.changesOf = map[int][]int{}
	turn := newRandom(g.options.Seed2, changeStreams).Perm(len(g.accounts))
	next := 0
	kinds := kindsOfChange()
	for k := range g.changes {
		kind := kinds[k%len(kinds)]
		if kind.onOrg != nil {
			if c, ok := kind.onOrg(g, g.options.changeRandom(k), k/len(kinds)); ok {
				c.Kind = kind.name
				g.changes[k] = c
				continue
			}
		}
		i := turn[next%len(turn)]
		next++
		g.changesOf[i] = append(g.changesOf[i], k)
	}
}

// change makes the changes that the plan has for this account, which is finished but for them: none of its random numbers is
// drawn after this, and what is changed disturbs nothing else.
func (a *account) change(numbers []int) {
	if len(numbers) == 0 {
		return
	}
	kinds := kindsOfChange()
	a.touched = map[string]bool{}
	for _, k := range numbers {
		a.r = a.options.changeRandom(k)
		a.changes[k] = a.changeInTurn(kinds, k)
	}
	for i := range a.details.Policies {
		p := &a.details.Policies[i]
		p.AttachmentCount, p.PermissionsBoundaryUsageCount = a.attached[p.Arn], a.bounded[p.Arn]
	}
}

// changeInTurn makes change k: of its own kind or, where the account has nothing left for that, of the next that works. A
// principal can be added to any account.
func (a *account) changeInTurn(kinds []kindOfChange, k int) Change {
	for i := k; ; i++ {
		kind := kinds[i%len(kinds)]
		if kind.onAccount == nil {
			continue
		}
		if c, ok := kind.onAccount(a, k/len(kinds)); ok {
			a.touched[c.Entity] = true
			c.Kind, c.Account = kind.name, a.id
			return c
		}
	}
}

// ChangesFile is where Write puts the list of planted changes: beside the export directory, because a file in it is input.
func ChangesFile(dir string) string {
	if full, err := filepath.Abs(dir); err == nil { // a directory may be named "."
		dir = full
	}
	return filepath.Clean(dir) + ".changes.json"
}

// encodeChanges writes the list as one JSON array, with a change to a line.
func encodeChanges(list []Change) ([]byte, error) {
	b := bytes.NewBufferString("[")
	for i, c := range list {
		line, err := json.Marshal(c)
		if err != nil {
			return nil, fmt.Errorf("write change of %s: %w", c.Entity, err)
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
		b.Write(line)
	}
	b.WriteString("\n]\n")
	return b.Bytes(), nil
}

// counted is a number of things in words.
func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// listed is a string or a list of strings, as the elements of a statement are, as a list.
func listed(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []string:
		return v
	}
	return nil
}

// resourcesOf says in words what a statement is about.
func resourcesOf(s statement) string {
	if s.NotResource != nil {
		return "everything but " + strings.Join(listed(s.NotResource), ", ")
	}
	if s.Resource == nil {
		return "the resource"
	}
	return strings.Join(listed(s.Resource), ", ")
}
