package evaluator

import (
	"cmp"
	"context"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/evaluator/region"
	"github.com/accessgraph/accessgraph/graph"
)

// caller is one principal that a question ranges over, with everything that binds it whatever the resource.
type caller struct {
	principal Principal
	kind      string // user, role, root, group, account, service, provider, public
	arn       string // as answers show it
	name      string
	account   *account // nil outside the snapshot
	tags      []graph.Tag
	freeTags  bool // session tags may override the role's own (C44)
	origins   origins
	session   string // the name of a role's session, where the question fixes it (D22)
	chained   bool   // a role's session that AssumeRole made, without MFA information (C31)
	identity  []Policy
	boundary  *Policy
	outside   bool         // its identity side is not in the snapshot (D50)
	roleARNs  *region.Lang // of a session outside: what its role's ARN may be
	zone      *zone        // of a caller outside: the zone of trust that it is outside of; nil: the snapshot's own
	org       string       // of somebody of one organization outside
	spelled   bool         // somebody outside of whom a condition speaks, and no principal element
}

// compileCallers lists the users, roles and root users of all accounts, by account, then ARN. Their documents are compiled on all cores:
// that is most of the work.
func (w *World) compileCallers(ctx context.Context) error {
	var tasks []func() *caller
	for _, a := range w.order {
		for _, u := range a.facts.Users {
			tasks = append(tasks, func() *caller { return w.userCaller(a, u) })
		}
		for _, r := range a.facts.Roles {
			tasks = append(tasks, func() *caller { return w.roleCaller(a, r) })
		}
		tasks = append(tasks, func() *caller { return w.rootCaller(a) })
	}
	w.callers = make([]*caller, len(tasks))
	const chunk = 256
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for from := 0; from < len(tasks); from += chunk {
		group.Go(func() error {
			for i := from; i < min(from+chunk, len(tasks)); i++ {
				w.callers[i] = tasks[i]()
			}
			return ctx.Err()
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	slices.SortFunc(w.callers, func(a, b *caller) int {
		return cmp.Or(strings.Compare(a.principal.Account, b.principal.Account), strings.Compare(a.arn, b.arn))
	})
	return nil
}

func (w *World) userCaller(a *account, u *graph.User) *caller {
	c := &caller{
		kind: "user", arn: string(u.ARN), name: u.Name, account: a, tags: u.Tags,
		principal: Principal{Kind: User, ARN: string(u.ARN), UniqueID: u.ID, Account: a.id, Management: a.management},
	}
	c.identity = w.identityPolicies(a, nil, "", u.Inline, u.Attached)
	for _, name := range u.Groups { // D23
		g := a.groups[name]
		if g == nil {
			c.identity = append(c.identity, Policy{Name: "group/" + name, Doc: policy.Missing(policy.Identity)})
			continue
		}
		c.identity = w.identityPolicies(a, c.identity, "group/"+name+": ", g.Inline, g.Attached)
	}
	c.boundary = w.boundary(a, u.Boundary)
	return c
}

func (w *World) roleCaller(a *account, r *graph.Role) *caller {
	linked := strings.HasPrefix(r.Path, "/aws-service-role/") // D12: the path, not the name
	c := &caller{
		kind: "role", arn: string(r.ARN), name: r.Name, account: a, tags: r.Tags,
		principal: Principal{
			Kind: RoleSession, RoleARN: string(r.ARN), UniqueID: r.ID, Account: a.id, Management: a.management,
			ServiceLinked: linked, ARN: sessionARN(a, r.Name, anySession),
		},
	}
	c.identity = w.identityPolicies(a, nil, "", r.Inline, r.Attached)
	c.boundary = w.boundary(a, r.Boundary)
	trust := w.trustOf(r)
	c.freeTags = takesSessionTags(trust)
	c.origins = originsOf(trust)
	return c
}

// trustOf gives a role's trust policy. Every role has one, so that none means that it was not collected (D18).
func (w *World) trustOf(r *graph.Role) *policy.Document {
	if r.Trust.IsZero() {
		return w.docs.missing(policy.Trust)
	}
	return w.docs.get(r.Trust, policy.Trust)
}

// origins is where sessions of a role may come from, as far as keys hang on it (C31, C37).
type origins struct {
	services  []string // the services that may assume it, by the first label of their names, sorted
	anyone    bool     // any service
	federated bool     // identity providers
	cognito   bool     // Cognito identity pools
}

// service tells whether a service may assume the role.
func (o *origins) service(name string) bool { return o.anyone || slices.Contains(o.services, name) }

// originsOf reads them off a trust policy. Denies are left aside: a key that may be there is not taken for absent.
func originsOf(trust *policy.Document) (o origins) {
	for i := range trust.Statements {
		s := &trust.Statements[i]
		if s.Effect != policy.Allow {
			continue
		}
		if s.Unanalysable != "" || s.Principals.Not {
			return origins{anyone: true, federated: true, cognito: true}
		}
		for _, e := range s.Principals.Entries {
			switch e.Kind {
			case policy.PrincipalEveryone:
				o.anyone = true
			case policy.PrincipalService:
				name, _, _ := strings.Cut(e.Text, ".")
				o.services = append(o.services, name)
			case policy.PrincipalFederated:
				o.federated = true
				o.cognito = o.cognito || e.Text == cognitoIdentity
			}
		}
	}
	slices.Sort(o.services)
	o.services = slices.Compact(o.services)
	return o
}

// anySession is the name of a role's session where it is open: one that no session has, so that no policy names it.
const anySession = ""

// witnessSession is the session name of a witness where the name does not matter.
const witnessSession = "session"

func sessionARN(a *account, role, session string) string {
	return "arn:" + a.partition + ":sts::" + a.id + ":assumed-role/" + role + "/" + session
}

func (w *World) rootCaller(a *account) *caller {
	arn := "arn:" + a.partition + ":iam::" + a.id + ":root"
	c := &caller{
		kind: "root", arn: arn, name: "root", account: a,
		principal: Principal{Kind: Root, ARN: arn, UniqueID: a.id, Account: a.id, Management: a.management},
	}
	return c
}

// groupCaller is a member of a group with that group's policies alone, for questions about `group/NAME`.
func (w *World) groupCaller(a *account, g *graph.Group) *caller {
	c := &caller{
		kind: "group", arn: string(g.ARN), name: g.Name, account: a,
		principal: Principal{
			Kind: User, Account: a.id, Management: a.management, UniqueID: "AIDAMEMBEROFTHEGROUP",
			ARN: "arn:" + a.partition + ":iam::" + a.id + ":user/member-of-" + g.Name,
		},
	}
	c.identity = w.identityPolicies(a, nil, "group/"+g.Name+": ", g.Inline, g.Attached)
	return c
}

func (w *World) identityPolicies(a *account, to []Policy, prefix string, inline []graph.InlinePolicy, attached []graph.ARN) []Policy {
	for _, p := range inline {
		to = append(to, Policy{Name: prefix + p.Name, Doc: w.docs.get(p.Document, policy.Identity)})
	}
	for _, arn := range attached {
		to = append(to, Policy{Name: prefix + string(arn), Doc: w.managed(a, arn, policy.Identity)})
	}
	return to
}

// managed gives the default version of a managed policy (D24), or a stand-in that says that it is missing (D18).
func (w *World) managed(a *account, arn graph.ARN, kind policy.Kind) *policy.Document {
	if p := a.policies[arn]; p != nil {
		if hash, ok := p.Default(); ok {
			return w.docs.get(hash, kind)
		}
	}
	return policy.Missing(kind)
}

func (w *World) boundary(a *account, arn graph.ARN) *Policy {
	if arn == "" {
		return nil
	}
	return &Policy{Name: string(arn), Doc: w.managed(a, arn, policy.Boundary)}
}

// takesSessionTags tells whether some assumption may pass session tags: the trust policy allows sts:TagSession, or lets
// federated users in (C44).
func takesSessionTags(doc *policy.Document) bool {
	for i := range doc.Statements {
		s := &doc.Statements[i]
		if s.Effect != policy.Allow {
			continue
		}
		if s.Unanalysable != "" || s.Actions.Match("sts:TagSession") {
			return true
		}
		for _, e := range s.Principals.Entries {
			if e.Kind == policy.PrincipalFederated {
				return true
			}
		}
	}
	return false
}
