package paths_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/evaluator/paths"
	"github.com/accessgraph/accessgraph/graph"
)

// leaves asks for the edges that nobody walks too.
var leaves = paths.Options{Leaves: true}

// TestMembership is E-t1 and E-t2: a group's policy lets its members assume a role, and the group itself nobody; an SCP ends it.
func TestMembership(t *testing.T) {
	make := func() *organization {
		o := newOrganization()
		u := o.user(home, "U")
		o.user(home, "V")
		o.role(home, "R", trusts("AWS", home))
		g := o.group(home, "G", nil, allow("sts:AssumeRole", iam(home, "role/R")))
		u.Groups = []string{g.Name}
		return o
	}
	g := make().build(t, leaves)
	g.only(t, iam(home, "user/U"), "CAN_ASSUME -> role/R: allowed", "MEMBER_OF group/G: allowed")
	g.only(t, iam(home, "user/V"))
	g.only(t, iam(home, "role/R"))
	if n := g.NodesOf(iam(home, "group/G")); len(n) > 0 {
		t.Errorf("a group has nodes: %v", n)
	}
	make().build(t, paths.Options{}).only(t, iam(home, "user/U"), "CAN_ASSUME -> role/R: allowed")

	denied := make()
	denied.scp(home, deny("sts:AssumeRole", "*"))
	denied.build(t, leaves).only(t, iam(home, "user/U"), "MEMBER_OF group/G: allowed")
}

// TestTrustByARN is E-t3: a trust policy that names a user of its account is enough.
func TestTrustByARN(t *testing.T) {
	o := newOrganization()
	o.user(home, "U")
	o.role(home, "R", trusts("AWS", iam(home, "user/U")))
	g := o.build(t, leaves)
	g.only(t, iam(home, "user/U"), "CAN_ASSUME -> role/R: allowed")
	g.only(t, iam(home, "role/R"))
}

// TestTrustAcrossAccounts is the first half of E-t4: across accounts both sides have to allow it, whatever the zone of trust is. Who is outside of
// it is on the other half of the test, in query.
func TestTrustAcrossAccounts(t *testing.T) {
	o := newOrganization()
	o.user(home, "U")
	o.user(home, "V", allow("sts:AssumeRole", iam(next, "role/R")))
	o.role(next, "R", trusts("AWS", home))
	g := o.build(t, paths.Options{Leaves: true, Zone: []string{next}})
	g.only(t, iam(home, "user/U"))
	g.only(t, iam(home, "user/V"), "CAN_ASSUME -> "+next+":role/R: allowed")
	for _, arn := range []string{iam(home, "user/U"), iam(next, "role/R")} {
		if n := g.Node(g.NodesOf(arn)[0]); n.Outside != (n.Account == home) {
			t.Errorf("%s: outside %t", arn, n.Outside)
		}
	}
}

// TestMFAEndsAtAssumeRole is E-t5: credentials that AssumeRole made carry no MFA information.
func TestMFAEndsAtAssumeRole(t *testing.T) {
	mfa := when("Bool", "aws:MultiFactorAuthPresent", "true")
	o := newOrganization()
	o.user(home, "A")
	o.role(home, "B", trusts("AWS", iam(home, "user/A"), mfa))
	o.role(home, "C", trusts("AWS", iam(home, "role/B"), mfa))
	idp := o.provider(home, "saml-provider/Corp")
	o.role(home, "F", trusts("Federated", idp)+","+trusts("AWS", iam(home, "user/A")))
	o.role(home, "D", trusts("AWS", iam(home, "role/F"), mfa))
	g := o.build(t, leaves)
	g.only(t, iam(home, "user/A"), "CAN_ASSUME -> role/B: conditional", "CAN_ASSUME -> role/F (chained): allowed")
	g.only(t, iam(home, "role/B"))
	g.only(t, iam(home, "role/C"))
	// Whoever signed in with a provider may have used MFA there; a session of the same role that AssumeRole made has not.
	g.only(t, idp, "CAN_FEDERATE -> role/F: allowed")
	g.only(t, iam(home, "role/F"), "CAN_ASSUME -> role/D: conditional")
	if w := g.reaches(t, iam(home, "user/A"), iam(home, "role/D")); w != nil {
		t.Errorf("a session without MFA gets on: %+v", w)
	}
	if w := g.reaches(t, iam(home, "user/A"), iam(home, "role/C")); w != nil {
		t.Errorf("a session without MFA gets on: %+v", w)
	}
}

