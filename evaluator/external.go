package evaluator

import (
	"cmp"
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/evaluator/region"
)

// ExternalOptions say what a question about external access is about.
type ExternalOptions struct {
	Trust bool     // role trust policies alone
	Zone  []string // accounts and organizations that are the zone of trust (D50); none: the organization and the accounts of the snapshot
	Also  []string // accounts, organizations and identity providers that are inside beside those
}

// Opening is what one grantee outside the zone of trust may do with one resource of it (D50).
type Opening struct {
	Resource string // its ARN
	Type     string // CloudFormation name
	Account  string // that owns it
	Grantee  Grantee
	Access   *Access // nil: none, for a dangling principal

	ThirdParty bool    // the grantee is an account outside, or of one (E15)
	ExternalID bool    // it needs a fixed sts:ExternalId (D51)
	Subject    Breadth // of an identity provider: whom its tokens are for (E6)
	Risks      []Risk  // in the order of their declaration

	via     []StatementRef // of a dangling principal
	witness *Witness
}

// Via are the statements that let the grantee in, or name it.
func (o *Opening) Via() []StatementRef {
	if o.Access == nil {
		return o.via
	}
	return o.Access.Via()
}

// Witness is a concrete request that the point engine allows, nil where there is none.
func (o *Opening) Witness() *Witness { return o.witness }

// GranteeKind is what a grantee outside the zone of trust is.
type GranteeKind string

// The kinds. Organization is everybody of one; network is whoever comes through one VPC endpoint, VPC or access point, of whatever account; public is
// anybody; dangling is an id that is left of a principal that was deleted (A30).
const (
	GranteeAccount      GranteeKind = "account"
	GranteeUser         GranteeKind = "user"
	GranteeRole         GranteeKind = "role"
	GranteeSession      GranteeKind = "session"
	GranteeOrganization GranteeKind = "organization"
	GranteeNetwork      GranteeKind = "network"
	GranteeService      GranteeKind = "service"
	GranteeProvider     GranteeKind = "provider"
	GranteePublic       GranteeKind = "public"
	GranteeDangling     GranteeKind = "dangling"
)

// Grantee is who is let in. ID is an account number, an ARN, an organization, a VPC endpoint, VPC or access point, the name of a service, a unique id, or * for
// everybody; Account is empty where there is none.
type Grantee struct {
	Kind    GranteeKind
	ID      string
	Account string
}

// Risk is one thing about an opening that asks for attention.
type Risk string

// The risks.
const (
	RiskPublic           Risk = "public"               // anybody may come in
	RiskOpenSubject      Risk = "open-subject"         // of an identity provider with many tenants, users of any tenant (E6)
	RiskNoSubject        Risk = "no-subject-condition" // any user of an identity provider: no claim says who (E6)
	RiskAnonymous        Risk = "anonymous"            // callers that nobody knows: unsigned requests (D45), guests of an identity pool (E21)
	RiskConfusedDeputy   Risk = "confused-deputy"      // an AWS service that acts for whoever asks it to (E15)
	RiskOutsideSource    Risk = "outside-source"       // an AWS service that acts for an account or organization outside, which a condition spells out
	RiskNoExternalID     Risk = "no-external-id"       // an account outside that need not say for whom it acts (D51)
	RiskOrganizationWide Risk = "organization-wide"    // everybody of an organization outside
	RiskWildcard         Risk = "wildcard"             // actions granted by a wildcard
	RiskNotPrincipal     Risk = "not-principal"        // granted to everybody but some (A31)
	RiskDangling         Risk = "dangling-principal"   // an id that nobody has (A30)
)

// Risks lists all risks.
func Risks() []Risk {
	return []Risk{
		RiskPublic, RiskOpenSubject, RiskNoSubject, RiskAnonymous, RiskConfusedDeputy, RiskOutsideSource, RiskNoExternalID, RiskOrganizationWide, RiskWildcard,
		RiskNotPrincipal, RiskDangling,
	}
}

// trustActions are the actions that trust policies speak of. Those that begin with AssumeRole let somebody in; the others go with them (D30).
var trustActions = []string{
	"sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity", "sts:TagSession", "sts:SetSourceIdentity", "sts:SetContext",
}

