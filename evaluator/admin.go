package evaluator

import (
	"context"
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator/catalog"
	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/evaluator/region"
)

// Administration says whether a principal of the snapshot is an administrator.
type Administration struct {
	Principal string
	Kind      string // user, role or root
	Account   string
	// Included: it is one. Exceeds: the ceiling allows what it may not. Uncertain: that hangs on what Lacks says.
	Answer Inclusion
	Lacks  *Access // what the ceiling allows and the principal does not have, or may not; nil for an administrator
}

// Admins decides for each principal that the filter takes whether its effective permissions are everything that the SCP ceiling of its account
// leaves (E22, the first clause): whether it may do, whatever the keys of the request, all that it might with an identity policy that allows
// everything and no boundary. What it could give itself (E10) does not count here, nor what it has under a condition alone. A nil filter takes
// all. The answers come by account, then ARN.
func (w *World) Admins(ctx context.Context, q Question, filter func(*Subject) bool) ([]*Administration, error) {
	var chosen []*caller
	for _, c := range w.callers {
		if filter == nil || filter(w.subject(c)) {
			chosen = append(chosen, c)
		}
	}
	return w.adminsOf(ctx, q, chosen, nil)
}

// AdminsAmong is Admins for actors, in their order: for what a principal would be after an edit too. What somebody lacks who is none is not told.
func (w *World) AdminsAmong(ctx context.Context, q Question, who []*Actor) ([]*Administration, error) {
	chosen := make([]*caller, len(who))
	for i, a := range who {
		chosen[i] = a.caller
		if a.caller.allowsAll() { // what else its policies allow says nothing
			chosen[i] = a.After(&Edit{Everything: true}).caller
		}
	}
	short, err := w.fallingShort(ctx, q, chosen)
	if err != nil {
		return nil, err
	}
	found, err := w.adminsOf(ctx, q, chosen, short)
	for _, f := range found {
		f.Lacks = nil
	}
	return found, err
}

// fallingShort finds callers to whom their own policies, looked at statement by statement, deny some action that the ceiling leaves, or which do not
// allow it: most of those that are no administrators. The actions are such as act on no resource of their own, so that no resource's policy has a say.
func (w *World) fallingShort(ctx context.Context, q Question, callers []*caller) (map[*caller]bool, error) {
	denied, _ := w.examples(callers, deniesOutright, func(a *catalog.Action) bool { return len(a.Resources) == 0 })
	q.Actions, q.Resources, q.When = append(denied, telling()...), nil, nil
	poll, err := w.NewPoll(q, true)
	if err != nil {
		return nil, err
	}
	t := poll.t
	t.unproved = true
	poll.Settle(func(string) bool { return false })
	var bound []*caller
	var full []*Actor
	for _, c := range callers {
		if hasPolicies(&c.principal) && !c.unbounded() {
			own := *c
			own.identity, own.boundary = []Policy{{Name: GivenPolicy, Doc: w.everything()}}, nil
			bound, full = append(bound, c), append(full, &Actor{caller: &own, world: w})
		}
	}
	found, err := poll.Ask(ctx, full)
	if err != nil {
		return nil, err
	}
	short := map[*caller]bool{}
	for _, f := range found {
		left := t.question.none()
		for _, a := range f.Grants {
			if a.Verdict != Unknown {
				left = left.Or(a.members)
			}
		}
		for _, m := range f.Members {
			may, mayNot := t.question.spokenBy(bound[m])
			short[bound[m]] = left.Intersects(mayNot) || !left.SubsetOf(may)
		}
	}
	return short, nil
}

// examples are actions of some statements of callers' own policies, one for each pattern that matches any of a kind; no more than a question should have
// that is to be cheap, so that they are of so many callers alone, from the first on.
func (w *World) examples(callers []*caller, of func(*policy.Statement) bool, kind func(*catalog.Action) bool) (actions []string, covered int) {
	const most = 60
	seen := map[*policy.Document]bool{}
	for at, c := range callers {
		for _, p := range c.ownPolicies() {
			if seen[p.Doc] {
				continue
			}
			seen[p.Doc] = true
			for i := range p.Doc.Statements {
				if s := &p.Doc.Statements[i]; of(s) {
					actions = w.exemplify(actions, s, kind)
				}
			}
		}
		if len(actions) >= most {
			return actions[:most], at + 1
		}
	}
	return actions, len(callers)
}

// exemplify adds an action for each pattern of a statement.
func (w *World) exemplify(to []string, s *policy.Statement, kind func(*catalog.Action) bool) []string {
	for i := range s.Actions.Patterns {
		for a := range w.catalog.Actions(s.Actions.Patterns[i].Text) {
			if !kind(a) {
				continue
			}
			if !slices.Contains(to, a.Name) {
				to = append(to, a.Name)
			}
			break
		}
	}
	return to
}

