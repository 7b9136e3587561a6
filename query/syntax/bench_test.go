package syntax

import (
	"testing"

	"github.com/alecthomas/participle/v2"
)

// BenchmarkParse is a query of the usual size. It should stay well under half a millisecond.
func BenchmarkParse(b *testing.B) {
	const text = "who can do all of iam:PassRole, lambda:CreateFunction on arn:aws:iam::111122223333:role/* " +
		"when aws:MultiFactorAuthPresent = true and not aws:SourceIp in 10.0.0.0/8 in account 111122223333 | group by account count"
	for b.Loop() {
		if _, err := Parse(text); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkBuild is what the first query of a process pays.
func BenchmarkBuild(b *testing.B) {
	for b.Loop() {
		d, err := newDefinition()
		if err != nil {
			b.Fatal(err)
		}
		if _, err := participle.Build[query](participle.Lexer(d), participle.CaseInsensitive(tokenWord), participle.UseLookahead(2)); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkError is the explanation of a wrong query.
func BenchmarkError(b *testing.B) {
	for b.Loop() {
		if _, err := Parse("who can kms:* on arn:aws:kms:us-east-1:111122223333:key/k whne aws:x = 1"); err == nil {
			b.Fatal("no error")
		}
	}
}
