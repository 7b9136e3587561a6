package evaluator

import (
	"testing"

	"github.com/accessgraph/accessgraph/graph"
)

// TestNoTextPassesForSeveral holds that callers are one only if their policies are: a text with the separators of a key in it is no second text.
func TestNoTextPassesForSeveral(t *testing.T) {
	account := &graph.Account{ID: "111122223333"}
	facts := &graph.Facts{Accounts: []*graph.Account{account}, Documents: map[graph.DocumentHash]*graph.Document{}}
	for name, actions := range map[string]string{"joined": `["sqs:*\u0000s3:GetObject"]`, "several": `["sqs:*","s3:GetObject"]`} {
		text := []byte(`{"Statement":[{"Action":` + actions + `,"Effect":"Allow","Resource":"*"}],"Version":"2012-10-17"}`)
		hash := graph.DocumentHash(graph.HashOf(text))
		facts.Documents[hash] = &graph.Document{Hash: hash, Canonical: text}
		account.Users = append(account.Users, &graph.User{
			ARN: graph.ARN("arn:aws:iam::111122223333:user/" + name), Name: name, Inline: []graph.InlinePolicy{{Name: "p", Document: hash}},
		})
	}
	w, err := Compile(t.Context(), facts, testCatalog(t))
	if err != nil {
		t.Fatal(err)
	}
	q, err := w.compile(Question{Actions: []string{"*"}})
	if err != nil {
		t.Fatal(err)
	}
	contents := map[int]bool{}
	targets := w.newTargets(q)
	for _, c := range w.callers {
		for i := range c.identity {
			for j := range c.identity[i].Doc.Statements {
				contents[targets.contentOf(&c.identity[i].Doc.Statements[j])] = true
			}
		}
	}
	if len(contents) != 2 {
		t.Errorf("%d contents, want 2", len(contents))
	}
}
