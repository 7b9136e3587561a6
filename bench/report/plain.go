package main

import (
	"encoding/json"
	"net/url"
	"time"
)

// plainExport is what a program with encoding/json alone decodes authorization details into.
type plainExport struct {
	UserDetailList []struct {
		Path, UserName, UserId, Arn string
		CreateDate                  time.Time
		UserPolicyList              []plainPolicy
		GroupList                   []string
		AttachedManagedPolicies     []plainAttached
		PermissionsBoundary         plainBoundary
		Tags                        []plainTag
	}
	GroupDetailList []struct {
		Path, GroupName, GroupId, Arn string
		CreateDate                    time.Time
		GroupPolicyList               []plainPolicy
		AttachedManagedPolicies       []plainAttached
	}
	RoleDetailList []struct {
		Path, RoleName, RoleId, Arn string
		CreateDate                  time.Time
		AssumeRolePolicyDocument    plainDocument
		InstanceProfileList         []struct{ InstanceProfileName, InstanceProfileId, Arn string }
		RolePolicyList              []plainPolicy
		AttachedManagedPolicies     []plainAttached
		PermissionsBoundary         plainBoundary
		Tags                        []plainTag
		RoleLastUsed                struct {
			LastUsedDate time.Time
			Region       string
		}
	}
	Policies []struct {
		PolicyName, PolicyId, Arn, Path, DefaultVersionId string
		AttachmentCount, PermissionsBoundaryUsageCount    int
		IsAttachable                                      bool
		CreateDate, UpdateDate                            time.Time
		PolicyVersionList                                 []struct {
			Document         plainDocument
			VersionId        string
			IsDefaultVersion bool
			CreateDate       time.Time
		}
	}
}

type plainPolicy struct {
	PolicyName     string
	PolicyDocument plainDocument
}

type plainAttached struct{ PolicyName, PolicyArn string }

type plainBoundary struct{ PermissionsBoundaryArn string }

type plainTag struct{ Key, Value string }

type plainDocument struct {
	Version   string
	Statement []struct {
		Sid, Effect                 string
		Action, Resource, Principal any
		NotAction, NotResource      any
		Condition                   map[string]map[string]any
	}
}

// UnmarshalJSON decodes an object, or a URL-encoded string.
func (d *plainDocument) UnmarshalJSON(raw []byte) error {
	type fields plainDocument
	if raw[0] != '"' {
		return json.Unmarshal(raw, (*fields)(d))
	}
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return err
	}
	text, err := url.PathUnescape(text)
	if err != nil {
		return err
	}
	return json.Unmarshal([]byte(text), (*fields)(d))
}