// External lists what the resources of the zone of trust let everybody outside of it do: by account and resource, then grantee. The resource's side
// decides, for callers whose own account allows everything (D50). The filter sees each resource as a subject with the account that owns it, its
// place in the organization and the resource's tags; nil takes all. Actions of the question are not looked at.
func (w *World) External(ctx context.Context, q Question, o ExternalOptions, filter func(*Subject) bool) ([]*Opening, *Answer, error) {
	z, err := w.zoneOf(o.Zone, o.Also)
	if err != nil {
		return nil, nil, err
	}
	plan := newPlan(fromSnapshot)
	rows, trust, err := w.externalPart(ctx, q, z, true, filter, plan)
	if err != nil {
		return nil, nil, err
	}
	if o.Trust {
		return rows, trust, nil
	}
	others, rest, err := w.externalPart(ctx, q, z, false, filter, plan)
	if err != nil {
		return nil, nil, err
	}
	rest.Assumptions = joined(rest.Assumptions, trust.Assumptions)
	rest.Warnings = joined(rest.Warnings, trust.Warnings)
	rows = append(rows, others...)
	sortOpenings(rows)
	return rows, rest, nil
}

// externalPart asks of roles, or of everything else: there are few actions on the former, and many roles.
func (w *World) externalPart(ctx context.Context, q Question, z *zone, trust bool, filter func(*Subject) bool, plan *Plan) ([]*Opening, *Answer, error) {
	q.Actions, q.AllOf = []string{"*"}, false
	if trust {
		q.Actions = trustActions
	}
	c, err := w.compile(q)
	if err != nil {
		return nil, nil, err
	}
	what := "resources"
	if trust {
		what = "roles"
	}
	x := &external{world: w, zone: z, trust: trust, filter: filter, targets: w.newTargets(c), ids: w.uniqueIDs()}
	plan.stage("group " + what)
	rows, err := x.all(ctx, plan)
	if err != nil {
		return nil, nil, err
	}
	plan.stage("evaluate " + what)
	return rows, &Answer{Assumptions: x.targets.standing(), Warnings: c.warnings, Plan: plan}, nil
}

// uniqueIDs are the users and roles of the snapshot by unique id.
func (w *World) uniqueIDs() map[string]*caller {
	ids := map[string]*caller{}
	for _, c := range w.callers {
		if c.kind == "user" || c.kind == "role" {
			ids[c.principal.UniqueID] = c
		}
	}
	return ids
}

// external is one question about external access.
type external struct {
	world   *World
	zone    *zone
	trust   bool // roles alone; else everything but roles
	filter  func(*Subject) bool
	targets *targets
	ids     map[string]*caller // users and roles of the snapshot by unique id
	spelled sync.Map           // digest -> spelledActions
}

