package evaluator

import (
	"context"
	"errors"
	"sort"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/evaluator/region"
	"github.com/accessgraph/accessgraph/graph"
)

// Subject is what a question's scope can speak of: one principal or outside grantee.
type Subject struct {
	ARN     string
	Kind    string
	Name    string
	Account string
	Outside bool     // outside the zone of trust: the organization, or the accounts of the snapshot
	Path    []string // root, OUs and account ids above it, by id and name
	Org     string
	Tags    map[string]string
}

// subject describes a caller for scopes.
func (w *World) subject(c *caller) *Subject {
	s := &Subject{ARN: c.arn, Kind: c.kind, Name: c.name, Account: c.principal.Account, Outside: c.outside && !w.inZone(c.principal.Account)}
	if c.account != nil && c.account.inOrg {
		s.Org = w.org.id
		for _, id := range c.account.ancestors {
			s.Path = append(s.Path, id)
			if name := w.org.names[id]; name != "" {
				s.Path = append(s.Path, name)
			}
		}
	}
	if len(c.tags) > 0 {
		s.Tags = make(map[string]string, len(c.tags))
		for _, t := range c.tags {
			s.Tags[t.Key] = t.Value
		}
	}
	return s
}

// inZone tells whether an account counts as inside: of the organization, or of the snapshot (D50).
func (w *World) inZone(id string) bool {
	a := w.account(id)
	return a != nil && (a.facts != nil || a.inOrg)
}

// grantees lists everyone whom a group's own policy and grants speak of and who is no principal of the snapshot: outside
// accounts and their principals, AWS services, identity providers, and the public.
func (w *World) grantees(g *targetGroup) []*caller {
	seen := map[string]*caller{}
	add := func(c *caller) {
		if c != nil && seen[c.kind+"\x00"+c.arn+"\x00"+c.principal.ARN] == nil {
			seen[c.kind+"\x00"+c.arn+"\x00"+c.principal.ARN] = c
		}
	}
	partition := "aws"
	if g.owner != nil {
		partition = g.owner.partition
	}
	if g.policy != nil {
		for i := range g.policy.Doc.Statements {
			s := &g.policy.Doc.Statements[i]
			if s.Effect != policy.Allow {
				continue
			}
			if s.Principals.Not {
				addPublic(partition, add)
				continue
			}
			for j := range s.Principals.Entries {
				e := &s.Principals.Entries[j]
				if e.Kind == policy.PrincipalEveryone {
					addPublic(partition, add)
					continue
				}
				add(w.grantee(e, partition))
			}
		}
	}
	for _, gr := range g.grants {
		for _, who := range []string{gr.Grantee, gr.Retiring, gr.IssuingAccount} { // the latter two may retire it (D33)
			if who != "" {
				e := principalText(who)
				add(w.grantee(&e, partition))
			}
		}
	}
	out := make([]*caller, 0, len(seen))
	for _, k := range sortedKeys(seen) {
		out = append(out, seen[k])
	}
	return out
}

// addPublic stands for everyone: an unsigned caller, and any principal of an account outside the zone of trust.
func addPublic(partition string, add func(*caller)) {
	add(&caller{kind: "public", arn: "*", name: "anonymous", outside: true, principal: Principal{Kind: Anonymous, ARN: "anonymous"}})
	add(stranger("public", "*", "any AWS account", partition))
	add(&caller{kind: "service", arn: "*", name: "any AWS service", outside: true, principal: Principal{Kind: Service, ARN: anyService}})
}

// stranger is a caller of an account that nobody knows.
func stranger(kind, arn, name, partition string) *caller {
	return &caller{kind: kind, arn: arn, name: name, outside: true, principal: Principal{
		Kind: RoleSession, ARN: "arn:" + partition + ":sts::" + strangerAccount + ":assumed-role/anyone/" + anySession,
		RoleARN: "arn:" + partition + ":iam::" + strangerAccount + ":role/anyone", UniqueID: "AROAANYONE", Account: strangerAccount,
	}}
}

