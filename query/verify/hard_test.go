package verify_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/accessgraph/accessgraph/ingest/files"
	"github.com/accessgraph/accessgraph/query"
	"github.com/accessgraph/accessgraph/query/answer"
)

var everyHard = flag.Bool("hard", false, "ask about every hard policy all questions, not one")

// stmt writes one statement: Allow or Deny, every action on every resource, but for the members given in pairs.
func stmt(effect string, members ...any) map[string]any {
	s := map[string]any{"Effect": effect, "Action": "*", "Resource": "*"}
	for i := 0; i < len(members); i += 2 {
		name := members[i].(string)
		delete(s, strings.TrimPrefix(name, "Not")) // NotAction stands instead of Action
		s[name] = members[i+1]
	}
	return s
}

// many makes n values.
func many[T any](n int, one func(i int) T) []T {
	out := make([]T, n)
	for i := range out {
		out[i] = one(i)
	}
	return out
}

// hardPolicies are policies that nobody writes by accident: each makes some way of evaluating them explode.
func hardPolicies() map[string][]map[string]any {
	r := rand.New(rand.NewPCG(1, 2))
	letter := func(of string) string { return of[r.IntN(len(of)):][:1] }
	allow := stmt("Allow")
	type test = map[string]map[string]any
	tag := func(i int) string { return fmt.Sprintf("aws:RequestTag/k%d", i) }
	denies := func(n int, one func(i int) map[string]any) []map[string]any {
		return append([]map[string]any{allow}, many(n, one)...)
	}
	stars := func(n int, letters string) string {
		return "*" + strings.Join(many(n, func(int) string { return letter(letters) }), "*") + "*"
	}
	return map[string][]map[string]any{
		"10,000 wildcards in a resource":  {stmt("Allow", "Resource", "arn:aws:s3:::"+strings.Repeat("*a", 10_000)+"b")},
		"10,000 wildcards of both kinds":  {stmt("Allow", "Resource", "arn:aws:s3:::"+strings.Repeat("?*", 5_000)+"b")},
		"10,000 wildcards in an action":   {stmt("Allow", "Action", "s3:"+strings.Repeat("*a", 10_000)+"b")},
		"10,000 actions with wildcards":   {stmt("Allow", "Action", many(10_000, func(int) string { return "s3:" + stars(4, "abcdeGtPu") }))},
		"10,000 resources with wildcards": {stmt("Allow", "Resource", many(10_000, func(int) string { return "arn:aws:s3:::" + stars(4, "abc") }))},
		"*a*a*a*a*b": {stmt("Allow", "Resource", "arn:aws:s3:::*a*a*a*a*b"), stmt("Deny", "Resource", "arn:aws:s3:::*b*a*b*a*a"),
			stmt("Deny", "Resource", "arn:aws:s3:::*a?a??a*")},
		"stars against stars": append(many(40, func(i int) map[string]any {
			return stmt("Deny", "Resource", "arn:aws:s3:::"+strings.Repeat("*b", i+1)+"*a")
		}), stmt("Allow", "Resource", many(40, func(i int) string { return "arn:aws:s3:::" + strings.Repeat("*a", i+1) + "*b" }))),
		"a counter from the end": append(many(60, func(i int) map[string]any {
			return stmt("Deny", "Resource", "arn:aws:s3:::*b"+strings.Repeat("?", i+1))
		}), stmt("Allow", "Resource", many(60, func(i int) string { return "arn:aws:s3:::*a" + strings.Repeat("?", i+1) }))),
		"1,000 denies of overlapping resources": denies(1000, func(int) map[string]any {
			return stmt("Deny", "Resource", "arn:aws:s3:::"+stars(4, "abc"))
		}),
		"1,000 denies on 1,000 keys": denies(1000, func(i int) map[string]any {
			return stmt("Deny", "Condition", test{"StringEquals": {tag(i): "v"}, "StringNotEquals": {tag((i*7 + 1) % 1000): "w"}})
		}),
		"1,000 denies on 40 keys": denies(1000, func(i int) map[string]any {
			v := fmt.Sprint(i)
			return stmt("Deny", "Condition", test{"StringNotEquals": {tag(i % 40): v, tag((i*3 + 1) % 40): v, tag((i*5 + 2) % 40): v}})
		}),
		"1,000 denies on everything": denies(1000, func(int) map[string]any {
			return stmt("Deny", "Action", []string{"kms:*", "s3:Get*", "s3:" + stars(1, "abcdef")}, "Resource", "arn:aws:s3:::"+stars(2, "abc"),
				"Condition", test{"StringLike": {"aws:UserAgent": stars(2, "abc")}, "IpAddress": {"aws:SourceIp": fmt.Sprintf("%d.0.0.0/%d", r.IntN(200), 1+r.IntN(24))}})
		}),
		"1,000 denies on time": denies(1000, func(i int) map[string]any {
			return stmt("Deny", "Condition", test{"DateGreaterThan": {"aws:CurrentTime": fmt.Sprintf("20%02d-01-01T00:00:%02dZ", 10+i%30, i%60)},
				"DateLessThan": {"aws:EpochTime": fmt.Sprint(i * 1000)}, "NumericLessThan": {"s3:max-keys": fmt.Sprint(i)}})
		}),
		"300 denies of 100 networks": denies(300, func(int) map[string]any {
			return stmt("Deny", "Condition", test{"NotIpAddress": {"aws:SourceIp": many(100, func(int) string {
				return fmt.Sprintf("%d.%d.0.0/16", r.IntN(256), r.IntN(256))
			})}})
		}),
		"300 denies of tag keys": denies(300, func(i int) map[string]any {
			return stmt("Deny", "Condition", test{"ForAnyValue:StringLike": {"aws:TagKeys": many(9, func(int) string { return stars(2, "abcdef") })},
				"ForAllValues:StringNotLike": {"aws:TagKeys": []string{fmt.Sprintf("?a*%d", i), fmt.Sprintf("?b*%d", i)}}})
		}),
		"pairs of keys far apart": many(200, func(i int) map[string]any {
			return stmt("Allow", "Condition", test{"StringEquals": {tag(i): "1", tag(1000 + i*37%200): "1"}})
		}),
		"NotAction against NotAction": append(many(300, func(int) map[string]any {
			return stmt("Allow", "NotAction", many(3, func(int) string { return "s3:" + letter("ABCDGLPRSU") + "*" }))
		}), many(300, func(int) map[string]any {
			return stmt("Deny", "NotAction", many(5, func(int) string { return "kms:" + letter("ABCDEGLPRSU") + "*" }))
		})...),
		"NotResource against NotResource": append(many(300, func(int) map[string]any {
			return stmt("Allow", "NotResource", many(9, func(int) string { return "arn:aws:s3:::" + stars(2, "abcdefgh") }))
		}), many(300, func(int) map[string]any {
			return stmt("Deny", "NotResource", many(5, func(int) string { return "arn:aws:s3:::" + stars(1, "abcdefgh") }))
		})...),
		"1,000 variables that are known": many(1000, func(i int) map[string]any {
			return stmt("Allow", "Resource", fmt.Sprintf("arn:aws:s3:::b%d/${aws:PrincipalTag/team}/${aws:username}/*", i))
		}),
		"1,000 variables that are open": many(1000, func(i int) map[string]any {
			return stmt("Allow", "Resource", fmt.Sprintf("arn:aws:s3:::b%d/${%s}/${aws:SourceIp}/*", i, tag(i)))
		}),
		"1,000 variables in one pattern": {stmt("Allow", "Resource", "arn:aws:s3:::"+strings.Join(many(1000, func(i int) string { return "${" + tag(i) + "}" }), "/"))},
		"1,000 variables in conditions": many(1000, func(i int) map[string]any {
			return stmt("Allow", "Condition", test{"StringEquals": {tag(i): "${" + tag(i+1) + "}"}})
		}),
		"1,000 variables in denies": denies(1000, func(i int) map[string]any {
			return stmt("Deny", "Condition", test{"StringNotLike": {tag(i % 50): fmt.Sprintf("*${%s}*%d", tag((i+1)%50), i)}})
		}),
	}
}

