package evaluator

import (
	"strconv"
	"strings"
	"time"

	"github.com/accessgraph/accessgraph/evaluator/catalog"
	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/evaluator/region"
)

// keyState is what is known of a condition key before the request is made (C30).
type keyState uint8

const (
	keyAbsent  keyState = iota // known not to be there
	keyKnown                   // known value
	keyPresent                 // there, value unknown
	keyFree                    // neither presence nor value known
)

// keyFact is a key's state; value for keyKnown, universe (the strings it can hold, nil: all) for the unknown ones.
type keyFact struct {
	state    keyState
	value    policy.ContextValue
	universe *region.Lang
}

func known(v string) keyFact { return keyFact{state: keyKnown, value: policy.Single(v)} }

// keyFacts tells the state of every key for one caller, one group of targets and one class of actions.
type keyFacts interface {
	fact(key string) keyFact
}

// situation is keyFacts for a snapshot: rules C30 to C37.
type situation struct {
	world  *World
	caller *caller
	target *targetGroup
	// member is the action at hand; nil for none in particular.
	member *member
	action string
	// region is that of the resource at hand, where its ARN tells.
	region string
	// asking is the question: a default fact about a key that it mentions itself is withdrawn.
	asking *compiledQuestion
}

func (s *situation) fact(key string) keyFact {
	if i := strings.IndexByte(key, '/'); i > 0 {
		if f, ok := s.tagFact(key[:i], key[i+1:]); ok {
			return f
		}
	}
	if f, ok := s.principalFact(key); ok {
		return f
	}
	if f, ok := s.requestFact(key); ok {
		return f
	}
	return s.serviceFact(key)
}

// tagFact is the families with a tag key (C31, C33, C34).
func (s *situation) tagFact(family, name string) (keyFact, bool) {
	switch {
	case family == "aws:principaltag":
		return s.principalTag(name), true
	case resourceTagFamily(family) && strings.EqualFold(s.action, "iam:PassRole"): // D49: it does not see them reliably
		return keyFact{state: keyFree}, true
	case resourceTagFamily(family):
		return s.resourceTag(name), true
	case family == "aws:requesttag":
		return keyFact{state: keyFree}, true
	}
	return keyFact{}, false
}

// resourceTagFamily tells the families of keys that hold the tags of the resource itself (C33).
func resourceTagFamily(family string) bool {
	return strings.HasSuffix(family, ":resourcetag") || family == "s3:bucketexistingtag"
}

func (s *situation) principalTag(name string) keyFact {
	c := s.caller
	if c.outside {
		if c.principal.Kind == Service || c.principal.Kind == Anonymous {
			return keyFact{}
		}
		return keyFact{state: keyFree}
	}
	var values []string
	for _, t := range c.tags {
		if strings.EqualFold(t.Key, name) {
			values = append(values, t.Value)
		}
	}
	switch {
	case c.kind == "root":
		return keyFact{}
	case c.freeTags && len(values) > 0:
		return keyFact{state: keyPresent}
	case c.freeTags || len(values) > 1: // C3: which of several spellings is seen is undefined
		return keyFact{state: keyFree}
	case len(values) == 1:
		return known(values[0])
	}
	return keyFact{}
}

func (s *situation) resourceTag(name string) keyFact {
	t := s.target
	if t == nil || !t.tagsKnown {
		return keyFact{state: keyFree}
	}
	var values []string
	for _, tag := range t.tags {
		if strings.EqualFold(tag.Key, name) {
			values = append(values, tag.Value)
		}
	}
	switch len(values) {
	case 0:
		return keyFact{}
	case 1:
		return known(values[0])
	}
	return keyFact{state: keyFree} // C3
}

