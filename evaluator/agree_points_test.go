package evaluator

import (
	"encoding/json"
	"testing"

	"pgregory.net/rapid"

	"github.com/accessgraph/accessgraph/evaluator/policy"
)

// The engines against each other on single requests: every kind of caller, principal element, layer and service rule, one key free or none.

var pointCallers = []Principal{
	{Kind: User, ARN: "arn:aws:iam::111111111111:user/alice", Account: "111111111111", UniqueID: "AIDAALICE"},
	{Kind: User, ARN: "arn:aws:iam::222222222222:user/alice", Account: "222222222222", UniqueID: "AIDAOTHER"},
	{Kind: RoleSession, ARN: "arn:aws:sts::111111111111:assumed-role/app/s1", RoleARN: "arn:aws:iam::111111111111:role/team/app", Account: "111111111111", UniqueID: "AROAAPP"},
	{Kind: RoleSession, ARN: "arn:aws:sts::111111111111:assumed-role/AWSServiceRoleForX/s", RoleARN: "arn:aws:iam::111111111111:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX", Account: "111111111111", UniqueID: "AROASLR", ServiceLinked: true},
	{Kind: FederatedUser, ARN: "arn:aws:sts::111111111111:federated-user/fed", Issuer: "arn:aws:iam::111111111111:user/alice", Account: "111111111111"},
	{Kind: FederatedUser, ARN: "arn:aws:sts::111111111111:federated-user/fed", Issuer: "arn:aws:iam::111111111111:root", Account: "111111111111"},
	{Kind: Root, ARN: "arn:aws:iam::111111111111:root", Account: "111111111111"},
	{Kind: Root, ARN: "arn:aws:iam::111111111111:root", Account: "111111111111", AssumedRoot: true},
	{Kind: Service, ARN: "sns.amazonaws.com"},
	{Kind: Anonymous},
	{Kind: OIDCFederated, ARN: "arn:aws:iam::111111111111:oidc-provider/accounts.example.com"},
	{Kind: SAMLFederated, ARN: "arn:aws:iam::222222222222:saml-provider/corp"},
}

var pointTargets = []struct{ action, resource string }{
	{"s3:GetObject", "arn:aws:s3:::data/x"}, {"s3:DeleteBucketPolicy", "arn:aws:s3:::data"}, {"s3:ListAllMyBuckets", "*"},
	{"sqs:SendMessage", "arn:aws:sqs:us-east-1:111111111111:q"}, {"sqs:DeleteQueue", "arn:aws:sqs:us-east-1:111111111111:q"}, {"sqs:ListQueues", "*"},
	{"iam:ListUsers", "*"}, {"iam:PassRole", "arn:aws:iam::111111111111:role/target"}, {"iam:CreatePolicyVersion", "arn:aws:iam::aws:policy/AdministratorAccess"},
	{"sts:AssumeRole", "arn:aws:iam::111111111111:role/target"}, {"sts:AssumeRole", "arn:aws:iam::111111111111:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX"},
	{"sts:AssumeRoleWithWebIdentity", "arn:aws:iam::111111111111:role/target"}, {"sts:AssumeRoleWithSAML", "arn:aws:iam::111111111111:role/target"},
	{"sts:TagSession", "arn:aws:iam::111111111111:role/target"}, {"sts:GetCallerIdentity", "*"}, {"sts:GetSessionToken", "*"},
	{"kms:Decrypt", "arn:aws:kms:us-east-1:111111111111:key/k"}, {"kms:ScheduleKeyDeletion", "arn:aws:kms:us-east-1:111111111111:key/k"},
	{"kms:RetireGrant", "arn:aws:kms:us-east-1:111111111111:key/k"}, {"kms:UpdateAlias", "arn:aws:kms:us-east-1:111111111111:alias/a"}, {"kms:ListKeys", "*"},
	{"sns:Publish", "arn:aws:sns:us-east-1:111111111111:t"}, {"newservice:DoIt", "arn:aws:newservice:us-east-1:111111111111:thing/x"},
}