// TestGainWithoutControl is E-t6 and E-t7: who can rewrite a role's policy has nothing of it before it gets hold of the role, and then what the role's
// boundary and the account's SCPs leave.
func TestGainWithoutControl(t *testing.T) {
	rewrite := allow("iam:CreatePolicyVersion", iam(home, "policy/M"))
	make := func(statements ...string) *built {
		o := newOrganization()
		o.user(home, "P", statements...)
		r := o.role(home, "R", trusts("Service", "ec2.amazonaws.com"))
		m := o.policy(home, "M", allow("s3:ListAllMyBuckets", "*"))
		b := o.policy(home, "B", allow("s3:*", "*"))
		r.Attached, r.Boundary = append(r.Attached, m.ARN), b.ARN
		o.scp(home, deny("s3:DeleteObject", "*"))
		return o.build(t, leaves)
	}
	p, r := iam(home, "user/P"), iam(home, "role/R")
	g := make(rewrite)
	g.only(t, p, "GAIN_PERMISSIONS iam-policy-version-create role/R: allowed")
	if w := g.reaches(t, p, r); w != nil {
		t.Errorf("P gets to R: %+v", w)
	}
	g = make(rewrite, allow("iam:UpdateAssumeRolePolicy", r))
	g.only(t, p,
		"GAIN_PERMISSIONS iam-policy-version-create role/R: allowed",
		"BECOME iam-trust-policy-update -> role/R: allowed",
		"GAIN_PERMISSIONS -> role/R (chained) with a policy that allows everything: allowed")
	for action, want := range map[string]bool{"s3:PutObject": true, "s3:DeleteObject": false, "sqs:SendMessage": false} {
		target, _, err := g.Access(t.Context(), evaluator.Question{Actions: []string{action}}, paths.Via{})
		if err != nil {
			t.Fatal(err)
		}
		reaching, err := g.Toward(t.Context(), target, paths.Search{})
		if err != nil {
			t.Fatal(err)
		}
		if way := reaching.Way(g.NodesOf(p)[0]); (way != nil) != want {
			t.Errorf("%s: %+v, want a way: %t", action, way, want)
		} else if way != nil {
			for _, hop := range g.Hops(way) {
				for i := range hop.Steps {
					if proof := hop.Steps[i].Prove(); !proof.Agrees {
						t.Errorf("%s: %s is not proved", action, hop.Steps[i].Action)
					}
				}
			}
		}
	}
}

// TestPassingARole is E-t8 and E-t9: the role is passed to that very service, and trusts it.
func TestPassingARole(t *testing.T) {
	function := "arn:aws:lambda:us-east-1:" + home + ":function:*"
	for name, c := range map[string]struct {
		service, passed string
		want            []string
	}{
		"E-t8: passed to another service":  {"lambda.amazonaws.com", "ec2.amazonaws.com", nil},
		"E-t9: another service is trusted": {"ec2.amazonaws.com", "", nil},
		"neither":                          {"lambda.amazonaws.com", "lambda.amazonaws.com", []string{"PASSROLE_NEW lambda-new-function-invoke -> role/R: allowed"}},
		"passed to any":                    {"lambda.amazonaws.com", "", []string{"PASSROLE_NEW lambda-new-function-invoke -> role/R: allowed"}},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrganization()
			condition := ""
			if c.passed != "" {
				condition = when("StringEquals", "iam:PassedToService", c.passed)
			}
			o.user(home, "P", allow("iam:PassRole", iam(home, "role/R"), condition), allow("lambda:CreateFunction", function), allow("lambda:InvokeFunction", function))
			o.role(home, "R", trusts("Service", c.service))
			g := o.build(t, leaves)
			g.only(t, iam(home, "user/P"), c.want...)
			g.only(t, iam(home, "role/R"))
			g.only(t, c.service, "SERVICE_ASSUMES -> role/R: allowed")
		})
	}
}

// TestOpenSubject is E-t10: a pattern that leaves the tenant of GitHub open lets anyone in.
func TestOpenSubject(t *testing.T) {
	for subject, open := range map[string]bool{"repo:acme*": true, "repo:*": true, "*": true, "repo:acme/*": false, "repo:acme/app:ref:refs/heads/main": false} {
		t.Run(subject, func(t *testing.T) {
			o := newOrganization()
			github := o.provider(home, "oidc-provider/token.actions.githubusercontent.com")
			o.role(home, "R", trusts("Federated", github, when("StringLike", "token.actions.githubusercontent.com:sub", subject)))
			g := o.build(t, leaves)
			want := []string{"CAN_FEDERATE -> role/R: conditional"}
			if open {
				want = append(want, "public: CAN_FEDERATE -> role/R: conditional")
			}
			g.only(t, github, want...)
			for _, n := range g.NodesOf(github) {
				if n := g.Node(n); !n.Outside || n.Open != (n.Kind == "public") {
					t.Errorf("%s %s: outside %t, open %t", n.Kind, n.ARN, n.Outside, n.Open)
				}
			}
		})
	}
}

