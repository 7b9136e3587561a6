package evaluator

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/evaluator/region"
)

// The engines against each other: a random request with free keys is classified by the region engine, and every combination of
// values that its policies can tell apart is decided by the point engine.

type keySpec struct {
	name      string
	multi     bool
	operators []string
	values    []string // policy values
	contexts  []string // request values
}

// texts are request values for string keys: one for every class that the policy values below can tell apart, for either of two
// keys that are compared with each other.
var texts = capitals("vpce-1", "vpce-2", "vpce-3", "vpce-9-1", "red", "blue", "rad", "bed", "zz", "zz-1", "*-1", "vpce-*", "r*", "?ed", "", "alice", "x", "env", "cost", "etc", "e*")

// capitals are names as they are and in capitals.
func capitals(names ...string) []string {
	out := slices.Clone(names)
	for _, name := range names {
		if upper := strings.ToUpper(name); upper != name {
			out = append(out, upper)
		}
	}
	return out
}

var keySpecs = []keySpec{
	{"aws:SourceVpce", false, []string{"StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "StringEqualsIfExists", "StringNotEqualsIfExists", "Null", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "ForAnyValue:StringNotLike", "ForAllValues:StringNotEquals"},
		[]string{"vpce-1", "vpce-2", "vpce-*", "*-1", "${aws:PrincipalTag/team}", "${aws:username}", "${aws:PrincipalTag/none, 'vpce-1'}", "${aws:PrincipalTag/team, 'vpce-2'}"}, texts},
	{"aws:PrincipalTag/team", false, []string{"StringEquals", "StringNotEquals", "StringLike", "StringNotLikeIfExists", "Null", "ForAnyValue:StringEquals", "ForAllValues:StringLike"},
		[]string{"red", "blue", "r*", "?ed", ""}, texts},
	{"aws:MultiFactorAuthPresent", false, []string{"Bool", "BoolIfExists", "Null", "ForAllValues:Bool", "ForAnyValue:BoolIfExists"}, []string{"true", "false"}, []string{"true", "false"}},
	{"aws:SourceIp", false, []string{"IpAddress", "NotIpAddress", "IpAddressIfExists", "NotIpAddressIfExists", "ForAnyValue:NotIpAddress"},
		[]string{"203.0.113.0/24", "203.0.113.128/25", "203.0.113.77/24", "10.0.0.0/8", "2001:db8::/32", "2001:db8::1/32", "0.0.0.0/0"}, []string{"203.0.113.1", "203.0.113.200", "10.1.2.3", "192.0.2.1", "2001:db8::1", "::1"}},
	{"s3:max-keys", false, []string{"NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericGreaterThanEquals", "NumericLessThanEqualsIfExists", "NumericGreaterThan", "ForAllValues:NumericNotEquals"},
		[]string{"5", "10", "1.0e1", "10.5", "-1", "many"}, []string{"5", "4", "7", "10", "10.2", "10.5", "11", "-1", "-2", "0"}},
	{"aws:CurrentTime", false, []string{"DateLessThan", "DateGreaterThan", "DateEquals", "DateNotEquals", "DateLessThanEqualsIfExists"},
		[]string{"2026-01-01T00:00:00Z", "2027-01-01", "1767225600", "then"}, []string{"2025-06-01T00:00:00Z", "2026-01-01T00:00:00Z", "2026-06-01T00:00:00Z", "2027-01-01T00:00:00Z", "2028-01-01T00:00:00Z"}},
	{"aws:SourceArn", false, []string{"ArnLike", "ArnNotLike", "ArnEquals", "ArnNotEqualsIfExists", "StringLike", "ForAllValues:ArnNotEquals"},
		[]string{"arn:aws:sns:*:111111111111:*", "arn:aws:sns:us-east-1:111111111111:t", "arn:aws:sns*:t", "*", "broken", "arn:aws:s3:::${aws:username}", "arn:aws:s3:::${aws:PrincipalTag/team}", "${aws:PrincipalTag/team}", "arn:${aws:PrincipalTag/team, 'aws:s3:::x'}"},
		append([]string{"arn:aws:sns:us-east-1:111111111111:t", "arn:aws:sns:eu-west-1:111111111111:u", "arn:aws:sns:eu-west-1:222222222222:u", "arn:aws:sns:eu-west-1:222222222222:t", "arn:aws:sns:x:y:111111111111:z", "arn:aws:sns:*:111111111111:*"}, buckets(texts)...)},
	{"aws:TagKeys", true, []string{"ForAllValues:StringEquals", "ForAnyValue:StringEquals", "ForAllValues:StringNotEquals", "ForAllValues:StringNotLike", "ForAnyValue:StringNotEquals", "StringEquals", "StringNotEquals", "Null", "ForAllValues:StringLikeIfExists", "ForAnyValue:StringLikeIfExists"},
		[]string{"env", "cost", "e*", "${aws:PrincipalTag/team}"}, []string{"zz", "env", "cost", "etc", "e*", "red"}},
	{"accounts.example.com/x:claim", false, []string{"StringEquals", "StringNotLike", "StringEqualsIgnoreCase", "BinaryEquals", "BinaryEqualsIfExists", "Null", "Bool", "NumericLessThan", "IpAddress", "NotIpAddress", "ArnNotLike", "ArnLike"},
		[]string{"cmVk", "cmU=", "cm*", "true", "false", "10", "203.0.113.0/24", "arn:aws:sns:*:111111111111:*"}, []string{"cmVk", "cmU=", "cmV=", "cmX=", "cmY=", "CMU=", "CMVK", "true", "True", "TRUE", "false", "FALSE", "cm*", "CM*", "10", "9", "11", "203.0.113.0/24", "203.0.113.1", "192.0.2.1", "arn:aws:sns:eu-west-1:111111111111:u", "arn:aws:sns:*:111111111111:*", "ARN:AWS:SNS:*:111111111111:*", "a:b:c:d:e:f", "1:2:3:4:5:6:7:8", "zz"}},
}

// comparedKeys are the keys that some policy value compares with each other.
var comparedKeys = []string{"aws:SourceVpce", "aws:PrincipalTag/team", "aws:SourceArn", "aws:TagKeys"}

// buckets are the texts as names of buckets.
func buckets(names []string) []string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = "arn:aws:s3:::" + name
	}
	return out
}