// principalFact is the table C31.
func (s *situation) principalFact(key string) (keyFact, bool) {
	c := s.caller
	p := &c.principal
	if c.outside {
		return s.outsideFact(key)
	}
	role := p.Kind == RoleSession
	if service, ok := sourceKey(key); ok {
		if role && c.origins.service(service) {
			return keyFact{state: keyFree}, true
		}
		return keyFact{}, service != "glue" && service != "codebuild" // whose own actions list keys of that prefix
	}
	switch key {
	case "aws:principalarn":
		if role {
			return known(p.RoleARN), true
		}
		return known(p.ARN), true
	case "aws:principalaccount":
		return known(p.Account), true
	case "aws:principaltype":
		return known(map[PrincipalKind]string{User: "User", RoleSession: "AssumedRole", FederatedUser: "FederatedUser", Root: "Account"}[p.Kind]), true
	case "aws:userid":
		switch {
		case role && c.session != "":
			return known(p.UniqueID + ":" + c.session), true
		case role:
			return keyFact{state: keyPresent, universe: patternLang(region.Literal(p.UniqueID+":"), true)}, true
		case p.Kind == FederatedUser:
			return known(p.Account + ":" + afterLast(p.ARN, "/")), true
		}
		return known(p.UniqueID), true
	case "aws:username":
		if p.Kind == User {
			return known(c.name), true
		}
		return keyFact{}, true
	case "aws:principalorgid":
		return s.orgFact(c.account, func(a *account) policy.ContextValue { return policy.Single(s.world.org.id) }), true
	case "aws:principalorgpaths":
		return s.orgFact(c.account, func(a *account) policy.ContextValue { return policy.Multi(a.path) }), true
	case "aws:principalisawsservice":
		return known("false"), true
	case "aws:principalservicename", "aws:principalservicenameslist":
		return keyFact{}, true
	case "aws:tokenissuetime", "aws:multifactorauthpresent":
		if c.chained && key == "aws:multifactorauthpresent" {
			return known("false"), true
		}
		if role || p.Kind == FederatedUser {
			return keyFact{state: keyPresent}, true
		}
		return keyFact{state: keyFree}, true
	case "aws:multifactorauthage":
		if c.chained {
			return keyFact{}, true
		}
		return keyFact{state: keyFree}, true
	case "aws:federatedprovider", "identitystore:userid":
		if role && c.origins.federated {
			return keyFact{state: keyFree}, true
		}
		return keyFact{}, true
	case "aws:sourceidentity", "aws:signinsessionarn":
		if role {
			return keyFact{state: keyFree}, true
		}
		return keyFact{}, true
	case "aws:assumedroot":
		return keyFact{}, true
	}
	if role && c.origins.cognito && strings.HasPrefix(key, cognitoIdentity+":") { // C37: they persist into the session
		return keyFact{state: keyFree}, true
	}
	return keyFact{}, false
}

// sourceKey tells the keys of sessions whose credentials a service handed out, and gives the service (C31).
func sourceKey(key string) (service string, ok bool) {
	switch key {
	case "aws:ec2instancesourcevpc", "aws:ec2instancesourceprivateipv4", "ec2:sourceinstancearn", "ec2:roledelivery", "ssm:sourceinstancearn":
		return "ec2", true
	case "lambda:sourcefunctionarn":
		return "lambda", true
	case "aws:chatbotsourcearn":
		return "chatbot", true
	}
	if prefix, _, _ := strings.Cut(key, ":"); prefix == "glue" || prefix == "codebuild" {
		return prefix, true
	}
	return "", false
}

// orgFact is an organization key: known with organization data, else free (F10).
func (s *situation) orgFact(a *account, value func(*account) policy.ContextValue) keyFact {
	switch {
	case s.world.org == nil:
		return keyFact{state: keyFree}
	case a == nil || !a.inOrg && s.world.org.treeKnown:
		return keyFact{}
	case !a.inOrg: // F10: it may be a member
		return keyFact{state: keyFree}
	}
	v := value(a)
	if v.Multi && len(v.List) == 1 && v.List[0] == "" { // in the organization, at a place that is not known
		return keyFact{state: keyPresent}
	}
	return keyFact{state: keyKnown, value: v}
}