// TestDanglingPrincipal is E-t15: the id of a principal that was deleted matches nobody.
func TestDanglingPrincipal(t *testing.T) {
	o := newOrganization()
	o.user(home, "U", allow("sts:AssumeRole", "*"))
	o.role(home, "Deleted", trusts("AWS", iam(home, "user/U")), allow("sts:AssumeRole", "*"))
	o.role(home, "R", trusts("AWS", "AROADELETEDDELETED12"))
	g := o.build(t, leaves)
	if got := g.onto(t, iam(home, "role/R")); len(got) > 0 {
		t.Errorf("edges to R: %s", strings.Join(got, "\n"))
	}
	if got := g.onto(t, iam(home, "role/Deleted")); len(got) != 1 || got[0] != "user/U CAN_ASSUME -> role/Deleted: allowed" {
		t.Errorf("edges to a role of another id: %s", strings.Join(got, "\n"))
	}
}

// TestRootSessions is E9: where the organization gives out sessions of members' root users, the management account and IAM's delegated administrators
// get them, as far as their own policies allow.
func TestRootSessions(t *testing.T) {
	make := func(features ...string) *organization {
		o := newOrganization()
		o.facts.Organization.Accounts = append(o.facts.Organization.Accounts, graph.OrganizationAccount{ID: "333333333333", ParentID: root})
		o.facts.Organization.Policies[0].Targets = append(o.facts.Organization.Policies[0].Targets, "333333333333")
		o.account(management).Settings = &graph.AccountSettings{RootFeatures: features}
		o.user(management, "All", allow("sts:AssumeRoot", "*"))
		o.user(management, "One", allow("sts:AssumeRoot", iam(next, "root"), when("StringEquals", "sts:TaskPolicyArn", "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials")))
		o.user(management, "Here", allow("sts:AssumeRoot", iam(next, "root"), when("IpAddress", "aws:SourceIp", "203.0.113.0/24")))
		o.user(management, "None", allow("sts:AssumeRole", "*"))
		o.user(home, "Member", allow("sts:AssumeRoot", "*"))
		return o
	}
	everywhere := []string{"CAN_ASSUME_ROOT 222222222222:root: allowed", "CAN_ASSUME_ROOT 333333333333:root: allowed", "CAN_ASSUME_ROOT root: allowed"}
	g := make("RootCredentialsManagement", "RootSessions").build(t, leaves)
	g.only(t, iam(management, "user/All"), everywhere...)
	g.only(t, iam(management, "user/One"), "CAN_ASSUME_ROOT 222222222222:root: allowed")
	g.only(t, iam(management, "user/Here"), "CAN_ASSUME_ROOT 222222222222:root: conditional")
	g.only(t, iam(management, "user/None"))
	g.only(t, iam(home, "user/Member"))
	for _, e := range g.EdgesFrom(g.NodesOf(iam(management, "root"))[0]) {
		if e.Kind == paths.CanAssumeRoot {
			t.Errorf("a root user has %s", line(&e))
		}
	}
	make("RootCredentialsManagement").build(t, leaves).only(t, iam(management, "user/All"))
	make("RootSessions").build(t, paths.Options{}).only(t, iam(management, "user/All"))

	delegated := make("RootSessions")
	delegated.delegate(home, "iam.amazonaws.com")
	delegated.scp(next, deny("sts:AssumeRoot", "*")) // it binds principals of that account, not who acts on its root user
	delegated.build(t, leaves).only(t, iam(home, "user/Member"), everywhere...)

	limited := make("RootSessions")
	limited.delegate(home, "iam.amazonaws.com")
	limited.scp(home, deny("sts:AssumeRoot", "*"))
	limited.facts.Organization.Policies = append(limited.facts.Organization.Policies, graph.OrganizationPolicy{
		ID: "p-rcp", Name: "NoRoot", Type: graph.ResourceControlPolicy, Targets: []string{next},
		Document: limited.document(`{"Effect":"Deny","Principal":"*","Action":"sts:AssumeRoot","Resource":"*"}`),
	})
	g = limited.build(t, leaves)
	g.only(t, iam(home, "user/Member"))
	g.only(t, iam(management, "user/All"), "CAN_ASSUME_ROOT 333333333333:root: allowed", "CAN_ASSUME_ROOT root: allowed")
}

