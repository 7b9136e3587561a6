package evaluator

import (
	"context"
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator/catalog"
	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/graph"
)

// Actor is who a survey asks about: a principal of the snapshot as it is, or as it would be after an edit of its policies (E10).
type Actor struct {
	caller *caller
	world  *World
}

// ARN gives the principal's ARN; Kind whether it is a user, a role or a root user.
func (a *Actor) ARN() string { return a.caller.arn }

// Kind is user, role or root.
func (a *Actor) Kind() string { return a.caller.kind }

// Account is the number of the principal's account.
func (a *Actor) Account() string { return a.caller.principal.Account }

// Subject describes the actor for scopes.
func (a *Actor) Subject() *Subject { return a.world.subject(a.caller) }

// ServiceLinked tells a service-linked role (D12).
func (a *Actor) ServiceLinked() bool { return a.caller.principal.ServiceLinked }

// Bounded tells whether the actor has a permissions boundary (D18).
func (a *Actor) Bounded() bool { return a.caller.boundary != nil }

// Boundary gives the ARN of the actor's permissions boundary, empty for none.
func (a *Actor) Boundary() string {
	if a.caller.boundary == nil {
		return ""
	}
	return a.caller.boundary.Name
}

// Actors are the users, roles and root users of the snapshot, by account, then ARN.
func (w *World) Actors() []*Actor {
	out := make([]*Actor, len(w.callers))
	for i, c := range w.callers {
		out[i] = &Actor{caller: c, world: w}
	}
	return out
}

// Chained is a role's session that AssumeRole made: its credentials carry no MFA information (C31, E16). Any other actor is itself.
func (a *Actor) Chained() *Actor {
	if a.caller.kind != "role" || a.caller.chained {
		return a
	}
	own := *a.caller
	own.chained = true
	return &Actor{caller: &own, world: a.world}
}

// Edit is what changes in a principal's own policies (E10).
type Edit struct {
	Everything bool     // it gets an identity policy that allows everything
	Without    []string // identity policies that are gone, by the names that answers quote
	With       []Policy // others that it gets
	Unbound    bool     // its boundary is gone
	Bound      *Policy  // its boundary is this one
}

// GivenPolicy is what answers call the policy of an Edit with Everything.
const GivenPolicy = "a policy of the actor's making"

// After is the actor with other policies. What everything allows already is left out: Denies alone are kept beside it.
func (a *Actor) After(e *Edit) *Actor {
	own := *a.caller
	own.identity = nil
	if e.Everything {
		own.identity = append(own.identity, Policy{Name: GivenPolicy, Doc: a.world.everything()})
	}
	gone := map[string]bool{}
	for _, name := range e.Without {
		gone[name] = true
	}
	for _, p := range a.caller.identity {
		switch {
		case gone[p.Name]:
		case !e.Everything:
			own.identity = append(own.identity, p)
		case Denies(p.Doc):
			own.identity = append(own.identity, Policy{Name: p.Name, Doc: a.world.denialsOf(p.Doc)})
		}
	}
	own.identity = append(own.identity, e.With...)
	switch {
	case e.Unbound:
		own.boundary = nil
	case e.Bound != nil:
		own.boundary = e.Bound
	}
	return &Actor{caller: &own, world: a.world}
}

// Mapped is the actor with other documents in the place of its identity policies; the actor itself where none is another one.
func (a *Actor) Mapped(doc func(Policy) *policy.Document) *Actor {
	var identity []Policy
	for i, p := range a.caller.identity {
		other := doc(p)
		if other == p.Doc {
			continue
		}
		if identity == nil {
			identity = slices.Clone(a.caller.identity)
		}
		identity[i].Doc = other
	}
	if identity == nil {
		return a
	}
	own := *a.caller
	own.identity = identity
	return &Actor{caller: &own, world: a.world}
}

// Trusting is a role with another trust policy, as far as that says where its sessions come from; see World.WithTrustOf for whom it lets in.
func (a *Actor) Trusting(trust *policy.Document) *Actor {
	own := *a.caller
	own.freeTags, own.origins = takesSessionTags(trust), originsOf(trust)
	return &Actor{caller: &own, world: a.world}
}

// TrustOf is the trust policy of a role; nil for what is none.
func (w *World) TrustOf(arn string) *policy.Document {
	if r := w.byARN[arn]; r != nil && r.trust && r.policy != nil {
		return r.policy.Doc
	}
	return nil
}