// anyService stands for an AWS service that no policy names (A22).
const anyService = "any.amazonaws.com"

// strangerAccount stands for an account that nobody knows.
const strangerAccount = "999999999999"

// grantee is the caller that one principal entry stands for, nil for principals of the snapshot and those that match nobody. Its ARN is of the
// entry's partition, or of the given one where the entry is no ARN.
func (w *World) grantee(e *policy.PrincipalEntry, partition string) *caller {
	switch e.Kind {
	case policy.PrincipalService:
		return &caller{kind: "service", arn: e.Text, name: e.Text, outside: true, principal: Principal{Kind: Service, ARN: e.Text}}
	case policy.PrincipalFederated:
		kind := federatedKind(e.Text)
		if strings.ContainsAny(e.Text, "*?") || w.noProvider(e.Text, kind) { // A23
			return nil
		}
		return &caller{kind: "provider", arn: e.Text, name: e.Text, outside: true, principal: Principal{Kind: kind, ARN: e.Text}}
	case policy.PrincipalCanonicalUser: // A29
		c := stranger("account", e.Text, e.Text, partition)
		c.principal.CanonicalID = e.Text
		return c
	case policy.PrincipalAccount, policy.PrincipalARN:
		a := w.account(e.Account)
		switch {
		case e.Account == "" && arnAccount(e.Text) == "cloudfront": // A29: an origin access identity
			return &caller{kind: "service", arn: e.Text, name: e.Text, outside: true, principal: Principal{Kind: Service, ARN: e.Text}}
		case e.Account == "":
			return nil
		case a.principalsRead():
			return w.federatedUser(a, e)
		case w.has(e.Text):
			return nil
		}
		return w.outsidePrincipal(e, partition)
	}
	return nil
}

// has tells whether a principal of that ARN, or the role of a session of that ARN, is in the snapshot. Root users stand for nobody but
// themselves here.
func (w *World) has(arn string) bool {
	if w.part != nil {
		return w.part.knows(arn)
	}
	account, role := arnAccount(arn), roleOfSession(arn)
	for _, c := range w.callers {
		if c.principal.Account != account || c.kind == "root" {
			continue
		}
		if c.arn == arn || role != arn && roleOfSession(c.principal.ARN) == role {
			return true
		}
	}
	return false
}

// principalsRead tells whether the users and roles of an account are in the snapshot: all of them, as far as anybody said.
func (a *account) principalsRead() bool {
	if a == nil || a.facts == nil {
		return false
	}
	state := a.coverage[graph.KindIAM]
	return state == graph.CoverageComplete || state == "" && (a.populated || len(a.facts.Users)+len(a.facts.Roles)+len(a.facts.Groups)+len(a.facts.Policies) > 0)
}

// noProvider tells an identity provider that its account does not have (D29): others of its kind were read there, and it was not.
func (w *World) noProvider(arn string, kind PrincipalKind) bool {
	a := w.account(arnAccount(arn))
	if w.providers || a == nil || a.facts == nil || a.coverage[graph.KindIdentityProviders] != graph.CoverageComplete {
		return false
	}
	some := false
	for _, p := range a.facts.Providers {
		if string(p.ARN) == arn {
			return false
		}
		some = some || (p.Kind == "SAML") == (kind == SAMLFederated)
	}
	return some
}

// federatedUser is a session of GetFederationToken that is named in its own account, nil for any other principal. Without a session policy
// it has what names it, and nothing else (D19, D21).
func (w *World) federatedUser(a *account, e *policy.PrincipalEntry) *caller {
	if !strings.HasPrefix(arnField(e.Text, 6), "federated-user/") {
		return nil
	}
	return &caller{kind: "session", arn: e.Text, name: afterLast(e.Text, "/"), account: a, freeTags: true, principal: Principal{
		Kind: FederatedUser, ARN: e.Text, Account: a.id, Management: a.management,
	}}
}

