package syntax

import (
	"pgregory.net/rapid"
)

// Generators of trees that the grammar has, with texts that try to look like something else.

func genText() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.SampledFrom([]string{
			"a", "prod", "in", "and", "not", "count", "who", "can't", "*", "**", "a b", " a", "it's", `say "hi"`, `both ' and "`, "a,b", "(x)", "a|b",
			"a=b", "a!", "x~y", "<", "#x", "a#b", "@x", "@latest~1", "@a=b", "10", "10.0.0.1", "10.0.0.0/8", "::1", "2001:db8::/32",
			"aws:SourceIp", "AWS:x", "aws:PrincipalTag/a b", "s3:Get*", "repo:acme/app:ref", "arn:aws:iam::1:role/a", "role/x", "ROLE/x", "role/a=b",
			"user/", "${aws:username}", "x/${aws:username}", "${", "$", "${aws:x, 'd'}", "a?", "?", "true", "false", "null", "90d", "2026-11-01", `a\b`, "\n", "\t",
			"\x00", "\u202e", "\xff", "日本", "“x”", "a’s", "\u00a0", "", "any", "of", "é", "🙂",
		}),
		rapid.StringOfN(rapid.RuneFrom([]rune("ab:/*?${}@+=.,-()|'\"\\ #~!<>\n1é日")), 0, 8, -1),
		rapid.String(),
	)
}

func genName() *rapid.Generator[string] {
	return genText().Filter(func(s string) bool { return s != "" })
}

// genKey makes keys that can be printed: a right side has no quotes to hide a brace or a line break in.
func genKey() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.SampledFrom([]string{"aws:SourceIp", "aws:PrincipalTag/team", "aws:PrincipalTag/cost center", "kms:EncryptionContext:app", "x:y",
			"token.actions.githubusercontent.com:sub", "www.example.com/a:aud", "AWS:username", "aws:PrincipalTag/a=b", "aws:PrincipalTag/a'b"}),
		rapid.StringMatching(`[a-z]{1,3}:[A-Za-z0-9 /=+@.:_'"()-]{0,8}[a-z]`),
	)
}

func genOperand(t *rapid.T, op Op) Operand {
	if op == InNetwork {
		return Operand{Text: rapid.SampledFrom([]string{"10.0.0.0/8", "192.0.2.1", "2001:db8::/32", "::1"}).Draw(t, "network")}
	}
	if rapid.IntRange(0, 3).Draw(t, "key?") == 0 {
		return Operand{Text: genKey().Draw(t, "key"), Key: true}
	}
	return Operand{Text: genText().Draw(t, "value")}
}

func genCompare(t *rapid.T) *Compare {
	e := &Compare{Op: Op(rapid.IntRange(int(Equal), int(Absent)).Draw(t, "op"))}
	e.Key = rapid.OneOf(genKey(), genName(), rapid.SampledFrom([]string{ResourceKey, "Resource"})).Draw(t, "left")
	n := 1
	switch e.Op {
	case Present, Absent:
		n = 0
	case Like, ArnLike, EqualFold, In, InNetwork:
		n = rapid.IntRange(1, 3).Draw(t, "n")
	}
	if n > 0 {
		e.Set = SetOperator(rapid.IntRange(0, 2).Draw(t, "set"))
	}
	for range n {
		e.Operands = append(e.Operands, genOperand(t, e.Op))
	}
	return e
}

func genExpr(t *rapid.T, depth int) Expr {
	kind := rapid.IntRange(0, 7).Draw(t, "expr")
	if depth == 0 || kind > 3 {
		return genCompare(t)
	}
	terms := func() []Expr {
		out := make([]Expr, rapid.IntRange(2, 3).Draw(t, "terms"))
		for i := range out {
			out[i] = genExpr(t, depth-1)
		}
		return out
	}
	switch kind {
	case 0:
		return &And{Terms: terms()}
	case 1:
		return &Or{Terms: terms()}
	case 2:
		return &Not{Term: genExpr(t, depth-1)}
	}
	return &Const{Value: rapid.Bool().Draw(t, "const")}
}