// TestAbsentProvider is E11: a provider is taken to be missing only where others of its kind were read, and all of them; else it is taken to be there,
// and that is said.
func TestAbsentProvider(t *testing.T) {
	presumed := []string{"BECOME iam-saml-provider-update -> role/R: allowed"}
	for name, c := range map[string]struct {
		change func(*organization)
		want   []string
	}{
		"it is missing":             {func(o *organization) { o.provider(home, "saml-provider/Other") }, []string{"BECOME iam-saml-provider-create -> role/R: allowed"}},
		"it is there":               {func(o *organization) { o.provider(home, "saml-provider/Gone") }, []string{"BECOME iam-saml-provider-update -> role/R: allowed"}},
		"none of its kind was read": {func(o *organization) { o.provider(home, "oidc-provider/example.com") }, presumed},
		"some were not read": {func(o *organization) {
			o.provider(home, "saml-provider/Other")
			for i := range o.account(home).Coverage {
				if c := &o.account(home).Coverage[i]; c.Kind == graph.KindIdentityProviders {
					c.State = graph.CoverageDenied
				}
			}
		}, presumed},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrganization()
			o.user(home, "P", allow("iam:CreateSAMLProvider", "*"), allow("iam:UpdateSAMLProvider", "*"))
			o.role(home, "R", trusts("Federated", iam(home, "saml-provider/Gone")))
			o.role(next, "R", trusts("Federated", iam(home, "saml-provider/Gone")))
			c.change(o)
			g := o.build(t, leaves)
			g.only(t, iam(home, "user/P"), c.want...)
			n := g.NodesOf(iam(home, "user/P"))[0]
			for _, e := range g.EdgesFrom(n) {
				said := slices.Contains(g.Evidence(n, e.Node, e.Kind, e.Technique).Assumptions, iam(home, "saml-provider/Gone")+" is there, which was not read")
				if want := name != "it is missing" && name != "it is there"; said != want {
					t.Errorf("%s: that the provider is taken to be there is said: %t, want %t", line(&e), said, want)
				}
			}
		})
	}
}

// can tells whether a principal as it is gets to be able to do something.
func (g *built) can(t *testing.T, who, action string) bool {
	t.Helper()
	target, _, err := g.Access(t.Context(), evaluator.Question{Actions: []string{action}}, paths.Via{})
	if err != nil {
		t.Fatal(err)
	}
	reaching, err := g.Toward(t.Context(), target, paths.Search{})
	if err != nil {
		t.Fatal(err)
	}
	way := reaching.Way(g.NodesOf(who)[0])
	if way == nil {
		return false
	}
	for _, hop := range g.Hops(way) {
		for i := range hop.Steps {
			if proof := hop.Steps[i].Prove(); !proof.Agrees {
				t.Errorf("%s: %s is not proved", action, hop.Steps[i].Action)
			}
		}
	}
	return true
}

// TestControlledApart holds that of several principals that can be edited and taken over, each is had with what its boundary leaves: those that no
// technique tells apart too.
func TestControlledApart(t *testing.T) {
	o := newOrganization()
	o.user(home, "P", allow("iam:PutUserPolicy", "*"), allow("iam:CreateAccessKey", "*"))
	o.account(home).Users[0].Boundary = o.policy(home, "BP", `{"Effect":"Allow","Action":["iam:PutUserPolicy","iam:CreateAccessKey"],"Resource":"*"}`).ARN
	for name, action := range map[string]string{"S": "s3:GetObject", "Q": "sqs:SendMessage", "N": "sns:Publish"} {
		o.user(home, name).Boundary = o.policy(home, "B"+name, allow(action, "*")).ARN
	}
	for _, options := range []paths.Options{{}, leaves} {
		g := o.build(t, options)
		for action, want := range map[string]bool{"s3:GetObject": true, "sqs:SendMessage": true, "sns:Publish": true, "ses:SendEmail": false, "s3:PutObject": false} {
			if got := g.can(t, iam(home, "user/P"), action); got != want {
				t.Errorf("%s: %t, want %t", action, got, want)
			}
		}
	}
}