func (w *World) outsidePrincipal(e *policy.PrincipalEntry, partition string) *caller {
	if strings.HasPrefix(e.Text, "arn:") {
		partition = arnField(e.Text, 2)
	}
	c := &caller{kind: "account", arn: e.Text, name: e.Text, outside: true, account: w.account(e.Account)}
	c.principal = Principal{
		Kind: RoleSession, Account: e.Account, Management: c.account != nil && c.account.management, ARN: "arn:" + partition + ":sts::" + e.Account + ":assumed-role/someone/" + anySession,
		RoleARN: "arn:" + partition + ":iam::" + e.Account + ":role/someone", UniqueID: "AROASOMEONE",
	}
	if e.Kind == policy.PrincipalAccount {
		c.arn = "arn:" + partition + ":iam::" + e.Account + ":root"
		return c
	}
	resource := arnField(e.Text, 6)
	switch {
	case strings.HasPrefix(resource, "user/"):
		c.kind, c.principal.Kind, c.principal.ARN, c.principal.RoleARN = "user", User, e.Text, ""
	case strings.HasPrefix(resource, "role/"):
		name := resource[strings.LastIndexByte(resource, '/')+1:]
		c.kind, c.principal.RoleARN = "role", e.Text
		c.principal.ARN = "arn:" + partition + ":sts::" + e.Account + ":assumed-role/" + name + "/" + anySession
	case strings.HasPrefix(resource, "assumed-role/"): // its role is named without the path (A25)
		name, _, _ := strings.Cut(strings.TrimPrefix(resource, "assumed-role/"), "/")
		role := "arn:" + partition + ":iam::" + e.Account + ":role/"
		c.kind, c.principal.ARN, c.principal.RoleARN = "role", e.Text, role+name
		c.roleARNs = &region.Lang{Patterns: []region.Pattern{region.Literal(role + name), underPaths(role, name)}}
	case strings.HasPrefix(resource, "federated-user/"):
		c.kind, c.principal.Kind, c.principal.ARN, c.principal.RoleARN = "session", FederatedUser, e.Text, ""
	}
	return c
}

// underPaths are the ARNs of roles of a name under any path.
func underPaths(role, name string) region.Pattern {
	p := region.Literal(role)
	p.Tokens = append(append(p.Tokens, region.Token{Kind: region.TokenStar}), region.Literal("/"+name).Tokens...)
	return p
}

// outsideFact is the table C31 for callers that are not in the snapshot: what their entry fixes is known, all else is open.
func (s *situation) outsideFact(key string) (keyFact, bool) {
	p := &s.caller.principal
	if !isPrincipalKey(key) {
		return keyFact{}, false
	}
	switch p.Kind {
	case Service:
		return serviceFact(p, key), true
	case Anonymous:
		switch key {
		case "aws:principalaccount", "aws:userid":
			return known("anonymous"), true
		case "aws:principaltype":
			return known("Anonymous"), true
		}
		return keyFact{}, true
	case OIDCFederated, SAMLFederated:
		return keyFact{}, true
	}
	stranger := p.Account == strangerAccount
	exact := s.caller.kind == "user" || s.caller.kind == "role"
	if p.Kind == FederatedUser {
		switch key {
		case "aws:principaltype":
			return known("FederatedUser"), true
		case "aws:userid":
			return known(p.Account + ":" + afterLast(p.ARN, "/")), true
		case "aws:username", "aws:federatedprovider", "aws:sourceidentity", "aws:assumedroot":
			return keyFact{}, true
		}
	}
	switch key {
	case "aws:principalarn":
		switch {
		case exact && p.Kind == User, p.Kind == FederatedUser:
			return known(p.ARN), true
		case exact && s.caller.roleARNs != nil:
			return keyFact{state: keyPresent, universe: s.caller.roleARNs}, true
		case exact:
			return known(p.RoleARN), true
		case stranger:
			return keyFact{state: keyPresent, universe: s.zone().outsideARNs()}, true
		}
		return keyFact{state: keyPresent, universe: patternLang(region.Literal("arn:"+arnField(p.ARN, 2)+":iam::"+p.Account+":"), true)}, true
	case "aws:principalaccount":
		if stranger {
			return keyFact{state: keyPresent, universe: s.zone().outsideAccounts()}, true
		}
		return known(p.Account), true
	case "aws:principalorgid", "aws:principalorgpaths":
		return s.outsideOrg(key), true
	case "aws:principalisawsservice":
		return known("false"), true
	case "aws:principalservicename", "aws:principalservicenameslist":
		return keyFact{}, true
	}
	switch {
	case exact:
		return exactFact(p, key), true
	case key == "aws:principaltype": // somebody of the account, of whatever kind
		return keyFact{state: keyPresent, universe: principalTypes}, true
	}
	return keyFact{state: keyFree}, true
}

