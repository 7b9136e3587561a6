package verify_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/evaluator/cases"
	"github.com/accessgraph/accessgraph/evaluator/catalog"
	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/query"
	"github.com/accessgraph/accessgraph/query/syntax"
)

// sampled is a three-valued case with the values that its author gives for the free keys: null is absent, a list multivalued.
type sampled struct {
	ID       string
	Expected string
	Free     map[string][]any
	line     []byte
}

// threeValued are the three-valued cases of every file.
func threeValued(t *testing.T) []sampled {
	files, err := filepath.Glob("../../testdata/cases/*.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	var out []sampled
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range bytes.Lines(data) {
			c := sampled{line: line}
			if err := json.Unmarshal(line, &c); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			if c.Free != nil {
				out = append(out, c)
			}
		}
	}
	return out
}

// TestResidualsOfCases asks the point engine about every combination of the sample values: the class must say no more than they do, the
// residual, read back from its words, must hold of exactly the contexts that are allowed, and no part of it may be idle.
func TestResidualsOfCases(t *testing.T) {
	cat, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	n := &naive{catalog: cat}
	n.decider.Actions = evaluator.CatalogTypes(cat)
	classify := query.Classify(cat)
	all := threeValued(t)
	if len(all) < 13 {
		t.Fatalf("%d three-valued cases", len(all))
	}
	for _, s := range all {
		t.Run(s.ID, func(t *testing.T) {
			c, err := cases.Read(s.line)
			if err != nil {
				t.Fatal(err)
			}
			class, words := classify(&c.Request, &c.Layers, c.Free)
			if class != s.Expected {
				t.Fatalf("class %s (%s), want %s", class, words, s.Expected)
			}
			if class == "unknown" {
				return
			}
			residual, err := syntax.ParseExpr(words)
			if err != nil {
				t.Fatalf("the residual %s does not read back: %v", words, err)
			}
			points := n.sample(c, s.Free)
			if len(points) == 0 {
				t.Fatal("no sample is consistent")
			}
			allowed := 0
			for _, p := range points {
				if p.allowed {
					allowed++
				}
				if n.holds(residual, &p.request.Context, p.request.Target.Resource) != p.allowed {
					t.Errorf("in %v: allowed %v, which %s does not say", contextOf(p.request), p.allowed, words)
				}
			}
			some, every := allowed > 0, allowed == len(points)
			if some != (class != "never") || every != (class == "always") {
				t.Errorf("class %s, but the samples: allowed somewhere %v, everywhere %v", class, some, every)
			}
			for _, shorter := range shortened(residual) {
				if n.alike(shorter, points) {
					t.Errorf("%s would do for %s", shorter, words)
				}
			}
		})
	}
}

// sample decides the case in every consistent combination of the sample values.
func (n *naive) sample(c *cases.Case, free map[string][]any) []*point {
	inPlay := map[string]bool{}
	for _, key := range c.Free {
		inPlay[policy.CanonicalKey(key)] = true
	}
	var out []*point
	var walk func(keys []string, at map[string]any)
	walk = func(keys []string, at map[string]any) {
		if len(keys) > 0 {
			for _, v := range free[keys[0]] {
				at[keys[0]] = v
				walk(keys[1:], at)
			}
			return
		}
		r := c.Request
		ctx := policy.NewContext(32)
		c.Request.Context.Each(func(key string, v policy.ContextValue) {
			if !inPlay[key] {
				ctx.Set(key, v)
			}
		})
		for key, v := range at {
			switch v := v.(type) {
			case string:
				ctx.Set(key, policy.Single(v))
			case []any:
				list := make([]string, len(v))
				for i := range v {
					list[i] = v[i].(string)
				}
				ctx.Set(key, policy.Multi(list...))
			}
		}
		r.Context = *ctx
		if !consistent(&r.Context, inPlay) {
			return
		}
		d := n.decider.Decide(&r, &c.Layers)
		out = append(out, &point{request: &r, allowed: d.Effect == evaluator.Allowed, certain: len(d.Uncertainties) == 0})
	}
	walk(c.Free, map[string]any{})
	return out
}