// TestBoundaries is E10 of boundaries: who puts another one in place gives what it leaves, and who may put only the same one in place gives nothing.
func TestBoundaries(t *testing.T) {
	r, bounds := iam(home, "role/R"), func(arn string) string { return when("ArnEquals", "iam:PermissionsBoundary", arn) }
	put := func(arn string) string { return allow("iam:PutRolePermissionsBoundary", r, bounds(arn)) }
	const administrator = "arn:aws:iam::aws:policy/AdministratorAccess"
	for name, c := range map[string]struct {
		may, edge, words string
		can              string // what R's own policy allows and its boundary does not
	}{
		"the same one":            {may: put(iam(home, "policy/B"))},
		"another one":             {may: put(iam(home, "policy/W")), edge: "iam-boundary-replace-role", words: "the boundary " + iam(home, "policy/W"), can: "sqs:SendMessage"},
		"one of two":              {may: put(iam(home, "policy/?")), edge: "iam-boundary-replace-role", words: "the boundary " + iam(home, "policy/W"), can: "sqs:SendMessage"},
		"one that leaves all":     {may: put(administrator), edge: "iam-boundary-replace-role", words: "no boundary", can: "sns:Publish"},
		"any":                     {may: allow("iam:PutRolePermissionsBoundary", r), edge: "iam-boundary-replace-role", words: "no boundary", can: "sns:Publish"},
		"none":                    {may: allow("iam:DeleteRolePermissionsBoundary", r), edge: "iam-boundary-delete-role", words: "no boundary", can: "sns:Publish"},
		"a new version of it":     {may: allow("iam:CreatePolicyVersion", iam(home, "policy/B")), edge: "iam-policy-version-create", words: "no boundary", can: "sns:Publish"},
		"another version of it":   {may: allow("iam:SetDefaultPolicyVersion", iam(home, "policy/B")), edge: "iam-policy-version-default", words: "the boundary " + iam(home, "policy/B") + " version v1", can: "sqs:SendMessage"},
		"a version of another":    {may: allow("iam:CreatePolicyVersion", iam(home, "policy/W"))},
		"another version of none": {may: allow("iam:SetDefaultPolicyVersion", iam(home, "policy/W"))},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrganization()
			o.user(home, "P", c.may, allow("sts:AssumeRole", r))
			role := o.role(home, "R", trusts("AWS", home), allow("sqs:*", "*"), allow("sns:*", "*"), allow("s3:*", "*"))
			role.Boundary = o.policy(home, "B", allow("sqs:*", "*"), allow("s3:*", "*")).ARN
			o.policy(home, "W", `{"Effect":"Allow","Action":["s3:*","sqs:*"],"Resource":"*"}`)
			g := o.build(t, leaves)
			want := []string{"CAN_ASSUME -> role/R: allowed"}
			if c.edge != "" {
				want = append(want, "GAIN_PERMISSIONS "+c.edge+" role/R: allowed", "GAIN_PERMISSIONS -> role/R (chained) with "+c.words+": allowed")
			}
			g.only(t, iam(home, "user/P"), want...)
			for _, action := range []string{"sqs:SendMessage", "sns:Publish"} {
				allowed := action == c.can || c.can == "sns:Publish"
				if got := g.can(t, iam(home, "user/P"), action); got != allowed {
					t.Errorf("%s: %t, want %t", action, got, allowed)
				}
			}
		})
	}
}

// TestEvidenceIsWhole holds that the evidence of a change has a request for each of its parts.
func TestEvidenceIsWhole(t *testing.T) {
	o := newOrganization()
	u := o.user(home, "P",
		allow("iam:PutUserPolicy", iam(home, "user/P")), allow("iam:DetachUserPolicy", iam(home, "user/P")), allow("iam:DeleteGroupPolicy", iam(home, "group/G")),
		allow("iam:DeleteUserPermissionsBoundary", iam(home, "user/P")))
	u.Boundary = o.policy(home, "B", allow("iam:*", "*")).ARN
	u.Attached = append(u.Attached, o.policy(home, "D", deny("s3:*", "*")).ARN)
	o.group(home, "G", []*graph.User{u}, deny("sqs:*", "*"))
	v := o.user(home, "V", allow("iam:AddUserToGroup", iam(home, "group/A")), allow("iam:AddUserToGroup", iam(home, "group/C")), allow("iam:AttachUserPolicy", iam(home, "user/V"),
		when("ArnEquals", "iam:PolicyARN", iam(home, "policy/X"), iam(home, "policy/Y"))))
	o.group(home, "A", nil, allow("s3:GetObject", "*"))
	o.group(home, "C", nil, allow("sqs:SendMessage", "*"))
	o.policy(home, "X", allow("sns:Publish", "*"))
	o.policy(home, "Y", allow("ses:SendEmail", "*"))
	g := o.build(t, paths.Options{})
	for who, want := range map[*graph.User][]string{
		u: {
			"iam:DeleteGroupPolicy " + iam(home, "group/G"), "iam:DeleteUserPermissionsBoundary " + iam(home, "user/P"), "iam:DetachUserPolicy " + iam(home, "user/P"),
			"iam:PutUserPolicy " + iam(home, "user/P"),
		},
		v: {
			"iam:AddUserToGroup " + iam(home, "group/A"), "iam:AddUserToGroup " + iam(home, "group/C"),
			"iam:AttachUserPolicy " + iam(home, "user/V") + " iam:PolicyARN=" + iam(home, "policy/X"), "iam:AttachUserPolicy " + iam(home, "user/V") + " iam:PolicyARN=" + iam(home, "policy/Y"),
		},
	} {
		n := g.NodesOf(string(who.ARN))[0]
		for _, e := range g.EdgesFrom(n) {
			if e.Node == nil {
				continue
			}
			g.proved(t, n, &e)
			var got []string
			for _, s := range g.Evidence(n, e.Node, e.Kind, e.Technique).Steps {
				text := s.Action + " " + s.Resource
				for _, kv := range s.Prove().Witness.Context {
					if kv.Key == "iam:PolicyARN" {
						text += " iam:PolicyARN=" + strings.Join(kv.Values, ",")
					}
				}
				got = append(got, text)
			}
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Errorf("%s: %s stands on\n  %s\nwant\n  %s", who.Name, line(&e), strings.Join(got, "\n  "), strings.Join(want, "\n  "))
			}
		}
	}
}

