package verify_test

import (
	"context"
	"encoding/json"
	"flag"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/evaluator/catalog"
	"github.com/accessgraph/accessgraph/evaluator/paths"
	"github.com/accessgraph/accessgraph/graph"
)

var (
	chokeOrganizations = flag.Int("choke-organizations", 10, "how many random organizations the edges of choke points are recounted in")
	chokeStatements    = flag.Int("choke-statements", 1, "how many random organizations the statements of choke points are recounted in")
)

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

// policyText is one policy of a snapshot: how statements name it, and a snapshot with other text in its place.
type policyText struct {
	statement paths.Statement // of no place in it
	text      []byte
	with      func(text []byte) *graph.Facts

	everywhere bool
}

// policyTexts lists the identity, trust and resource policies of a snapshot.
func policyTexts(facts *graph.Facts) []policyText {
	var out []policyText
	for at, a := range facts.Accounts {
		put := func(owner, policy, version string, layer evaluator.Layer, hash graph.DocumentHash, change func(own *graph.Account, hash graph.DocumentHash)) {
			if facts.Documents[hash] == nil {
				return
			}
			out = append(out, policyText{
				statement: paths.Statement{Layer: layer, Owner: owner, Policy: policy, Version: version}, text: facts.Documents[hash].Canonical,
				with: func(text []byte) *graph.Facts {
					d := graph.CanonicalDocument(text)
					own, account := *facts, *a
					own.Documents = maps.Clone(facts.Documents)
					own.Documents[d.Hash] = &d
					own.Accounts = slices.Clone(facts.Accounts)
					own.Accounts[at] = &account
					change(&account, d.Hash)
					return &own
				},
			})
		}
		inline := func(owner string, list []graph.InlinePolicy, change func(own *graph.Account, list []graph.InlinePolicy)) {
			for i, p := range list {
				put(owner, p.Name, "", evaluator.LayerIdentity, p.Document, func(own *graph.Account, hash graph.DocumentHash) {
					other := slices.Clone(list)
					other[i].Document = hash
					change(own, other)
				})
			}
		}
		for i, u := range a.Users {
			inline(string(u.ARN), u.Inline, func(own *graph.Account, list []graph.InlinePolicy) {
				other := *u
				other.Inline = list
				own.Users = slices.Clone(own.Users)
				own.Users[i] = &other
			})
		}
		for i, x := range a.Groups {
			inline(string(x.ARN), x.Inline, func(own *graph.Account, list []graph.InlinePolicy) {
				other := *x
				other.Inline = list
				own.Groups = slices.Clone(own.Groups)
				own.Groups[i] = &other
			})
		}
		for i, r := range a.Roles {
			role := func(own *graph.Account, edit func(*graph.Role)) {
				other := *r
				edit(&other)
				own.Roles = slices.Clone(own.Roles)
				own.Roles[i] = &other
			}
			inline(string(r.ARN), r.Inline, func(own *graph.Account, list []graph.InlinePolicy) {
				role(own, func(r *graph.Role) { r.Inline = list })
			})
			put(string(r.ARN), "", "", evaluator.LayerResource, r.Trust, func(own *graph.Account, hash graph.DocumentHash) {
				role(own, func(r *graph.Role) { r.Trust = hash })
			})
		}
		for i, p := range a.Policies {
			for k, v := range p.Versions {
				version := v.ID
				if v.Default || v.ID == p.DefaultVersion {
					version = ""
				}
				put(string(p.ARN), "", version, evaluator.LayerIdentity, v.Document, func(own *graph.Account, hash graph.DocumentHash) {
					other := *p
					other.Versions = slices.Clone(p.Versions)
					other.Versions[k].Document = hash
					own.Policies = slices.Clone(own.Policies)
					own.Policies[i] = &other
				})
				if strings.HasPrefix(string(p.ARN), "arn:aws:iam::aws:") { // one policy, which every account sees
					out[len(out)-1].everywhere = true
				}
			}
		}
		for i, r := range a.Resources {
			put(string(r.ARN), "", "", evaluator.LayerResource, r.Policy, func(own *graph.Account, hash graph.DocumentHash) {
				other := *r
				other.Policy = hash
				own.Resources = slices.Clone(own.Resources)
				own.Resources[i] = &other
			})
		}
	}
	return out
}

// lackingStatement is a policy without one statement; nil: it has no more.
func lackingStatement(text []byte, at int) []byte {
	var doc map[string]any
	if json.Unmarshal(text, &doc) != nil {
		return nil
	}
	list, ok := doc["Statement"].([]any)
	if !ok {
		list = []any{doc["Statement"]}
	}
	if at >= len(list) {
		return nil
	}
	doc["Statement"] = slices.Delete(slices.Clone(list), at, at+1)
	return must(json.Marshal(doc))
}

