package changes

import (
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/query/answer"
)

// Kinds of rows of what changes by itself (F4, F5).
const (
	KindLastUsed     = "last used"
	KindReport       = "credential report"
	KindLastAccessed = "last accessed"
	KindAttachments  = "attachments"
	KindSummary      = "account summary"
)

// Observations gives a row for everything that was observed otherwise: when a role or a service was last used, what the credential report
// and the account's summary say, how often policies are attached. An account that one of the snapshots has no observations of is
// unknown there; called is as for Facts, and ids are the snapshots of before and after.
func Observations(before, after []*graph.AccountObservations, ids [2]graph.SnapshotID, called func(graph.SnapshotID) string) []*answer.ChangeRow {
	byAccount := func(list []*graph.AccountObservations) map[graph.AccountID]*graph.AccountObservations {
		out := map[graph.AccountID]*graph.AccountObservations{}
		for _, o := range list {
			out[o.Account] = o
		}
		return out
	}
	x, y := byAccount(before), byAccount(after)
	var accounts []graph.AccountID
	for _, o := range slices.Concat(before, after) {
		accounts = append(accounts, o.Account)
	}
	slices.Sort(accounts)
	w := &writer{changes: &graph.Changes{}, called: called}
	for _, id := range slices.Compact(accounts) {
		a, b := x[id], y[id]
		if a == nil || b == nil {
			lacks := ids[0]
			if b == nil {
				lacks = ids[1]
			}
			w.rows = append(w.rows, tidy(&answer.ChangeRow{Kind: "observations", ID: string(id), Account: string(id), Change: answer.ChangeUnknown,
				Gap: w.gap(graph.Gap{In: lacks, Why: "observations not-asked"})}))
			continue
		}
		w.observed(a, b)
	}
	return w.rows
}

func (w *writer) observed(a, b *graph.AccountObservations) {
	account := string(a.Account)
	keyed(w, KindReport, account, a.CredentialReport, b.CredentialReport, func(r *graph.CredentialReportRow) string { return string(r.ARN) },
		func(d *details, a, b *graph.CredentialReportRow) { d.tags("", a.Fields, b.Fields) })
	keyed(w, KindLastUsed, account, a.RoleLastUsed, b.RoleLastUsed, func(l *graph.LastUsed) string { return string(l.ARN) },
		func(d *details, a, b *graph.LastUsed) {
			d.time("time", a.Time, b.Time)
			d.text("region", a.Region, b.Region)
		})
	keyed(w, KindLastAccessed, account, a.LastAccessed, b.LastAccessed, func(l *graph.ServiceLastAccessed) string { return string(l.ARN) + " " + l.Namespace },
		func(d *details, a, b *graph.ServiceLastAccessed) {
			d.time("time", a.Time, b.Time)
			d.tags("", actionTimes(a), actionTimes(b))
		})
	keyed(w, KindAttachments, account, a.AttachmentCounts, b.AttachmentCounts, func(n *graph.AttachmentCount) string { return string(n.ARN) },
		func(d *details, a, b *graph.AttachmentCount) {
			d.number("attachments", a.Attachments, b.Attachments)
			d.number("boundary usage", a.BoundaryUsage, b.BoundaryUsage)
		})
	keyed(w, KindSummary, account, []graph.AccountObservations{*a}, []graph.AccountObservations{*b}, func(*graph.AccountObservations) string { return account },
		func(d *details, a, b *graph.AccountObservations) { d.tags("", a.Summary, b.Summary) })
}

func actionTimes(l *graph.ServiceLastAccessed) []graph.Tag {
	var out []graph.Tag
	for _, a := range l.Actions {
		out = append(out, graph.Tag{Key: a.Name, Value: answer.TimeText(a.Time)})
	}
	return out
}

// keyed compares two lists of records that ids tell apart.
func keyed[T any](w *writer, kind, account string, before, after []T, id func(*T) string, compare func(d *details, before, after *T)) {
	was := map[string]*T{}
	for i := range before {
		was[id(&before[i])] = &before[i]
	}
	var list []graph.Change[T]
	for i := range after {
		v := &after[i]
		if old := was[id(v)]; old != nil {
			list = append(list, graph.Change[T]{Kind: graph.Changed, Before: old, After: v})
			delete(was, id(v))
		} else {
			list = append(list, graph.Change[T]{Kind: graph.Added, After: v})
		}
	}
	for _, v := range was {
		list = append(list, graph.Change[T]{Kind: graph.Removed, Before: v})
	}
	slices.SortStableFunc(list, func(a, b graph.Change[T]) int {
		x, y := a.After, b.After
		if x == nil {
			x = a.Before
		}
		if y == nil {
			y = b.Before
		}
		return strings.Compare(id(x), id(y))
	})
	rowsOf(w, kind, account, list, id, compare)
}
