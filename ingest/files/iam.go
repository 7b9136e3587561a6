package files

import (
	"cmp"
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/graph"
)

// user reads one element of UserDetailList (F1).
func (r *reading) user(p place) error {
	u := &graph.User{}
	err := r.object(func(name []byte) error {
		switch string(name) {
		case "Arn":
			return r.text((*string)(&u.ARN))
		case "UserName":
			return r.text(&u.Name)
		case "Path":
			return r.word(&u.Path)
		case "UserId":
			return r.text(&u.ID)
		case "CreateDate":
			return r.moment(&u.Created)
		case "GroupList":
			return r.words(&u.Groups)
		case "UserPolicyList":
			return r.inline(&u.Inline)
		case "AttachedManagedPolicies":
			return r.attached(&u.Attached)
		case "PermissionsBoundary":
			return r.boundary(&u.Boundary)
		case "Tags":
			return r.tags(&u.Tags)
		default:
			return r.ignore("User", name)
		}
	})
	if err != nil {
		return err
	}
	account, err := r.iamOwner(p, &u.ARN, "user")
	if err != nil {
		return err
	}
	nameFromARN(u.ARN, &u.Name, &u.Path)
	r.batch.add(p, account, u)
	return nil
}

// group reads one element of GroupDetailList (F1). Exports exist whose group ARNs lack the account.
func (r *reading) group(p place) error {
	g := &graph.Group{}
	err := r.object(func(name []byte) error {
		switch string(name) {
		case "Arn":
			return r.text((*string)(&g.ARN))
		case "GroupName":
			return r.text(&g.Name)
		case "Path":
			return r.word(&g.Path)
		case "GroupId":
			return r.text(&g.ID)
		case "CreateDate":
			return r.moment(&g.Created)
		case "GroupPolicyList":
			return r.inline(&g.Inline)
		case "AttachedManagedPolicies":
			return r.attached(&g.Attached)
		default:
			return r.ignore("Group", name)
		}
	})
	if err != nil {
		return err
	}
	account, err := r.iamOwner(p, &g.ARN, "group")
	if err != nil {
		return err
	}
	nameFromARN(g.ARN, &g.Name, &g.Path)
	r.batch.add(p, account, g)
	return nil
}

// role reads one element of RoleDetailList (F1). When the role was last used is an observation.
func (r *reading) role(p place) error {
	role := &graph.Role{}
	var used graph.LastUsed
	observed := false
	err := r.object(func(name []byte) error {
		switch string(name) {
		case "Arn":
			return r.text((*string)(&role.ARN))
		case "RoleName":
			return r.text(&role.Name)
		case "Path":
			return r.word(&role.Path)
		case "RoleId":
			return r.text(&role.ID)
		case "CreateDate":
			return r.moment(&role.Created)
		case "AssumeRolePolicyDocument":
			return r.document(&role.Trust)
		case "InstanceProfileList":
			return r.instanceProfiles(&role.InstanceProfiles)
		case "RolePolicyList":
			return r.inline(&role.Inline)
		case "AttachedManagedPolicies":
			return r.attached(&role.Attached)
		case "PermissionsBoundary":
			return r.boundary(&role.Boundary)
		case "Tags":
			return r.tags(&role.Tags)
		case "RoleLastUsed":
			observed = r.dec.PeekKind() == '{' // empty, it says that the role was not used within 400 days
			return r.lastUsed(&used)
		case "Description", "MaxSessionDuration":
			return r.skip()
		default:
			return r.ignore("Role", name)
		}
	})
	if err != nil {
		return err
	}
	account, err := r.iamOwner(p, &role.ARN, "role")
	if err != nil {
		return err
	}
	nameFromARN(role.ARN, &role.Name, &role.Path)
	r.batch.add(p, account, role)
	if observed {
		used.ARN = role.ARN
		r.batch.add(p, account, used)
	}
	return nil
}

func (r *reading) lastUsed(to *graph.LastUsed) error {
	return r.object(func(name []byte) error {
		switch string(name) {
		case "LastUsedDate":
			return r.moment(&to.Time)
		case "Region":
			return r.word(&to.Region)
		default:
			return r.ignore("RoleLastUsed", name)
		}
	})
}

func (r *reading) instanceProfiles(to *[]graph.InstanceProfile) error {
	return r.list(func(int) error {
		var i graph.InstanceProfile
		err := r.object(func(name []byte) error {
			switch string(name) {
			case "Arn":
				return r.text((*string)(&i.ARN))
			case "InstanceProfileName":
				return r.text(&i.Name)
			case "InstanceProfileId":
				return r.text(&i.ID)
			case "Path", "CreateDate", "Roles", "Tags":
				return r.skip()
			default:
				return r.ignore("InstanceProfile", name)
			}
		})
		*to = append(*to, i)
		return err
	})
}

