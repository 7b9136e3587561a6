package evaluator

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/accessgraph/accessgraph/evaluator/policy"
)

var paperPairs = flag.Int("pairs", 60, "pairs of documents to compare")

// A caller, with what it says of keys.
type paperCaller struct {
	principal Principal
	keys      map[string]string
}

// paperCallers are one of each kind that the random documents below can tell apart.
func paperCallers() []paperCaller {
	var out []paperCaller
	add := func(p Principal, arn, typ, username string) {
		keys := map[string]string{}
		if p.Account != "" {
			keys = map[string]string{"aws:PrincipalArn": arn, "aws:PrincipalAccount": p.Account, "aws:PrincipalType": typ, "aws:PrincipalIsAWSService": "false"}
			if username != "" {
				keys["aws:username"] = username
			}
		}
		out = append(out, paperCaller{p, keys})
	}
	for _, account := range []string{"111111111111", "222222222222", "555555555555"} {
		iam, sts := "arn:aws:iam::"+account+":", "arn:aws:sts::"+account+":"
		for _, name := range []string{"alice", "zoe", "data"} {
			add(Principal{Kind: User, ARN: iam + "user/" + name, Account: account, UniqueID: "AIDA" + name}, iam+"user/"+name, "User", name)
			add(Principal{Kind: FederatedUser, ARN: sts + "federated-user/f", Issuer: iam + "user/" + name, Account: account}, sts+"federated-user/f", "FederatedUser", "")
		}
		add(Principal{Kind: FederatedUser, ARN: sts + "federated-user/f", Issuer: iam + "root", Account: account}, sts+"federated-user/f", "FederatedUser", "")
		for _, role := range []string{"app", "ops"} {
			for _, session := range []string{"s1", "other"} {
				add(Principal{Kind: RoleSession, ARN: sts + "assumed-role/" + role + "/" + session, RoleARN: iam + "role/" + role, Account: account, UniqueID: "AROA" + role}, iam+"role/"+role, "AssumedRole", "")
			}
		}
		add(Principal{Kind: RoleSession, ARN: sts + "assumed-role/app/s1", RoleARN: iam + "role/path/app", Account: account, UniqueID: "AROApath"}, iam+"role/path/app", "AssumedRole", "")
		add(Principal{Kind: Root, ARN: iam + "root", Account: account, UniqueID: account}, iam+"root", "Account", "")
	}
	for _, name := range []string{"sns.amazonaws.com", "ec2.amazonaws.com"} {
		for _, account := range []string{"", "111111111111", "222222222222"} {
			add(Principal{Kind: Service, ARN: name}, "", "", "")
			keys := out[len(out)-1].keys
			if keys["aws:PrincipalIsAWSService"] = "true"; account != "" {
				keys["aws:PrincipalAccount"] = account
			}
		}
	}
	add(Principal{Kind: Anonymous, ARN: "anonymous"}, "", "", "")
	return out
}

// attachedCallers are users of two accounts, for documents without a principal: theirs are open as keys are.
func attachedCallers() []paperCaller {
	var out []paperCaller
	for _, arn := range []string{"arn:aws:iam::111111111111:user/alice", "arn:aws:iam::111111111111:role/ops", "arn:aws:iam::111111111111:role/zz", "arn:aws:iam::222222222222:user/zoe", "arn:aws:iam::555555555555:user/zoe"} {
		for _, name := range []string{"", "data", "zz"} {
			keys := map[string]string{"aws:PrincipalArn": arn, "aws:PrincipalAccount": arnAccount(arn), "aws:PrincipalType": "User", "aws:PrincipalIsAWSService": "false"}
			if name != "" {
				keys["aws:username"] = name
			}
			out = append(out, paperCaller{Principal{Kind: User, ARN: "arn:aws:iam::111111111111:user/anyone", Account: "111111111111"}, keys})
		}
	}
	return out
}

