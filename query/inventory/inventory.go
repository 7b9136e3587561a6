package inventory

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/syntax"
)

// Row is a row of the inventory.
type Row interface {
	answer.Row
	// Self says where the thing is and whose permissions count as its own.
	Self() *About
}

// About is what scopes and functions ask of a row.
type About struct {
	Account string
	ARN     string // of a principal, as answers show it, else empty
	Kind    string // user, role or root, else empty
	Name    string
	Tags    []graph.Tag
	Caller  string // ARN of the principal that can() asks about: itself, the role that it runs with, the user of the key; empty: nobody
	Compute string // ARN of what runs with a role, else empty
	Open    string // ARN of what somebody outside may get into: a resource, or a role; empty: nothing

	Judged map[string]*bool // what was worked out on demand, by field; nil is not known
}

// Self gives itself, for rows that hold it.
func (a *About) Self() *About { return a }

// RowVerdict is empty: the inventory judges nobody.
func (a *About) RowVerdict() answer.Verdict { return "" }

// Inventory lists the facts of one snapshot. It is safe for concurrent use.
type Inventory struct {
	facts    *graph.Facts
	now      time.Time
	history  []*Snapshot
	accounts map[string]*graph.OrganizationAccount
	read     map[string]bool
	units    map[string]Unit
	observed map[string]*observed

	mu        sync.Mutex
	documents map[documentKey]*policy.Document
}

// New makes the inventory of facts with their observations. Ages are counted from now, the time of the snapshot. history is
// what the store holds, newest first.
func New(facts *graph.Facts, observations []*graph.AccountObservations, history []*Snapshot, now time.Time) *Inventory {
	v := &Inventory{facts: facts, now: now, history: history, accounts: map[string]*graph.OrganizationAccount{}, read: map[string]bool{}}
	for _, a := range facts.Accounts {
		v.read[string(a.ID)] = true
	}
	if o := facts.Organization; o != nil {
		for i := range o.Accounts {
			v.accounts[string(o.Accounts[i].ID)] = &o.Accounts[i]
		}
	}
	v.units = units(facts.Organization)
	v.observed, v.documents = observedBy(observations), map[documentKey]*policy.Document{}
	return v
}

// judged gives what was worked out of a row.
func (a *About) judged(name string) *bool { return a.Judged[name] }

// kinds are the functions of each kind: its schema and its rows.
func kinds() map[syntax.Kind]kind {
	return map[syntax.Kind]kind{
		syntax.Principals: {principalTable().columns, (*Inventory).principals, [2]string{"principal", "principals"}},
		syntax.Users:      {userTable().columns, (*Inventory).users, [2]string{"user", "users"}},
		syntax.Groups:     {groupTable().columns, (*Inventory).groups, [2]string{"group", "groups"}},
		syntax.Roles:      {roleTable().columns, (*Inventory).roles, [2]string{"role", "roles"}},
		syntax.Policies:   {policyTable().columns, (*Inventory).policies, [2]string{"policy", "policies"}},
		syntax.Statements: {statementTable().columns, (*Inventory).statements, [2]string{"statement", "statements"}},
		syntax.Resources:  {resourceTable().columns, (*Inventory).resources, [2]string{"resource", "resources"}},
		syntax.Compute:    {computeTable().columns, (*Inventory).compute, [2]string{"compute resource", "compute resources"}},
		syntax.Accounts:   {accountTable().columns, (*Inventory).accountRows, [2]string{"account", "accounts"}},
		syntax.Snapshots:  {snapshotTable().columns, (*Inventory).snapshots, [2]string{"snapshot", "snapshots"}},
		syntax.Keys:       {keyTable().columns, (*Inventory).keys, [2]string{"key", "keys"}},
		syntax.Providers:  {providerTable().columns, (*Inventory).providers, [2]string{"provider", "providers"}},
	}
}

type kind struct {
	columns func() []answer.Column
	rows    func(*Inventory, context.Context) ([]Row, error)
	noun    [2]string
}

