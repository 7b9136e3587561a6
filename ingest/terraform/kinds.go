package terraform

import (
	"fmt"
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/graph"
)

// kinds lists the types of resources that are understood.
func kinds() map[string]*kind {
	out := map[string]*kind{
		"aws_iam_user":                    entityOf((*instance).iamARN, (*instance).putUser),
		"aws_iam_group":                   entityOf((*instance).iamARN, (*instance).putGroup),
		"aws_iam_role":                    entityOf((*instance).iamARN, (*instance).putRole),
		"aws_iam_policy":                  entityOf((*instance).iamARN, (*instance).putPolicy),
		"aws_iam_openid_connect_provider": entityOf((*instance).providerARN, (*instance).putProvider),
		"aws_iam_saml_provider":           entityOf((*instance).providerARN, (*instance).putProvider),
		"aws_iam_instance_profile":        {put: (*instance).putProfile, remove: (*instance).removeProfile},
		"aws_iam_policy_attachment":       {put: (*instance).putEverywhere, remove: (*instance).removeEverywhere},
		"aws_iam_group_membership":        {put: (*instance).putMembers, remove: (*instance).removeMembers},
		"aws_iam_user_group_membership":   {put: (*instance).putMemberships, remove: (*instance).removeMemberships},

		"aws_organizations_policy":              entityOf((*instance).organizationARN, (*instance).putOrganizationPolicy).by((*instance).removeOrganizationPolicy),
		"aws_organizations_organizational_unit": entityOf((*instance).organizationARN, (*instance).putUnit).by((*instance).removeUnit),
		"aws_organizations_account":             entityOf((*instance).organizationARN, (*instance).putMember).by((*instance).removeMember),
		"aws_organizations_policy_attachment":   {put: (*instance).putTarget, remove: (*instance).removeTarget},

		"aws_s3_bucket":                      entityOf((*instance).bucketARN, (*instance).putBucket),
		"aws_s3_bucket_policy":               policyOn("bucket"),
		"aws_s3_bucket_public_access_block":  {put: (*instance).putPublicAccessBlock, remove: (*instance).removePublicAccessBlock},
		"aws_s3_account_public_access_block": {put: (*instance).putAccountBlock, remove: (*instance).removeAccountBlock},
		"aws_s3_bucket_ownership_controls":   {put: (*instance).putOwnership, remove: (*instance).removeOwnership},
		"aws_s3_bucket_acl":                  {put: (*instance).putACL, remove: func(*instance) error { return nil }}, // the ACL stays as it is

		"aws_kms_key":          entityOf((*instance).keyARN, (*instance).putKey),
		"aws_kms_external_key": entityOf((*instance).keyARN, (*instance).putKey),
		"aws_kms_key_policy":   {put: (*instance).putKeyPolicy, remove: (*instance).removeKeyPolicy},
		"aws_kms_grant":        {put: (*instance).putGrant, remove: (*instance).removeGrant},
		"aws_sqs_queue":        entityOf((*instance).queueARN, (*instance).putQueue),
		"aws_sqs_queue_policy": policyOn("queue_url"),
	}
	for _, who := range []string{"user", "group", "role"} {
		out["aws_iam_"+who+"_policy"] = inlineIn(who)
		out["aws_iam_"+who+"_policy_attachment"] = attachmentTo(who)
		out["aws_iam_"+who+"_policies_exclusive"] = onlyInline(who)
		out["aws_iam_"+who+"_policy_attachments_exclusive"] = onlyAttached(who)
	}
	return out
}

// entityOf is a kind of entity that is kept under its ARN.
func entityOf(arn func(*instance, values) (graph.ARN, error), put func(*instance) error) *kind {
	return &kind{entity: true, arn: arn, put: put, remove: (*instance).removeEntity}
}

func (k *kind) by(remove func(*instance) error) *kind {
	k.remove = remove
	return k
}

