package graph

import (
	"bytes"
	"slices"
	"strings"
	"time"
)

// Normalize puts f into the one form that equal facts have: everything that AWS treats as a set is sorted and without
// exact duplicates, empty lists are nil, times are UTC without a monotonic clock. It works in place; the order in which
// facts were found then has no influence on the snapshot that they make. Normalizing twice changes nothing.
func (f *Facts) Normalize() {
	if f.Documents == nil {
		f.Documents = map[DocumentHash]*Document{}
	}
	if f.Organization != nil {
		f.Organization.normalize()
	}
	f.Accounts = clip(f.Accounts)
	for _, a := range f.Accounts {
		a.normalize()
	}
	slices.SortStableFunc(f.Accounts, func(a, b *Account) int { return strings.Compare(string(a.ID), string(b.ID)) })
	f.Coverage = sortValues(f.Coverage, coverageKey, codeCoverage)
	f.Observations = clip(f.Observations)
	for _, o := range f.Observations {
		o.normalize()
	}
	slices.SortStableFunc(f.Observations, func(a, b *AccountObservations) int {
		return strings.Compare(string(a.Account), string(b.Account))
	})
}

func (o *Organization) normalize() {
	for i := range o.Roots {
		o.Roots[i].PolicyTypes = sortTexts(o.Roots[i].PolicyTypes)
	}
	o.Roots = sortValues(o.Roots, rootKey, codeRoot)
	o.Units = sortValues(o.Units, unitKey, codeUnit)
	for i := range o.Accounts {
		o.Accounts[i].Tags = sortTags(o.Accounts[i].Tags)
	}
	o.Accounts = sortValues(o.Accounts, orgAccountKey, codeOrganizationAccount)
	for i := range o.Policies {
		o.Policies[i].Targets = sortTexts(o.Policies[i].Targets)
	}
	o.Policies = sortValues(o.Policies, orgPolicyKey, codeOrganizationPolicy)
	for i := range o.Delegated {
		o.Delegated[i].ServicePrincipals = sortTexts(o.Delegated[i].ServicePrincipals)
	}
	o.Delegated = sortValues(o.Delegated, delegatedKey, codeDelegated)
}

func (a *Account) normalize() {
	a.Aliases = sortTexts(a.Aliases)
	if a.Settings != nil {
		a.Settings.RootFeatures = sortTexts(a.Settings.RootFeatures)
	}
	if a.Password != nil {
		a.Password.Fields = sortTags(a.Password.Fields)
	}
	a.normalizePrincipals()
	for _, p := range a.Policies {
		p.Created, p.Updated = plain(p.Created), plain(p.Updated)
		for i := range p.Versions {
			p.Versions[i].Created = plain(p.Versions[i].Created)
		}
		p.Versions = sortValues(p.Versions, versionKey, codeVersion)
	}
	a.Policies = sortEntities(a.Policies, policyKey, codeManagedPolicy)
	for _, r := range a.Resources {
		r.Tags = sortTags(r.Tags)
		r.Attributes.SharedWith = sortTexts(r.Attributes.SharedWith)
		r.Attributes.ACL = sortValues(r.Attributes.ACL, aclKey, codeACLGrant)
	}
	a.Resources = sortEntities(a.Resources, resourceKey, codeResource)
	for _, p := range a.Compute {
		p.Tags, p.Attributes = sortTags(p.Tags), sortTags(p.Attributes)
	}
	a.Compute = sortEntities(a.Compute, computeKey, codeCompute)
	for _, g := range a.Grants {
		g.Operations = sortTexts(g.Operations)
		g.EncryptionSubset, g.EncryptionEquals = sortTags(g.EncryptionSubset), sortTags(g.EncryptionEquals)
	}
	a.Grants = sortEntities(a.Grants, grantKey, codeGrant)
	for _, p := range a.Providers {
		p.ClientIDs, p.Thumbprints, p.Tags = sortTexts(p.ClientIDs), sortTexts(p.Thumbprints), sortTags(p.Tags)
	}
	a.Providers = sortEntities(a.Providers, providerKey, codeProvider)
	for _, s := range a.Shares {
		s.Principals = sortTexts(s.Principals)
	}
	a.Shares = sortEntities(a.Shares, shareKey, codeShare)
	a.Coverage = sortValues(a.Coverage, coverageKey, codeCoverage)
}