var (
	paperActions   = []string{"s3:GetObject", "s3:GetObjectTagging", "s3:PutObject", "s3:PutBucketPolicy", "s3:FrobObject", "s3:FrobTag", "sqs:SendMessage", "sqs:DeleteQueue", "kms:Decrypt", "kms:DisableKey", "sns:Publish", "s3:ListAllMyBuckets"}
	paperPatterns  = []string{"*", "s3:*", "s3:Get*", "s3:GetObject", "s3:PutObject", "s3:Put*", "s3:Frob*", "s3:*Object", "sqs:*", "kms:*", "kms:Decrypt", "s3:ListAllMyBuckets"}
	paperResources = []string{"arn:aws:s3:::data/red/x", "arn:aws:s3:::data/blue/x", "arn:aws:s3:::data/r*/x", "arn:aws:s3:::data/zz/x", "arn:aws:s3:::data", "arn:aws:s3:::zz/x", "arn:aws:s3:::alice/x", "arn:aws:s3:::zoe/x", "arn:aws:sqs:us-east-1:111111111111:q", "arn:aws:sqs:us-east-1:333333333333:q", "arn:aws:kms:us-east-1:111111111111:key/k", "arn:aws:kms:us-east-1:333333333333:key/k", "arn:aws-cn:kms:cn-north-1:111111111111:key/k"}
	paperTargets   = []string{"*", "*", "arn:aws:s3:::data/*", "arn:aws:s3:::data/red/*", "arn:aws:s3:::*", "arn:aws:sqs:*:111111111111:*", "arn:aws:s3:::data/${aws:PrincipalTag/team}/*", "arn:aws:s3:::${aws:username}/*", "arn:aws:kms:*:*:key/*"}
	paperNames     = []any{"*", "*", map[string]any{"AWS": "111111111111"}, map[string]any{"AWS": "arn:aws:iam::111111111111:user/alice"}, map[string]any{"AWS": "arn:aws:iam::111111111111:role/app"},
		map[string]any{"AWS": []string{"arn:aws:sts::111111111111:assumed-role/app/s1", "222222222222"}}, map[string]any{"Service": "sns.amazonaws.com"}, map[string]any{"AWS": []string{"arn:aws:iam::111111111111:root", "arn:aws:iam::222222222222:user/alice"}}}
	paperConditions = []struct {
		key       string
		operators []string
		values    []string
		requests  []string // the first stands for absent
	}{
		{"aws:PrincipalTag/team", []string{"StringEquals", "StringNotEquals", "StringLike", "StringEqualsIfExists"}, []string{"red", "blue", "r*"}, []string{"", "red", "blue", "rx", "zz", "r*"}},
		{"aws:SourceIp", []string{"IpAddress", "NotIpAddress"}, []string{"10.0.0.0/8", "10.1.0.0/16"}, []string{"", "10.1.0.1", "10.9.0.1", "192.0.2.1"}},
		{"aws:MultiFactorAuthPresent", []string{"Bool", "BoolIfExists", "Null"}, []string{"true", "false"}, []string{"", "true", "false"}},
		{"s3:prefix", []string{"StringLike", "StringNotLike", "Null"}, []string{"true", "home/*", "home/a*"}, []string{"", "home/x", "home/ax", "zz", "true", "home/*", "home/a*"}},
		{"aws:PrincipalArn", []string{"ArnLike", "ArnNotLike", "ArnEquals"}, []string{"arn:aws:iam::111111111111:role/*", "arn:aws:iam::111111111111:user/alice", "arn:aws:iam::111111111111:role/ops"}, nil},
		{"aws:PrincipalAccount", []string{"StringEquals", "StringNotEquals"}, []string{"111111111111", "222222222222"}, nil},
		{"aws:PrincipalOrgID", []string{"StringEquals", "StringNotEqualsIfExists"}, []string{"o-1"}, []string{"", "o-1", "o-2"}},
	}
)

// paperDraw draws from a seeded source; every draw is of the pair alone.
type paperDraw struct{ *rand.Rand }

func pick[T any](d paperDraw, from []T) T { return from[d.IntN(len(from))] }

