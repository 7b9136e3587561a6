package render_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/render"
)

// chokeRows are choke points of every kind with everything that formats treat differently: edges of techniques and of none, within an account and across,
// to itself and to a resource, statements of policies with a name of their own and of such as lie in their owners, many principals and none.
func chokeRows() []answer.Row {
	const here, there = "111122223333", "333344445555"
	alice, deploy := "arn:aws:iam::"+here+":user/alice", "arn:aws:iam::"+here+":role/ci/Deploy"
	admin := "arn:aws:iam::" + there + ":role/Admin"
	key := "arn:aws:kms:us-east-1:" + here + ":key/1234abcd-12ab-34cd-56ef-1234567890ab"
	hostile := "arn:aws:iam::" + here + ":user/\x1b[31mred\u202e|<b>"
	pass := &answer.Choke{Kind: answer.ChokeEdge, Rank: 1, From: deploy, FromKind: "role", FromAccount: here, To: admin, ToKind: "role", ToAccount: there,
		Edge: "PASSROLE_NEW", Techniques: []string{"lambda-new-function-invoke", "ec2-run-instances", "glue-new-job"}, Lost: 6, Of: 9,
		Principals: []string{alice, deploy, hostile, alice + "2", alice + "3", alice + "4"}, Remedy: "limit iam:PassRole to the roles of functions"}
	itself := &answer.Choke{Kind: answer.ChokeEdge, Rank: 2, From: hostile, FromKind: "user", FromAccount: here, To: hostile, ToKind: "user", ToAccount: here,
		ToChange: "a policy that allows everything", Edge: "GAIN_PERMISSIONS", Techniques: []string{"iam-inline-policy-user"}, Lost: 1, Of: 9, Principals: []string{hostile}}
	access := &answer.Choke{Kind: answer.ChokeEdge, Rank: 3, From: deploy, FromKind: "role", FromAccount: here, FromChange: "no boundary", To: key, ToKind: "resource",
		ToAccount: here, Edge: "CAN_ACCESS", Lost: 1, Of: 9, Principals: []string{deploy}}
	cut := *pass
	cut.Kind = answer.ChokeCut
	spare := *access
	spare.Kind, spare.Rank, spare.Lost, spare.Principals = answer.ChokeCut, 2, 0, []string{}
	policy := &answer.Choke{Kind: answer.ChokeStatement, Rank: 1, Statement: &answer.StatementRef{Layer: "identity", Policy: "arn:aws:iam::" + here + ":policy/Ops", Sid: "Pass"},
		Owner: "arn:aws:iam::" + here + ":policy/Ops", Lost: 4, Of: 9, Principals: []string{alice, deploy, hostile, alice + "2"}}
	inline := &answer.Choke{Kind: answer.ChokeStatement, Rank: 2, Statement: &answer.StatementRef{Layer: "identity", Policy: "own", Index: 1}, Owner: alice,
		Lost: 1, Of: 9, Principals: []string{alice}}
	greedy := *policy
	greedy.Kind = answer.ChokeGreedy
	both := *inline
	both.Kind, both.Lost, both.Principals = answer.ChokeGreedy, 5, []string{alice, deploy, hostile, alice + "2", alice + "3"}
	return []answer.Row{pass, itself, access, policy, inline, &cut, &spare, &greedy, &both}
}

// TestManyChokes holds that a table shows the first choke points of each kind and says how many there are more, and that wide shows all.
func TestManyChokes(t *testing.T) {
	sample := func() *answer.Answer {
		var rows []answer.Row
		for i := range 30 {
			row := *chokeRows()[0].(*answer.Choke)
			row.From = fmt.Sprintf("arn:aws:iam::111122223333:role/r%02d", i)
			rows = append(rows, &row)
		}
		return &answer.Answer{Schema: answer.ChokeSchema(), Rows: answer.Of(rows...), Summary: func() answer.Summary { return answer.Summary{Count: len(rows)} }}
	}
	text := write(t, render.Table, sample(), render.Options{Width: 120})
	if n := strings.Count(text, "role/r"); n != 20 || !strings.Contains(text, "\n… 10 more (-o wide)\n") {
		t.Errorf("%d of 30 rows:\n%s", n, text)
	}
	if n := strings.Count(write(t, render.Wide, sample(), render.Options{}), ":role/r"); n != 30 {
		t.Errorf("wide has %d of 30 rows", n)
	}
}

// TestChokeFields holds that every field of the schema is one of the rows.
func TestChokeFields(t *testing.T) {
	s := answer.ChokeSchema()
	for _, r := range chokeRows() {
		for _, name := range s.Names() {
			if _, ok := r.Field(name); !ok {
				t.Errorf("%T has no field %s", r, name)
			}
		}
		if _, ok := r.Field("statement.index"); ok || r.RowVerdict() != "" {
			t.Error("a field that the schema does not have")
		}
	}
}
