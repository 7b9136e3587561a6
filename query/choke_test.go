package query_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/accessgraph/accessgraph/query"
	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/render"
	"github.com/accessgraph/accessgraph/query/syntax"
)

// TestSampleChokes holds what the paths of the sample hang on, as tables and in every other format.
func TestSampleChokes(t *testing.T) {
	var b strings.Builder
	for _, q := range []string{
		"choke points to admin", "choke points to admin in outside", "choke points to admin except account 444455556666",
		"choke points to kms:Decrypt on arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab in account 111122223333",
		"choke points to role/Deploy via assume", "choke points to user/frank",
		"choke points to admin | where kind = cut | select from, to, techniques, lost", "choke points to admin | group by kind count",
	} {
		a := keep(t, sample(t), q)
		b.WriteString("> " + q + "\n" + a.render(t, render.Table) + "\n")
		for _, f := range []render.Format{render.JSON, render.NDJSON, render.CSV} {
			if got := countRows(t, f, a.render(t, f)); got != len(a.rows) {
				t.Errorf("%s as %s has %d rows, want %d", q, f, got, len(a.rows))
			}
		}
	}
	a := keep(t, sample(t), "choke points to admin")
	golden(t, "sample-choke.golden", b.String()+"> choke points to admin, wide\n"+a.render(t, render.Wide)+"\n> choke points to admin, for programs\n"+a.render(t, render.NDJSON))
}

// TestSampleChokesByHand holds what testdata/sample/PATHS.md says of single edges and of ShopAdmin's trust policy: of the six who reach an administrator of
// the sample, how many do not without it.
func TestSampleChokesByHand(t *testing.T) {
	want := map[string]int{
		"CAN_ASSUME alice Admin": 1, "PASSROLE_NEW grace ShopAdmin": 1, "HIJACK_COMPUTE AWSReservedSSO_PowerUser_9f8e7d6c5b4a3928 ShopAdmin": 1,
		"HIJACK_COMPUTE Migrations ShopAdmin": 3, "PASSROLE_NEW Rollout Migrations": 2, "CAN_ASSUME Release Rollout": 1,
	}
	for _, r := range keep(t, sample(t), "choke points to admin | where kind = edge and from_kind != provider").rows {
		row := r.(*answer.Choke)
		last := func(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }
		name, lost := row.Edge+" "+last(row.From)+" "+last(row.To), 0
		for _, p := range row.Principals {
			if !strings.Contains(p, "-provider/") { // outsiders, which have paths of their own
				lost++
			}
		}
		if want[name] != lost {
			t.Errorf("%s takes %d, want %d", name, lost, want[name])
		}
		delete(want, name)
	}
	for name := range want {
		t.Errorf("%s takes nobody", name)
	}
	for _, r := range keep(t, sample(t), "choke points to admin | where kind = statement and owner like 'role/ShopAdmin'").rows {
		row, lost := r.(*answer.Choke), 0
		for _, p := range row.Principals {
			if !strings.Contains(p, "-provider/") {
				lost++
			}
		}
		if lost != 5 || row.Rank != 1 {
			t.Errorf("the trust policy of ShopAdmin takes %d and has rank %d, want 5 and 1", lost, row.Rank)
		}
		want["trust"] = lost
	}
	if want["trust"] == 0 {
		t.Error("the trust policy of ShopAdmin takes nobody")
	}
}

// TestChokeClauses holds which clauses choke points take.
func TestChokeClauses(t *testing.T) {
	for _, q := range []string{
		"choke points to admin of account 111122223333 in account 111122223333", "choke points to admin via assume, escalation", "choke points to kms:* on arn:aws:kms:us-east-1:111122223333:key/x",
	} {
		if _, err := query.Check(q); err != nil {
			t.Errorf("%s: %v", q, err)
		}
	}
	for q, want := range map[string]string{
		"choke points to admin within 3 hops":            "takes no within: somebody loses every path",
		"choke points to admin when aws:SourceIp = 1":    "takes no when",
		"choke points to group/Operators":                "a group is no principal",
		"choke points to user/nobody":                    "no principal",
		"choke points to admin | where losd > 1":         "losd",
		"choke points to admin | where statement.id = 1": "statement.id",
	} {
		_, err := sample(t).Ask(t.Context(), q, query.Options{})
		var bad *syntax.Error
		if !errors.As(err, &bad) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want an error with %q", q, err, want)
		}
	}
}
