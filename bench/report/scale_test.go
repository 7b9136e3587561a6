package main

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/accessgraph/accessgraph/bench/orggen/organization"
)

func writeOrganization(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "org")
	if err := organization.Write(dir, organization.Options{Accounts: 7, Principals: 60, Seed: 1}); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestPlainFiles: plain decoding leaves out nothing of the files beside the authorization details.
func TestPlainFiles(t *testing.T) {
	dir := writeOrganization(t)
	if err := decodePlain(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	documents := 0
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == detailsFile {
			return err
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		into, err := plainOf(name)
		if err != nil {
			return err
		}
		strict := json.NewDecoder(bytes.NewReader(text))
		strict.DisallowUnknownFields()
		if err := strict.Decode(into); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		switch v := into.(type) {
		case *plainResources:
			for _, r := range v.ResourcePolicies {
				if r.Policy != nil && len(r.Policy.Statement) > 0 {
					documents++
				}
			}
		case *plainOrganization:
			for _, p := range v.Policies {
				if len(p.Content.Statement) == 0 {
					t.Errorf("no statement of policy %s", p.Name)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if documents == 0 {
		t.Error("no policy of a resource was decoded")
	}
	if _, err := plainOf("other.json"); err == nil {
		t.Error("no error for a file that plain decoding does not know")
	}
}

// TestPickSubjects: they are of account number 5, and as the table says.
func TestPickSubjects(t *testing.T) {
	dir := writeOrganization(t)
	s, err := pickSubjects(dir)
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := decodeFile(filepath.Join(dir, organizationFile))
	if err != nil {
		t.Fatal(err)
	}
	account := decoded.(*plainOrganization).Accounts[5].Id
	if !strings.HasPrefix(s.key, "arn:aws:kms:") || !strings.Contains(s.key, ":"+account+":key/") {
		t.Errorf("the key is %s, want one of %s", s.key, account)
	}
	if !strings.HasPrefix(s.object, "arn:aws:s3:::") || !strings.HasSuffix(s.object, "/reports/2026.csv") || !strings.Contains(s.object, account) {
		t.Errorf("the object is %s, want one of %s", s.object, account)
	}

	for _, c := range []struct {
		policy        string
		key, openToAs bool
	}{
		{`{"Statement": [{"Effect": "Allow", "Action": "kms:*", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Resource": "*"}]}`, true, false},
		{`{"Statement": [{"Effect": "Allow", "Action": "kms:*", "Principal": {"AWS": "arn:aws:iam::444455556666:root"}, "Resource": "*"}]}`, false, false},
		{`{"Statement": [{"Effect": "Allow", "Action": "kms:*", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}},
			{"Effect": "Allow", "Action": "kms:Decrypt", "Principal": {"AWS": "*"}, "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}}]}`, false, true},
		{`{"Statement": [{"Effect": "Deny", "Action": "s3:*", "Principal": "*"}]}`, false, false},
		{`{"Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Principal": "*"}]}`, false, true},
	} {
		var d plainDocument
		if err := json.Unmarshal([]byte(c.policy), &d); err != nil {
			t.Fatal(err)
		}
		if got := defaultKeyPolicy(&d, "111122223333"); got != c.key {
			t.Errorf("%s: default %t, want %t", c.policy, got, c.key)
		}
		if got := openToAny(&d); got != c.openToAs {
			t.Errorf("%s: open %t, want %t", c.policy, got, c.openToAs)
		}
	}
}

// TestScaleRows: what is wanted is wanted of the largest size, and what has no answer does not hold.
func TestScaleRows(t *testing.T) {
	sized := func(principals int, warm time.Duration, failed string) *scaled {
		s := &scaled{accounts: principals / 1000, principals: principals, ratio: 1.4, heap: &asked{HeapOpen: 10, HeapAsked: int64(principals) * 5000}}
		for range scaleQuestions {
			s.questions = append(s.questions, scaledQuestion{answered: answered{First: warm, Warm: warm, Error: failed}, coldError: failed})
		}
		return s
	}
	b := &bench{}
	b.scaleRows([]*scaled{sized(10_000, time.Millisecond, ""), sized(1_000_000, 100*time.Millisecond, "")})
	failing := &bench{}
	failing.scaleRows([]*scaled{sized(10_000, time.Millisecond, ""), sized(1_000_000, 0, "no answer within 10m0s")})
	for _, c := range []struct {
		bench           *bench
		work, got, held string
	}{
		{b, "ingest files", "", "yes"},
		{b, "who can kms:Decrypt on <key>, warm", "10k: 1 ms<br>1M: 100 ms", "no"},
		{b, "who can kms:Decrypt on <key>, growth of warm", "exponent 1.00", "no"},
		{b, "who can kms:Decrypt on <key>, growth of first", "exponent 1.00", ""},
		{b, "heap after opening", "", "yes"},
		{b, "heap after opening and all questions", "10k: 5000 bytes per principal<br>1M: 5000 bytes per principal", "no"},
		{failing, "who can kms:Decrypt on <key>, cold", "", "no"},
		{failing, "who can kms:Decrypt on <key>, warm", "10k: 1 ms<br>1M: no answer within 10m0s", "no"},
		{failing, "who can kms:Decrypt on <key>, growth of warm", "not known: there is no answer", "no"},
	} {
		found := false
		for _, r := range c.bench.rows {
			if r.work != c.work {
				continue
			}
			found = true
			if r.held != c.held || c.got != "" && r.got != c.got {
				t.Errorf("%s: %q, holds %q; want %q, %q", r.work, r.got, r.held, c.got, c.held)
			}
		}
		if !found {
			t.Errorf("no row for %q", c.work)
		}
	}
	if !strings.Contains(table(b.rows), `kms:* ? \| group by account count, warm`) {
		t.Error("the bar of a stage ends a cell")
	}
}

func TestExponent(t *testing.T) {
	for _, c := range []struct {
		small, large time.Duration
		want         float64
	}{{time.Second, time.Second, 0}, {time.Second, 10 * time.Second, 0.5}, {time.Second, 100 * time.Second, 1}} {
		if got := exponent(c.small, c.large, 10_000, 1_000_000); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("from %s to %s is exponent %g, want %g", c.small, c.large, got, c.want)
		}
	}
}

func TestParseAccounts(t *testing.T) {
	got, err := parseAccounts("100, 10,100")
	if err != nil || len(got) != 2 || got[0] != 10 || got[1] != 100 {
		t.Errorf("got %v, %v", got, err)
	}
	for _, bad := range []string{"", "1", "ten", "10,"} {
		if _, err := parseAccounts(bad); err == nil {
			t.Errorf("no error for %q", bad)
		}
	}
}