// alike tells whether a context holds of exactly the allowed points.
func (n *naive) alike(x syntax.Expr, points []*point) bool {
	for _, p := range points {
		if n.holds(x, &p.request.Context, p.request.Target.Resource) != p.allowed {
			return false
		}
	}
	return true
}

// shortened are the contexts that are left of one when a part of a conjunction or a disjunction is taken out.
func shortened(x syntax.Expr) []syntax.Expr {
	var terms []syntax.Expr
	var join func(...syntax.Expr) syntax.Expr
	switch x := x.(type) {
	case *syntax.And:
		terms, join = x.Terms, syntax.NewAnd
	case *syntax.Or:
		terms, join = x.Terms, syntax.NewOr
	case *syntax.Not:
		var out []syntax.Expr
		for _, term := range shortened(x.Term) {
			out = append(out, &syntax.Not{Term: term})
		}
		return out
	default:
		return nil
	}
	var out []syntax.Expr
	for i := range terms {
		others := append(append([]syntax.Expr{}, terms[:i]...), terms[i+1:]...)
		out = append(out, join(others...))
		for _, term := range shortened(terms[i]) {
			out = append(out, join(append([]syntax.Expr{term}, others...)...))
		}
	}
	return out
}

func contextOf(r *evaluator.Request) map[string]policy.ContextValue {
	out := map[string]policy.ContextValue{}
	r.Context.Each(func(key string, v policy.ContextValue) { out[key] = v })
	return out
}

// oddKey is a free key with policy and request values that try the language's quoting.
type oddKey struct {
	name      string
	multi     bool
	operators []string
	values    []string
	contexts  []string
}

var oddTexts = []string{"red", "", " ", "a b", "it's", `say "hi"`, `back\slash`, "and", "not", "true", "x)", "(", ",", "#x", "|", "?", "*", "a*", "r?d", "${*}", "a${?}b", "${$}{x}", "10.0.0.0/8", "10", "-1", "aws:username", "resource", "is present", "arn:aws:s3:::b", "*:*", "ü", "@latest", "a=b", "[x]", "%", "$", "${", "}"}

var oddContexts = []string{"red", "rad", "RED", "", " ", "a b", "it's", `say "hi"`, `back\slash`, "and", "not", "true", "x)", "(", ",", "#x", "|", "?", "*", "a*", "abc", "a?b", "${x}", "10.0.0.0/8", "10.1.1.1", "10", "-1", "aws:username", "resource", "is present", "arn:aws:s3:::b", "ü", "@latest", "a=b", "[x]", "%", "$", "${", "}", "zzz"}

var oddKeys = []oddKey{
	{"aws:SourceVpce", false, strings.Fields("StringEquals StringNotEquals StringLike StringNotLike StringEqualsIgnoreCase StringNotEqualsIgnoreCase StringEqualsIfExists StringLikeIfExists ForAllValues:StringLike Null ArnLike ArnNotLike NumericLessThan NumericNotEquals IpAddress NotIpAddress Bool"), oddTexts, oddContexts},
	{"aws:PrincipalTag/my (team)", false, strings.Fields("StringEquals StringNotLike StringLike StringNotEqualsIgnoreCase"), append([]string{"${aws:SourceVpce}", "x${aws:SourceVpce}*", "${aws:SourceVpce, 'it s'}"}, oddTexts...), oddContexts},
	{"aws:TagKeys", true, strings.Fields("ForAllValues:StringEquals ForAnyValue:StringEquals ForAllValues:StringNotLike ForAnyValue:StringNotEquals ForAllValues:StringEqualsIgnoreCase StringEquals Null"), append([]string{"${aws:SourceVpce}"}, oddTexts...), oddContexts},
	{"aws:SourceIp", false, strings.Fields("IpAddress NotIpAddress IpAddressIfExists StringEquals StringLike"), []string{"10.0.0.0/8", "10.1.1.1", "203.0.113.9/24", "2001:db8::/32", "2001:db8::1/32", "::/0", "0.0.0.0/0", "no"}, []string{"10.1.1.1", "203.0.113.1", "2001:db8::1", "::1", "192.0.2.1"}},
	{"aws:MultiFactorAuthPresent", false, strings.Fields("Bool BoolIfExists StringEquals StringNotEquals Null"), []string{"true", "false"}, []string{"true", "false"}},
	{"s3:max-keys", false, strings.Fields("NumericEquals NumericNotEquals NumericLessThan NumericGreaterThanEquals NumericLessThanEqualsIfExists StringEquals StringNotLike"), []string{"10", "1e2", "-0.5", "007", "123456789012345678901234567890"}, []string{"10", "100", "-0.5", "7", "007", "9", "123456789012345678901234567890", "123456789012345678901234567891"}},
	{"accounts.example.com/p:claim", false, strings.Fields("StringEquals StringLike Bool BinaryEquals NumericEquals NotIpAddress ArnNotEquals"), append([]string{"QUI=", "QUJD"}, oddTexts...), append([]string{"QUI=", "QUJ=", "QUJD", "qujd"}, oddContexts...)},
}

