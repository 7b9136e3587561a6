package answer_test

import (
	"errors"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"

	"github.com/accessgraph/accessgraph/query/answer"
)

func marshal(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v, json.Deterministic(true))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestJSON holds the field names and their order, which are a contract.
func TestJSON(t *testing.T) {
	grant := answer.Grant{
		Actions: []string{"kms:*"}, Resources: []string{"*"}, Verdict: answer.Conditional, Conditions: "aws:MultiFactorAuthPresent is true",
		Via: []answer.StatementRef{{Layer: "identity", Policy: "Ops", Sid: "Keys", Index: 2}},
		Witness: &answer.Witness{Principal: "arn:aws:iam::111122223333:user/a", Action: "kms:Decrypt", Resource: "arn:x",
			Context: map[string]answer.ContextValue{"b": {Values: []string{"1", "2"}, Multi: true}, "a": {Values: []string{"true"}}, "c": {Multi: true}}},
	}
	grantJSON := `{"actions":["kms:*"],"resources":["*"],"verdict":"conditional","conditions":"aws:MultiFactorAuthPresent is true",` +
		`"via":[{"layer":"identity","policy":"Ops","sid":"Keys","index":2}],"assumptions":[],` +
		`"witness":{"principal":"arn:aws:iam::111122223333:user/a","action":"kms:Decrypt","resource":"arn:x","context":{"a":"true","b":["1","2"],"c":[]}}}`
	for _, test := range []struct {
		row  answer.Row
		want string
	}{
		{
			&answer.WhoCan{Principal: "p", Kind: "user", Account: "1", Verdict: answer.Conditional, Actions: []string{"kms:*"}, ActionCount: 54, Grants: []answer.Grant{grant}},
			`{"principal":"p","kind":"user","account":"1","verdict":"conditional","actions":["kms:*"],"action_count":54,"resources":[],"grants":[` + grantJSON + `]}`,
		},
		{
			&answer.Can{Principal: "p", Action: "a", Resource: "r", Verdict: answer.Denied, Layer: "scp"},
			`{"principal":"p","action":"a","resource":"r","verdict":"denied","covers":false,"layer":"scp","grants":[]}`,
		},
		{
			&answer.WhatCan{Principal: "p", Account: "1", Service: "kms", Access: "Write", Actions: []string{"kms:Decrypt"}, ActionCount: 1, Resources: []string{"*"}, Verdict: answer.Allowed},
			`{"principal":"p","account":"1","service":"kms","access":"Write","actions":["kms:Decrypt"],"action_count":1,"resources":["*"],"verdict":"allowed","conditions":"","via":[],"assumptions":[],"witness":null}`,
		},
		{
			&answer.Record{Schema: &answer.Schema{Columns: []answer.Column{{Name: "account"}, {Name: "count", Type: answer.Number}}}, Values: []any{nil, 3.0}},
			`{"account":"","count":3}`,
		},
		{
			&answer.Record{Schema: &answer.Schema{Columns: []answer.Column{{Name: "age", Type: answer.Duration}, {Name: "at", Type: answer.Time}, {Name: "l", Type: answer.List}, {Name: "n", Type: answer.Number}}},
				Values: []any{time.Hour, time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), []string(nil), nil}},
			`{"age":3600,"at":"2026-11-01T00:00:00Z","l":[],"n":null}`,
		},
	} {
		if diff := cmp.Diff(test.want, marshal(t, test.row)); diff != "" {
			t.Errorf("%T (-want +got):\n%s", test.row, diff)
		}
	}
}

// TestFields holds that every field a schema names is there, with the type it promises, and no other.
func TestFields(t *testing.T) {
	grants := []answer.Grant{
		{Actions: []string{"a", "b"}, Resources: []string{"r"}, Verdict: answer.Allowed, Via: []answer.StatementRef{{Layer: "identity", Policy: "P", Sid: "S"}}},
		{Actions: []string{"b"}, Resources: []string{"q"}, Verdict: answer.Unknown, Conditions: "k = 1", Assumptions: []string{"x"}, Via: []answer.StatementRef{{Layer: "resource", Policy: "P"}}},
	}
	for _, test := range []struct {
		schema *answer.Schema
		row    answer.Row
	}{
		{answer.WhoCanSchema(), &answer.WhoCan{Principal: "p", Kind: "user", Account: "1", Verdict: answer.Allowed, Actions: []string{"a"}, Grants: grants}},
		{answer.CanSchema(), &answer.Can{Principal: "p", Action: "a", Resource: "r", Verdict: answer.Allowed, Layer: "identity", Grants: grants}},
		{answer.WhatCanSchema(), &answer.WhatCan{Principal: "p", Account: "1", Service: "s", Access: "Read", Verdict: answer.Allowed, Conditions: "c", Via: grants[0].Via}},
	} {
		for _, name := range test.schema.Names() {
			v, ok := test.row.Field(name)
			if !ok {
				t.Errorf("%T has no field %s", test.row, name)
				continue
			}
			c, _ := test.schema.Column(name)
			if !typed(v, c.Type) {
				t.Errorf("%T: field %s is %T, the schema says %s", test.row, name, v, c.Type)
			}
		}
		for _, name := range []string{"nothing", "grants.nothing", "grants.via.nothing", "via.nothing", ""} {
			if v, ok := test.row.Field(name); ok {
				t.Errorf("%T has a field %q: %v", test.row, name, v)
			}
		}
	}
	row := &answer.WhoCan{Grants: grants}
	for name, want := range map[string][]string{
		"grants.actions": {"a", "b"}, "grants.conditions": {"k = 1"}, "grants.via.layer": {"identity", "resource"},
		"grants.via.policy": {"P"}, "grants.via.sid": {"S"}, "grants.verdict": {"allowed", "unknown"},
	} {
		got, _ := row.Field(name)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func typed(v any, t answer.Type) bool {
	switch v.(type) {
	case string:
		return t == answer.Text
	case float64:
		return t == answer.Number
	case bool:
		return t == answer.Bool
	case []string:
		return t == answer.List
	}
	return t == answer.Object
}

func TestCollectStopsAtAnError(t *testing.T) {
	fault := errors.New("fault")
	rows := func(yield func(answer.Row, error) bool) {
		if yield(&answer.Can{}, nil) && yield(nil, fault) {
			t.Error("went on after an error")
		}
	}
	got, err := answer.Collect(rows)
	if len(got) != 1 || !errors.Is(err, fault) {
		t.Errorf("got %d rows and %v", len(got), err)
	}
}

func TestRankOrdersVerdicts(t *testing.T) {
	order := []answer.Verdict{answer.Allowed, answer.Conditional, answer.Unknown, answer.Denied, "other"}
	for i := 1; i < len(order); i++ {
		if order[i-1].Rank() >= order[i].Rank() {
			t.Errorf("%s does not rank before %s", order[i-1], order[i])
		}
	}
}
