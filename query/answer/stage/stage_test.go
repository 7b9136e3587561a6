package stage_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/answer/stage"
	"github.com/accessgraph/accessgraph/query/syntax"
)

var now = time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC)

// rows are four principals of two accounts.
func rows() []answer.Row {
	grant := func(v answer.Verdict, policy, when string) answer.Grant {
		return answer.Grant{Actions: []string{"kms:*"}, Resources: []string{"*"}, Verdict: v, Conditions: when, Via: []answer.StatementRef{{Layer: "identity", Policy: policy}}}
	}
	return []answer.Row{
		&answer.WhoCan{Principal: "arn:aws:iam::111111111111:role/Admin", Kind: "role", Account: "111111111111", Verdict: answer.Allowed,
			Actions: []string{"kms:*"}, ActionCount: 54, Resources: []string{"*"}, Grants: []answer.Grant{grant(answer.Allowed, "arn:aws:iam::aws:policy/AdministratorAccess", "")}},
		&answer.WhoCan{Principal: "arn:aws:iam::111111111111:user/alice", Kind: "user", Account: "111111111111", Verdict: answer.Conditional,
			Actions: []string{"kms:Decrypt", "kms:Encrypt"}, ActionCount: 2, Resources: []string{"arn:aws:kms:us-east-1:111111111111:key/1"},
			Grants: []answer.Grant{grant(answer.Conditional, "Ops", "aws:MultiFactorAuthPresent = true")}},
		&answer.WhoCan{Principal: "arn:aws:iam::222222222222:user/bob", Kind: "user", Account: "222222222222", Verdict: answer.Unknown,
			Actions: []string{"kms:Decrypt"}, ActionCount: 1, Resources: []string{"*"}, Grants: []answer.Grant{grant(answer.Unknown, "Ops", "")}},
		&answer.WhoCan{Principal: "lambda.amazonaws.com", Kind: "service", Verdict: answer.Allowed, Actions: []string{"kms:Decrypt"}, ActionCount: 1},
	}
}

func apply(t *testing.T, stages string, in answer.Rows) (*stage.Result, error) {
	t.Helper()
	text := "who can do kms:* | " + stages
	q, err := syntax.Parse(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return stage.Apply(answer.WhoCanSchema(), in, q, text, now)
}

// names gives the last part of each row's principal, or the JSON of a row that has none.
func names(t *testing.T, rows answer.Rows) string {
	t.Helper()
	all, err := answer.Collect(rows)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]string, len(all))
	for i, r := range all {
		if w, ok := r.(*answer.WhoCan); ok {
			out[i] = w.Principal[strings.LastIndexByte(w.Principal, '/')+1:]
			continue
		}
		b, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		out[i] = string(b)
	}
	return strings.Join(out, " ")
}

