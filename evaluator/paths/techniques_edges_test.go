package paths_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/evaluator/catalog"
	"github.com/accessgraph/accessgraph/evaluator/paths"
	"github.com/accessgraph/accessgraph/graph"
)

// TestEachTechnique holds of every technique of the data, in an organization made for it: who has exactly what it requires on exactly the target has its
// edge, and nobody has it who lacks one of the requirements, has it on another target, passes the role to another service, is stopped by an SCP or
// a boundary, or finds a fact to be otherwise.
func TestEachTechnique(t *testing.T) {
	list, err := paths.Techniques()
	if err != nil {
		t.Fatal(err)
	}
	c, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	for i := range list.All {
		technique := &list.All[i]
		kinds := technique.Compute
		if len(kinds) == 0 {
			kinds = []string{""}
		}
		for _, kind := range kinds {
			t.Run(strings.TrimSuffix(technique.ID+" "+kind, " "), func(t *testing.T) {
				t.Parallel()
				s := newSample(list, c, technique, kind)
				s.fill()
				s.check(t)
			})
		}
	}
}

// sample is an organization made for one technique: targets, and principals each with one thing amiss or none.
type sample struct {
	*organization
	catalog   *catalog.Catalog
	technique *paths.Technique
	compute   string // the kind that runs with the targets
	account   string
	requires  []need
	facts     []paths.Fact
	denials   []string // statements of the SCP
	cases     []*sampleCase
}

// need is one requirement, with the technique whose it is: of a combination there are two.
type need struct {
	paths.Requirement
	of *paths.Technique
}

// sampleCase is one principal, and whether the edge leads it to a target.
type sampleCase struct {
	name  string
	arn   string
	to    *target
	level evaluator.Verdict
}

// target is something that the technique may be used on.
type target struct {
	name  string
	arns  map[string]string // what requirements name, by the target of their technique
	leads string            // whom the edge leads to
}

func newSample(list *paths.List, c *catalog.Catalog, technique *paths.Technique, kind string) *sample {
	s := &sample{organization: newOrganization(), catalog: c, technique: technique, compute: kind, account: home}
	if technique.Target == "organization" {
		s.account = management
	}
	parts := []*paths.Technique{technique}
	if len(technique.Combines) > 0 {
		parts = nil
		for _, id := range technique.Combines {
			part, _ := list.ByID(id)
			parts = append(parts, part)
		}
	}
	for _, part := range parts {
		for _, r := range part.Requires {
			s.requires = append(s.requires, need{r, part})
		}
		s.facts = append(s.facts, part.Facts...)
	}
	if s.has(paths.SSORole) {
		s.delegate(home, "sso.amazonaws.com")
	}
	return s
}

func (s *sample) has(f paths.Fact) bool { return slices.Contains(s.facts, f) }

// service is the one that the role is handed to, or runs for.
func (s *sample) service() string { return s.technique.Service }

// edit is what the technique changes, empty for one that changes no permissions.
func (s *sample) edit() paths.Edit {
	for _, r := range s.requires {
		if r.of.Edit != "" {
			return r.of.Edit
		}
	}
	return ""
}

