package paths_test

import (
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

// TestAbsentProvider is E11: a provider is taken to be missing only where others of its kind were read, and all of them.
func TestAbsentProvider(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*organization)
		want   []string
	}{
		"it is missing":             {func(o *organization) { o.provider(home, "saml-provider/Other") }, []string{"BECOME iam-saml-provider-create -> role/R: allowed"}},
		"it is there":               {func(o *organization) { o.provider(home, "saml-provider/Gone") }, nil},
		"none of its kind was read": {func(o *organization) { o.provider(home, "oidc-provider/example.com") }, nil},
		"some were not read": {func(o *organization) {
			o.provider(home, "saml-provider/Other")
			for i := range o.account(home).Coverage {
				if c := &o.account(home).Coverage[i]; c.Kind == graph.KindIdentityProviders {
					c.State = graph.CoverageDenied
				}
			}
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrganization()
			o.user(home, "P", allow("iam:CreateSAMLProvider", "*"), allow("iam:UpdateOpenIDConnectProviderThumbprint", "*"))
			o.role(home, "R", trusts("Federated", iam(home, "saml-provider/Gone")))
			o.role(next, "R", trusts("Federated", iam(home, "saml-provider/Gone")))
			c.change(o)
			o.build(t, leaves).only(t, iam(home, "user/P"), c.want...)
		})
	}
}