// principalTypes are the values of aws:PrincipalType for callers of an account (C31).
var principalTypes = &region.Lang{Patterns: []region.Pattern{
	region.Literal("AssumedRole"), region.Literal("User"), region.Literal("Account"), region.Literal("FederatedUser"),
}}

// exactFact is what the kind of a user or role that was not read says by itself (C31, C44).
func exactFact(p *Principal, key string) keyFact {
	role := p.Kind == RoleSession
	switch key {
	case "aws:principaltype":
		if role {
			return known("AssumedRole")
		}
		return known("User")
	case "aws:username":
		if role {
			return keyFact{}
		}
		return known(afterLast(p.ARN, "/"))
	case "aws:tokenissuetime", "aws:multifactorauthpresent":
		if role {
			return keyFact{state: keyPresent}
		}
	case "aws:federatedprovider", "aws:sourceidentity":
		if !role {
			return keyFact{}
		}
	case "aws:assumedroot":
		return keyFact{}
	}
	return keyFact{state: keyFree}
}

// zone is the zone of trust that the caller is outside of.
func (s *situation) zone() *zone {
	if z := s.caller.zone; z != nil {
		return z
	}
	return s.world.zone()
}

// outsideOrg is the organization of an outside caller: known for a member that was not read and for somebody of one organization, else any but
// those inside.
func (s *situation) outsideOrg(key string) keyFact {
	w, c := s.world, s.caller
	if c.org != "" {
		if key == "aws:principalorgid" {
			return known(c.org)
		}
		return keyFact{state: keyPresent, universe: patternLang(region.Literal(c.org+"/"), true)}
	}
	if a := c.account; a != nil && a.inOrg {
		if key == "aws:principalorgid" {
			return known(w.org.id)
		}
		return keyFact{state: keyKnown, value: policy.Multi(a.path)}
	}
	return keyFact{state: keyFree, universe: s.zone().outsideOrgs(key == "aws:principalorgpaths")}
}

func serviceFact(p *Principal, key string) keyFact {
	switch key {
	case "aws:principalisawsservice":
		return known("true")
	case "aws:principalservicename":
		if p.ARN == anyService {
			return keyFact{state: keyPresent}
		}
		return known(p.ARN)
	case "aws:principalservicenameslist":
		if p.ARN == anyService {
			return keyFact{state: keyPresent}
		}
		return keyFact{state: keyKnown, value: policy.Multi(append([]string{p.ARN}, p.ServiceNames...)...)}
	case "aws:principalaccount", "aws:principaltype", "aws:userid":
		return keyFact{state: keyFree}
	}
	return keyFact{}
}

func isPrincipalKey(key string) bool {
	switch key {
	case "aws:principalarn", "aws:principalaccount", "aws:principaltype", "aws:userid", "aws:username", "aws:principalorgid",
		"aws:principalorgpaths", "aws:principalisawsservice", "aws:principalservicename", "aws:principalservicenameslist",
		"aws:tokenissuetime", "aws:multifactorauthpresent", "aws:multifactorauthage", "aws:federatedprovider", "aws:sourceidentity",
		"aws:assumedroot":
		return true
	}
	return false
}

