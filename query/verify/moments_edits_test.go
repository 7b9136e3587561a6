package verify_test

import (
	"encoding/json"
	"fmt"
	"strings"
)

// edited is another moment of an organization: some things about it are not as they were.
func (g *generator) edited(files tree, edits int) (after tree, said []string) {
	text, err := json.Marshal(files)
	if err != nil {
		panic(err)
	}
	if err := json.Unmarshal(text, &after); err != nil {
		panic(err)
	}
	for len(said) < edits {
		a := pick(g, g.accounts...)
		if what := g.edit(after, a, g.r.IntN(20)); what != "" {
			said = append(said, a+" "+what)
		}
	}
	return after, said
}

// edit makes one change to an account, or to the organization; empty where there is nothing to change.
func (g *generator) edit(files tree, a string, kind int) string {
	details := files[a+"/account-authorization-details.json"].(tree)
	users, roles := details["UserDetailList"].([]any), details["RoleDetailList"].([]any)
	list, inline := "UserDetailList", "UserPolicyList"
	entities := users
	if g.chance(50) && len(roles) > 0 {
		list, inline, entities = "RoleDetailList", "RolePolicyList", roles
	}
	at := g.r.IntN(len(entities))
	e := entities[at].(tree)
	shared := tree{"PolicyName": "Shared", "PolicyArn": "arn:aws:iam::" + a + ":policy/Shared"}
	arn := e["Arn"].(string)
	switch kind {
	case 0, 1:
		e[inline] = []any{tree{"PolicyName": "inline", "PolicyDocument": g.document(scope{kind: "identity", account: a})}}
		return "inline policy of " + arn
	case 2:
		if had, _ := e["AttachedManagedPolicies"].([]any); len(had) > 0 {
			e["AttachedManagedPolicies"] = []any{}
		} else {
			e["AttachedManagedPolicies"] = []any{shared}
		}
		return "attachments of " + arn
	case 3:
		policies := details["Policies"].([]any)
		policies[0] = g.managedPolicy(a, shared["PolicyArn"].(string), "identity")
		return "the shared policy"
	case 4:
		details["Policies"].([]any)[1] = g.managedPolicy(a, fmt.Sprintf(boundaryOf, a), "boundary")
		return "the boundary"
	case 5:
		if e["PermissionsBoundary"] != nil {
			delete(e, "PermissionsBoundary")
		} else {
			e["PermissionsBoundary"] = tree{"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": fmt.Sprintf(boundaryOf, a)}
		}
		return "boundary of " + arn
	case 6:
		details["GroupDetailList"].([]any)[0].(tree)["GroupPolicyList"] = []any{tree{"PolicyName": "inline", "PolicyDocument": g.document(scope{kind: "identity", account: a})}}
		return "the group's policy"
	case 7:
		u := users[g.r.IntN(len(users))].(tree)
		if u["GroupList"] != nil {
			delete(u, "GroupList")
		} else {
			u["GroupList"] = []any{"devs"}
		}
		return "membership of " + u["Arn"].(string)
	case 8:
		e["Tags"] = []any{tree{"Key": pick(g, "team", "Team"), "Value": pick(g, "red", "blue", "rad")}}
		return "tags of " + arn
	case 9:
		r := roles[g.r.IntN(len(roles))].(tree)
		if strings.Contains(r["Arn"].(string), "aws-service-role") {
			return ""
		}
		r["AssumeRolePolicyDocument"] = g.trust(a, false)
		return "trust of " + r["Arn"].(string)
	case 10:
		if len(entities) < 2 {
			return ""
		}
		details[list] = append(append([]any{}, entities[:at]...), entities[at+1:]...)
		return "without " + arn
	case 11:
		details["UserDetailList"] = append(users, tree{
			"Path": "/", "UserName": "dora", "UserId": "AIDADORA" + a, "Arn": "arn:aws:iam::" + a + ":user/dora", "AttachedManagedPolicies": []any{shared},
			"UserPolicyList": []any{tree{"PolicyName": "inline", "PolicyDocument": g.document(scope{kind: "identity", account: a})}},
		})
		for _, u := range users {
			if u.(tree)["UserName"] == "dora" {
				details["UserDetailList"] = users
				return ""
			}
		}
		return "with dora"
	case 12:
		id := "RoleId"
		if list == "UserDetailList" {
			id = "UserId"
		}
		e[id] = e[id].(string) + "NEW"
		return "made anew " + arn
	case 13:
		if list != "UserDetailList" || e["Path"] != "/" {
			return ""
		}
		e["Path"], e["Arn"] = "/moved/", strings.Replace(arn, ":user/", ":user/moved/", 1)
		return "another path of " + arn
	case 14, 15:
		return g.editOrganization(files, a)
	case 16, 17, 18:
		return g.editResource(files, a)
	}
	if files[a+"/kms-grants.json"] == nil {
		return "" // they were not read
	}
	files[a+"/kms-grants.json"] = tree{"Grants": g.grants(a)}
	return "grants"
}

