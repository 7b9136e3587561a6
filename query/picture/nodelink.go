package picture

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/accessgraph/accessgraph/query/answer"
)

// The node-link form, which networkx and D3 read.
type (
	nodeLink struct {
		Directed   bool       `json:"directed"`
		Multigraph bool       `json:"multigraph"`
		Graph      linkedMeta `json:"graph"`
		Nodes      []linkNode `json:"nodes"`
		Links      []link     `json:"links"`
	}
	linkedMeta struct {
		Query       string          `json:"query"`
		Snapshot    answer.Snapshot `json:"snapshot"`
		Paths       int             `json:"paths"`
		Assumptions []string        `json:"assumptions"`
		Incomplete  []string        `json:"incomplete"`
	}
	linkNode struct {
		ID       string   `json:"id"`
		Name     string   `json:"name"`
		Kind     string   `json:"kind"`
		Account  string   `json:"account"`
		Admin    string   `json:"admin"`
		Withheld []string `json:"withheld"`
		Source   bool     `json:"source"`
		Target   bool     `json:"target"`
	}
	link struct {
		Source      string         `json:"source"`
		Target      string         `json:"target"`
		Kind        string         `json:"kind"`
		Technique   string         `json:"technique"`
		Title       string         `json:"title"`
		Catalogue   []string       `json:"catalogue"`
		Escalation  bool           `json:"escalation"`
		Verdict     answer.Verdict `json:"verdict"`
		Conditions  string         `json:"conditions"`
		Via         []string       `json:"via"`
		Assumptions []string       `json:"assumptions"`
		Remedy      string         `json:"remedy"`
	}
)

// nodeLink writes the graph as one JSON document.
func (g *Graph) nodeLink() ([]byte, error) {
	out := nodeLink{Directed: true, Multigraph: true, Nodes: []linkNode{}, Links: []link{},
		Graph: linkedMeta{g.Query, g.Snapshot, g.Paths, g.Assumptions, g.Incomplete}}
	for _, n := range g.Nodes {
		out.Nodes = append(out.Nodes, linkNode{n.ID, n.Name(), n.Kind, n.Account, n.Admin, n.Withheld, n.Source, n.Target})
	}
	for _, e := range g.Edges {
		out.Links = append(out.Links, link{Source: e.From.ID, Target: e.To.ID, Kind: e.Kind, Technique: e.Technique, Title: e.Title, Catalogue: e.Catalogue,
			Escalation: e.Escalation(), Verdict: e.Verdict, Conditions: e.When(), Via: e.Via, Assumptions: e.Assumptions, Remedy: e.Remedy})
	}
	return marshal(out)
}

// marshal writes JSON that people can read as well; the same value gives the same bytes.
func marshal(v any) ([]byte, error) {
	out, err := json.Marshal(v, json.Deterministic(true), jsontext.AllowInvalidUTF8(true), jsontext.WithIndent("  "))
	return append(out, '\n'), err
}
