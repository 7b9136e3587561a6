package graph

import "strconv"

// section is one kind of record of an owner O: how to list the records of an owner in the order of their keys, and how
// to read a leaf of them back into it.
type section[O any] struct {
	name string
	// write calls emit with the key and the record of each; keys say where leaves end.
	write func(o *O, emit func(key string, record []byte)) error
	// read appends the n records that follow in c to the owner.
	read func(c *coder, n int, o *O)
}

// entities is a section of records that the model holds by pointer.
func entities[O, T any](name string, of func(*O) *[]*T, key func(*T) string, each func(*coder, *T)) section[O] {
	return section[O]{name: name,
		write: func(o *O, emit func(string, []byte)) error {
			for _, v := range *of(o) {
				record, err := encode(v, each)
				if err != nil {
					return err
				}
				emit(key(v), record)
			}
			return nil
		},
		read: func(c *coder, n int, o *O) {
			slab, p := make([]T, n), of(o)
			for i := range slab {
				each(c, &slab[i])
				*p = append(*p, &slab[i])
			}
		}}
}

// values is a section of records that the model holds by value.
func values[O, T any](name string, of func(*O) *[]T, key func(*T) string, each func(*coder, *T)) section[O] {
	return section[O]{name: name,
		write: func(o *O, emit func(string, []byte)) error {
			for i := range *of(o) {
				v := &(*of(o))[i]
				record, err := encode(v, each)
				if err != nil {
					return err
				}
				emit(key(v), record)
			}
			return nil
		},
		read: func(c *coder, n int, o *O) {
			p := of(o)
			for range n {
				var v T
				each(c, &v)
				*p = append(*p, v)
			}
		}}
}

// single is a section of what an owner has one of; it has no leaf when that is empty.
func single[O any](name string, each func(*coder, *O)) section[O] {
	return section[O]{name: name,
		write: func(o *O, emit func(string, []byte)) error {
			record, err := encode(o, each)
			if len(record) > 1 {
				emit("", record)
			}
			return err
		},
		read: func(c *coder, n int, o *O) {
			for range n {
				each(c, o)
			}
		}}
}

func coverageKey(v *Coverage) string { return v.Kind + "\x00" + v.Region }

// The sections of each kind of owner. Names are part of the store format; "head" is what there is one of.
var (
	accountSections = []section[Account]{
		single("head", codeAccountHead),
		entities("users", func(a *Account) *[]*User { return &a.Users }, userKey, codeUser),
		entities("groups", func(a *Account) *[]*Group { return &a.Groups }, groupKey, codeGroup),
		entities("roles", func(a *Account) *[]*Role { return &a.Roles }, roleKey, codeRole),
		entities("policies", func(a *Account) *[]*ManagedPolicy { return &a.Policies }, policyKey, codeManagedPolicy),
		entities("resources", func(a *Account) *[]*Resource { return &a.Resources }, resourceKey, codeResource),
		entities("compute", func(a *Account) *[]*Compute { return &a.Compute }, computeKey, codeCompute),
		entities("grants", func(a *Account) *[]*KMSGrant { return &a.Grants }, grantKey, codeGrant),
		entities("providers", func(a *Account) *[]*Provider { return &a.Providers }, providerKey, codeProvider),
		entities("shares", func(a *Account) *[]*Share { return &a.Shares }, shareKey, codeShare),
		values("coverage", func(a *Account) *[]Coverage { return &a.Coverage }, coverageKey, codeCoverage),
	}
	organizationSections = []section[Organization]{
		single("head", codeOrganizationHead),
		values("units", func(o *Organization) *[]OrganizationalUnit { return &o.Units }, unitKey, codeUnit),
		values("accounts", func(o *Organization) *[]OrganizationAccount { return &o.Accounts }, orgAccountKey, codeOrganizationAccount),
		values("policies", func(o *Organization) *[]OrganizationPolicy { return &o.Policies }, orgPolicyKey, codeOrganizationPolicy),
		values("delegated", func(o *Organization) *[]DelegatedAdministrator { return &o.Delegated }, delegatedKey, codeDelegated),
	}
	snapshotSections = []section[Facts]{
		values("coverage", func(f *Facts) *[]Coverage { return &f.Coverage }, coverageKey, codeCoverage),
	}
	observationSections = []section[AccountObservations]{
		single("head", codeObservationsHead),
		values("credential-report", func(o *AccountObservations) *[]CredentialReportRow { return &o.CredentialReport }, reportKey, codeReportRow),
		values("role-last-used", func(o *AccountObservations) *[]LastUsed { return &o.RoleLastUsed }, lastUsedKey, codeLastUsed),
		values("last-accessed", func(o *AccountObservations) *[]ServiceLastAccessed { return &o.LastAccessed }, lastAccessedKey, codeLastAccessed),
		values("attachment-counts", func(o *AccountObservations) *[]AttachmentCount { return &o.AttachmentCounts }, attachmentKey, codeAttachmentCount),
	}
)

// The keys of records: what they are sorted by, and what decides where leaves end. A key does not change when the rest
// of its record does, so that a change moves no border.

func userKey(u *User) string                        { return string(u.ARN) }
func groupKey(g *Group) string                      { return string(g.ARN) }
func roleKey(r *Role) string                        { return string(r.ARN) }
func policyKey(p *ManagedPolicy) string             { return string(p.ARN) }
func resourceKey(r *Resource) string                { return string(r.ARN) }
func computeKey(p *Compute) string                  { return string(p.ARN) }
func grantKey(g *KMSGrant) string                   { return string(g.Key) + "\x00" + g.ID }
func providerKey(p *Provider) string                { return string(p.ARN) }
func shareKey(s *Share) string                      { return string(s.ARN) }
func profileKey(p *InstanceProfile) string          { return string(p.ARN) }
func inlineKey(p *InlinePolicy) string              { return p.Name }
func tagKey(t *Tag) string                          { return t.Key }
func aclKey(g *ACLGrant) string                     { return g.Grantee }
func rootKey(r *OrganizationRoot) string            { return r.ID }
func unitKey(u *OrganizationalUnit) string          { return u.ID }
func orgAccountKey(a *OrganizationAccount) string   { return string(a.ID) }
func orgPolicyKey(p *OrganizationPolicy) string     { return p.ID }
func delegatedKey(d *DelegatedAdministrator) string { return string(d.ID) }
func reportKey(r *CredentialReportRow) string       { return r.User + "\x00" + string(r.ARN) }
func lastUsedKey(l *LastUsed) string                { return string(l.ARN) }
func lastAccessedKey(l *ServiceLastAccessed) string { return string(l.ARN) + "\x00" + l.Namespace }
func actionKey(a *ActionLastAccessed) string        { return a.Name }
func attachmentKey(n *AttachmentCount) string       { return string(n.ARN) }

// versionKey sorts v2 before v10.
func versionKey(v *PolicyVersion) string {
	return strconv.Itoa(1000+len(v.ID)) + v.ID
}