// requestFact is the network, resource and request keys that exist for every service (C32–C36).
func (s *situation) requestFact(key string) (keyFact, bool) {
	switch key {
	case "aws:sourcevpc", "aws:sourcevpce", "aws:sourcevpcarn", "aws:vpcsourceip", "aws:vpceaccount", "aws:vpceorgid", "aws:vpceorgpaths":
		if s.caller.principal.Kind == Service { // D46: it comes through no endpoint
			return keyFact{}, true
		}
		return keyFact{state: keyFree}, true
	case "aws:sourceip", "aws:tagkeys", "aws:referer", "aws:useragent":
		return keyFact{state: keyFree}, true
	case "aws:calledvia", "aws:calledviafirst", "aws:calledvialast", "kms:viaservice":
		if s.caller.principal.Kind == Service { // D35: a forwarded call stays the caller's own
			return keyFact{}, true
		}
		return keyFact{state: keyFree}, key != "kms:viaservice" // which actions have that one the catalogue tells
	case "aws:currenttime", "aws:epochtime":
		switch {
		case !s.asking.fixesTime():
			return keyFact{state: keyPresent}, true
		case key == "aws:epochtime":
			return known(strconv.FormatInt(s.asking.Now.Unix(), 10)), true
		}
		return known(s.asking.Now.UTC().Format(time.RFC3339)), true // C34
	case "aws:viaawsservice":
		if s.caller.principal.Kind == Service {
			return known("false"), true
		}
		return keyFact{state: keyPresent}, true
	case "aws:securetransport":
		if s.asking.named[key] {
			return keyFact{state: keyPresent}, true
		}
		return known("true"), true // C34: always present, true by default
	case "aws:requestedregion":
		return s.regionFact(), true
	case "aws:resourceaccount", "aws:resourceorgid", "aws:resourceorgpaths":
		return s.ownerFact(key), true
	case "aws:sourcearn", "aws:sourceaccount", "aws:sourceorgid", "aws:sourceorgpaths", "aws:sourceowner": // C36
		if s.caller.principal.Kind == Service {
			return keyFact{state: keyFree}, true
		}
		return keyFact{}, true
	case "kms:calleraccount": // C36: the account of the caller
		switch f, _ := s.principalFact("aws:principalaccount"); {
		case s.caller.principal.Kind == Service:
			return keyFact{state: keyFree}, true
		case s.caller.principal.Account == "":
			return keyFact{}, true
		default:
			return f, true
		}
	}
	return keyFact{}, false
}

// ownerFact is what is known of the resource's owner (C33).
func (s *situation) ownerFact(key string) keyFact {
	t := s.target
	switch {
	case ownerKeysMissing(s.action):
		return keyFact{}
	case t == nil:
		return keyFact{state: keyFree}
	case key == "aws:resourceaccount":
		switch {
		case t.owner != nil:
			return known(t.owner.id)
		case t.ownerID == awsAccount:
			return known(awsPolicyAccount)
		case isAccountID(t.ownerID):
			return known(t.ownerID)
		}
		return keyFact{state: keyPresent}
	case t.ownerID == awsAccount: // in nobody's organization
		return keyFact{}
	case t.owner == nil:
		return keyFact{state: keyFree}
	case key == "aws:resourceorgid":
		return s.orgFact(t.owner, func(*account) policy.ContextValue { return policy.Single(s.world.org.id) })
	}
	return s.orgFact(t.owner, func(a *account) policy.ContextValue { return policy.Multi(a.path) })
}

// globalServices count as us-east-1 for aws:RequestedRegion (C34, F13).
var globalServices = map[string]bool{
	"iam": true, "organizations": true, "route53": true, "cloudfront": true, "globalaccelerator": true, "support": true,
	"waf": true, "shield": true, "account": true, "budgets": true, "ce": true, "artifact": true, "health": true,
}

