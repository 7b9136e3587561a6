package policy_test

import (
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/accessgraph/accessgraph/evaluator/policy"
)

// Condition blocks against a second reading of C.1 to C.3, made of strings, regular expressions and the standard library alone.

// request is a context by lower-case key: a string is a single value, a []string a multivalued one, and what is not there is absent.
type request map[string]any

// refBlock is a condition block (C1).
func refBlock(block map[string]map[string][]string, q request, effect string) bool {
	for operator, keys := range block {
		for key, values := range keys {
			if !refTest(operator, key, values, q, effect) {
				return false
			}
		}
	}
	return true
}

var refOperator = regexp.MustCompile(`(?i)^(?:(forallvalues|foranyvalue):)?(.*?)(ifexists)?$`)

// refTest is the presence table of C.2.
func refTest(operator, key string, values []string, q request, effect string) bool {
	parts := refOperator.FindStringSubmatch(strings.ToLower(operator))
	set, op, ifExists := parts[1], parts[2], parts[3] != ""
	value, present := q[strings.ToLower(key)]
	if op == "null" { // C14, C19
		for _, v := range values {
			if strings.EqualFold(v, "true") && !present || strings.EqualFold(v, "false") && present {
				return true
			}
		}
		return false
	}
	negated := strings.Contains(op, "not")
	if !present {
		switch set {
		case "forallvalues":
			return true
		case "foranyvalue":
			return false
		}
		return negated || ifExists
	}
	if single, ok := value.(string); ok {
		return refValue(op, single, values, q, effect)
	}
	some, every := false, true
	for _, v := range value.([]string) {
		holds := refValue(op, v, values, q, effect)
		some, every = some || holds, every && holds
	}
	switch set {
	case "forallvalues":
		return every
	case "foranyvalue":
		return some
	}
	return false
}

// refValue is one request value under one operator (C1, C18, C20–C29).
func refValue(op, value string, values []string, q request, effect string) bool {
	if len(values) == 0 {
		return false
	}
	positive := strings.Replace(op, "not", "", 1)
	negated := positive != op
	hit, malformed := false, false
	for _, v := range values {
		switch {
		case strings.HasPrefix(op, "string"):
			hit = hit || refString(positive, value, v, q)
		case strings.HasPrefix(op, "arn"):
			pattern, ok := refExpand(v, q)
			switch {
			case !ok: // C22
			case pattern == "*":
				hit = true
			case strings.Count(refPlain(pattern), ":") < 5:
				malformed = true
			case strings.Count(value, ":") >= 5:
				hit = hit || refARN(value, pattern)
			}
		case strings.HasPrefix(op, "numeric"):
			a, ok1 := refNumber(value)
			b, ok2 := refNumber(v)
			hit = hit || ok1 && ok2 && refOrdered(positive, a.Cmp(b))
		case strings.HasPrefix(op, "date"):
			a, ok1 := refDate(value)
			b, ok2 := refDate(v)
			hit = hit || ok1 && ok2 && refOrdered(positive, a.Cmp(b))
		case strings.HasSuffix(op, "ipaddress"):
			hit = hit || refAddress(value, v)
		case op == "bool":
			want := strings.ToLower(v)
			hit = hit || want == "true" && strings.EqualFold(value, "true") || want == "false" && !strings.EqualFold(value, "true")
		case op == "binaryequals":
			a, err1 := base64.StdEncoding.DecodeString(value)
			b, err2 := base64.StdEncoding.DecodeString(v)
			hit = hit || err1 == nil && err2 == nil && string(a) == string(b) && !strings.Contains(value+v, "\n")
		}
	}
	switch {
	case hit:
		return !negated
	case strings.HasPrefix(op, "arn") && strings.Count(value, ":") < 5: // C26
		return false
	case malformed:
		return effect == "Deny"
	case strings.HasSuffix(op, "ipaddress"): // C24: what is no address matches neither
		_, err := netip.ParseAddr(value)
		return negated && err == nil
	}
	return negated
}

