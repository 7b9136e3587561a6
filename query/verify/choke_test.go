package verify_test

import (
	"context"
	"flag"
	"slices"
	"testing"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/evaluator/catalog"
	"github.com/accessgraph/accessgraph/evaluator/paths"
	"github.com/accessgraph/accessgraph/graph"
)

var chokeOrganizations = flag.Int("choke-organizations", 40, "how many random organizations choke points are recounted in")

// span is one edge between principals.
type span struct {
	from, to string // to is empty for access
	kind     paths.Kind
}

// plainGraph is an access graph with every edge written out, to be walked the obvious way.
type plainGraph struct {
	edges   map[*paths.Node]map[*paths.Node][]paths.Kind // nil stands for the access that is asked for
	ends    map[*paths.Node]bool                         // the target
	sources map[string][]*paths.Node                     // by ARN
}

func plainOf(g *paths.Graph, t *paths.Target, access bool, s paths.Search) *plainGraph {
	p := &plainGraph{edges: map[*paths.Node]map[*paths.Node][]paths.Kind{}, ends: map[*paths.Node]bool{}, sources: map[string][]*paths.Node{}}
	put := func(from, to *paths.Node, kind paths.Kind) {
		if p.edges[from] == nil {
			p.edges[from] = map[*paths.Node][]paths.Kind{}
		}
		if from != to && !slices.Contains(p.edges[from][to], kind) {
			p.edges[from][to] = append(p.edges[from][to], kind)
		}
	}
	for _, n := range g.Nodes() {
		for _, e := range g.EdgesFrom(n) {
			if e.Node != nil && e.Level >= evaluator.Conditional && (!s.Via.Some || allowedBy(s.Via, e.Kind)) {
				put(e.From, e.Node, e.Kind)
			}
		}
		if t.Level(n) < evaluator.Conditional {
			continue
		}
		if access {
			put(g.Node(n), nil, paths.CanAccess)
		} else {
			p.ends[g.Node(n)] = true
		}
	}
	p.ends[nil] = access
	for _, n := range g.Sources(walks) {
		p.sources[g.Node(n).ARN] = append(p.sources[g.Node(n).ARN], g.Node(n))
	}
	for arn, nodes := range p.sources {
		if slices.ContainsFunc(nodes, func(n *paths.Node) bool { return p.ends[n] }) {
			delete(p.sources, arn)
		}
	}
	return p
}

func allowedBy(v paths.Via, k paths.Kind) bool {
	switch k {
	case paths.CanAssume, paths.ServiceAssumes, paths.RunsAs, paths.CanAssumeRoot:
		return v.Assume
	case paths.CanFederate:
		return v.Federation
	}
	return v.Escalation
}

// walks tells nodes that who can reach begins at.
func walks(n *paths.Node) bool { return n.Kind != "service" && n.Kind != "compute" }

// reaching lists who has a path without some edges.
func (p *plainGraph) reaching(without ...span) []string {
	gone := func(from, to *paths.Node, kind paths.Kind) bool {
		name := span{from: from.ARN, kind: kind}
		if to != nil {
			name.to = to.ARN
		}
		return slices.Contains(without, name)
	}
	var out []string
	for arn, nodes := range p.sources {
		seen, queue := map[*paths.Node]bool{}, slices.Clone(nodes)
		found := false
		for len(queue) > 0 && !found {
			n := queue[0]
			queue = queue[1:]
			if found = p.ends[n]; n == nil || seen[n] {
				continue
			}
			seen[n] = true
			for to, kinds := range p.edges[n] {
				if slices.ContainsFunc(kinds, func(k paths.Kind) bool { return !gone(n, to, k) }) {
					queue = append(queue, to)
				}
			}
		}
		if found {
			out = append(out, arn)
		}
	}
	slices.Sort(out)
	return out
}

// lost is who is in the first list and not in the second.
func lost(before, after []string) []string {
	return slices.DeleteFunc(slices.Clone(before), func(arn string) bool { return slices.Contains(after, arn) })
}