func (d paperDraw) statement(kind policy.Kind, conditions []int) map[string]any {
	s := map[string]any{"Effect": pick(d, []string{"Allow", "Allow", "Allow", "Deny"})}
	actions := []string{pick(d, paperPatterns)}
	if d.IntN(3) == 0 {
		actions = append(actions, pick(d, paperPatterns))
	}
	s[pick(d, []string{"Action", "Action", "Action", "Action", "NotAction"})] = actions
	s[pick(d, []string{"Resource", "Resource", "Resource", "Resource", "NotResource"})] = pick(d, paperTargets)
	if kind == policy.Resource {
		s[pick(d, []string{"Principal", "Principal", "Principal", "Principal", "NotPrincipal"})] = pick(d, paperNames)
	}
	if d.IntN(2) == 0 {
		c := &paperConditions[pick(d, conditions)]
		op := pick(d, c.operators)
		values := []string{pick(d, c.values)}
		if d.IntN(3) == 0 {
			values = append(values, pick(d, c.values))
		}
		if op == "Null" {
			values = []string{pick(d, []string{"true", "false"})}
		}
		s["Condition"] = map[string]any{op: map[string]any{c.key: values}}
	}
	return s
}

// pair draws an old document and a new one, which is a change of the old one or another altogether.
func (d paperDraw) pair(t *testing.T, kind policy.Kind) (texts [2]string, keys []int) {
	keys = []int{d.IntN(len(paperConditions)), d.IntN(len(paperConditions))}
	var old, now []map[string]any
	for range 1 + d.IntN(3) {
		old = append(old, d.statement(kind, keys))
	}
	if d.IntN(4) > 0 {
		now = slices.Clone(old)
		switch d.IntN(3) {
		case 0:
			now = append(now, d.statement(kind, keys))
		case 1:
			now[d.IntN(len(now))] = d.statement(kind, keys)
		default:
			slices.Reverse(now)
			now = now[:1+d.IntN(len(now))]
		}
	} else {
		now = []map[string]any{d.statement(kind, keys)}
	}
	for i, list := range [][]map[string]any{old, now} {
		text, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": list})
		if err != nil {
			t.Fatal(err)
		}
		texts[i] = string(text)
	}
	return texts, keys
}

// paperOracle decides single requests: the point engine, with all else consenting.
type paperOracle struct {
	kind    policy.Kind
	docs    [2]*policy.Document // old, new
	decider Decider
	given   Policy

	consents map[string]*policy.Document
}

// consent delegates to an account.
func (o *paperOracle) consent(account string) *policy.Document {
	if o.consents[account] == nil {
		o.consents[account] = delegating(account)
	}
	return o.consents[account]
}

// layers are written down anew, so that the comparison's own are checked too.
func (o *paperOracle) layers(r *Request, doc *policy.Document) *Layers {
	p := Policy{Name: "document", Doc: doc}
	l := &Layers{Identity: []Policy{o.given}}
	if r.Principal.Kind == FederatedUser {
		l.Session, l.HasSession = l.Identity, true
	}
	switch o.kind {
	case policy.Resource:
		if r.Principal.Account == Owner(&r.Target) && !kmsKey(r.Target.Resource) {
			l.Identity = nil
		}
		l.Resource = &p
		return l
	case policy.SCP:
		l.SCP = [][]Policy{{p}}
	case policy.Boundary:
		l.Boundary = &p
	default:
		l.Identity = []Policy{p}
	}
	l.Resource = &Policy{Name: "consent", Doc: o.consent(r.Principal.Account)}
	l.Grants = []Grant{{ID: "consent", Retiring: r.Principal.Account}}
	return l
}

// exceeds tells whether the new document allows a request that the old one denies: for certain, or possibly.
func (o *paperOracle) exceeds(r *Request) (surely, maybe bool) {
	now := o.decider.Decide(r, o.layers(r, o.docs[1]))
	if now.Effect != Allowed {
		return false, false
	}
	sure := len(now.Uncertainties) == 0
	old := o.decider.Decide(r, o.layers(r, o.docs[0]))
	return sure && old.Effect != Allowed, old.Effect != Allowed || sure && len(old.Uncertainties) > 0
}

