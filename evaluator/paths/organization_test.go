package paths_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/accessgraph/accessgraph/evaluator/catalog"
	"github.com/accessgraph/accessgraph/evaluator/paths"
	"github.com/accessgraph/accessgraph/graph"
)

// The accounts of a small organization: two members and the management account, which were read, and one outside.
const (
	home       = "111111111111"
	next       = "222222222222"
	management = "777777777777"
	stranger   = "888888888888"
)

const root = "r-ab12"

// organization is a small organization in the making. All of its accounts were read, SCPs are on, and so far they allow everything.
type organization struct {
	facts *graph.Facts
}

func newOrganization() *organization {
	o := &organization{facts: &graph.Facts{Documents: map[graph.DocumentHash]*graph.Document{}}}
	o.facts.Organization = &graph.Organization{
		ID: "o-ownorg1234", ManagementAccount: management, FeatureSet: "ALL",
		Roots: []graph.OrganizationRoot{{ID: root, PolicyTypes: []string{graph.ServiceControlPolicy, graph.ResourceControlPolicy}}},
	}
	full := o.document(allow("*", "*"))
	targets := []string{root}
	for _, id := range []graph.AccountID{home, next, management} {
		a := &graph.Account{ID: id}
		for _, kind := range []string{graph.KindIAM, graph.KindResourcePolicies, graph.KindCompute, graph.KindGrants, graph.KindIdentityProviders, graph.KindAccountSettings} {
			a.Coverage = append(a.Coverage, graph.Coverage{Kind: kind, State: graph.CoverageComplete})
		}
		o.facts.Accounts = append(o.facts.Accounts, a)
		o.facts.Organization.Accounts = append(o.facts.Organization.Accounts, graph.OrganizationAccount{ID: id, ParentID: root})
		targets = append(targets, string(id))
	}
	o.facts.Organization.Policies = []graph.OrganizationPolicy{{ID: "p-FullAWSAccess", Name: "FullAWSAccess", Type: graph.ServiceControlPolicy, Document: full, Targets: targets}}
	return o
}

// document stores a policy document of some statements.
func (o *organization) document(statements ...string) graph.DocumentHash {
	text := []byte(`{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`)
	h := graph.DocumentHash(graph.HashOf(text))
	o.facts.Documents[h] = &graph.Document{Hash: h, Canonical: text}
	return h
}

func (o *organization) account(id string) *graph.Account {
	for _, a := range o.facts.Accounts {
		if string(a.ID) == id {
			return a
		}
	}
	panic("no account " + id)
}

// iam is the ARN of something of IAM.
func iam(account, what string) string { return "arn:aws:iam::" + account + ":" + what }

// user adds a user with an inline policy of some statements.
func (o *organization) user(account, name string, statements ...string) *graph.User {
	u := &graph.User{ARN: graph.ARN(iam(account, "user/"+name)), Name: name, Path: "/", ID: "AIDA" + strings.ToUpper(name) + account}
	if len(statements) > 0 {
		u.Inline = []graph.InlinePolicy{{Name: "own", Document: o.document(statements...)}}
	}
	a := o.account(account)
	a.Users = append(a.Users, u)
	return u
}

// role adds a role with a trust policy and an inline policy of some statements.
func (o *organization) role(account, name, trust string, statements ...string) *graph.Role {
	path := "/"
	if at := strings.LastIndexByte(name, '/'); at >= 0 {
		path, name = "/"+name[:at+1], name[at+1:]
	}
	r := &graph.Role{
		ARN: graph.ARN(iam(account, "role"+path+name)), Name: name, Path: path, ID: "AROA" + strings.ToUpper(name) + account, Trust: o.document(trust),
	}
	if len(statements) > 0 {
		r.Inline = []graph.InlinePolicy{{Name: "own", Document: o.document(statements...)}}
	}
	a := o.account(account)
	a.Roles = append(a.Roles, r)
	return r
}

// group adds a group with an inline policy of some statements, and puts users in it.
func (o *organization) group(account, name string, members []*graph.User, statements ...string) *graph.Group {
	g := &graph.Group{ARN: graph.ARN(iam(account, "group/"+name)), Name: name, Path: "/", ID: "AGPA" + strings.ToUpper(name)}
	if len(statements) > 0 {
		g.Inline = []graph.InlinePolicy{{Name: "own", Document: o.document(statements...)}}
	}
	for _, u := range members {
		u.Groups = append(u.Groups, name)
	}
	a := o.account(account)
	a.Groups = append(a.Groups, g)
	return g
}

