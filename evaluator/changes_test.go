package evaluator_test

import (
	"strings"
	"testing"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/evaluator/catalog"
	"github.com/accessgraph/accessgraph/graph"
)

const (
	first  = "111111111111"
	second = "222222222222"
	key    = "arn:aws:kms:us-east-1:" + first + ":key/k"
)

// facts is a small organization: a root with an OU for either of two accounts, a bucket, a key and a few principals in the first.
type facts struct {
	*graph.Facts
	t *testing.T
}

func newFacts(t *testing.T) *facts {
	f := &facts{&graph.Facts{Documents: map[graph.DocumentHash]*graph.Document{}}, t}
	f.Organization = &graph.Organization{
		ID: "o-abc", ManagementAccount: "999999999990", FeatureSet: "ALL",
		Roots: []graph.OrganizationRoot{{ID: "r-1", PolicyTypes: []string{graph.ServiceControlPolicy, graph.ResourceControlPolicy}}},
		Units: []graph.OrganizationalUnit{{ID: "ou-a", ParentID: "r-1"}, {ID: "ou-b", ParentID: "r-1"}},
		Accounts: []graph.OrganizationAccount{
			{ID: "999999999990", ParentID: "r-1"}, {ID: first, ParentID: "ou-a"}, {ID: second, ParentID: "ou-b"},
		},
	}
	f.organization("FullAWSAccess", graph.ServiceControlPolicy, `{"Effect":"Allow","Action":"*","Resource":"*"}`, "r-1", "ou-a", "ou-b", first, second, "999999999990")
	for _, id := range []graph.AccountID{first, second} {
		f.Accounts = append(f.Accounts, &graph.Account{ID: id, Coverage: []graph.Coverage{
			{Kind: graph.KindGrants, State: graph.CoverageComplete}, {Kind: graph.KindIAM, State: graph.CoverageComplete},
			{Kind: graph.KindResourcePolicies, State: graph.CoverageComplete},
		}})
	}
	a := f.Accounts[0]
	a.Users = []*graph.User{
		{ARN: "arn:aws:iam::" + first + ":user/alice", Name: "alice", ID: "AIDAALICE", Inline: f.inline(`{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::data/*"}`)},
		{ARN: "arn:aws:iam::" + first + ":user/bob", Name: "bob", ID: "AIDABOB", Tags: []graph.Tag{{Key: "team", Value: "red"}},
			Inline: f.inline(`{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/team":"red"}}}`)},
	}
	a.Roles = []*graph.Role{{
		ARN: "arn:aws:iam::" + first + ":role/App", Name: "App", ID: "AROAAPP", Trust: f.document(`{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}`),
		Inline: f.inline(`{"Effect":"Allow","Action":"kms:Decrypt","Resource":"*"}`),
	}}
	a.Resources = []*graph.Resource{
		{ARN: "arn:aws:s3:::data", Type: "AWS::S3::Bucket", Region: "us-east-1", TagsKnown: true},
		{ARN: "arn:aws:kms:us-east-1:" + first + ":key/k", Type: "AWS::KMS::Key", Region: "us-east-1", TagsKnown: true,
			Policy: f.document(`{"Effect":"Allow","Principal":{"AWS":"` + first + `"},"Action":"kms:*","Resource":"*"}`)},
	}
	f.Accounts[1].Users = []*graph.User{{ARN: "arn:aws:iam::" + second + ":user/carol", Name: "carol", ID: "AIDACAROL", Inline: f.inline(`{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::data/*"}`)}}
	return f
}

// document adds a document of some statements.
func (f *facts) document(statements string) graph.DocumentHash {
	d := graph.CanonicalDocument([]byte(`{"Version":"2012-10-17","Statement":[` + statements + `]}`))
	f.Documents[d.Hash] = &d
	return d.Hash
}

func (f *facts) inline(statements string) []graph.InlinePolicy {
	return []graph.InlinePolicy{{Name: "own", Document: f.document(statements)}}
}