// fill makes the targets and the principals.
func (s *sample) fill() {
	right, other := s.target("T", s.service(), ""), s.target("O", s.service(), "")
	s.principal("whole", right, evaluator.AllowedAlways, func(need) (string, *target) { return "", right })
	stranger := s.user(next, "abroad") // of an account that has nothing to do with the targets
	for _, r := range s.requires {
		stranger.Inline = append(stranger.Inline, graph.InlinePolicy{Name: r.Action, Document: s.document(allow(r.Action, "*"))})
	}
	s.cases = append(s.cases, &sampleCase{"abroad", string(stranger.ARN), right, evaluator.Denied})
	for i, r := range s.requires {
		s.principal(fmt.Sprintf("without-%d", i), right, evaluator.Denied, func(n need) (string, *target) {
			if n == r {
				return "", nil
			}
			return "", right
		})
		if r.On == paths.OnTarget || r.On == paths.OnCompute {
			s.principal(fmt.Sprintf("elsewhere-%d", i), right, s.elsewhere(), func(n need) (string, *target) {
				if n == r {
					return "", other
				}
				return "", right
			})
		}
		blocked := s.principal(fmt.Sprintf("scp-%d", i), right, s.underSCP(), func(need) (string, *target) { return "", right })
		s.denials = append(s.denials, deny(r.Action, "*", when("ArnEquals", "aws:PrincipalArn", blocked)))
		s.principal(fmt.Sprintf("bounded-%d", i), right, evaluator.Denied, func(need) (string, *target) { return "", right })
		s.bind(r.Action)
		s.principal(fmt.Sprintf("somewhere-%d", i), right, evaluator.Conditional, func(n need) (string, *target) {
			if n == r {
				return when("IpAddress", "aws:SourceIp", "203.0.113.0/24"), right
			}
			return "", right
		})
		s.role(s.account, fmt.Sprintf("chained-%d", i), trusts("AWS", s.account), s.statements(func(n need) (string, *target) {
			if n == r {
				return when("Bool", "aws:MultiFactorAuthPresent", "true"), right
			}
			return "", right
		})...)
		s.cases = append(s.cases, &sampleCase{fmt.Sprintf("chained-%d", i), iam(s.account, fmt.Sprintf("role/chained-%d", i)), right, evaluator.Denied})
	}
	for i, f := range s.facts {
		false := s.target(fmt.Sprintf("F%d", i), s.service(), f)
		s.principal("not-"+string(f), false, evaluator.Denied, func(need) (string, *target) { return "", false })
	}
	if s.compute != "" {
		decoy := s.target("D", s.service(), anotherKind)
		s.principal("runs-otherwise", decoy, evaluator.Denied, func(need) (string, *target) { return "", decoy })
	}
	if s.untold() {
		untold := s.target("U", s.service(), "untold")
		s.principal("untold", untold, evaluator.AllowedAlways, func(need) (string, *target) { return "", untold })
	}
	if e := s.edit(); e == paths.EditUnbound || e == paths.EditUndeny || e == paths.EditMembership {
		nothing := s.target("N", "", "nothing to gain")
		s.principal("nothing-to-gain", nothing, evaluator.Denied, func(need) (string, *target) { return "", nothing })
	}
	s.fillServices(right)
	if len(s.denials) > 0 {
		s.scp(root, s.denials...)
		s.scp(root, allow("*", "*"))
	}
}

// untold tells whether a snapshot may not tell a fact of the technique, which is then supposed.
func (s *sample) untold() bool {
	return slices.ContainsFunc(s.facts, func(f paths.Fact) bool {
		return slices.Contains([]paths.Fact{paths.OneKey, paths.TwoKeys, paths.Password, paths.NoPassword, paths.ACLs}, f)
	})
}

// elsewhere is what becomes of a technique on the organization for whom is allowed it on another of its policies: the edge is to no one of them.
func (s *sample) elsewhere() evaluator.Verdict {
	if s.technique.Target == "organization" {
		return evaluator.AllowedAlways
	}
	return evaluator.Denied
}

// underSCP is what becomes of the edge where an SCP denies a requirement: SCPs do not bind the management account (D11).
func (s *sample) underSCP() evaluator.Verdict {
	if s.account == management {
		return evaluator.AllowedAlways
	}
	return evaluator.Denied
}

// fillServices makes the principals that hand the role to another service.
func (s *sample) fillServices(right *target) {
	if s.service() == "" {
		return
	}
	another := "batch.amazonaws.com"
	untrusting := s.target("S", another, "")
	s.principal("not-trusted", untrusting, evaluator.Denied, func(need) (string, *target) { return "", untrusting })
	if !slices.ContainsFunc(s.requires, func(n need) bool { return n.Action == "iam:PassRole" }) {
		return
	}
	for _, c := range []struct {
		name, service string
		level         evaluator.Verdict
	}{{"passed-elsewhere", another, evaluator.Denied}, {"passed-there", s.service(), evaluator.AllowedAlways}} {
		s.principal(c.name, right, c.level, func(n need) (string, *target) {
			if n.Action == "iam:PassRole" {
				return when("StringEquals", "iam:PassedToService", c.service), right
			}
			return "", right
		})
	}
}

