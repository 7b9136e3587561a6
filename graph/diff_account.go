package graph

// differ compares records, knowing how each of the two snapshots was read.
type differ struct{ from, to reading }

// account compares what two snapshots say of an account and puts it into out. The accounts given need hold only the records that may
// differ, but all of their coverage.
func (d *differ) account(out *AccountChanges, a, b *Account) {
	if out.Kind != Changed { // the other snapshot is known not to have the account: nothing of it is in doubt
		read := reading{filled: func(string) bool { return true }}
		d = &differ{read, read}
	}
	d.principals(out, a, b)
	out.Resources = kindOfRecord[Resource]{key: resourceKey, code: codeResource, gap: func(r *reading, v *Resource) Gap {
		return r.typed(v.Type, v.Region, KindResourcePolicies, "resources")
	}}.pair(d, a.Resources, b.Resources)
	out.Compute = kindOfRecord[Compute]{key: computeKey, code: codeCompute, gap: func(r *reading, v *Compute) Gap {
		return r.typed(v.Type, v.Region, KindCompute, "compute")
	}}.pair(d, a.Compute, b.Compute)
	out.Grants = kindOfRecord[KMSGrant]{key: grantKey, code: codeGrant, gap: func(r *reading, v *KMSGrant) Gap {
		_, _, region, _, _, _ := v.Key.Split()
		return r.kind(KindGrants, region, "grants")
	}}.pair(d, a.Grants, b.Grants)
	out.Providers = kindOfRecord[Provider]{key: providerKey, code: codeProvider, gap: func(r *reading, _ *Provider) Gap {
		return r.kind(KindIdentityProviders, "", "providers")
	}}.pair(d, a.Providers, b.Providers)
	out.Shares = kindOfRecord[Share]{key: shareKey, code: codeShare, gap: func(r *reading, v *Share) Gap {
		_, _, region, _, _, _ := v.ARN.Split()
		return r.kind(KindShares, region, "shares")
	}}.pair(d, a.Shares, b.Shares)
	d.head(out, a, b)
	out.Coverage = diffCoverage(a.Coverage, b.Coverage)
}

func (d *differ) principals(out *AccountChanges, a, b *Account) {
	iam := func(r *reading) Gap { return r.kind(KindIAM, "", "users", "groups", "roles", "policies") }
	out.Users = kindOfRecord[User]{userKey, codeUser, func(u *User) string { return u.ID },
		func(r *reading, _ *User) Gap { return iam(r) }}.pair(d, a.Users, b.Users)
	out.Groups = kindOfRecord[Group]{groupKey, codeGroup, func(g *Group) string { return g.ID },
		func(r *reading, _ *Group) Gap { return iam(r) }}.pair(d, a.Groups, b.Groups)
	out.Roles = kindOfRecord[Role]{roleKey, codeRole, func(v *Role) string { return v.ID },
		func(r *reading, _ *Role) Gap { return iam(r) }}.pair(d, a.Roles, b.Roles)
	out.Policies = kindOfRecord[ManagedPolicy]{policyKey, codeManagedPolicy, func(p *ManagedPolicy) string { return p.ID },
		func(r *reading, p *ManagedPolicy) Gap {
			if gap := iam(r); !gap.IsZero() {
				return gap
			}
			return r.document(p.ARN) // something refers to it, and it was not given
		}}.pair(d, a.Policies, b.Policies)
}

