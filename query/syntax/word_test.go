package syntax

import (
	"testing"

	"pgregory.net/rapid"
)

func TestIsKey(t *testing.T) {
	for s, want := range map[string]bool{
		"aws:SourceIp":                     true,
		"AWS:SourceIp":                     true,
		"aws:PrincipalTag/team":            true,
		"aws:PrincipalTag/a/b:c":           true,
		"s3:ExistingObjectTag/env":         true,
		"kms:EncryptionContext:app":        true,
		"kms:EncryptionContextKeys":        true,
		"accounts.google.com:aud":          true,
		"s3:x-amz-acl":                     true,
		"ec2:Owner_1":                      true,
		"aws":                              false,
		"aws:":                             false,
		":x":                               false,
		"aws:1x":                           false,
		"aws:PrincipalTag/":                false,
		"aws:PrincipalTag/*":               false,
		"aws:Source*":                      false,
		"arn:aws:iam::1:root":              false,
		"arn:aws":                          false,
		"repo:acme/app":                    false,
		"repo:acme/app:ref:refs":           false,
		"AROAEXAMPLE:bob":                  false,
		"https://example.com":              false,
		"fe80::1":                          false,
		"2026-11-01T00:00:00Z":             false,
		"urn:a:b":                          false,
		"www.example.com/path:sub":         false,
		"aws:PrincipalTag/${aws:username}": false,
	} {
		if got := isKey(s); got != want {
			t.Errorf("isKey(%q) = %t", s, got)
		}
	}
}

func TestQuoteAndUnquote(t *testing.T) {
	for s, want := range map[string]string{
		"":          `''`,
		"a":         `'a'`,
		"it's":      `"it's"`,
		`say "hi"`:  `'say "hi"'`,
		`' "`:       `'\' "'`,
		`a\b`:       `'a\\b'`,
		"\n\r\t":    `'\n\r\t'`,
		"\x1b[31m":  `'\u{1b}[31m'`,
		"\xff":      `'\xff'`,
		"\u202eabc": `'\u{202e}abc'`,
		"日本":        `'日本'`,
	} {
		if got := quote(s); got != want {
			t.Errorf("quote(%q) = %s, want %s", s, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		s := genText().Draw(t, "text")
		if got, ok := unquote(quote(s)); !ok || got != s {
			t.Fatalf("%q comes back as %q, %t", s, got, ok)
		}
	})
	for _, s := range []string{`'\'`, `'\a'`, `'\x1'`, `'\xzz'`, `'\u1234'`, `'\u{}'`, `'\u{110000}'`, `'\u{ffffffff}'`, `'\u{12'`, `'\u{d800}'`} {
		if got, ok := unquote(s); ok {
			t.Errorf("unquote(%s) = %q", s, got)
		}
	}
}

func TestNearest(t *testing.T) {
	words := []string{"on", "with", "when", "in", "except", "via", "within", "at"}
	for text, want := range map[string]string{
		"whem": "when", "wehn": "when", "WEN": "when", "wiht": "with", "exept": "except", "exccept": "except", "withi": "with",
		"x": "", "foo": "", "account": "", "": "", "on": "", "via": "", "vai": "via",
	} {
		if got := Nearest(text, words); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", text, got, want)
		}
	}
}