// inline reads UserPolicyList, GroupPolicyList or RolePolicyList.
func (r *reading) inline(to *[]graph.InlinePolicy) error {
	line := r.line()
	err := r.list(func(int) error {
		var i graph.InlinePolicy
		err := r.object(func(name []byte) error {
			switch string(name) {
			case "PolicyName":
				return r.word(&i.Name)
			case "PolicyDocument":
				return r.document(&i.Document)
			default:
				return r.ignore("InlinePolicy", name)
			}
		})
		*to = append(*to, i)
		return err
	})
	if err != nil {
		return err
	}
	twice := distinct(to, func(i graph.InlinePolicy) string { return i.Name })
	if twice != nil {
		return r.errorHere(line, "two inline policies named "+quote(twice.Name)+" with different documents", "each name once")
	}
	return nil
}

// distinct sorts a list by key and drops repetitions. It gives an element whose key comes twice with different contents,
// or nil.
func distinct[E comparable](list *[]E, key func(E) string) *E {
	slices.SortStableFunc(*list, func(a, b E) int { return cmp.Compare(key(a), key(b)) })
	*list = slices.Compact(*list)
	for i := 1; i < len(*list); i++ {
		if key((*list)[i-1]) == key((*list)[i]) {
			return &(*list)[i]
		}
	}
	return nil
}

// attached reads AttachedManagedPolicies.
func (r *reading) attached(to *[]graph.ARN) error {
	return r.list(func(int) error {
		var arn string
		line := r.line()
		err := r.object(func(name []byte) error {
			switch string(name) {
			case "PolicyArn":
				return r.word(&arn)
			case "PolicyName":
				return r.skip()
			default:
				return r.ignore("AttachedPolicy", name)
			}
		})
		if err == nil && arn == "" {
			err = r.errorHere(line, "the attached policy has no PolicyArn", "the ARN of a policy")
		}
		*to = append(*to, graph.ARN(arn))
		return err
	})
}

func (r *reading) boundary(to *graph.ARN) error {
	line, none := r.line(), r.dec.PeekKind() == 'n'
	err := r.object(func(name []byte) error {
		switch string(name) {
		case "PermissionsBoundaryArn":
			return r.word((*string)(to))
		case "PermissionsBoundaryType":
			return r.skip()
		default:
			return r.ignore("PermissionsBoundary", name)
		}
	})
	if err == nil && !none && *to == "" { // taken for "none", it would turn a ceiling into no ceiling
		err = r.errorHere(line, "the boundary has no PermissionsBoundaryArn", "the ARN of a policy, or no PermissionsBoundary")
	}
	return err
}

// policyElement reads one element of Policies, which is a managed policy of an account or a policy of an organization: the
// ARN tells which. How often a policy is attached is an observation.
func (r *reading) policyElement(p place) error {
	m := &graph.ManagedPolicy{}
	o := &graph.OrganizationPolicy{}
	var uses graph.AttachmentCount
	counted := false
	err := r.object(func(name []byte) error {
		switch string(name) {
		case "Arn":
			return r.text((*string)(&m.ARN))
		case "PolicyName":
			return r.text(&m.Name)
		case "Path":
			return r.word(&m.Path)
		case "PolicyId":
			return r.text(&m.ID)
		case "DefaultVersionId":
			return r.word(&m.DefaultVersion)
		case "IsAttachable":
			return r.boolean(&m.Attachable)
		case "CreateDate":
			return r.moment(&m.Created)
		case "UpdateDate":
			return r.moment(&m.Updated)
		case "PolicyVersionList":
			return r.versions(&m.Versions)
		case "AttachmentCount":
			counted = true
			return r.count(&uses.Attachments)
		case "PermissionsBoundaryUsageCount":
			counted = true
			return r.count(&uses.BoundaryUsage)
		case "Description", "Tags":
			return r.skip()
		default:
			return r.organizationPolicyMember(o, name)
		}
	})
	if err != nil {
		return err
	}
	if m.ARN.Service() == "organizations" {
		o.ARN = m.ARN
		return r.organizationPolicy(p, o)
	}
	r.batch.kinds[graph.KindIAM] = true
	account, err := r.iamOwner(p, &m.ARN, "policy")
	if err != nil {
		return err
	}
	if err := settleDefault(p, m); err != nil {
		return err
	}
	nameFromARN(m.ARN, &m.Name, &m.Path)
	r.batch.add(p, account, m)
	if counted {
		uses.ARN = m.ARN
		r.batch.add(p, account, uses)
	}
	return nil
}