// Kinds lists the kinds in the order of the reference.
func Kinds() []syntax.Kind {
	return []syntax.Kind{
		syntax.Principals, syntax.Users, syntax.Groups, syntax.Roles, syntax.Policies, syntax.Statements, syntax.Resources, syntax.Compute,
		syntax.Accounts, syntax.Snapshots, syntax.Keys, syntax.Providers,
	}
}

// Schema says which fields the rows of a kind have. What is worked out on demand is among the columns for those that are
// named, and beside them otherwise; what is named is shown in tables.
func Schema(k syntax.Kind, named []string) *answer.Schema {
	of := kinds()[k]
	s := &answer.Schema{Kind: answer.KindShow, Of: of.noun}
	for _, c := range of.columns() {
		asked := slices.ContainsFunc(named, func(name string) bool {
			return strings.EqualFold(name, c.Name) || c.Open && len(name) > len(c.Name) && strings.EqualFold(name[:len(c.Name)+1], c.Name+".")
		})
		c.Main = c.Main || asked
		if c.Dear && !asked {
			s.Nested = append(s.Nested, c)
			continue
		}
		s.Columns = append(s.Columns, c)
	}
	return s
}

// Rows lists everything of a kind, by account, then ARN.
func (v *Inventory) Rows(ctx context.Context, k syntax.Kind) ([]Row, error) {
	return kinds()[k].rows(v, ctx)
}

// place is the account that a thing is in.
type place struct {
	About
	AccountName string
}

func placed[T any](of func(*T) *place) []field[T] {
	return part(of, []field[place]{
		text("account", "the account that it is in", func(p *place) string { return p.Account }),
		text("account_name", "that account's name in the organization", func(p *place) string { return p.AccountName }),
	})
}

// shownPlace is placed where nothing else in a table says the account.
func shownPlace[T any](of func(*T) *place) []field[T] {
	fields := placed(of)
	fields[0] = fields[0].main()
	return fields
}

// in places a thing in an account.
func (v *Inventory) in(account graph.AccountID) place {
	p := place{About: About{Account: string(account)}}
	if a := v.accounts[p.Account]; a != nil {
		p.AccountName = a.Name
	}
	return p
}

// since gives a time that is known, and how long ago it was; nil where it is not known.
func (v *Inventory) since(t time.Time) (at *time.Time, age *time.Duration) {
	if t.IsZero() {
		return nil, nil
	}
	d := v.now.Sub(t)
	return &t, &d
}

// parsed gives a policy document, parsed once for all that have it; one that is not there is missing (D18).
func (v *Inventory) parsed(h graph.DocumentHash, kind policy.Kind) *policy.Document {
	v.mu.Lock()
	defer v.mu.Unlock()
	key := documentKey{h, kind}
	if d := v.documents[key]; d != nil {
		return d
	}
	doc := policy.Missing(kind)
	if d := v.facts.Documents[h]; d != nil {
		doc = policy.Parse(kind, d.Canonical)
	}
	v.documents[key] = doc
	return doc
}

type documentKey struct {
	hash graph.DocumentHash
	kind policy.Kind
}

// eachAccount calls fn for each account that was read, by id, unless the question was called off.
func (v *Inventory) eachAccount(ctx context.Context, fn func(a *graph.Account)) error {
	for _, a := range v.facts.Accounts {
		if err := ctx.Err(); err != nil {
			return err
		}
		fn(a)
	}
	return nil
}

// sorted puts the rows of each account into the order of a key.
func sorted[T Row](rows []T, key func(T) string) []Row {
	slices.SortStableFunc(rows, func(a, b T) int {
		if c := strings.Compare(a.Self().Account, b.Self().Account); c != 0 {
			return c
		}
		return strings.Compare(key(a), key(b))
	})
	out := make([]Row, len(rows))
	for i, r := range rows {
		out[i] = r
	}
	return out
}

func pointer[T any](v T) *T { return &v }