// leavesOut tells a statement that takes actions out: one that denies, or that allows all others.
func leavesOut(s *policy.Statement) bool { return s.Effect == policy.Deny || s.Actions.Not }

// ownPolicies are the identity policies of a caller and its boundary.
func (c *caller) ownPolicies() []Policy {
	if c.boundary == nil {
		return c.identity
	}
	return append(c.identity[:len(c.identity):len(c.identity)], *c.boundary)
}

// deniesOutright tells a statement that denies its actions whatever the resource and the request.
func deniesOutright(s *policy.Statement) bool {
	return s.Effect == policy.Deny && s.Unanalysable == "" && len(s.Conditions) == 0 && !s.Resources.Not && starResource(&s.Resources)
}

// spokenBy gives the members of which some Allow of a caller's identity policies, and one of its boundary, speaks, and those that it is denied outright.
func (c *compiledQuestion) spokenBy(who *caller) (may, mayNot region.Set) {
	mayNot = c.none()
	read := func(docs ...Policy) region.Set {
		allowed := c.none()
		for i := range docs {
			for j := range docs[i].Doc.Statements {
				switch s := &docs[i].Doc.Statements[j]; {
				case s.Unanalysable != "":
					allowed = c.all()
				case s.Effect == policy.Allow:
					allowed = allowed.Or(c.matching(&s.Actions))
				case deniesOutright(s):
					mayNot = mayNot.Or(c.matching(&s.Actions))
				}
			}
		}
		return allowed
	}
	may = read(who.identity...)
	if who.boundary != nil {
		may = may.And(read(*who.boundary))
	}
	return may, mayNot
}

// adminsOf decides for callers; those that fall short are known to be none.
func (w *World) adminsOf(ctx context.Context, q Question, chosen []*caller, short map[*caller]bool) ([]*Administration, error) {
	var open []*caller
	found := map[*caller]*Administration{}
	for _, c := range chosen {
		switch one := (Administration{Principal: c.arn, Kind: c.kind, Account: c.principal.Account}); {
		case c.unbounded():
			one.Answer = Included
			found[c] = &one
		case short[c]:
			found[c] = &one
		default:
			open = append(open, c)
		}
	}
	// Who lacks one action of what the ceiling leaves lacks some of everything: most principals need no second look, and few of the others a third.
	q.Resources, q.When = nil, nil
	look := func(actions []string, who []*caller) error {
		q.Actions = actions
		if len(actions) == 0 {
			return nil
		}
		return w.administer(ctx, q, who, found, short == nil)
	}
	exceeds := func(c *caller) bool { return found[c].Answer == Exceeds }
	if err := look(telling(), open); err != nil {
		return nil, err
	}
	open = slices.DeleteFunc(open, exceeds)
	for left := open; short != nil && len(left) > 0; {
		actions, covered := w.examples(left, leavesOut, func(*catalog.Action) bool { return true })
		if err := look(actions, left[:covered]); err != nil {
			return nil, err
		}
		left = left[covered:]
	}
	open = slices.DeleteFunc(open, exceeds)
	if err := w.lookAtDenied(open, look); err != nil {
		return nil, err
	}
	out := make([]*Administration, len(chosen))
	for i, c := range chosen {
		out[i] = found[c]
	}
	return out, nil
}

// lookAtDenied compares callers as far as they can differ from one whose identity policy allows everything: where their own policies deny something, or
// in everything. Each look is at actions of some of them, from the first on; actions of others are the same on both sides.
func (w *World) lookAtDenied(open []*caller, look func(actions []string, who []*caller) error) error {
	const most = 60
	unboundedOnly := w.spares()
	var rest, some []*caller
	var actions []string
	for _, c := range open {
		own, ok := w.deniedBy(c, unboundedOnly)
		if !ok {
			rest = append(rest, c)
			continue
		}
		for _, a := range own {
			if !slices.Contains(actions, a) {
				actions = append(actions, a)
			}
		}
		if some = append(some, c); len(actions) >= most {
			if err := look(actions, some); err != nil {
				return err
			}
			some, actions = nil, nil
		}
	}
	if err := look(actions, some); err != nil {
		return err
	}
	return look([]string{"*"}, rest)
}

