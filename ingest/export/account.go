package export

import (
	"encoding/json"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/graph"
)

// account writes the files of an account. A kind that coverage speaks of has its file even when there is nothing of it, so that a lost file is
// noticed.
func (w *writer) account(a *graph.Account, o *graph.AccountObservations) {
	file := func(name, kind string, n int, v any) {
		spoken := slices.ContainsFunc(a.Coverage, func(c graph.Coverage) bool { return c.Kind == kind && c.State == graph.CoverageComplete })
		if n > 0 || spoken {
			w.json(path.Join(string(a.ID), name), v)
		}
	}
	file("account-authorization-details.json", graph.KindIAM, len(a.Users)+len(a.Groups)+len(a.Roles)+len(a.Policies), w.details(a, o))
	file("resource-policies.json", graph.KindResourcePolicies, len(a.Resources), lists{"ResourcePolicies": each(a.Resources, w.resource)})
	file("compute.json", graph.KindCompute, len(a.Compute), lists{"Compute": each(a.Compute, computeOf)})
	file("kms-grants.json", graph.KindGrants, len(a.Grants), lists{"Grants": each(a.Grants, grantOf)})
	file("shares.json", graph.KindShares, len(a.Shares), lists{"Shares": each(a.Shares, shareOf)})
	for kind, list := range map[string]string{"SAML": "saml-providers.json SAMLProviderList", "OIDC": "open-id-connect-providers.json OpenIDConnectProviderList"} {
		name, member, _ := strings.Cut(list, " ")
		mine := slices.DeleteFunc(slices.Clone(a.Providers), func(p *graph.Provider) bool { return p.Kind != kind })
		file(name, graph.KindIdentityProviders, len(mine), lists{member: each(mine, providerOf)})
	}
	if s := a.Settings; s != nil {
		w.json(path.Join(string(a.ID), "account-settings.json"), map[string]any{"S3PublicAccessBlock": accessBlockOf(s.S3PublicAccessBlock), "RootFeatures": some(s.RootFeatures)})
	}
	if p := a.Password; p != nil {
		w.json(path.Join(string(a.ID), "password-policy.json"), map[string]any{"PasswordPolicy": plainFields(p.Fields)})
	}
	if len(a.Aliases) > 0 {
		w.json(path.Join(string(a.ID), "account-aliases.json"), lists{"AccountAliases": a.Aliases})
	}
	w.observations(a, o)
}

// lists is a file of lists by their names.
type lists map[string]any

// some gives a list that is printed as one when it is empty.
func some[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// each converts a list.
func each[T, U any](list []T, fn func(T) U) []U {
	out := make([]U, len(list))
	for i, v := range list {
		out[i] = fn(v)
	}
	return out
}

// details is what `aws iam get-account-authorization-details` prints.
func (w *writer) details(a *graph.Account, o *graph.AccountObservations) lists {
	used := map[graph.ARN]graph.LastUsed{}
	for _, u := range o.RoleLastUsed {
		used[u.ARN] = u
	}
	counts := map[graph.ARN]graph.AttachmentCount{}
	for _, n := range o.AttachmentCounts {
		counts[n.ARN] = n
	}
	return lists{
		"UserDetailList":  each(a.Users, w.user),
		"GroupDetailList": each(a.Groups, w.group),
		"RoleDetailList": each(a.Roles, func(r *graph.Role) roleJSON {
			out := w.role(r)
			if u, ok := used[r.ARN]; ok {
				out.RoleLastUsed = &lastUsedJSON{LastUsedDate: moment(u.Time), Region: u.Region}
			}
			return out
		}),
		"Policies": each(a.Policies, func(p *graph.ManagedPolicy) policyJSON {
			out := w.policy(p)
			if n, ok := counts[p.ARN]; ok {
				out.AttachmentCount, out.PermissionsBoundaryUsageCount = &n.Attachments, &n.BoundaryUsage
			}
			return out
		}),
	}
}

func (w *writer) inline(p graph.InlinePolicy) inlineJSON {
	return inlineJSON{p.Name, w.document(p.Document)}
}

func attachedOf(arn graph.ARN) attachedJSON {
	return attachedJSON{string(arn[strings.LastIndexByte(string(arn), '/')+1:]), string(arn)}
}

func tagOf(t graph.Tag) tagJSON { return tagJSON(t) }

func boundaryOf(arn graph.ARN) *boundaryJSON {
	if arn == "" {
		return nil
	}
	return &boundaryJSON{"Policy", string(arn)}
}

func (w *writer) user(u *graph.User) userJSON {
	return userJSON{u.Path, u.Name, u.ID, string(u.ARN), moment(u.Created), each(u.Inline, w.inline), some(u.Groups),
		each(u.Attached, attachedOf), boundaryOf(u.Boundary), each(u.Tags, tagOf)}
}

func (w *writer) group(g *graph.Group) groupJSON {
	return groupJSON{g.Path, g.Name, g.ID, string(g.ARN), moment(g.Created), each(g.Inline, w.inline), each(g.Attached, attachedOf)}
}

func (w *writer) role(r *graph.Role) roleJSON {
	profiles := each(r.InstanceProfiles, func(p graph.InstanceProfile) profileJSON { return profileJSON{p.Name, p.ID, string(p.ARN)} })
	return roleJSON{r.Path, r.Name, r.ID, string(r.ARN), moment(r.Created), w.document(r.Trust), profiles, each(r.Inline, w.inline),
		each(r.Attached, attachedOf), boundaryOf(r.Boundary), each(r.Tags, tagOf), nil}
}

func (w *writer) policy(p *graph.ManagedPolicy) policyJSON {
	versions := each(p.Versions, func(v graph.PolicyVersion) versionJSON {
		return versionJSON{w.document(v.Document), v.ID, v.Default, moment(v.Created)}
	})
	return policyJSON{PolicyName: p.Name, PolicyID: p.ID, Arn: string(p.ARN), Path: p.Path, DefaultVersionID: p.DefaultVersion, IsAttachable: p.Attachable,
		CreateDate: moment(p.Created), UpdateDate: moment(p.Updated), PolicyVersionList: versions}
}

// fields gives names and values as an object.
func fields(list []graph.Tag) map[string]string {
	out := make(map[string]string, len(list))
	for _, t := range list {
		out[t.Key] = t.Value
	}
	return out
}

var bare = regexp.MustCompile(`^(true|false|0|[1-9][0-9]{0,15})$`)

// plainFields is fields with truths and whole numbers as such.
func plainFields(list []graph.Tag) map[string]any {
	out := make(map[string]any, len(list))
	for _, t := range list {
		out[t.Key] = t.Value
		if bare.MatchString(t.Value) {
			out[t.Key] = json.RawMessage(t.Value)
		}
	}
	return out
}
