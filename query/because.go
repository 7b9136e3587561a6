package query

import "github.com/accessgraph/accessgraph/evaluator"

// because says in one clause what decided.
func because(r *evaluator.Reason) string {
	switch {
	case r.Verdict == evaluator.Denied && denials[r.Ruling.Rule] != "":
		return denials[r.Ruling.Rule]
	case r.Verdict == evaluator.Denied && r.Ruling.Rule != "":
		return "the service refuses it"
	}
	return rules[r.Ruling.Rule]
}

// rules are what the rules behind a verdict say.
var rules = map[string]string{
	"D4":  "the call needs no policy",
	"D5":  "the layers together",
	"D6":  "what AWS owns is read like one's own and never written",
	"D7":  "in one account, the principal's policies are enough",
	"D8":  "across accounts, both sides allow it",
	"D20": "the root user may do everything in its account",
	"D21": "in one account, a resource policy that names the principal is enough",
	"D26": "the trust policy lets it in",
	"D27": "across accounts, the trust policy and the caller's own policies both allow it",
	"D29": "the trust policy lets the identity provider's users in",
	"D32": "the key policy allows it, or leaves it to the account's policies, which do",
	"D33": "a grant on the key allows it",
	"D45": "the resource's policy allows everyone",
	"D46": "the resource's policy allows the service",
	"D48": "the action has no resource: the principal's policies decide",
	"D54": "it hangs on something that the snapshot does not tell",
}

// denials are what the same and other rules say when they deny.
var denials = map[string]string{
	"C30": "no request for this action has such a context",
	"D2":  "an explicit Deny ends it",
	"D3":  "nothing allows it",
	"D5":  "the conditions of the layers are never met together",
	"D8":  "across accounts both sides must allow it, and this one does not",
	"D13": "every level of SCPs must allow it, and this one does not",
	"D18": "the permissions boundary does not allow it",
	"D19": "the session's policy does not allow it",
	"D20": "the root user cannot make this call",
	"D25": "the role's trust policy does not let the principal in",
	"D26": "the trust policy leaves it to the account's policies, which do not allow it",
	"D29": "the trust policy does not let the identity provider's users in",
	"D31": "the operation does not work on keys of other accounts",
	"D32": "the key policy allows neither the principal nor its account",
	"D33": "policies do not permit retiring a grant",
	"D37": "the operation works for the owner's account alone",
	"D39": "the bucket's policy is public and RestrictPublicBuckets is on",
	"D42": "the policy of the VPC endpoint does not let it through",
	"D45": "the resource's policy does not allow everyone",
	"D46": "the resource's policy does not allow the service",
	"D47": "the function's URL takes signed calls alone",
	"D49": "roles of other accounts cannot be passed",
}
