package syntax

import (
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"
)

// bareType tells which token type a text has when it stands without quotes, empty when it needs them. It is stricter than
// the lexer: texts with variables, with what does not print, and those that end like a question are quoted for the
// reader's sake.
func bareType(s string) string {
	if s == "" || s[0] == '#' || s[len(s)-1] == '?' || !utf8.ValidString(s) {
		return ""
	}
	for _, r := range s {
		if r == ' ' || !unicode.IsPrint(r) || strings.ContainsRune(`(),|'"“”‘’$\`, r) {
			return ""
		}
	}
	named := isNamed(s)
	switch {
	case named:
		return tokenArn
	case s[0] == '@' && !strings.ContainsAny(s, "=<>!"):
		return tokenRef
	case strings.ContainsAny(s, "=<>!~"):
		return ""
	case strings.Contains(s, ":"):
		return tokenPair
	case s[0] == '*':
		return tokenStar
	case allDigits(s):
		return tokenInt
	}
	return tokenWord
}

// word prints a text where tokens of the given types may stand, in quotes unless it is such a token and no keyword.
func word(s string, types ...string) string {
	t := bareType(s)
	for _, ok := range types {
		if t == ok && (t != tokenWord || !reserved(s)) {
			return s
		}
	}
	return quote(s)
}

// reserved tells whether a word should be quoted as a name or value: where it stands it would read as a keyword, or look like
// one.
func reserved(s string) bool {
	switch strings.ToLower(s) {
	case "and", "or", "not", "is", "in", "like", "arnlike", "all", "any", "on", "with", "when", "where", "except", "via", "within",
		"at", "can", "count", "asc", "desc", "admin", "account", "ou", "org", "tag", "outside", "root", "service":
		return true
	}
	return false
}

// names are the token types that may stand as a name or a value.
func names() []string {
	return []string{tokenWord, tokenInt, tokenPair, tokenStar, tokenRef, tokenArn}
}

// isKey tells whether an unquoted right side reads as a condition key: prefix:Name, where the prefix is in small letters
// (or aws in any) and the name is one word, followed by /KEY when it ends in Tag and by :KEY when it is EncryptionContext.
// Everything else with a colon is a value: ARNs, addresses, times, URLs, repo:acme/app:ref.
func isKey(s string) bool {
	prefix, rest, found := strings.Cut(s, ":")
	if !found || !isPrefix(prefix) {
		return false
	}
	end := strings.IndexFunc(rest, func(r rune) bool {
		return !(r == '-' || r == '_' || r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r)))
	})
	if end < 0 {
		return rest != "" && unicode.IsLetter(rune(rest[0]))
	}
	name, tail := rest[:end], rest[end:]
	switch {
	case len(tail) < 2 || strings.ContainsAny(tail, "*?$"):
		return false
	case tail[0] == '/':
		return hasSuffixFold(name, "tag")
	case tail[0] == ':':
		return strings.EqualFold(name, "EncryptionContext")
	}
	return false
}

func isPrefix(s string) bool {
	if strings.EqualFold(s, "aws") {
		return true
	}
	for i := range len(s) {
		c := s[i]
		letter := c >= 'a' && c <= 'z'
		if !letter && (i == 0 || !(c == '-' || c == '.' || c >= '0' && c <= '9')) {
			return false
		}
	}
	return s != "" && s != "arn"
}

func hasSuffixFold(s, suffix string) bool {
	return len(s) >= len(suffix) && strings.EqualFold(s[len(s)-len(suffix):], suffix)
}

// variableKey gives the key of a text that is ${KEY} and nothing else. Default values (${KEY, 'x'}) and the escapes ${*}, ${?}
// and ${$} are not keys.
func variableKey(s string) (string, bool) {
	inner, ok := strings.CutPrefix(s, "${")
	if !ok {
		return "", false
	}
	inner, ok = strings.CutSuffix(inner, "}")
	if !ok || !strings.Contains(inner, ":") || strings.ContainsAny(inner, "},") {
		return "", false
	}
	return inner, true
}

// isNetwork tells whether a text is an address or a network in CIDR notation.
func isNetwork(s string) bool {
	if strings.Contains(s, "%") {
		return false
	}
	if _, err := netip.ParsePrefix(s); err == nil {
		return true
	}
	_, err := netip.ParseAddr(s)
	return err == nil
}