// principal adds a user who is allowed each requirement on a target and under a condition; a nil target: not at all.
func (s *sample) principal(name string, to *target, level evaluator.Verdict, given func(need) (string, *target)) string {
	u := s.user(s.account, name, s.statements(given)...)
	s.cases = append(s.cases, &sampleCase{name, string(u.ARN), to, level})
	return string(u.ARN)
}

// bind gives the last user a boundary that allows all but one action.
func (s *sample) bind(action string) {
	users := s.organization.account(s.account).Users
	u := users[len(users)-1]
	u.Boundary = s.policy(s.account, "bounds-"+u.Name, `{"Effect":"Allow","NotAction":"`+action+`","Resource":"*"}`).ARN
}

func (s *sample) statements(given func(need) (string, *target)) []string {
	var out []string
	for _, n := range s.requires {
		condition, to := given(n)
		if to == nil {
			continue
		}
		for _, resource := range s.resources(n, to) {
			out = append(out, allow(n.Action, resource, condition))
		}
	}
	return out
}

// resources are what a requirement is allowed on: the very target, or for something new, one of each type that the action takes.
func (s *sample) resources(n need, to *target) []string {
	switch {
	case n.On == paths.OnCompute:
		return []string{to.arns["compute"]}
	case n.On == paths.OnTarget && n.of.Target != "organization":
		return []string{to.arns[n.of.Target]}
	}
	action, _ := s.catalog.Action(n.Action)
	if len(action.Resources) == 0 {
		return []string{"*"}
	}
	var out []string
	for _, r := range action.Resources {
		out = append(out, filled(r.Type.ARN, s.account, to.name))
	}
	return out
}

var templateVariable = regexp.MustCompile(`\$\{\w+\}`)

// filled is an ARN of a template of the catalogue.
func filled(template, account, name string) string {
	return templateVariable.ReplaceAllStringFunc(template, func(v string) string {
		switch v {
		case "${Partition}":
			return "aws"
		case "${Region}":
			return "us-east-1"
		case "${Account}":
			return account
		}
		return name
	})
}

// target adds something that the technique may be used on: with roles that trust a service, where a fact of the technique is not so.
func (s *sample) target(name, service string, but paths.Fact) *target {
	t := &target{name: name, arns: map[string]string{}}
	last := s.requires[len(s.requires)-1].of // of a combination the one that takes the target over
	switch first := s.requires[0].of.Target; {
	case s.technique.Target == "resource":
		t.leads = s.resource(name, but)
		t.arns["resource"] = t.leads
	case s.technique.Target == "organization":
	case last.Target == "user" || first == "group":
		s.userTarget(t, name, but)
	default:
		s.roleTarget(t, name, service, but)
	}
	return t
}

// resource adds a resource of the kind that the technique's first requirement acts on.
func (s *sample) resource(name string, but paths.Fact) string {
	action, _ := s.catalog.Action(s.requires[0].Action)
	typ := action.Resources[len(action.Resources)-1].Type
	r := &graph.Resource{ARN: graph.ARN(filled(typ.ARN, home, strings.ToLower(name))), Type: "AWS::Some::Thing", Region: "us-east-1", TagsKnown: true}
	switch {
	case typ.Name == "bucket":
		r.Type, r.Attributes.ObjectOwnership = "AWS::S3::Bucket", "ObjectWriter"
		switch but {
		case paths.ACLs:
			r.Attributes.ObjectOwnership = "BucketOwnerEnforced"
		case "untold":
			r.Attributes.ObjectOwnership = ""
		}
	case typ.Name == "key":
		r.Type, r.Policy = "AWS::KMS::Key", s.document(`{"Effect":"Allow","Principal":{"AWS":"`+home+`"},"Action":"kms:*","Resource":"*"}`)
	}
	a := s.organization.account(home)
	a.Resources = append(a.Resources, r)
	return string(r.ARN)
}

