package verify_test

import (
	"sort"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/graph"
)

// target is one resource string that an action is asked on.
type target struct {
	arn     string
	account string    // owner
	of      *resource // the snapshot's resource that it is, or lies under
	other   bool      // it is not in the snapshot: the principal's side alone judges
	assumed bool      // it is not in the snapshot, and its own policy is assumed to delegate to its account
	unread  bool      // of another account, whose resource policies were not read: whether it consents is not known
}

// strings lists the resource strings of a question: the snapshot's ARNs, objects in its buckets, strings that the documents' patterns
// match, and for every type something that nobody knows of.
func (n *naive) strings(on, actions []string) []string {
	seen := map[string]bool{"*": true}
	for _, r := range n.resources {
		seen[r.arn] = true
		if r.service == "s3" {
			for _, key := range []string{"zz-new", "public/x", "home/alice/x", "home/bob/x", "red/x", "blue/x", "rad/x", "zzz/x", "shared/x", "RED/x"} {
				seen[r.arn+"/"+key] = true
			}
		}
	}
	for _, d := range n.parsed {
		for _, st := range d.Statements {
			for i := range st.Resources.Patterns {
				instances(st.Resources.Patterns[i].Text, seen)
			}
		}
	}
	for _, text := range on {
		instances(text, seen)
	}
	for _, a := range n.facts.Accounts {
		id := string(a.ID)
		for _, s := range []string{
			"arn:aws:kms:us-east-1:" + id + ":key/zz-new", "arn:aws:kms:us-east-1:" + id + ":alias/zz-new", "arn:aws:s3:::zz-new", "arn:aws:s3:::zz-new/zz",
			"arn:aws:iam::" + id + ":role/zz-new", "arn:aws:iam::" + id + ":user/zz-new", "arn:aws:iam::" + id + ":group/zz-new", "arn:aws:iam::" + id + ":policy/zz-new",
			"arn:aws:secretsmanager:us-east-1:" + id + ":secret:zz-new", "arn:aws:sqs:us-east-1:" + id + ":zz-new", "arn:aws:kms:eu-west-1:" + id + ":key/zz-new",
			"arn:aws:sts::" + id + ":federated-user/zz-new", "arn:aws:iam::" + id + ":user/alice", "arn:aws:secretsmanager:us-east-1:" + id + ":secret:red-zz",
			"arn:aws:iam::" + id + ":role/eng/zz-new",
		} {
			seen[s] = true
		}
	}
	n.fresh(actions, seen)
	var patterns []policy.Template
	for _, text := range on {
		patterns = append(patterns, policy.ResourceTemplate(text, policy.Identity, false))
	}
	out := make([]string, 0, len(seen))
	for s := range seen {
		asked := len(on) == 0
		for i := range patterns {
			asked = asked || patterns[i].Static.Match(s) || s == "*" && patterns[i].StarOnly
		}
		if asked {
			out = append(out, s)
		}
	}
	sort.Strings(out)
	return out
}

// fresh adds something that nobody knows of for each type that the actions act on.
func (n *naive) fresh(actions []string, into map[string]bool) {
	for _, name := range actions {
		a, ok := n.catalog.Action(name)
		if !ok {
			continue
		}
		for _, r := range a.Resources {
			for _, account := range n.facts.Accounts {
				arn := strings.NewReplacer("${Partition}", "aws", "${Region}", "us-east-1", "${Account}", string(account.ID)).Replace(r.Type.ARN)
				for {
					i := strings.Index(arn, "${")
					if i < 0 {
						break
					}
					arn = arn[:i] + "zz-new" + arn[i+strings.IndexByte(arn[i:], '}')+1:]
				}
				into[arn] = true
			}
		}
	}
}

// instances adds some strings that a pattern matches: stars filled in, and variables by what the generator gives callers.
func instances(pattern string, into map[string]bool) {
	values := []string{"zzz"}
	if strings.Contains(pattern, "${") {
		values = append(values, "red", "blue", "rad", "alice", "bob")
	}
	for _, fill := range []string{"us-east-1", "x1", management, "222222222222", "333333333333"} {
		s := pattern
		if f := strings.SplitN(s, ":", 6); len(f) == 6 && f[4] == "*" {
			f[4] = fill
			s = strings.Join(f, ":")
		} else if len(fill) == 12 {
			continue
		}
		for _, value := range values {
			s, ok := substituted(s, value)
			s = strings.NewReplacer("*", fill, "?", "9").Replace(s)
			if ok && strings.Count(s, ":") >= 5 {
				into[s] = true
				if strings.HasPrefix(s, "arn:aws:s3:::") && strings.HasSuffix(pattern, "*") {
					into[s+"/zz"] = true // B19
				}
			}
		}
	}
}

// substituted puts one value in the place of every variable; ok is false where one does not end.
func substituted(s, value string) (filled string, ok bool) {
	for {
		i := strings.Index(s, "${")
		if i < 0 {
			return s, true
		}
		j := strings.IndexByte(s[i:], '}')
		if j < 0 {
			return s, false
		}
		s = s[:i] + value + s[i+j+1:]
	}
}

