package paths

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
	"testing"
	"time"

	"github.com/accessgraph/accessgraph/evaluator/catalog"
	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/graph/badgerstore"
)

func TestExp(t *testing.T) {
	ctx := context.Background()
	st, err := badgerstore.Open(os.Getenv("EXP"))
	if err != nil {
		t.Fatal(err)
	}
	entry, err := graph.Resolve(ctx, st, "latest")
	if err != nil {
		t.Fatal(err)
	}
	facts, err := graph.Load(ctx, st, entry.Snapshot)
	if err != nil {
		t.Fatal(err)
	}
	cat, _ := catalog.Load()
	f, _ := os.Create("/tmp/exp/build.prof")
	pprof.StartCPUProfile(f)
	t0 := time.Now()
	g, err := Build(ctx, facts, cat, Options{})
	pprof.StopCPUProfile()
	f.Close()
	if err != nil {
		t.Fatal(err)
	}
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	edges := 0
	for i := range g.parties {
		edges += len(g.parties[i].edges)
	}
	fmt.Println("build", time.Since(t0), "nodes", len(g.nodes), "parties", len(g.parties), "edges", edges, "heap MB", m.HeapAlloc>>20)
	if os.Getenv("SHOW") == "" {
		return
	}
	for i := range g.parties {
		p := &g.parties[i]
		for _, m := range p.members {
			n := g.nodes[m]
			fmt.Println("##", m, n.Kind, n.ARN, n.Name, n.Chained, n.Change)
		}
		for _, e := range p.edges {
			id := ""
			if e.technique != nil {
				id = e.technique.ID
			}
			if e.leaf && os.Getenv("SHOW") != "all" { continue }
			fmt.Print("   ", e.kind, " ", id, " ", e.level, " leaf=", e.leaf, " self=", e.self, ":")
			e.to.Iterate(func(x uint32) bool {
				if e.leaf {
					fmt.Print(" ", g.things.list[x].arn)
				} else {
					fmt.Print(" ", x, ":", g.nodes[x].ARN)
					if c := g.nodes[x].Change; c != nil {
						fmt.Print("[", c.Words, "]")
					}
				}
				return true
			})
			fmt.Println()
		}
	}
}
