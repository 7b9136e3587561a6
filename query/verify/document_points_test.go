package verify_test

import (
	"math/rand/v2"
	"testing"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/evaluator/catalog"
	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/query"
	"github.com/accessgraph/accessgraph/query/answer"
)

// TestDocumentsOnPoints decides concrete requests under all layers and under the document alone: the point engine knows nothing of how documents
// are found and proved.
func TestDocumentsOnPoints(t *testing.T) {
	cat, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	points, allowed := 0, 0
	for i := range uint64(*documentOrgs) {
		seed := *firstSeed + i
		facts, err := generate(seed).ingest(t.Context(), t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		e, err := query.New(t.Context(), facts, answer.Snapshot{})
		if err != nil {
			t.Fatal(err)
		}
		w, err := e.World(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		writer, err := w.Consolidator(evaluator.Question{})
		if err != nil {
			t.Fatal(err)
		}
		n, r := newNaive(facts, cat), rand.New(rand.NewPCG(seed, 7))
		for _, p := range n.principals {
			if p.kind == "root" { // identity policies do not bind it
				continue
			}
			c, err := writer.Of(t.Context(), evaluator.Selector{Kind: evaluator.SelectARN, Name: p.arn})
			if err != nil {
				continue // TestDocumentsOfOdd counts them
			}
			alone := &documentAlone{n: n, p: p, doc: policy.Parse(policy.Identity, c.Document)}
			if !alone.doc.Valid() {
				t.Fatalf("organization %d, %s: %v\n%s", seed, p.arn, alone.doc.Problems, c.Document)
			}
			for range 60 {
				all := n.actionsSpoken()
				action := all[r.IntN(len(all))]
				strings := n.strings(nil, []string{action})
				q := &question{keys: map[string]bool{}}
				for range 12 {
					target, ok := n.target(q, p, action, strings[r.IntN(len(strings))])
					if !ok || target.unread || action == "kms:RetireGrant" {
						continue
					}
					n.contexts(q, p, action, target, func(pt *point) {
						if pt.allowed != pt.certain {
							return // unknown
						}
						points++
						if pt.certain {
							allowed++
						}
						if says := alone.allows(pt.request, target); says != pt.certain {
							t.Fatalf("organization %d, %s: %s on %s with %+v: effectively %t, by the document %t\n%s", seed, p.arn, action, target.arn, pt.request.Context, pt.certain, says, c.Document)
						}
					})
				}
			}
		}
	}
	t.Logf("%d requests, %d of them allowed", points, allowed)
	if points == 0 || allowed == 0 {
		t.Error("nothing was compared")
	}
}

// actionsSpoken are the catalogue's actions of which some statement with a short list speaks.
func (n *naive) actionsSpoken() []string {
	seen := map[string]bool{}
	var out []string
	for _, name := range []string{"s3", "kms", "iam", "sts", "sqs", "secretsmanager"} {
		for a := range n.catalog.Actions(name + ":*") {
			for _, d := range n.parsed {
				for i := range d.Statements {
					if s := &d.Statements[i]; !s.Actions.Not && s.Effect == policy.Allow && s.Actions.Match(a.Name) && !seen[a.Name] {
						seen[a.Name] = true
						out = append(out, a.Name)
					}
				}
			}
		}
	}
	return out
}

// documentAlone decides requests as if a document were all there is on the principal's side.
type documentAlone struct {
	n   *naive
	p   *principal
	doc *policy.Document
}

// allows tells whether the document allows a request, and where no identity policy is enough the resource's own side consents.
func (d *documentAlone) allows(r *evaluator.Request, t *target) bool {
	all := policy.Parse(policy.Identity, []byte(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`))
	own := d.n.layers(d.p, r.Action, t)
	mine := *r
	layers := evaluator.Layers{Identity: []evaluator.Policy{{Name: "document", Doc: d.doc}}}
	mandatory := evaluator.TrustMandatory(r.Action, t.arn) && t.arn != "*"
	abroad := t.account != d.p.Account && t.arn != "*" && t.account != "aws"
	switch {
	case abroad:
		consent := *own
		consent.Identity, consent.Boundary, consent.SCP = []evaluator.Policy{{Name: "all", Doc: all}}, nil, nil
		if d.n.decider.Decide(r, &consent).Effect != evaluator.Allowed {
			return false
		}
		mine.Target.Account = d.p.Account
	case mandatory:
		consent := evaluator.Layers{Identity: []evaluator.Policy{{Name: "all", Doc: all}}, Grants: own.Grants}
		if own.Resource != nil {
			allows := *own.Resource.Doc
			allows.Statements = nil
			for _, s := range own.Resource.Doc.Statements {
				if s.Effect == policy.Allow {
					allows.Statements = append(allows.Statements, s)
				}
			}
			consent.Resource = &evaluator.Policy{Name: "consent", Doc: &allows}
		}
		if d.n.decider.Decide(r, &consent).Effect != evaluator.Allowed {
			return false
		}
	}
	if mandatory {
		layers.Resource = &evaluator.Policy{Name: "delegating", Doc: policy.Parse(policy.Resource, []byte(
			`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"`+d.p.Account+`"},"Action":"*","Resource":"*"}}`))}
	}
	return d.n.decider.Decide(&mine, &layers).Effect == evaluator.Allowed
}
