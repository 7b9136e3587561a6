package query

import (
	"fmt"

	"github.com/accessgraph/accessgraph/evaluator/paths"
	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/syntax"
)

// chokes lists what the paths to a target hang on.
func (p *pathPlan) chokes(q *syntax.Choke) ([]answer.Row, error) {
	from, err := p.reachers(q.Target, &q.Clauses)
	if err != nil {
		return nil, err
	}
	found, err := p.graph.Chokes(p.ctx, from, p.target, p.search)
	if err != nil {
		return nil, err
	}
	var rows []answer.Row
	rows = append(rows, straits(answer.ChokeEdge, found.Edges, found.Of)...)
	rows = append(rows, pins(answer.ChokeStatement, found.Statements, found.Of)...)
	rows = append(rows, straits(answer.ChokeCut, found.Cut, found.Of)...)
	rows = append(rows, pins(answer.ChokeGreedy, found.Greedy, found.Of)...)
	p.notes = append(p.notes, chokeNotes(found)...)
	return rows, nil
}

// chokeNotes says what the rows are counted by, and what was not looked for.
func chokeNotes(found *paths.Chokes) []string {
	var out []string
	switch found.Of {
	case 0:
		return []string{"nobody has a path; a path that hangs on something unknown does not count"}
	case 1:
		out = append(out, "1 principal has a path; a path that hangs on something unknown does not count")
	default:
		out = append(out, fmt.Sprintf("%d principals have a path; a path that hangs on something unknown does not count", found.Of))
	}
	if found.TooLarge > 0 {
		out = append(out, fmt.Sprintf("no minimum cut was looked for: %d edges lie between, and %d are the most", found.TooLarge, paths.MostCut))
	}
	if found.Left > 0 {
		out = append(out, fmt.Sprintf("%d statements were tried, those first that may take the most; of the %d others none takes the paths of more than %d",
			found.Tried, found.Left, found.LeftMost))
	}
	return out
}

// pins makes rows of statements.
func pins(kind string, of []*paths.Pin, with int) []answer.Row {
	out := make([]answer.Row, len(of))
	for i, p := range of {
		out[i] = &answer.Choke{
			Kind: kind, Rank: i + 1, Owner: p.Statement.Owner, Lost: len(p.Lost), Of: with, Principals: namesOf(p.Lost),
			Statement: &answer.StatementRef{Layer: p.Statement.Layer.String(), Policy: p.Statement.Name(), Sid: p.Sid, Index: p.Statement.Index},
		}
	}
	return out
}

// straits makes rows of edges.
func straits(kind string, of []*paths.Strait, with int) []answer.Row {
	out := make([]answer.Row, len(of))
	for i, s := range of {
		row := &answer.Choke{
			Kind: kind, Rank: i + 1, From: s.From.ARN, FromKind: s.From.Kind, FromAccount: s.From.Account, To: s.Resource, ToKind: "resource",
			ToAccount: arnAccount(s.Resource), FromChange: s.FromChange, ToChange: s.ToChange, Edge: string(s.Kind), Lost: len(s.Lost), Of: with, Principals: namesOf(s.Lost), Remedy: s.Remedy,
		}
		if s.To != nil {
			row.To, row.ToKind, row.ToAccount = s.To.ARN, s.To.Kind, s.To.Account
		}
		for _, t := range s.Techniques {
			row.Techniques = append(row.Techniques, t.ID)
		}
		out[i] = row
	}
	return out
}

func namesOf(nodes []*paths.Node) []string {
	out := make([]string, len(nodes))
	for i, n := range nodes {
		out[i] = n.ARN
	}
	return out
}