// policy adds a managed policy, each version of one statement; the last one is in force.
func (o *organization) policy(account, name string, versions ...string) *graph.ManagedPolicy {
	p := &graph.ManagedPolicy{ARN: graph.ARN(iam(account, "policy/"+name)), Name: name, Path: "/", Attachable: true}
	for i, v := range versions {
		p.DefaultVersion = fmt.Sprintf("v%d", i+1)
		p.Versions = append(p.Versions, graph.PolicyVersion{ID: p.DefaultVersion, Default: i == len(versions)-1, Document: o.document(v)})
	}
	a := o.account(account)
	a.Policies = append(a.Policies, p)
	return p
}

// scp attaches an SCP to the root, an OU or an account.
func (o *organization) scp(target string, statements ...string) {
	org := o.facts.Organization
	id := fmt.Sprintf("p-%d", len(org.Policies))
	org.Policies = append(org.Policies, graph.OrganizationPolicy{
		ID: id, Name: id, Type: graph.ServiceControlPolicy, Document: o.document(statements...), Targets: []string{target},
	})
}

// provider adds an identity provider that was read.
func (o *organization) provider(account, name string) string {
	kind := "OIDC"
	if strings.HasPrefix(name, "saml-provider/") {
		kind = "SAML"
	}
	arn := iam(account, name)
	a := o.account(account)
	a.Providers = append(a.Providers, &graph.Provider{ARN: graph.ARN(arn), Kind: kind})
	return arn
}

// delegate makes an account the delegated administrator of a service.
func (o *organization) delegate(account, service string) {
	o.facts.Organization.Delegated = append(o.facts.Organization.Delegated, graph.DelegatedAdministrator{ID: graph.AccountID(account), ServicePrincipals: []string{service}})
}

// allow is a statement of an identity policy or an SCP.
func allow(action, resource string, more ...string) string {
	return `{"Effect":"Allow","Action":"` + action + `","Resource":"` + resource + `"` + strings.Join(more, "") + `}`
}

func deny(action, resource string, more ...string) string {
	return strings.Replace(allow(action, resource, more...), "Allow", "Deny", 1)
}

// when is a condition of a statement.
func when(op, key string, values ...string) string {
	list, _ := json.Marshal(values)
	return `,"Condition":{"` + op + `":{"` + key + `":` + string(list) + `}}`
}

// trusts is a trust policy's statement for a kind of principal: AWS, Service or Federated.
func trusts(kind, who string, more ...string) string {
	action := `["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"]`
	switch {
	case kind == "AWS":
		action = `"sts:AssumeRole"`
	case kind == "Federated" && strings.Contains(who, ":saml-provider/"):
		action = `"sts:AssumeRoleWithSAML"`
	case kind == "Federated":
		action = `"sts:AssumeRoleWithWebIdentity"`
	}
	return `{"Effect":"Allow","Principal":{"` + kind + `":"` + who + `"},"Action":` + action + strings.Join(more, "") + `}`
}

// built is the graph of an organization.
type built struct {
	*paths.Graph
	facts *graph.Facts
}

func (o *organization) build(t *testing.T, options paths.Options) *built {
	t.Helper()
	c, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	o.facts.Normalize()
	g, err := paths.Build(t.Context(), o.facts, c, options)
	if err != nil {
		t.Fatal(err)
	}
	return &built{g, o.facts}
}

// short is an ARN as these tests write it: without what all of them begin with, and without the account where that is home.
func short(arn string) string {
	return strings.TrimPrefix(strings.TrimPrefix(arn, "arn:aws:iam::"), home+":")
}

// place is a node as these tests write it: with what makes it another state of its principal.
func place(n *paths.Node) string {
	text := short(n.ARN)
	if n.Kind == "public" {
		text = "public " + text
	}
	if n.Chained {
		text += " (chained)"
	}
	if n.Change != nil {
		text += " with " + n.Change.Words
	}
	return text
}