func (f *facts) organization(name, kind, statements string, targets ...string) {
	f.Organization.Policies = append(f.Organization.Policies, graph.OrganizationPolicy{
		ID: name, Name: name, Type: kind, Document: f.document(statements), Targets: targets,
	})
}

func (f *facts) world() *evaluator.World {
	cat, err := catalog.Load()
	if err != nil {
		f.t.Fatal(err)
	}
	w, err := evaluator.Compile(f.t.Context(), f.Facts, cat)
	if err != nil {
		f.t.Fatal(err)
	}
	return w
}

// few are the services that the cases are about.
var few = evaluator.Question{Actions: []string{"iam:*", "kms:*", "s3:*", "sqs:*", "sts:*"}}

// TestAccessChanges makes one change each and holds who gained and lost what.
func TestAccessChanges(t *testing.T) {
	for _, c := range changeCases {
		t.Run(c.name, func(t *testing.T) {
			older, newer := newFacts(t), newFacts(t)
			if c.before != nil {
				c.before(older)
				c.before(newer)
			}
			c.edit(newer)
			for _, way := range []struct {
				older, newer *facts
				want         []string
			}{{older, newer, c.want}, {newer, older, reversed(c.want)}} {
				got, err := evaluator.CompareSnapshots(t.Context(), way.older.world(), way.newer.world(), few)
				if err != nil {
					t.Fatal(err)
				}
				if have := told(got); c.some != "" {
					if text := strings.Join(have, "\n"); !strings.Contains(text, c.some) || strings.Count(text, "unknown") != len(have) {
						t.Errorf("got\n  %s\nwant all unknown, with %s", strings.Join(have, "\n  "), c.some)
					}
				} else if strings.Join(have, "\n") != strings.Join(way.want, "\n") {
					t.Errorf("got\n  %s\nwant\n  %s\nunread %q", strings.Join(have, "\n  "), strings.Join(way.want, "\n  "), got.Unread)
				}
			}
			same, err := evaluator.CompareSnapshots(t.Context(), newer.world(), newer.world(), few)
			if err != nil {
				t.Fatal(err)
			}
			if len(same.Changes) > 0 || same.Compared > 0 {
				t.Errorf("a snapshot differs from itself: %d compared, %q", same.Compared, told(same))
			}
		})
	}
}

// told writes changes in words, a line for each grant.
func told(got *evaluator.AccessChanges) []string {
	var out []string
	for _, c := range got.Changes {
		var who []string
		for _, p := range c.Principals {
			who = append(who, strings.TrimPrefix(p.ARN, "arn:aws:iam::"))
		}
		for i, list := range [][]*evaluator.Access{c.Gained, c.Lost} {
			for _, a := range list {
				line := strings.Join(who, " ") + " " + c.Presence.String() + [2]string{" + ", " - "}[i] + shortly(a.Actions) + " on " + strings.Join(a.Resources(), ",")
				if a.Conditions != nil {
					line += " when " + "…"
				}
				if a.Verdict == evaluator.Unknown {
					line += " unknown"
				}
				if c.Witness(a) == nil {
					line += " without a witness"
				}
				out = append(out, line)
			}
		}
	}
	return out
}

// shortly is a list, of which a long one is cut.
func shortly(list []string) string {
	if len(list) > 3 {
		list = append(list[:1:1], "…")
	}
	return strings.Join(list, ",")
}

// reversed is what the opposite edit does.
func reversed(lines []string) []string {
	out := make([]string, 0, len(lines))
	for _, want := range []string{" - ", " + "} { // what was lost is gained, and comes first
		for _, l := range lines {
			if strings.Contains(l, want) {
				out = append(out, strings.NewReplacer("changed -", "changed +", "changed +", "changed -", "added +", "removed -", "removed -", "added +").Replace(l))
			}
		}
	}
	return out
}

