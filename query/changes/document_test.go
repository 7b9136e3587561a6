package changes_test

import (
	"strings"
	"testing"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/changes"
)

func document(text string) *graph.Document {
	d := graph.CanonicalDocument([]byte(text))
	return &d
}

// lines are the changes as people read them.
func lines(kind policy.Kind, before, after *graph.Document) string {
	var out []string
	for _, s := range changes.Documents(kind, before, after) {
		out = append(out, map[string]string{"added": "+ ", "removed": "- ", "changed": "~ "}[s.Change]+s.Text)
	}
	return strings.Join(out, "\n")
}

func TestDocuments(t *testing.T) {
	const read = `{"Sid":"Read","Effect":"Allow","Action":["s3:GetObject","s3:ListBucket"],"Resource":"arn:aws:s3:::logs/*"}`
	for _, c := range []struct {
		name, before, after string
		want                string
	}{
		{"the same in other words", `{"Version":"2012-10-17","Statement":` + read + `}`,
			`{"Id":"x","Version":"2012-10-17","Statement":[{"Effect":"Allow","Sid":"Read","Resource":["arn:aws:s3:::logs/*"],"Action":["S3:listbucket","s3:GetObject","s3:GetObject"]}]}`, ""},
		{"another order", `{"Statement":[` + read + `,{"Effect":"Deny","Action":"*","Resource":"*"}]}`, `{"Statement":[{"Effect":"Deny","Action":"*","Resource":"*"},` + read + `]}`, ""},
		{"an action more and one less", `{"Statement":[` + read + `]}`, `{"Statement":[{"Sid":"Read","Effect":"Allow","Action":["s3:PutObject","s3:ListBucket"],"Resource":"arn:aws:s3:::logs/*"}]}`,
			"~ Read: Action +s3:PutObject -s3:GetObject"},
		{"without a Sid", `{"Statement":[{"Effect":"Allow","Action":["s3:Get*"],"Resource":["a:1","a:2"]},{"Effect":"Allow","Action":"sqs:*","Resource":"*"}]}`,
			`{"Statement":[{"Effect":"Allow","Action":"sqs:*","Resource":"*"},{"Effect":"Allow","Action":["s3:Get*"],"Resource":["a:2","a:3"]}]}`,
			"~ Allow s3:Get*: Resource +a:3 -a:1"},
		{"another statement", `{"Statement":[` + read + `]}`, `{"Statement":[{"Effect":"Deny","NotAction":"iam:*","NotResource":"arn:aws:s3:::x","Condition":{"Bool":{"aws:SecureTransport":"false"},"StringEquals":{"aws:SourceVpce":["b","a"]}}}]}`,
			"- Read: Allow s3:GetObject, s3:ListBucket on arn:aws:s3:::logs/*\n+ Deny all but iam:* on all but arn:aws:s3:::x if Bool(aws:SecureTransport, false) and StringEquals(aws:SourceVpce, a, b)"},
		{"a condition", `{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/team":["red","blue"]}}}]}`,
			`{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"stringequals":{"AWS:PrincipalTag/team":["red","green"]},"Bool":{"aws:MultiFactorAuthPresent":"true"}}}]}`,
			"~ Allow s3:*: StringEquals(AWS:PrincipalTag/team) +green -blue; Bool(aws:MultiFactorAuthPresent) +true"},
		{"the effect", `{"Statement":[` + read + `]}`, `{"Statement":[` + strings.Replace(read, "Allow", "Deny", 1) + `]}`, "~ Read: Effect Allow → Deny"},
		{"the Sid", `{"Statement":[` + read + `]}`, `{"Statement":[` + strings.Replace(read, `"Read"`, `"Look"`, 1) + `]}`, "~ Read: Sid Read → Look"},
		{"what cannot be understood", `{"Statement":[{"Effect":"Maybe","Action":"s3:*","Resource":"*"}]}`, `{"Statement":[{"Effect":"Perhaps","Action":"s3:*","Resource":"*"}]}`,
			`- {"Action":"s3:*","Effect":"Maybe","Resource":"*"}` + "\n" + `+ {"Action":"s3:*","Effect":"Perhaps","Resource":"*"}`},
		{"no JSON", "nonsense", "other", "- nonsense\n+ other"},
	} {
		if got := lines(policy.Identity, document(c.before), document(c.after)); got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.name, got, c.want)
		}
	}
}

// TestTrustDocuments: the ways to write an account are one, and so are those to write everybody.
func TestTrustDocuments(t *testing.T) {
	of := func(principal string) *graph.Document {
		return document(`{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":` + principal + `}}`)
	}
	for _, c := range []struct{ before, after, want string }{
		{`{"AWS":"111122223333"}`, `{"AWS":["arn:aws:iam::111122223333:root"]}`, ""},
		{`"*"`, `{"AWS":"*"}`, ""},
		{`{"Service":"ec2.amazonaws.com"}`, `{"Service":["ec2.amazonaws.com","lambda.amazonaws.com"]}`, "~ Allow sts:AssumeRole: Principal +lambda.amazonaws.com"},
		{`{"AWS":"111122223333"}`, `{"AWS":["111122223333","444455556666"]}`, "~ Allow sts:AssumeRole: Principal +444455556666"},
	} {
		if got := lines(policy.Trust, of(c.before), of(c.after)); got != c.want {
			t.Errorf("%s to %s: got %q, want %q", c.before, c.after, got, c.want)
		}
	}
	if got, want := lines(policy.Trust, nil, of(`"*"`)), "+ Allow to * sts:AssumeRole"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// FuzzDocuments: a document does not differ from itself, and what one way is gained is lost the other.
func FuzzDocuments(f *testing.F) {
	f.Add([]byte(`{"Statement":[{"Sid":"A","Effect":"Allow","Action":"a:b","Resource":"*"}]}`), []byte(`{"Statement":{"Effect":"Deny","NotAction":[],"Resource":"*"}}`))
	f.Add([]byte(`{"Statement":[1,{"Effect":"No"}]}`), []byte("x"))
	f.Fuzz(func(t *testing.T, x, y []byte) {
		a, b := graph.CanonicalDocument(x), graph.CanonicalDocument(y)
		for kind := policy.Identity; kind <= policy.VPCEndpoint; kind++ {
			if got := changes.Documents(kind, &a, &a); len(got) != 0 {
				t.Fatalf("%q differs from itself: %+v", x, got)
			}
			there, back := without(changes.Documents(kind, &a, &b), "added"), without(changes.Documents(kind, &b, &a), "removed")
			if there != back {
				t.Fatalf("%d statements are not the same there and %d back, between %q and %q", there, back, x, y)
			}
		}
	})
}

// without counts the changes that are not of a kind.
func without(list []answer.StatementChange, kind string) (n int) {
	for _, s := range list {
		if s.Change != kind {
			n++
		}
	}
	return n
}