// search tries the product of all values that the documents tell apart.
func (o *paperOracle) search(callers []paperCaller, keys []int) (surely, maybe bool, at string) {
	var free []int
	for _, k := range keys {
		if paperConditions[k].requests != nil && !slices.Contains(free, k) {
			free = append(free, k)
		}
	}
	texts := ""
	for _, doc := range o.docs {
		for i := range doc.Statements {
			for j := range doc.Statements[i].Resources.Patterns {
				texts += doc.Statements[i].Resources.Patterns[j].Text
			}
		}
	}
	if strings.Contains(texts, "PrincipalTag/team") && !slices.Contains(free, 0) {
		free = append(free, 0)
	}
	for i := range callers {
		c := &callers[i]
		for _, action := range paperActions {
			if !o.speaks(action) {
				continue
			}
			for _, resource := range paperResources {
				if action == "s3:ListAllMyBuckets" {
					resource = "*"
				}
				if o.kind == policy.Resource && (strings.HasPrefix(action, "kms:") != kmsKey(resource) || resource == "*") {
					continue
				}
				owners := []string{c.principal.Account}
				if o.kind == policy.Resource && arnAccount(resource) == "" {
					owners = []string{c.principal.Account, "333333333333"}
				}
				for _, owner := range owners {
					r := &Request{Principal: c.principal, Action: action, Target: Target{Resource: resource, Account: owner}}
					if o.kind == policy.Resource && almighty(&c.principal) && Owner(&r.Target) == c.principal.Account && !kmsKey(resource) {
						continue
					}
					if o.kind != policy.Resource { // of the account of whatever it acts on
						if a := Owner(&r.Target); isAccountID(a) {
							r.Principal.Account = a
						}
					}
					s, m := o.contexts(r, c, free, nil)
					if m {
						maybe, at = true, fmt.Sprintf("%s %s on %s of %s", c.principal.ARN, action, resource, owner)
					}
					if s {
						return true, true, at
					}
				}
			}
		}
	}
	return false, maybe, at
}

var canonicalKeys sync.Map

// canonical is policy.CanonicalKey, remembered.
func canonical(key string) string {
	if k, ok := canonicalKeys.Load(key); ok {
		return k.(string)
	}
	k := policy.CanonicalKey(key)
	canonicalKeys.Store(key, k)
	return k
}

// speaks tells whether the new document has an Allow that speaks of an action: without one nothing is allowed.
func (o *paperOracle) speaks(action string) bool {
	for i := range o.docs[1].Statements {
		if st := &o.docs[1].Statements[i]; st.Effect == policy.Allow && st.Actions.Match(action) {
			return true
		}
	}
	return false
}

func (o *paperOracle) contexts(r *Request, c *paperCaller, free []int, chosen []string) (surely, maybe bool) {
	if len(chosen) < len(free) {
		k := &paperConditions[free[len(chosen)]]
		for _, v := range k.requests {
			p := &c.principal
			switch {
			case v != "" && strings.HasPrefix(k.key, "aws:Principal") && (!hasIdentitySide(p) || p.Kind == Root && strings.Contains(k.key, "Tag")),
				v != "" && k.key == "aws:MultiFactorAuthPresent" && !hasIdentitySide(p),
				v == "" && k.key == "aws:MultiFactorAuthPresent" && p.Kind == RoleSession:
				continue // such callers do not have the key, or always do (C31)
			}
			s, m := o.contexts(r, c, free, append(chosen, v))
			maybe = maybe || m
			if s {
				return true, true
			}
		}
		return false, maybe
	}
	ctx := policy.NewContext(8)
	for key, v := range c.keys {
		ctx.Put(canonical(key), policy.Single(v))
	}
	for i, v := range chosen {
		if v != "" {
			ctx.Put(canonical(paperConditions[free[i]].key), policy.Single(v))
		}
	}
	q := *r
	q.Context = *ctx
	return o.exceeds(&q)
}

// TestPapersAgree holds that what a random document allows beyond another is what the point engine finds on the product of all values that the
// two tell apart, and that each difference has a witness that it confirms.
func TestPapersAgree(t *testing.T) {
	papers := NewPapers(testCatalog(t))
	var counts [3]atomic.Int64
	workers := runtime.GOMAXPROCS(0)
	var all sync.WaitGroup
	for w := range workers { // side by side: papers serve many
		all.Go(func() {
			for n := w; n < *paperPairs; n += workers {
				counts[comparePair(t, papers, n)].Add(1)
			}
		})
	}
	all.Wait()
	exceeds, unknown, included := counts[Exceeds].Load(), counts[Uncertain].Load(), counts[Included].Load()
	t.Logf("%d pairs: %d with new access, %d without, %d unknown", *paperPairs, exceeds, included, unknown)
	if exceeds == 0 || included == 0 {
		t.Errorf("%d pairs with new access and %d without: the pairs are all of one sort", exceeds, included)
	}
}