// hardVerdicts are what a user with each of hardPolicies gets for hardQuestions, worked out from the statements; "or unknown" where the
// budget may end first. Every deny is of what it says on all resources, and no deny hits a request that has none of the keys it reads
// unless it is written with Not.
var hardVerdicts = map[string][3]string{
	"10,000 wildcards in a resource":        {"denied", "allowed", "allowed"},
	"10,000 wildcards of both kinds":        {"denied", "allowed", "allowed"},
	"10,000 wildcards in an action":         {"denied", "denied", "denied"}, // no action has ten thousand letters
	"10,000 actions with wildcards":         {"denied", "allowed", "allowed"},
	"10,000 resources with wildcards":       {"denied", "allowed or unknown", "allowed or unknown"},
	"*a*a*a*a*b":                            {"denied", "allowed", "allowed"},                       // aaaab
	"stars against stars":                   {"denied", "allowed or unknown", "allowed or unknown"}, // what ends in b does not end in a
	"a counter from the end":                {"denied", "allowed or unknown", "allowed or unknown"}, // aa
	"1,000 denies of overlapping resources": {"allowed", "allowed or unknown", "allowed or unknown"},
	"1,000 denies on 1,000 keys":            {"conditional or unknown", "conditional or unknown", "conditional or unknown"},
	"1,000 denies on 40 keys":               {"denied or unknown", "denied or unknown", "denied or unknown"}, // 40 values cannot be 1,000
	"1,000 denies on everything":            {"allowed", "allowed or unknown", "allowed or unknown"},         // no denied resource is without a, b and c
	"1,000 denies on time":                  {"allowed or unknown", "allowed", "allowed or unknown"},         // s3:max-keys is for listing
	"300 denies of 100 networks":            {"denied or unknown", "denied or unknown", "denied or unknown"}, // no network is in all lists
	"300 denies of tag keys":                {"allowed or conditional or unknown", "allowed or conditional or unknown", "allowed or conditional or unknown"},
	"pairs of keys far apart":               {"conditional or unknown", "conditional or unknown", "conditional or unknown"},
	"NotAction against NotAction":           {"denied", "denied", "denied"}, // no letter is spared by every deny
	"NotResource against NotResource":       {"denied", "allowed or unknown", "allowed or unknown"},
	"1,000 variables that are known":        {"denied", "allowed or unknown", "allowed or unknown"},
	"1,000 variables that are open":         {"denied", "conditional or unknown", "conditional or unknown"},
	"1,000 variables in one pattern":        {"denied", "conditional or unknown", "conditional or unknown"},
	"1,000 variables in conditions":         {"conditional or unknown", "conditional or unknown", "conditional or unknown"},
	"1,000 variables in denies":             {"denied or unknown", "denied or unknown", "denied or unknown"}, // no key ends in 50 and in 100
}

