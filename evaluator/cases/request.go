package cases

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/evaluator/policy"
)

// readRequest reads who does what on what, with the context, which is complete (C4).
func (c *Case) readRequest(f fields) error {
	r := &c.Request
	var err error
	if r.Action, err = f.text("action"); err != nil {
		return err
	}
	if strings.Count(r.Action, ":") != 1 || strings.ContainsAny(r.Action, "*? ") {
		return fmt.Errorf("action: found %q, expected one action like s3:GetObject", r.Action) // B1
	}
	if r.Target.Resource, err = f.text("resource"); err != nil {
		return err
	}
	if r.Target.Account, err = f.optional("resourceAccount"); err != nil {
		return err
	}
	r.Target.ServiceLinkedRole = strings.Contains(r.Target.Resource, ":role/aws-service-role/") // D16
	if err := c.readPrincipal(f); err != nil {
		return err
	}
	if err := c.readFlags(f); err != nil {
		return err
	}
	return c.readContext(f)
}

// readPrincipal reads the caller; principalAttributes gives what its ARN does not say.
func (c *Case) readPrincipal(f fields) error {
	var w who
	var err error
	if w.arn, err = f.text("principal"); err != nil {
		return err
	}
	if w.kind, err = f.text("principalType"); err != nil {
		return err
	}
	attributes := fields{}
	if f.given("principalAttributes") {
		if attributes, err = members(f["principalAttributes"], "principalAttributes"); err != nil {
			return err
		}
	}
	for _, known := range []struct {
		name string
		to   *string
	}{{"uniqueId", &w.uniqueID}, {"roleId", &w.roleID}, {"roleArn", &w.roleARN}, {"issuerArn", &w.issuer}} {
		if *known.to, err = attributes.optional(known.name); err != nil {
			return fmt.Errorf("principalAttributes: %w", err)
		}
	}
	c.written.who = w
	var ok bool
	if c.Request.Principal, ok = w.principal(); !ok {
		return fmt.Errorf("principalType: found %q, expected iam_user, iam_role_session, service_linked_role_session, federated_user, "+
			"account_root, aws_service, anonymous, oidc_federated or saml_federated", w.kind)
	}
	return nil
}

// who is a caller as a case writes it.
type who struct{ kind, arn, uniqueID, roleID, roleARN, issuer string }

// principal gives the caller; ok is false for an unknown kind.
func (w *who) principal() (p evaluator.Principal, ok bool) {
	p.ARN, p.UniqueID = w.arn, w.uniqueID
	switch w.kind {
	case "iam_user":
		p.Kind = evaluator.User
	case "iam_role_session", "service_linked_role_session":
		p.Kind, p.RoleARN = evaluator.RoleSession, w.roleARN
		if p.RoleARN == "" {
			p.RoleARN = roleOf(p.ARN)
		}
		if w.roleID != "" {
			p.UniqueID = w.roleID
		}
		p.UniqueID, _, _ = strings.Cut(p.UniqueID, ":")
		// The path is AWS's own; a name that looks the part is not enough (D12).
		p.ServiceLinked = w.kind == "service_linked_role_session" || strings.Contains(p.RoleARN, ":role/aws-service-role/")
	case "federated_user":
		p.Kind, p.Issuer = evaluator.FederatedUser, w.issuer
	case "account_root":
		p.Kind = evaluator.Root
	case "aws_service":
		p.Kind = evaluator.Service
		return p, true
	case "anonymous":
		return evaluator.Principal{Kind: evaluator.Anonymous}, true
	case "oidc_federated":
		p.Kind = evaluator.OIDCFederated
		return p, true
	case "saml_federated":
		p.Kind = evaluator.SAMLFederated
		return p, true
	default:
		return p, false
	}
	p.Account = arnAccount(p.ARN)
	return p, true
}

func arnAccount(arn string) string {
	for range 4 {
		i := strings.IndexByte(arn, ':')
		if i < 0 {
			return ""
		}
		arn = arn[i+1:]
	}
	account, _, ok := strings.Cut(arn, ":")
	if !ok {
		return ""
	}
	return account
}

// roleOf reads the role off a session's ARN, which has lost the path (A25).
func roleOf(session string) string {
	parts := strings.SplitN(session, ":", 6)
	if len(parts) < 6 || !strings.HasPrefix(parts[5], "assumed-role/") {
		return session
	}
	name, _, _ := strings.Cut(strings.TrimPrefix(parts[5], "assumed-role/"), "/")
	return "arn:" + parts[1] + ":iam::" + parts[4] + ":role/" + name
}

func (c *Case) readFlags(f fields) error {
	if !f.given("flags") {
		return nil
	}
	flags, err := members(f["flags"], "flags")
	if err != nil {
		return err
	}
	for _, known := range []struct {
		name string
		to   *bool
	}{
		{"principalAccountIsManagement", &c.Request.Principal.Management},
		{"resourceAccountIsManagement", &c.Request.Target.Management},
		{"s3RestrictPublicBuckets", &c.Request.Target.RestrictPublicBuckets},
	} {
		if *known.to, err = flags.flag(known.name); err != nil {
			return fmt.Errorf("flags: %w", err)
		}
	}
	return nil
}