// deniedBy gives patterns of all actions that a caller's own policies can take from an Allow of everything; ok is false where that may be any. It is
// what their Denies speak of where an identity policy, and the boundary, allows everything.
func (w *World) deniedBy(c *caller, unboundedOnly bool) (actions []string, ok bool) {
	if !c.allowsAll() || c.boundary != nil && (unboundedOnly || !allowsAll(*c.boundary)) {
		return nil, false
	}
	for _, p := range c.ownPolicies() {
		for i := range p.Doc.Statements {
			s := &p.Doc.Statements[i]
			if s.Unanalysable == "" && s.Effect == policy.Allow {
				continue
			}
			if s.Unanalysable != "" || s.Actions.Not {
				return nil, false
			}
			for j := range s.Actions.Patterns {
				text := s.Actions.Patterns[j].Text
				known := false
				for range w.catalog.Actions(text) {
					known = true
					break
				}
				if !known {
					return nil, false
				}
				actions = append(actions, text)
			}
		}
	}
	return actions, true
}

// spares tells whether the policy of any resource denies something to all but those it names: to have a boundary then matters by itself (D43).
func (w *World) spares() bool {
	spares := func(p *Policy) bool {
		return p != nil && slices.ContainsFunc(p.Doc.Statements, func(s policy.Statement) bool {
			return s.Unanalysable != "" || s.Effect == policy.Deny && s.Principals.Not
		})
	}
	return slices.ContainsFunc(w.resources, func(r *resource) bool { return spares(r.policy) }) ||
		slices.ContainsFunc(w.endpoints, func(e *endpoint) bool { return spares(e.policy) })
}

// unbounded tells a caller whose own policies take nothing from an Allow of everything, so that it has what the ceiling leaves without a look
// at that: a root user, which has no policies (D20), or one with that very Allow, no Deny and no boundary.
func (c *caller) unbounded() bool {
	if c.kind == "root" {
		return true
	}
	if c.boundary != nil {
		return false
	}
	for i := range c.identity {
		for j := range c.identity[i].Doc.Statements {
			if c.identity[i].Doc.Statements[j].Effect == policy.Deny {
				return false
			}
		}
	}
	return c.allowsAll()
}

// allowsAll tells a caller one of whose identity policies allows everything.
func (c *caller) allowsAll() bool { return allowsAll(c.identity...) }

// allowsAll tells whether one of some policies allows everything.
func allowsAll(policies ...Policy) bool {
	for i := range policies {
		statements := policies[i].Doc.Statements
		for j := range statements {
			s := &statements[j]
			if s.Effect == policy.Allow && s.Unanalysable == "" && len(s.Conditions) == 0 && !s.Actions.Not && !s.Resources.Not && starAction(&s.Actions) && starResource(&s.Resources) {
				return true
			}
		}
	}
	return false
}

func starAction(a *policy.Actions) bool {
	return slices.ContainsFunc(a.Patterns, func(p policy.ActionPattern) bool { return strings.Trim(p.Text, "*") == "" && p.Text != "" })
}

func starResource(r *policy.Resources) bool {
	return slices.ContainsFunc(r.Patterns, func(t policy.Template) bool { return t.StarOnly })
}

// telling are actions of common services without resources of their own, which are cheap to ask about and of which few but administrators have
// all that the ceiling leaves.
func telling() []string {
	return []string{
		"ec2:DescribeRegions", "iam:CreateAccountAlias", "kms:ListKeys", "lambda:ListFunctions", "organizations:LeaveOrganization", "s3:ListAllMyBuckets",
		"secretsmanager:GetRandomPassword", "sns:ListTopics", "sqs:ListQueues", "sts:GetSessionToken",
	}
}

// administer compares callers, class by class, with what an identity policy that allows everything would give them, within a question. Unless what they
// lack is to be proved, callers are alike whose policies say the same by other names.
func (w *World) administer(ctx context.Context, q Question, callers []*caller, found map[*caller]*Administration, proved bool) error {
	if len(callers) == 0 {
		return nil
	}
	c, err := w.compile(q)
	if err != nil {
		return err
	}
	alt := &Alternative{Identity: []Policy{{Name: "everything", Doc: policy.Parse(policy.Identity, []byte(everything))}}}
	t := w.targetsFor(callers, c, alt.documents()...)
	t.unproved = !proved
	classes := t.classesOf(callers)
	t.prepareFor(callers...)
	answers := make([]Administration, len(classes))
	err = onAllCores(ctx, len(classes), func(i int) (err error) {
		a := &answers[i]
		a.Answer, a.Lacks, err = t.includes(ctx, classes[i].first, alt, Less)
		return err
	})
	if err != nil {
		return err
	}
	for i, cl := range classes {
		for _, m := range cl.members {
			a := answers[i]
			a.Principal, a.Kind, a.Account = m.arn, m.kind, m.principal.Account
			found[m] = &a
		}
	}
	return nil
}

// everything is an identity policy that allows everything.
const everything = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`
