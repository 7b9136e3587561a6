package syntax

import (
	"strings"
)

func (c *converter) access(t *access) Access {
	a := Access{Explicit: t.Quantifier != "", Pos: position(t.Pos)}
	if strings.EqualFold(t.Quantifier, "all") {
		a.Quantifier = AllOf
	}
	c.items(t.Pos, len(t.Actions), "actions")
	for i := range t.Actions {
		a.Actions = append(a.Actions, c.action(&t.Actions[i]))
	}
	return a
}

// levels are the access levels of AWS, as the language writes them.
func levels() []string { return []string{"list", "read", "write", "tagging", "permissions"} }

func (c *converter) action(t *action) ActionPattern {
	text := c.word(t.Pos, t.Text)
	a := ActionPattern{Text: text, Pos: position(t.Pos)}
	if service, level, found := strings.Cut(text, "@"); found && (service == "" || strings.HasSuffix(service, ":")) {
		a.Text = service + "*"
		for _, l := range levels() {
			if strings.EqualFold(level, l) {
				a.Level = l
				return a
			}
		}
		c.level(t, service, level)
		return a
	}
	service, name, found := strings.Cut(text, ":")
	if text != "*" && (!found || service == "" || name == "") {
		c.fail(a.Pos, len(t.Text), "%s", slots["Action"].wrong(text))
	}
	return a
}

// level reports an access level that is none.
func (c *converter) level(t *action, service, level string) {
	if c.err != nil {
		return
	}
	e := &Error{Offset: t.Pos.Offset, Line: t.Pos.Line, Column: t.Pos.Column, Length: len(t.Text), Query: c.text,
		Message: show("@"+level) + " is no access level"}
	for _, l := range levels() {
		e.Expected = append(e.Expected, service+"@"+l)
	}
	if near := Nearest(level, levels()); near != "" {
		e.Suggestion = service + "@" + near
	}
	c.err = e
}

func (c *converter) resource(t *resource) Resource {
	text := c.word(t.Pos, t.Text)
	if !hasPrefixFold(text, "arn:") && !strings.HasPrefix(text, "*") {
		c.fail(position(t.Pos), len(t.Text), "%s", slots["Resource"].wrong(text))
	}
	return Resource{Pattern: text, Pos: position(t.Pos)}
}

func (c *converter) snapshot(t *snapshot) Snapshot {
	ref, found := strings.CutPrefix(c.word(t.Pos, t.Text), "@")
	if !found || ref == "" {
		c.fail(position(t.Pos), len(t.Text), "%s", slots["Snapshot"].wrong(t.Text))
	}
	return Snapshot{Ref: ref, Pos: position(t.Pos)}
}

func (c *converter) target(t *target) Target {
	switch {
	case t.Principal != nil:
		return c.principal(t.Principal)
	case t.Access != nil:
		return &AccessTarget{Access: c.access(t.Access), Pos: position(t.Pos)}
	}
	a := &AdminTarget{Pos: position(t.Pos)}
	if t.Of != nil {
		a.Account = c.account(t.Of)
	}
	return a
}

func (c *converter) source(t *source) Source {
	if t.Principal != nil {
		return c.principal(t.Principal)
	}
	return &Outsiders{Kind: OutsidersKind(strings.ToLower(t.Outsiders)), Pos: position(t.Pos)}
}

func (c *converter) exception(t *excepted) Exception {
	if t.Scope != nil {
		return c.scope(t.Scope)
	}
	return c.principal(t.Principal)
}

func (c *converter) principal(t *principal) *Principal {
	p := &Principal{Kind: PrincipalRoot, Pos: position(t.Pos)}
	switch {
	case t.Named != nil:
		c.named(p, t)
	case t.Account != nil:
		p.Kind, p.Name = PrincipalAccount, c.account(t.Account)
	case t.Service != nil:
		p.Kind, p.Name = PrincipalService, c.name(t.Service)
	}
	return p
}

// named reads an ARN, role/NAME, user/NAME or group/NAME.
func (c *converter) named(p *Principal, t *principal) {
	token := t.Named.Text
	text := c.word(t.Pos, token)
	if hasPrefixFold(text, "arn:") {
		p.Kind, p.Name = PrincipalARN, text
		if strings.Count(text, ":") < 5 {
			c.fail(p.Pos, len(token), "%s is no ARN: it has fewer than six fields", show(text))
		}
		return
	}
	kind, name, _ := strings.Cut(text, "/")
	p.Name = name
	switch {
	case strings.EqualFold(kind, "role"):
		p.Kind = PrincipalRole
	case strings.EqualFold(kind, "user"):
		p.Kind = PrincipalUser
	default:
		p.Kind = PrincipalGroup
	}
	if name == "" {
		c.fail(p.Pos, len(token), "%s needs a name after the slash", show(text))
	}
}

func (c *converter) name(t *name) string {
	text := c.word(t.Pos, t.Text)
	if text == "" {
		c.fail(position(t.Pos), len(t.Text), "a name cannot be empty")
	}
	return text
}

// account reads an account ID, also as the console prints it, with hyphens.
func (c *converter) account(t *account) string {
	text := c.word(t.Pos, t.Text)
	id := text
	if len(text) == 14 && text[4] == '-' && text[9] == '-' {
		id = text[:4] + text[5:9] + text[10:]
	}
	if len(id) != 12 || !allDigits(id) {
		c.fail(position(t.Pos), len(t.Text), "%s is no account ID: it has 12 digits", show(text))
	}
	return id
}

func (c *converter) scope(t *scope) *Scope {
	s := &Scope{Kind: ScopeOutside, Pos: position(t.Pos)}
	switch {
	case t.Account != nil:
		s.Kind, s.Name = ScopeAccount, c.account(t.Account)
	case t.Bare != nil:
		s.Kind, s.Name = ScopeAccount, c.account(&account{Pos: t.Bare.Pos, Text: t.Bare.Text})
	case t.OU != nil:
		s.Kind, s.Name = ScopeOU, c.name(t.OU)
	case t.Org != nil:
		s.Kind, s.Name = ScopeOrg, c.name(t.Org)
	case t.Key != nil:
		s.Kind, s.Name, s.Value = ScopeTag, c.name(t.Key), c.word(t.Value.Pos, t.Value.Text)
	}
	return s
}