// readContext reads the context: a string is a single value, an array a multivalued key, null an absent one (C4). Of two spellings
// of one key the later counts.
func (c *Case) readContext(f fields) error {
	r := &c.Request
	r.Context = *policy.NewContext(16)
	if !f.given("context") {
		return nil
	}
	set := func(key string, v policy.ContextValue) {
		r.Context.Set(key, v)
		c.written.keys, c.written.values = append(c.written.keys, key), append(c.written.values, v)
	}
	return eachMember(f["context"], "context", func(key string, raw jsontext.Value) error {
		if isNull(raw) {
			return nil
		}
		if raw.Kind() == '[' {
			values, err := scalars(raw, "context: "+key)
			set(key, policy.Multi(values...))
			return err
		}
		value, err := scalar(raw)
		if err != nil {
			return fmt.Errorf("context: %s: %w", key, err)
		}
		set(key, policy.Single(value))
		if strings.EqualFold(key, "aws:AssumedRoot") && r.Principal.Kind == evaluator.Root { // D20
			r.Principal.AssumedRoot = strings.EqualFold(value, "true")
		}
		return nil
	})
}

func scalars(raw jsontext.Value, what string) ([]string, error) {
	items, err := elements(raw, what)
	if err != nil {
		return nil, err
	}
	values := make([]string, len(items))
	for i, item := range items {
		if values[i], err = scalar(item); err != nil {
			return nil, fmt.Errorf("%s[%d]: %w", what, i, err)
		}
	}
	return values, nil
}

// readLayers reads the policies and compiles them; each is quoted by the field it came from.
func (c *Case) readLayers(f fields) error {
	l := &c.Layers
	var err error
	if l.Identity, err = documents(f["identityPolicies"], "identityPolicies", policy.Identity); err != nil {
		return err
	}
	if l.Boundary, err = document(f["boundary"], "boundary", policy.Boundary); err != nil {
		return err
	}
	if l.SCP, err = levels(f["scps"], "scps", policy.SCP); err != nil {
		return err
	}
	if l.RCP, err = levels(f["rcps"], "rcps", policy.RCP); err != nil {
		return err
	}
	if err := c.readSession(f); err != nil {
		return err
	}
	kind := policy.Resource
	if strings.Contains(c.Request.Target.Resource, ":iam:") && strings.Contains(c.Request.Target.Resource, ":role/") {
		kind = policy.Trust // D25
	}
	if l.Resource, err = document(f["resourcePolicy"], "resourcePolicy", kind); err != nil {
		return err
	}
	l.Endpoint, err = document(f["vpcEndpointPolicy"], "vpcEndpointPolicy", policy.VPCEndpoint)
	return err
}

func (c *Case) readSession(f fields) error {
	raw := f["sessionPolicy"]
	if raw == nil || isNull(raw) {
		return nil
	}
	c.Layers.HasSession = true
	var err error
	if raw.Kind() == '[' { // inline and managed ones together (D22)
		c.Layers.Session, err = documents(raw, "sessionPolicy", policy.Session)
		return err
	}
	p, err := document(raw, "sessionPolicy", policy.Session)
	if err == nil {
		c.Layers.Session = []evaluator.Policy{*p}
	}
	return err
}

// levels reads SCPs or RCPs, root first: no level is no layer, a level without documents is an empty one (D13, D52).
func levels(raw jsontext.Value, what string, kind policy.Kind) ([][]evaluator.Policy, error) {
	outer, err := elements(raw, what)
	if err != nil {
		return nil, err
	}
	var out [][]evaluator.Policy
	for i, level := range outer {
		docs, err := documents(level, what+"["+strconv.Itoa(i)+"]", kind)
		if err != nil {
			return nil, err
		}
		out = append(out, docs)
	}
	return out, nil
}

func documents(raw jsontext.Value, what string, kind policy.Kind) ([]evaluator.Policy, error) {
	items, err := elements(raw, what)
	if err != nil {
		return nil, err
	}
	out := make([]evaluator.Policy, 0, len(items))
	for i, item := range items {
		name := what + "[" + strconv.Itoa(i) + "]"
		p, err := document(item, name, kind)
		if err != nil {
			return nil, err
		}
		if p == nil {
			return nil, fmt.Errorf("%s: found null, expected a policy document", name)
		}
		out = append(out, *p)
	}
	return out, nil
}

// document compiles a policy that is given as an object, or as a string that holds one; null is none. What is wrong inside it is
// the policy parser's to say: the statements concerned are then unanalysable (A15).
func document(raw jsontext.Value, name string, kind policy.Kind) (*evaluator.Policy, error) {
	if raw == nil || isNull(raw) {
		return nil, nil
	}
	text := []byte(raw)
	switch raw.Kind() {
	case '{':
	case '"':
		s, err := scalar(raw)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		text = []byte(s)
	default:
		return nil, fmt.Errorf("%s: found %s, expected a policy document", name, kindName(raw.Kind()))
	}
	return &evaluator.Policy{Name: name, Doc: policy.Parse(kind, text)}, nil
}
