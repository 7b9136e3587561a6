package paths

import (
	"strings"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/graph"
)

// thing is something of the snapshot that edges lead to or come by: an entity of IAM, a piece of compute, a resource.
type thing struct {
	arn     string
	kind    string // user, role, root, group, policy, provider, profile, compute, resource
	typ     string // CloudFormation name, of compute and resources
	account string
}

// things numbers what is in a snapshot. Users, roles and root users come first, as World.Actors has them, so that a principal and its first
// node share a number.
type things struct {
	list []thing
	by   map[string]uint32

	users, roles, groups, policies, providers, resources, compute *roaring.Bitmap
	presumed                                                      *roaring.Bitmap // providers that trust policies name and nobody read
	editable                                                      *roaring.Bitmap // users, roles, groups, policies and providers that somebody may change

	members    map[uint32]*roaring.Bitmap // of a group
	groupsOf   map[uint32][]uint32        // of a user (E4)
	attached   map[uint32]*roaring.Bitmap // whom a policy is attached to, itself or through a group
	bounds     map[uint32]*roaring.Bitmap // whom a policy bounds
	runs       map[uint32]uint32          // compute -> its role
	trusting   map[uint32]*roaring.Bitmap // provider -> the roles that trust it
	groupFacts map[uint32]*graph.Group
	policyOf   map[uint32]*graph.ManagedPolicy
	computeOf  map[uint32]*graph.Compute

	facts map[Fact]*roaring.Bitmap // where it holds for certain
	open  map[Fact]*roaring.Bitmap // where the snapshot does not tell
	maybe map[Fact]*roaring.Bitmap // either of these
	there *roaring.Bitmap          // providers that are not Absent

	ofAccount map[string]*roaring.Bitmap // what is in an account
	groupAt   map[groupName]uint32
}

// groupName is a group's name in its account.
type groupName struct{ account, name string }

func newThings(w *evaluator.World, facts *graph.Facts, actors []*evaluator.Actor) *things {
	t := &things{
		by: map[string]uint32{}, members: map[uint32]*roaring.Bitmap{}, groupsOf: map[uint32][]uint32{}, attached: map[uint32]*roaring.Bitmap{}, bounds: map[uint32]*roaring.Bitmap{},
		runs: map[uint32]uint32{}, trusting: map[uint32]*roaring.Bitmap{}, groupFacts: map[uint32]*graph.Group{}, policyOf: map[uint32]*graph.ManagedPolicy{},
		computeOf: map[uint32]*graph.Compute{}, facts: map[Fact]*roaring.Bitmap{}, open: map[Fact]*roaring.Bitmap{}, maybe: map[Fact]*roaring.Bitmap{},
		ofAccount: map[string]*roaring.Bitmap{}, groupAt: map[groupName]uint32{},
	}
	for _, set := range []**roaring.Bitmap{&t.users, &t.roles, &t.groups, &t.policies, &t.providers, &t.resources, &t.compute, &t.presumed, &t.editable} {
		*set = roaring.New()
	}
	for _, a := range actors {
		t.put(a.ARN(), a.Kind(), "", a.Account())
	}
	for _, a := range facts.Accounts {
		t.addAccount(a)
	}
	for _, a := range facts.Accounts {
		t.addTies(a)
	}
	t.addFacts(facts)
	for _, arn := range w.RootsOfMembers() { // of accounts that were not read too
		t.put(arn, "root", "", string(graph.ARN(arn).Account()))
	}
	for _, p := range w.Unlisted() {
		id := t.put(p.ARN, "provider", p.Kind, p.Account)
		if p.Absent {
			t.facts[Absent].Add(id)
		} else {
			t.presumed.Add(id)
		}
	}
	for f, has := range t.facts {
		t.maybe[f] = roaring.Or(has, t.open[f])
	}
	t.there = roaring.AndNot(t.providers, t.facts[Absent])
	return t
}

// put numbers a thing; what is known already keeps its number.
func (t *things) put(arn, kind, typ, account string) uint32 {
	if id, ok := t.by[arn]; ok {
		return id
	}
	id := uint32(len(t.list))
	t.list = append(t.list, thing{arn, kind, typ, account})
	t.by[arn] = id
	if t.ofAccount[account] == nil {
		t.ofAccount[account] = roaring.New()
	}
	t.ofAccount[account].Add(id)
	switch kind {
	case "user":
		t.users.Add(id)
		t.editable.Add(id)
	case "role":
		t.roles.Add(id)
		if !reserved(arn) {
			t.editable.Add(id)
		}
	case "group":
		t.groups.Add(id)
		t.editable.Add(id)
	case "policy":
		t.policies.Add(id)
		if graph.ARN(arn).Account() != "aws" {
			t.editable.Add(id)
		}
	case "provider":
		t.providers.Add(id)
		t.editable.Add(id)
	case "compute":
		t.compute.Add(id)
	case "resource":
		t.resources.Add(id)
	}
	return id
}

// in gives what an account has of some things.
func (t *things) in(account string, some *roaring.Bitmap) *roaring.Bitmap {
	own := t.ofAccount[account]
	if own == nil {
		return roaring.New()
	}
	return roaring.And(own, some)
}

// reserved tells roles that nobody may change: service-linked ones and those of AWS services (E10).
func reserved(arn string) bool {
	return strings.Contains(arn, ":role/aws-service-role/") || strings.Contains(arn, ":role/aws-reserved/")
}