// head compares what an account has one of.
func (d *differ) head(out *AccountChanges, a, b *Account) {
	out.Settings = one(a.Settings, b.Settings, codeSettings)
	settings := kindOfRecord[AccountSettings]{gap: func(r *reading, _ *AccountSettings) Gap { return r.kind(KindAccountSettings, "") }}
	out.Password = one(a.Password, b.Password, codePassword)
	password := kindOfRecord[PasswordPolicy]{gap: func(r *reading, _ *PasswordPolicy) Gap { return r.kind(KindPasswordPolicy, "") }}
	out.Aliases = one(aliases(a), aliases(b), func(c *coder, v *AccountAliases) { texts(c, &v.Names) })
	// Coverage does not speak of aliases, so that one who has none may not have been asked.
	named := kindOfRecord[AccountAliases]{gap: func(r *reading, _ *AccountAliases) Gap {
		return Gap{r.id, "account-aliases not-asked, or there are none"}
	}}
	if out.Kind != Changed {
		return
	}
	settings.doubt(d, out.Settings)
	password.doubt(d, out.Password)
	named.doubt(d, out.Aliases)
}

func aliases(a *Account) *AccountAliases {
	if len(a.Aliases) == 0 {
		return nil
	}
	return &AccountAliases{a.Aliases}
}

// organization compares what two snapshots say of the organization; nil is a snapshot without one.
func (d *differ) organization(a, b *Organization) *OrganizationChanges {
	out := &OrganizationChanges{Kind: Changed}
	if a == nil || b == nil {
		r := &d.to
		if a == nil {
			r = &d.from
		}
		out.Kind, out.Gap = UnknownChange, r.organization()
		if out.Gap.IsZero() {
			out.Gap = r.says(Coverage{Kind: KindOrganization, State: CoverageNotAsked})
		}
		return out
	}
	out.Head = one(headOf(a), headOf(b), codeOrganizationHead)
	out.Roots = inOrganization(rootKey, codeRoot).pair(d, pointers(a.Roots), pointers(b.Roots))
	out.Units = inOrganization(unitKey, codeUnit).pair(d, pointers(a.Units), pointers(b.Units))
	out.Accounts = inOrganization(orgAccountKey, codeOrganizationAccount).pair(d, pointers(a.Accounts), pointers(b.Accounts))
	out.Policies = inOrganization(orgPolicyKey, codeOrganizationPolicy).pair(d, pointers(a.Policies), pointers(b.Policies))
	out.Delegated = inOrganization(delegatedKey, codeDelegated).pair(d, pointers(a.Delegated), pointers(b.Delegated))
	if out.empty() {
		return nil
	}
	return out
}

// inOrganization is a kind of record of the organization, whose keys are AWS's unique ids.
func inOrganization[T any](key func(*T) string, code func(*coder, *T)) kindOfRecord[T] {
	return kindOfRecord[T]{key: key, code: code, gap: func(r *reading, _ *T) Gap { return r.organization() }}
}

// headOf is an organization without its lists.
func headOf(o *Organization) *Organization {
	return &Organization{ID: o.ID, ARN: o.ARN, ManagementAccount: o.ManagementAccount, FeatureSet: o.FeatureSet}
}

func diffCoverage(a, b []Coverage) []Change[Coverage] {
	return kindOfRecord[Coverage]{key: coverageKey, code: codeCoverage}.pair(nil, pointers(a), pointers(b))
}

// named gives all documents that the versions name.
func (c *Changes) named() []DocumentHash {
	var out []DocumentHash
	add := func(h DocumentHash) { out = append(out, h) }
	whole := &Account{}
	for _, a := range c.Accounts {
		versions(a.Users, &whole.Users)
		versions(a.Groups, &whole.Groups)
		versions(a.Roles, &whole.Roles)
		versions(a.Policies, &whole.Policies)
		versions(a.Resources, &whole.Resources)
	}
	whole.eachDocument(add)
	if o := c.Organization; o != nil {
		var policies []*OrganizationPolicy
		versions(o.Policies, &policies)
		for _, p := range policies {
			if !p.Document.IsZero() {
				add(p.Document)
			}
		}
	}
	return distinct(out)
}

// versions adds both versions of changes to a list.
func versions[T any](changes []Change[T], to *[]*T) {
	for _, c := range changes {
		if c.Before != nil {
			*to = append(*to, c.Before)
		}
		if c.After != nil {
			*to = append(*to, c.After)
		}
	}
}
