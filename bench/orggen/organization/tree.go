package organization

import (
	"fmt"
	"slices"
	"strings"
)

// accountKind says what an account is for; it decides its OU and what is special about it.
type accountKind int

const (
	management accountKind = iota
	audit
	logArchive
	shared
	production
	development
	sandbox
)

var kindNames = [...]string{"management", "audit", "log-archive", "shared-services", "production", "development", "sandbox"}

// member is one account's place.
type member struct {
	id   string
	name string
	kind accountKind
	unit string // id of its parent
}

// org is the organization itself: what every account needs to know of the others.
type org struct {
	options  Options
	orgID    string
	root     string
	units    []unit
	unitAt   map[string]string // path of names -> id
	accounts []member
	vendor   [2]string // outside accounts: monitoring, backup
	aws      []awsPolicy
	policies []organizationPolicy

	changes   []Change        // planted ones; each account fills in its own
	changesOf map[int][]int   // number of an account -> numbers of its changes
	taken     map[string]bool // accounts moved, and SCPs at a place: nothing is changed twice
}

var regions = []string{"us-east-1", "eu-west-1", "eu-central-1"}

func newOrg(o Options) *org {
	r := newRandom(o.Seed, 0)
	g := &org{options: o, orgID: "o-" + r.hex(10), root: "r-" + r.hex(4), unitAt: map[string]string{}, aws: awsPolicies()}
	used := map[string]bool{}
	fresh := func() string {
		for {
			id := fmt.Sprintf("%d", 100_000_000_000+r.Int64N(900_000_000_000))
			if !used[id] {
				used[id] = true
				return id
			}
		}
	}
	for i := range o.Accounts {
		kind := kindOf(i)
		g.accounts = append(g.accounts, member{id: fresh(), name: fmt.Sprintf("%s-%d", kindNames[kind], i), kind: kind})
	}
	g.vendor = [2]string{fresh(), fresh()}
	g.plant(r)
	g.policies = g.controls()
	g.plantChanges()
	return g
}

func kindOf(i int) accountKind {
	switch {
	case i < int(production):
		return accountKind(i)
	case i%10 == 9:
		return sandbox
	case i%2 == 0:
		return production
	}
	return development
}

// plant grows the tree of OUs and puts every account into it.
func (g *org) plant(r random) {
	g.unitAt[""] = g.root
	grow := func(path string) {
		parent, name := "", path
		if i := strings.LastIndexByte(path, '/'); i >= 0 {
			parent, name = path[:i], path[i+1:]
		}
		id := "ou-" + strings.TrimPrefix(g.root, "r-") + "-" + r.hex(8)
		g.unitAt[path] = id
		g.units = append(g.units, unit{Id: id, Arn: g.arn("ou", id), Name: name, ParentId: g.unitAt[parent]})
	}
	for _, path := range []string{"Security", "Infrastructure", "Sandbox", "Workloads", "Workloads/Production", "Workloads/Development"} {
		grow(path)
	}
	unitCount := 1 + g.options.Accounts/20
	for i := range unitCount {
		grow(fmt.Sprintf("Workloads/Production/unit-%d", i+1))
		grow(fmt.Sprintf("Workloads/Development/unit-%d", i+1))
	}
	for i := range g.accounts {
		a := &g.accounts[i]
		number := 1 + i%unitCount
		switch a.kind {
		case management:
			a.unit = g.root
		case audit, logArchive:
			a.unit = g.unitAt["Security"]
		case shared:
			a.unit = g.unitAt["Infrastructure"]
		case sandbox:
			a.unit = g.unitAt["Sandbox"]
		case production:
			a.unit = g.unitAt[fmt.Sprintf("Workloads/Production/unit-%d", number)]
		case development:
			a.unit = g.unitAt[fmt.Sprintf("Workloads/Development/unit-%d", number)]
		}
	}
}

func (g *org) arn(kind, id string) string {
	return fmt.Sprintf("arn:aws:organizations::%s:%s/%s/%s", g.accounts[0].id, kind, g.orgID, id)
}

// one gives the account of a kind that exists once, or the management account where the organization is too small for it.
func (g *org) one(kind accountKind) string {
	if int(kind) < len(g.accounts) {
		return g.accounts[kind].id
	}
	return g.accounts[0].id
}