// judgeOutside judges the grantees of each group's own policy that are not in the snapshot. One grantee has one row over all
// the resources that admit it.
func (w *World) judgeOutside(ctx context.Context, t *targets, filter func(*Subject) bool) ([]*Row, error) {
	rows := map[string]*outsideRow{}
	for _, g := range t.groups {
		for _, c := range w.grantees(g) {
			if filter != nil && !filter(w.subject(c)) {
				continue
			}
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if err := w.judgeGrantee(ctx, t, c, g, rows); err != nil {
				return nil, err
			}
		}
	}
	var out []*Row
	keys := make([]string, 0, len(rows))
	for k := range rows {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	for _, k := range keys {
		r := rows[k]
		r.row.Grants = t.question.joinGrants(r.row.Grants)
		r.row.Verdict, r.row.Covers = t.question.sum(r.row.Grants, r.cover(t))
		r.row.Actions, r.row.ActionCount = t.question.union(r.row.Grants)
		if r.row.Verdict != Denied {
			out = append(out, r.row)
		}
	}
	return out, nil
}

// outsideRow gathers what one grantee gets from several resources.
type outsideRow struct {
	row    *Row
	covers map[*targetGroup]*coverage // of the resources that let it in
}

// cover joins what is known of each resource: those that do not let the grantee in deny it everything. Where several callers stand for
// one grantee, what one of them has counts.
func (r *outsideRow) cover(t *targets) *coverage {
	out := &coverage{gaps: t.question.none(), denied: t.question.none()}
	for _, g := range t.groups {
		c := r.covers[g]
		if c == nil {
			out.denied = out.denied.Or(g.actions)
			continue
		}
		out.gaps, out.denied = out.gaps.Or(c.gaps), out.denied.Or(c.denied)
	}
	return out
}

func (c *compiledQuestion) none() region.Set { return region.NewSet(len(c.members)) }

func (w *World) judgeGrantee(ctx context.Context, t *targets, c *caller, g *targetGroup, rows map[string]*outsideRow) error {
	budget := region.NewBudget(t.question.Budget).Within(ctx)
	e, ok := newEvaluation(t, t.sideOf(c), g, budget)
	if !ok {
		return nil
	}
	cover := &coverage{gaps: t.question.none(), denied: t.question.none()}
	grants, err := e.judge(cover)
	if errors.Is(err, region.ErrBudget) {
		grants, err = []*Access{exceeded(t.question, g)}, nil
	}
	if err != nil || len(grants) == 0 {
		return err
	}
	if public := rows["public\x00*"]; public != nil && c.principal.ARN == anyService {
		if grants = beyond(public.row.Grants, grants); len(grants) == 0 {
			return nil
		}
	}
	key := c.kind + "\x00" + c.arn
	r := rows[key]
	if r == nil {
		r = &outsideRow{row: &Row{Principal: c.arn, Kind: c.kind, Account: c.principal.Account}, covers: map[*targetGroup]*coverage{}}
		if c.principal.Account == strangerAccount {
			r.row.Account = ""
		}
		rows[key] = r
	} else if c.principal.Account == strangerAccount {
		grants = beyond(r.row.Grants, grants)
	}
	if have := r.covers[g]; have != nil {
		cover = &coverage{gaps: cover.gaps.And(have.gaps), denied: cover.denied.And(have.denied)}
	}
	r.covers[g] = cover
	for _, a := range grants {
		if a.sketch != nil {
			witness, agrees := e.witness(a.sketch, c, a.Assumptions, a.Verdict == Unknown)
			a.witness = witness
			if !agrees {
				a.doubt()
			}
		}
		r.row.Grants = append(r.row.Grants, a)
	}
	return nil
}

// beyond drops grants to any AWS account or service that unsigned callers have just so: the public row says it once.
func beyond(have, more []*Access) []*Access {
	known := map[string]bool{}
	key := func(a *Access) string {
		return a.members.Key() + exprText(a.Conditions) + a.Verdict.String() + strings.Join(a.Resources(), "\x00")
	}
	for _, a := range have {
		known[key(a)] = true
	}
	var out []*Access
	for _, a := range more {
		if !known[key(a)] {
			out = append(out, a)
		}
	}
	return out
}
