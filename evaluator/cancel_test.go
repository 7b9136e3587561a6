package evaluator

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/accessgraph/accessgraph/graph"
)

// TestCancelled holds that after the end of its context a question looks at no further caller: large snapshots have thousands of classes.
func TestCancelled(t *testing.T) {
	account := &graph.Account{ID: "111122223333"}
	for i := range 50 {
		name := fmt.Sprintf("user-%02d", i)
		account.Users = append(account.Users, &graph.User{ARN: graph.ARN("arn:aws:iam::111122223333:user/" + name), Name: name})
	}
	w, err := Compile(t.Context(), &graph.Facts{Accounts: []*graph.Account{account}}, testCatalog(t))
	if err != nil {
		t.Fatal(err)
	}
	q, err := w.compile(Question{Actions: []string{"s3:GetObject"}})
	if err != nil {
		t.Fatal(err)
	}
	looked := func(ctx context.Context) (int, error) {
		targets := w.newTargets(q)
		_, err := w.judgeAll(ctx, targets, w.callers, nil)
		return len(targets.views.classes), err
	}
	if n, err := looked(t.Context()); err != nil || n == 0 {
		t.Fatalf("looked at %d classes of callers, %v: the test sees nothing", n, err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if n, err := looked(ended); n != 0 || !errors.Is(err, context.Canceled) {
		t.Errorf("looked at %d classes of callers after the end, %v", n, err)
	}
}
