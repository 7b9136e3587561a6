package files

import (
	"cmp"
	"maps"
	"reflect"
	"slices"

	"github.com/accessgraph/accessgraph/graph"
)

// observations collects what changes by itself. Two that differ never conflict: the later or larger one stays, so that the
// order of files does not matter.
type observations struct {
	used     map[graph.ARN]graph.LastUsed
	counts   map[graph.ARN]graph.AttachmentCount
	accessed map[accessKey]graph.ServiceLastAccessed
	rows     map[graph.ARN]*graph.CredentialReportRow
	summary  map[string]string
}

type accessKey struct {
	arn       graph.ARN
	namespace string
}

func newObservations() observations {
	return observations{
		used: map[graph.ARN]graph.LastUsed{}, counts: map[graph.ARN]graph.AttachmentCount{},
		accessed: map[accessKey]graph.ServiceLastAccessed{}, rows: map[graph.ARN]*graph.CredentialReportRow{}, summary: map[string]string{},
	}
}

// add takes one observation.
func (o *observations) add(v any) {
	switch v := v.(type) {
	case graph.LastUsed:
		before, there := o.used[v.ARN]
		if !there || cmp.Or(v.Time.Compare(before.Time), cmp.Compare(v.Region, before.Region)) > 0 {
			o.used[v.ARN] = v
		}
	case graph.AttachmentCount:
		before := o.counts[v.ARN]
		v.Attachments = max(v.Attachments, before.Attachments)
		v.BoundaryUsage = max(v.BoundaryUsage, before.BoundaryUsage)
		o.counts[v.ARN] = v
	case graph.ServiceLastAccessed:
		key := accessKey{v.ARN, v.Namespace}
		before := o.accessed[key]
		if before.Time.After(v.Time) {
			v.Time = before.Time
		}
		v.Actions = laterActions(before.Actions, v.Actions)
		o.accessed[key] = v
	case *graph.CredentialReportRow:
		before := o.rows[v.ARN]
		if before == nil || compareRows(v, before) > 0 {
			o.rows[v.ARN] = v
		}
	case summary:
		for _, t := range v {
			before := o.summary[t.Key]
			o.summary[t.Key] = larger(before, t.Value)
		}
	}
}

// laterActions gives every action of both lists once, with the later of its times.
func laterActions(a, b []graph.ActionLastAccessed) []graph.ActionLastAccessed {
	all := slices.Concat(a, b)
	slices.SortFunc(all, func(x, y graph.ActionLastAccessed) int {
		return cmp.Or(cmp.Compare(x.Name, y.Name), y.Time.Compare(x.Time))
	})
	return slices.CompactFunc(all, func(x, y graph.ActionLastAccessed) bool { return x.Name == y.Name })
}

// larger gives the larger of two numbers in decimal, or of two texts.
func larger(a, b string) string {
	if cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) > 0 {
		return a
	}
	return b
}

// compareRows orders rows of one principal by what they say: dates compare as text, so later ones are larger.
func compareRows(a, b *graph.CredentialReportRow) int {
	return cmp.Or(cmp.Compare(a.User, b.User), slices.CompareFunc(a.Fields, b.Fields, func(x, y graph.Tag) int {
		return cmp.Or(cmp.Compare(x.Key, y.Key), cmp.Compare(x.Value, y.Value))
	}))
}

// facts gives the observations of an account, sorted; nil when there is none.
func (o *observations) facts(id graph.AccountID) *graph.AccountObservations {
	f := &graph.AccountObservations{
		RoleLastUsed:     slices.Collect(maps.Values(o.used)),
		AttachmentCounts: slices.Collect(maps.Values(o.counts)),
		LastAccessed:     slices.Collect(maps.Values(o.accessed)),
	}
	slices.SortFunc(f.RoleLastUsed, func(a, b graph.LastUsed) int { return cmp.Compare(a.ARN, b.ARN) })
	slices.SortFunc(f.AttachmentCounts, func(a, b graph.AttachmentCount) int { return cmp.Compare(a.ARN, b.ARN) })
	slices.SortFunc(f.LastAccessed, func(a, b graph.ServiceLastAccessed) int {
		return cmp.Or(cmp.Compare(a.ARN, b.ARN), cmp.Compare(a.Namespace, b.Namespace))
	})
	for _, arn := range slices.Sorted(maps.Keys(o.rows)) {
		f.CredentialReport = append(f.CredentialReport, *o.rows[arn])
	}
	for _, name := range slices.Sorted(maps.Keys(o.summary)) {
		f.Summary = append(f.Summary, graph.Tag{Key: name, Value: o.summary[name]})
	}
	if reflect.ValueOf(*f).IsZero() {
		return nil
	}
	f.Account = id
	return f
}
