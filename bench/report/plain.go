package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
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

// plainResources is resource-policies.json.
type plainResources struct {
	ResourcePolicies []struct {
		Arn, Type, Region string
		Policy            *plainDocument
		Tags              map[string]string
		Attributes        map[string]any
	}
}

// plainOrganization is organization.json.
type plainOrganization struct {
	Organization struct{ Id, Arn, MasterAccountId, FeatureSet string }
	Roots        []struct {
		Id, Arn, Name string
		PolicyTypes   []struct{ Type, Status string }
	}
	OrganizationalUnits []struct{ Id, Arn, Name, ParentId string }
	Accounts            []struct{ Id, Arn, Name, Email, Status, ParentId string }
	Policies            []struct {
		Id, Arn, Name, Type string
		AwsManaged          bool
		Content             plainDocument
		Targets             []string
	}
	DelegatedAdministrators []struct {
		Id                string
		ServicePrincipals []string
	}
}

// plainOf gives what a file of an export directory is decoded into.
func plainOf(name string) (any, error) {
	switch filepath.Base(name) {
	case detailsFile:
		return new(plainExport), nil
	case resourcesFile:
		return new(plainResources), nil
	case organizationFile:
		return new(plainOrganization), nil
	case "compute.json":
		return new(struct {
			Compute []struct{ Arn, Type, Region, RoleArn, InstanceProfileArn string }
		}), nil
	case "kms-grants.json":
		return new(struct {
			Grants []struct {
				KeyArn, GrantId, GranteePrincipal, IssuingAccount string
				Operations                                        []string
				Constraints                                       map[string]any
			}
		}), nil
	case "account-settings.json":
		return new(struct {
			RootFeatures        []string
			S3PublicAccessBlock struct{ BlockPublicAcls, BlockPublicPolicy, IgnorePublicAcls, RestrictPublicBuckets bool }
		}), nil
	case "open-id-connect-providers.json":
		return new(struct {
			OpenIDConnectProviderList []struct {
				Arn, Url     string
				ClientIDList []string
			}
		}), nil
	case "saml-providers.json":
		return new(struct {
			SAMLProviderList []struct {
				Arn        string
				CreateDate time.Time
			}
		}), nil
	case "coverage.json":
		return new(struct {
			Accounts map[string]map[string]map[string]string
		}), nil
	}
	return nil, fmt.Errorf("%s: plain decoding does not know this file; add it to plainOf", name)
}

// Files of an export directory.
const (
	detailsFile      = "account-authorization-details.json"
	resourcesFile    = "resource-policies.json"
	organizationFile = "organization.json"
)

// decodePlain decodes every file of an export directory with encoding/json, one after the other.
func decodePlain(ctx context.Context, dir string) error {
	return filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		_, err = decodeFile(name)
		return err
	})
}

// decodeFile gives what plainOf has for a file, decoded.
func decodeFile(name string) (any, error) {
	into, err := plainOf(name)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return into, nil
}
