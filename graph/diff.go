package graph

// ChangeKind says what became of an entity between two snapshots.
type ChangeKind string

// The kinds of change (E24).
const (
	Added   ChangeKind = "added"   // After alone is there
	Removed ChangeKind = "removed" // Before alone is there
	Changed ChangeKind = "changed" // one entity, two versions; its ARN differs where it was renamed (F16)
	// Recreated: both are there under one ARN and AWS's unique ids differ, so that the one was removed and another was made.
	Recreated ChangeKind = "recreated"
	// UnknownChange: one of the two alone is there, and the other snapshot could not or did not read what it would have been among.
	UnknownChange ChangeKind = "unknown"
)

// Change is one entity that differs between two snapshots. Before and After are its versions, nil where it is not there.
type Change[T any] struct {
	Kind   ChangeKind
	Before *T
	After  *T
	Gap    Gap // of an unknown change
}

// Gap is why something that a snapshot does not have may have been there. It is empty where there is no doubt.
type Gap struct {
	In  SnapshotID // the snapshot that does not have it
	Why string     // what that says of its reading, in words
}

// IsZero tells whether there is no gap.
func (g Gap) IsZero() bool { return g == Gap{} }

// Changes is what differs in the configuration of two snapshots (E24). Equal facts are left out; the rest is in the order of keys.
type Changes struct {
	From, To     SnapshotID
	Organization *OrganizationChanges // nil: the same in both, or in neither
	Accounts     []*AccountChanges    // those that differ, sorted by ID
	Coverage     []Change[Coverage]   // of what belongs to no account
	// Documents are all that the versions here name.
	Documents map[DocumentHash]*Document
}

// Empty tells whether the two snapshots say the same.
func (c *Changes) Empty() bool {
	return c.Organization == nil && len(c.Accounts) == 0 && len(c.Coverage) == 0
}

// OrganizationChanges is what differs in what AWS Organizations says. Kind is Changed where both snapshots have an organization; it is
// never Added or Removed: a snapshot without organization data was not given any, so that Kind is then UnknownChange, Gap says why,
// and the lists are empty.
type OrganizationChanges struct {
	Kind      ChangeKind
	Gap       Gap
	Head      *Change[Organization] // id, management account and feature set alone, without the lists; nil: the same
	Roots     []Change[OrganizationRoot]
	Units     []Change[OrganizationalUnit]
	Accounts  []Change[OrganizationAccount]
	Policies  []Change[OrganizationPolicy]
	Delegated []Change[DelegatedAdministrator]
}

// AccountChanges is what differs in one account. Kind is Changed where both snapshots have read it. It is Added or Removed, with all
// that the account holds, where the other snapshot's organization does not have the account, and UnknownChange, with
// nothing in its lists, where the other snapshot alone did not read it: Gap says why.
type AccountChanges struct {
	ID        AccountID
	Kind      ChangeKind
	Gap       Gap
	Users     []Change[User]
	Groups    []Change[Group]
	Roles     []Change[Role]
	Policies  []Change[ManagedPolicy]
	Resources []Change[Resource]
	Compute   []Change[Compute]
	Grants    []Change[KMSGrant]
	Providers []Change[Provider]
	Shares    []Change[Share]
	Aliases   *Change[AccountAliases] // nil: the same; so are the next two
	Settings  *Change[AccountSettings]
	Password  *Change[PasswordPolicy]
	Coverage  []Change[Coverage]
}

// AccountAliases are the names of an account that its sign-in page is found by.
type AccountAliases struct{ Names []string }

// empty tells whether nothing differs.
func (a *AccountChanges) empty() bool {
	n := len(a.Users) + len(a.Groups) + len(a.Roles) + len(a.Policies) + len(a.Resources) + len(a.Compute) + len(a.Grants) + len(a.Providers) + len(a.Shares)
	return a.Kind == Changed && n+len(a.Coverage) == 0 && a.Aliases == nil && a.Settings == nil && a.Password == nil
}

func (o *OrganizationChanges) empty() bool {
	return o.Kind == Changed && o.Head == nil && len(o.Roots)+len(o.Units)+len(o.Accounts)+len(o.Policies)+len(o.Delegated) == 0
}