// refExpand puts the values of variables into a policy value (B11–B15). Literal characters that would act as wildcards come out in the
// private use area, see refPlain. ok is false when a variable has no value.
func refExpand(text string, q request) (out string, ok bool) {
	re := regexp.MustCompile(`\$\{([*?$])\}|\$\{([^},]+)(?:, *'([^']*)' *)?\}`)
	ok = true
	out = re.ReplaceAllStringFunc(text, func(m string) string {
		parts := re.FindStringSubmatch(m)
		if parts[1] != "" {
			return refLiteral(parts[1])
		}
		switch v := q[strings.ToLower(parts[2])].(type) {
		case string:
			return refLiteral(v)
		case []string:
			if len(v) > 0 { // B13: unusable whatever the default
				ok = false
				return ""
			}
		}
		if !strings.Contains(m, "'") {
			ok = false
		}
		return refLiteral(parts[3])
	})
	return out, ok
}

var (
	toLiteral   = strings.NewReplacer("*", "\uE000", "?", "\uE001", "$", "\uE002")
	fromLiteral = strings.NewReplacer("\uE000", "*", "\uE001", "?", "\uE002", "$")
)

func refLiteral(s string) string { return toLiteral.Replace(s) }
func refPlain(s string) string   { return fromLiteral.Replace(s) }

func refString(op, value, text string, q request) bool {
	pattern, ok := refExpand(text, q)
	if !ok {
		return false
	}
	switch op {
	case "stringlike":
		return refGlob(pattern, value)
	case "stringequalsignorecase":
		lower := strings.ToLower(value) // C21: not Unicode folding
		return strings.ToLower(refPlain(pattern)) == lower
	}
	return refPlain(pattern) == value
}

// refGlob matches by a regular expression.
func refGlob(pattern, value string) bool {
	const any = "(?s:.)"
	var re strings.Builder
	for _, c := range pattern {
		switch c {
		case '*':
			re.WriteString(any + "*")
		case '?':
			re.WriteString(any)
		default:
			re.WriteString(regexp.QuoteMeta(refPlain(string(c))))
		}
	}
	return regexp.MustCompile("^(?:" + re.String() + ")$").MatchString(value)
}

func refARN(value, pattern string) bool {
	v, p := strings.SplitN(value, ":", 6), strings.SplitN(pattern, ":", 6)
	for i := range v {
		if !refGlob(p[i], v[i]) {
			return false
		}
	}
	return true
}