// export is organization.json.
func (g *org) export() organizationFile {
	f := organizationFile{
		Organization: organizationSummary{
			Id: g.orgID, Arn: fmt.Sprintf("arn:aws:organizations::%s:organization/%s", g.accounts[0].id, g.orgID),
			MasterAccountId: g.accounts[0].id, FeatureSet: "ALL",
		},
		Roots: []root{{
			Id: g.root, Arn: g.arn("root", g.root), Name: "Root",
			PolicyTypes: []policyType{{serviceControl, "ENABLED"}, {resourceControl, "ENABLED"}},
		}},
		OrganizationalUnits: g.units,
		DelegatedAdministrators: []delegated{{
			Id: g.one(audit), ServicePrincipals: []string{"access-analyzer.amazonaws.com", "securityhub.amazonaws.com"},
		}},
	}
	if len(g.accounts) == 1 {
		f.DelegatedAdministrators = nil
	}
	for _, a := range g.accounts {
		f.Accounts = append(f.Accounts, memberAccount{
			Id: a.id, Arn: g.arn("account", a.id), Name: a.name, Email: "aws+" + a.name + "@example.com", Status: "ACTIVE", ParentId: a.unit,
		})
	}
	f.Policies = g.policies
	return f
}

// everywhere is the root, every OU but those of the names given, and every account.
func (g *org) everywhere(but ...string) []string {
	targets := []string{g.root}
	for _, u := range g.units {
		if !slices.Contains(but, u.Name) {
			targets = append(targets, u.Id)
		}
	}
	for _, a := range g.accounts {
		targets = append(targets, a.id)
	}
	return targets
}

// The types of an organization's policies.
const (
	serviceControl  = "SERVICE_CONTROL_POLICY"
	resourceControl = "RESOURCE_CONTROL_POLICY"
)

