package verify_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/accessgraph/accessgraph/evaluator/catalog"
	"github.com/accessgraph/accessgraph/evaluator/segment"
)

const original = "222222222222"

// twins adds accounts that are one of the organization's but for their number, and changes little things in some of them, so that what a count
// takes over from one account for another must stand every difference.
func (g *generator) twins(seed uint64) {
	g.r = rand.New(rand.NewPCG(seed, 20261127))
	var made []string
	for _, id := range []string{"666666666666", "222222222223", "272727272727", "777777777777", "122222222222"}[:2+g.r.IntN(4)] {
		g.twin(id)
		made = append(made, id)
	}
	for _, id := range append(made, original) {
		for range g.r.IntN(4) {
			g.alter(id)
		}
	}
}

// twin copies the original's files for another account.
func (g *generator) twin(id string) {
	renamed := strings.NewReplacer(original, id, "data-22", "data-"+id[8:], "logs-22", "logs-"+id[8:], "AIDA222", "AIDA"+id[9:], "AROA222", "AROA"+id[9:])
	for path, content := range g.files {
		if rest, ok := strings.CutPrefix(path, original+"/"); ok {
			text, _ := json.Marshal(content)
			g.files[id+"/"+rest] = parsed(renamed.Replace(string(text)))
		}
	}
	g.accounts = append(g.accounts, id)
	for _, of := range []map[string][]string{g.roles, g.users, g.keys, g.buckets, g.others} {
		for _, arn := range of[original] {
			of[id] = append(of[id], renamed.Replace(arn))
		}
	}
	org, ok := g.files["organization.json"].(tree)
	if !ok || g.chance(15) {
		return
	}
	for _, a := range org["Accounts"].([]any) {
		if a := a.(tree); a["Id"] == original {
			text, _ := json.Marshal(a)
			org["Accounts"] = append(org["Accounts"].([]any), parsed(strings.ReplaceAll(string(text), original, id)))
		}
	}
	for _, p := range org["Policies"].([]any) {
		p := p.(tree)
		if targets := p["Targets"].([]any); slices.Contains(targets, any(original)) {
			p["Targets"] = append(targets, id)
		}
	}
}

func parsed(text string) tree {
	var out tree
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		panic(err)
	}
	return out
}

// found lists the objects below v that pass a test, in a fixed order.
func found(v any, is func(tree) bool) []tree {
	var out []tree
	switch v := v.(type) {
	case tree:
		if is(v) {
			out = append(out, v)
		}
		for _, k := range sortedNames(v) {
			out = append(out, found(v[k], is)...)
		}
	case []any:
		for _, x := range v {
			out = append(out, found(x, is)...)
		}
	}
	return out
}