// WithTrustOf is the world with other trust policies of some roles, by ARN.
func (w *World) WithTrustOf(trust map[string]*policy.Document) *World {
	own := *w
	own.resources, own.byARN = make([]*resource, len(w.resources)), make(map[string]*resource, len(w.byARN))
	for i, r := range w.resources {
		if doc := trust[r.arn]; r.trust && doc != nil {
			changed := *r
			changed.policy = &Policy{Name: r.policy.Name, Doc: doc}
			changed.seal(changed.owner)
			r = &changed
		}
		own.resources[i] = r
		own.byARN[r.arn] = r
	}
	return &own
}

// WithoutAllows is a document without the Allow statements at some places.
func WithoutAllows(d *policy.Document, at []int) *policy.Document {
	own := *d
	own.Statements = nil
	for i := range d.Statements {
		if s := &d.Statements[i]; s.Effect != policy.Allow || !slices.Contains(at, s.Index) {
			own.Statements = append(own.Statements, *s)
		}
	}
	return &own
}

// everything is an identity policy that allows everything, one for the whole world, so that who has it is alike.
func (w *World) everything() *policy.Document {
	w.docs.allOnce.Do(func() { w.docs.all = policy.Parse(policy.Identity, []byte(everything)) })
	return w.docs.all
}

// Denies tells whether a document denies anything, or may.
func Denies(d *policy.Document) bool {
	if d == nil {
		return true
	}
	for i := range d.Statements {
		if s := &d.Statements[i]; s.Effect == policy.Deny || s.Unanalysable != "" {
			return true
		}
	}
	return false
}

// DeniesOnly tells whether all that a document does is to deny.
func DeniesOnly(d *policy.Document) bool {
	for i := range d.Statements {
		if s := &d.Statements[i]; s.Effect != policy.Deny || s.Unanalysable != "" {
			return false
		}
	}
	return len(d.Statements) > 0
}

// denialsOf is what a document denies or may deny.
func (w *World) denialsOf(d *policy.Document) *policy.Document {
	if have, ok := w.docs.denials.Load(d); ok {
		return have.(*policy.Document)
	}
	own := *d
	own.Statements = nil
	for i := range d.Statements {
		if s := &d.Statements[i]; s.Effect == policy.Deny || s.Unanalysable != "" {
			own.Statements = append(own.Statements, *s)
		}
	}
	have, _ := w.docs.denials.LoadOrStore(d, &own)
	return have.(*policy.Document)
}

// Policies are the actor's identity policies, by the names that answers quote: of a group as group/NAME: POLICY.
func (a *Actor) Policies() []Policy { return a.caller.identity }

// PoliciesOfGroup are what a member of a group has of it; nil for a group that was not read.
func (w *World) PoliciesOfGroup(account, name string) []Policy {
	a := w.account(account)
	if a == nil || a.groups[name] == nil {
		return nil
	}
	g := a.groups[name]
	return w.identityPolicies(a, nil, "group/"+name+": ", g.Inline, g.Attached)
}

// VersionOf is a kept version of a customer managed policy as an identity policy of the given name.
func (w *World) VersionOf(account, arn, version, name string) (Policy, bool) {
	return w.versionOf(account, arn, version, name, policy.Identity)
}

// BoundaryOf is a managed policy as a boundary: a kept version of it, under the given name, or for no version the one in force.
func (w *World) BoundaryOf(account, arn, version, name string) (Policy, bool) {
	if version != "" {
		return w.versionOf(account, arn, version, name, policy.Boundary)
	}
	a := w.account(account)
	if a == nil || a.policies[graph.ARN(arn)] == nil {
		return Policy{}, false
	}
	return *w.boundary(a, graph.ARN(arn)), true
}

func (w *World) versionOf(account, arn, version, name string, kind policy.Kind) (Policy, bool) {
	a := w.account(account)
	if a == nil {
		return Policy{}, false
	}
	if p := a.policies[graph.ARN(arn)]; p != nil {
		for _, v := range p.Versions {
			if v.ID == version {
				return Policy{Name: name, Doc: w.docs.get(v.Document, kind)}, true
			}
		}
	}
	return Policy{}, false
}

// Managed is the default version of a managed policy, as one account sees it (D24).
func (w *World) Managed(account, arn string) Policy {
	if strings.HasSuffix(arn, ":iam::aws:policy/AdministratorAccess") {
		return Policy{Name: arn, Doc: w.everything()}
	}
	if a := w.account(account); a != nil {
		return Policy{Name: arn, Doc: w.managed(a, graph.ARN(arn), policy.Identity)}
	}
	return Policy{Name: arn, Doc: policy.Missing(policy.Identity)}
}