func (s *situation) regionFact() keyFact {
	service, _, _ := strings.Cut(s.action, ":")
	if globalServices[strings.ToLower(service)] {
		return known("us-east-1")
	}
	if s.target != nil && s.target.region != "" {
		return known(s.target.region)
	}
	if s.region != "" {
		return known(s.region)
	}
	return keyFact{state: keyPresent}
}

// serviceFact is every other key: free when the action at hand lists it or is not in the catalogue, else absent (C30, C37).
func (s *situation) serviceFact(key string) keyFact {
	switch {
	case strings.HasPrefix(key, "saml:"):
		if strings.EqualFold(s.action, "sts:AssumeRoleWithSAML") {
			return keyFact{state: keyFree}
		}
		return keyFact{}
	case !s.world.serviceKey(key): // a claim of an identity provider: host/path:claim (C37)
		p := &s.caller.principal
		if strings.EqualFold(s.action, "sts:AssumeRoleWithWebIdentity") && (p.Kind != OIDCFederated || claimOf(p.ARN, key)) {
			return keyFact{state: keyFree}
		}
		return keyFact{}
	case s.member != nil && s.target != nil && s.target.boundaryKnown && key == "iam:permissionsboundary" && readsTargetBoundary(s.action): // C35
		if s.target.boundary == "" {
			return keyFact{}
		}
		return known(s.target.boundary)
	case s.target != nil && s.target.urlAuth != "" && key == "lambda:functionurlauthtype" && s.member != nil && s.member.lists(key): // D47
		return known(s.target.urlAuth)
	case s.member == nil || s.member.lists(key):
		return keyFact{state: keyFree}
	}
	return keyFact{}
}

// claimOf tells whether a key is a claim of an identity provider, given by its ARN or, where it is built in, by its name: the key
// begins with the provider's URL without the scheme (C37).
func claimOf(provider, key string) bool {
	url := provider
	if _, rest, ok := strings.Cut(provider, ":oidc-provider/"); ok {
		url = rest
	}
	return hasFoldPrefix(key, url+":")
}

// serviceKey tells whether a key belongs to AWS: its prefix is aws or a service of the catalogue.
func (w *World) serviceKey(key string) bool {
	prefix, _, ok := strings.Cut(key, ":")
	if !ok {
		return false
	}
	if prefix == "aws" || w.catalog == nil {
		return true
	}
	return w.catalog.Known(prefix)
}

// universe is the set of strings that a key's type admits: true and false for a Bool key (C27), well-formed ones for a key that
// holds an ARN (C26).
func (w *World) universe(d *domain) *region.Lang {
	if d.fact.universe != nil {
		return d.fact.universe
	}
	switch w.keyType(d.key) {
	case catalog.Bool:
		return &region.Lang{Patterns: []region.Pattern{region.Literal("true"), region.Literal("false")}}
	case catalog.ARN:
		shape := arnShape()
		return &shape
	}
	return nil
}

// keyType is the type of a key's values; String when the catalogue does not know the key.
func (w *World) keyType(key string) catalog.KeyType {
	if w == nil || w.catalog == nil {
		return catalog.String
	}
	info, _ := w.catalog.ConditionKey(key)
	return info.Type
}

// spelling is how answers write a key: as AWS does where the catalogue knows it, the free part of a family (aws:PrincipalTag/Team)
// as the document does, and any other key as the document does (C2).
func (w *World) spelling(key, written string) string {
	if w == nil || w.catalog == nil {
		return written
	}
	info, ok := w.catalog.ConditionKey(key)
	if !ok {
		return written
	}
	if !info.Family() {
		return info.Name
	}
	head, _, _ := strings.Cut(info.Name, "${")
	if len(head) > len(written) || !strings.EqualFold(head, written[:len(head)]) {
		return written
	}
	return head + written[len(head):]
}

// patternLang is the language of one pattern, followed by anything when open is set.
func patternLang(p region.Pattern, open bool) *region.Lang {
	if open {
		p.Tokens = append(append([]region.Token{}, p.Tokens...), region.Token{Kind: region.TokenStar})
	}
	return &region.Lang{Patterns: []region.Pattern{p}}
}