func sortedNames(v tree) []string {
	out := make([]string, 0, len(v))
	for k := range v {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

func has(names ...string) func(tree) bool {
	return func(v tree) bool {
		for _, n := range names {
			if _, ok := v[n]; !ok {
				return false
			}
		}
		return true
	}
}

// alter changes one thing in an account.
func (g *generator) alter(id string) {
	details := g.files[id+"/account-authorization-details.json"].(tree)
	policies, _ := g.files[id+"/resource-policies.json"].(tree)
	entities := append(found(details, has("UserName")), found(details, has("RoleName"))...)
	resources := found(policies, has("Type", "Arn"))
	switch g.r.IntN(18) {
	case 0, 1:
		pick(g, entities...)["Tags"] = []any{tree{"Key": "team", "Value": pick(g, "red", "blue", id)}}
	case 2:
		delete(pick(g, entities...), "PermissionsBoundary")
	case 3:
		g.settle(id)
	case 4:
		g.files[id+"/kms-grants.json"] = tree{"Grants": g.grants(id)}
	case 5:
		delete(g.files, id+"/resource-policies.json")
		delete(g.files, id+"/kms-grants.json")
	case 6, 7, 8:
		statements := append(found(details, has("Effect")), found(policies, has("Effect"))...)
		g.odd(pick(g, statements...), id)
	case 9, 10:
		if len(resources) > 0 {
			g.openUp(pick(g, resources...), id)
		}
	case 11, 12:
		pick(g, found(details, has("RoleName"))...)["AssumeRolePolicyDocument"] = g.oddTrust(id)
	case 13:
		g.move(id)
	case 14, 15:
		g.guard(id)
	case 16:
		e := pick(g, entities...)
		list := "RolePolicyList"
		if e["UserName"] != nil {
			list = "UserPolicyList"
		}
		e[list] = []any{tree{"PolicyName": pick(g, "inline", "inline-"+id, "n"+segment.Neutral), "PolicyDocument": g.document(scope{kind: "identity", account: id})}}
	case 17:
		g.coverage(id)
	}
}

func (g *generator) settle(id string) {
	if g.files[id+"/account-settings.json"] == nil {
		g.files[id+"/account-settings.json"] = tree{"S3PublicAccessBlock": tree{"RestrictPublicBuckets": true}}
	} else {
		delete(g.files, id+"/account-settings.json")
	}
}

func (g *generator) coverage(id string) {
	all, _ := g.files["coverage.json"].(tree)
	if all == nil {
		all = tree{"Accounts": tree{}}
		g.files["coverage.json"] = all
	}
	kind := pick(g, "AWS::KMS::Key", "AWS::S3::Bucket", "iam", "resource-policies", "AWS::SQS::Queue", "shares", "organization")
	all["Accounts"].(tree)[id] = tree{kind: tree{pick(g, "", "us-east-1"): pick(g, "denied", "complete", "failed", "not-asked")}}
}

// openUp gives a resource what lets in others, or keeps them out.
func (g *generator) openUp(r tree, id string) {
	switch g.r.IntN(6) {
	case 0:
		r["Attributes"] = tree{"Acl": []any{tree{"Grantee": pick(g, external, id, pick(g, g.accounts...), "http://acs.amazonaws.com/groups/global/AllUsers"), "Permission": pick(g, "READ", "FULL_CONTROL")}}}
	case 1:
		r["Attributes"] = tree{"SharedWith": []any{pick(g, pick(g, g.accounts...), "all", external)}}
	case 2:
		r["Attributes"] = tree{"BlockPublicAccess": tree{"RestrictPublicBuckets": true}}
	case 3:
		g.files[id+"/shares.json"] = tree{"Shares": []any{tree{"Arn": r["Arn"], "Principals": []any{pick(g, g.accounts...), pick(g, g.roles[pick(g, g.accounts...)]...)}, "Permission": "arn:aws:ram::aws:permission/AWSRAMDefaultPermission"}}}
	case 4:
		r["Tags"] = tree{"team": pick(g, "red", "blue", id)}
	case 5:
		delete(r, "Policy")
	}
}

func (g *generator) move(id string) {
	if org, ok := g.files["organization.json"].(tree); ok {
		for _, a := range org["Accounts"].([]any) {
			if a := a.(tree); a["Id"] == id {
				a["ParentId"] = pick(g, "r-root", "ou-dev")
			}
		}
	}
}

// guard adds an SCP or RCP that speaks of one account, or hangs on it.
func (g *generator) guard(id string) {
	org, ok := g.files["organization.json"].(tree)
	if !ok {
		return
	}
	kind, s := "SERVICE_CONTROL_POLICY", scope{kind: "scp", account: id}
	if len(org["Roots"].([]any)[0].(tree)["PolicyTypes"].([]any)) > 1 && g.chance(40) {
		kind, s = "RESOURCE_CONTROL_POLICY", scope{kind: "rcp", account: id}
	}
	st := g.statement(s, 0)
	if g.chance(70) {
		st["Effect"] = "Deny"
		st["Condition"] = g.oddCondition(id)
	}
	doc := tree{"Version": "2012-10-17", "Statement": []any{st}}
	name := fmt.Sprintf("p-guard%d", len(org["Policies"].([]any)))
	org["Policies"] = append(org["Policies"].([]any), g.organizationPolicy(name, kind, doc, []any{pick(g, "r-root", "ou-dev", id)}))
}

// odd makes a statement one that tells accounts apart in a way that is easy to miss.
func (g *generator) odd(st tree, id string) {
	other := pick(g, g.accounts...)
	switch g.r.IntN(9) {
	case 0, 1, 2:
		st["Condition"] = g.oddCondition(id)
	case 3, 4:
		delete(st, "NotResource")
		st["Resource"] = pick(g,
			"arn:aws:s3:::data-2*", "arn:aws:s3:::*22/*", "arn:aws:iam::2*:role/*", "arn:aws:iam::*2:role/*", "arn:aws:iam::??2222222222:*", "arn:aws:kms:*:"+other[:6]+"*:key/*",
			"arn:aws:s3:::data-"+other[8:]+"/*", "arn:aws:s3:::${aws:PrincipalAccount}-x/*", "arn:aws:s3:::data-${aws:PrincipalAccount}/*", "arn:aws:iam::${aws:PrincipalAccount}:role/*",
			"arn:aws:iam::"+segment.Neutral+":role/*", "arn:aws:kms:*:"+other+":key/*", "arn:aws:sqs:*:"+other+":*", "arn:aws:s3:::*"+other+"*",
		)
	case 5:
		if st["Principal"] != nil || st["NotPrincipal"] != nil {
			g.oddPrincipal(st, id)
		}
	case 6:
		st["Effect"] = pick(g, "Allow", "Deny")
	case 7:
		delete(st, "NotAction")
		st["Action"] = pick(g, "*", "kms:*", "s3:*", "sts:*", "iam:*", "s3:GetObject", "kms:Decrypt")
	case 8:
		delete(st, "Condition")
	}
}

func (g *generator) oddPrincipal(st tree, id string) {
	delete(st, "Principal")
	delete(st, "NotPrincipal")
	other := pick(g, g.accounts...)
	who := pick[any](g, other, "arn:aws:iam::"+other+":root", pick(g, g.roles[other]...), pick(g, g.users[other]...), g.principalARN(), "AROA"+other[9:]+"0", "AIDA"+other[9:]+"0",
		"arn:aws:sts::"+other+":assumed-role/Admin/s1", segment.Neutral, "arn:aws:iam::"+segment.Neutral+":role/Admin", "*", external, id, "arn:aws:sts::"+id+":federated-user/f")
	if st["Effect"] == "Deny" && g.chance(50) {
		st["NotPrincipal"] = tree{"AWS": []any{who, "arn:aws:iam::" + pick(g, g.accounts...) + ":root"}}
		return
	}
	st["Principal"] = tree{"AWS": who}
}

func (g *generator) oddCondition(id string) tree {
	other := pick(g, g.accounts...)
	return pick(g,
		tree{"NumericLessThan": tree{"aws:PrincipalAccount": "300000000000"}}, tree{"NumericGreaterThan": tree{"aws:ResourceAccount": "300000000000"}},
		tree{"NumericEquals": tree{"aws:PrincipalAccount": other}}, tree{"StringLike": tree{"aws:PrincipalAccount": "2*"}}, tree{"StringLike": tree{"aws:PrincipalAccount": "*2"}},
		tree{"StringEquals": tree{"aws:PrincipalAccount": other}}, tree{"StringNotEquals": tree{"aws:PrincipalAccount": other}}, tree{"StringEquals": tree{"aws:ResourceAccount": other}},
		tree{"StringEquals": tree{"aws:ResourceAccount": "${aws:PrincipalAccount}"}}, tree{"StringNotEquals": tree{"aws:ResourceAccount": "${aws:PrincipalAccount}"}},
		tree{"ArnLike": tree{"aws:PrincipalArn": "arn:aws:iam::" + other + ":*"}}, tree{"ArnNotLike": tree{"aws:PrincipalArn": "arn:aws:iam::*:role/Admin"}},
		tree{"ArnLike": tree{"aws:PrincipalArn": "arn:aws:iam::2*:role/*"}}, tree{"StringLike": tree{"aws:PrincipalArn": "*" + other[6:] + "*"}},
		tree{"StringLike": tree{"aws:userid": "AROA" + other[9:] + "?:*"}}, tree{"StringEquals": tree{"aws:userid": "AIDA" + other[9:] + "0"}}, tree{"StringNotLike": tree{"aws:userid": "AIDA*"}},
		tree{"StringEquals": tree{"aws:username": "alice"}}, tree{"StringEquals": tree{"aws:PrincipalTag/team": "red"}}, tree{"StringEquals": tree{"aws:PrincipalTag/team": "${aws:PrincipalAccount}"}},
		tree{"StringEquals": tree{"aws:PrincipalTag/team": "${aws:ResourceTag/team}"}}, tree{"Null": tree{"aws:PrincipalTag/team": "true"}},
		tree{"ForAnyValue:StringLike": tree{"aws:PrincipalOrgPaths": "o-abc/r-root/ou-dev/*"}}, tree{"ForAnyValue:StringLike": tree{"aws:ResourceOrgPaths": "o-abc/r-root/ou-dev/*"}},
		tree{"ForAllValues:StringNotLike": tree{"aws:ResourceOrgPaths": "o-abc/r-root/ou-dev/*"}}, tree{"ForAnyValue:StringEquals": tree{"aws:PrincipalOrgPaths": "${aws:ResourceOrgPaths}"}},
		tree{"StringEquals": tree{"aws:PrincipalOrgID": "o-abc"}}, tree{"StringNotEquals": tree{"aws:ResourceOrgID": "${aws:PrincipalOrgID}"}}, tree{"StringEquals": tree{"kms:CallerAccount": other}},
		tree{"Bool": tree{"aws:MultiFactorAuthPresent": "true"}}, tree{"StringEquals": tree{"aws:RequestedRegion": "us-east-1"}}, tree{"Bool": tree{"aws:SecureTransport": "false"}},
		tree{"DateLessThan": tree{"aws:CurrentTime": "2027-01-01T00:00:00Z"}}, tree{"StringEquals": tree{"iam:PermissionsBoundary": fmt.Sprintf(boundaryOf, id)}},
		tree{"StringEquals": tree{"aws:PrincipalAccount": segment.Neutral}}, tree{"StringLike": tree{"aws:SourceArn": "arn:aws:sns:*:" + other + ":*"}}, tree{"StringEquals": tree{"aws:SourceAccount": other}},
		tree{"StringEqualsIfExists": tree{"aws:PrincipalTag/team": id}}, tree{"StringEquals": tree{"aws:PrincipalType": "User"}}, tree{"StringEquals": tree{"sts:ExternalId": other}},
	)
}

func (g *generator) oddTrust(id string) tree {
	st := tree{"Effect": "Allow", "Action": pick[any](g, "sts:AssumeRole", []any{"sts:AssumeRole", "sts:TagSession"})}
	g.oddPrincipal(st, id)
	if g.chance(60) {
		st["Condition"] = g.oddCondition(id)
	}
	return tree{"Version": "2012-10-17", "Statement": []any{st}}
}

// smallest takes out of the organization what a difference does not need, and writes what is left.
func (g *generator) smallest(ctx context.Context, cat *catalog.Catalog, q *counting) string {
	ask := func(o *organization) error {
		dir, err := os.MkdirTemp("", "fleet")
		if err != nil {
			return nil
		}
		defer os.RemoveAll(dir)
		facts, err := o.ingest(ctx, dir)
		if err != nil {
			return nil
		}
		p, err := pairOf(ctx, facts, cat)
		if err != nil {
			return nil
		}
		_, err = p.same(ctx, q)
		if err != nil && strings.Contains(err.Error(), "counts otherwise") || err != nil && strings.Contains(err.Error(), "-world") {
			return err
		}
		return nil
	}
	small := (&organization{g.files}).shrinkBy(func(o *organization) bool { return ask(o) != nil }, time.Now().Add(40*time.Second))
	dir, err := os.MkdirTemp("", "accessgraph-fleet")
	err = errors.Join(err, small.write(dir))
	return fmt.Sprintf("smallest, in %s: %v %v", dir, ask(small), err)
}
