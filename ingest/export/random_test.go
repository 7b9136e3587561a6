package export_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/graph/storetest"
)

// TestRandom exports any facts that files can say. What is found wrong with their documents when they are read joins the coverage; everything
// else comes back as it was, and the second time everything does.
func TestRandom(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		facts := sayable(storetest.Random(rt))
		facts.Normalize()
		again := readBack(t, facts)
		if diff := cmp.Diff(facts, again, cmpopts.IgnoreFields(graph.Facts{}, "Coverage"), cmpopts.IgnoreFields(graph.Account{}, "Coverage")); diff != "" {
			rt.Fatalf("facts (-exported +read):\n%s", diff)
		}
		wantSame(t, again)
	})
}

// sayable changes facts so that files can say them: ARNs name what they are of and lie in their accounts, names are there once, and trees are trees.
func sayable(f *graph.Facts) *graph.Facts {
	text(reflect.ValueOf(f.Organization))
	text(reflect.ValueOf(f.Accounts))
	text(reflect.ValueOf(f.Observations))
	text(reflect.ValueOf(&f.Coverage))
	if len(f.Accounts) == 0 {
		f.Accounts = []*graph.Account{{}}
	}
	for d := range f.Documents {
		if len(f.Documents[d].Canonical) == 0 { // no bytes are no document
			delete(f.Documents, d)
		}
	}
	states(f.Coverage)
	for i, a := range f.Accounts {
		account(a, graph.AccountID(fmt.Sprintf("%012d", i+1)))
	}
	f.Observations = f.Observations[:min(len(f.Observations), len(f.Accounts))]
	for i, o := range f.Observations {
		observations(o, f.Accounts[i])
	}
	if f.Organization != nil {
		tree(f.Organization)
	}
	empty := graph.CanonicalDocument(nil).Hash
	for _, a := range f.Accounts {
		forget(reflect.ValueOf(a), empty)
	}
	forget(reflect.ValueOf(f.Organization), empty)
	return f
}

// text makes every string below v text.
func text(v reflect.Value) {
	walk(v, func(s reflect.Value) { s.SetString(strings.ToValidUTF8(s.String(), "?")) })
}

func walk(v reflect.Value, fn func(reflect.Value)) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			walk(v.Elem(), fn)
		}
	case reflect.Slice:
		for i := range v.Len() {
			walk(v.Index(i), fn)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				walk(v.Field(i), fn)
			}
		}
	case reflect.String:
		fn(v)
	}
}

// forget takes a document out wherever it is named.
func forget(v reflect.Value, h graph.DocumentHash) {
	switch {
	case v.Type() == reflect.TypeFor[graph.DocumentHash]():
		if v.Interface() == h {
			v.SetZero()
		}
	case v.Kind() == reflect.Pointer && !v.IsNil():
		forget(v.Elem(), h)
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			forget(v.Index(i), h)
		}
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				forget(v.Field(i), h)
			}
		}
	}
}

// or gives a text that is not empty.
func or[T ~string](s *T, other string) {
	if *s == "" {
		*s = T(other)
	}
}

// keys makes the keys of tags differ and say something.
func keys(list []graph.Tag) {
	for i := range list {
		list[i].Key += fmt.Sprint(i)
	}
}

func states(list []graph.Coverage) {
	for i := range list {
		list[i].State = []graph.CoverageState{graph.CoverageComplete, graph.CoverageDenied, graph.CoverageFailed, graph.CoverageNotAsked}[i%4]
	}
}

func account(a *graph.Account, id graph.AccountID) {
	a.ID = id
	states(a.Coverage)
	inline := func(list []graph.InlinePolicy) {
		for i := range list {
			list[i].Name += fmt.Sprint(i)
		}
	}
	iam := func(kind string, i int, arn *graph.ARN, name, path *string) {
		*arn = graph.ARN(fmt.Sprintf("arn:aws:iam::%s:%s/p/n%d", id, kind, i))
		or(name, fmt.Sprint("n", i))
		or(path, "/p/")
	}
	attached := func(list []graph.ARN) {
		for i := range list {
			or(&list[i], "x")
		}
	}
	for i, v := range a.Users {
		iam("user", i, &v.ARN, &v.Name, &v.Path)
		inline(v.Inline)
		attached(v.Attached)
		keys(v.Tags)
	}
	for i, v := range a.Groups {
		iam("group", i, &v.ARN, &v.Name, &v.Path)
		inline(v.Inline)
		attached(v.Attached)
	}
	for i, v := range a.Roles {
		iam("role", i, &v.ARN, &v.Name, &v.Path)
		inline(v.Inline)
		attached(v.Attached)
		keys(v.Tags)
	}
	for i, v := range a.Policies {
		iam("policy", i, &v.ARN, &v.Name, &v.Path)
		for j := range v.Versions {
			v.Versions[j].ID, v.Versions[j].Default = fmt.Sprint("v", j+1), fmt.Sprint("v", j+1) == v.DefaultVersion
		}
	}
	things(a, id)
}