var changeCases = []struct {
	name         string
	before, edit func(*facts)
	want         []string
	some         string // instead of want: one of the lines
}{
	{name: "nothing", edit: func(*facts) {}},
	{name: "an identity policy", edit: func(f *facts) {
		f.Accounts[0].Users[0].Inline = f.inline(`{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],"Resource":"arn:aws:s3:::data/*"}`)
	}, want: []string{first + ":user/alice changed + s3:PutObject on arn:aws:s3:::data/*"}},
	{name: "a policy that says the same in other words", edit: func(f *facts) {
		f.Accounts[0].Users[0].Inline = f.inline(`{"Effect":"Allow","Action":"s3:GetObject","Resource":["arn:aws:s3:::data/*","arn:aws:s3:::data/x/*"]}`)
	}},
	{name: "a condition on a principal tag", edit: func(f *facts) { f.Accounts[0].Users[1].Tags[0].Value = "blue" },
		want: []string{first + ":user/bob changed - sqs:SendMessage on arn:aws:sqs:*:" + first + ":*"}},
	{name: "an SCP above an account", edit: func(f *facts) {
		f.organization("NoDecrypt", graph.ServiceControlPolicy, `{"Effect":"Deny","Action":"kms:Decrypt","Resource":"*"}`, "ou-a")
	}, want: []string{first + ":role/App " + first + ":root changed - kms:Decrypt on " + key}},
	{name: "a bucket policy for another account", edit: func(f *facts) {
		f.Accounts[0].Resources[0].Policy = f.document(`{"Effect":"Allow","Principal":{"AWS":"` + second + `"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::data/*"}`)
	}, want: []string{second + ":root " + second + ":user/carol changed + s3:GetObject on arn:aws:s3:::data/*"}},
	{name: "an SCP that another one above it says already", before: func(f *facts) {
		f.organization("NoDecrypt", graph.ServiceControlPolicy, `{"Effect":"Deny","Action":"kms:Decrypt","Resource":"*"}`, "r-1")
	}, edit: func(f *facts) {
		f.organization("Again", graph.ServiceControlPolicy, `{"Effect":"Deny","Action":"kms:*","Resource":"*","Condition":{"StringEquals":{"kms:ViaService":"x"}}}`, first)
		f.organization("NoDecryptHere", graph.ServiceControlPolicy, `{"Effect":"Deny","Action":"kms:Decrypt","Resource":"*"}`, "ou-a")
	}, want: []string{
		first + ":root changed - kms:CancelKeyDeletion,… on " + key + " when …",
		first + ":root changed - kms:CreateAlias,… on arn:aws:kms:*:" + first + ":alias/* when …",
		first + ":root changed - kms:(any other action) on arn:aws:kms:*:" + first + ":* when …",
		first + ":root changed - kms:CreateKey,kms:(any other action) on * when …",
	}},
	{name: "an account that moves", before: func(f *facts) {
		f.organization("NoDecrypt", graph.ServiceControlPolicy, `{"Effect":"Deny","Action":"kms:Decrypt","Resource":"*"}`, "ou-b")
	}, edit: func(f *facts) { f.Organization.Accounts[1].ParentID = "ou-b" },
		want: []string{first + ":role/App " + first + ":root changed - kms:Decrypt on " + key}},
	{name: "the place of an account in a condition", before: func(f *facts) {
		f.Accounts[0].Users[0].Inline = f.inline(`{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"*","Condition":{"ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":"o-abc/r-1/ou-a/*"}}}`)
	}, edit: func(f *facts) { f.Organization.Accounts[1].ParentID = "ou-b" },
		want: []string{first + ":user/alice changed - sqs:SendMessage on arn:aws:sqs:*:" + first + ":*"}},
	{name: "a boundary", before: func(f *facts) {
		f.Accounts[0].Policies = []*graph.ManagedPolicy{f.managed("Bound", `{"Effect":"Allow","Action":"s3:ListBucket","Resource":"*"}`)}
	}, edit: func(f *facts) { f.Accounts[0].Users[0].Boundary = "arn:aws:iam::" + first + ":policy/Bound" },
		want: []string{first + ":user/alice changed - s3:GetObject on arn:aws:s3:::data/*"}},
	{name: "a new version of a boundary", before: func(f *facts) {
		f.Accounts[0].Policies = []*graph.ManagedPolicy{f.managed("Bound", `{"Effect":"Allow","Action":"s3:ListBucket","Resource":"*"}`)}
		f.Accounts[0].Users[0].Boundary = "arn:aws:iam::" + first + ":policy/Bound"
	}, edit: func(f *facts) {
		f.Accounts[0].Policies = []*graph.ManagedPolicy{f.managed("Bound", `{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::data/x/*"}`)}
	}, want: []string{first + ":user/alice changed + s3:GetObject on arn:aws:s3:::data/x/*"}},
	{name: "membership of a group", before: func(f *facts) {
		f.Accounts[0].Groups = []*graph.Group{{ARN: "arn:aws:iam::" + first + ":group/g", Name: "g", ID: "AGPAG", Inline: f.inline(`{"Effect":"Allow","Action":"sqs:*","Resource":"*"}`)}}
	}, edit: func(f *facts) { f.Accounts[0].Users[0].Groups = []string{"g"} },
		want: []string{
			first + ":user/alice changed + sqs:AddPermission,… on arn:aws:sqs:*:" + first + ":*",
			first + ":user/alice changed + sqs:(any other action) on arn:aws:sqs:*:" + first + ":*",
			first + ":user/alice changed + sqs:ListQueues,sqs:(any other action) on *",
		}},
	{name: "a trust policy", edit: func(f *facts) {
		f.Accounts[0].Roles[0].Trust = f.document(`{"Effect":"Allow","Principal":{"AWS":"` + second + `"},"Action":"sts:AssumeRole"}`)
	}, want: []string{"lambda.amazonaws.com changed - sts:AssumeRole on arn:aws:iam::" + first + ":role/App"}},
	{name: "a trust policy of another account", before: func(f *facts) {
		f.Accounts[1].Users[0].Inline = f.inline(`{"Effect":"Allow","Action":"sts:*","Resource":"*"}`)
	}, edit: func(f *facts) {
		f.Accounts[0].Roles[0].Trust = f.document(`{"Effect":"Allow","Principal":{"AWS":"` + second + `"},"Action":"sts:AssumeRole"},
			{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"},{"Effect":"Allow","Principal":{"AWS":"333333333333"},"Action":"sts:AssumeRole"}`)
	}, want: []string{
		second + ":user/carol changed + sts:AssumeRole on arn:aws:iam::" + first + ":role/App",
		"333333333333:root changed + sts:AssumeRole on arn:aws:iam::" + first + ":role/App",
	}},
	{name: "a KMS grant", edit: func(f *facts) {
		f.Accounts[0].Grants = []*graph.KMSGrant{{Key: key, ID: "g1", Grantee: "arn:aws:iam::" + first + ":user/alice", Operations: []string{"Encrypt"}}}
	}, want: []string{first + ":user/alice changed + kms:Encrypt on " + key}},
	{name: "KMS grants that one snapshot did not read", before: func(f *facts) {
		f.Accounts[0].Grants = []*graph.KMSGrant{{Key: key, ID: "g1", Grantee: "arn:aws:iam::" + first + ":user/alice", Operations: []string{"Encrypt"}}}
	}, edit: func(f *facts) {
		f.Accounts[0].Grants = nil
		f.Accounts[0].Coverage[0].State = graph.CoverageNotAsked
	}, want: []string{first + ":user/alice changed - kms:Encrypt on " + key + " unknown"}},
	{name: "a policy that one snapshot could not read", before: func(f *facts) {
		f.Accounts[0].Policies = []*graph.ManagedPolicy{f.managed("Own", `{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"*"}`)}
		f.Accounts[0].Users[0].Attached = []graph.ARN{f.Accounts[0].Policies[0].ARN}
		f.Accounts[0].Users[0].Inline = nil
	}, edit: func(f *facts) {
		f.Accounts[0].Policies = nil
		f.Accounts[0].Users[0].Boundary = ""
	}, want: []string{}, some: "sqs:SendMessage on arn:aws:sqs:*:" + first + ":* unknown"},
	{name: "a VPC endpoint", before: func(f *facts) {
		f.Accounts[0].Users[0].Inline = f.inline(`{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::data/*","Condition":{"StringEquals":{"aws:SourceVpce":"vpce-1"}}}`)
		f.Accounts[0].Resources = append(f.Accounts[0].Resources, &graph.Resource{ARN: "arn:aws:ec2:us-east-1:" + first + ":vpc-endpoint/vpce-1", Type: "AWS::EC2::VPCEndpoint", Region: "us-east-1"})
	}, edit: func(f *facts) {
		f.Accounts[0].Resources[2].Policy = f.document(`{"Effect":"Allow","Principal":"*","Action":"s3:ListBucket","Resource":"*"}`)
	}, want: []string{first + ":user/alice changed - s3:GetObject on arn:aws:s3:::data/* when …"}},
	{name: "an RCP", edit: func(f *facts) {
		f.organization("NoKeys", graph.ResourceControlPolicy, `{"Effect":"Deny","Principal":"*","Action":"kms:Decrypt","Resource":"*"}`, "ou-a")
	}, want: []string{first + ":role/App " + first + ":root changed - kms:Decrypt on " + key}},
	{name: "an RCP above resources that nobody knows", before: func(f *facts) {
		f.Accounts[0].Users[0].Inline = f.inline(`{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"*"}`)
	}, edit: func(f *facts) {
		f.organization("NoQueues", graph.ResourceControlPolicy, `{"Effect":"Deny","Principal":"*","Action":"sqs:SendMessage","Resource":"*","Condition":{"StringNotEquals":{"aws:PrincipalTag/team":"red"}}}`, "ou-a")
	}, want: []string{first + ":root " + first + ":user/alice changed - sqs:SendMessage on arn:aws:sqs:*:" + first + ":*"}},
	{name: "a tag of a resource", before: func(f *facts) {
		f.Accounts[0].Users[0].Inline = f.inline(`{"Effect":"Allow","Action":"kms:DescribeKey","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/env":"dev"}}}`)
	}, edit: func(f *facts) { f.Accounts[0].Resources[1].Tags = []graph.Tag{{Key: "env", Value: "dev"}} },
		want: []string{first + ":user/alice changed + kms:DescribeKey on " + key}},
	{name: "a tag of a resource that one snapshot did not read", before: func(f *facts) {
		f.Accounts[0].Users[0].Inline = f.inline(`{"Effect":"Allow","Action":"kms:DescribeKey","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/env":"dev"}}}`)
		f.Accounts[0].Resources[1].Tags = []graph.Tag{{Key: "env", Value: "dev"}}
	}, edit: func(f *facts) { f.Accounts[0].Resources[1].TagsKnown, f.Accounts[0].Resources[1].Tags = false, nil },
		want: []string{first + ":user/alice changed - kms:DescribeKey on " + key + " unknown"}},
	{name: "a new bucket without a policy", edit: func(f *facts) {
		f.Accounts[0].Resources = append(f.Accounts[0].Resources, &graph.Resource{ARN: "arn:aws:s3:::new", Type: "AWS::S3::Bucket", Region: "us-east-1", TagsKnown: true})
	}},
	{name: "a new bucket with a policy", edit: func(f *facts) {
		f.Accounts[0].Resources = append(f.Accounts[0].Resources, &graph.Resource{ARN: "arn:aws:s3:::new", Type: "AWS::S3::Bucket", Region: "us-east-1", TagsKnown: true,
			Policy: f.document(`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::` + first + `:user/bob"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::new/*"}`)})
	}, want: []string{first + ":user/bob changed + s3:GetObject on arn:aws:s3:::new/*"}},
	{name: "a new key", edit: func(f *facts) {
		f.Accounts[0].Resources = append(f.Accounts[0].Resources, &graph.Resource{ARN: key + "2", Type: "AWS::KMS::Key", Region: "us-east-1", TagsKnown: true,
			Policy: f.document(`{"Effect":"Allow","Principal":{"AWS":"` + first + `"},"Action":"kms:Decrypt","Resource":"*"}`)})
	}, want: []string{first + ":role/App " + first + ":root changed + kms:Decrypt on " + key + "2"}},
	{name: "a key that the other snapshot could not read", before: func(f *facts) {}, edit: func(f *facts) {
		f.Accounts[0].Coverage = append(f.Accounts[0].Coverage, graph.Coverage{Kind: "AWS::KMS::Key", Region: "us-east-1", State: graph.CoverageDenied})
		f.Accounts[0].Resources = f.Accounts[0].Resources[:1]
	}},
	{name: "a bucket for everybody", edit: func(f *facts) {
		f.Accounts[0].Resources[0].Policy = f.document(`{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::data/*"}`)
	}, want: []string{"* " + first + ":role/App " + first + ":user/bob " + second + ":root " + second + ":user/carol changed + s3:GetObject on arn:aws:s3:::data/*"}},
	{name: "a new user", edit: func(f *facts) {
		f.Accounts[0].Users = append(f.Accounts[0].Users, &graph.User{ARN: "arn:aws:iam::" + first + ":user/dave", Name: "dave", ID: "AIDADAVE", Inline: f.inline(`{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::data/*"}`)})
	}, want: []string{
		first + ":user/dave added + s3:GetObject on arn:aws:s3:::data/*", first + ":user/dave added + sts:GetCallerIdentity,sts:GetSessionToken on *",
	}},
	{name: "a user who is made anew", edit: func(f *facts) { f.Accounts[0].Users[0].ID = "AIDAOTHER" },
		want: []string{
			first + ":user/alice added + s3:GetObject on arn:aws:s3:::data/*", first + ":user/alice added + sts:GetCallerIdentity,sts:GetSessionToken on *",
			first + ":user/alice removed - s3:GetObject on arn:aws:s3:::data/*", first + ":user/alice removed - sts:GetCallerIdentity,sts:GetSessionToken on *",
		}},
	{name: "a user who is renamed", edit: func(f *facts) {
		f.Accounts[0].Users[0].Name, f.Accounts[0].Users[0].ARN = "alison", "arn:aws:iam::"+first+":user/alison"
	}},
	{name: "session tags", before: func(f *facts) {
		f.Accounts[0].Roles[0].Inline = f.inline(`{"Effect":"Allow","Action":"kms:Decrypt","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/team":"red"}}}`)
		f.Accounts[0].Roles[0].Tags = []graph.Tag{{Key: "team", Value: "blue"}}
	}, edit: func(f *facts) {
		f.Accounts[0].Roles[0].Trust = f.document(`{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":["sts:AssumeRole","sts:TagSession"]}`)
	}, want: []string{
		"lambda.amazonaws.com changed + sts:TagSession on arn:aws:iam::" + first + ":role/App",
		first + ":role/App changed + kms:Decrypt on " + key + " when …",
	}},
	{name: "an account that was not read", edit: func(f *facts) { f.Accounts = f.Accounts[:1] }},
	{name: "organization data that was not given", edit: func(f *facts) { f.Organization = nil }},
	{name: "organization data that was not given, where it counts", before: func(f *facts) {
		f.organization("NoDecrypt", graph.ServiceControlPolicy, `{"Effect":"Deny","Action":"kms:Decrypt","Resource":"*"}`, "ou-a")
	}, edit: func(f *facts) {
		f.Organization = nil
		f.Accounts[0].Roles[0].Inline = f.inline(`{"Effect":"Allow","Action":["kms:Decrypt","kms:Encrypt"],"Resource":"*"}`)
	}, want: []string{first + ":role/App changed + kms:Encrypt on " + key}},
}

func (f *facts) managed(name, statements string) *graph.ManagedPolicy {
	return &graph.ManagedPolicy{ARN: graph.ARN("arn:aws:iam::" + first + ":policy/" + name), Name: name, DefaultVersion: "v1",
		Versions: []graph.PolicyVersion{{ID: "v1", Default: true, Document: f.document(statements)}}}
}