// Ceiling names the SCPs that bind an account beyond allowing everything, each with where it is attached (E22).
func (w *World) Ceiling(account string) []string {
	a := w.account(account)
	if a == nil || a.management { // D11
		return nil
	}
	var out []string
	for i, level := range a.scps {
		at := account
		if i < len(a.ancestors) {
			at = a.ancestors[i]
		}
		for _, p := range level {
			if !AllowsEverything(p.Doc) {
				out = append(out, p.Name+" at "+w.placeName(at))
			}
		}
	}
	return out
}

// placeName is how answers call a root, an OU or an account.
func (w *World) placeName(id string) string {
	if name := w.org.names[id]; name != "" {
		return name
	}
	return id
}

// AllowsEverything tells a document that allows everything and denies nothing.
func AllowsEverything(d *policy.Document) bool {
	c := &caller{identity: []Policy{{Doc: d}}}
	return c.unbounded()
}

// WithTrust is the world with one trust policy in the place of every role's.
func (w *World) WithTrust(ctx context.Context, trust *policy.Document) (*World, error) {
	own := *w
	own.resources, own.byARN = make([]*resource, len(w.resources)), make(map[string]*resource, len(w.byARN))
	for i, r := range w.resources {
		if r.trust {
			changed := *r
			changed.policy = &Policy{Name: r.arn, Doc: trust}
			changed.seal(changed.owner)
			r = &changed
		}
		own.resources[i] = r
		own.byARN[r.arn] = r
	}
	return &own, ctx.Err()
}

// Unbounded tells an actor whose own policies take nothing from an Allow of everything that it has; see Admins.
func (a *Actor) Unbounded() bool { return a.caller.unbounded() }

// FromAssumeRole tells a role whose trust policy lets no identity provider in: every session of it comes from AssumeRole (C31).
func (a *Actor) FromAssumeRole() bool { return a.caller.kind == "role" && !a.caller.origins.federated }

// WithPolicies is the world with one document in the place of the policies of some resources, roles aside: what would be if they were rewritten (E14).
func (w *World) WithPolicies(doc *policy.Document, takes func(arn string) bool) *World {
	own := *w
	own.resources, own.byARN = make([]*resource, len(w.resources)), make(map[string]*resource, len(w.byARN))
	for i, r := range w.resources {
		if !r.trust && !r.entity && takes(r.arn) {
			changed := *r
			changed.policy = &Policy{Name: r.arn + " as rewritten", Doc: doc}
			changed.seal(changed.owner)
			r = &changed
		}
		own.resources[i] = r
		own.byARN[r.arn] = r
	}
	return &own
}

// CompileWithCompute is Compile for questions about access paths: what runs with a role is a resource too, judged with its tags, whichever
// service acts on it, and so are identity providers that are named and not listed, and root users whose sessions the organization gives out.
func CompileWithCompute(ctx context.Context, facts *graph.Facts, cat *catalog.Catalog) (*World, error) {
	compute := map[string]bool{}
	own := *facts
	own.Accounts = make([]*graph.Account, len(facts.Accounts))
	for i, a := range facts.Accounts {
		known := make(map[graph.ARN]bool, len(a.Resources))
		for _, r := range a.Resources {
			known[r.ARN] = true
		}
		more := *a
		more.Resources = a.Resources[:len(a.Resources):len(a.Resources)]
		for _, c := range a.Compute {
			compute[string(c.ARN)] = true
			if !known[c.ARN] {
				known[c.ARN] = true
				more.Resources = append(more.Resources, &graph.Resource{ARN: c.ARN, Type: c.Type, Region: c.Region, Tags: c.Tags, TagsKnown: true})
			}
		}
		own.Accounts[i] = &more
	}
	w, err := Compile(ctx, &own, cat)
	if err != nil {
		return nil, err
	}
	for _, r := range w.resources {
		r.compute = compute[r.arn]
	}
	w.addUnlisted()
	w.addRoots()
	return w, nil
}

// Outside tells who counts as outside of a zone of trust, as ExternalOptions describe it: by the number of an account, empty for one that nobody
// knows, or by the ARN of an identity provider. Errors are *ZoneError.
func (w *World) Outside(members, trusted []string) (func(kind, arn, account string) bool, error) {
	z, err := w.zoneOf(members, trusted)
	if err != nil {
		return nil, err
	}
	return func(kind, arn, account string) bool {
		switch kind {
		case "service", "compute":
			return false
		case "provider":
			return !z.trusts(arn)
		case "organization":
			return !z.hasOrg(arn)
		}
		return !z.has(account)
	}, nil
}
