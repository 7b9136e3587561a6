package verify_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/evaluator/catalog"
	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/graph/memstore"
	"github.com/accessgraph/accessgraph/ingest/files"
	"github.com/accessgraph/accessgraph/query"
	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/render"
	"github.com/accessgraph/accessgraph/query/syntax"
)

var (
	organizations = flag.Int("organizations", 60, "how many random organizations are asked; the acceptance run has 1000")
	firstSeed     = flag.Uint64("seed", 1, "the first organization")
	questions     = flag.Int("questions", 4, "how many questions each organization is asked")
	oneQuestion   = flag.Int("question", -1, "the number of the only question to ask")
	lawful        = flag.Int("laws", 4, "how many conditional grants of an answer are asked again; the acceptance run asks all")
	keepGoing     = flag.Bool("keepgoing", false, "go on after a difference, and shrink none")
)

// TestOrganizations is the acceptance test: random organizations, ingested from export directories, are asked, and the rows equal
// those of the naive evaluator.
func TestOrganizations(t *testing.T) {
	cat, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	asked, points, rows := 0, 0, 0
	kinds := map[string]int{}
	for i := range uint64(*organizations) {
		seed := *firstSeed + i
		o := generate(seed)
		facts, err := o.ingest(t.Context(), t.TempDir())
		if err != nil {
			t.Fatalf("organization %d: %v", seed, err)
		}
		for at := range *questions {
			if *oneQuestion >= 0 && at != *oneQuestion {
				continue
			}
			got, err := o.run(t.Context(), facts, cat, seed, at)
			asked++
			points += got.points
			rows += got.rows
			if err == nil {
				continue
			}
			kind, _, _ := strings.Cut(err.Error(), ":")
			kinds[kind]++
			if *keepGoing {
				t.Errorf("organization %d, question %d: %s\n%v", seed, at, got.question, err)
				continue
			}
			small := o.shrink(t.Context(), cat, seed, at, kind, time.Now().Add(20*time.Second))
			dir := filepath.Join(os.TempDir(), fmt.Sprintf("accessgraph-organization-%d", seed))
			if werr := small.write(dir); werr != nil {
				t.Error(werr)
			}
			_, again := small.fresh(t.Context(), cat, seed, at)
			t.Fatalf("organization %d, question %d: %s\n%v\nsmallest, in %s:\n%v", seed, at, got.question, err, dir, again)
		}
	}
	t.Logf("%d organizations, %d questions, %d rows, %d requests decided; differences %v", *organizations, asked, rows, points, kinds)
	if rows == 0 || points == 0 {
		t.Error("nothing was compared")
	}
}

func (o *organization) ingest(ctx context.Context, dir string) (*graph.Facts, error) {
	if err := o.write(dir); err != nil {
		return nil, err
	}
	facts, _, err := files.Read(ctx, []string{dir}, files.Options{})
	return facts, err
}

// outcome is what one question came to.
type outcome struct {
	question     string
	points, rows int
}

// run asks one question, drawn by the seed and its number.
func (o *organization) run(ctx context.Context, facts *graph.Facts, cat *catalog.Catalog, seed uint64, at int) (outcome, error) {
	n := newNaive(facts, cat)
	g := generateAll(seed)
	g.r = rand.New(rand.NewPCG(seed, uint64(at)))
	q := g.ask(n)
	out := outcome{question: q.text}
	e, err := query.New(ctx, facts, answer.Snapshot{})
	if err != nil {
		return out, fmt.Errorf("compile: %w", err)
	}
	if err := check(ctx, e, n, q, g); err != nil {
		return out, err
	}
	out.points = n.points
	first, rows, err := asJSON(ctx, e, q.text)
	if err != nil {
		return out, err
	}
	out.rows = rows
	if err := sameTwice(ctx, e, facts, q.text, first); err != nil {
		return out, err
	}
	if err := witnesses(ctx, e, n, q); err != nil {
		return out, err
	}
	return out, laws(ctx, e, n, q)
}