// TestTrustThatNobodyMayUse is E11 of trust policies: who may rewrite one gets the role's sessions unless an SCP or a policy of its own denies them.
func TestTrustThatNobodyMayUse(t *testing.T) {
	for name, change := range map[string]func(*organization){
		"an SCP": func(o *organization) { o.scp(home, deny("sts:AssumeRole", "*")) },
		"a policy": func(o *organization) {
			o.user(home, "P", allow("iam:UpdateAssumeRolePolicy", "*"), deny("sts:AssumeRole", "*"))
		},
		"an RCP": func(o *organization) {
			o.facts.Organization.Policies = append(o.facts.Organization.Policies, graph.OrganizationPolicy{
				ID: "p-rcp", Name: "NoRoles", Type: graph.ResourceControlPolicy, Targets: []string{root},
				Document: o.document(`{"Effect":"Deny","Principal":"*","Action":"sts:AssumeRole","Resource":"*"}`),
			})
		},
		"nothing": func(*organization) {},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrganization()
			o.role(home, "R", trusts("Service", "ec2.amazonaws.com"))
			change(o)
			if len(o.account(home).Users) == 0 {
				o.user(home, "P", allow("iam:UpdateAssumeRolePolicy", "*"))
			}
			var want []string
			if name == "nothing" {
				want = []string{"BECOME iam-trust-policy-update -> role/R: allowed"}
			}
			o.build(t, leaves).only(t, iam(home, "user/P"), want...)
		})
	}
}

// TestWhatNobodyMayEdit holds that service-linked roles, the roles of IAM Identity Center and AWS's own policies are edited by nobody (E10).
func TestWhatNobodyMayEdit(t *testing.T) {
	o := newOrganization()
	o.user(home, "P", allow("iam:PutRolePolicy", "*"), allow("iam:UpdateAssumeRolePolicy", "*"), allow("iam:CreatePolicyVersion", "*"), allow("iam:DeletePolicyVersion", "*"))
	linked := o.role(home, "aws-service-role/batch.amazonaws.com/AWSServiceRoleForBatch", trusts("Service", "batch.amazonaws.com"))
	sso := o.role(home, "aws-reserved/sso.amazonaws.com/AWSReservedSSO_A_0123456789abcdef", trusts("Service", "ec2.amazonaws.com"))
	owned := o.role(home, "R", trusts("Service", "ec2.amazonaws.com"), allow("s3:GetObject", "*"))
	m := o.policy(home, "ReadOnlyAccess", allow("s3:ListAllMyBuckets", "*"))
	m.ARN = "arn:aws:iam::aws:policy/ReadOnlyAccess"
	owned.Attached = []graph.ARN{m.ARN}
	g := o.build(t, leaves)
	g.only(t, iam(home, "user/P"), "BECOME iam-trust-policy-update -> role/R: allowed",
		"GAIN_PERMISSIONS iam-inline-policy-role role/R: allowed", "GAIN_PERMISSIONS -> role/R (chained) with a policy that allows everything: allowed")
	for _, r := range []*graph.Role{linked, sso} {
		if got := g.onto(t, string(r.ARN)); len(got) > 0 {
			t.Errorf("edges to %s: %s", r.Name, strings.Join(got, "\n"))
		}
	}
}

// TestTrustRewrittenInVain holds that of those who may all rewrite a role's trust policy, and have nothing else, only those get the role whom neither an SCP
// nor a policy of their own denies sts:AssumeRole (E11), whatever the order.
func TestTrustRewrittenInVain(t *testing.T) {
	rewrite := allow("iam:UpdateAssumeRolePolicy", iam(home, "role/R"))
	for _, names := range [][]string{{"A", "M", "Z"}, {"M", "Z", "A"}, {"Z", "A", "M"}} {
		free, stopped, own := names[0], names[1], names[2]
		o := newOrganization()
		o.role(home, "R", trusts("Service", "ec2.amazonaws.com"))
		o.user(home, free, rewrite)
		o.user(home, stopped, rewrite)
		o.user(home, own, rewrite, deny("sts:AssumeRole", "*"))
		o.scp(home, deny("sts:AssumeRole", "*", when("ArnLike", "aws:PrincipalArn", iam(home, "user/"+stopped))))
		g := o.build(t, leaves)
		g.only(t, iam(home, "user/"+free), "BECOME iam-trust-policy-update -> role/R: allowed")
		g.only(t, iam(home, "user/"+stopped))
		g.only(t, iam(home, "user/"+own))
	}
}

