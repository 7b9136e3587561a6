package graph_test

import (
	"slices"
	"testing"

	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/graph/memstore"
)

// TestIncomplete names gaps in words, in the facts and in the summary of the snapshot that they make alike.
func TestIncomplete(t *testing.T) {
	f := &graph.Facts{
		Coverage: []graph.Coverage{{Kind: graph.KindOrganization, State: graph.CoverageFailed}},
		Accounts: []*graph.Account{{ID: "111122223333", Coverage: []graph.Coverage{
			{Kind: graph.KindIAM, State: graph.CoverageComplete},
			{Kind: graph.KindCompute, State: graph.CoverageNotAsked},
			{Kind: "AWS::KMS::Key", Region: "eu-west-1", State: graph.CoverageDenied, Error: "AccessDenied"},
			{Kind: graph.KindDocument, State: graph.CoverageFailed, Error: "missing: arn:aws:iam::aws:policy/P"},
		}}},
	}
	store := memstore.New()
	e, err := graph.Publish(t.Context(), store, f, graph.Meta{})
	if err != nil {
		t.Fatal(err)
	}
	summary, err := graph.Show(t.Context(), store, e.Snapshot)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"organization failed",
		"account 111122223333: AWS::KMS::Key in eu-west-1 denied: AccessDenied",
		"account 111122223333: document missing: arn:aws:iam::aws:policy/P",
	}
	if got := f.Incomplete(); !slices.Equal(got, want) {
		t.Errorf("facts: %q", got)
	}
	if got := summary.Incomplete(); !slices.Equal(got, want) {
		t.Errorf("summary: %q", got)
	}
	if got := (&graph.Facts{}).Incomplete(); got != nil {
		t.Errorf("empty facts: %q", got)
	}
}
