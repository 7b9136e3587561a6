package picture

// The form that BloodHound reads: https://bloodhound.specterops.io/opengraph/developer/graph-data. Kinds are words of letters, digits and underscores
// that none of its own has, names of properties are small letters, values are texts, booleans or lists of texts, and nothing is null.
type (
	openGraph struct {
		Metadata openMeta  `json:"metadata"`
		Graph    openInner `json:"graph"`
	}
	openMeta struct {
		SourceKind string `json:"source_kind"`
	}
	openInner struct {
		Nodes []openNode `json:"nodes"`
		Edges []openEdge `json:"edges"`
	}
	openNode struct {
		ID         string         `json:"id"`
		Kinds      []string       `json:"kinds"`
		Properties map[string]any `json:"properties"`
	}
	openEdge struct {
		Kind       string         `json:"kind"`
		Start      openEnd        `json:"start"`
		End        openEnd        `json:"end"`
		Properties map[string]any `json:"properties"`
	}
	openEnd struct {
		Value   string `json:"value"`
		MatchBy string `json:"match_by"`
	}
)

// sourceKind is the kind that all our nodes have in BloodHound, and what other kinds begin with.
const sourceKind = "AccessGraph"

// openGraph writes the graph for BloodHound.
func (g *Graph) openGraph() ([]byte, error) {
	out := openGraph{Metadata: openMeta{sourceKind}, Graph: openInner{[]openNode{}, []openEdge{}}}
	for _, n := range g.Nodes {
		out.Graph.Nodes = append(out.Graph.Nodes, openNode{ID: n.ID, Kinds: []string{sourceKind + "_" + identifier(n.Kind, true), sourceKind},
			Properties: bag(n.properties())})
	}
	for _, e := range g.Edges {
		out.Graph.Edges = append(out.Graph.Edges, openEdge{Kind: sourceKind + "_" + identifier(e.Kind, true),
			Start: openEnd{e.From.ID, "id"}, End: openEnd{e.To.ID, "id"}, Properties: bag(e.properties())})
	}
	return marshal(out)
}

func bag(properties []property) map[string]any {
	out := make(map[string]any, len(properties))
	for _, p := range properties {
		out[p.name] = p.value
	}
	return out
}
