package render

import (
	"strings"

	"github.com/accessgraph/accessgraph/query/answer"
)

// externalLayout chooses the columns of who outside the zone of trust gets in: one line a row.
func (l *layout) externalLayout(who func(string) string) {
	l.noun = [2]string{"grant", "grants"}
	l.headings = []heading{
		{title: "RESOURCE", share: 4, lines: 8}, {title: "GRANTEE", share: 4, lines: 8}, {title: "VERDICT", verdict: true},
		{title: "ACTIONS", share: 3, lines: 6}, {title: "WHEN", share: 5, lines: 8}, {title: "RISKS", share: 3, lines: 8},
	}
	if l.wide {
		l.headings = append(l.headings, heading{title: "RESOURCES"}, heading{title: "EXTERNAL ID"}, heading{title: "SUBJECT"})
	} else {
		l.once = []int{0}
	}
	l.entries = func(r answer.Row, full bool) [][]string {
		row := r.(*answer.External)
		grant := answer.Grant{Verdict: row.Verdict, Actions: row.Actions, Resources: row.Resources, Conditions: row.Conditions,
			Via: row.Via, Assumptions: row.Assumptions, Causes: row.Causes, Witness: row.Witness}
		cells := []string{who(row.Resource), grantee(&row.Grantee, who), string(row.Verdict), "", when(&grant), strings.Join(row.Risks, ", ")}
		if full {
			cells[3] = strings.Join(row.Actions, ", ")
		} else {
			cells[0] = onlyPart(cells[0], row)
			cells[3] = listed(row.Actions, maxActions, len(row.Actions))
		}
		if l.wide {
			cells = append(cells, strings.Join(row.Resources, ", "), yesNo(row.ExternalID), row.Subject)
			return [][]string{append(cells, proofCells(&grant)...)}
		}
		cells[5] = strings.TrimSpace(cells[5] + l.mark(row.Assumptions))
		return [][]string{append(cells, make([]string, 3)...)}
	}
}

// onlyPart is a resource as a table names it: where a grant is on one thing that lies under it alone, that.
func onlyPart(name string, row *answer.External) string {
	if len(row.Resources) == 1 && row.Resources[0] != row.Resource && strings.HasPrefix(row.Resources[0], row.Resource) {
		return name + strings.TrimPrefix(row.Resources[0], row.Resource)
	}
	return name
}

// grantee names somebody outside, with what it is known as.
func grantee(g *answer.Grantee, who func(string) string) string {
	text := g.Kind
	if g.ID != "*" || g.Kind != "public" {
		text += " " + who(g.ID)
	}
	if g.Name != "" {
		text += " (" + g.Name + ")"
	}
	return text
}
