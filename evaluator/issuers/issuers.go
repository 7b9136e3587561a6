// Package issuers knows the OIDC identity providers that sign in the users of more than one tenant: whoever has an account there gets a token, and
// nothing but a condition on a claim says whose (E6).
package issuers

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	"github.com/accessgraph/accessgraph/evaluator/region"
)

//go:embed issuers.json
var data []byte

// Issuer is one identity provider.
type Issuer struct {
	URL    string  `json:"url"` // without the scheme; * is any run of characters
	Name   string  `json:"name"`
	Claims []Claim `json:"claims"` // what bounds whom a token is for; empty: the URL names the tenant
	// Anonymous: it hands out tokens to callers that nobody knows, too (E21).
	Anonymous bool   `json:"anonymous,omitempty"`
	Source    string `json:"source"`
}

// Claim is one form of a claim that says which tenant a token is for.
type Claim struct {
	Name   string `json:"claim"`
	Prefix string `json:"prefix,omitempty"` // what stands before the tenant
	// End is what stands behind the tenant: a pattern bounds the claim only when it is fixed up to there. Empty: only a fixed value does.
	End string `json:"end,omitempty"`
}

// file is the embedded file.
type file struct {
	Date    string   `json:"date"`
	Issuers []Issuer `json:"issuers"`
}

// known is the embedded file, read once. It is part of the program: that it can be read is tested.
var known = sync.OnceValues(func() (*file, error) {
	f := &file{}
	if err := json.Unmarshal(data, f); err != nil {
		return nil, fmt.Errorf("read issuers.json: %w", err)
	}
	return f, nil
})

// All lists the issuers of more than one tenant that are known, and the date of the list.
func All() ([]Issuer, string, error) {
	f, err := known()
	if err != nil {
		return nil, "", err
	}
	return f.Issuers, f.Date, nil
}

// URL is the URL of an identity provider without the scheme, given by its ARN or, where it is built in, by its name.
func URL(provider string) string {
	if _, url, ok := strings.Cut(provider, ":oidc-provider/"); ok {
		return url
	}
	return provider
}

// Of gives the issuer of an identity provider, by ARN or built-in name; nil when it is none that is known.
func Of(provider string) *Issuer {
	f, err := known()
	if err != nil {
		return nil
	}
	url := URL(provider)
	for i := range f.Issuers {
		if region.Glob(f.Issuers[i].URL, true).Match(url) {
			return &f.Issuers[i]
		}
	}
	return nil
}

// Shared tells whether the issuer's tokens are for the users of more than one tenant.
func (i *Issuer) Shared() bool { return i != nil && len(i.Claims) > 0 }

// Bounds tells whether a claim that matches a pattern is of one tenant: the pattern is fixed up to what stands behind the tenant's name, so that
// no other tenant's name begins the same.
func (i *Issuer) Bounds(claim string, p region.Pattern) bool {
	fixed, wild := leading(p)
	for _, c := range i.Claims {
		if !strings.EqualFold(c.Name, claim) {
			continue
		}
		if !wild {
			return true
		}
		rest, ok := strings.CutPrefix(fixed, c.Prefix)
		if p.Fold {
			rest, ok = strings.CutPrefix(strings.ToLower(fixed), strings.ToLower(c.Prefix))
		}
		if at := strings.Index(rest, c.End); ok && c.End != "" && at > 0 {
			return true
		}
	}
	return false
}

// leading is the text that every string of a pattern begins with, and whether anything is open behind it.
func leading(p region.Pattern) (fixed string, wild bool) {
	var b strings.Builder
	for _, t := range p.Tokens {
		if t.Kind != region.TokenRune {
			return b.String(), true
		}
		b.WriteRune(t.Rune)
	}
	return b.String(), false
}
