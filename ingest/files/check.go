package files

import (
	"fmt"
	"slices"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/graph"
)

// documentUse is one document in its place: whose it is, under which name, and as what kind of policy.
type documentUse struct {
	owner string // ARN
	name  string // the policy's name within its owner; may be empty
	hash  graph.DocumentHash
	kind  policy.Kind
}

func (d documentUse) String() string {
	if d.name == "" || d.name == d.owner {
		return d.owner
	}
	return d.owner + " policy " + d.name
}

// checkDocument looks at one document of an account, or of the organization when account is empty. One that is missing
// (D18), or of which a statement could not be understood (A15), could not be used: the coverage names it and the input is
// incomplete. One that AWS would not have stored and that is understood all the same is worth a warning, no more.
func (b *builder) checkDocument(account graph.AccountID, d documentUse) {
	gap, f := b.documents.gap(d)
	switch {
	case gap != nil && d.hash.IsZero():
		b.note(account, *gap, inAccount(account)+gap.String())
	case gap != nil:
		b.note(account, *gap, fmt.Sprintf("%s%s: %s", inAccount(account), gap, f.message))
	case f.rule != "":
		b.report.Warnings = append(b.report.Warnings, fmt.Sprintf("%sdocument of %s: %s (%s)", inAccount(account), d, f.message, f.rule))
	}
}

// gap is what coverage says of a document that could not be used, nil of one that could; f is what validation says of it.
func (d *documents) gap(use documentUse) (_ *graph.Coverage, f finding) {
	gap := &graph.Coverage{Kind: graph.KindDocument, State: graph.CoverageFailed}
	if use.hash.IsZero() {
		gap.Error = "missing: " + use.String()
		return gap, f
	}
	if f = d.check(use.hash, use.kind); f.unanalysable {
		gap.Error = "unanalysable: " + f.rule + ": " + use.String()
		return gap, f
	}
	return nil, f
}

// DocumentGaps gives the coverage of kind document of an account's facts: what is missing and what cannot be analysed among the documents that they
// refer to.
func DocumentGaps(a *graph.Account, all map[graph.DocumentHash]*graph.Document) []graph.Coverage {
	return gapsAmong(all, func(use func(documentUse)) { eachUse(a, use) })
}

// OrganizationGaps does so for an organization's SCPs and RCPs.
func OrganizationGaps(o *graph.Organization, all map[graph.DocumentHash]*graph.Document) []graph.Coverage {
	return gapsAmong(all, func(use func(documentUse)) { eachOrganizationUse(o, use) })
}

func gapsAmong(all map[graph.DocumentHash]*graph.Document, each func(use func(documentUse))) []graph.Coverage {
	d := newDocuments()
	d.all = all
	var out []graph.Coverage
	each(func(use documentUse) {
		if gap, _ := d.gap(use); gap != nil {
			out = append(out, *gap)
		}
	})
	return out
}

// eachOrganizationUse calls use for the documents of an organization's policies.
func eachOrganizationUse(o *graph.Organization, use func(documentUse)) {
	for _, p := range o.Policies {
		kind := policy.SCP
		if p.Type == graph.ResourceControlPolicy {
			kind = policy.RCP
		}
		if kind == policy.RCP && p.AWSManaged && !p.Document.IsZero() { // AWS's own RCP allows everything, which no customer's may (A34)
			continue
		}
		use(documentUse{owner: string(p.ARN), name: p.Name, hash: p.Document, kind: kind})
	}
}

// inAccount begins what is said of an account; of what belongs to none it is empty.
func inAccount(id graph.AccountID) string {
	if id == "" {
		return ""
	}
	return "account " + string(id) + ": "
}

// checkAccount looks at every document of an account and at every reference to one, and names in the coverage what is
// missing or not in order.
func (b *builder) checkAccount(a *accountBuilder) {
	eachUse(a.account, func(d documentUse) { b.checkDocument(a.account.ID, d) })
}

// eachUse calls use for every document of an account, and with no hash for every reference to something that is missing.
func eachUse(acc *graph.Account, use func(documentUse)) {
	inline := func(owner graph.ARN, list []graph.InlinePolicy) {
		for _, i := range list {
			use(documentUse{string(owner), i.Name, i.Document, policy.Identity})
		}
	}
	referred := map[graph.ARN]bool{}
	refer := func(list []graph.ARN, boundary graph.ARN) {
		for _, arn := range list {
			referred[arn] = true
		}
		if boundary != "" {
			referred[boundary] = true
		}
	}
	groups := map[string]bool{}
	for _, g := range acc.Groups {
		groups[g.Name] = true
		inline(g.ARN, g.Inline)
		refer(g.Attached, "")
	}
	absent := map[string]bool{}
	for _, u := range acc.Users {
		inline(u.ARN, u.Inline)
		refer(u.Attached, u.Boundary)
		for _, g := range u.Groups {
			absent[g] = absent[g] || !groups[g]
		}
	}
	for _, r := range acc.Roles {
		use(documentUse{string(r.ARN), "trust policy", r.Trust, policy.Trust})
		inline(r.ARN, r.Inline)
		refer(r.Attached, r.Boundary)
	}
	for _, p := range acc.Policies {
		delete(referred, p.ARN) // named below when its document is missing, whether it is attached or not
		h, _ := p.Default()
		use(documentUse{string(p.ARN), "", h, policy.Identity})
	}
	for arn := range referred {
		use(documentUse{owner: string(arn)})
	}
	for name, is := range absent {
		if is {
			use(documentUse{owner: "group " + name})
		}
	}
	for _, r := range acc.Resources {
		if !r.Policy.IsZero() || r.Type == "AWS::KMS::Key" { // F11: a key without its policy is a gap, not absence
			use(documentUse{string(r.ARN), "", r.Policy, resourceKind(r.Type)})
		}
	}
}

// resourceKind gives the kind of policy that a resource of this type carries.
func resourceKind(resourceType string) policy.Kind {
	if resourceType == "AWS::EC2::VPCEndpoint" {
		return policy.VPCEndpoint
	}
	return policy.Resource
}

// usedDocuments gives the names of all documents that facts refer to.
func usedDocuments(f *graph.Facts) map[graph.DocumentHash]bool {
	used := map[graph.DocumentHash]bool{}
	inline := func(list []graph.InlinePolicy) {
		for _, i := range list {
			used[i.Document] = true
		}
	}
	if f.Organization != nil {
		for _, p := range f.Organization.Policies {
			used[p.Document] = true
		}
	}
	for _, a := range f.Accounts {
		for _, v := range a.Users {
			inline(v.Inline)
		}
		for _, v := range a.Groups {
			inline(v.Inline)
		}
		for _, v := range a.Roles {
			used[v.Trust] = true
			inline(v.Inline)
		}
		for _, v := range a.Policies {
			for _, version := range v.Versions {
				used[version.Document] = true
			}
		}
		for _, v := range a.Resources {
			used[v.Policy] = true
		}
	}
	delete(used, graph.DocumentHash{})
	return used
}

// sortReport puts what was noticed into an order that does not depend on the order of files.
func sortReport(r *Report) {
	for _, list := range [][]string{r.Warnings, r.Incomplete} {
		for i := range list {
			list[i] = printable(list[i])
		}
	}
	slices.Sort(r.Warnings)
	r.Warnings = slices.Compact(r.Warnings)
	slices.Sort(r.Incomplete)
	r.Incomplete = slices.Compact(r.Incomplete)
}