func TestStages(t *testing.T) {
	for _, test := range []struct{ stages, want string }{
		{"where kind = user", "alice bob"},
		{"where KIND = user", "alice bob"},
		{"where kind != user", "Admin lambda.amazonaws.com"},
		{"where not kind = user", "Admin lambda.amazonaws.com"},
		{"where principal like 'user/*'", "alice bob"},
		{"where principal like 'role/?dmin'", "Admin"},
		{"where principal like '*amazonaws*'", "lambda.amazonaws.com"},
		{"where principal like 'alice'", ""},
		{"where principal contains alice", "alice"},
		{"where account = 111111111111", "Admin alice"},
		{"where account is null", "lambda.amazonaws.com"},
		{"where not account is null", "Admin alice bob"},
		{"where account", "Admin alice bob"},
		{"where account != 111111111111", "bob lambda.amazonaws.com"},
		{"where account > 111111111111", "bob"},
		{"where kind in (user, role) and verdict != unknown", "Admin alice"},
		{"where verdict = unknown or verdict = conditional", "alice bob"},
		{"where action_count > 1", "Admin alice"},
		{"where action_count >= 1 and action_count < 54", "alice bob lambda.amazonaws.com"},
		{"where action_count = 2.0", "alice"},
		{"where actions contains 'kms:Decrypt'", "alice bob lambda.amazonaws.com"},
		{"where actions contains 'kms'", ""},
		{"where actions like 'kms:*'", "Admin alice bob lambda.amazonaws.com"},
		{"where actions = 'kms:Encrypt'", "alice"},
		{"where actions != 'kms:Decrypt'", "Admin"},
		{"where resources is null", "lambda.amazonaws.com"},
		{"where resources like 'key/*'", "alice"},
		{"where grants.conditions like '*MultiFactor*'", "alice"},
		{"where grants.via.policy like 'policy/Admin*'", "Admin"},
		{"where grants.verdict = unknown", "bob"},
		{"limit 2", "Admin alice"},
		{"limit 0", ""},
		{"where kind = user | limit 1", "alice"},
		{"sort by principal desc", "lambda.amazonaws.com bob alice Admin"},
		{"sort by action_count", "bob lambda.amazonaws.com alice Admin"},
		{"sort by action_count desc", "Admin alice bob lambda.amazonaws.com"},
		{"sort by account", "lambda.amazonaws.com Admin alice bob"},
		{"sort by actions asc | limit 1", "Admin"},
		{"count", `{"count":4}`},
		{"where account = nobody | count", `{"count":0}`},
		{"count | where count > 3", `{"count":4}`},
		{"select kind, account | limit 1", `{"kind":"role","account":"111111111111"}`},
		{"select grants.conditions, account | where account is null", `{"grants.conditions":[],"account":""}`},
		{"group by account count", `{"account":"111111111111","count":2} {"account":"222222222222","count":1} {"account":"","count":1}`},
		{"group by account | sort by count desc | limit 1", `{"account":"111111111111","count":2}`},
		{"group by kind, verdict count", `{"kind":"role","verdict":"allowed","count":1} {"kind":"user","verdict":"conditional","count":1} {"kind":"user","verdict":"unknown","count":1} {"kind":"service","verdict":"allowed","count":1}`},
		{"group by actions count", `{"actions":"kms:*","count":1} {"actions":"kms:Decrypt","count":3} {"actions":"kms:Encrypt","count":1}`},
		{"group by resources count", `{"resources":"*","count":2} {"resources":"arn:aws:kms:us-east-1:111111111111:key/1","count":1} {"resources":"","count":1}`},
	} {
		result, err := apply(t, test.stages, answer.Of(rows()...))
		if err != nil {
			t.Errorf("%s: %v", test.stages, err)
			continue
		}
		if diff := cmp.Diff(test.want, names(t, result.Rows)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.stages, diff)
		}
	}
}

func TestTally(t *testing.T) {
	for _, test := range []struct {
		stages         string
		count, unknown int
	}{
		{"limit 9", 4, 1},
		{"where kind = role", 1, 0},
		{"select principal", 4, 1},
		{"count", 1, 1},
		{"group by kind count", 3, 1},
		{"where verdict != unknown | count", 1, 0},
	} {
		result, err := apply(t, test.stages, answer.Of(rows()...))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := answer.Collect(result.Rows); err != nil {
			t.Fatal(err)
		}
		if count, unknown := result.Tally(); count != test.count || unknown != test.unknown {
			t.Errorf("%s: %d rows, %d unknown; want %d, %d", test.stages, count, unknown, test.count, test.unknown)
		}
	}
}