// controls are the SCPs and RCPs.
func (g *org) controls() []organizationPolicy {
	const scp, rcp = serviceControl, resourceControl
	baseline := []string{"arn:aws:iam::*:role/org-baseline/*", "arn:aws:iam::*:role/OrganizationAccountAccessRole"}
	list := []organizationPolicy{
		{Id: "p-FullAWSAccess", Name: "FullAWSAccess", Type: scp, AwsManaged: true, Targets: g.everywhere("Sandbox"),
			Content: policyOf(allow("*", "*"))},
		{Name: "protect-baseline", Type: scp, Targets: []string{g.root}, Content: policyOf(
			deny([]string{"organizations:LeaveOrganization", "account:CloseAccount"}, "*").as("StayInOrganization"),
			deny([]string{"iam:*Role", "iam:*RolePolicy", "iam:PutRolePermissionsBoundary"}, baseline).as("KeepBaselineRoles").
				when("ArnNotLike", "aws:PrincipalArn", baseline),
			deny([]string{"cloudtrail:StopLogging", "cloudtrail:DeleteTrail", "config:Stop*", "guardduty:Delete*"}, "*").as("KeepDetection").
				when("ArnNotLike", "aws:PrincipalArn", baseline))},
		{Name: "no-root-user", Type: scp, Targets: g.unitsAt("Workloads", "Sandbox", "Infrastructure"), Content: policyOf(
			deny("*", "*").as("NoRoot").when("StringLike", "aws:PrincipalArn", "arn:aws:iam::*:root"))},
		{Name: "approved-regions", Type: scp, Targets: g.unitsAt("Workloads"), Content: policyOf(statement{
			Sid: "Regions", Effect: "Deny", Resource: "*",
			NotAction: []string{"iam:*", "sts:*", "organizations:*", "route53:*", "cloudfront:*", "support:*", "budgets:*", "kms:Decrypt"},
		}.when("StringNotEquals", "aws:RequestedRegion", regions))},
		{Name: "keep-keys", Type: scp, Targets: g.unitsAt("Workloads/Production"), Content: policyOf(
			deny([]string{"kms:ScheduleKeyDeletion", "kms:DisableKey", "kms:DeleteImportedKeyMaterial"}, "*").
				when("ArnNotLike", "aws:PrincipalArn", "arn:aws:iam::*:role/org-baseline/break-glass"),
			deny([]string{"s3:PutAccountPublicAccessBlock", "s3:PutBucketPublicAccessBlock"}, "*"))},
		{Name: "sandbox-services", Type: scp, Targets: g.unitsAt("Sandbox"), Content: policyOf(
			allow([]string{"ec2:*", "s3:*", "lambda:*", "logs:*", "iam:*", "sts:*", "dynamodb:*", "kms:Describe*", "kms:List*", "kms:Decrypt",
				"cloudwatch:*", "sqs:*", "sns:*"}, "*"))},
		{Name: "mfa-for-users", Type: scp, Targets: g.unitsAt("Workloads/Development"), Content: policyOf(
			deny([]string{"iam:Create*", "iam:Delete*", "iam:Put*", "iam:Attach*"}, "*").
				when("BoolIfExists", "aws:MultiFactorAuthPresent", "false").when("StringEquals", "aws:PrincipalType", "User"))},
		{Id: "p-RCPFullAWSAccess", Name: "RCPFullAWSAccess", Type: rcp, AwsManaged: true, Targets: g.everywhere(),
			Content: policyOf(allow("*", "*").to("*"))},
		{Name: "organization-perimeter", Type: rcp, Targets: g.unitsAt("Workloads", "Infrastructure"), Content: policyOf(
			deny([]string{"s3:*", "kms:*", "sqs:*", "secretsmanager:*"}, "*").to("*").
				when("StringNotEqualsIfExists", "aws:PrincipalOrgID", g.orgID).when("BoolIfExists", "aws:PrincipalIsAWSService", "false"))},
		{Name: "tls-only", Type: rcp, Targets: g.unitsAt("Workloads/Production"), Content: policyOf(
			deny([]string{"s3:*", "sqs:*"}, "*").to("*").when("BoolIfExists", "aws:SecureTransport", "false"))},
		{Name: "sharing-accounts", Type: scp, Targets: g.unitsAt("Workloads", "Infrastructure"), Content: policyOf(
			deny([]string{"ec2:ModifyImageAttribute", "ec2:ModifySnapshotAttribute", "rds:ModifyDBSnapshotAttribute", "ram:CreateResourceShare"}, "*").
				as("ShareFromFewAccounts").when("StringNotEquals", "aws:PrincipalAccount", g.sharing()),
			deny([]string{"iam:*SAMLProvider", "iam:*OpenIDConnectProvider*"}, "*").as("ProvidersFromOnePipeline").
				when("ArnNotEquals", "aws:PrincipalArn", "arn:aws:iam::"+g.one(shared)+":role/ci/ci-deploy"))},
	}
	for i := range list {
		p := &list[i]
		owner, folder := g.accounts[0].id, "service_control_policy"
		if p.Type == rcp {
			folder = "resource_control_policy"
		}
		if p.AwsManaged {
			owner = "aws"
		} else {
			p.Id = fmt.Sprintf("p-%s%02d", strings.TrimPrefix(g.root, "r-"), i)
		}
		p.Arn = fmt.Sprintf("arn:aws:organizations::%s:policy/%s/%s/%s", owner, g.orgID, folder, p.Id)
		if p.AwsManaged {
			p.Arn = fmt.Sprintf("arn:aws:organizations::aws:policy/%s/%s", folder, p.Id)
		}
	}
	return list
}

// sharing are the accounts that may share with others: an SCP names them one by one.
func (g *org) sharing() []string {
	ids := []string{g.one(shared)}
	for i := int(production); i < len(g.accounts); i += 50 {
		ids = append(ids, g.accounts[i].id)
	}
	return ids
}

func (g *org) unitsAt(paths ...string) []string {
	ids := make([]string, 0, len(paths))
	for _, p := range paths {
		ids = append(ids, g.unitAt[p])
	}
	return ids
}

// coverage is coverage.json: everything that the export holds was read completely.
func (g *org) coverage() map[string]any {
	byRegion := map[string]string{}
	for _, r := range regions {
		byRegion[r] = "complete"
	}
	accounts := map[string]any{}
	for _, a := range g.accounts {
		kinds := map[string]any{"iam": map[string]string{"": "complete"}, "AWS::S3::Bucket": map[string]string{"": "complete"}}
		for _, k := range regionalKinds {
			kinds[k] = byRegion
		}
		accounts[a.id] = kinds
	}
	return map[string]any{"Accounts": accounts}
}