// silent are types that take no part in decisions, or are told by what is there already.
func silent(kind string) bool {
	return slices.Contains([]string{"aws_kms_alias", "aws_iam_access_key", "aws_iam_user_login_profile", "aws_iam_account_alias",
		"aws_iam_account_password_policy", "aws_iam_virtual_mfa_device", "aws_iam_server_certificate", "aws_iam_signing_certificate",
		"aws_iam_user_ssh_key", "aws_s3_bucket_versioning", "aws_s3_bucket_server_side_encryption_configuration", "aws_s3_bucket_lifecycle_configuration",
		"aws_s3_bucket_logging", "aws_sqs_queue_redrive_policy", "aws_sqs_queue_redrive_allow_policy"}, kind)
}

// telling are words in the names of types and attributes that have to do with access.
var telling = []string{"policy", "policies", "role", "principal", "permission", "grant", "trust", "iam", "acl", "public", "share", "access", "authoriz", "organizations"}

// decides tells whether a resource that is not understood may decide access.
func (c *instance) decides() bool {
	names := []string{c.Type}
	for _, v := range []map[string]any{c.Change.Before, c.Change.After} {
		for name, value := range v {
			if says(value) {
				names = append(names, name)
			}
		}
	}
	if marks, ok := c.Change.Unknown.(map[string]any); ok {
		for name, mark := range marks {
			if marked(mark) {
				names = append(names, name)
			}
		}
	}
	return slices.ContainsFunc(names, func(name string) bool {
		for _, word := range []string{"public_ip", "public_dns", "publicly"} { // of networks
			name = strings.ReplaceAll(name, word, "")
		}
		return slices.ContainsFunc(telling, func(word string) bool { return strings.Contains(name, word) })
	})
}

// says tells whether a value is more than nothing.
func says(value any) bool {
	switch v := value.(type) {
	case nil:
		return false
	case bool:
		return v
	case string:
		return v != ""
	case []any:
		return len(v) > 0
	case map[string]any:
		return len(v) > 0
	}
	return true
}

// maxTold is how many resources one line names.
const maxTold = 10

// tellOthers names the resources that are changed and not understood.
func (p *planner) tellOthers() {
	var gaps, notes, foreign []string
	for _, c := range p.all {
		if c.kind != nil || !c.has("create") && !c.has("update") && !c.has("delete") || silent(c.Type) {
			continue
		}
		switch {
		case !strings.HasPrefix(c.Type, "aws_"):
			foreign = append(foreign, c.Address)
		case c.decides():
			gaps = append(gaps, c.Address)
		default:
			notes = append(notes, c.Address)
		}
	}
	if len(gaps) > 0 {
		p.editor.Gap("%s: %s not understood and may decide access: %s", p.path, counted(len(gaps)), told(gaps))
	}
	if len(notes) > 0 {
		p.editor.Note("%s: %s not looked at, for want of anything about access: %s", p.path, counted(len(notes)), told(notes))
	}
	if len(foreign) > 0 {
		p.editor.Note("%s: %s not AWS's: %s", p.path, counted(len(foreign)), told(foreign))
	}
	if len(p.followed) > 0 {
		p.editor.Note("%s: taken for what the configuration refers to, since it is known only after the apply: %s", p.path, told(p.followed))
	}
}

func counted(n int) string {
	if n == 1 {
		return "1 resource of the plan is"
	}
	return fmt.Sprintf("%d resources of the plan are", n)
}

func told(list []string) string {
	if n := len(list) - maxTold; n > 1 {
		return strings.Join(list[:maxTold], ", ") + fmt.Sprintf(" and %d more", n)
	}
	return strings.Join(list, ", ")
}

// arnOf is the ARN that an entity has after the apply, or had before where it is deleted.
func (c *instance) arnOf() (graph.ARN, error) {
	v := c.after()
	if v.known == nil {
		v = c.before()
	}
	if c.kind == nil || c.kind.arn == nil {
		return "", fmt.Errorf("%s is of a kind that is not understood", c.Address)
	}
	return c.kind.arn(c, v)
}

// removeEntity takes an entity away. What is not in the snapshot is gone already.
func (c *instance) removeEntity() error {
	arn, err := c.kind.arn(c, c.before())
	if err != nil {
		return err
	}
	if id, ok := c.planner.editor.HolderOf(arn); ok {
		c.planner.editor.Delete(id, arn)
	}
	return nil
}
