package export

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/graph"
)

// observations writes what an account's details do not say of its observations.
func (w *writer) observations(a *graph.Account, o *graph.AccountObservations) {
	dir := string(a.ID)
	if len(o.Summary) > 0 {
		w.json(path.Join(dir, "account-summary.json"), map[string]any{"SummaryMap": plainFields(o.Summary)})
	}
	if len(o.LastAccessed) > 0 {
		services := map[string][]serviceJSON{}
		for _, l := range o.LastAccessed {
			actions := each(l.Actions, func(n graph.ActionLastAccessed) actionJSON { return actionJSON{n.Name, moment(n.Time)} })
			services[string(l.ARN)] = append(services[string(l.ARN)], serviceJSON{l.Namespace, moment(l.Time), actions})
		}
		w.json(path.Join(dir, "service-last-accessed.json"), map[string]any{"ServicesLastAccessed": services})
	}
	w.alone(a, o)
	for i, rows := range reports(o.CredentialReport) {
		name := "credential-report.csv"
		if i > 0 {
			name = fmt.Sprintf("credential-report-%d.csv", i+1)
		}
		w.csv(path.Join(dir, name), rows)
	}
}

// alone writes what is known of roles and policies that the snapshot does not have.
func (w *writer) alone(a *graph.Account, o *graph.AccountObservations) {
	known := map[graph.ARN]bool{}
	for _, r := range a.Roles {
		known[r.ARN] = true
	}
	for _, p := range a.Policies {
		known[p.ARN] = true
	}
	var used []lastUsedJSON
	for _, u := range o.RoleLastUsed {
		if !known[u.ARN] {
			used = append(used, lastUsedJSON{string(u.ARN), moment(u.Time), u.Region})
		}
	}
	var counts []countJSON
	for _, n := range o.AttachmentCounts {
		if !known[n.ARN] {
			counts = append(counts, countJSON{string(n.ARN), n.Attachments, n.BoundaryUsage})
		}
	}
	if len(used)+len(counts) > 0 {
		w.json(path.Join(string(a.ID), "observations.json"), lists{"RoleLastUsed": some(used), "AttachmentCounts": some(counts)})
	}
}

// created is the column that every credential report has after user and arn.
const created = "user_creation_time"

// reports gives credential reports with these rows: one for all rows of the same columns.
func reports(rows []graph.CredentialReportRow) [][][]string {
	var headers []string
	byHeader := map[string][][]string{}
	for _, r := range rows {
		fields := slices.Clone(r.Fields)
		slices.SortStableFunc(fields, func(x, y graph.Tag) int { // created first: a report is known by its beginning
			return cmp.Compare(boolInt(y.Key == created), boolInt(x.Key == created))
		})
		columns := append([]string{"user", "arn"}, each(fields, func(t graph.Tag) string { return t.Key })...)
		header := strings.Join(columns, "\x00")
		if byHeader[header] == nil {
			headers, byHeader[header] = append(headers, header), [][]string{columns}
		}
		byHeader[header] = append(byHeader[header], append([]string{r.User, string(r.ARN)}, each(fields, func(t graph.Tag) string { return t.Value })...))
	}
	out := make([][][]string, len(headers))
	for i, h := range headers {
		out[i] = byHeader[h]
	}
	return out
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}
