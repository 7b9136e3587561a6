package policy

import "strings"

// PrincipalKind is what one value of a Principal map stands for.
type PrincipalKind uint8

// The kinds of principal entry. PrincipalEveryone is "*" or {"AWS":"*"} (A22); PrincipalAccount an account id or root ARN
// (A21); PrincipalID a raw unique id (A30).
const (
	PrincipalEveryone PrincipalKind = iota
	PrincipalAccount
	PrincipalARN
	PrincipalID
	PrincipalService
	PrincipalFederated
	PrincipalCanonicalUser
	PrincipalIneffective // matches nobody: a wildcard inside (A23), a group (A32)
)

// Principals is Principal or NotPrincipal (Not); None means that the statement has neither.
type Principals struct {
	None    bool
	Not     bool
	Entries []PrincipalEntry
}

// PrincipalEntry is one value of a Principal map; Text is as written. Account is the account id of an account, or the one in
// an ARN; empty for ARNs that name no account by number (CloudFront's identities, A29).
type PrincipalEntry struct {
	Kind    PrincipalKind
	Text    string
	Account string
}

// unknownPrincipals is what the principal element of a statement may be that was not understood.
func unknownPrincipals(kind Kind) Principals {
	if principalRuleOf(kind) == principalRefused {
		return Principals{None: true}
	}
	return everyone()
}

func everyone() Principals {
	return Principals{Entries: []PrincipalEntry{{Kind: PrincipalEveryone, Text: "*"}}}
}

// The keys of a Principal map (A14: exact).
const (
	mapAWS           = "AWS"
	mapService       = "Service"
	mapFederated     = "Federated"
	mapCanonicalUser = "CanonicalUser"
)

// principalEntry reads one value under a key of a Principal map. found are lint findings; wrong is set, with its rule, when
// the value is none that AWS knows, and the entry is meaningless.
func principalEntry(kind Kind, key, text string) (e PrincipalEntry, found []flaw, wrong flaw) {
	wild := strings.ContainsAny(text, "*?")
	e.Text = text
	switch key {
	case mapService:
		e.Kind = PrincipalService
		if text == "*" {
			return e, nil, flaw{"A22", `{"Service":"*"} is not allowed; name the service, or write {"AWS":"*"} for everyone`}
		}
	case mapFederated:
		e.Kind = PrincipalFederated
		if kind != Trust {
			found = append(found, flaw{"A28", "a federated principal means something in role trust policies only; here it matches nobody"})
		}
		if text == "*" {
			return e, append(found, flaw{"A22", `{"Federated":"*"} is not everyone, it matches nobody; name the provider`}), flaw{}
		}
	case mapCanonicalUser:
		e.Kind = PrincipalCanonicalUser
	default:
		return awsPrincipal(text, wild)
	}
	if wild {
		e.Kind = PrincipalIneffective
		found = append(found, ineffective(text))
	}
	return e, found, flaw{}
}

func ineffective(text string) flaw {
	return flaw{"A23", "the principal " + clip(text) + " matches nobody: a wildcard inside a principal is not a pattern; name the account and restrict with a condition on aws:PrincipalArn"}
}

// awsPrincipal reads a value under AWS (A21–A26, A30, A32).
func awsPrincipal(text string, wild bool) (e PrincipalEntry, found []flaw, wrong flaw) {
	e.Text = text
	switch {
	case text == "*":
		e.Kind = PrincipalEveryone
		return e, nil, flaw{}
	case wild:
		e.Kind = PrincipalIneffective
		return e, []flaw{ineffective(text)}, flaw{}
	case accountID(text):
		e.Kind, e.Account = PrincipalAccount, text
		return e, nil, flaw{}
	case sessionID(text):
		e.Kind = PrincipalIneffective
		return e, []flaw{{"A30", "the principal " + clip(text) + " matches nobody: an id with a session is for conditions on aws:userid; name the role or the session by its ARN"}}, flaw{}
	case uniqueID(text):
		e.Kind = PrincipalID
		return e, []flaw{{"A30", "the principal " + clip(text) + " is a unique id: unless a live user or role has it, it matches nobody"}}, flaw{}
	}
	service, account, resource, ok := splitARN(text)
	if !ok || service != "iam" && service != "sts" {
		return e, nil, flaw{"A20", clip(text) + ` is no AWS principal; write "*", a 12-digit account id, or the ARN of an account root, user, role or session`}
	}
	if accountID(account) {
		e.Account = account
	}
	e.Kind = PrincipalARN
	switch {
	case service == "iam" && resource == "root" && e.Account != "":
		e.Kind = PrincipalAccount
	case service == "iam" && strings.HasPrefix(resource, "group/"):
		e.Kind = PrincipalIneffective
		found = append(found, flaw{"A32", "the principal " + clip(text) + " matches nobody: groups are never principals; name the users or the account"})
	}
	return e, found, flaw{}
}

// splitARN gives the parts of an ARN that principals need; ok is false unless it has six fields.
func splitARN(text string) (service, account, resource string, ok bool) {
	fields := strings.SplitN(text, ":", 6)
	if len(fields) < 6 || fields[0] != "arn" || fields[1] == "" || fields[5] == "" {
		return "", "", "", false
	}
	return fields[2], fields[4], fields[5], true
}

func accountID(s string) bool {
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

// sessionID tells whether a text has the form of a session's aws:userid, AROA…:name (A30).
func sessionID(s string) bool {
	id, _, ok := strings.Cut(s, ":")
	return ok && uniqueID(id)
}

// uniqueID tells whether a text has the form of the ids that IAM gives to entities: AIDA…, AROA… (A30).
func uniqueID(s string) bool {
	if len(s) < 5 || len(s) > 128 || s[0] != 'A' {
		return false
	}
	// Users' and roles' prefixes are beyond doubt; the others need the length of a real id.
	if len(s) < 16 && !strings.HasPrefix(s, "AIDA") && !strings.HasPrefix(s, "AROA") {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if (c < 'A' || c > 'Z') && (i < 4 || c < '0' || c > '9') {
			return false
		}
	}
	return true
}