var pointPrincipals = []any{
	"*", map[string]any{"AWS": "*"}, map[string]any{"AWS": "111111111111"}, map[string]any{"AWS": "arn:aws:iam::222222222222:root"},
	map[string]any{"AWS": "arn:aws:iam::111111111111:user/alice"}, map[string]any{"AWS": "arn:aws:iam::111111111111:role/team/app"}, map[string]any{"AWS": "arn:aws:iam::111111111111:role/app"},
	map[string]any{"AWS": []string{"arn:aws:sts::111111111111:assumed-role/app/s1", "arn:aws:sts::111111111111:federated-user/fed"}}, map[string]any{"AWS": []string{"111111111111", "AROAAPP", "AIDAALICE"}},
	map[string]any{"AWS": []string{"111111111111", "arn:aws:iam::111111111111:role/team/app", "arn:aws:sts::111111111111:assumed-role/app/s1", "arn:aws:iam::111111111111:user/alice"}},
	map[string]any{"AWS": []string{}}, map[string]any{"Service": "sns.amazonaws.com"}, map[string]any{"CanonicalUser": "0a"},
	map[string]any{"Federated": []string{"arn:aws:iam::111111111111:oidc-provider/accounts.example.com", "arn:aws:iam::222222222222:saml-provider/corp"}},
}

func drawPointStatement(t *rapid.T, kind policy.Kind) map[string]any {
	s := map[string]any{"Effect": rapid.SampledFrom([]string{"Allow", "Allow", "Allow", "Deny"}).Draw(t, "effect")}
	action := rapid.SampledFrom([]any{"*", "*", "s3:*", "sts:*", "kms:*", []string{"sqs:*", "sns:*", "iam:*"}, "s3:GetObject", "sts:AssumeRole", []string{}}).Draw(t, "action")
	s[rapid.SampledFrom([]string{"Action", "Action", "Action", "Action", "NotAction"}).Draw(t, "actionName")] = action
	if kind != policy.Trust {
		resource := rapid.SampledFrom([]any{"*", "*", "*", "*", "arn:aws:s3:::data*", "arn:aws:s3:::*", "arn:aws:s?", "arn:aws:*:111111111111:*", "arn:aws:iam::111111111111:user/*", "arn:aws:iam::111111111111:role/${aws:username}", "arn:aws:sqs:*:111111111111:*", "arn:aws:s3:::data/${aws:PrincipalTag/t, 'x'}"}).Draw(t, "resource")
		s[rapid.SampledFrom([]string{"Resource", "Resource", "Resource", "NotResource"}).Draw(t, "resourceName")] = resource
	}
	switch kind {
	case policy.Resource, policy.Trust, policy.VPCEndpoint:
		name := rapid.SampledFrom([]string{"Principal", "Principal", "Principal", "NotPrincipal"}).Draw(t, "principalName")
		s[name] = rapid.SampledFrom(pointPrincipals).Draw(t, "principal")
	}
	switch rapid.IntRange(0, 9).Draw(t, "condition") {
	case 0:
		s["Condition"] = map[string]any{"StringEquals": map[string]any{"aws:PrincipalTag/t": "x"}}
	case 1:
		s["Condition"] = map[string]any{"StringNotEquals": map[string]any{"aws:username": "${aws:PrincipalTag/none}"}}
	case 2:
		s["Condition"] = map[string]any{"StringResembles": map[string]any{"aws:username": "alice"}}
	case 3:
		s["Condition"] = map[string]any{"StringEquals": map[string]any{"aws:PrincipalOrgID": "o-abc"}}
	}
	return s
}

func drawPointPolicy(t *rapid.T, kind policy.Kind, label string) *Policy {
	var ss []map[string]any
	for range rapid.IntRange(1, 3).Draw(t, label) {
		ss = append(ss, drawPointStatement(t, kind))
	}
	d := map[string]any{"Statement": ss}
	if rapid.IntRange(0, 4).Draw(t, "version") > 0 {
		d["Version"] = "2012-10-17"
	}
	text, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	return &Policy{Name: label, Doc: policy.Parse(kind, text)}
}

