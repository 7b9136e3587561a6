package query_test

import (
	"os"
	"strings"
	"testing"

	"github.com/accessgraph/accessgraph/query"
	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/render"
)

// pathQuestions are questions about access paths, those of the reference among them.
func pathQuestions() []string {
	return []string{
		"who can reach admin", "who can reach admin in account 444455556666 | where principal like 'user/*'",
		"who can reach admin except tag Team=platform via assume, escalation", "who can reach admin via direct | count",
		"who can reach admin of account 444455556666 in account 333344445555", "who can reach admin in outside",
		"who can reach secretsmanager:GetSecretValue on arn:aws:secretsmanager:*:*:secret:prod/*", "who can reach role/WebApp within 1 hops",
		"what can service lambda.amazonaws.com reach | select to, hop_count, reaches_admin", "what can user/heidi reach", "what can role/OnCall reach",
		"paths from external to admin", "paths from anyone to admin", "paths from user/ivan to admin", "all paths from role/Release to admin | limit 3",
		"all paths from user/alice to kms:Decrypt on arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab within 4 hops | limit 2",
		"who is admin", "show compute where reaches_admin | select arn, role", "show users where reaches_admin | select principal, admin",
	}
}

// TestSamplePaths holds the answers about the paths of the sample. Every format has all rows.
func TestSamplePaths(t *testing.T) {
	var b strings.Builder
	for _, q := range pathQuestions() {
		a := keep(t, sample(t), q)
		b.WriteString("> " + q + "\n" + a.render(t, render.Table) + "\n")
	}
	a := keep(t, sample(t), "paths from external to admin")
	golden(t, "sample-paths.golden", b.String()+"> paths from external to admin, wide\n"+a.render(t, render.Wide)+"\n> paths from external to admin, for programs\n"+a.render(t, render.NDJSON))
}

// derived is a line of the table of PATHS.md, which was made by hand.
type derived struct{ verdict, hops, how string }

// TestPathsByHand holds who reaches an administrator in the sample against what was derived by hand from the documents alone.
func TestPathsByHand(t *testing.T) {
	text, err := os.ReadFile("../testdata/sample/PATHS.md")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]derived{}
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(line, "|")
		if len(cells) != 6 || !strings.HasPrefix(strings.TrimSpace(cells[1]), "arn:") {
			continue
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if cells[2] == "none" || cells[2] == "allowed" || cells[2] == "conditional" {
			want[cells[1]] = derived{cells[2], cells[3], cells[4]}
		}
	}
	if len(want) != 40 {
		t.Fatalf("PATHS.md derives %d principals", len(want))
	}
	rows, _ := ask(t, sample(t), "who can reach admin except outside")
	found := map[string]bool{}
	for _, r := range rows {
		row := r.(*answer.Path)
		found[row.Principal] = true
		how := row.Admin
		if len(row.Hops) > 0 {
			var kinds []string
			for _, h := range row.Hops {
				kinds = append(kinds, h.Kind)
			}
			how = strings.Join(kinds, " ")
		}
		got := derived{string(row.Verdict), string(rune('0' + row.HopCount)), how}
		if w, ok := want[row.Principal]; ok && got != w {
			t.Errorf("%s: %v, derived by hand %v", row.Principal, got, w)
		} else if !ok && row.Kind != "provider" {
			t.Errorf("%s %v is not in PATHS.md", row.Principal, got)
		}
	}
	for principal, w := range want {
		if found[principal] != (w.verdict != "none") {
			t.Errorf("%s: found %t, derived by hand %v", principal, found[principal], w)
		}
	}
}

// TestPathProofs holds that every request of every step of every path of the sample has a witness, and that simulate allows it where the step is made with policies
// as they are.
func TestPathProofs(t *testing.T) {
	e := sample(t)
	steps := 0
	for _, q := range []string{"who can reach admin", "who can reach kms:Decrypt", "what can role/ShopAdmin reach", "paths from external to s3:GetObject"} {
		rows, _ := ask(t, e, q)
		for _, r := range rows {
			for _, h := range r.(*answer.Path).Hops {
				for _, s := range h.Steps {
					if s.Witness == nil || s.Verdict == answer.Unknown {
						t.Errorf("%s: %s of %s → %s (%s %s) has no witness", q, s.Action, h.From, h.To, h.Kind, h.Technique)
						continue
					}
					steps++
				}
				if len(h.Steps) == 0 {
					t.Errorf("%s: %s → %s (%s %s) takes no request", q, h.From, h.To, h.Kind, h.Technique)
				}
			}
		}
	}
	if steps < 50 {
		t.Errorf("%d steps were looked at", steps)
	}
}

