package verify_test

import (
	"math/big"
	"net/netip"
	"strings"
	"time"

	"github.com/accessgraph/accessgraph/evaluator/catalog"
	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/query/syntax"
)

// keysOf lists the keys that a context speaks of.
func keysOf(x syntax.Expr, add func(string)) {
	switch x := x.(type) {
	case *syntax.And:
		for _, t := range x.Terms {
			keysOf(t, add)
		}
	case *syntax.Or:
		for _, t := range x.Terms {
			keysOf(t, add)
		}
	case *syntax.Not:
		keysOf(x.Term, add)
	case *syntax.Compare:
		add(x.Key)
		for _, o := range x.Operands {
			if o.Key {
				add(o.Text)
			}
		}
	}
}

// holds evaluates a context of the language at one request.
func (n *naive) holds(x syntax.Expr, ctx *policy.Context, resource string) bool {
	switch x := x.(type) {
	case *syntax.Const:
		return x.Value
	case *syntax.Not:
		return !n.holds(x.Term, ctx, resource)
	case *syntax.And:
		for _, t := range x.Terms {
			if !n.holds(t, ctx, resource) {
				return false
			}
		}
		return true
	case *syntax.Or:
		for _, t := range x.Terms {
			if n.holds(t, ctx, resource) {
				return true
			}
		}
		return false
	case *syntax.Compare:
		return n.compare(x, ctx, resource)
	}
	panic("unknown expression")
}

func (n *naive) compare(x *syntax.Compare, ctx *policy.Context, resource string) bool {
	if x.Op == syntax.NotEqual { // the exact complement
		equal := *x
		equal.Op = syntax.Equal
		return !n.compare(&equal, ctx, resource)
	}
	if strings.EqualFold(x.Key, syntax.ResourceKey) {
		for _, o := range x.Operands {
			t := policy.ResourceTemplate(o.Text, policy.Identity, strings.Contains(o.Text, "${"))
			if p, ok := t.Resolve(ctx); ok && p.Match(resource) || resource == "*" && t.StarOnly {
				return true
			}
		}
		return false
	}
	v, there := ctx.Lookup(policy.CanonicalKey(x.Key))
	switch {
	case x.Op == syntax.Present:
		return there
	case x.Op == syntax.Absent:
		return !there
	case !there:
		return x.Set == syntax.ForAllValues
	case !v.Multi:
		return n.one(x, v.Single, ctx)
	}
	some, all := false, true
	for _, s := range v.List {
		one := n.one(x, s, ctx)
		some, all = some || one, all && one
	}
	switch x.Set {
	case syntax.ForAllValues:
		return all
	case syntax.ForAnyValue:
		return some
	}
	return false
}

// one compares one value with every operand.
func (n *naive) one(x *syntax.Compare, v string, ctx *policy.Context) bool {
	for _, o := range x.Operands {
		text := o.Text
		if o.Key {
			text = "${" + text + "}"
		}
		tokens, ok := resolve(text, ctx)
		if !ok {
			continue
		}
		if n.fits(x, v, tokens) {
			return true
		}
	}
	return false
}

// token is a character of a value; wild when it may act as a wildcard.
type token struct {
	r    rune
	wild bool
}

// resolve fills in variables and escapes (B11–B15); ok is false when one has no value.
func resolve(text string, ctx *policy.Context) ([]token, bool) {
	var out []token
	literal := func(s string) {
		for _, r := range s {
			out = append(out, token{r, false})
		}
	}
	for text != "" {
		if strings.HasPrefix(text, "${") {
			end := strings.IndexByte(text, '}')
			name := text[2:end]
			text = text[end+1:]
			if name == "*" || name == "?" || name == "$" {
				literal(name)
				continue
			}
			key, fallback, has := strings.Cut(name, ",")
			v, there := ctx.Lookup(policy.CanonicalKey(strings.TrimSpace(key)))
			switch {
			case there && !v.Multi:
				literal(v.Single)
			case has && !there:
				literal(strings.Trim(strings.TrimSpace(fallback), "'"))
			default:
				return nil, false
			}
			continue
		}
		r := []rune(text)[0]
		out = append(out, token{r, true})
		text = text[len(string(r)):]
	}
	return out, true
}