// aims are the targets that choke points of an organization are looked for to.
func aims(t *testing.T, g *paths.Graph) map[string]func(g *paths.Graph, v paths.Via) *paths.Target {
	t.Helper()
	out := map[string]func(*paths.Graph, paths.Via) *paths.Target{
		"admin": func(g *paths.Graph, v paths.Via) *paths.Target { return must(g.Admins(t.Context(), "", v)) },
		"access": func(g *paths.Graph, v paths.Via) *paths.Target {
			found, _, err := g.Access(t.Context(), evaluator.Question{Actions: []string{"s3:GetObject", "kms:Decrypt"}}, v)
			if err != nil {
				t.Fatal(err)
			}
			return found
		},
	}
	roles := 0
	for _, n := range g.Nodes() {
		if arn := g.Node(n).ARN; g.Node(n).Kind == "role" && g.Node(n).Principal == n && roles < 3 {
			roles++
			out[arn] = func(g *paths.Graph, _ paths.Via) *paths.Target {
				return g.Principals(func(n *paths.Node) bool { return n.ARN == arn })
			}
		}
	}
	return out
}

func must[T any](x T, err error) T {
	if err != nil {
		panic(err)
	}
	return x
}

// eachAim builds the access graph of random organizations, and visits a few targets in each.
func eachAim(t *testing.T, count int, fn func(t *testing.T, seed uint64, facts *graph.Facts, g *paths.Graph, aim string, target *paths.Target, s paths.Search)) {
	t.Helper()
	cat := must(catalog.Load())
	for i := range uint64(count) {
		seed := *firstSeed + i
		o := generateClimb(seed)
		if i%4 == 3 { // resources, outsiders and identity providers
			o = generate(seed)
		}
		facts := must(o.ingest(t.Context(), t.TempDir()))
		g := must(paths.Build(t.Context(), facts, cat, paths.Options{}))
		for aim, of := range aims(t, g) {
			s := paths.Search{}
			if aim == "access" {
				s.Via = paths.Via{Some: true, Assume: true, Federation: true}
			}
			fn(t, seed, facts, g, aim, of(g, s.Via), s)
		}
	}
}

// TestChokesAreRecounted takes every edge out of random organizations in turn and counts again; and holds that without all edges of the minimum cut
// nobody has a path.
func TestChokesAreRecounted(t *testing.T) {
	edges, cuts, several := 0, 0, 0
	eachAim(t, *chokeOrganizations, func(t *testing.T, seed uint64, _ *graph.Facts, g *paths.Graph, aim string, target *paths.Target, s paths.Search) {
		p := plainOf(g, target, aim == "access", s)
		found, err := g.Chokes(context.Background(), g.Sources(walks), target, s)
		if err != nil {
			t.Fatal(err)
		}
		before := p.reaching()
		if found.Of != len(before) {
			t.Errorf("organization %d, %s: %d have a path, want %q", seed, aim, found.Of, before)
		}
		got := map[span][]string{}
		for _, e := range found.Edges {
			got[spanOf(e)] = namesOf(e.Lost)
		}
		if len(got) != len(found.Edges) {
			t.Errorf("organization %d, %s: edges stand there twice", seed, aim)
		}
		for name := range p.spans() {
			want := lost(before, p.reaching(name))
			if !slices.Equal(want, got[name]) {
				t.Errorf("organization %d, %s: %v takes %q, want %q", seed, aim, name, got[name], want)
			}
			if len(want) > 0 {
				edges++
			}
			if len(want) > 1 {
				several++
			}
			delete(got, name)
		}
		for name := range got {
			t.Errorf("organization %d, %s: %v is no edge", seed, aim, name)
		}
		var cut []span
		for _, e := range found.Cut {
			cut = append(cut, spanOf(e))
		}
		if left := p.reaching(cut...); len(left) > 0 || len(before) > 0 && len(cut) == 0 {
			t.Errorf("organization %d, %s: %q still have a path without %v", seed, aim, left, cut)
		}
		cuts += len(cut)
	})
	t.Logf("%d edges that somebody needs, %d that several do, %d edges of cuts", edges, several, cuts)
	if edges == 0 || several == 0 || cuts == 0 {
		t.Error("nothing was counted")
	}
}

// spans are all edges between principals.
func (p *plainGraph) spans() map[span]bool {
	out := map[span]bool{}
	for from, to := range p.edges {
		for n, kinds := range to {
			for _, k := range kinds {
				name := span{from: from.ARN, kind: k}
				if n != nil {
					name.to = n.ARN
				}
				out[name] = true
			}
		}
	}
	return out
}

func spanOf(e *paths.Strait) span {
	s := span{from: e.From.ARN, kind: e.Kind}
	if e.To != nil {
		s.to = e.To.ARN
	}
	return s
}

func namesOf(nodes []*paths.Node) []string {
	var out []string
	for _, n := range nodes {
		out = append(out, n.ARN)
	}
	slices.Sort(out)
	return out
}
