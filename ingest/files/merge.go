package files

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/graph"
)

// builder puts batches together into facts.
type builder struct {
	partial      bool
	documents    *documents
	accounts     map[graph.AccountID]*accountBuilder
	organization organizationBuilder
	coverage     []graph.Coverage
	exact        map[graph.AccountID]item // exactCoverage
	deferred     []*batch                 // with items whose account is not known yet
	facts        map[graph.AccountID]bool
	report       *Report
	cut          bool // something was left out, so documents may be unused
}

// accountBuilder puts one account together.
type accountBuilder struct {
	account  *graph.Account
	seen     map[entityKey]item
	bad      map[entityKey]bool // contradictory entities (Options.Partial)
	stated   map[coverageKey]item
	given    map[string]bool // kind → a page that is not truncated was there
	reasons  map[string]string
	observed observations
}

// entityKey names an entity within an account: what it is, and its ARN or id.
type entityKey struct{ what, id string }

type coverageKey struct{ kind, region string }

func newBuilder(partial bool, d *documents, report *Report) *builder {
	return &builder{
		partial: partial, documents: d, report: report,
		accounts:     map[graph.AccountID]*accountBuilder{},
		organization: organizationBuilder{seen: map[entityKey]item{}},
		facts:        map[graph.AccountID]bool{},
		exact:        map[graph.AccountID]item{},
	}
}

// in gives the builder of an account, new where there is none.
func (b *builder) in(id graph.AccountID) *accountBuilder {
	a := b.accounts[id]
	if a == nil {
		a = &accountBuilder{
			account: &graph.Account{ID: id}, seen: map[entityKey]item{}, bad: map[entityKey]bool{},
			stated: map[coverageKey]item{}, given: map[string]bool{}, reasons: map[string]string{}, observed: newObservations(),
		}
		b.accounts[id] = a
	}
	return a
}

// merge takes over what one file holds; facts whose account is not known yet wait for settle.
func (b *builder) merge(bt *batch) error {
	for id := range bt.accounts {
		b.facts[id] = true
	}
	var wait []item
	for _, it := range bt.items {
		var err error
		exact, isExact := it.value.(exactCoverage)
		switch {
		case isExact:
			err = b.takeExact(it, exact)
		case isOrganizations(it.value):
			err = b.organization.add(it, b.conflict)
		case it.account == "":
			wait = append(wait, it)
		default:
			err = b.add(it)
		}
		if err != nil {
			return err
		}
	}
	bt.items = wait
	if len(wait) > 0 || len(bt.left) > 0 {
		b.deferred = append(b.deferred, bt)
	}
	b.report.Warnings = append(b.report.Warnings, bt.warnings...)
	return nil
}

// settle finds the accounts of the facts that name none.
func (b *builder) settle() error {
	for _, bt := range b.deferred {
		ids := b.accountsOf(bt)
		for _, it := range bt.items {
			if len(ids) == 0 || len(ids) > 1 && !everyAccount(it.value) {
				err := it.place.errorAt("it cannot be told which account this belongs to", "a file that speaks of one account",
					"put it into a directory named after the account number")
				if !b.partial {
					return err
				}
				b.leaveOut(bt.file, bt, err)
				continue
			}
			for _, id := range ids {
				b.facts[id] = true
				if err := b.add(item{id, own(it.value, id), it.place}); err != nil {
					return err
				}
			}
		}
		for _, l := range bt.left {
			b.leaveOutEntry(ids, l)
		}
	}
	return nil
}

// accountsOf gives the accounts that a file speaks of: the one its directory is named after, else those its ARNs name, else
// the only one of its directory, else the only one of the input.
func (b *builder) accountsOf(bt *batch) []graph.AccountID {
	s := bt.file.scope
	switch {
	case s.account != "":
		return []graph.AccountID{s.account}
	case len(bt.accounts) > 0:
		return slices.Sorted(maps.Keys(bt.accounts))
	case len(s.accounts) == 1:
		return slices.Collect(maps.Keys(s.accounts))
	case len(b.facts) == 1:
		return slices.Collect(maps.Keys(b.facts))
	default:
		return nil
	}
}

// everyAccount tells whether a fact without account belongs to each account of its file: AWS-managed policies do.
func everyAccount(v any) bool {
	switch v := v.(type) {
	case given, graph.AttachmentCount:
		return true
	case *graph.ManagedPolicy:
		return v.ARN.Account() == "aws"
	default:
		return false
	}
}

// own gives the fact v as account id has it: in memory of its own, with the account in its ARN.
func own(v any, id graph.AccountID) any {
	switch v := v.(type) {
	case *graph.ManagedPolicy:
		mine := *v
		mine.Versions = slices.Clone(v.Versions)
		return &mine
	case *graph.User:
		completeARN(&v.ARN, id)
	case *graph.Group:
		completeARN(&v.ARN, id)
	case *graph.Role:
		completeARN(&v.ARN, id)
	case *graph.Provider:
		completeARN(&v.ARN, id)
	}
	return v
}