// userTarget adds a user, with the group and the policies that the technique's edit goes by.
func (s *sample) userTarget(t *target, name string, but paths.Fact) {
	u := s.user(home, "target-"+name)
	t.leads = string(u.ARN)
	t.arns["user"] = t.leads
	s.credentials(u, but)
	g := s.group(home, "group-"+name, nil)
	t.arns["group"] = string(g.ARN)
	gains := but != "nothing to gain"
	switch s.edit() {
	case paths.EditMembership: // of another group there is nothing to be had
		if gains && name == "T" {
			g.Inline = []graph.InlinePolicy{{Name: "own", Document: s.document(allow("s3:*", "*"))}}
		}
		return
	case paths.EditUndeny:
		if s.requires[0].of.Target == "user" {
			s.denying(name, gains, &u.Inline, &u.Attached)
		} else {
			s.denying(name, gains, &g.Inline, &g.Attached)
		}
	case paths.EditUnbound:
		if gains {
			u.Boundary = s.policy(home, "boundary-"+name, allow("s3:*", "*")).ARN
		}
	}
	u.Groups = []string{g.Name}
}

// denying adds what a technique takes away: a policy whose only effect is to deny, or one that allows something too.
func (s *sample) denying(name string, only bool, inline *[]graph.InlinePolicy, attached *[]graph.ARN) {
	text := deny("s3:*", "*")
	if !only {
		text += "," + allow("sqs:*", "*")
	}
	if strings.Contains(s.requires[0].Action, "Detach") {
		*attached = append(*attached, s.policy(home, "denies-"+name, text).ARN)
		return
	}
	*inline = append(*inline, graph.InlinePolicy{Name: "denies", Document: s.document(text)})
}

// credentials adds a user's row of the credential report.
func (s *sample) credentials(u *graph.User, but paths.Fact) {
	opposite := map[paths.Fact]paths.Fact{paths.OneKey: paths.TwoKeys, paths.TwoKeys: paths.OneKey, paths.Password: paths.NoPassword, paths.NoPassword: paths.Password}
	fields := map[string]string{"password_enabled": "false", "access_key_1_active": "true", "access_key_2_active": "false"}
	for _, f := range s.facts {
		if opposite[f] == "" || but == "untold" {
			return
		}
		if f == but {
			f = opposite[f]
		}
		switch f {
		case paths.Password:
			fields["password_enabled"] = "true"
		case paths.TwoKeys:
			fields["access_key_2_active"] = "true"
		}
	}
	row := graph.CredentialReportRow{User: u.Name, ARN: u.ARN}
	for key, value := range fields {
		row.Fields = append(row.Fields, graph.Tag{Key: key, Value: value})
	}
	if len(s.organization.facts.Observations) == 0 {
		s.organization.facts.Observations = []*graph.AccountObservations{{Account: home}}
	}
	o := s.organization.facts.Observations[0]
	o.CredentialReport = append(o.CredentialReport, row)
}