type agreeStatement struct {
	Effect    string
	Action    string
	Resource  any                            `json:",omitempty"`
	Principal any                            `json:",omitempty"`
	Condition map[string]map[string][]string `json:",omitempty"`
}

func drawStatement(t *rapid.T, pool []keySpec, effects []string, resourceSide bool) agreeStatement {
	s := agreeStatement{
		Effect: rapid.SampledFrom(effects).Draw(t, "effect"), Action: rapid.SampledFrom([]string{"s3:*", "*", "s3:GetObject", "s3:Put*"}).Draw(t, "action"),
		Resource: rapid.SampledFrom([]string{"*", "*", "*", "arn:aws:s3:::data/*", "arn:aws:s3:::data/${aws:PrincipalTag/team}/*", "arn:aws:s3:::other/*", "arn:aws:s3:::data/${aws:SourceVpce}/${aws:PrincipalTag/team}"}).Draw(t, "resource"),
	}
	if resourceSide {
		s.Principal = rapid.SampledFrom([]any{"*", "*", map[string]string{"AWS": "111111111111"}, map[string]string{"AWS": "arn:aws:iam::111111111111:user/alice"}, map[string]string{"AWS": "arn:aws:iam::111111111111:role/app"}}).Draw(t, "principal")
	}
	for range rapid.IntRange(0, 2).Draw(t, "conditions") {
		k := rapid.SampledFrom(pool).Draw(t, "key")
		op := rapid.SampledFrom(k.operators).Draw(t, "operator")
		values := rapid.SliceOfNDistinct(rapid.SampledFrom(k.values), 1, 2, rapid.ID[string]).Draw(t, "values")
		if op == "Null" {
			values = []string{rapid.SampledFrom([]string{"true", "false"}).Draw(t, "null")}
		}
		if s.Condition == nil {
			s.Condition = map[string]map[string][]string{}
		}
		if s.Condition[op] == nil {
			s.Condition[op] = map[string][]string{}
		}
		s.Condition[op][k.name] = values
	}
	return s
}