// TestDenyingGroupIsChosen holds that nobody has to join a group, or attach a policy, that denies something to gain what another one allows (E10), and
// that what such a one allows is gained all the same.
func TestDenyingGroupIsChosen(t *testing.T) {
	o := newOrganization()
	boss := iam(home, "user/Boss")
	o.user(home, "Boss", allow("*", "*"))
	o.group(home, "Keys", nil, allow("iam:CreateAccessKey", boss))
	o.group(home, "NoIAM", nil, allow("s3:PutObject", "*"), deny("iam:*", "*"))
	o.group(home, "NoKeys", nil, deny("iam:CreateAccessKey", "*"))
	join := o.user(home, "Join", allow("iam:AddUserToGroup", "*"))
	o.policy(home, "team/Keys", allow("iam:CreateAccessKey", boss))
	o.policy(home, "team/NoIAM", allow("s3:PutObject", "*")+","+deny("iam:*", "*"))
	o.policy(home, "team/Nothing", deny("*", "*"))
	attach := o.user(home, "Attach", allow("iam:AttachUserPolicy", "*", when("ArnLike", "iam:PolicyARN", iam(home, "policy/team/*"))))
	g := o.build(t, paths.Options{})
	for _, u := range []string{string(join.ARN), string(attach.ARN)} {
		if w := g.reaches(t, u, boss); w == nil || len(w.Steps) != 2 {
			t.Errorf("%s to Boss: %+v", u, w)
		}
		if !g.can(t, u, "s3:PutObject") {
			t.Errorf("%s does not get to s3:PutObject", u)
		}
		g.edges(t, u)
	}
}

// TestEditsFollowOnEdits holds that what a principal gives itself of what is there may let it give itself more (E10, E16), and that policies which
// somebody makes up are not edited on (E19).
func TestEditsFollowOnEdits(t *testing.T) {
	o := newOrganization()
	self := func(name string) string { return iam(home, "user/"+name) }
	o.group(home, "First", nil, allow("iam:AddUserToGroup", iam(home, "group/Second")))
	o.group(home, "Second", nil, allow("iam:PutUserPolicy", "*"))
	o.user(home, "Twice", allow("iam:AddUserToGroup", iam(home, "group/Second")))
	o.user(home, "Thrice", allow("iam:AddUserToGroup", iam(home, "group/First")))
	put := o.policy(home, "Put", allow("iam:PutUserPolicy", self("Attach")))
	o.user(home, "Attach", allow("iam:AttachUserPolicy", self("Attach"), when("ArnEquals", "iam:PolicyARN", string(put.ARN))))
	bound := o.policy(home, "Bound", allow("iam:AddUserToGroup", "*")+","+allow("s3:*", "*")).ARN
	o.user(home, "Bounded", allow("iam:AddUserToGroup", iam(home, "group/First"))).Boundary = bound
	g := o.build(t, paths.Options{})
	admins, err := g.Admins(t.Context(), "", paths.Via{})
	if err != nil {
		t.Fatal(err)
	}
	reaching, err := g.Toward(t.Context(), admins, paths.Search{})
	if err != nil {
		t.Fatal(err)
	}
	for name, hops := range map[string]int{"Twice": 1, "Thrice": 2, "Attach": 1, "Bounded": -1} {
		g.edges(t, self(name))
		n := g.NodesOf(self(name))[0]
		w := reaching.Way(n)
		if got := -1; w != nil {
			got = len(w.Steps)
			if got != hops || w.Level != evaluator.AllowedAlways {
				t.Errorf("%s: %d hops, %v", name, got, w.Level)
			}
		} else if hops >= 0 {
			t.Errorf("%s reaches no administrator", name)
		}
		if admins.At(n) != nil {
			t.Errorf("%s is called an administrator, by one edit", name)
		}
	}
}