func TestErrors(t *testing.T) {
	for _, test := range []struct{ stages, at, message string }{
		{"where acount = 1", "acount", `no field "acount"`},
		{"where kind = user | sort by principals", "principals", `no field "principals"`},
		{"select principal, wat", "wat", "they have principal, kind, account"},
		{"select kind, KIND", "KIND", "two fields called kind"},
		{"group by kind | select principal", "principal", "they have kind, count"},
		{"group by kind | group by count", "count", "two fields called count"},
		{"where grants = 1", "grants", "is a structure"},
		{"where grants", "grants", "is a structure"},
		{"group by grants count", "grants", "is a structure"},
		{"sort by grants", "grants", "is a structure"},
		{"where action_count = many", "many", "is a number"},
		{"where action_count like 5", "5", "is a number"},
		{"where actions > x", "x", "is a list"},
		{"where kind = user and can('iam:PassRole')", "can(", "no function can"},
	} {
		_, err := apply(t, test.stages, answer.Of(rows()...))
		var bad *syntax.Error
		if !errors.As(err, &bad) {
			t.Errorf("%s: error is %v", test.stages, err)
			continue
		}
		if !strings.Contains(bad.Message, test.message) {
			t.Errorf("%s: message is %q, want %q in it", test.stages, bad.Message, test.message)
		}
		if !strings.HasPrefix(bad.Query[bad.Offset:], test.at) {
			t.Errorf("%s: points at %q, want %q", test.stages, bad.Query[bad.Offset:], test.at)
		}
	}
	_, err := apply(t, "where acount = 1", answer.Of())
	if !strings.Contains(fmt.Sprint(err), "did you mean account?") {
		t.Errorf("no suggestion in %v", err)
	}
}

// TestOnlyWhatIsNeeded holds that limit asks for no row after its last.
func TestOnlyWhatIsNeeded(t *testing.T) {
	for stages, want := range map[string]int{"limit 2": 2, "limit 0": 0, "where kind = user | limit 1": 2, "select kind | limit 3": 3, "limit 1 | count": 1} {
		asked := 0
		in := func(yield func(answer.Row, error) bool) {
			for _, r := range rows() {
				asked++
				if !yield(r, nil) {
					return
				}
			}
		}
		result, err := apply(t, stages, in)
		if err != nil {
			t.Fatal(err)
		}
		if asked != 0 {
			t.Errorf("%s asked for rows before its own were asked for", stages)
		}
		if _, err := answer.Collect(result.Rows); err != nil {
			t.Fatal(err)
		}
		if asked != want {
			t.Errorf("%s asked for %d rows, want %d", stages, asked, want)
		}
	}
}

// TestErrorsOfRowsPass holds that an error of the rows comes out of every stage, once, as the last.
func TestErrorsOfRowsPass(t *testing.T) {
	fault := errors.New("fault")
	for _, stages := range []string{"where kind = user", "select kind", "sort by kind", "group by kind count", "count", "limit 9"} {
		result, err := apply(t, stages, func(yield func(answer.Row, error) bool) {
			if yield(rows()[0], nil) && yield(nil, fault) {
				t.Errorf("%s goes on after an error", stages)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := answer.Collect(result.Rows); !errors.Is(err, fault) {
			t.Errorf("%s: error is %v", stages, err)
		}
	}
}

// TestComplement holds that not, != and the exact complement agree for every field and value.
func TestComplement(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		field := rapid.SampledFrom([]string{"principal", "kind", "account", "verdict", "actions", "action_count", "resources", "grants.conditions"}).Draw(rt, "field")
		value := rapid.SampledFrom([]string{"1", "54", "111111111111", "user"}).Draw(rt, "value")
		switch field {
		case "action_count":
			value = rapid.SampledFrom([]string{"1", "54"}).Draw(rt, "number")
		case "kind":
			value = rapid.SampledFrom([]string{"user", "role", "public"}).Draw(rt, "kind")
		case "verdict":
			value = rapid.SampledFrom([]string{"allowed", "unknown"}).Draw(rt, "verdict")
		}
		run := func(stages string) string {
			result, err := apply(t, stages, answer.Of(rows()...))
			if err != nil {
				rt.Fatal(err)
			}
			return names(t, result.Rows)
		}
		unequal := run(fmt.Sprintf("where %s != %s", field, value))
		if negated := run(fmt.Sprintf("where not %s = %s", field, value)); negated != unequal {
			rt.Fatalf("not %s = %s keeps %q, != keeps %q", field, value, negated, unequal)
		}
		both := len(strings.Fields(unequal)) + len(strings.Fields(run(fmt.Sprintf("where %s = %s", field, value))))
		if both != len(rows()) {
			rt.Fatalf("%s = %s and its complement keep %d of %d rows", field, value, both, len(rows()))
		}
	})
}