// target is what an action of a caller on a resource string acts on; ok is false where there is nothing to ask: the action does not
// act on such a thing, or it would be a resource that nothing is known of in an account that is not the caller's.
func (n *naive) target(q *question, p *principal, action, arn string) (*target, bool) {
	a, inCatalog := n.catalog.Action(action)
	if arn == "*" {
		if inCatalog && len(a.Resources) > 0 {
			return nil, false
		}
		return &target{arn: "*", account: p.Account}, !p.outside // D48
	}
	service, _, _ := strings.Cut(strings.ToLower(action), ":")
	if inCatalog && !n.actsOn(action, arn) || !inCatalog && strings.Split(arn, ":")[2] != service {
		return nil, false
	}
	t := &target{arn: arn, account: strings.Split(arn, ":")[4]}
	if t.of = n.byARN[arn]; t.of == nil {
		if bucket, _, under := strings.Cut(arn, "/"); under && service == "s3" {
			t.of = n.byARN[bucket]
		}
	}
	if t.of != nil {
		t.account = t.of.account
		return t, true
	}
	if t.account == "" {
		t.account = p.Account
	}
	if p.outside {
		return nil, false
	}
	if t.account == "aws" { // D6: read as if it were the caller's own, and never written
		return t, service == "iam" && !evaluator.ServiceRefuses(action, &p.Principal, &evaluator.Target{Resource: arn}, false)
	}
	if t.account != p.Account {
		t.unread = true // whether a grant lets somebody retire is not known either; the assumed policy below cannot say so
		if strings.EqualFold(action, "kms:RetireGrant") {
			return nil, false
		}
		return t, n.asksAbroad(q, arn, t.account) && !n.consentRead(t.account, service)
	}
	t.other = true
	switch {
	case service == "sts" && strings.HasPrefix(strings.SplitN(arn, ":", 6)[5], "role/"):
		return nil, false // every role was read: there is no other one
	case service == "kms" && strings.HasPrefix(strings.SplitN(arn, ":", 6)[5], "key/"):
		t.assumed = true
		if n.consentRead(p.Account, service) {
			return nil, false // every key was read
		}
	}
	return t, true
}

// asksAbroad tells whether the question itself names the account of an ARN.
func (n *naive) asksAbroad(q *question, arn, account string) bool {
	for _, text := range q.on {
		t := policy.ResourceTemplate(text, policy.Identity, false)
		if f := strings.Split(text, ":"); len(f) > 4 && f[4] == account && t.Static.Match(arn) {
			return true
		}
	}
	return false
}

// consentRead tells whether the policies of a service's resources were read in an account.
func (n *naive) consentRead(account, service string) bool {
	if service == "iam" || service == "sts" {
		return n.read(account)
	}
	for _, a := range n.facts.Accounts {
		for _, c := range a.Coverage {
			if string(a.ID) == account && c.Kind == graph.KindResourcePolicies && c.State == graph.CoverageComplete {
				return true
			}
		}
	}
	return false
}

// actsOn tells whether an ARN is of one of the action's resource types: the template with the longest fixed beginning decides.
func (n *naive) actsOn(action, arn string) bool {
	a, _ := n.catalog.Action(action)
	best, found := -1, false
	for _, t := range a.Service.ResourceTypes {
		if !fits(t.ARN, arn) {
			continue
		}
		own := false
		for _, r := range a.Resources {
			own = own || r.Type.Name == t.Name
		}
		depth := strings.Count(t.ARN, "/") + strings.Count(t.ARN, ":")
		if depth > best {
			best, found = depth, false
		}
		if depth == best {
			found = found || own
		}
	}
	return found
}

// fits matches an ARN template: a variable is text without a colon in the first five fields, and any text after.
func fits(template, arn string) bool {
	ts, as := strings.SplitN(template, ":", 6), strings.SplitN(arn, ":", 6)
	if len(ts) < 6 || len(as) < 6 {
		return false
	}
	for i := range 5 {
		if strings.HasPrefix(ts[i], "${") {
			continue
		}
		if ts[i] != as[i] {
			return false
		}
	}
	pattern := ts[5]
	for {
		i := strings.Index(pattern, "${")
		if i < 0 {
			break
		}
		j := strings.IndexByte(pattern[i:], '}')
		pattern = pattern[:i] + "*" + pattern[i+j+1:]
	}
	return star(pattern, as[5])
}

// star is a glob with stars alone.
func star(pattern, s string) bool {
	head, rest, wild := strings.Cut(pattern, "*")
	if !wild {
		return pattern == s
	}
	if !strings.HasPrefix(s, head) {
		return false
	}
	for i := len(head); i <= len(s); i++ {
		if star(rest, s[i:]) {
			return true
		}
	}
	return false
}

// layers selects what is in force between a caller and a target for an action (D1, D10–D16, D25, D32). What does not apply by the
// kind of caller is left to the point engine, which the cases for single requests hold.
func (n *naive) layers(p *principal, action string, t *target) *evaluator.Layers {
	l := &evaluator.Layers{Identity: p.identity, Boundary: p.boundary, SCP: p.scps, RCP: n.levels(t.account, graph.ResourceControlPolicy, policy.RCP)}
	if t.of != nil && t.arn != "*" {
		l.Resource, l.Grants = t.of.policy, t.of.grants
	}
	if t.assumed || t.unread {
		l.Resource = &evaluator.Policy{Name: "assumed", Doc: policy.Parse(policy.Resource, []byte(
			`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"`+p.Account+`"},"Action":"*","Resource":"*"}}`))}
	}
	return l
}
