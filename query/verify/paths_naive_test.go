package verify_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/evaluator/catalog"
	"github.com/accessgraph/accessgraph/evaluator/paths"
	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/graph"
)

// seeker finds out who can become whom by deciding single requests, from SEMANTICS E5–E13, E16 and E22 and the list of techniques.
type seeker struct {
	*naive
	techniques []paths.Technique
	accounts   map[string]*graph.Account
	everything *policy.Document
	strings    map[string][]string // action -> resource strings that it can be asked on
	held       map[string]level    // what was decided already
	stepped    map[string][]*state
	admins     map[string]bool
}

// level is how sure something is: never, in some contexts, or whatever the environment is, when the caller chooses well (E17).
type level int

const (
	never level = iota
	sometimes
	surely
)

// state is a principal on the way: its policies, as they are or after one edit (E19), and whether AssumeRole made its session (E16).
type state struct {
	*principal
	chained bool
	edited  string // what was done to its policies; empty: nothing
}

func (s *state) id() string { return fmt.Sprintf("%s chained=%t %s", s.arn, s.chained, s.edited) }

func newSeeker(facts *graph.Facts, cat *catalog.Catalog) (*seeker, error) {
	list, err := paths.Techniques()
	if err != nil {
		return nil, err
	}
	s := &seeker{
		naive: newNaive(facts, cat), techniques: list.All, accounts: map[string]*graph.Account{}, strings: map[string][]string{}, held: map[string]level{},
		stepped: map[string][]*state{}, admins: map[string]bool{},
		everything: policy.Parse(policy.Identity, []byte(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`)),
	}
	for _, a := range facts.Accounts {
		s.accounts[string(a.ID)] = a
		for _, p := range a.Policies { // so that every document that there is says which resources matter
			for _, v := range p.Versions {
				s.document(v.Document, policy.Identity)
			}
		}
		for _, c := range a.Compute {
			r := &resource{arn: string(c.ARN), service: c.ARN.Service(), account: string(a.ID), region: c.Region, tags: c.Tags, tagsKnown: true}
			s.resources = append(s.resources, r)
			s.byARN[r.arn] = r
		}
	}
	return s, nil
}

// start is a principal as it is. A role that no identity provider signs in to has sessions of AssumeRole alone (C31).
func (s *seeker) start(p *principal) *state {
	chained := p.kind == "role"
	if trust := s.byARN[p.arn]; chained && trust.policy != nil {
		for _, st := range trust.policy.Doc.Statements {
			for _, e := range st.Principals.Entries {
				chained = chained && (st.Effect == policy.Deny || e.Kind != policy.PrincipalFederated)
			}
		}
	}
	return &state{principal: p, chained: chained}
}

// ask is one requirement: an action on a resource, with keys of the request that the step fixes. A trust policy stands in for the role's own.
type ask struct {
	action, resource string
	fixed            map[string]string // empty: absent
	trust            *policy.Document
}

// can decides an ask in every context that the policies tell apart.
func (s *seeker) can(who *state, q ask) level {
	id := fmt.Sprintf("%s|%s|%s|%v|%p", who.id(), q.action, q.resource, q.fixed, q.trust)
	if have, ok := s.held[id]; ok {
		return have
	}
	l := never
	if t, ok := s.target(&question{}, who.principal, q.action, q.resource); ok {
		l = s.decide(who, q, t)
	}
	s.held[id] = l
	return l
}

func (s *seeker) decide(who *state, q ask, t *target) level {
	p := who.principal
	layers := s.layersOf(p, q, t)
	chosen, others := s.open(who, q, t, layers)
	best := never
	chosen.each(func(own map[string]*policy.ContextValue) {
		some, all := false, true
		others.each(func(env map[string]*policy.ContextValue) {
			r := s.request(p, q.action, t, "")
			for _, values := range []map[string]*policy.ContextValue{own, env} {
				for key, v := range values {
					if v != nil {
						r.Context.Set(key, *v)
					}
				}
			}
			for key, v := range q.fixed {
				if v != "" {
					r.Context.Set(key, policy.Single(v))
				}
			}
			ok := s.allowed(r, layers) && (!tagged(r) || s.allowed(sameAs(r, "sts:TagSession"), s.layersOf(p, ask{"sts:TagSession", q.resource, nil, q.trust}, t)))
			some, all = some || ok, all && ok
		})
		switch {
		case some && all:
			best = surely
		case some:
			best = max(best, sometimes)
		}
	})
	return best
}

func (s *seeker) layersOf(p *principal, q ask, t *target) *evaluator.Layers {
	l := s.layers(p, q.action, t)
	if q.trust != nil {
		l.Resource = &evaluator.Policy{Name: t.arn, Doc: q.trust}
	}
	return l
}

func (s *seeker) allowed(r *evaluator.Request, l *evaluator.Layers) bool {
	s.points++
	return s.decider.Decide(r, l).Effect == evaluator.Allowed
}

// tagged tells a request for a session with tags (D30).
func tagged(r *evaluator.Request) bool {
	tags := false
	r.Context.Each(func(key string, _ policy.ContextValue) {
		key = strings.ToLower(key)
		tags = tags || strings.HasPrefix(key, "aws:requesttag/") || key == "aws:tagkeys"
	})
	return tags && r.Action == "sts:AssumeRole"
}

func sameAs(r *evaluator.Request, action string) *evaluator.Request {
	own := *r
	own.Action = action
	return &own
}

// domains are the keys of a request that are open, with the values that they can have.
type domains struct {
	keys   []string
	values [][]*policy.ContextValue
}

func (d *domains) each(fn func(map[string]*policy.ContextValue)) {
	at := make([]int, len(d.keys))
	for more := true; more; more = next(at, d.values) {
		one := map[string]*policy.ContextValue{}
		for i, key := range d.keys {
			one[key] = d.values[i][at[i]]
		}
		fn(one)
	}
}

// open divides the keys that matter into those that the caller chooses (C38) and all others.
func (s *seeker) open(who *state, q ask, t *target, l *evaluator.Layers) (chosen, others *domains) {
	chosen, others = &domains{}, &domains{}
	seen := map[string]bool{}
	for key := range q.fixed {
		seen[policy.CanonicalKey(key)] = true
	}
	actions := []string{q.action}
	if q.action == "sts:AssumeRole" {
		actions = append(actions, "sts:TagSession")
	}
	for _, action := range actions {
		_, order := s.keysInPlay(&question{}, who.principal, action, t, l)
		for _, key := range order {
			if seen[key] {
				continue
			}
			seen[key] = true
			vs := s.values(who.principal, q.action, t, key, false)
			if who.chained && key == "aws:multifactorauthpresent" { // C31: true is impossible
				vs = known("false")
			}
			if who.chained && key == "aws:multifactorauthage" {
				vs = absent()
			}
			to := others
			if choosable(key) {
				to = chosen
			}
			to.keys, to.values = append(to.keys, key), append(to.values, vs)
		}
	}
	return chosen, others
}

// choosable is C38, of the keys that documents test here.
func choosable(key string) bool {
	return key == "sts:externalid" || key == "sts:rolesessionname" || strings.HasPrefix(key, "aws:requesttag/") || key == "aws:tagkeys" || key == "iam:passedtoservice" || key == "aws:requestedregion"
}

// named finds a principal of the snapshot.
func (s *seeker) named(arn string) *principal {
	for _, p := range s.principals {
		if p.arn == arn {
			return p
		}
	}
	return nil
}

// editable tells what people may change (E10).
func editable(arn string) bool {
	return !strings.Contains(arn, ":role/aws-service-role/") && !strings.Contains(arn, ":role/aws-reserved/") && !strings.HasPrefix(arn, "arn:aws:iam::aws:")
}

// takes is how sure it is that somebody gets the credentials of a principal by one step (E5, E11–E13).
func (s *seeker) takes(who *state, p *principal) level {
	best := never
	if p.kind == "role" {
		best = s.can(who, ask{action: "sts:AssumeRole", resource: p.arn})
	}
	for i := range s.techniques {
		t := &s.techniques[i]
		switch {
		case best == surely:
			return best
		case t.Limited != "" || len(t.Combines) > 0 || t.Kind != paths.Become && t.Kind != paths.PassRole && t.Kind != paths.HijackCompute:
		case t.Target == "provider":
			best = max(best, s.throughProvider(who, t, p))
		case t.Target == p.kind:
			best = max(best, s.byTechnique(who, t, p))
		}
	}
	return best
}

func (s *seeker) byTechnique(who *state, t *paths.Technique, p *principal) level {
	if t.Kind == paths.Become && !editable(p.arn) && !slices.Contains(t.Facts, paths.SSORole) || !s.factual(t, p) {
		return never
	}
	out := surely
	if t.Service != "" {
		out = s.serves(t.Service, p)
	}
	if out == never {
		return never
	}
	here := func(r paths.Requirement) bool { return r.On == paths.OnTarget || r.On == paths.OnCompute }
	if !slices.ContainsFunc(t.Requires, here) && who.Account != p.Account { // what it needs is in the caller's account
		return never
	}
	if t.Kind == paths.HijackCompute {
		best := never
		for _, c := range s.computeOf(t, p) {
			best = max(best, s.meets(who, t, p.arn, c))
		}
		return min(out, best)
	}
	return min(out, s.meets(who, t, p.arn, ""))
}

// factual tells whether the snapshot bears a technique's facts.
func (s *seeker) factual(t *paths.Technique, p *principal) bool {
	for _, f := range t.Facts {
		switch f {
		case paths.InstanceProfile, paths.NoInstanceProfile:
			has := false
			for _, r := range s.accounts[p.Account].Roles {
				has = has || string(r.ARN) == p.arn && len(r.InstanceProfiles) > 0
			}
			if has != (f == paths.InstanceProfile) {
				return false
			}
		case paths.SSORole:
			if !strings.Contains(p.arn, ":role/aws-reserved/sso.amazonaws.com/") {
				return false
			}
		case paths.NoPassword, paths.Password, paths.OneKey, paths.TwoKeys: // without a credential report either may be so
		default:
			return false
		}
	}
	return true
}

// serves is how sure a service gets sessions of a role that somebody hands to it: for a resource of the role's own account (E7, E12).
func (s *seeker) serves(service string, p *principal) level {
	caller := &principal{kind: "service", arn: service, name: service, outside: true, Principal: evaluator.Principal{Kind: evaluator.Service, ARN: service}}
	return s.can(&state{principal: caller}, ask{action: "sts:AssumeRole", resource: p.arn, fixed: map[string]string{"aws:SourceAccount": p.Account}})
}

// computeOf lists what runs with a role, of the kinds that a technique takes over.
func (s *seeker) computeOf(t *paths.Technique, p *principal) []string {
	var out []string
	a := s.accounts[p.Account]
	for _, c := range a.Compute {
		runs := string(c.Role) == p.arn
		for _, r := range a.Roles {
			for _, profile := range r.InstanceProfiles {
				runs = runs || string(r.ARN) == p.arn && c.InstanceProfile != "" && profile.ARN == c.InstanceProfile
			}
		}
		if runs && slices.Contains(t.Compute, c.Type) {
			out = append(out, string(c.ARN))
		}
	}
	return out
}

// meets is how sure somebody may do all that a technique requires, on a target and by a piece of compute.
func (s *seeker) meets(who *state, t *paths.Technique, on, by string) level {
	out := surely
	for _, r := range t.Requires {
		if out == never {
			break
		}
		q := ask{action: r.Action, resource: on, fixed: s.fixed(r.Action, on, s.named(on))}
		switch {
		case r.Action == "iam:PassRole":
			q.fixed = map[string]string{"iam:PassedToService": t.Service}
			out = min(out, s.can(who, q))
		case r.Action == "iam:UpdateAssumeRolePolicy": // the trust policy then names the caller, who must not be denied to assume the role
			trust := policy.Parse(policy.Trust, []byte(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"`+who.ARN+`"},"Action":["sts:AssumeRole","sts:TagSession"]}}`))
			out = min(out, s.can(who, q), s.decideOn(who, ask{action: "sts:AssumeRole", resource: on, trust: trust}))
		case r.On == paths.OnTarget:
			out = min(out, s.can(who, q))
		case r.On == paths.OnCompute:
			out = min(out, s.can(who, ask{action: r.Action, resource: by}))
		default:
			out = min(out, s.somewhere(who, r))
		}
	}
	return out
}

