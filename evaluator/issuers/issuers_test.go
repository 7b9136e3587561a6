package issuers_test

import (
	"strings"
	"testing"

	"github.com/accessgraph/accessgraph/evaluator/issuers"
	"github.com/accessgraph/accessgraph/evaluator/region"
)

// TestFile holds that the embedded list can be read, that every row says where it is from, and that none hides another.
func TestFile(t *testing.T) {
	all, date, err := issuers.All()
	if err != nil {
		t.Fatal(err)
	}
	if date == "" || len(all) < 10 {
		t.Errorf("%d issuers of %q", len(all), date)
	}
	for i := range all {
		is := &all[i]
		if is.Name == "" || !strings.HasPrefix(is.Source, "https://") {
			t.Errorf("%s: name %q, source %q", is.URL, is.Name, is.Source)
		}
		sample := strings.ReplaceAll(is.URL, "*", "x")
		if got := issuers.Of("arn:aws:iam::111122223333:oidc-provider/" + sample); got == nil || got.URL != is.URL {
			t.Errorf("%s is found as %+v", sample, got)
		}
	}
}

// TestBounds holds which patterns of a claim are of one tenant (E6).
func TestBounds(t *testing.T) {
	const github, gitlab, terraform, google = "token.actions.githubusercontent.com", "gitlab.com", "app.terraform.io", "accounts.google.com"
	for _, c := range []struct {
		provider, claim, pattern string
		want                     bool
	}{
		{github, "sub", "repo:acme/app:ref:refs/heads/main", true},
		{github, "sub", "repo:acme/*", true},
		{github, "SUB", "repo:acme/app:*", true},
		{github, "sub", "repo:acme*", false},
		{github, "sub", "repo:acme?app:*", false},
		{github, "sub", "repo:*/app:ref:refs/heads/main", false},
		{github, "sub", "repo:/x*", false},
		{github, "sub", "*", false},
		{github, "sub", "repository_owner:acme:*", true},
		{github, "repository_owner", "acme", true},
		{github, "repository_owner", "acme*", false},
		{github, "aud", "sts.amazonaws.com", false},
		{gitlab, "sub", "project_path:acme/*", true},
		{gitlab, "sub", "project_path:acme*", false},
		{terraform, "sub", "organization:acme:*", true},
		{terraform, "sub", "organization:acm*:project:x", false},
		{google, "sub", "108", true},
		{google, "sub", "10*", false},
		{google, "aud", "app.apps.googleusercontent.com", false},
	} {
		if got := issuers.Of(c.provider).Bounds(c.claim, region.Glob(c.pattern, false)); got != c.want {
			t.Errorf("%s: %s like %q is of one tenant: %t, want %t", c.provider, c.claim, c.pattern, got, c.want)
		}
	}
}

// TestShared holds which issuers have users of more than one tenant.
func TestShared(t *testing.T) {
	for provider, want := range map[string]bool{
		"arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com":      true,
		"arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com/acme": false,
		"arn:aws:iam::111122223333:oidc-provider/oidc.circleci.com/org/8b2c":               false,
		"arn:aws:iam::111122223333:oidc-provider/login.example.com":                        false,
		"cognito-identity.amazonaws.com":                                                   true,
	} {
		if got := issuers.Of(provider).Shared(); got != want {
			t.Errorf("%s is of more than one tenant: %t, want %t", provider, got, want)
		}
	}
}
