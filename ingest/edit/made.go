package edit

import (
	"fmt"
	"strings"

	"github.com/accessgraph/accessgraph/graph"
)

// types are the CloudFormation names of resources by the service and the beginning of the last part of their ARN.
var types = []struct{ service, prefix, name string }{
	{"kms", "key/", "AWS::KMS::Key"},
	{"s3", "", "AWS::S3::Bucket"},
	{"sqs", "", "AWS::SQS::Queue"},
	{"sns", "", "AWS::SNS::Topic"},
	{"lambda", "function:", "AWS::Lambda::Function"},
	{"secretsmanager", "secret:", "AWS::SecretsManager::Secret"},
}

// Made makes an empty entity of the kind that an ARN says: a user, group, role or managed policy of IAM, an identity provider, or a resource of a type, which
// may be left out for those that the ARN tells.
func Made(arn graph.ARN, kind string) (any, error) {
	_, service, region, _, resource, _ := arn.Split()
	if service == "iam" {
		return madeIAM(arn, resource)
	}
	for _, t := range types {
		if kind == "" && t.service == service && strings.HasPrefix(resource, t.prefix) {
			kind = t.name
		}
	}
	if !strings.HasPrefix(kind, "AWS::") {
		return nil, fmt.Errorf("%s: say of which type it is, as type: AWS::KMS::Key", arn)
	}
	r := &graph.Resource{ARN: arn, Type: kind, Region: region, TagsKnown: true}
	if kind == "AWS::KMS::Key" {
		r.Attributes.KeyManager = "CUSTOMER"
	}
	return r, nil
}

func madeIAM(arn graph.ARN, resource string) (any, error) {
	kind, rest, _ := strings.Cut(resource, "/")
	path, name := "/", rest
	if i := strings.LastIndexByte(rest, '/'); i >= 0 {
		path, name = "/"+rest[:i+1], rest[i+1:]
	}
	switch {
	case name == "":
	case kind == "user":
		return &graph.User{ARN: arn, Name: name, Path: path}, nil
	case kind == "group":
		return &graph.Group{ARN: arn, Name: name, Path: path}, nil
	case kind == "role":
		return &graph.Role{ARN: arn, Name: name, Path: path}, nil
	case kind == "policy":
		return &graph.ManagedPolicy{ARN: arn, Name: name, Path: path, Attachable: true}, nil
	case kind == "oidc-provider":
		return &graph.Provider{ARN: arn, Kind: "OIDC", URL: rest}, nil
	case kind == "saml-provider":
		return &graph.Provider{ARN: arn, Kind: "SAML"}, nil
	}
	return nil, fmt.Errorf("%s is no user, group, role, managed policy or identity provider", arn)
}
