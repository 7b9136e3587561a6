package catalog

import (
	"slices"
	"strings"
	"testing"
)

func TestConditionKey(t *testing.T) {
	c := open(t)
	tests := []struct {
		key  string
		want KeyInfo
	}{
		{"aws:TagKeys", KeyInfo{Name: "aws:TagKeys", Type: String, Multivalued: true, Global: true}},
		{"AWS:sourceip", KeyInfo{Name: "aws:SourceIp", Type: IPAddress, Global: true}},
		{"aws:MultiFactorAuthPresent", KeyInfo{Name: "aws:MultiFactorAuthPresent", Type: Bool, Global: true}},
		{"aws:MultiFactorAuthAge", KeyInfo{Name: "aws:MultiFactorAuthAge", Type: Numeric, Global: true}},
		{"aws:CurrentTime", KeyInfo{Name: "aws:CurrentTime", Type: Date, Global: true}},
		{"aws:PrincipalArn", KeyInfo{Name: "aws:PrincipalArn", Type: ARN, Global: true}},
		{"aws:PrincipalOrgPaths", KeyInfo{Name: "aws:PrincipalOrgPaths", Type: String, Multivalued: true, Global: true}},
		{"aws:SignInSessionArn", KeyInfo{Name: "aws:SignInSessionArn", Type: ARN, Global: true}},
		{"aws:RequestTag/team", KeyInfo{Name: "aws:RequestTag/${TagKey}", Type: String, Global: true}},
		{"aws:PrincipalTag/a/b:c", KeyInfo{Name: "aws:PrincipalTag/${TagKey}", Type: String, Global: true}},
		{"kms:EncryptionContext:app", KeyInfo{Name: "kms:EncryptionContext:${EncryptionContextKey}", Type: String}},
		{"kms:EncryptionContextKeys", KeyInfo{Name: "kms:EncryptionContextKeys", Type: String, Multivalued: true}},
		{"kms:GrantOperations", KeyInfo{Name: "kms:GrantOperations", Type: String, Multivalued: true}},
		{"s3:ExistingObjectTag/class", KeyInfo{Name: "s3:ExistingObjectTag/<key>", Type: String}},
		{"events:Metadata/x/Matcher", KeyInfo{Name: "events:Metadata/${MetadataKey}/Matcher", Type: String}},
		{"token.actions.githubusercontent.com:actor", KeyInfo{Name: "token.actions.githubusercontent.com:actor", Type: String}},
		{"saml:aud", KeyInfo{Name: "saml:aud", Type: String}},
		{"identitystore:UserId", KeyInfo{Name: "identitystore:UserId", Type: String, Global: true}},
	}
	for _, tt := range tests {
		got, ok := c.ConditionKey(tt.key)
		if !ok || got.Name != tt.want.Name || got.Type != tt.want.Type || got.Multivalued != tt.want.Multivalued || got.Global != tt.want.Global {
			t.Errorf("ConditionKey(%s) = %+v, %v; want %+v", tt.key, got, ok, tt.want)
		}
		if ok && !got.Matches(strings.ToLower(tt.key)) {
			t.Errorf("%s is not matched by what it was found as, %s", tt.key, got.Name)
		}
	}
	for _, key := range []string{"", "aws:", "aws:Nothing", "aws:RequestTag/", "aws:RequestTag", "kms:EncryptionContext:", "nothing:Key"} {
		if k, ok := c.ConditionKey(key); ok {
			t.Errorf("ConditionKey(%q) = %+v, want none", key, k)
		}
	}
}

// TestOneFreePart: a family is matched around one free part; a key with two would be matched wrongly.
func TestOneFreePart(t *testing.T) {
	families := 0
	for _, k := range open(t).keys().all {
		if n := strings.Count(k.Name, "${") + strings.Count(k.Name, "<"); n > 1 {
			t.Errorf("%s has %d free parts", k.Name, n)
		} else if k.Family() != (n == 1) {
			t.Errorf("%s: Family() = %v", k.Name, k.Family())
		} else if n == 1 {
			families++
		}
	}
	if families < 50 {
		t.Errorf("only %d families of keys", families)
	}
}

func TestActionKeys(t *testing.T) {
	c := open(t)
	tests := []struct {
		action string
		has    []string
		lacks  []string
	}{
		{"kms:Decrypt",
			[]string{"kms:viaservice", "kms:encryptioncontext:app", "aws:resourcetag/team", "kms:keyorigin"},
			[]string{"s3:prefix", "kms:grantoperations", "iam:passedtoservice"}},
		{"kms:CreateGrant", []string{"kms:grantoperations", "kms:grantisforawsresource"}, []string{"kms:keyspec/x"}},
		{"s3:ListBucket", []string{"s3:prefix", "s3:max-keys"}, []string{"s3:existingobjecttag/a", "kms:viaservice"}},
		{"s3:GetObject", []string{"s3:existingobjecttag/a"}, []string{"s3:prefix"}},
		{"iam:PassRole", []string{"iam:passedtoservice", "iam:associatedresourcearn"}, []string{"iam:policyarn"}},
		{"sts:AssumeRoleWithWebIdentity", []string{"token.actions.githubusercontent.com:actor"}, nil},
		{"sts:AssumeRole", []string{"sts:externalid", "sts:rolesessionname"}, nil},
	}
	for _, tt := range tests {
		a, ok := c.Action(tt.action)
		if !ok {
			t.Errorf("%s is not found", tt.action)
			continue
		}
		all, ok := c.ActionKeys(tt.action)
		if !ok {
			t.Errorf("ActionKeys(%s) is not found", tt.action)
		}
		for _, k := range tt.has {
			if !a.HasKey(k) || !hasKey(a.Keys(), k) || !hasKey(all, k) {
				t.Errorf("%s lacks %s: HasKey %v", tt.action, k, a.HasKey(k))
			}
		}
		for _, k := range tt.lacks {
			if a.HasKey(k) || hasKey(a.Keys(), k) || hasKey(all, k) {
				t.Errorf("%s has %s", tt.action, k)
			}
		}
		if !hasKey(all, "aws:sourceip") || !slices.IsSortedFunc(all, func(a, b *KeyInfo) int { return strings.Compare(a.lower, b.lower) }) {
			t.Errorf("ActionKeys(%s) lacks a global key or is not sorted", tt.action)
		}
		if len(slices.Compact(slices.Clone(all))) != len(all) {
			t.Errorf("ActionKeys(%s) repeats a key", tt.action)
		}
	}
	if keys, ok := c.ActionKeys("kms:Nothing"); ok || keys != nil {
		t.Errorf("ActionKeys of an unknown action = %v, %v", keys, ok)
	}
}

func TestKeyType(t *testing.T) {
	for text, want := range map[string]KeyType{"String": String, "ArrayOfARN": ARN, "IPAddress": IPAddress, "ArrayOfBool": Bool} {
		got, multi, ok := ParseKeyType(text)
		if !ok || got != want || multi != strings.HasPrefix(text, "ArrayOf") {
			t.Errorf("ParseKeyType(%q) = %v, %v, %v", text, got, multi, ok)
		}
		if !strings.HasSuffix(text, got.String()) {
			t.Errorf("%s prints as %s", text, got)
		}
	}
	if _, _, ok := ParseKeyType("string"); ok {
		t.Error("lower-case type is accepted")
	}
}
