package catalog

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestResourceType(t *testing.T) {
	c := open(t)
	tests := []struct {
		service, name, pattern, glob string
	}{
		{"kms", "key", "arn:*:kms:*:*:key/*", "arn:aws:kms:eu-west-1:111122223333:key/*"},
		{"s3", "bucket", "arn:*:s3:::*", "arn:aws:s3:::*"},
		{"s3", "object", "arn:*:s3:::*/*", "arn:aws:s3:::*/*"},
		{"iam", "role", "arn:*:iam::*:role/*", "arn:aws:iam::111122223333:role/*"},
		{"s3", "multiregionaccesspointrequestarn", "arn:*:s3:us-west-2:*:async-request/mrap/*/*", "arn:aws:s3:us-west-2:111122223333:async-request/mrap/*/*"},
		{"iam", "nothing", "", ""},
	}
	for _, tt := range tests {
		s, ok := c.Service(tt.service)
		if !ok {
			t.Fatalf("service %s is not found", tt.service)
		}
		r, ok := s.ResourceType(tt.name)
		if ok != (tt.pattern != "") {
			t.Errorf("%s %s: found is %v", tt.service, tt.name, ok)
		}
		if !ok {
			continue
		}
		if got := r.Pattern(); got != tt.pattern {
			t.Errorf("%s %s: pattern %s, want %s", tt.service, tt.name, got, tt.pattern)
		}
		if got := r.Glob("aws", "eu-west-1", "111122223333"); got != tt.glob {
			t.Errorf("%s %s: glob %s, want %s", tt.service, tt.name, got, tt.glob)
		}
		if got := r.Glob("", "", ""); got != tt.pattern {
			t.Errorf("%s %s: open glob %s, want %s", tt.service, tt.name, got, tt.pattern)
		}
	}
	s3, _ := c.Service("s3")
	bucket, _ := s3.ResourceType("BUCKET")
	if len(bucket.ConditionKeys) == 0 {
		t.Error("the bucket type has no condition keys")
	}
}

func TestTypesOf(t *testing.T) {
	c := open(t)
	tests := []struct {
		service, arn string
		want         []string
	}{
		{"s3", "arn:aws:s3:::data", []string{"bucket"}},
		{"s3", "arn:aws-cn:s3:::data/a/b", []string{"object"}},
		{"kms", "arn:aws:kms:us-east-1:111122223333:key/1234", []string{"key"}},
		{"kms", "arn:aws:kms:us-east-1:111122223333:alias/x", []string{"alias"}},
		{"iam", "arn:aws:iam::111122223333:user/team/ann", []string{"user"}},
		{"iam", "arn:aws:s3:::data", nil},
		{"kms", "*", nil},
		{"kms", "", nil},
	}
	for _, tt := range tests {
		s, _ := c.Service(tt.service)
		var got []string
		for _, r := range s.TypesOf(tt.arn) {
			got = append(got, r.Name)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s is %v in %s, want %v", tt.arn, got, tt.service, tt.want)
		}
	}
}

// TestARNForms: every ARN form of the data has the six fields that Glob and Matches count on, and no variable left.
func TestARNForms(t *testing.T) {
	c := open(t)
	for _, prefix := range c.Services() {
		s, _ := c.Service(prefix)
		for _, r := range s.ResourceTypes {
			if strings.Count(r.ARN, ":") < 5 || !strings.HasPrefix(r.Pattern(), "arn:*:") || strings.Contains(r.Pattern(), "${") {
				t.Errorf("%s %s: form %s gives %s", prefix, r.Name, r.ARN, r.Pattern())
			}
			if !r.Matches(strings.ReplaceAll(r.Pattern(), "*", "x")) {
				t.Errorf("%s %s: %s does not match itself", prefix, r.Name, r.Pattern())
			}
		}
	}
}

// TestMatch compares the two matchers with a definition by recursion.
func TestMatch(t *testing.T) {
	var naive func(p, s string, any1 bool) bool
	naive = func(p, s string, any1 bool) bool {
		switch {
		case p == "":
			return s == ""
		case p[0] == '*':
			return naive(p[1:], s, any1) || s != "" && naive(p, s[1:], any1)
		case s == "":
			return false
		}
		return (p[0] == s[0] || any1 && p[0] == '?') && naive(p[1:], s[1:], any1)
	}
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.StringOfN(rapid.RuneFrom([]rune("abAB*?:")), 0, 7, -1).Draw(t, "pattern")
		s := rapid.StringOfN(rapid.RuneFrom([]rune("abAB:")), 0, 7, -1).Draw(t, "text")
		if got, want := match(p, s), naive(p, s, false); got != want {
			t.Errorf("match(%q, %q) = %v", p, s, got)
		}
		if got, want := matchFold(p, s), naive(strings.ToLower(p), strings.ToLower(s), true); got != want {
			t.Errorf("matchFold(%q, %q) = %v", p, s, got)
		}
	})
	if match(strings.Repeat("*a", 50000)+"b", strings.Repeat("a", 2000)) {
		t.Error("a pattern longer than the text matches it")
	}
}

// TestDistance compares the bounded distance with the full table.
func TestDistance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringOfN(rapid.RuneFrom([]rune("abc")), 0, 8, -1)
		a, b := word.Draw(t, "a"), word.Draw(t, "b")
		limit := rapid.IntRange(0, 5).Draw(t, "limit")
		full := distance(a, b, 100)
		if got := distance(a, b, limit); got != min(full, limit+1) {
			t.Errorf("distance(%q, %q, %d) = %d, in full %d", a, b, limit, got, full)
		}
		if distance(b, a, 100) != full || (full == 0) != (a == b) {
			t.Errorf("distance(%q, %q) = %d is not a distance", a, b, full)
		}
	})
}