func plain(ts []token) string {
	var b strings.Builder
	for _, t := range ts {
		b.WriteRune(t.r)
	}
	return b.String()
}

func (n *naive) fits(x *syntax.Compare, v string, ts []token) bool {
	text := plain(ts)
	switch x.Op {
	case syntax.Equal, syntax.In:
		return n.equal(x, v, text)
	case syntax.EqualFold:
		folded := strings.ToLower(text) // C21: lower case, not Unicode folding
		return strings.ToLower(v) == folded
	case syntax.Like:
		return glob(ts, []rune(v))
	case syntax.ArnLike:
		return arnLike(ts, v)
	case syntax.InNetwork:
		return inNetwork(v, text)
	}
	if a, ok := new(big.Rat).SetString(v); ok {
		if b, ok := new(big.Rat).SetString(text); ok {
			return ordered(x.Op, a.Cmp(b))
		}
	}
	a, errA := time.Parse(time.RFC3339, v)
	b, errB := time.Parse(time.RFC3339, text)
	return errA == nil && errB == nil && ordered(x.Op, a.Compare(b))
}

func ordered(op syntax.Op, c int) bool {
	switch op {
	case syntax.Less:
		return c < 0
	case syntax.LessEqual:
		return c <= 0
	case syntax.Greater:
		return c > 0
	}
	return c >= 0
}

// equal is = by the type of the key.
func (n *naive) equal(x *syntax.Compare, v, text string) bool {
	info, _ := n.catalog.ConditionKey(policy.CanonicalKey(x.Key))
	for _, o := range x.Operands {
		if o.Key || strings.Contains(o.Text, "${") {
			return v == text
		}
	}
	switch info.Type {
	case catalog.Bool:
		return strings.EqualFold(v, "true") == strings.EqualFold(text, "true")
	case catalog.IPAddress:
		return inNetwork(v, text)
	case catalog.Numeric:
		a, okA := new(big.Rat).SetString(v)
		b, okB := new(big.Rat).SetString(text)
		return okA && okB && a.Cmp(b) == 0
	case catalog.Date:
		a, errA := time.Parse(time.RFC3339, v)
		b, errB := time.Parse(time.RFC3339, text)
		return errA == nil && errB == nil && a.Equal(b)
	}
	return v == text
}

func glob(ts []token, s []rune) bool {
	if len(ts) == 0 {
		return len(s) == 0
	}
	if ts[0].wild && ts[0].r == '*' {
		for i := 0; i <= len(s); i++ {
			if glob(ts[1:], s[i:]) {
				return true
			}
		}
		return false
	}
	return len(s) > 0 && (ts[0].wild && ts[0].r == '?' || ts[0].r == s[0]) && glob(ts[1:], s[1:])
}

// arnLike compares field by field (C26).
func arnLike(ts []token, v string) bool {
	if len(ts) == 1 && ts[0] == (token{'*', true}) {
		return true
	}
	fields := strings.SplitN(v, ":", 6)
	if len(fields) < 6 {
		return false
	}
	for i := range 5 {
		at := 0
		for at < len(ts) && ts[at].r != ':' {
			at++
		}
		if at == len(ts) || !glob(ts[:at], []rune(fields[i])) {
			return false
		}
		ts = ts[at+1:]
	}
	return glob(ts, []rune(fields[5]))
}

func inNetwork(v, network string) bool {
	addr, err := netip.ParseAddr(v)
	if err != nil {
		return false
	}
	if p, err := netip.ParsePrefix(network); err == nil {
		return p.Contains(addr)
	}
	one, err := netip.ParseAddr(network)
	return err == nil && one == addr
}