// roleTarget adds a role, with the provider, the policy and the compute that the technique goes by.
func (s *sample) roleTarget(t *target, name, service string, but paths.Fact) {
	path := ""
	if s.has(paths.SSORole) && but != paths.SSORole {
		path = "aws-reserved/sso.amazonaws.com/AWSReservedSSO_"
	}
	r := s.role(home, path+"target-"+name, s.trust(t, name, service, but))
	t.leads = string(r.ARN)
	t.arns["role"] = t.leads
	profile := graph.InstanceProfile{ARN: graph.ARN(iam(home, "instance-profile/"+name)), Name: name, ID: "AIPA" + name}
	if s.has(paths.InstanceProfile) != (but == paths.InstanceProfile) || but == paths.NoInstanceProfile || strings.HasPrefix(s.compute, "AWS::EC2::") {
		r.InstanceProfiles = []graph.InstanceProfile{profile}
	}
	gains := but != "nothing to gain"
	switch s.edit() {
	case paths.EditVersion, paths.EditSetVersion:
		m := s.policy(home, "policy-"+name, s.versions(but)...)
		r.Attached = append(r.Attached, m.ARN)
		t.arns["policy"] = string(m.ARN)
	case paths.EditUndeny:
		s.denying(name, gains, &r.Inline, &r.Attached)
	case paths.EditUnbound:
		if gains {
			r.Boundary = s.policy(home, "boundary-"+name, allow("s3:*", "*")).ARN
		}
	}
	if kind := s.compute; kind != "" {
		if but == anotherKind {
			kind = otherKind(kind)
		}
		c := &graph.Compute{ARN: graph.ARN(fmt.Sprintf(computeARNs[kind], home, name)), Type: kind, Region: "us-east-1", Role: r.ARN}
		if len(r.InstanceProfiles) > 0 {
			c.Role, c.InstanceProfile = "", profile.ARN
		}
		a := s.organization.account(home)
		a.Compute = append(a.Compute, c)
		t.arns["compute"] = string(c.ARN)
	}
}

// anotherKind stands for a target with which something else runs than what the technique takes over.
const anotherKind paths.Fact = "another kind of compute"

func otherKind(kind string) string {
	if kind == "AWS::Lambda::Function" {
		return "AWS::CodeBuild::Project"
	}
	return "AWS::Lambda::Function"
}

// computeARNs are what runs with a role.
var computeARNs = map[string]string{
	"AWS::Lambda::Function": "arn:aws:lambda:us-east-1:%s:function:%s", "AWS::EC2::Instance": "arn:aws:ec2:us-east-1:%s:instance/i-%s",
	"AWS::EC2::LaunchTemplate": "arn:aws:ec2:us-east-1:%s:launch-template/lt-%s", "AWS::ECS::TaskDefinition": "arn:aws:ecs:us-east-1:%s:task-definition/%s:1",
	"AWS::ECS::Service": "arn:aws:ecs:us-east-1:%s:service/cluster/%s", "AWS::CodeBuild::Project": "arn:aws:codebuild:us-east-1:%s:project/%s",
	"AWS::CloudFormation::Stack": "arn:aws:cloudformation:us-east-1:%s:stack/%s/1", "AWS::Glue::DevEndpoint": "arn:aws:glue:us-east-1:%s:devEndpoint/%s",
	"AWS::Glue::Job": "arn:aws:glue:us-east-1:%s:job/%s", "AWS::SageMaker::NotebookInstance": "arn:aws:sagemaker:us-east-1:%s:notebook-instance/%s",
	"AWS::AppRunner::Service": "arn:aws:apprunner:us-east-1:%s:service/%s/1", "AWS::StepFunctions::StateMachine": "arn:aws:states:us-east-1:%s:stateMachine:%s",
	"AWS::Batch::JobDefinition": "arn:aws:batch:us-east-1:%s:job-definition/%s:1", "AWS::BedrockAgentCore::CodeInterpreterCustom": "arn:aws:bedrock-agentcore:us-east-1:%s:code-interpreter-custom/%s",
}

// versions are those of a policy of which the technique's facts hold; the last one is in force.
func (s *sample) versions(but paths.Fact) []string {
	n := 4
	switch {
	case s.has(paths.OtherVersion):
		n = 2
		if but == paths.OtherVersion {
			n = 1
		}
	case s.has(paths.FiveVersions) != (but == paths.FiveVersions) || but == paths.FourVersions:
		n = 5
	}
	out := []string{allow("sqs:*", "*")}
	for i := 1; i < n; i++ {
		out = append(out, allow("s3:ListAllMyBuckets", "*"))
	}
	return out[len(out)-n:]
}