func (t *things) addAccount(a *graph.Account) {
	account := string(a.ID)
	for _, g := range a.Groups {
		id := t.put(string(g.ARN), "group", "", account)
		t.groupFacts[id], t.groupAt[groupName{account, g.Name}] = g, id
	}
	for _, p := range a.Policies {
		id := t.put(string(p.ARN), "policy", "", account)
		if t.policyOf[id] == nil {
			t.policyOf[id] = p
		}
	}
	for _, p := range a.Providers {
		t.put(string(p.ARN), "provider", p.Kind, account)
	}
	for _, c := range a.Compute {
		t.computeOf[t.put(string(c.ARN), "compute", c.Type, account)] = c
	}
	for _, r := range a.Resources {
		t.put(string(r.ARN), "resource", r.Type, account)
	}
}

// addTies notes who is in a group, whom a policy is attached to or bounds, and which role compute runs with.
func (t *things) addTies(a *graph.Account) {
	groups := map[string]*graph.Group{}
	for _, g := range a.Groups {
		groups[g.Name] = g
	}
	tie := func(to map[uint32]*roaring.Bitmap, arn graph.ARN, who uint32) {
		id, ok := t.by[string(arn)]
		if !ok {
			return
		}
		if to[id] == nil {
			to[id] = roaring.New()
		}
		to[id].Add(who)
	}
	for _, u := range a.Users {
		who := t.by[string(u.ARN)]
		for _, p := range u.Attached {
			tie(t.attached, p, who)
		}
		tie(t.bounds, u.Boundary, who)
		for _, name := range u.Groups {
			g := groups[name]
			if g == nil {
				continue
			}
			tie(t.members, g.ARN, who)
			t.groupsOf[who] = append(t.groupsOf[who], t.by[string(g.ARN)])
			for _, p := range g.Attached {
				tie(t.attached, p, who)
			}
		}
	}
	profiles := map[graph.ARN]uint32{}
	for _, r := range a.Roles {
		who := t.by[string(r.ARN)]
		for _, p := range r.Attached {
			tie(t.attached, p, who)
		}
		tie(t.bounds, r.Boundary, who)
		for _, p := range r.InstanceProfiles {
			profiles[p.ARN] = who
		}
	}
	for _, c := range a.Compute {
		id := t.by[string(c.ARN)]
		if role, ok := t.by[string(c.Role)]; ok && t.roles.Contains(role) && c.Role.Account() == a.ID { // D49: a role of another account cannot be passed
			t.runs[id] = role
		} else if role, ok := profiles[c.InstanceProfile]; ok && c.InstanceProfile != "" {
			t.runs[id] = role
		}
	}
}

// addFacts notes what techniques take of the snapshot. What a credential report does not tell is open.
func (t *things) addFacts(facts *graph.Facts) {
	for _, f := range []Fact{InstanceProfile, NoInstanceProfile, NoPassword, Password, OneKey, TwoKeys, FourVersions, FiveVersions, OtherVersion, SSORole, ACLs, Absent} {
		t.facts[f], t.open[f] = roaring.New(), roaring.New()
	}
	for _, a := range facts.Accounts {
		for _, r := range a.Roles {
			f := NoInstanceProfile
			if len(r.InstanceProfiles) > 0 {
				f = InstanceProfile
			}
			t.facts[f].Add(t.by[string(r.ARN)])
			if strings.Contains(string(r.ARN), ":role/aws-reserved/sso.amazonaws.com/") {
				t.facts[SSORole].Add(t.by[string(r.ARN)])
			}
		}
		for _, r := range a.Resources {
			switch id := t.by[string(r.ARN)]; {
			case r.Type == "AWS::S3::Bucket" && r.Attributes.ObjectOwnership == "":
				t.open[ACLs].Add(id)
			case r.Attributes.ObjectOwnership != "BucketOwnerEnforced": // D40
				t.facts[ACLs].Add(id)
			}
		}
		for _, p := range a.Policies {
			id := t.by[string(p.ARN)]
			f := FourVersions
			if len(p.Versions) >= 5 {
				f = FiveVersions
			}
			t.facts[f].Add(id)
			if len(p.Versions) > 1 {
				t.facts[OtherVersion].Add(id)
			}
		}
	}
	told := t.addCredentials(facts)
	t.users.Iterate(func(id uint32) bool {
		if !told[id] {
			for _, f := range []Fact{NoPassword, Password, OneKey, TwoKeys} {
				t.open[f].Add(id)
			}
		}
		return true
	})
}

// addCredentials reads credential reports: whether a user has a password, and how many access keys.
func (t *things) addCredentials(facts *graph.Facts) map[uint32]bool {
	told := map[uint32]bool{}
	for _, o := range facts.Observations {
		for _, row := range o.CredentialReport {
			id, ok := t.by[string(row.ARN)]
			if !ok {
				continue
			}
			fields := map[string]string{}
			for _, f := range row.Fields {
				fields[f.Key] = f.Value
			}
			told[id] = true
			f := NoPassword
			if strings.EqualFold(fields["password_enabled"], "true") {
				f = Password
			}
			t.facts[f].Add(id)
			f = OneKey
			if used(fields, "access_key_1") && used(fields, "access_key_2") {
				f = TwoKeys
			}
			t.facts[f].Add(id)
		}
	}
	return told
}

// used tells whether an access key of a report is there: it is active, or was made or used once.
func used(fields map[string]string, key string) bool {
	if strings.EqualFold(fields[key+"_active"], "true") {
		return true
	}
	switch rotated := fields[key+"_last_rotated"]; rotated {
	case "", "N/A", "not_supported":
		return false
	}
	return true
}