// stands is the target in another graph: who was an administrator stays one, and of what edits make it is asked again.
func (p *plainGraph) stands(g *paths.Graph, t *paths.Target, in *paths.Graph, again *paths.Target) {
	type state struct {
		arn     string
		chained bool
		change  string
	}
	of := func(n *paths.Node) state {
		s := state{n.ARN, n.Chained, ""}
		if n.Change != nil {
			s.change = "+" + n.Change.Words
		}
		return s
	}
	was, is := map[state]evaluator.Verdict{}, map[state]bool{}
	for _, n := range g.Nodes() {
		was[of(g.Node(n))] = t.Level(n)
	}
	for _, n := range in.Nodes() {
		is[of(in.Node(n))] = true
	}
	p.ends = map[*paths.Node]bool{}
	for _, i := range in.Nodes() {
		n := in.Node(i)
		s := of(n)
		other := s
		other.chained = !s.chained
		level, known := was[s]
		switch unchained, two := was[other]; {
		case n.Change != nil:
			level = again.Level(i)
		case !known && two && s.chained:
			level = unchained
		case !known:
			level = again.Level(i)
		case two && !is[other]:
			level = min(level, unchained)
		}
		p.ends[n] = level >= evaluator.Conditional
	}
}

// TestStatementsAreRecounted takes every statement out of random organizations in turn, builds the graph anew and counts again: those who lose every
// path are those that choke points say, and a statement that they do not name takes nobody's. The greedy choice takes all that it says.
func TestStatementsAreRecounted(t *testing.T) {
	cat := must(catalog.Load())
	taking, greedy, tried, rebuilt := 0, 0, 0, 0
	graphs := map[*graph.Facts]map[paths.Statement]*paths.Graph{}
	eachAim(t, *chokeStatements, func(t *testing.T, seed uint64, facts *graph.Facts, g *paths.Graph, aim string, target *paths.Target, s paths.Search) {
		if graphs[facts] == nil {
			clear(graphs)
			graphs[facts] = map[paths.Statement]*paths.Graph{}
			for _, p := range policyTexts(facts) {
				for i := 0; !p.everywhere; i++ {
					text := lackingStatement(p.text, i)
					if text == nil {
						break
					}
					p.statement.Index = i
					graphs[facts][p.statement] = must(paths.Build(t.Context(), p.with(text), cat, paths.Options{}))
				}
			}
		}
		before := plainOf(g, target, aim == "access", s)
		reached := before.reaching()
		found, err := g.Chokes(context.Background(), g.Sources(walks), target, s)
		if err != nil {
			t.Fatal(err)
		}
		bounds := map[string]bool{}
		for _, a := range facts.Accounts {
			for _, u := range a.Users {
				bounds[string(u.Boundary)] = true
			}
			for _, r := range a.Roles {
				bounds[string(r.Boundary)] = true
			}
		}
		got := map[paths.Statement][]string{}
		for _, p := range found.Statements {
			if strings.HasPrefix(p.Statement.Owner, "arn:aws:iam::aws:") {
				continue // it is in every account
			}
			got[p.Statement] = namesOf(p.Lost)
		}
		tried, rebuilt = tried+found.Tried, rebuilt+found.Rebuilt
		if found.Left > 0 {
			t.Fatalf("organization %d has statements that are not tried", seed)
		}
		for st, in := range graphs[facts] {
			again := aims(t, g)[aim](in, s.Via)
			after := plainOf(in, again, aim == "access", s)
			if aim == "admin" {
				after.stands(g, target, in, again)
			}
			after.sources = map[string][]*paths.Node{}
			for _, n := range in.Sources(walks) {
				if arn := in.Node(n).ARN; before.sources[arn] != nil {
					after.sources[arn] = append(after.sources[arn], in.Node(n))
				}
			}
			want := slices.DeleteFunc(lost(reached, after.reaching()), func(arn string) bool { // outsiders with access who take no step any more are in no graph
				return aim == "access" && after.sources[arn] == nil && !slices.Contains(got[st], arn)
			})
			if got[st] == nil && bounds[st.Owner] {
				continue // what only bounds is not among the choke points
			}
			if !slices.Equal(want, got[st]) {
				t.Errorf("organization %d, %s: %+v takes %q, want %q", seed, aim, st, got[st], want)
			}
			if len(want) > 0 {
				taking++
			}
			delete(got, st)
		}
		for st := range got {
			t.Errorf("organization %d, %s: %+v is no statement", seed, aim, st)
		}
		for i, p := range found.Greedy {
			greedy++
			if i == 0 && len(p.Lost) != len(found.Statements[0].Lost) || i > 0 && len(p.Lost) <= len(found.Greedy[i-1].Lost) {
				t.Errorf("organization %d, %s: greedy statement %d takes %d", seed, aim, i+1, len(p.Lost))
			}
		}
	})
	t.Logf("%d statements that take somebody's paths, %d chosen greedily; of %d tried the whole snapshot was built anew for %d", taking, greedy, tried, rebuilt)
	if taking == 0 || greedy == 0 || rebuilt >= tried {
		t.Error("nothing was counted")
	}
}