func genPredicate(t *rapid.T, depth int) Predicate {
	kind := rapid.IntRange(0, 7).Draw(t, "predicate")
	values := func(most int) []Value {
		out := make([]Value, rapid.IntRange(1, most).Draw(t, "values"))
		for i := range out {
			out[i] = Value{Text: genText().Draw(t, "value")}
		}
		return out
	}
	terms := func() []Predicate {
		out := make([]Predicate, rapid.IntRange(2, 3).Draw(t, "terms"))
		for i := range out {
			out[i] = genPredicate(t, depth-1)
		}
		return out
	}
	if depth == 0 {
		kind += 3
	}
	switch kind {
	case 0:
		return &PredicateAnd{Terms: terms()}
	case 1:
		return &PredicateOr{Terms: terms()}
	case 2:
		return &PredicateNot{Term: genPredicate(t, depth-1)}
	case 3:
		return &Call{Function: rapid.SampledFrom([]string{"can", "has", "in"}).Draw(t, "function"), Arguments: values(3)}
	}
	f := &FieldTest{Field: genName().Draw(t, "field")}
	f.Op = rapid.SampledFrom([]Op{Equal, NotEqual, Less, LessEqual, Greater, GreaterEqual, Like, In, Contains, Null}).Draw(t, "op")
	switch f.Op {
	case Null:
	case In:
		f.Values = values(3)
	case Equal:
		if f.Bare = rapid.Bool().Draw(t, "bare"); !f.Bare {
			f.Values = values(1)
		}
	default:
		f.Values = values(1)
	}
	return f
}

func genAccount(t *rapid.T) string { return rapid.StringMatching(`[0-9]{12}`).Draw(t, "account") }

func genPrincipal(t *rapid.T) *Principal {
	p := &Principal{Kind: PrincipalKind(rapid.IntRange(0, int(PrincipalService)).Draw(t, "principal"))}
	switch p.Kind {
	case PrincipalARN:
		p.Name = "arn:aws:iam::111122223333:" + genText().Draw(t, "arn")
	case PrincipalRole, PrincipalUser, PrincipalGroup, PrincipalService:
		p.Name = genName().Draw(t, "name")
	case PrincipalAccount:
		p.Name = genAccount(t)
	case PrincipalRoot:
	}
	return p
}

func genScope(t *rapid.T) *Scope {
	s := &Scope{Kind: ScopeKind(rapid.IntRange(0, int(ScopeTag)).Draw(t, "scope"))}
	switch s.Kind {
	case ScopeAccount:
		s.Name = genAccount(t)
	case ScopeOU, ScopeOrg:
		s.Name = genName().Draw(t, "name")
	case ScopeTag:
		s.Name, s.Value = genName().Draw(t, "name"), genText().Draw(t, "value")
	case ScopeOutside:
	}
	return s
}

func genAccess(t *rapid.T) Access {
	a := Access{Quantifier: Quantifier(rapid.IntRange(0, 1).Draw(t, "quantifier"))}
	a.Explicit = a.Quantifier == AllOf || rapid.Bool().Draw(t, "explicit")
	for range rapid.IntRange(1, 3).Draw(t, "actions") {
		p := ActionPattern{Text: "*"}
		switch rapid.IntRange(0, 2).Draw(t, "action") {
		case 0:
			p.Text = rapid.StringMatching(`[a-z*?]{1,3}:[A-Za-z*?]{1,6}`).Draw(t, "pattern")
		case 1:
			p.Text = rapid.SampledFrom([]string{"*", "kms:*", "s3:*"}).Draw(t, "service")
			p.Level = rapid.SampledFrom(levels()).Draw(t, "level")
		}
		a.Actions = append(a.Actions, p)
	}
	return a
}

func genResources(t *rapid.T) []Resource {
	out := make([]Resource, rapid.IntRange(1, 3).Draw(t, "resources"))
	for i := range out {
		out[i].Pattern = rapid.SampledFrom([]string{"arn:aws:s3:::", "*", "ARN:"}).Draw(t, "prefix") + genText().Draw(t, "resource")
	}
	return out
}

func genSnapshot(t *rapid.T) Snapshot { return Snapshot{Ref: genName().Draw(t, "ref")} }