// witnesses holds that simulate allows the witness of every grant that is not unknown.
func witnesses(ctx context.Context, e *query.Engine, n *naive, q *question) error {
	rows, err := answerRows(ctx, e, q.text)
	if err != nil {
		return err
	}
	for id, row := range rows {
		if strings.HasPrefix(id, "public ") || strings.HasPrefix(id, "provider ") {
			continue // simulate takes no such principal
		}
		for _, g := range row.grants {
			w := g.Witness
			if g.Verdict == answer.Unknown || w == nil || strings.Contains(w.Action, anyOther[1:]) {
				continue
			}
			var given []evaluator.KeyValue
			for key, v := range w.Context {
				given = append(given, evaluator.KeyValue{Key: key, Values: v.Values, Multi: v.Multi})
			}
			who := w.Principal
			if strings.HasPrefix(id, "service ") {
				who = "service " + who
			}
			s, err := e.Simulate(ctx, who, w.Action, w.Resource, given, time.Unix(1_800_000_000, 0))
			if err != nil {
				return fmt.Errorf("simulate: %s: %w", id, err)
			}
			if s.Decision.Effect != evaluator.Allowed {
				return fmt.Errorf("simulate: %s: %v of the witness %+v", id, s.Decision.Effect, w)
			}
		}
	}
	return nil
}

// fresh is run after another ingest.
func (o *organization) fresh(ctx context.Context, cat *catalog.Catalog, seed uint64, at int) (outcome, error) {
	dir, err := os.MkdirTemp("", "organization")
	if err != nil {
		return outcome{}, err
	}
	defer os.RemoveAll(dir)
	facts, err := o.ingest(ctx, dir)
	if err != nil {
		return outcome{}, fmt.Errorf("ingest: %w", err)
	}
	return o.run(ctx, facts, cat, seed, at)
}

// asJSON is the answer as it is printed.
func asJSON(ctx context.Context, e *query.Engine, text string) (string, int, error) {
	return askedJSON(ctx, e, text, query.Options{})
}

// askedJSON is the answer with options, as it is printed.
func askedJSON(ctx context.Context, e *query.Engine, text string, o query.Options) (string, int, error) {
	a, err := e.Ask(ctx, text, o)
	if err != nil {
		return "", 0, fmt.Errorf("ask: %w", err)
	}
	rows, err := answer.Collect(a.Rows)
	if err != nil {
		return "", 0, fmt.Errorf("rows: %w", err)
	}
	a.Rows = answer.Of(rows...)
	var b bytes.Buffer
	if err := render.Write(&b, render.JSON, a, render.Options{}); err != nil {
		return "", 0, fmt.Errorf("render: %w", err)
	}
	return b.String(), len(rows), nil
}

// sameTwice holds that an answer is the same bytes when it is asked again, and when the snapshot went through a store.
func sameTwice(ctx context.Context, e *query.Engine, facts *graph.Facts, text, first string) error {
	again, _, err := asJSON(ctx, e, text)
	if err != nil {
		return err
	}
	if again != first {
		return errors.New("repeat: the same question has two answers")
	}
	store := memstore.New()
	entry, err := graph.Publish(ctx, store, facts, graph.Meta{Time: time.Unix(1, 0)})
	if err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	loaded, err := graph.Load(ctx, store, entry.Snapshot)
	if err != nil {
		return fmt.Errorf("load: %w", err)
	}
	stored, err := query.New(ctx, loaded, answer.Snapshot{})
	if err != nil {
		return fmt.Errorf("compile: %w", err)
	}
	out, _, err := asJSON(ctx, stored, text)
	if err != nil {
		return err
	}
	if out != first {
		return errors.New("store: the stored snapshot answers differently")
	}
	return nil
}

