package evaluator

import (
	"net/netip"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator/policy"
)

// PolicyIsPublic tells whether S3 calls a bucket policy public (D39): some Allow is not limited to fixed values. The uncertain
// result tells that a statement which could not be understood may make it so.
func PolicyIsPublic(doc *policy.Document) (public, uncertain bool) {
	for i := range doc.Statements {
		st := &doc.Statements[i]
		if !StatementIsPublic(st) {
			continue
		}
		if st.Unanalysable != "" {
			uncertain = true
			continue
		}
		return true, false
	}
	return false, uncertain
}

// StatementIsPublic tells whether one Allow makes its bucket policy public (D39).
func StatementIsPublic(st *policy.Statement) bool {
	if st.Effect != policy.Allow || !publicPrincipals(&st.Principals) {
		return false
	}
	for i := range st.Conditions {
		if fixesCaller(&st.Conditions[i]) {
			return false
		}
	}
	return true
}

// publicPrincipals tells whether the element alone leaves the callers unbounded. Values with a wildcard inside name nobody
// (A23), so they add nobody; a web-identity provider counts as public.
func publicPrincipals(p *policy.Principals) bool {
	if p.Not || p.None {
		return true
	}
	for i := range p.Entries {
		switch e := &p.Entries[i]; e.Kind {
		case policy.PrincipalEveryone:
			return true
		case policy.PrincipalFederated:
			if !strings.Contains(e.Text, ":saml-provider/") {
				return true
			}
		}
	}
	return false
}

// fixesCaller tells whether a condition bounds a statement to fixed values of one of the keys that S3 accepts. It must not hold
// when the key is absent, so IfExists and ForAllValues do not count.
func fixesCaller(c *policy.Condition) bool {
	if c.IfExists || c.Set == policy.ForAllValues || len(c.Values) == 0 {
		return false
	}
	switch c.Key {
	case "aws:sourceip":
		return c.Op == policy.IPAddress && everyValue(c.Values, narrowPrefix)
	case "s3:dataaccesspointarn":
		return equality(c.Op) && everyValue(c.Values, fixedAccessPoint)
	case "aws:principalorgid", "aws:principalaccount", "aws:principalarn", "aws:sourcearn", "aws:sourcevpc", "aws:sourcevpce",
		"aws:sourceowner", "aws:sourceaccount", "aws:userid", "s3:dataaccesspointaccount",
		"s3:x-amz-server-side-encryption-aws-kms-key-id":
		return equality(c.Op) && everyValue(c.Values, fixedValue)
	}
	return false
}

func everyValue(values []policy.Value, ok func(*policy.Value) bool) bool {
	for i := range values {
		if !ok(&values[i]) {
			return false
		}
	}
	return true
}

// equality tells the positive operators that compare text.
func equality(op policy.Base) bool {
	switch op {
	case policy.StringEquals, policy.StringEqualsIgnoreCase, policy.StringLike, policy.ARNEquals, policy.ARNLike:
		return true
	}
	return false
}

// fixedText tells whether text stands for itself alone: no variable and no wildcard. S3 looks at the text, so that a star counts
// under every operator.
func fixedText(v *policy.Value, text string) bool {
	if v.Template != nil && v.Template.Static == nil {
		return false
	}
	return !strings.ContainsAny(text, "*?")
}

func fixedValue(v *policy.Value) bool { return fixedText(v, v.Text) }

// fixedAccessPoint accepts a star in the name of an access point, not in its account.
func fixedAccessPoint(v *policy.Value) bool {
	const marker = ":accesspoint/"
	text := v.Text
	if i := strings.Index(text, marker); i >= 0 {
		text = text[:i]
	}
	return fixedText(v, text)
}

// narrowPrefix tells address blocks that S3 takes as fixed: at most a /8 of IPv4 or a /32 of IPv6.
func narrowPrefix(v *policy.Value) bool {
	if addr, err := netip.ParseAddr(v.Text); err == nil {
		return addr.IsValid()
	}
	p, err := netip.ParsePrefix(v.Text)
	if err != nil {
		return v.Invalid // a value that matches nothing widens nothing
	}
	if p.Addr().Is4() || p.Addr().Is4In6() {
		return p.Bits() >= 8
	}
	return p.Bits() >= 32
}