// trust is the trust policy of a target role.
func (s *sample) trust(t *target, name, service string, but paths.Fact) string {
	switch {
	case s.technique.Target == "provider":
		saml := strings.Contains(s.requires[0].Action, "SAML")
		provider := "oidc-provider/" + strings.ToLower(name) + ".example.com"
		more := when("StringEquals", strings.ToLower(name)+".example.com:sub", "somebody")
		if saml {
			provider, more = "saml-provider/"+name, when("StringEquals", "SAML:aud", "https://signin.aws.amazon.com/saml")
		}
		t.arns["provider"] = iam(home, provider)
		if s.has(paths.Absent) == (but == paths.Absent) {
			s.provider(home, provider)
		}
		return trusts("Federated", t.arns["provider"], more)
	case s.has(paths.SSORole):
		return trusts("Federated", iam(home, "saml-provider/AWSSSO_0123456789abcdef_DO_NOT_DELETE"))
	case service == "cognito-identity.amazonaws.com":
		return trusts("Federated", service)
	case service != "":
		return trusts("Service", service)
	case slices.ContainsFunc(s.requires, func(n need) bool { return n.Action == "sts:AssumeRole" }):
		return trusts("AWS", home)
	}
	return trusts("Service", "ec2.amazonaws.com")
}

// check builds the graph and holds that each principal has the edge that it should.
func (s *sample) check(t *testing.T) {
	g := s.build(t, leaves)
	for _, c := range s.cases {
		var found *paths.Edge
		var from uint32
		for _, n := range g.NodesOf(c.arn) {
			for _, e := range g.EdgesFrom(n) {
				if e.From.Change == nil && e.Technique != nil {
					s.within(t, c, &e)
				}
				if e.From.Change == nil && s.is(g, n, &e, c.to) && (found == nil || e.Level > found.Level) {
					found, from = &e, n
				}
			}
		}
		got := evaluator.Denied
		if found != nil {
			got = found.Level
		}
		if got != c.level {
			t.Errorf("%s: %s, want %s; its edges:\n  %s", c.name, got, c.level, strings.Join(g.edges(t, c.arn), "\n  "))
			continue
		}
		if found != nil {
			s.stands(t, g, from, found, c)
		}
	}
}

// is tells whether an edge is the technique's, to a target.
func (s *sample) is(g *built, from uint32, e *paths.Edge, to *target) bool {
	switch {
	case e.To != to.leads:
		return false
	case len(s.technique.Combines) > 0:
		if e.Kind != paths.GainPermissions || e.Node == nil {
			return false
		}
		hop := g.Evidence(from, e.Node, e.Kind, nil)
		return hop.Technique != nil && hop.Technique.ID == s.technique.ID
	case s.technique.Kind == paths.CanAssume:
		return e.Kind == paths.CanAssume
	}
	return e.Technique != nil && e.Technique.ID == s.technique.ID
}

// stands holds that an edge has evidence of all that the technique requires, which the point engine agrees to, and says what it supposes.
func (s *sample) stands(t *testing.T, g *built, from uint32, e *paths.Edge, c *sampleCase) {
	t.Helper()
	g.proved(t, from, e)
	hop := g.evidence(from, e)
	if hop == nil {
		return
	}
	for _, n := range s.requires {
		if !slices.ContainsFunc(hop.Steps, func(step paths.Step) bool { return strings.EqualFold(step.Action, n.Action) }) {
			t.Errorf("%s: no step is %s", c.name, n.Action)
		}
	}
	if c.name == "untold" && len(hop.Assumptions) == 0 {
		t.Errorf("%s: what nobody told is not supposed", c.name)
	}
	for _, p := range s.technique.Prerequisites {
		if !slices.Contains(hop.Assumptions, p) {
			t.Errorf("%s: %q is no assumption", c.name, p)
		}
	}
}

// within holds that an edge of a principal takes no more than it is allowed.
func (s *sample) within(t *testing.T, c *sampleCase, e *paths.Edge) {
	t.Helper()
	for _, r := range e.Technique.Requires {
		if !slices.ContainsFunc(s.requires, func(n need) bool { return strings.EqualFold(n.Action, r.Action) }) {
			t.Errorf("%s: %s takes %s", c.name, line(e), r.Action)
		}
	}
}