// decideOn is can without memory.
func (s *seeker) decideOn(who *state, q ask) level {
	if t, ok := s.target(&question{}, who.principal, q.action, q.resource); ok {
		return s.decide(who, q, t)
	}
	return never
}

// somewhere is a requirement on something that is not there yet, or on whatever there is in the caller's account.
func (s *seeker) somewhere(who *state, r paths.Requirement) level {
	best := never
	for _, arn := range s.stringsOf(r.Action) {
		if owner := strings.Split(arn+":::::", ":")[4]; owner != "" && owner != who.Account || r.On == paths.OnNew && s.byARN[arn] != nil {
			continue
		}
		if best = max(best, s.can(who, ask{action: r.Action, resource: arn})); best == surely {
			break
		}
	}
	return best
}

func (s *seeker) stringsOf(action string) []string {
	if list, ok := s.strings[action]; ok {
		return list
	}
	list := s.naive.strings(nil, []string{action})
	s.strings[action] = list
	return list
}

// throughProvider is how sure somebody signs in to a role by an identity provider that is changed (E11): with claims of choice.
func (s *seeker) throughProvider(who *state, t *paths.Technique, p *principal) level {
	best := never
	if p.kind != "role" || len(t.Facts) > 0 {
		return never
	}
	for _, provider := range s.accounts[p.Account].Providers {
		arn := string(provider.ARN)
		caller := &principal{kind: "provider", arn: arn, outside: true, Principal: evaluator.Principal{Kind: evaluator.SAMLFederated, ARN: arn}}
		signs := s.can(&state{principal: caller}, ask{action: "sts:AssumeRoleWithSAML", resource: p.arn, fixed: map[string]string{"saml:aud": "https://signin.aws.amazon.com/saml"}})
		if signs == never || s.byARN[arn] == nil {
			continue
		}
		best = max(best, s.meets(who, t, arn, ""))
	}
	return best
}

// fixed is what a step's request says of itself where the entity that it is about settles that (C35): for edits of a principal's policies its boundary.
func (s *seeker) fixed(action, on string, p *principal) map[string]string {
	name := strings.TrimPrefix(action, "iam:")
	if p == nil || p.arn != on || !strings.HasPrefix(action, "iam:") {
		return nil
	}
	for _, about := range []string{"PutUserPolicy", "PutRolePolicy", "DeleteUserPolicy", "DeleteRolePolicy", "AttachUserPolicy", "AttachRolePolicy", "DetachUserPolicy", "DetachRolePolicy", "DeleteUserPermissionsBoundary", "DeleteRolePermissionsBoundary"} {
		if name == about {
			boundary := ""
			if p.boundary != nil {
				boundary = p.boundary.Name
			}
			return map[string]string{"iam:PermissionsBoundary": boundary}
		}
	}
	return nil
}