func drawPolicy(t *rapid.T, pool []keySpec, kind policy.Kind, label string, effects []string) *Policy {
	n := rapid.IntRange(1, 3).Draw(t, label)
	var ss []agreeStatement
	for range n {
		ss = append(ss, drawStatement(t, pool, effects, kind == policy.Resource))
	}
	text, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": ss})
	if err != nil {
		t.Fatal(err)
	}
	return &Policy{Name: label, Doc: policy.Parse(kind, text)}
}

func drawLayers(t *rapid.T, pool []keySpec) *Layers {
	both := []string{"Allow", "Allow", "Deny"}
	l := &Layers{Identity: []Policy{*drawPolicy(t, pool, policy.Identity, "identity", both)}}
	if rapid.Bool().Draw(t, "hasBoundary") {
		l.Boundary = drawPolicy(t, pool, policy.Boundary, "boundary", both)
	}
	if rapid.Bool().Draw(t, "hasResource") {
		l.Resource = drawPolicy(t, pool, policy.Resource, "policy", both)
	}
	if rapid.IntRange(0, 2).Draw(t, "hasSCP") == 0 {
		l.SCP = [][]Policy{{*drawPolicy(t, pool, policy.SCP, "scp", both)}}
	}
	return l
}

func drawCaller(t *rapid.T) (Principal, map[string]policy.ContextValue) {
	ctx := map[string]policy.ContextValue{"aws:PrincipalAccount": policy.Single("111111111111")}
	if rapid.Bool().Draw(t, "user") {
		ctx["aws:username"] = policy.Single("alice")
		return Principal{Kind: User, ARN: "arn:aws:iam::111111111111:user/alice", Account: "111111111111", UniqueID: "AIDA1"}, ctx
	}
	return Principal{Kind: RoleSession, ARN: "arn:aws:sts::111111111111:assumed-role/app/s1", RoleARN: "arn:aws:iam::111111111111:role/app", Account: "111111111111", UniqueID: "AROA1"}, ctx
}

// choices are the values of a key in the enumeration: absent first.
func (k keySpec) choices() []*policy.ContextValue {
	out := []*policy.ContextValue{nil}
	if !k.multi {
		for _, v := range k.contexts {
			cv := policy.Single(v)
			out = append(out, &cv)
		}
		return out
	}
	for mask := range 1 << len(k.contexts) {
		var list []string
		for i, v := range k.contexts {
			if mask&(1<<i) != 0 {
				list = append(list, v)
			}
		}
		cv := policy.Multi(list...)
		out = append(out, &cv)
	}
	return out
}