// TestOpensOnlyWhatItYields holds that a grant on a key, or the access control list of a bucket, opens what such a one can hold and nothing else (E14, D33, D40),
// and that a policy of the resource opens everything.
func TestOpensOnlyWhatItYields(t *testing.T) {
	key, bucket := "arn:aws:kms:us-east-1:"+home+":key/1234abcd-12ab-34cd-56ef-1234567890ab", "arn:aws:s3:::files"
	o := newOrganization()
	a := o.account(home)
	own := o.document(`{"Effect":"Allow","Principal":{"AWS":"` + iam(home, "root") + `"},"Action":"kms:*","Resource":"*"}`)
	a.Resources = append(a.Resources, &graph.Resource{ARN: graph.ARN(key), Type: "AWS::KMS::Key", Region: "us-east-1", Policy: own},
		&graph.Resource{ARN: graph.ARN(bucket), Type: "AWS::S3::Bucket", Region: "us-east-1", Attributes: graph.ResourceAttributes{ObjectOwnership: "ObjectWriter"}})
	o.user(home, "Grant", allow("kms:CreateGrant", key))
	o.user(home, "Policy", allow("kms:PutKeyPolicy", key, when("Bool", "aws:MultiFactorAuthPresent", "true")), allow("kms:CreateGrant", key))
	o.user(home, "Service", allow("kms:CreateGrant", key, when("Bool", "kms:GrantIsForAWSResource", "true")))
	o.user(home, "ACL", allow("s3:PutBucketAcl", bucket))
	o.user(home, "Reader", allow("s3:PutBucketAcl", bucket), allow("s3:GetObject", bucket+"/*"))
	g := o.build(t, leaves)
	for _, c := range []struct {
		who, actions string
		want         evaluator.Verdict
	}{
		{"Grant", "kms:Decrypt", evaluator.AllowedAlways}, {"Grant", "kms:ScheduleKeyDeletion", evaluator.Denied}, {"Grant", "kms:PutKeyPolicy", evaluator.Denied},
		{"Policy", "kms:Decrypt", evaluator.AllowedAlways}, {"Policy", "kms:ScheduleKeyDeletion", evaluator.Conditional},
		{"Service", "kms:Decrypt", evaluator.Conditional}, {"ACL", "s3:PutObject", evaluator.AllowedAlways},
		{"ACL", "s3:GetObject", evaluator.Denied}, {"ACL", "s3:DeleteBucket", evaluator.Denied}, {"ACL", "s3:PutObject s3:GetObject", evaluator.Denied},
		{"Reader", "s3:PutObject s3:GetObject", evaluator.AllowedAlways}, {"Grant", "kms:Decrypt kms:Encrypt", evaluator.AllowedAlways},
		{"Grant", "kms:Decrypt kms:ScheduleKeyDeletion", evaluator.Denied},
	} {
		q := evaluator.Question{Actions: strings.Fields(c.actions)}
		q.AllOf = len(q.Actions) > 1
		target, _, err := g.Access(t.Context(), q, paths.Via{})
		if err != nil {
			t.Fatal(err)
		}
		reaching, err := g.Toward(t.Context(), target, paths.Search{})
		if err != nil {
			t.Fatal(err)
		}
		got := evaluator.Denied
		if w := reaching.Way(g.NodesOf(iam(home, "user/"+c.who))[0]); w != nil {
			got = w.Level
			for _, hop := range g.Hops(w) {
				for i := range hop.Steps {
					if !hop.Steps[i].Prove().Agrees {
						t.Errorf("%s, %s: %s is not proved", c.who, c.actions, hop.Steps[i].Action)
					}
				}
			}
		}
		if got != c.want {
			t.Errorf("%s, %s: %v, want %v", c.who, c.actions, got, c.want)
		}
	}
}

// TestRoleTags holds that the tags of a role count where it is assumed, by either of their keys (C33), and that there is a request that shows it.
func TestRoleTags(t *testing.T) {
	o := newOrganization()
	o.role(home, "R", trusts("AWS", home)).Tags = []graph.Tag{{Key: "open", Value: "yes"}}
	for name, key := range map[string]string{"AWS": "aws:ResourceTag/open", "IAM": "iam:ResourceTag/open"} {
		o.user(home, name, allow("sts:AssumeRole", "*", when("StringEquals", key, "yes")))
		o.user(home, "No"+name, allow("sts:AssumeRole", "*", when("StringEquals", key, "no")))
	}
	g := o.build(t, leaves)
	for _, name := range []string{"AWS", "IAM"} {
		g.only(t, iam(home, "user/"+name), "CAN_ASSUME -> role/R: allowed")
		g.only(t, iam(home, "user/No"+name))
	}
}

// TestEvidenceIsOnesOwn holds that where several principals share an edge, what proves it of one of them are requests of that one: proved sees to it.
func TestEvidenceIsOnesOwn(t *testing.T) {
	o := newOrganization()
	o.role(home, "R", trusts("AWS", home))
	for _, name := range []string{"A", "B"} {
		o.user(home, name, allow("iam:PutRolePolicy", iam(home, "role/R")), allow("sts:AssumeRole", iam(home, "role/R")))
	}
	g := o.build(t, leaves)
	for _, name := range []string{"A", "B"} {
		edges := g.edges(t, iam(home, "user/"+name))
		if !slices.ContainsFunc(edges, func(e string) bool { return strings.HasPrefix(e, "GAIN_PERMISSIONS") }) {
			t.Errorf("%s gains nothing: %q", name, edges)
		}
	}
}