// TestResidualsReadBack draws conditions with odd values: what the residual says, read back from its words, must hold of exactly the
// contexts that are allowed.
func TestResidualsReadBack(t *testing.T) {
	cat, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	n := &naive{catalog: cat}
	classify := query.Classify(cat)
	rapid.Check(t, func(t *rapid.T) {
		free := rapid.SliceOfNDistinct(rapid.SampledFrom(oddKeys), 1, 2, func(k oddKey) string { return k.name }).Draw(t, "free")
		var statements []map[string]any
		for range rapid.IntRange(1, 3).Draw(t, "statements") {
			block := map[string]map[string][]string{}
			for range rapid.IntRange(0, 2).Draw(t, "conditions") {
				k := rapid.SampledFrom(free).Draw(t, "key")
				op := rapid.SampledFrom(k.operators).Draw(t, "operator")
				values := rapid.SliceOfNDistinct(rapid.SampledFrom(k.values), 1, 3, rapid.ID[string]).Draw(t, "values")
				if op == "Null" {
					values = []string{rapid.SampledFrom([]string{"true", "false"}).Draw(t, "null")}
				}
				if block[op] == nil {
					block[op] = map[string][]string{}
				}
				block[op][k.name] = values
			}
			statements = append(statements, map[string]any{
				"Effect": rapid.SampledFrom([]string{"Allow", "Allow", "Deny"}).Draw(t, "effect"), "Action": "*", "Resource": "*", "Condition": block,
			})
		}
		text, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": statements})
		if err != nil {
			t.Fatal(err)
		}
		l := &evaluator.Layers{Identity: []evaluator.Policy{{Name: "p", Doc: policy.Parse(policy.Identity, text)}}}
		r := &evaluator.Request{
			Principal: evaluator.Principal{Kind: evaluator.User, ARN: "arn:aws:iam::111111111111:user/a", Account: "111111111111"},
			Action:    "s3:GetObject", Target: evaluator.Target{Resource: "arn:aws:s3:::b/k", Account: "111111111111"},
		}
		var names []string
		inPlay := map[string]bool{}
		for _, k := range free {
			names = append(names, k.name)
			inPlay[policy.CanonicalKey(k.name)] = true
		}
		class, words := classify(r, l, names)
		if class == "unknown" || class == "conditional" && words == "" {
			t.Fatalf("%s: class %s, residual %q", text, class, words)
		}
		residual, err := syntax.ParseExpr(words)
		if err != nil {
			t.Fatalf("%s: the residual %s does not read back: %v", text, words, err)
		}
		for range 12 {
			q := *r
			q.Context = *policy.NewContext(2)
			for _, k := range free {
				switch {
				case rapid.IntRange(0, 5).Draw(t, "absent") == 0:
				case k.multi:
					q.Context.Set(k.name, policy.Multi(rapid.SliceOfN(rapid.SampledFrom(k.contexts), 0, 3).Draw(t, "list")...))
				default:
					q.Context.Set(k.name, policy.Single(rapid.SampledFrom(k.contexts).Draw(t, "context")))
				}
			}
			if !consistent(&q.Context, inPlay) {
				continue
			}
			allowed := n.decider.Decide(&q, l).Effect == evaluator.Allowed
			if n.holds(residual, &q.Context, q.Target.Resource) != allowed {
				t.Fatalf("%s\n\tin %v: allowed %v, which %s does not say", text, contextOf(&q), allowed, words)
			}
		}
	})
}