func (a *Account) normalizePrincipals() {
	for _, u := range a.Users {
		u.Created = plain(u.Created)
		u.Groups, u.Attached, u.Tags = sortTexts(u.Groups), sortTexts(u.Attached), sortTags(u.Tags)
		u.Inline = sortValues(u.Inline, inlineKey, codeInline)
	}
	a.Users = sortEntities(a.Users, userKey, codeUser)
	for _, g := range a.Groups {
		g.Created = plain(g.Created)
		g.Attached = sortTexts(g.Attached)
		g.Inline = sortValues(g.Inline, inlineKey, codeInline)
	}
	a.Groups = sortEntities(a.Groups, groupKey, codeGroup)
	for _, r := range a.Roles {
		r.Created = plain(r.Created)
		r.Attached, r.Tags = sortTexts(r.Attached), sortTags(r.Tags)
		r.Inline = sortValues(r.Inline, inlineKey, codeInline)
		r.InstanceProfiles = sortValues(r.InstanceProfiles, profileKey, codeInstanceProfile)
	}
	a.Roles = sortEntities(a.Roles, roleKey, codeRole)
}

func (o *AccountObservations) normalize() {
	o.Summary = sortTags(o.Summary)
	for i := range o.CredentialReport {
		o.CredentialReport[i].Fields = sortTags(o.CredentialReport[i].Fields)
	}
	o.CredentialReport = sortValues(o.CredentialReport, reportKey, codeReportRow)
	for i := range o.RoleLastUsed {
		o.RoleLastUsed[i].Time = plain(o.RoleLastUsed[i].Time)
	}
	o.RoleLastUsed = sortValues(o.RoleLastUsed, lastUsedKey, codeLastUsed)
	for i := range o.LastAccessed {
		l := &o.LastAccessed[i]
		l.Time = plain(l.Time)
		for j := range l.Actions {
			l.Actions[j].Time = plain(l.Actions[j].Time)
		}
		l.Actions = sortValues(l.Actions, actionKey, codeActionLastAccessed)
	}
	o.LastAccessed = sortValues(o.LastAccessed, lastAccessedKey, codeLastAccessed)
	o.AttachmentCounts = sortValues(o.AttachmentCounts, attachmentKey, codeAttachmentCount)
}

// plain gives t as the store gives it back.
func plain(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return time.Unix(t.Unix(), int64(t.Nanosecond())).UTC()
}

// clip makes an empty list nil.
func clip[T any](s []T) []T {
	if len(s) == 0 {
		return nil
	}
	return s
}

func sortTexts[T ~string](s []T) []T {
	slices.Sort(s)
	return clip(slices.Compact(s))
}

func sortTags(s []Tag) []Tag { return sortValues(s, tagKey, codeTag) }

// sortValues sorts by key and then by the whole record, and drops exact duplicates.
func sortValues[T any](s []T, key func(*T) string, each func(*coder, *T)) []T {
	if ascending(len(s), func(i int) string { return key(&s[i]) }) {
		return clip(s)
	}
	slices.SortFunc(s, func(a, b T) int { return compareRecords(&a, &b, key, each) })
	return clip(slices.CompactFunc(s, func(a, b T) bool { return compareRecords(&a, &b, key, each) == 0 }))
}

// sortEntities is sortValues for records held by pointer.
func sortEntities[T any](s []*T, key func(*T) string, each func(*coder, *T)) []*T {
	if ascending(len(s), func(i int) string { return key(s[i]) }) {
		return clip(s)
	}
	slices.SortFunc(s, func(a, b *T) int { return compareRecords(a, b, key, each) })
	return clip(slices.CompactFunc(s, func(a, b *T) bool { return compareRecords(a, b, key, each) == 0 }))
}

// ascending tells whether n keys are in order and different, as those of facts that were read in order are.
func ascending(n int, key func(i int) string) bool {
	last := ""
	for i := range n {
		k := key(i)
		if i > 0 && k <= last {
			return false
		}
		last = k
	}
	return true
}

func compareRecords[T any](a, b *T, key func(*T) string, each func(*coder, *T)) int {
	if n := strings.Compare(key(a), key(b)); n != 0 {
		return n
	}
	// Equal keys are rare: two records of one name, which only a hostile or broken export has.
	x, _ := encode(a, each)
	y, _ := encode(b, each)
	return bytes.Compare(x, y)
}
