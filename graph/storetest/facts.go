package storetest

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"time"

	"pgregory.net/rapid"

	"github.com/accessgraph/accessgraph/graph"
)

// Random draws facts in which any field of the model may have any value, in any order, with duplicates and empty lists.
// It finds the fields by reflection, so that a field that a store forgets does not go unnoticed. The result is valid: the
// documents that are named exist, and account ids differ.
func Random(t *rapid.T) *graph.Facts {
	g := &generator{t: t, documents: map[graph.DocumentHash]*graph.Document{}}
	for range rapid.IntRange(0, 5).Draw(t, "documents") {
		d := graph.CanonicalDocument([]byte(rapid.SampledFrom([]string{`{"Version":"2012-10-17"}`, `{"a":1,"a":2}`, "not json", ""}).Draw(t, "text") +
			rapid.StringN(0, 5, -1).Draw(t, "tail")))
		g.documents[d.Hash] = &d
		g.hashes = append(g.hashes, d.Hash)
	}
	f := &graph.Facts{Documents: g.documents}
	v := reflect.ValueOf(f).Elem()
	for i := range v.NumField() {
		if name := v.Type().Field(i).Name; name != "Documents" {
			g.fill(v.Field(i), name)
		}
	}
	accounts, observed := map[graph.AccountID]bool{}, map[graph.AccountID]bool{}
	for i, a := range f.Accounts {
		a.ID = acceptable(a.ID, i, accounts)
	}
	for i, o := range f.Observations {
		o.Account = acceptable(o.Account, i, observed)
	}
	keepNamed(f)
	return f
}

// acceptable gives id if Publish accepts it beside the ids that are taken, which it joins, and else one made of i.
func acceptable(id graph.AccountID, i int, taken map[graph.AccountID]bool) graph.AccountID {
	if id == "" || id[0] == '~' || len(id) > graph.MaxPartition || taken[id] {
		id = graph.AccountID(fmt.Sprintf("%012d", i))
	}
	taken[id] = true
	return id
}

// keepNamed drops the documents that no entity names, which a store does not keep.
func keepNamed(f *graph.Facts) {
	named := map[graph.DocumentHash]bool{}
	var walk func(v reflect.Value)
	walk = func(v reflect.Value) {
		switch {
		case v.Type() == reflect.TypeFor[graph.DocumentHash]():
			named[v.Interface().(graph.DocumentHash)] = true
		case v.Type() == reflect.TypeFor[time.Time]():
		case v.Kind() == reflect.Pointer && !v.IsNil():
			walk(v.Elem())
		case v.Kind() == reflect.Slice:
			for i := range v.Len() {
				walk(v.Index(i))
			}
		case v.Kind() == reflect.Struct:
			for i := range v.NumField() {
				walk(v.Field(i))
			}
		}
	}
	walk(reflect.ValueOf(f.Organization))
	walk(reflect.ValueOf(f.Accounts))
	for h := range f.Documents {
		if !named[h] {
			delete(f.Documents, h)
		}
	}
}

type generator struct {
	t         *rapid.T
	documents map[graph.DocumentHash]*graph.Document
	hashes    []graph.DocumentHash
}

func (g *generator) fill(v reflect.Value, label string) {
	switch v.Interface().(type) {
	case graph.DocumentHash:
		if len(g.hashes) > 0 && rapid.Bool().Draw(g.t, label) {
			v.Set(reflect.ValueOf(rapid.SampledFrom(g.hashes).Draw(g.t, label)))
		}
		return
	case time.Time:
		if rapid.Bool().Draw(g.t, label) {
			sec, nsec := rapid.Int64Range(-1<<33, 1<<35).Draw(g.t, label), rapid.SampledFrom([]int64{0, 0, 1, 999_999_999}).Draw(g.t, label)
			v.Set(reflect.ValueOf(time.Unix(sec, nsec).In(time.FixedZone("", 3600))))
		}
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(rapid.OneOf(rapid.Just(""), rapid.SampledFrom([]string{"a", "b", "\xff"}), rapid.StringN(0, 30, -1)).Draw(g.t, label))
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(g.t, label))
	case reflect.Int:
		v.SetInt(rapid.Int64().Draw(g.t, label))
	case reflect.Pointer:
		if v.Type().Elem().Kind() == reflect.Struct && rapid.Bool().Draw(g.t, label) {
			v.Set(reflect.New(v.Type().Elem()))
			g.fill(v.Elem(), label)
		}
	case reflect.Slice:
		g.fillSlice(v, label)
	case reflect.Struct:
		for i := range v.NumField() {
			g.fill(v.Field(i), v.Type().Field(i).Name)
		}
	default:
		g.t.Fatalf("field %s has the kind %s, which this generator and perhaps the store do not know", label, v.Kind())
	}
}

func (g *generator) fillSlice(v reflect.Value, label string) {
	n := rapid.SampledFrom([]int{-1, 0, 1, 1, 2, 3}).Draw(g.t, label)
	if n < 0 {
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), n, n))
	for i := range n {
		e := v.Index(i)
		if e.Kind() == reflect.Pointer { // lists of pointers have no nil in them
			e.Set(reflect.New(e.Type().Elem()))
			e = e.Elem()
		}
		g.fill(e, label)
	}
}