var refDecimal = regexp.MustCompile(`^[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)

func refNumber(s string) (*big.Rat, bool) {
	if !refDecimal.MatchString(s) {
		return nil, false
	}
	return new(big.Rat).SetString(s)
}

func refOrdered(op string, c int) bool {
	switch {
	case strings.HasSuffix(op, "lessthan"):
		return c < 0
	case strings.HasSuffix(op, "lessthanequals"):
		return c <= 0
	case strings.HasSuffix(op, "greaterthan"):
		return c > 0
	case strings.HasSuffix(op, "greaterthanequals"):
		return c >= 0
	}
	return c == 0
}

// refDate gives milliseconds (C25).
func refDate(s string) (*big.Int, bool) {
	for _, layout := range []string{
		"2006", "2006-01-02", "2006-01-02T15:04", "2006-01-02T15:04:05", "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05Z07:00",
	} {
		if t, err := time.Parse(layout, s); err == nil { // a fraction behind the seconds is read too
			return big.NewInt(t.UnixMilli()), true
		}
	}
	if !regexp.MustCompile(`^[+-]?[0-9]{1,15}(\.[0-9]+)?$`).MatchString(s) { // further off is no date
		return nil, false
	}
	n, ok := new(big.Rat).SetString(s)
	if !ok {
		return nil, false
	}
	n.Mul(n, big.NewRat(1000, 1))
	return new(big.Int).Div(n.Num(), n.Denom()), true
}

func refAddress(value, text string) bool {
	a, err := netip.ParseAddr(value)
	if err != nil {
		return false
	}
	a = a.Unmap()
	address, bits, cidr := strings.Cut(text, "/")
	b, err := netip.ParseAddr(address)
	if err != nil || a.Is4() != b.Is4() {
		return false
	}
	if !cidr {
		return a == b
	}
	p, err := netip.ParsePrefix(address + "/" + bits)
	if err != nil || b.Is6() && p.Masked().Addr() != b {
		return false
	}
	return p.Masked().Contains(a)
}

// refKeys are keys with values that tell operators apart; every operator meets every kind of value.
var (
	refKeys       = []string{"aws:PrincipalTag/team", "aws:TagKeys", "s3:max-keys", "aws:CurrentTime", "aws:SourceIp", "aws:SourceArn", "aws:MultiFactorAuthPresent"}
	refBases      = strings.Fields("StringEquals StringNotEquals StringEqualsIgnoreCase StringNotEqualsIgnoreCase StringLike StringNotLike NumericEquals NumericNotEquals NumericLessThan NumericLessThanEquals NumericGreaterThan NumericGreaterThanEquals DateEquals DateNotEquals DateLessThan DateLessThanEquals DateGreaterThan DateGreaterThanEquals Bool BinaryEquals IpAddress NotIpAddress ArnEquals ArnLike ArnNotEquals ArnNotLike Null")
	refTexts      = []string{"", "red", "Red", "r*", "?ed", "blue", "true", "false", "TRUE", "yes", "*", "**", "${aws:PrincipalTag/team}", "x${aws:PrincipalTag/team}*", "${aws:TagKeys}", "${aws:TagKeys, 'red'}", "${aws:PrincipalTag/none}", "${aws:PrincipalTag/none, 'r*'}", "${AWS:principaltag/TEAM,'d'}", "*${aws:TagKeys, 'd'}", "${*}", "r${?}", "a${$}{b}"}
	refNumbers    = []string{"10", "10.0", "+10", "010", "1e1", "-1", "0.5", "1.5e-3", "123456789012345678901234567890", "abc", "1_0", "0x10", ""}
	refDates      = []string{"2026-01-15T12:00:00Z", "2026-01-15T12:00Z", "2026-01-15", "2026", "1768478400", "1768478400.5", "1768478400000", "2026-01-15T14:00:00+02:00", "2026-01-15T12:00:00.0004Z", "2026-01-15T12:00:00.500Z", "2026-01-15T12:00:00", "2026-13-01", "0", "-1.5"}
	refAddresses  = []string{"203.0.113.10", "203.0.113.0/24", "203.0.113.77/24", "0.0.0.0/0", "2001:db8::1", "2001:DB8:0:0::1", "2001:db8::/32", "2001:db8::1/32", "::/0", "::ffff:203.0.113.10", "203.0.113.10/32", "203.0.113.300", "203.0.113.0/33"}
	refARNs       = []string{"arn:aws:sns:us-east-1:111111111111:t", "arn:aws:sns:us-east-1:111111111111:t:u", "arn:aws:s3:::b", "arn:aws:s3:::${aws:PrincipalTag/team}", "arn:*:*:*:*:*", "arn:aws:sns:*:111111111111:*", "arn:aws:sns:*:t", "arn:aws:sns*:t", "arn:aws:s3::?b", "arn:aws:s?s:us-*-1:1?1111111111:*", "arn:aws", "a:b:c:d:e:f", "${aws:SourceArn}", "${aws:PrincipalTag/team}:aws:s3:::b"}
	refBinaries   = []string{"cmVk", "cmU=", "cmV=", "cm\nVk", "cmVkZA==", "AAE=", "/+8="}
	refContexts   = [][]string{{"", "red", "Red", "RED", "blue", "r*", "xred", "true", "True", "false", "yes", "a${b}", "*", "rEd", "arn"}, refNumbers, refDates, refAddresses, refARNs[:5], refBinaries}
	refCategories = [][]string{refTexts, refNumbers, refDates, refAddresses, refARNs, refBinaries}
)

// drawMixed draws a text mostly of one category, now and then of any.
func drawMixed(t *rapid.T, category int, from [][]string, label string) string {
	if rapid.IntRange(0, 9).Draw(t, "stray") == 0 {
		category = rapid.IntRange(0, len(from)-1).Draw(t, "category")
	}
	return rapid.SampledFrom(from[category]).Draw(t, label)
}

func refCategory(op string) int {
	for i, prefix := range []string{"Numeric", "Date", "IpAddress", "Arn", "Binary"} {
		if strings.HasPrefix(strings.TrimPrefix(op, "Not"), prefix) {
			return i + 1
		}
	}
	return 0
}

func TestConditionsAgainstReference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		block := map[string]map[string][]string{}
		q := request{}
		for range rapid.IntRange(1, 3).Draw(t, "tests") {
			base := rapid.SampledFrom(refBases).Draw(t, "operator")
			category := refCategory(base)
			operator := rapid.SampledFrom([]string{"", "", "ForAllValues:", "ForAnyValue:"}).Draw(t, "set") + base
			if base != "Null" {
				operator += rapid.SampledFrom([]string{"", "", "IfExists"}).Draw(t, "suffix")
			}
			if rapid.IntRange(0, 9).Draw(t, "case") == 0 {
				operator = strings.ToLower(operator)
			}
			key := rapid.SampledFrom(refKeys).Draw(t, "key")
			if rapid.IntRange(0, 9).Draw(t, "letters") == 0 {
				key = strings.ToUpper(key)
			}
			var values []string
			for range rapid.SampledFrom([]int{0, 1, 1, 1, 1, 2, 3}).Draw(t, "values") {
				values = append(values, drawMixed(t, category, refCategories, "value"))
			}
			if values == nil {
				values = []string{}
			}
			if block[operator] == nil && !spelled(block, operator) {
				block[operator] = map[string][]string{}
			}
			if keys := block[operator]; keys != nil && !spelled(keys, key) {
				keys[key] = values
			}
			switch name := strings.ToLower(key); rapid.IntRange(0, 5).Draw(t, "presence") {
			case 0:
				delete(q, name)
			case 1:
				q[name] = rapid.SliceOfN(rapid.SampledFrom(refContexts[category]), 0, 3).Draw(t, "list")
			default:
				q[name] = drawMixed(t, category, refContexts, "context")
			}
		}
		effect := rapid.SampledFrom([]string{"Allow", "Deny"}).Draw(t, "effect")
		text, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": map[string]any{
			"Effect": effect, "Action": "*", "Resource": "*", "Condition": block,
		}})
		if err != nil {
			t.Fatal(err)
		}
		doc := policy.Parse(policy.Identity, text)
		if !doc.Valid() || len(doc.Statements) != 1 {
			t.Fatalf("%s: %v", text, doc.Problems)
		}
		ctx := policy.NewContext(len(q))
		for key, value := range q {
			if single, ok := value.(string); ok {
				ctx.Set(key, policy.Single(single))
			} else {
				ctx.Set(key, policy.Multi(value.([]string)...))
			}
		}
		st := &doc.Statements[0]
		got := true
		for i := range st.Conditions {
			got = got && st.Conditions[i].Eval(ctx, st.Effect)
		}
		if want := refBlock(block, q, effect); got != want {
			t.Fatalf("%s\n\tin %v: got %v, want %v", text, q, got, want)
		}
	})
}

// spelled tells whether a member is there in another case already (C2, C17).
func spelled[V any](members map[string]V, name string) bool {
	for have := range members {
		if have != name && strings.EqualFold(have, name) {
			return true
		}
	}
	return false
}

// refResource is B6 to B16: the pattern's fields are counted as it is written, before variables are replaced.
func refResource(kind policy.Kind, pattern, resource string, variables bool, q request) bool {
	if resource == "*" { // B10
		return pattern != "" && strings.Trim(pattern, "*") == ""
	}
	variable := regexp.MustCompile(`^\$\{[^}]*\}`)
	static := !variables || !regexp.MustCompile(`\$\{[^*?$}][^}]*\}`).MatchString(pattern)
	fields := strings.Split(pattern, ":")
	if static && strings.HasPrefix(pattern, "arn:") && len(fields) < 6 { // B9
		switch kind {
		case policy.Identity, policy.Boundary, policy.Session, policy.SCP:
			pattern += strings.Repeat(":*", 6-len(fields))
		default:
			plain := pattern
			if variables {
				plain = strings.NewReplacer("${*}", "", "${?}", "").Replace(pattern)
			}
			if !strings.ContainsAny(plain, "*?") {
				return false
			}
		}
	}
	var re strings.Builder
	for i, field := 0, 1; i < len(pattern); {
		if m := variable.FindString(pattern[i:]); variables && m != "" {
			text, ok := refExpand(m, q)
			if !ok {
				return false
			}
			re.WriteString(regexp.QuoteMeta(refPlain(text)))
			i += len(m)
			continue
		}
		c := pattern[i]
		i++
		last := i == len(pattern) || pattern[i] == ':'
		switch {
		case c == '*' && (field > 5 || last):
			re.WriteString("(?s:.*)")
		case c == '*':
			re.WriteString("[^:]*")
		case c == '?' && field > 5:
			re.WriteString("(?s:.)")
		case c == '?':
			re.WriteString("[^:]")
		default:
			if c == ':' {
				field++
			}
			re.WriteString(regexp.QuoteMeta(string(c)))
		}
	}
	return regexp.MustCompile("^(?:" + re.String() + ")$").MatchString(resource)
}

func TestResourcesAgainstReference(t *testing.T) {
	kinds := []policy.Kind{policy.Identity, policy.Boundary, policy.Session, policy.SCP, policy.RCP, policy.Resource, policy.VPCEndpoint}
	pieces := []string{":", ":", ":", "*", "*", "?", "a", "b", "ab", "/", "arn:aws:s3:::", "arn:aws", "${t}", "${t, 'b:a'}", "${none}", "${none, 'a*'}", "${list, 'a'}", "${*}", "${?}", "${$}"}
	texts := []string{":", ":", ":", "a", "b", "ab", "/", "*", "?", "$", "arn:aws:s3:::", "arn:aws:sns:a:b:ab", "a:b"}
	q := request{"t": "a:*", "list": []string{"a"}}
	ctx := policy.NewContext(2)
	ctx.Set("t", policy.Single("a:*"))
	ctx.Set("list", policy.Multi("a"))
	matched := 0
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom(kinds).Draw(t, "kind")
		variables := rapid.IntRange(0, 4).Draw(t, "version") > 0
		pattern := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 1, 8).Draw(t, "pattern"), "")
		resource := strings.Join(rapid.SliceOfN(rapid.SampledFrom(texts), 1, 8).Draw(t, "resource"), "")
		if rapid.Bool().Draw(t, "near") { // likely matches: the pattern with something for its wildcards
			expanded, _ := refExpand(pattern, q)
			if !variables {
				expanded = pattern
			}
			stands := rapid.SampledFrom([]string{"", "a", ":", "b/a", "a:b"}).Draw(t, "stands")
			resource = refPlain(strings.NewReplacer("*", stands, "?", rapid.SampledFrom([]string{"a", ":"}).Draw(t, "one")).Replace(expanded))
		}
		tpl := policy.ResourceTemplate(pattern, kind, variables)
		rs := policy.Resources{Patterns: []policy.Template{tpl}}
		got, want := rs.Match(resource, ctx), refResource(kind, pattern, resource, variables, q)
		if got != want {
			t.Fatalf("%s pattern %q (variables %v) on %q: got %v, want %v", kind, pattern, variables, resource, got, want)
		}
		rs.Not = true
		if rs.Match(resource, ctx) == got { // B17
			t.Fatalf("NotResource %q on %q is not the complement", pattern, resource)
		}
		if got {
			matched++
		}
	})
	if matched == 0 {
		t.Fatal("no pattern ever matched")
	}
}