// line is an edge as these tests write it.
func line(e *paths.Edge) string {
	text := string(e.Kind)
	if e.Technique != nil {
		text += " " + e.Technique.ID
	}
	to := short(e.To)
	if e.Node != nil {
		to = "-> " + place(e.Node)
	}
	return strings.TrimSpace(text+" "+to) + ": " + e.Level.String()
}

// edges lists the edges of the nodes of an ARN, sorted, those of edited ones aside: root users can edit everybody. It holds that each edge that
// somebody walks is proved, those of edited nodes too.
func (g *built) edges(t *testing.T, arn string) []string {
	t.Helper()
	var out []string
	for _, n := range g.NodesOf(arn) {
		node, from := g.Node(n), ""
		if node.Kind == "public" || node.Chained {
			from = strings.TrimSpace(strings.Replace(place(node), short(arn), "", 1)) + ": "
		}
		for _, e := range g.EdgesFrom(n) {
			g.proved(t, n, &e)
			if node.Change == nil {
				out = append(out, from+line(&e))
			}
		}
	}
	slices.Sort(out)
	return out
}

// evidence is what an edge stands on.
func (g *built) evidence(from uint32, e *paths.Edge) *paths.Hop {
	if e.Node == nil {
		return g.LeafEvidence(from, e.To, e.Kind, e.Technique)
	}
	return g.Evidence(from, e.Node, e.Kind, e.Technique)
}

// proved holds that an edge has evidence, and that the point engine agrees to a request of each of its steps.
func (g *built) proved(t *testing.T, from uint32, e *paths.Edge) {
	t.Helper()
	hop := g.evidence(from, e)
	if hop == nil {
		t.Errorf("%s: %s has no evidence", place(e.From), line(e))
		return
	}
	if len(hop.Steps) == 0 && len(hop.Facts) == 0 {
		t.Errorf("%s: %s stands on nothing", place(e.From), line(e))
	}
	for i := range hop.Steps {
		s := &hop.Steps[i]
		if p := s.Prove(); p.Witness == nil || !p.Agrees {
			t.Errorf("%s: %s: %s on %q is not proved: %+v", place(e.From), line(e), s.Action, s.Resource, p)
		} else if p.Witness.Principal != e.From.ARN && slices.Contains(g.everybody(), p.Witness.Principal) {
			t.Errorf("%s: %s: %s on %q is proved of %s", place(e.From), line(e), s.Action, s.Resource, p.Witness.Principal)
		}
	}
}

// only holds what the edges of an ARN are, and that there are no others.
func (g *built) only(t *testing.T, arn string, want ...string) {
	t.Helper()
	slices.Sort(want)
	if got := g.edges(t, arn); !slices.Equal(got, want) {
		t.Errorf("edges of %s:\n  %s\nwant\n  %s", short(arn), strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// onto lists who leads to the principals of an ARN: users, roles and outsiders as they are, but no root users, which may do what they like.
func (g *built) onto(t *testing.T, arn string) []string {
	t.Helper()
	var out []string
	for _, from := range g.everybody() {
		for _, n := range g.NodesOf(from) {
			for _, e := range g.EdgesFrom(n) {
				if e.From.Change == nil && e.Node != nil && e.Node.ARN == arn {
					out = append(out, place(e.From)+" "+line(&e))
					g.proved(t, n, &e)
				}
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// everybody lists who may have edges, but for root users.
func (g *built) everybody() []string {
	var out []string
	for _, a := range g.facts.Accounts {
		for _, u := range a.Users {
			out = append(out, string(u.ARN))
		}
		for _, r := range a.Roles {
			out = append(out, string(r.ARN))
		}
		for _, p := range a.Providers {
			out = append(out, string(p.ARN))
		}
		for _, c := range a.Compute {
			out = append(out, string(c.ARN))
		}
	}
	return append(out, "*", iam(stranger, "root"), iam(home, "root"))[:len(out)+2]
}

// reaches tells how a principal as it is gets to any node of another, nil when it does not.
func (g *built) reaches(t *testing.T, from, to string) *paths.Way {
	t.Helper()
	r, err := g.Toward(t.Context(), g.Principals(func(n *paths.Node) bool { return n.ARN == to }), paths.Search{})
	if err != nil {
		t.Fatal(err)
	}
	return r.Way(g.NodesOf(from)[0])
}