// Shuffle puts every list of f into another order.
func Shuffle(f *graph.Facts, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 1))
	var walk func(v reflect.Value)
	walk = func(v reflect.Value) {
		switch {
		case v.Type() == reflect.TypeFor[time.Time]():
		case v.Kind() == reflect.Pointer && !v.IsNil():
			walk(v.Elem())
		case v.Kind() == reflect.Slice:
			r.Shuffle(v.Len(), reflect.Swapper(v.Interface()))
			for i := range v.Len() {
				walk(v.Index(i))
			}
		case v.Kind() == reflect.Struct:
			for i := range v.NumField() {
				walk(v.Field(i))
			}
		}
	}
	walk(reflect.ValueOf(f.Organization))
	walk(reflect.ValueOf(f.Accounts))
	walk(reflect.ValueOf(f.Coverage))
	walk(reflect.ValueOf(f.Observations))
}

// Account makes an account with n roles as a company has them: a few trust policies shared by all, an inline policy of
// its own for every third role, tags, and n/20 managed policies.
func Account(id graph.AccountID, n int) *graph.Facts {
	f := &graph.Facts{Documents: map[graph.DocumentHash]*graph.Document{}}
	document := func(format string, args ...any) graph.DocumentHash {
		d := graph.CanonicalDocument(fmt.Appendf(nil, format, args...))
		f.Documents[d.Hash] = &d
		return d.Hash
	}
	a := &graph.Account{ID: id, Aliases: []string{"example-" + string(id)},
		Coverage: []graph.Coverage{{Kind: graph.KindIAM, State: graph.CoverageComplete}}}
	o := &graph.AccountObservations{Account: id}
	created := time.Date(2024, 2, 3, 4, 5, 6, 0, time.UTC)
	for i := range n / 20 {
		arn := graph.ARN(fmt.Sprintf("arn:aws:iam::%s:policy/team-%d/Access%d", id, i%7, i))
		a.Policies = append(a.Policies, &graph.ManagedPolicy{ARN: arn, Name: fmt.Sprintf("Access%d", i), Path: fmt.Sprintf("/team-%d/", i%7),
			ID: fmt.Sprintf("ANPA%016d", i), DefaultVersion: "v2", Attachable: true, Created: created, Updated: created.AddDate(0, 1, 0),
			Versions: []graph.PolicyVersion{
				{ID: "v1", Created: created, Document: document(policyText, id, i, i, "1")},
				{ID: "v2", Created: created, Default: true, Document: document(policyText, id, i, i, "2")}}})
		o.AttachmentCounts = append(o.AttachmentCounts, graph.AttachmentCount{ARN: arn, Attachments: i})
	}
	for i := range n {
		r := &graph.Role{ARN: graph.ARN(fmt.Sprintf("arn:aws:iam::%s:role/service/app-%05d-role", id, i)), Name: fmt.Sprintf("app-%05d-role", i), Path: "/service/",
			ID: fmt.Sprintf("AROA%016d", i), Created: created.Add(time.Duration(i) * time.Minute),
			Trust: document(trustText, []string{"ec2", "lambda", "ecs-tasks", "codebuild"}[i%4]),
			Tags:  []graph.Tag{{Key: "team", Value: fmt.Sprintf("team-%d", i%40)}, {Key: "environment", Value: []string{"prod", "dev"}[i%2]}}}
		if len(a.Policies) > 0 {
			r.Attached = []graph.ARN{a.Policies[i%len(a.Policies)].ARN, "arn:aws:iam::aws:policy/ReadOnlyAccess"}
		}
		if i%3 == 0 {
			r.Inline = []graph.InlinePolicy{{Name: "own", Document: document(policyText, id, i, i*7, "inline")}}
		}
		a.Roles = append(a.Roles, r)
		o.RoleLastUsed = append(o.RoleLastUsed, graph.LastUsed{ARN: r.ARN, Time: created.AddDate(0, 0, i%400), Region: "eu-central-1"})
	}
	f.Accounts, f.Observations = []*graph.Account{a}, []*graph.AccountObservations{o}
	return f
}

const trustText = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"%s.amazonaws.com"},"Action":"sts:AssumeRole"}]}`

const policyText = `{"Version":"2012-10-17","Statement":[` +
	`{"Sid":"Tables","Effect":"Allow","Action":["dynamodb:GetItem","dynamodb:Query","dynamodb:PutItem"],"Resource":"arn:aws:dynamodb:eu-central-1:%s:table/app-%d-*"},` +
	`{"Sid":"Objects","Effect":"Allow","Action":["s3:GetObject","s3:PutObject","s3:ListBucket"],"Resource":["arn:aws:s3:::company-data-%d","arn:aws:s3:::company-data/*"]},` +
	`{"Sid":"Keys","Effect":"Allow","Action":["kms:Decrypt","kms:GenerateDataKey"],"Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/stage":"%s"}}}]}`
