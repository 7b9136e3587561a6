package storetest

import (
	"fmt"
	"reflect"
	"time"

	"github.com/accessgraph/accessgraph/graph"
)

// Everything gives facts in which no field of the model is empty, always the same.
func Everything() *graph.Facts {
	e := &everything{facts: &graph.Facts{Documents: map[graph.DocumentHash]*graph.Document{}}}
	for _, text := range []string{`{"Version":"2012-10-17","Statement":[]}`, `{"Version":"2008-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}`, "no document"} {
		d := graph.CanonicalDocument([]byte(text))
		e.facts.Documents[d.Hash] = &d
		e.hashes = append(e.hashes, d.Hash)
	}
	v := reflect.ValueOf(e.facts).Elem()
	for i := range v.NumField() {
		if name := v.Type().Field(i).Name; name != "Documents" {
			e.fill(v.Field(i), name)
		}
	}
	for i, a := range e.facts.Accounts {
		a.ID = graph.AccountID(fmt.Sprintf("%012d", i+1))
	}
	for i, o := range e.facts.Observations {
		o.Account = graph.AccountID(fmt.Sprintf("%012d", i+1))
	}
	e.facts.Normalize()
	return e.facts
}

type everything struct {
	facts  *graph.Facts
	hashes []graph.DocumentHash
	n      int
}

func (e *everything) fill(v reflect.Value, label string) {
	e.n++
	switch v.Interface().(type) {
	case graph.DocumentHash:
		v.Set(reflect.ValueOf(e.hashes[e.n%len(e.hashes)]))
		return
	case time.Time:
		v.Set(reflect.ValueOf(time.Unix(1_700_000_000+int64(e.n), int64(e.n%2)).UTC()))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprintf("%s-%d", label, e.n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int:
		v.SetInt(int64(e.n))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		e.fill(v.Elem(), label)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			e.fill(v.Index(i), label)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			e.fill(v.Field(i), v.Type().Field(i).Name)
		}
	}
}