func (g *generator) editOrganization(files tree, a string) string {
	o, ok := files["organization.json"].(tree)
	if !ok {
		return ""
	}
	policies := o["Policies"].([]any)
	p := policies[g.r.IntN(len(policies))].(tree)
	targets := []any{"r-root", "ou-dev", a}
	switch g.r.IntN(4) {
	case 0:
		if p["Id"] == "p-full" {
			return ""
		}
		p["Targets"] = []any{pick(g, targets...)}
		return "targets of " + p["Id"].(string)
	case 1:
		kind := "scp"
		if p["Type"] == "RESOURCE_CONTROL_POLICY" {
			kind = "rcp"
		} else if p["Id"] == "p-full" {
			return ""
		}
		p["Content"] = g.document(scope{kind: kind, account: a})
		return "content of " + p["Id"].(string)
	case 2:
		id := fmt.Sprintf("p-new%d", len(policies))
		kind, typ := "scp", "SERVICE_CONTROL_POLICY"
		if g.chance(50) && len(o["Roots"].([]any)[0].(tree)["PolicyTypes"].([]any)) > 1 {
			kind, typ = "rcp", "RESOURCE_CONTROL_POLICY"
		}
		o["Policies"] = append(policies, g.organizationPolicy(id, typ, g.document(scope{kind: kind, account: a}), []any{pick(g, targets...)}))
		return "new " + typ
	}
	for _, member := range o["Accounts"].([]any) {
		if m := member.(tree); m["Id"] == a && a != management {
			if m["ParentId"] == "r-root" {
				m["ParentId"] = "ou-dev"
			} else {
				m["ParentId"] = "r-root"
			}
			return "moved"
		}
	}
	return ""
}

func (g *generator) editResource(files tree, a string) string {
	f, ok := files[a+"/resource-policies.json"].(tree)
	if !ok {
		return ""
	}
	list := f["ResourcePolicies"].([]any)
	at := g.r.IntN(len(list))
	r := list[at].(tree)
	arn := r["Arn"].(string)
	switch g.r.IntN(5) {
	case 0:
		f["ResourcePolicies"] = append(append([]any{}, list[:at]...), list[at+1:]...)
		if len(list) == 1 {
			return ""
		}
		return "without " + arn
	case 1:
		if r["Tags"] == nil {
			return ""
		}
		r["Tags"] = tree{"team": pick(g, "red", "blue", "rad")}
		return "tags of " + arn
	case 2:
		arn := "arn:aws:sqs:us-east-1:" + a + ":new"
		for _, other := range list {
			if other.(tree)["Arn"] == arn {
				return ""
			}
		}
		f["ResourcePolicies"] = append(list, tree{
			"Arn": arn, "Type": "AWS::SQS::Queue", "Region": "us-east-1", "Tags": tree{}, "Policy": g.document(scope{kind: "resource", account: a, resource: arn}),
		})
		return "with " + arn
	}
	if r["Type"] == "AWS::KMS::Key" {
		r["Policy"] = g.keyPolicy(a, arn)
	} else {
		r["Policy"] = g.document(scope{kind: "resource", account: a, resource: arn})
	}
	return "policy of " + arn
}