// all judges the groups of resources that speak of somebody outside, on all cores.
func (x *external) all(ctx context.Context, plan *Plan) ([]*Opening, error) {
	var open []*targetGroup
	for _, g := range x.targets.groups {
		if g.owner != nil && x.zone.has(g.owner.id) && (g.policy != nil || len(g.grants) > 0) && g.trust == x.trust {
			open = append(open, g)
		}
	}
	plan.add("groups of resources", int64(len(x.targets.groups)))
	plan.add("groups with a policy or grants", int64(len(open)))
	results := make([][]*Opening, len(open))
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, g := range open {
		group.Go(func() (err error) {
			if err = gctx.Err(); err == nil {
				results[i], err = x.group(gctx, g)
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	out := slices.Concat(results...)
	sortOpenings(out)
	return out, nil
}

func sortOpenings(rows []*Opening) {
	slices.SortStableFunc(rows, func(a, b *Opening) int {
		return cmp.Or(strings.Compare(a.Account, b.Account), strings.Compare(a.Resource, b.Resource), cmp.Compare(a.Grantee.Kind, b.Grantee.Kind),
			strings.Compare(a.Grantee.ID, b.Grantee.ID), cmp.Compare(verdictOf(b), verdictOf(a)))
	})
}

func verdictOf(o *Opening) Verdict {
	if o.Access == nil {
		return Denied
	}
	return o.Access.Verdict
}

// group lists the openings of one group of resources.
func (x *external) group(ctx context.Context, g *targetGroup) ([]*Opening, error) {
	resources := x.resourcesOf(g)
	if len(resources) == 0 {
		return nil, nil
	}
	j := &groupOpenings{external: x, group: g, resources: resources}
	for _, c := range x.outsiders(g) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := j.judge(ctx, c); err != nil {
			return nil, err
		}
	}
	j.dangling()
	return j.openings, nil
}

// resourcesOf are the resources of a group that the filter takes, by ARN: those of its items, and those that its items lie under.
func (x *external) resourcesOf(g *targetGroup) []*resource {
	var out []*resource
	seen := map[*resource]bool{}
	for _, it := range g.items {
		r := x.world.resourceOf(it)
		if r == nil || r.owner != g.owner || seen[r] {
			continue
		}
		seen[r] = true
		if x.filter == nil || x.filter(x.world.ownerSubject(r)) {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b *resource) int { return strings.Compare(a.arn, b.arn) })
	return out
}

// resourceOf is the resource of the snapshot that an item is, or lies under; nil: none.
func (w *World) resourceOf(it *item) *resource {
	text := it.text
	if !it.literal {
		text = literalPrefix(it.pattern)
	}
	for end := len(text); end > 0; end = strings.LastIndexAny(text[:end], "/:") {
		if r := w.byARN[text[:end]]; r != nil {
			return r
		}
	}
	return nil
}

// ownerSubject describes a resource for scopes.
func (w *World) ownerSubject(r *resource) *Subject {
	s := w.subject(&caller{arn: r.arn, kind: "resource", account: r.owner, tags: r.tags, principal: Principal{Account: r.owner.id}})
	s.Name = afterLast(r.arn, "/")
	return s
}

// ResourceTags visits the tags of resources, as often as they are there.
func (w *World) ResourceTags(yield func(key, value string) bool) {
	for _, r := range w.resources {
		for _, t := range r.tags {
			if !yield(t.Key, t.Value) {
				return
			}
		}
	}
}

// groupOpenings gathers the openings of one group.
type groupOpenings struct {
	*external
	group     *targetGroup
	resources []*resource
	openings  []*Opening
}

// judge adds what one grantee may do. Over budget, that nobody knows is what there is to say.
func (j *groupOpenings) judge(ctx context.Context, c *outsider) error {
	budget := region.NewBudget(j.targets.question.Budget).Within(ctx)
	e, ok := newEvaluation(j.targets, j.targets.sideOf(c.caller), j.group, budget)
	if !ok {
		return nil
	}
	found, err := e.openings(j, c)
	if errors.Is(err, region.ErrBudget) {
		found, err = j.exceeded(c), nil
	}
	j.openings = append(j.openings, found...)
	return err
}

// exceeded says of every resource that what a grantee may do was not found out.
func (j *groupOpenings) exceeded(c *outsider) []*Opening {
	var out []*Opening
	for _, r := range j.resources {
		a := exceeded(j.targets.question, j.group)
		a.Actions, a.ActionCount = j.targets.question.spellAmong(a.members, a.members, nil)
		a.spelling = &spelling{named: []*names{{list: []string{r.arn}}}}
		out = append(out, j.opening(r, c, a, nil))
	}
	return out
}

// opening is a row without what is particular to it.
func (j *groupOpenings) opening(r *resource, c *outsider, a *Access, w *Witness) *Opening {
	o := &Opening{Resource: r.arn, Type: r.typ, Account: r.owner.id, Grantee: c.grantee, Access: a, witness: w}
	switch o.Grantee.Kind {
	case GranteeAccount, GranteeUser, GranteeRole, GranteeSession, GranteeOrganization:
		o.ThirdParty = true
	}
	return o
}

// dangling adds the ids that statements name and nobody has (A30).
func (j *groupOpenings) dangling() {
	if j.group.policy == nil {
		return
	}
	named := map[string][]StatementRef{}
	for i := range j.group.policy.Doc.Statements {
		s := &j.group.policy.Doc.Statements[i]
		if s.Effect != policy.Allow || s.Principals.Not || j.targets.question.matching(&s.Actions).And(j.group.actions).Empty() {
			continue
		}
		for _, e := range s.Principals.Entries {
			if e.Kind == policy.PrincipalID && j.ids[e.Text] == nil {
				named[e.Text] = append(named[e.Text], StatementRef{Layer: LayerResource, Sid: s.Sid, Index: s.Index})
			}
		}
	}
	for _, id := range sortedKeys(named) {
		for _, r := range j.resources {
			o := j.opening(r, &outsider{grantee: Grantee{Kind: GranteeDangling, ID: id}}, nil, nil)
			o.Risks = []Risk{RiskDangling}
			for _, ref := range named[id] {
				ref.Policy = r.policy.Name
				o.via = append(o.via, ref)
			}
			j.openings = append(j.openings, o)
		}
	}
}