func TestEnginesAgree(t *testing.T) {
	cat := testCatalog(t)
	rapid.Check(t, func(t *rapid.T) {
		p, fixed := drawCaller(t)
		free := rapid.SliceOfNDistinct(rapid.SampledFrom(keySpecs), 1, 2, func(k keySpec) string { return k.name }).Draw(t, "free")
		pool := append(append(append([]keySpec{}, free...), free...), free...) // mostly the free keys, now and then another
		l := drawLayers(t, append(pool, rapid.SampledFrom(keySpecs).Draw(t, "other")))
		isFree := map[string]bool{}
		var names []string
		compared, whole := 0, true
		for _, k := range free {
			isFree[k.name] = true
			if slices.Contains(comparedKeys, k.name) {
				compared++
			}
			whole = whole && k.name != "aws:SourceArn" && !strings.HasSuffix(k.name, ":claim") // their values are samples
			names = append(names, k.name)
		}
		for _, k := range keySpecs {
			if !isFree[k.name] {
				if v := rapid.SampledFrom(k.choices()).Draw(t, k.name); v != nil {
					fixed[k.name] = *v
				}
			}
		}
		for i := range free { // a key that a known one is compared with has that one's value, too
			if team, ok := fixed["aws:PrincipalTag/team"]; ok && free[i].multi && !slices.Contains(free[i].contexts, team.Single) {
				free[i].contexts = append(slices.Clone(free[i].contexts[1:]), team.Single)
			}
			if arn, ok := fixed["aws:SourceArn"]; ok && free[i].name == "aws:PrincipalTag/team" {
				free[i].contexts = append(slices.Clone(free[i].contexts), arn.Single, strings.TrimPrefix(arn.Single, "arn:"))
			}
		}
		account := rapid.SampledFrom([]string{"111111111111", "111111111111", "222222222222"}).Draw(t, "owner")
		r := &Request{Principal: p, Action: "s3:GetObject", Target: Target{
			Resource: rapid.SampledFrom([]string{"arn:aws:s3:::data/red/x", "arn:aws:s3:::data/vpce-1/red", "arn:aws:s3:::other/x"}).Draw(t, "on"), Account: account,
		}}
		base := policy.NewContext(16)
		for k, v := range fixed {
			base.Set(k, v)
		}
		r.Context = *base
		got := Classify(r, l, names, cat)
		residual := got.Residual
		if got.Class == Always {
			residual = Const{Value: true}
		}
		if got.Class == Never {
			residual = Const{Value: false}
		}
		if got.Class == Undecided || residual == nil {
			t.Fatalf("%v free: undecided: %s", names, exprText(residual))
		}
		some, all := false, true
		enumerate(free, map[string]policy.ContextValue{}, func(values map[string]policy.ContextValue) {
			if inconsistent(values, isFree) {
				return
			}
			ctx := policy.NewContext(16)
			for k, v := range fixed {
				ctx.Set(k, v)
			}
			for k, v := range values {
				ctx.Set(k, v)
			}
			q := *r
			q.Context = *ctx
			allowed := Decide(&q, l).Effect == Allowed
			some, all = some || allowed, all && allowed
			if says := holdsAt(residual, &q); says != allowed {
				t.Fatalf("at %v: the point engine says %v, the residual %s says %v", values, allowed, exprText(residual), says)
			}
		})
		if some && got.Class == Never || !all && got.Class == Always {
			t.Fatalf("class %s, but allowed somewhere %v, everywhere %v", got.Class, some, all)
		}
		if got.Class == Sometimes && (all || !some) && whole && compared < 2 { // two keys that are compared have more values than these
			t.Fatalf("%v free: class %s, but allowed somewhere %v, everywhere %v: %s", names, got.Class, some, all, exprText(residual))
		}
	})
}

// inconsistent tells contexts that cannot occur (C32), as far as both keys are free.
func inconsistent(values map[string]policy.ContextValue, free map[string]bool) bool {
	if !free["aws:SourceIp"] || !free["aws:SourceVpce"] {
		return false
	}
	_, ip := values["aws:SourceIp"]
	_, endpoint := values["aws:SourceVpce"]
	return ip == endpoint
}

func enumerate(keys []keySpec, at map[string]policy.ContextValue, visit func(map[string]policy.ContextValue)) {
	if len(keys) == 0 {
		visit(at)
		return
	}
	for _, v := range keys[0].choices() {
		delete(at, keys[0].name)
		if v != nil {
			at[keys[0].name] = *v
		}
		enumerate(keys[1:], at, visit)
	}
	delete(at, keys[0].name)
}

// holdsAt evaluates an expression at one request with the point engine's own matchers.
func holdsAt(x Expr, r *Request) bool {
	switch x := x.(type) {
	case Const:
		return x.Value
	case Not:
		return !holdsAt(x.Of, r)
	case And:
		for _, sub := range x.Of {
			if !holdsAt(sub, r) {
				return false
			}
		}
		return true
	case Or:
		for _, sub := range x.Of {
			if holdsAt(sub, r) {
				return true
			}
		}
		return false
	case Test:
		if x.Condition.Key == ResourceKey {
			for _, v := range x.Condition.Values {
				if p, ok := v.Template.Resolve(&r.Context); ok && p.Match(r.Target.Resource) {
					return true
				}
			}
			return false
		}
		return x.Condition.Eval(&r.Context, policy.Allow)
	}
	panic(fmt.Sprintf("unknown expression %T", x))
}

var _ = region.ErrBudget