func things(a *graph.Account, id graph.AccountID) {
	for i, v := range a.Resources {
		v.ARN = graph.ARN(fmt.Sprintf("arn:aws:sqs:us-east-1:%s:q%d", id, i))
		or(&v.Type, "AWS::SQS::Queue")
		or(&v.Region, "us-east-1")
		if !v.TagsKnown {
			v.Tags = nil
		}
		keys(v.Tags)
	}
	for i, v := range a.Compute {
		v.ARN = graph.ARN(fmt.Sprintf("arn:aws:lambda:us-east-1:%s:function:f%d", id, i))
		or(&v.Type, "AWS::Lambda::Function")
		or(&v.Region, "us-east-1")
		keys(v.Tags)
		keys(v.Attributes)
	}
	for i, v := range a.Grants {
		v.Key, v.ID = graph.ARN(fmt.Sprintf("arn:aws:kms:us-east-1:%s:key/k%d", id, i%2)), fmt.Sprint(v.ID, i)
		if !v.HasEncryptionEquals {
			v.EncryptionEquals = nil
		}
		keys(v.EncryptionEquals)
		keys(v.EncryptionSubset)
	}
	for i, v := range a.Providers {
		v.Kind = []string{"SAML", "OIDC"}[i%2]
		v.ARN = graph.ARN(fmt.Sprintf("arn:aws:iam::%s:%s-provider/p%d", id, strings.ToLower(v.Kind), i))
		or(&v.URL, "u")
		keys(v.Tags)
	}
	for i, v := range a.Shares {
		v.ARN = graph.ARN(fmt.Sprintf("arn:aws:ram:us-east-1:555566667777:resource-share/%d", i))
		for j := range v.Principals {
			v.Principals[j] = fmt.Sprint(j)
		}
	}
	if a.Password != nil {
		keys(a.Password.Fields)
	}
}

func observations(o *graph.AccountObservations, a *graph.Account) {
	o.Account = a.ID
	o.Summary = append(o.Summary, graph.Tag{}) // observations of nothing are none
	keys(o.Summary)
	for i := range o.CredentialReport {
		r := &o.CredentialReport[i]
		r.ARN = graph.ARN(fmt.Sprintf("arn:aws:iam::%s:user/u%d", a.ID, i))
		keys(r.Fields)
		r.Fields = append(r.Fields, graph.Tag{Key: "user_creation_time", Value: "now"})
		walk(reflect.ValueOf(r), func(s reflect.Value) { s.SetString(strings.ReplaceAll(s.String(), "\r\n", "\n")) }) // which CSV does not keep
	}
	for i := range o.RoleLastUsed { // the first of roles that the account has
		o.RoleLastUsed[i].ARN = graph.ARN(fmt.Sprintf("arn:aws:iam::%s:role/p/n%d", a.ID, i))
	}
	for i := range o.LastAccessed {
		l := &o.LastAccessed[i]
		l.ARN, l.Namespace = graph.ARN(fmt.Sprintf("arn:aws:iam::%s:user/u%d", a.ID, i%2)), fmt.Sprint(l.Namespace, i)
		for j := range l.Actions {
			l.Actions[j].Name += fmt.Sprint(j)
		}
	}
	for i := range o.AttachmentCounts {
		n := &o.AttachmentCounts[i]
		n.ARN, n.Attachments, n.BoundaryUsage = graph.ARN(fmt.Sprintf("arn:aws:iam::%s:policy/p/n%d", a.ID, i)), n.Attachments&0xffff, n.BoundaryUsage&0xff
	}
}

func tree(o *graph.Organization) {
	or(&o.ID, "o-1")
	o.ManagementAccount, o.FeatureSet = "000000000001", "ALL"
	o.Roots = append(o.Roots, graph.OrganizationRoot{})
	for i := range o.Roots {
		o.Roots[i].ID = fmt.Sprint("r-", i)
		for j := range o.Roots[i].PolicyTypes {
			or(&o.Roots[i].PolicyTypes[j], "X")
		}
	}
	for i := range o.Units {
		o.Units[i].ID, o.Units[i].ParentID = fmt.Sprint("ou-", i), "r-0"
	}
	for i := range o.Accounts {
		o.Accounts[i].ID, o.Accounts[i].ParentID = graph.AccountID(fmt.Sprintf("%012d", i)), "r-0"
		keys(o.Accounts[i].Tags)
	}
	for i := range o.Policies {
		p := &o.Policies[i]
		p.ID, p.ARN, p.Type = fmt.Sprint("p-", i), graph.ARN(fmt.Sprint("arn:aws:organizations::aws:policy/x/p-", i)), []string{graph.ServiceControlPolicy, graph.ResourceControlPolicy}[i%2]
	}
	for i := range o.Delegated {
		o.Delegated[i].ID = graph.AccountID(fmt.Sprint(i + 1))
	}
}