// add takes one fact of a known account.
func (b *builder) add(it item) error {
	a := b.in(it.account)
	acc := a.account
	switch v := it.value.(type) {
	case *graph.User:
		return keep(b, a, &acc.Users, v, it, entityKey{"user", string(v.ARN)})
	case *graph.Group:
		return keep(b, a, &acc.Groups, v, it, entityKey{"group", string(v.ARN)})
	case *graph.Role:
		return keep(b, a, &acc.Roles, v, it, entityKey{"role", string(v.ARN)})
	case *graph.ManagedPolicy:
		return keep(b, a, &acc.Policies, v, it, entityKey{"policy", string(v.ARN)})
	case *graph.Resource:
		return keep(b, a, &acc.Resources, v, it, entityKey{"resource", string(v.ARN)})
	case *graph.Compute:
		return keep(b, a, &acc.Compute, v, it, entityKey{"compute", string(v.ARN)})
	case *graph.KMSGrant:
		return keep(b, a, &acc.Grants, v, it, entityKey{"grant", string(v.Key) + " " + v.ID})
	case *graph.Provider:
		return keep(b, a, &acc.Providers, v, it, entityKey{"identity provider", string(v.ARN)})
	case *graph.Share:
		// The same ARN comes once for each permission, so a share is named by all that it says.
		slices.Sort(v.Principals)
		return keep(b, a, &acc.Shares, v, it, entityKey{"share", strings.Join(append([]string{string(v.ARN), v.Permission}, v.Principals...), " ")})
	case *graph.PasswordPolicy:
		fresh, err := b.fresh(a, it, entityKey{"password policy", string(it.account)})
		if fresh {
			acc.Password = v
		}
		return err
	case *graph.AccountSettings:
		return b.settings(a, it, v)
	case aliases:
		fresh, err := b.fresh(a, it, entityKey{"account aliases", string(it.account)})
		if fresh {
			acc.Aliases = v
		}
		return err
	case given:
		a.given[v.kind] = a.given[v.kind] || !v.truncated
		return nil
	case graph.Coverage:
		return b.stated(a, it, v)
	default:
		a.observed.add(v)
		return nil
	}
}

// plural names what is counted in Report.Entities.
var plural = map[string]string{
	"user": "users", "group": "groups", "role": "roles", "policy": "policies", "resource": "resources", "compute": "compute",
	"grant": "grants", "identity provider": "identity providers", "share": "shares",
}

// keep appends an entity to its list unless it is there already.
func keep[E any](b *builder, a *accountBuilder, list *[]*E, v *E, it item, key entityKey) error {
	fresh, err := b.fresh(a, it, key)
	if fresh {
		*list = append(*list, v)
		b.report.Entities[plural[key.what]]++
	}
	return err
}

// fresh tells whether an entity is new to its account. One that is there and says the same is not; one that says
// something else is a contradiction.
func (b *builder) fresh(a *accountBuilder, it item, key entityKey) (bool, error) {
	before, there := a.seen[key]
	if !there {
		a.seen[key] = it
		return true, nil
	}
	if same(before.value, it.value) {
		return false, nil
	}
	if err := b.conflict(before, it, key); err != nil {
		return false, err
	}
	a.bad[key] = true
	return false, nil
}

// conflict gives the error of two items that contradict each other, or nil when Options.Partial lets them be left out.
func (b *builder) conflict(before, it item, key entityKey) error {
	what := key.what
	if key.id != "" {
		what += " " + quote(key.id)
	}
	err := it.place.errorAt("contradicts what was read before about the "+what, "equal facts wherever they are repeated",
		"the account changed between two exports, or files of two times are mixed: export again")
	err.Other = before.place.String()
	if !b.partial {
		return err
	}
	b.report.Incomplete = append(b.report.Incomplete, err.Error())
	b.cut = true
	return nil
}

// settings puts the two halves of the account settings together.
func (b *builder) settings(a *accountBuilder, it item, v *graph.AccountSettings) error {
	half := "S3PublicAccessBlock"
	if it.place.list == "RootFeatures" {
		half = "RootFeatures"
	}
	fresh, err := b.fresh(a, it, entityKey{half + " of account", string(it.account)})
	if !fresh || err != nil {
		return err
	}
	s := a.account.Settings
	if s == nil {
		s = &graph.AccountSettings{}
		a.account.Settings = s
	}
	if v.S3PublicAccessBlock != nil {
		s.S3PublicAccessBlock = v.S3PublicAccessBlock
	}
	s.RootFeatures = append(s.RootFeatures, v.RootFeatures...)
	return nil
}

// stated takes an entry of coverage.json.
func (b *builder) stated(a *accountBuilder, it item, c graph.Coverage) error {
	key := coverageKey{c.Kind, c.Region}
	before, there := a.stated[key]
	if there && before.value != it.value {
		a.fail(map[string]bool{c.Kind: true}, "contradictory coverage")
		return b.conflict(before, it, entityKey{"coverage of " + c.Kind + " in account", string(it.account)})
	}
	a.stated[key] = it
	return nil
}

// same tells whether two facts say the same, whatever the order of their lists.
func same(x, y any) bool {
	a, b := alone(x), alone(y)
	if a == nil || b == nil {
		return reflect.DeepEqual(x, y)
	}
	a.Normalize()
	b.Normalize()
	return reflect.DeepEqual(a, b)
}

// alone gives facts that hold v and nothing else, so that Normalize can be asked for its order; nil when v is no entity.
func alone(v any) *graph.Facts {
	a := &graph.Account{}
	switch v := v.(type) {
	case *graph.User:
		a.Users = []*graph.User{v}
	case *graph.Group:
		a.Groups = []*graph.Group{v}
	case *graph.Role:
		a.Roles = []*graph.Role{v}
	case *graph.ManagedPolicy:
		a.Policies = []*graph.ManagedPolicy{v}
	case *graph.Resource:
		a.Resources = []*graph.Resource{v}
	case *graph.Compute:
		a.Compute = []*graph.Compute{v}
	case *graph.KMSGrant:
		a.Grants = []*graph.KMSGrant{v}
	case *graph.Provider:
		a.Providers = []*graph.Provider{v}
	case *graph.AccountSettings:
		a.Settings = v
	case aliases:
		a.Aliases = v
	default:
		return nil
	}
	return &graph.Facts{Accounts: []*graph.Account{a}}
}