// laws asks again under each grant's residual: allowed; and under its complement: no row, or nothing but what is unknown.
func laws(ctx context.Context, e *query.Engine, n *naive, q *question) error {
	if q.allOf {
		return nil
	}
	rows, err := answerRows(ctx, e, q.text)
	if err != nil {
		return err
	}
	left := *lawful
	for _, p := range n.principals {
		have := rows[p.kind+" "+p.arn]
		if have == nil {
			continue
		}
		for _, g := range have.grants {
			if g.Verdict != answer.Conditional || left == 0 {
				continue
			}
			left--
			if err := n.law(ctx, e, p, q, g); err != nil {
				return err
			}
		}
	}
	return nil
}

// law asks `can` again about what a grant says. Patterns of a grant about resources that are not in the snapshot take in some that are,
// which have their own grants: the complement says nothing of it.
func (n *naive) law(ctx context.Context, e *query.Engine, p *principal, q *question, g *grant) error {
	begin, id := "can "+quoted(p.arn)+" do ", p.kind+" "+p.arn
	if err := g.allowed(ctx, e, begin, id, q.whenWords); err != nil || g.outside {
		return err
	}
	_, err := g.denied(ctx, e, begin, id, q.whenWords)
	return err
}

// allowed holds that the row with that id is allowed when the beginning of a question is asked about the grant under its residual. known
// is what the question said of the context.
func (g *grant) allowed(ctx context.Context, e *query.Engine, begin, id, known string) error {
	text := g.again(begin, known) + "(" + g.Conditions + ")"
	rows, err := answerRows(ctx, e, text)
	if err != nil {
		return err
	}
	if have := rows[id]; have == nil || have.verdict != answer.Allowed {
		return fmt.Errorf("law: %s is %v", text, have)
	}
	return nil
}

// denied holds that there is no such row under the complement, or one that says no more than that something is unknown. ok is false
// where the complement cannot be asked.
func (g *grant) denied(ctx context.Context, e *query.Engine, begin, id, known string) (ok bool, err error) {
	complement, ok := g.complement()
	if !ok {
		return false, nil
	}
	text := g.again(begin, known) + complement
	rows, err := answerRows(ctx, e, text)
	if err != nil {
		return true, err
	}
	if have := rows[id]; have != nil && (have.verdict == answer.Allowed || have.verdict == answer.Conditional) {
		return true, fmt.Errorf("law-not: %s is %s", text, have.verdict)
	}
	return true, nil
}

// again is the question about the grant's actions and resources, up to its context.
func (g *grant) again(begin, known string) string {
	var on, actions []string
	for _, r := range g.Resources {
		on = append(on, quoted(r))
	}
	for _, a := range g.Actions {
		actions = append(actions, quoted(a))
	}
	text := begin + strings.Join(actions, ", ") + " on " + strings.Join(on, ", ") + " when "
	if known != "" {
		text += "(" + known + ") and "
	}
	return text
}

// complement is the residual's complement in words. What a residual says of the resource stays as it is: the complement would
// speak of other resources, which have their own grants. So it does, and ok is false, where one term speaks of both, and where "*"
// stands for no resource at all.
func (g *grant) complement() (words string, ok bool) {
	if slices.Contains(g.Resources, "*") && strings.Contains(strings.Join(g.Actions, " "), anyOther) {
		return "", false
	}
	terms := []syntax.Expr{g.conditions}
	if and, isAnd := g.conditions.(*syntax.And); isAnd {
		terms = and.Terms
	}
	var about, rest []syntax.Expr
	for _, x := range terms {
		of, others := 0, 0
		keysOf(x, func(key string) {
			if strings.EqualFold(key, syntax.ResourceKey) {
				of++
			} else {
				others++
			}
		})
		switch {
		case of > 0 && others > 0:
			return "", false
		case of > 0:
			about = append(about, x)
		default:
			rest = append(rest, x)
		}
	}
	if len(rest) == 0 {
		return "", false
	}
	return syntax.NewAnd(append(about, &syntax.Not{Term: syntax.NewAnd(rest...)})...).String(), true
}
