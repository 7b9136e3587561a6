package evaluator

import (
	"strings"

	"github.com/accessgraph/accessgraph/evaluator/policy"
)

// Match is the set of forms in which a principal element names a caller. One statement may name a caller in several forms at
// once; what each form is worth is D5's and D21's business.
type Match uint8

// The match kinds (A21–A28). MatchWildcard is everyone, MatchAccount the caller's account, MatchExact the caller's own user or
// session ARN, MatchRole the role behind a session, MatchIssuer the user who federated.
const (
	MatchWildcard Match = 1 << iota
	MatchAccount
	MatchExact
	MatchRole
	MatchIssuer
	MatchService
	MatchFederated
)

// MatchPrincipal gives every kind in which the element names the caller; none means that the statement does not speak of it.
// It never depends on the request's context. The uncertain result tells that AWS's pages disagree (D44): the statement may or
// may not apply. The boundary flag says that the caller has a permissions boundary (D43).
func MatchPrincipal(p *policy.Principals, caller *Principal, effect policy.Effect, boundary bool) (kinds Match, uncertain bool) {
	if p.None {
		return MatchWildcard, false // A7: endpoint policies may leave it out, and it then reads "*"
	}
	for i := range p.Entries {
		kinds |= matchEntry(&p.Entries[i], caller)
	}
	if !p.Not {
		return kinds, false
	}
	if effect == policy.Allow {
		return grantToOthers(kinds)
	}
	return denyToOthers(p, caller, kinds, boundary)
}

// matchEntry is one value of a Principal map against a caller.
func matchEntry(e *policy.PrincipalEntry, c *Principal) Match {
	switch e.Kind {
	case policy.PrincipalEveryone: // A22
		return MatchWildcard
	case policy.PrincipalAccount: // A21
		if e.Account != "" && e.Account == c.Account {
			return MatchAccount
		}
	case policy.PrincipalCanonicalUser: // A29: an id of an unknown account is nobody of ours
		if e.Account != "" && e.Account == c.Account || c.CanonicalID != "" && e.Text == c.CanonicalID {
			return MatchAccount
		}
		if c.Kind == Service && e.Text == c.UniqueID && e.Text != "" {
			return MatchService
		}
	case policy.PrincipalARN: // A24–A26
		return matchARN(e.Text, c)
	case policy.PrincipalID: // A30
		return matchID(e.Text, c)
	case policy.PrincipalService: // A27
		if c.Kind == Service && namesService(e.Text, c) {
			return MatchService
		}
	case policy.PrincipalFederated: // A28: it has a meaning for callers that sign in, and for nobody else
		if (c.Kind == OIDCFederated || c.Kind == SAMLFederated) && e.Text == c.ARN {
			return MatchFederated
		}
	}
	return 0
}

func matchARN(arn string, c *Principal) Match {
	switch c.Kind {
	case User:
		if arn == c.ARN {
			return MatchExact
		}
	case RoleSession:
		if arn == c.RoleARN { // first: a caller given by its role alone has no session of its own
			return MatchRole
		}
		if arn == c.ARN {
			return MatchExact
		}
	case FederatedUser:
		if arn == c.ARN {
			return MatchExact
		}
		if arn == c.Issuer {
			return MatchIssuer
		}
	case Service: // A29: a CloudFront origin access identity is written like a user
		if arn == c.ARN {
			return MatchService
		}
	case Root, Anonymous, OIDCFederated, SAMLFederated:
		// Root users are named by their account, the others by no ARN.
	}
	return 0
}

func matchID(id string, c *Principal) Match {
	if id == "" || id != c.UniqueID {
		return 0
	}
	switch c.Kind {
	case User:
		return MatchExact
	case RoleSession:
		return MatchRole
	case FederatedUser: // its id is that of the user who federated
		return MatchIssuer
	}
	return 0
}

func namesService(name string, c *Principal) bool {
	if name == c.ARN {
		return true
	}
	for _, n := range c.ServiceNames {
		if n == name {
			return true
		}
	}
	return false
}

// grantToOthers is Allow with NotPrincipal (A31): a grant to everyone but those listed. A caller whose account alone is listed
// may be reached all the same, as by a Deny (D44).
func grantToOthers(listed Match) (Match, bool) {
	switch {
	case listed == 0:
		return MatchWildcard, false
	case listed == MatchAccount:
		return MatchWildcard, true
	}
	return 0, false
}

// denyToOthers is Deny with NotPrincipal (D43, D44): whether it hits the caller, who is looked up along its chain of account,
// role or user, and session.
func denyToOthers(p *policy.Principals, c *Principal, listed Match, boundary bool) (Match, bool) {
	if listed&MatchWildcard != 0 {
		return 0, false
	}
	if boundary {
		return MatchWildcard, false // D43: listed or not
	}
	const hit = MatchWildcard
	switch c.Kind {
	case Root:
		if listed&MatchAccount != 0 {
			return 0, false
		}
	case User:
		if listed&MatchExact != 0 {
			return hit &^ certain(listed&MatchAccount != 0), listed&MatchAccount == 0
		}
	case RoleSession:
		if listed&(MatchRole|MatchExact) != 0 {
			whole := listed&(MatchAccount|MatchRole|MatchExact) == MatchAccount|MatchRole|MatchExact
			return hit &^ certain(whole), !whole
		}
	case FederatedUser:
		if listed&(MatchIssuer|MatchExact) != 0 {
			whole := listed&(MatchAccount|MatchIssuer|MatchExact) == MatchAccount|MatchIssuer|MatchExact
			return hit &^ certain(whole), !whole
		}
	case Service, Anonymous, OIDCFederated, SAMLFederated:
		if listed != 0 {
			return 0, false
		}
	}
	return hit, false
}

// certain is the mask that clears every kind when an exemption is beyond doubt.
func certain(exempt bool) Match {
	if exempt {
		return ^Match(0)
	}
	return 0
}

// principalText reads a principal that is written as one string outside a policy, as in the grantee of a KMS grant (D33).
func principalText(text string) policy.PrincipalEntry {
	switch {
	case isAccountID(text):
		return policy.PrincipalEntry{Kind: policy.PrincipalAccount, Text: text, Account: text}
	case !strings.HasPrefix(text, "arn:"):
		return policy.PrincipalEntry{Kind: policy.PrincipalService, Text: text}
	}
	account := arnAccount(text)
	if account != "" && strings.HasSuffix(text, ":root") {
		return policy.PrincipalEntry{Kind: policy.PrincipalAccount, Text: text, Account: account}
	}
	return policy.PrincipalEntry{Kind: policy.PrincipalARN, Text: text, Account: account}
}

func isAccountID(s string) bool {
	if len(s) != 12 {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// arnField gives the field of an ARN by its number from 1; the sixth runs to the end. It is empty where there is none.
func arnField(arn string, field int) string {
	for n := 1; n < field; n++ {
		i := strings.IndexByte(arn, ':')
		if i < 0 {
			return ""
		}
		arn = arn[i+1:]
	}
	if field == 6 {
		return arn
	}
	if i := strings.IndexByte(arn, ':'); i >= 0 {
		return arn[:i]
	}
	return arn
}

func arnAccount(arn string) string { return arnField(arn, 5) }