// genClauses makes clauses; on is left out for the questions that give it to their target.
func genClauses(t *rapid.T, on bool) Clauses {
	var c Clauses
	some := func(name string) bool { return rapid.IntRange(0, 2).Draw(t, name) == 0 }
	if on && some("on") {
		c.On = genResources(t)
	}
	if some("when") {
		c.When = genExpr(t, 2)
	}
	if some("in") {
		c.In = []Scope{*genScope(t), *genScope(t)}
	}
	if some("except") {
		c.Except = []Exception{genScope(t)}
		if p := genPrincipal(t); p.Kind != PrincipalAccount { // there an account is a scope
			c.Except = append(c.Except, p)
		}
	}
	if some("via") {
		c.Via = []Edge{{Kind: EdgeAssume}, {Kind: EdgeEscalation}}
	}
	if some("within") {
		c.Within = &Within{Hops: rapid.IntRange(0, 1000).Draw(t, "hops")}
	}
	if some("at") {
		at := genSnapshot(t)
		c.At = &at
	}
	return c
}

func genTarget(t *rapid.T) Target {
	switch rapid.IntRange(0, 3).Draw(t, "target") {
	case 0:
		return genPrincipal(t)
	case 1:
		return &AdminTarget{}
	case 2:
		return &AdminTarget{Account: genAccount(t)}
	}
	a := &AccessTarget{Access: genAccess(t)}
	if rapid.Bool().Draw(t, "on") {
		a.On = genResources(t)
	}
	return a
}

func genSource(t *rapid.T) Source {
	if rapid.Bool().Draw(t, "outsiders") {
		return &Outsiders{Kind: rapid.SampledFrom([]OutsidersKind{OutsideExternal, OutsidePublic, OutsideAnyone}).Draw(t, "kind")}
	}
	return genPrincipal(t)
}

func genQuestion(t *rapid.T, depth int) Question {
	switch rapid.IntRange(0, 11).Draw(t, "question") {
	case 0, 1:
		return &WhoCan{Access: genAccess(t), Clauses: genClauses(t, true)}
	case 2:
		return &WhoIsAdmin{Clauses: genClauses(t, true)}
	case 3:
		return &WhoReach{Target: genTarget(t), Clauses: genClauses(t, false)}
	case 4:
		return &Can{Principal: genPrincipal(t), Access: genAccess(t), Clauses: genClauses(t, true)}
	case 5:
		return &Why{Negated: rapid.Bool().Draw(t, "negated"), Principal: genPrincipal(t), Access: genAccess(t), Clauses: genClauses(t, true)}
	case 6:
		return &WhatCan{Principal: genPrincipal(t), Clauses: genClauses(t, true)}
	case 7:
		return &WhatReach{Principal: genPrincipal(t), Clauses: genClauses(t, true)}
	case 8:
		return &Paths{All: rapid.Bool().Draw(t, "all"), Source: genSource(t), Target: genTarget(t), Clauses: genClauses(t, false)}
	case 9:
		return &Choke{Target: genTarget(t), Clauses: genClauses(t, false)}
	case 10:
		q := &Show{Kind: rapid.SampledFrom([]Kind{Principals, Users, Keys}).Draw(t, "kind"), Clauses: genClauses(t, true)}
		if rapid.Bool().Draw(t, "where") {
			q.Where = genPredicate(t, 2)
		}
		return q
	}
	q := &Changes{From: genSnapshot(t), To: genSnapshot(t)}
	if depth > 0 && rapid.Bool().Draw(t, "in") {
		q.In = genQuestion(t, depth-1)
		return q
	}
	q.Observations, q.Paths = rapid.Bool().Draw(t, "observations"), rapid.Bool().Draw(t, "paths")
	return q
}

func genStage(t *rapid.T) Stage {
	fields := func() []Field {
		out := make([]Field, rapid.IntRange(1, 3).Draw(t, "fields"))
		for i := range out {
			out[i].Name = genName().Draw(t, "field")
		}
		return out
	}
	switch rapid.IntRange(0, 5).Draw(t, "stage") {
	case 0:
		return &Where{Predicate: genPredicate(t, 2)}
	case 1:
		return &Select{Fields: fields()}
	case 2:
		return &GroupBy{Fields: fields(), Count: rapid.Bool().Draw(t, "count")}
	case 3:
		return &SortBy{Field: fields()[0], Descending: rapid.Bool().Draw(t, "desc")}
	case 4:
		return &Limit{Rows: rapid.IntRange(0, 1<<30).Draw(t, "rows")}
	}
	return &Count{}
}

func genQuery(t *rapid.T) *Query {
	q := &Query{Question: genQuestion(t, 2)}
	for range rapid.IntRange(0, 3).Draw(t, "stages") {
		q.Stages = append(q.Stages, genStage(t))
	}
	return q
}
