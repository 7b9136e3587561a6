package verify_test

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/query"
	"github.com/accessgraph/accessgraph/query/answer"
)

var externalOrganizations = flag.Int("external-organizations", 8, "how many random organizations are asked who of outside gets in")

// TestExternalOrganizations holds, on random organizations, that external access says of each resource that somebody outside gets in where "who
// outside can" does, names the grantees that it names, and calls nothing public that it does not; and that simulate allows every witness.
func TestExternalOrganizations(t *testing.T) {
	rows, public, witnesses := 0, 0, 0
	for i := range uint64(*externalOrganizations) {
		seed := *firstSeed + i
		facts, err := generate(seed).ingest(t.Context(), t.TempDir())
		if err != nil {
			t.Fatalf("organization %d: %v", seed, err)
		}
		e, err := query.New(t.Context(), facts, answer.Snapshot{})
		if err != nil {
			t.Fatal(err)
		}
		x, err := outsideOf(t.Context(), e, facts)
		if err != nil {
			t.Fatalf("organization %d: %v", seed, err)
		}
		for _, problem := range x.compare() {
			t.Errorf("organization %d: %s", seed, problem)
		}
		for _, r := range x.rows {
			rows++
			if strings.Contains(strings.Join(r.Causes, " "), "no concrete request") {
				t.Errorf("organization %d: the point engine does not confirm %s to %s: %v", seed, r.Resource, r.Grantee.ID, r.Causes)
			}
			if slices.Contains(r.Risks, "public") {
				public++
			}
			checked, err := confirmed(t.Context(), e, r)
			if err != nil {
				t.Errorf("organization %d: %v", seed, err)
			}
			if checked {
				witnesses++
			}
		}
	}
	t.Logf("%d rows, %d public, %d witnesses put through simulate", rows, public, witnesses)
	if *externalOrganizations >= 15 && (rows < 60 || public == 0 || witnesses == 0) {
		t.Errorf("%d rows, %d public, %d witnesses say little", rows, public, witnesses)
	}
}

// outsideAnswers are the rows of external access, and what "who outside can" says.
type outsideAnswers struct {
	rows []*answer.External
	who  map[string]map[string]bool // resource -> grantees, as principals of who can; * for anybody
}

func outsideOf(ctx context.Context, e *query.Engine, facts *graph.Facts) (*outsideAnswers, error) {
	x := &outsideAnswers{who: map[string]map[string]bool{}}
	a, err := e.Ask(ctx, "external access", query.Options{})
	if err != nil {
		return nil, err
	}
	for r, err := range a.Rows {
		if err != nil {
			return nil, err
		}
		x.rows = append(x.rows, r.(*answer.External))
	}
	var things []string
	for _, account := range facts.Accounts {
		for _, r := range account.Resources {
			things = append(things, string(r.ARN))
		}
		for _, r := range account.Roles {
			things = append(things, string(r.ARN))
		}
	}
	slices.Sort(things)
	for _, question := range []string{"who outside can *", "who outside can sts:AssumeRole*"} {
		a, err := e.Ask(ctx, question, query.Options{})
		if err != nil {
			return nil, err
		}
		for row, err := range a.Rows {
			if err != nil {
				return nil, err
			}
			r := row.(*answer.WhoCan).Whole()
			if r.Kind == "service" || strings.Contains(r.Principal, ":saml-provider/AWSSSO_") {
				continue
			}
			for _, resource := range r.Resources {
				thing := thingOf(things, resource)
				if strings.Contains(thing, ":role/") != (question != "who outside can *") {
					continue // tagging a session lets nobody in
				}
				if x.who[thing] == nil {
					x.who[thing] = map[string]bool{}
				}
				x.who[thing][r.Principal] = true
			}
		}
	}
	return x, nil
}

// thingOf is the resource that an ARN or pattern is, or lies under.
func thingOf(things []string, resource string) string {
	for end := len(resource); end > 0; end = strings.LastIndexAny(resource[:end], "/:") {
		if _, ok := slices.BinarySearch(things, resource[:end]); ok {
			return resource[:end]
		}
	}
	return resource
}

// compare finds where the two answers differ.
func (x *outsideAnswers) compare() (problems []string) {
	complain := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	open := map[string]map[string]bool{}
	for _, r := range x.rows {
		if r.Grantee.Kind == "service" || r.Verdict == answer.Denied {
			continue
		}
		if open[r.Resource] == nil {
			open[r.Resource] = map[string]bool{}
		}
		open[r.Resource][principalOf(&r.Grantee)] = true
		if x.who[r.Resource] == nil {
			complain("%s is open to %s %s, and who outside can has nothing on it", r.Resource, r.Grantee.Kind, r.Grantee.ID)
		}
		if r.Grantee.Kind == "public" && !x.who[r.Resource]["*"] {
			complain("%s is public, and who outside can does not say so", r.Resource)
		}
	}
	for _, resource := range slices.Sorted(maps.Keys(x.who)) {
		for _, who := range slices.Sorted(maps.Keys(x.who[resource])) {
			switch {
			case open[resource] == nil:
				complain("%s is open to %s, and external access has no row", resource, who)
			// Whom a statement about nothing that can be done with the resource names gets in, if at all, as anybody does.
			case who != "*" && !open[resource][who] && !open[resource]["*"]:
				complain("%s is open to %s, and external access has %v", resource, who, open[resource])
			}
		}
	}
	return problems
}

// principalOf is a grantee as who can calls it.
func principalOf(g *answer.Grantee) string {
	if g.Kind == "account" && len(g.ID) == 12 {
		return "arn:aws:iam::" + g.ID + ":root"
	}
	return g.ID
}

// confirmed holds that simulate allows a row's witness; false where it takes no such principal.
func confirmed(ctx context.Context, e *query.Engine, r *answer.External) (bool, error) {
	w := r.Witness
	switch {
	case r.Verdict == answer.Unknown || r.Verdict == answer.Denied:
		return false, nil
	case w == nil:
		return false, fmt.Errorf("%s to %s %s has no witness", r.Resource, r.Grantee.Kind, r.Grantee.ID)
	case r.Grantee.Kind == "public" || r.Grantee.Kind == "provider" || r.Grantee.Kind == "organization" || r.Grantee.Kind == "network" || strings.Contains(w.Action, anyOther[1:]):
		return false, nil
	}
	var given []evaluator.KeyValue
	for key, v := range w.Context {
		given = append(given, evaluator.KeyValue{Key: key, Values: v.Values, Multi: v.Multi})
	}
	who := w.Principal
	if r.Grantee.Kind == "service" {
		who = "service " + who
	}
	s, err := e.Simulate(ctx, who, w.Action, w.Resource, given, time.Unix(1_800_000_000, 0))
	if err != nil {
		return false, fmt.Errorf("simulate the witness of %s to %s: %w", r.Resource, r.Grantee.ID, err)
	}
	if s.Decision.Effect != evaluator.Allowed {
		return true, fmt.Errorf("%s to %s: %v of the witness %+v", r.Resource, r.Grantee.ID, s.Decision.Effect, w)
	}
	return true, nil
}
