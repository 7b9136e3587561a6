package verify_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/evaluator/catalog"
	"github.com/accessgraph/accessgraph/evaluator/paths"
)

var climbs = flag.Int("paths-organizations", 10, "how many random organizations are searched for paths; the acceptance run has 200")

// mostHops bounds both searches (E17).
const mostHops = paths.DefaultHops

// TestPathsToAdmins is the acceptance test of access paths: in random organizations that are rich in escalation, whoever reaches an administrator does so by
// a search that has every single requirement decided by the point engine too, in as many hops and as surely; and whoever does not, does not.
func TestPathsToAdmins(t *testing.T) {
	cat, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	sum, kinds := newTally(), map[string]int{}
	for i := range uint64(*climbs) {
		seed := *firstSeed + i
		o := generateClimb(seed)
		err := o.climb(t.Context(), cat, sum)
		if err == nil {
			continue
		}
		kind, _, _ := strings.Cut(err.Error(), ":")
		kinds[kind]++
		if *keepGoing {
			t.Errorf("organization %d: %v", seed, err)
			continue
		}
		small := o.shrinkBy(func(try *organization) bool {
			err := try.climb(t.Context(), cat, newTally())
			return err != nil && strings.HasPrefix(err.Error(), kind+":")
		}, time.Now().Add(60*time.Second))
		t.Fatalf("organization %d: %v\nsmallest: %v\n%s", seed, err, small.climb(t.Context(), cat, newTally()), small.text())
	}
	t.Logf("%d organizations: %d principals, of which %d reach an administrator surely and %d under conditions; %d that are not known; %d steps; %d requests decided; differences %v; ways by hops %v; %v",
		*climbs, sum.principals, sum.sure, sum.conditional, sum.unknown, sum.steps, sum.points, kinds, sum.hops, sum.techniques)
	if *climbs >= 10 && (sum.sure == 0 || sum.conditional == 0 || sum.steps == 0) {
		t.Error("nothing was compared")
	}
}

// tally counts what was compared.
type tally struct {
	principals, sure, conditional, unknown, steps, points int
	hops                                                  [mostHops + 1]int // ways by their length
	techniques                                            map[string]int    // hops by technique
}

func newTally() *tally { return &tally{techniques: map[string]int{}} }

// text is an organization to be read.
func (o *organization) text() string {
	var b strings.Builder
	paths := make([]string, 0, len(o.files))
	for path := range o.files {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	for _, path := range paths {
		text, _ := json.MarshalIndent(o.files[path], "", " ")
		fmt.Fprintf(&b, "%s %s\n", path, text)
	}
	return b.String()
}

// climb compares both searches; the error's first words say what kind of difference it is.
func (o *organization) climb(ctx context.Context, cat *catalog.Catalog, sum *tally) error {
	dir, err := os.MkdirTemp("", "organization")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	facts, err := o.ingest(ctx, dir)
	if err != nil {
		return fmt.Errorf("ingest: %w", err)
	}
	g, err := paths.Build(ctx, facts, cat, paths.Options{})
	if err != nil {
		return fmt.Errorf("build: %w", err)
	}
	admins, err := g.Admins(ctx, "", paths.Via{})
	if err != nil {
		return fmt.Errorf("admins: %w", err)
	}
	reach, err := g.Toward(ctx, admins, paths.Search{})
	if err != nil {
		return fmt.Errorf("search: %w", err)
	}
	s, err := newSeeker(facts, cat)
	if err != nil {
		return err
	}
	var failed error
	for _, p := range s.principals {
		sum.principals++
		way := reach.Way(g.NodesOf(p.arn)[0])
		if way != nil && way.Level == evaluator.Unknown {
			sum.unknown++
			continue
		}
		if err := s.compare(p, way, sum); err != nil && failed == nil {
			failed = err
		}
		if err := s.confirm(g, way, sum); err != nil && failed == nil {
			failed = fmt.Errorf("%w\n  on the way of %s", err, p.arn)
		}
	}
	sum.points += s.points
	return failed
}

// compare compares the best and shortest way of a principal.
func (s *seeker) compare(p *principal, way *paths.Way, sum *tally) error {
	from := s.start(p)
	want, hops := never, -1
	for _, at := range []level{surely, sometimes} {
		if hops = s.hops(from, at, mostHops); hops >= 0 {
			want = at
			break
		}
	}
	got, length := never, -1
	if way != nil {
		got, length = levelOf(way.Level), len(way.Steps)
	}
	switch want {
	case surely:
		sum.sure++
	case sometimes:
		sum.conditional++
	}
	switch {
	case want == never && got != never:
		return fmt.Errorf("excess: %s reaches an administrator, and no search by single requests does", p.arn)
	case want != never && got == never:
		return fmt.Errorf("missing: %s reaches an administrator in %d hops", p.arn, hops)
	case got > want:
		return fmt.Errorf("too sure: %s reaches an administrator %s, want %s", p.arn, got, want)
	case got < want:
		return fmt.Errorf("less sure: %s reaches an administrator %s, want %s", p.arn, got, want)
	case length != hops:
		return fmt.Errorf("hops: %s reaches an administrator in %d hops, want %d", p.arn, length, hops)
	}
	return nil
}

func (l level) String() string { return []string{"never", "under conditions", "surely"}[l] }

func levelOf(l paths.Level) level {
	switch l {
	case evaluator.AllowedAlways:
		return surely
	case evaluator.Conditional:
		return sometimes
	}
	return never
}