// TestPathErrors holds what is said of questions about paths that have no meaning.
func TestPathErrors(t *testing.T) {
	for q, want := range map[string]string{
		"who can reach group/Maintainers":                          "a group is no principal",
		"who can reach service lambda.amazonaws.com":               "nobody becomes an AWS service",
		"who can reach role/ShopAdmn":                              `no principal "role/ShopAdmn" in the snapshot`,
		"paths from user/grase to admin":                           `no principal "user/grase" in the snapshot`,
		"paths from group/Maintainers to admin":                    "no path begins there",
		"paths from external to admin in account 444455556666":     "takes no in",
		"who can reach admin when aws:SourceIp = 203.0.113.1":      "takes no when",
		"who can reach admin of account 123456789012":              "the snapshot knows no account 123456789012",
		"who is admin via assume":                                  "takes no via",
		"what can user/grace reach in account 444455556666":        "takes no in",
		"paths from external to admin when aws:SourceIp = 1.2.3.4": "takes no when",
	} {
		_, err := sample(t).Ask(t.Context(), q, query.Options{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", q, err, want)
		}
	}
}

// TestPathBounds holds that no path is longer than within says, the steps that end at a resource counted, and that the answer says what was left out.
func TestPathBounds(t *testing.T) {
	for _, q := range []string{
		"who can reach kms:Decrypt within 0 hops", "who can reach kms:Decrypt within 1 hops", "who can reach kms:Decrypt within 2 hops", "who can reach admin within 0 hops",
		"all paths from role/Release to admin within 2 hops", "all paths from external to s3:GetObject within 1 hops", "who can reach role/ShopAdmin within 0 hops",
	} {
		most := int(strings.Split(q, "within ")[1][0] - '0')
		a := keep(t, sample(t), q)
		for _, r := range a.rows {
			if n := r.(*answer.Path).HopCount; n > most {
				t.Errorf("%s: a path of %d hops", q, n)
			}
		}
		if !strings.HasPrefix(q, "all") && !strings.Contains(a.render(t, render.Table), "hops are not looked at") {
			t.Errorf("%s: nothing is said of the bound", q)
		}
	}
}

// TestReachesAllOf holds that whoever reaches all of several actions ends at somebody who has every one of them, and has a request for each.
func TestReachesAllOf(t *testing.T) {
	e := sample(t)
	ends := func(q string) map[string]bool {
		out := map[string]bool{}
		rows, _ := ask(t, e, q)
		for _, r := range rows {
			p := r.(*answer.Path)
			out[p.Principal] = true
			asked := map[string]bool{}
			for _, s := range p.Hops[len(p.Hops)-1].Steps {
				asked[s.Action] = true
			}
			if strings.Contains(q, "all of") && p.HopCount == 1 && len(asked) != 2 {
				t.Errorf("%s: %s ends with requests %v", q, p.Principal, asked)
			}
		}
		return out
	}
	all, one, other := ends("who can reach all of kms:Decrypt, s3:GetObject via direct"), ends("who can reach kms:Decrypt via direct"), ends("who can reach s3:GetObject via direct")
	if len(all) == 0 {
		t.Error("nobody has both")
	}
	for p := range all {
		if !one[p] || !other[p] {
			t.Errorf("%s has not got both", p)
		}
	}
	for p := range one {
		if other[p] != all[p] {
			t.Errorf("%s: both %t, together %t", p, other[p], all[p])
		}
	}
	want, _ := ask(t, e, "who can do all of kms:Decrypt, s3:GetObject")
	for _, r := range want {
		if row := r.(*answer.WhoCan); row.Kind != "public" && row.Account != "" && !all[row.Principal] {
			t.Errorf("%s can do all, and reaches nothing", row.Principal)
		}
	}
}