var hardQuestions = [3]string{"can user/u do kms:*", "can user/u do s3:GetObject", "can user/u do * on arn:aws:s3:::*"}

// TestHardPolicies holds that such policies get the right answer, or say that the budget ended, and that the default budget ends soon
// enough: the limit of time is far above what the steps take.
func TestHardPolicies(t *testing.T) {
	policies := hardPolicies()
	if len(policies) != len(hardVerdicts) {
		t.Errorf("%d policies, %d verdicts", len(policies), len(hardVerdicts))
	}
	for name, statements := range policies {
		t.Run(name, func(t *testing.T) {
			e := hardEngine(t, statements)
			for i, question := range hardQuestions {
				if i != 1 && !*everyHard && name != "1,000 variables that are open" {
					continue
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				a, err := e.Ask(ctx, question, query.Options{})
				cancel()
				if err != nil {
					t.Fatalf("%s: %v", question, err)
				}
				for r, err := range a.Rows {
					if err != nil {
						t.Fatalf("%s: %v", question, err)
					}
					row := r.(*answer.Can)
					if !slices.Contains(strings.Split(hardVerdicts[name][i], " or "), string(row.Verdict)) {
						t.Errorf("%s: got %s, want %s", question, row.Verdict, hardVerdicts[name][i])
					}
					if row.Verdict == answer.Unknown && !strings.Contains(fmt.Sprint(row.Grants), "budget-exceeded") {
						t.Errorf("%s: unknown, and the budget is not named: %v", question, row.Grants)
					}
				}
				if count := a.Summary().Count; count != 1 {
					t.Errorf("%s: %d rows", question, count)
				}
			}
		})
	}
}

// hardEngine is about one user to whom one policy is attached.
func hardEngine(t *testing.T, statements []map[string]any) *query.Engine {
	t.Helper()
	const arn = "arn:aws:iam::111122223333:policy/hard"
	document := map[string]any{"Version": "2012-10-17", "Statement": statements}
	export, err := json.Marshal(map[string]any{
		"UserDetailList": []any{map[string]any{"Arn": "arn:aws:iam::111122223333:user/u", "UserName": "u", "UserId": "AIDA1",
			"Tags": []any{map[string]any{"Key": "team", "Value": "t"}}, "AttachedManagedPolicies": []any{map[string]any{"PolicyArn": arn}}}},
		"Policies": []any{map[string]any{"Arn": arn, "PolicyName": "hard", "DefaultVersionId": "v1",
			"PolicyVersionList": []any{map[string]any{"VersionId": "v1", "Document": document}}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	facts, report, err := files.Read(t.Context(), []string{"-"}, files.Options{Stdin: bytes.NewReader(export)})
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Warnings)+len(report.Incomplete) > 0 {
		t.Fatalf("the policy is not as it should be: %+v", report)
	}
	e, err := query.New(t.Context(), facts, answer.Snapshot{})
	if err != nil {
		t.Fatal(err)
	}
	return e
}
