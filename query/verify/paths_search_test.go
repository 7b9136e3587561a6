package verify_test

import (
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/evaluator/policy"
)

// steps lists whom somebody can become by one step at a level: principals that it takes over, as they are or edited first, and itself edited.
func (s *seeker) steps(who *state, at level) []*state {
	id := who.id() + string(rune('0'+at))
	if have, ok := s.stepped[id]; ok {
		return have
	}
	var out []*state
	seen := map[string]bool{who.id(): true}
	add := func(p *principal, chained bool, edited string) {
		one := &state{principal: p, chained: chained, edited: edited}
		if !seen[one.id()] {
			seen[one.id()] = true
			out = append(out, one)
		}
	}
	if !who.invented() { // E19
		for _, own := range s.edits(who, who.principal, at) {
			add(own, who.chained, nameOf(own))
		}
	}
	for _, p := range s.principals {
		if s.takes(who, p) < at {
			continue
		}
		add(p, p.kind == "role", "")
		for _, own := range s.edits(who, p, at) {
			add(own, p.kind == "role", nameOf(own))
		}
	}
	s.stepped[id] = out
	return out
}

// invented tells whether somebody got a policy that was made up: it edits itself no further (E19).
func (who *state) invented() bool {
	return who.edited != "" && slices.ContainsFunc(who.identity, func(i evaluator.Policy) bool { return i.Name == madeUp })
}

// hops is how many steps lead to an administrator at a level, -1 for none within the given number (E16, E17).
func (s *seeker) hops(from *state, at level, most int) int {
	seen := map[string]bool{from.id(): true}
	front := []*state{from}
	for n := 0; n <= most; n++ {
		var next []*state
		for _, who := range front {
			if s.administers(who, at) {
				return n
			}
			for _, to := range s.steps(who, at) {
				if !seen[to.id()] {
					seen[to.id()] = true
					next = append(next, to)
				}
			}
		}
		front = next
	}
	return -1
}

// administers tells an administrator, or somebody who can make itself one (E22).
func (s *seeker) administers(who *state, at level) bool {
	if s.isAdmin(who) {
		return true
	}
	if who.invented() {
		return false
	}
	return slices.ContainsFunc(s.edits(who, who.principal, at), func(own *principal) bool {
		return s.isAdmin(&state{principal: own, chained: who.chained, edited: nameOf(own)})
	})
}

// isAdmin tells whether somebody may do everything that the ceiling of its account leaves: whatever an identity policy that allows everything, and no
// boundary, would be allowed in the same context.
func (s *seeker) isAdmin(who *state) bool {
	if clear := func(i evaluator.Policy) bool { return denies(i.Doc) }; who.boundary == nil && !slices.ContainsFunc(who.identity, clear) && (who.kind == "root" ||
		slices.ContainsFunc(who.identity, func(i evaluator.Policy) bool { return wholly(i.Doc) })) {
		return true // it is its whole self
	}
	id := who.id()
	if have, ok := s.admins[id]; ok {
		return have
	}
	whole := *who.principal
	whole.identity, whole.boundary = []evaluator.Policy{{Name: "everything", Doc: s.everything}}, nil
	admin := true
	for _, action := range s.actions() {
		for _, arn := range s.stringsOf(action) {
			if admin && !s.covers(who, &whole, ask{action: action, resource: arn}) {
				admin = false
			}
		}
		if !admin {
			break
		}
	}
	s.admins[id] = admin
	return admin
}

// covers tells whether somebody is allowed an action on a resource in every context in which its whole self is.
func (s *seeker) covers(who *state, whole *principal, q ask) bool {
	t, ok := s.target(&question{}, who.principal, q.action, q.resource)
	if !ok {
		return true
	}
	own, all := s.layersOf(who.principal, q, t), s.layersOf(whole, q, t)
	chosen, others := s.open(who, q, t, own)
	both := &domains{keys: append(chosen.keys, others.keys...), values: append(chosen.values, others.values...)}
	covered := true
	both.each(func(env map[string]*policy.ContextValue) {
		if !covered {
			return
		}
		r := s.request(who.principal, q.action, t, "")
		for key, v := range env {
			if v != nil {
				r.Context.Set(key, *v)
			}
		}
		covered = !s.allowed(r, all) || s.allowed(r, own)
	})
	return covered
}

// actions are those that a principal must be allowed to be an administrator, as far as they are looked at: some of every sort, all of the services that
// limits are about, and some for each pattern of a policy.
func (s *seeker) actions() []string {
	seen := map[string]bool{}
	out := []string{}
	add := func(action string) {
		if known, ok := s.catalog.Action(action); ok && !seen[known.Name] {
			seen[known.Name] = true
			out = append(out, known.Name)
		}
	}
	for _, a := range []string{
		"iam:CreateUser", "s3:GetObject", "organizations:LeaveOrganization", "ec2:DescribeRegions", "kms:Decrypt", "iam:ListUsers", "sqs:SendMessage", "sts:AssumeRole", "iam:PassRole",
		"lambda:CreateFunction", "lambda:InvokeFunction", "lambda:UpdateFunctionCode", "ec2:RunInstances", "ec2:StopInstances", "ssm:StartSession", "secretsmanager:GetSecretValue",
	} {
		add(a)
	}
	for _, service := range []string{"iam", "sts", "organizations"} { // what guardrails and boundaries are about
		for a := range s.catalog.Actions(service + ":*") {
			add(a.Name)
		}
	}
	for _, d := range s.parsed {
		for i := range d.Statements {
			for _, p := range d.Statements[i].Actions.Patterns {
				add(p.Text)
				add(strings.ReplaceAll(p.Text, "*", "Users"))
			}
		}
	}
	return out
}