func drawPointLayers(t *rapid.T, c *Principal, resource string) *Layers {
	l := &Layers{}
	if hasPolicies(c) {
		for range rapid.IntRange(0, 2).Draw(t, "identities") {
			l.Identity = append(l.Identity, *drawPointPolicy(t, policy.Identity, "identity"))
		}
		if c.Kind != FederatedUser && rapid.IntRange(0, 2).Draw(t, "bounded") == 0 {
			l.Boundary = drawPointPolicy(t, policy.Boundary, "boundary")
		}
	}
	if (c.Kind == RoleSession || c.Kind == FederatedUser || c.AssumedRoot) && rapid.Bool().Draw(t, "hasSession") {
		l.HasSession = true
		l.Session = []Policy{*drawPointPolicy(t, policy.Session, "session")}
	}
	levels := func(kind policy.Kind, label string) (out [][]Policy) {
		for range rapid.SampledFrom([]int{0, 0, 0, 1, 2}).Draw(t, label) {
			var level []Policy
			for range rapid.SampledFrom([]int{0, 1, 1, 1, 2}).Draw(t, label+"s") {
				level = append(level, *drawPointPolicy(t, kind, label))
			}
			out = append(out, level)
		}
		return out
	}
	l.SCP, l.RCP = levels(policy.SCP, "scp"), levels(policy.RCP, "rcp")
	if rapid.IntRange(0, 3).Draw(t, "hasPolicy") > 0 {
		kind := policy.Resource
		if iamRole(resource) {
			kind = policy.Trust
		}
		l.Resource = drawPointPolicy(t, kind, "policy")
	}
	if rapid.IntRange(0, 7).Draw(t, "hasEndpoint") == 0 {
		l.Endpoint = drawPointPolicy(t, policy.VPCEndpoint, "endpoint")
		l.EndpointKind = rapid.SampledFrom([]EndpointKind{EndpointUnknown, EndpointGateway, EndpointInterface}).Draw(t, "endpointKind")
	}
	return l
}

func TestEnginesAgreeOnPoints(t *testing.T) {
	cat := testCatalog(t)
	decider := Decider{Actions: CatalogTypes(cat)}
	rapid.Check(t, func(t *rapid.T) {
		c := rapid.SampledFrom(pointCallers).Draw(t, "caller")
		c.Management = rapid.IntRange(0, 7).Draw(t, "callerManages") == 0
		target := rapid.SampledFrom(pointTargets).Draw(t, "target")
		r := &Request{Principal: c, Action: target.action, Target: Target{
			Resource: target.resource, Account: rapid.SampledFrom([]string{"111111111111", "111111111111", "222222222222", ""}).Draw(t, "owner"),
			Management: rapid.IntRange(0, 7).Draw(t, "ownerManages") == 0, RestrictPublicBuckets: rapid.IntRange(0, 3).Draw(t, "restricted") == 0,
			KeyManagedByAWS: rapid.IntRange(0, 7).Draw(t, "byAWS") == 0,
		}}
		ctx := policy.NewContext(4)
		if c.Kind == User {
			ctx.Set("aws:username", policy.Single("alice"))
		}
		if hasIdentitySide(&c) && rapid.Bool().Draw(t, "inOrg") {
			ctx.Set("aws:PrincipalOrgID", policy.Single("o-abc"))
		}
		var free []string
		tags := []string{"", "x"} // values that the policies tell apart; the first is absent
		if rapid.Bool().Draw(t, "free") {
			free, tags = []string{"aws:PrincipalTag/t"}, append(tags, "y", "x*", "alice")
		} else {
			tags = tags[rapid.IntRange(0, 1).Draw(t, "tagged"):][:1]
		}
		l := drawPointLayers(t, &r.Principal, target.resource)
		certain, possible := 0, 0
		for _, tag := range tags {
			one := *ctx
			if tag != "" {
				one.Set("aws:PrincipalTag/t", policy.Single(tag))
			}
			r.Context = one
			if d := decider.Decide(r, l); d.Effect == Allowed {
				possible++
				if len(d.Uncertainties) == 0 {
					certain++
				}
			}
		}
		want := Sometimes
		switch {
		case certain != possible:
			want = Undecided
		case possible == 0: // also where only the kind of deny is uncertain
			want = Never
		case certain == len(tags):
			want = Always
		}
		if got := Classify(r, l, free, cat); got.Class != want {
			t.Fatalf("%s on %s by %s, %v free: the region engine says %s, the point engine allows %d of %d, %d of them for certain",
				r.Action, target.resource, c.ARN, free, got.Class, possible, len(tags), certain)
		}
	})
}