// versions reads PolicyVersionList.
func (r *reading) versions(to *[]graph.PolicyVersion) error {
	line := r.line()
	err := r.list(func(int) error {
		var v graph.PolicyVersion
		err := r.object(func(name []byte) error {
			switch string(name) {
			case "VersionId":
				return r.word(&v.ID)
			case "IsDefaultVersion":
				return r.boolean(&v.Default)
			case "CreateDate":
				return r.moment(&v.Created)
			case "Document":
				return r.document(&v.Document)
			default:
				return r.ignore("PolicyVersion", name)
			}
		})
		*to = append(*to, v)
		return err
	})
	if err != nil {
		return err
	}
	if twice := distinct(to, func(v graph.PolicyVersion) string { return v.ID }); twice != nil {
		return r.errorHere(line, "two versions "+quote(twice.ID)+" that differ", "each version once")
	}
	return nil
}

// settleDefault makes DefaultVersionId and the versions' own marks agree (D24).
func settleDefault(p place, m *graph.ManagedPolicy) error {
	for i := range m.Versions {
		v := &m.Versions[i]
		switch {
		case v.Default && m.DefaultVersion == "":
			m.DefaultVersion = v.ID
		case v.Default && m.DefaultVersion != v.ID:
			return p.errorAt("version "+quote(v.ID)+" is marked as the default and "+quote(m.DefaultVersion)+" is too", "one default version", "")
		case v.ID == m.DefaultVersion && v.ID != "":
			v.Default = true
		}
	}
	return nil
}

// iamOwner gives the account of an IAM entity by its ARN, which must be one of the kind (user, group, role, policy). It
// is empty when the ARN names none: an AWS-managed policy, or an ARN without the account.
func (r *reading) iamOwner(p place, arn *graph.ARN, kind string) (graph.AccountID, error) {
	expected := "an ARN such as arn:aws:iam::111122223333:" + kind + "/NAME"
	if *arn == "" {
		return "", p.errorAt("the "+kind+" has no Arn", expected, "")
	}
	bad := func() (graph.AccountID, error) {
		return "", p.errorAt("found Arn "+quote(string(*arn)), expected, "")
	}
	_, service, _, account, resource, ok := arn.Split()
	if !ok { // one colon short: arn:aws:iam::group/NAME
		front, rest, found := strings.Cut(string(*arn), "::")
		if !found || strings.Count(front, ":") != 2 {
			return bad()
		}
		*arn = graph.ARN(front + ":::" + rest)
		_, service, _, account, resource, ok = arn.Split()
	}
	if !ok || service != "iam" || !strings.HasPrefix(resource, kind+"/") || strings.HasSuffix(resource, "/") {
		return bad()
	}
	if account == "" && kind != "policy" || account == "aws" && kind == "policy" {
		return "", nil
	}
	return r.owner(p, account, string(*arn))
}

// completeARN puts the account into an ARN that lacks it.
func completeARN(arn *graph.ARN, account graph.AccountID) {
	if partition, service, region, none, resource, ok := arn.Split(); ok && none == "" {
		*arn = graph.ARN(strings.Join([]string{"arn", partition, service, region, string(account), resource}, ":"))
	}
}

// nameFromARN fills the name and path of an entity that came without them.
func nameFromARN(arn graph.ARN, name, path *string) {
	_, _, _, _, resource, _ := arn.Split()
	first, last := strings.IndexByte(resource, '/'), strings.LastIndexByte(resource, '/')
	if *name == "" {
		*name = resource[last+1:]
	}
	if *path == "" {
		*path = resource[first : last+1]
	}
}

// tags reads tags in any of the ways AWS prints them: a list of Key and Value (or TagKey and TagValue), or a map.
func (r *reading) tags(to *[]graph.Tag) error {
	line := r.line()
	if r.dec.PeekKind() == '{' {
		err := r.object(func(name []byte) error {
			t := graph.Tag{Key: r.strings.get(name)}
			err := r.word(&t.Value)
			*to = append(*to, t)
			return err
		})
		sortTags(*to)
		return err
	}
	err := r.list(func(int) error {
		var t graph.Tag
		line := r.line()
		err := r.object(func(name []byte) error {
			switch string(name) {
			case "Key", "TagKey":
				return r.word(&t.Key)
			case "Value", "TagValue":
				return r.word(&t.Value)
			default:
				return r.ignore("Tag", name)
			}
		})
		if err == nil && t.Key == "" {
			err = r.errorHere(line, "the tag has no Key", `{"Key", "Value"}`)
		}
		*to = append(*to, t)
		return err
	})
	if err != nil {
		return err
	}
	if twice := distinct(to, func(t graph.Tag) string { return t.Key }); twice != nil {
		return r.errorHere(line, "two tags "+quote(twice.Key)+" with different values", "each key once")
	}
	return nil
}

func sortTags(tags []graph.Tag) {
	slices.SortFunc(tags, func(a, b graph.Tag) int { return cmp.Compare(a.Key, b.Key) })
}
