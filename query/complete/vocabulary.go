package complete

import (
	"context"
	"fmt"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/graph"
)

// maxValues is how many values of one tag are kept: some tags have another value on everything.
const maxValues = 1000

// Vocabulary is the names of one snapshot. It takes a few dozen bytes for each principal and resource, and is safe for concurrent
// use.
type Vocabulary struct {
	names  map[Kind][]Name
	values map[string][]Name // of each tag key, in lower case; no more than maxValues
	full   map[string]bool   // tag keys with more values than those
}

// Read reads the names of a snapshot, account by account. Errors are those of the store.
func Read(ctx context.Context, s graph.Store, id graph.SnapshotID) (*Vocabulary, error) {
	shared, err := graph.LoadShared(ctx, s, id)
	if err != nil {
		return nil, fmt.Errorf("read names: %w", err)
	}
	r := &reader{Vocabulary: Vocabulary{names: map[Kind][]Name{}, values: map[string][]Name{}, full: map[string]bool{}},
		short: map[string]place{}, keys: map[string]bool{}, known: map[[2]string]bool{}, documents: map[graph.DocumentHash]bool{}}
	titles := r.organization(shared.Organization)
	if err := graph.EachAccount(ctx, s, id, func(a *graph.Account) error {
		r.account(a, titles)
		return nil
	}); err != nil {
		return nil, fmt.Errorf("read names: %w", err)
	}
	if err := r.services(ctx, s); err != nil {
		return nil, fmt.Errorf("read names: %w", err)
	}
	for name, p := range r.short {
		about := "account " + p.account
		if p.accounts > 1 {
			about = fmt.Sprintf("in %d accounts", p.accounts)
		}
		r.add(Principal, Name{Text: name, About: about})
	}
	for kind := range r.names {
		r.names[kind] = order(r.names[kind])
	}
	for key := range r.values {
		r.values[key] = order(r.values[key])
	}
	return &r.Vocabulary, nil
}

// Names gives names of the snapshot: principals as role/NAME and its like, or, where the prefix begins as one, by ARN; as resources
// those that policies name and every principal, group and policy, on which IAM's own actions act.
func (v *Vocabulary) Names(kind Kind, of, prefix string, most int) (names []Name, more bool) {
	switch kind {
	case TagValue:
		key := strings.ToLower(of)
		names, more = beginning(v.values[key], prefix, most)
		return names, more || v.full[key]
	case Principal:
		if prefix == "" {
			return beginning(v.names[Principal], prefix, most)
		}
		return v.both(Principal, ARN, prefix, most)
	case Resource:
		return v.both(Resource, ARN, prefix, most)
	}
	return beginning(v.names[kind], prefix, most)
}

// both gives names of two kinds.
func (v *Vocabulary) both(a, b Kind, prefix string, most int) (names []Name, more bool) {
	first, moreOfFirst := beginning(v.names[a], prefix, most)
	second, moreOfSecond := beginning(v.names[b], prefix, most)
	all := order(append(first, second...))
	return all[:min(len(all), most)], moreOfFirst || moreOfSecond || len(all) > most
}

// place says in how many accounts a short name is, and the last of them.
type place struct {
	account  string
	accounts int
}

// reader is a Vocabulary in the making.
type reader struct {
	Vocabulary
	short     map[string]place
	keys      map[string]bool    // tag keys as they are written
	known     map[[2]string]bool // tag keys in lower case, with values
	documents map[graph.DocumentHash]bool
}

func (r *reader) add(kind Kind, n Name) { r.names[kind] = append(r.names[kind], n) }

// organization adds OUs and accounts, and gives the names of the accounts.
func (r *reader) organization(o *graph.Organization) map[graph.AccountID]string {
	titles := map[graph.AccountID]string{}
	if o == nil {
		return titles
	}
	r.add(Organization, Name{Text: o.ID})
	for _, root := range o.Roots {
		r.add(Unit, Name{Text: root.ID, About: root.Name})
	}
	for _, u := range o.Units {
		r.add(Unit, Name{Text: u.ID, About: u.Name})
		r.add(Unit, Name{Text: u.Name, About: u.ID})
	}
	for _, a := range o.Accounts {
		titles[a.ID] = a.Name
		r.add(Account, Name{Text: string(a.ID), About: a.Name})
	}
	return titles
}

func (r *reader) account(a *graph.Account, titles map[graph.AccountID]string) {
	if _, known := titles[a.ID]; !known {
		about := ""
		if len(a.Aliases) > 0 {
			about = a.Aliases[0]
		}
		r.add(Account, Name{Text: string(a.ID), About: about})
	}
	for _, x := range a.Users {
		r.principal("user/"+x.Name, x.ARN, a.ID, x.Tags)
	}
	for _, x := range a.Roles {
		r.principal("role/"+x.Name, x.ARN, a.ID, x.Tags)
		r.documents[x.Trust] = true
	}
	for _, x := range a.Groups {
		r.shortened("group/"+x.Name, a.ID)
		r.add(Resource, Name{Text: string(x.ARN)})
	}
	for _, x := range a.Policies {
		r.add(Resource, Name{Text: string(x.ARN)})
	}
	for _, x := range a.Resources {
		r.add(Resource, Name{Text: string(x.ARN), About: x.Type})
		r.tags(x.Tags)
		r.documents[x.Policy] = true
	}
}

func (r *reader) principal(short string, arn graph.ARN, account graph.AccountID, tags []graph.Tag) {
	r.shortened(short, account)
	r.add(ARN, Name{Text: string(arn)})
	r.tags(tags)
}

func (r *reader) shortened(name string, account graph.AccountID) {
	p := r.short[name]
	if p.account != string(account) {
		p = place{string(account), p.accounts + 1}
	}
	r.short[name] = p
}

func (r *reader) tags(tags []graph.Tag) {
	for _, t := range tags {
		if !r.keys[t.Key] {
			r.keys[t.Key] = true
			r.add(TagKey, Name{Text: t.Key})
		}
		pair := [2]string{strings.ToLower(t.Key), t.Value} // as conditions compare keys
		switch key := pair[0]; {
		case r.known[pair]:
		case len(r.values[key]) == maxValues:
			r.full[key] = true
		default:
			r.known[pair] = true
			r.values[key] = append(r.values[key], Name{Text: t.Value})
		}
	}
}

// services adds the AWS services that trust policies and those of resources name: which others there are, nobody lists.
func (r *reader) services(ctx context.Context, s graph.Store) error {
	delete(r.documents, graph.DocumentHash{})
	hashes := make([]graph.DocumentHash, 0, len(r.documents))
	for h := range r.documents {
		hashes = append(hashes, h)
	}
	documents, err := graph.LoadDocuments(ctx, s, hashes)
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for _, d := range documents {
		if err := ctx.Err(); err != nil {
			return err
		}
		for _, st := range policy.Parse(policy.Trust, d.Canonical).Statements {
			for _, e := range st.Principals.Entries {
				if e.Kind == policy.PrincipalService && !known[e.Text] {
					known[e.Text] = true
					r.add(Service, Name{Text: e.Text})
				}
			}
		}
	}
	return nil
}