// comparePair compares one random pair of documents both ways, and gives the answer.
func comparePair(t *testing.T, papers *Papers, n int) Inclusion {
	d := paperDraw{rand.New(rand.NewPCG(uint64(n), 7))}
	kind := []policy.Kind{policy.Identity, policy.Resource, policy.Resource, policy.Identity, policy.Resource, policy.SCP, policy.Identity, policy.Boundary}[n%8]
	texts, keys := d.pair(t, kind)
	o := &paperOracle{kind: kind, decider: Decider{Actions: CatalogTypes(testCatalog(t))}, given: Policy{Name: "given", Doc: allowAll()}, consents: map[string]*policy.Document{}}
	for i := range texts {
		o.docs[i] = policy.Parse(kind, []byte(texts[i]))
	}
	a, err := papers.Beyond(t.Context(), &PaperQuestion{Kind: kind, Old: o.docs[0], New: o.docs[1], First: n%2 == 0})
	if err != nil {
		t.Error(err)
		return Uncertain
	}
	got := Included
	for _, r := range a.Rows {
		got = min(got, inclusionOf(r.Grants))
		for _, g := range r.Grants {
			if g.Verdict == Unknown {
				continue
			}
			q := g.evaluation.request(g.sketch, g.evaluation.caller, policy.NewContext(16))
			if sure, _ := o.exceeds(q); !sure {
				t.Errorf("pair %d, %s: the witness %s %s on %s is not confirmed\nold %s\nnew %s", n, kind, q.Principal.ARN, q.Action, q.Target.Resource, texts[0], texts[1])
			}
		}
	}
	callers := attachedCallers()
	if kind == policy.Resource {
		callers = paperCallers()
	}
	surely, maybe, at := o.search(callers, keys)
	if surely != (got == Exceeds) || maybe && got == Included {
		var found string
		for _, r := range a.Rows {
			for _, g := range r.Grants {
				found += fmt.Sprintf("%s: %s %s %s %v %v\n", r.Principal, g.Verdict, g.Actions, g.Resources(), exprText(g.Conditions), g.Notes)
			}
		}
		t.Errorf("pair %d, %s: the comparison says %s, the point engine %v, %v at %s\nold %s\nnew %s\n%s", n, kind, got, surely, maybe, at, texts[0], texts[1], found)
	}
	return got
}

// TestPapersTellRolesOfASession holds that a session which a document names may be one of a role under any path: what is granted to the one role of that
// name that another statement names does not cover it (A25).
func TestPapersTellRolesOfASession(t *testing.T) {
	const (
		role    = `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:role/app"},"Action":"s3:*","Resource":"*"}`
		session = `{"Effect":"Allow","Principal":{"AWS":"arn:aws:sts::111111111111:assumed-role/app/s1"},"Action":"s3:GetObject","Resource":"*"}`
	)
	read := func(statements string) *policy.Document {
		return policy.Parse(policy.Resource, []byte(`{"Version":"2012-10-17","Statement":[`+statements+`]}`))
	}
	papers := NewPapers(testCatalog(t))
	a, err := papers.Beyond(t.Context(), &PaperQuestion{Kind: policy.Resource, Old: read(role), New: read(role + "," + session)})
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Rows) != 1 || a.Rows[0].Principal != "arn:aws:sts::111111111111:assumed-role/app/s1" || inclusionOf(a.Rows[0].Grants) != Exceeds {
		t.Fatalf("the rows are %v", a.Rows)
	}
	if w := a.Rows[0].Witness(a.Rows[0].Grants[0]); w == nil || w.Principal != "arn:aws:sts::111111111111:assumed-role/app/s1" {
		t.Errorf("the witness is %v", w)
	}
}
