package policy

import (
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator/region"
	"github.com/go-json-experiment/json/jsontext"
)

// NewCondition compiles a test from its parts, written as a document of Version 2012-10-17 would (variables on).
func NewCondition(op Base, set SetOperator, ifExists bool, key string, values ...string) Condition {
	c := Condition{Op: op, Set: set, IfExists: ifExists, Key: CanonicalKey(key), Written: key, Values: make([]Value, 0, len(values))}
	for _, text := range values {
		v, _ := compileValue(op, text, true)
		c.Values = append(c.Values, v)
	}
	return c
}

// compileValue compiles one policy value for its operator; the flaws are lint findings (C23–C29).
func compileValue(op Base, text string, variables bool) (Value, []flaw) {
	v := Value{Text: text}
	var found []flaw
	family := op.family()
	if family != familyString && family != familyARN && variables && strings.Contains(text, "${") {
		found = append(found, flaw{"C29", "variables mean nothing under " + op.String() + "; " + clip(text) + " is read as it stands"})
	}
	unreadable := func(rule, expected string) {
		v.Invalid = true
		found = append(found, flaw{rule, clip(text) + " is no " + expected + " and matches nothing"})
	}
	switch family {
	case familyString, familyARN:
		t, flaws := compileTemplate(text, textSyntax(op, variables))
		v.Template, v.Invalid = &t, t.Malformed
		found = append(found, flaws...)
		if t.Malformed {
			found = append(found, flaw{"C26", clip(text) + " has fewer than the six fields of an ARN: it grants nothing in an Allow and always counts in a Deny"})
		}
	case familyNumber:
		if n, ok := region.ParseNumber(text); ok {
			v.Number = &n
		} else {
			unreadable("C23", "number")
		}
	case familyDate:
		if t, ok := region.ParseInstant(text); ok {
			v.Time = &t
			if len(text) == 4 {
				found = append(found, flaw{"C25", clip(text) + " is read as a year, not as seconds; write a date"})
			}
		} else {
			unreadable("C25", "date")
		}
	case familyIP:
		p, ok := region.ParsePrefix(text)
		switch {
		case !ok:
			unreadable("C24", "address or CIDR block")
		case p.Empty():
			v.Prefix = &p
			found = append(found, flaw{"C24", "the IPv6 block " + clip(text) + " has host bits set and matches nothing; clear them"})
		default:
			v.Prefix = &p
		}
	case familyBool, familyNull:
		v.Bool = sameName(text, "true")
		if !v.Bool && !sameName(text, "false") {
			rule := "C27"
			if family == familyNull {
				rule = "C14"
			}
			unreadable(rule, "boolean (true or false)")
		}
	case familyBinary:
		if raw, ok := decodeBinary(text); ok {
			v.Bytes = raw
		} else {
			unreadable("C28", "base64")
		}
	}
	return v, found
}

// textSyntax is how the values of a String or Arn operator are read (C20–C22, C26).
func textSyntax(op Base, variables bool) syntax {
	syn := syntax{variables: variables}
	switch op {
	case StringLike, StringNotLike:
		syn.wildcards = true
	case StringEqualsIgnoreCase, StringNotEqualsIgnoreCase:
		syn.fold = true
	case ARNEquals, ARNLike, ARNNotEquals, ARNNotLike:
		syn.wildcards, syn.fields = true, arnFields
	}
	return syn
}

// decodeBinary reads base64 as BinaryEquals does (C28): padded, without line breaks; bits that fill up the last character do not count.
func decodeBinary(text string) (raw []byte, ok bool) {
	if strings.ContainsAny(text, "\r\n") {
		return nil, false
	}
	raw, err := base64.StdEncoding.DecodeString(text)
	return raw, err == nil
}

// BinaryTexts are all the texts that BinaryEquals reads as the bytes (C28).
func BinaryTexts(raw []byte) []string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	text := base64.StdEncoding.EncodeToString(raw)
	last := len(strings.TrimRight(text, "=")) - 1
	fill := 1 // how many values the bits that do not count can have
	switch len(text) - 1 - last {
	case 1:
		fill = 4
	case 2:
		fill = 16
	}
	if fill == 1 {
		return []string{text}
	}
	first := strings.IndexByte(alphabet, text[last])
	out := make([]string, 0, fill)
	for i := range fill {
		out = append(out, text[:last]+alphabet[first+i:first+i+1]+text[last+1:])
	}
	return out
}

// canonicalNumber is the string that a JSON number equals (A8): integers as they are, so that long ids lose no digit, the
// rest in the shortest form.
func canonicalNumber(text string) string {
	if !strings.ContainsAny(text, ".eE") {
		if text == "-0" {
			return "0"
		}
		return text
	}
	if !strings.ContainsAny(text, "eE") {
		text = strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
		if text == "-0" {
			return "0"
		}
		return text
	}
	v := jsontext.Value(text)
	mantissa, _, _ := strings.Cut(strings.ToLower(text), "e")
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f == 0 && strings.ContainsAny(mantissa, "123456789") || v.Canonicalize() != nil {
		return text // beyond the range of floating point: as written
	}
	return string(v)
}
