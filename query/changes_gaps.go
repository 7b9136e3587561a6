package query

import (
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/accessgraph/accessgraph/graph"
)

// unreadOf is what one of two snapshots did not read, and the other one did: a row that stands on it may be missing for want of reading.
type unreadOf struct {
	all   string            // why anything may be missing; empty: there is no such reason
	named map[string]string // by account id or ARN
}

// lacking finds what each snapshot did not read.
func (b *between) lacking() [2]*unreadOf {
	out := [2]*unreadOf{{named: map[string]string{}}, {named: map[string]string{}}}
	side := func(g graph.Gap) *unreadOf {
		if g.In == b.entries[0].Snapshot {
			return out[0]
		}
		return out[1]
	}
	noteCoverage(b.diff.Coverage, func(x int, why string) { out[x].all = b.names[x] + " did not read " + why })
	if o := b.diff.Organization; o != nil && o.Kind == graph.UnknownChange {
		side(o.Gap).all = "not read in " + b.called(o.Gap.In) + ": " + o.Gap.Why
	}
	for _, a := range b.diff.Accounts {
		note := func(name string, g graph.Gap) {
			if !g.IsZero() && name != "" {
				side(g).named[name] = "not read in " + b.called(g.In) + ": " + g.Why
			}
		}
		note(string(a.ID), a.Gap)
		noteCoverage(a.Coverage, func(x int, why string) {
			out[x].named[string(a.ID)] = "not read in " + b.names[x] + ": " + why
		})
		eachGap(a.Users, func(v *graph.User) graph.ARN { return v.ARN }, note)
		eachGap(a.Roles, func(v *graph.Role) graph.ARN { return v.ARN }, note)
		eachGap(a.Groups, func(v *graph.Group) graph.ARN { return v.ARN }, note)
		eachGap(a.Policies, func(v *graph.ManagedPolicy) graph.ARN { return v.ARN }, note)
		eachGap(a.Resources, func(v *graph.Resource) graph.ARN { return v.ARN }, note)
		eachGap(a.Compute, func(v *graph.Compute) graph.ARN { return v.ARN }, note)
		eachGap(a.Providers, func(v *graph.Provider) graph.ARN { return v.ARN }, note)
		eachGap(a.Grants, func(v *graph.KMSGrant) graph.ARN { return v.Key }, note)
	}
	return out
}

// noteCoverage calls note for each kind that one snapshot read completely and the other one did not.
func noteCoverage(list []graph.Change[graph.Coverage], note func(x int, why string)) {
	complete := func(c *graph.Coverage) bool { return c != nil && c.State == graph.CoverageComplete }
	for _, c := range list {
		sides := [2]*graph.Coverage{c.Before, c.After}
		for x, own := range sides {
			other := sides[1-x]
			switch {
			case complete(own):
			case own != nil && (complete(other) || own.Incomplete()):
				note(x, own.String())
			case own == nil && complete(other):
				note(x, graph.Coverage{Kind: other.Kind, Region: other.Region, State: graph.CoverageNotAsked}.String())
			}
		}
	}
}

// eachGap calls note with the names of all that one snapshot alone has and the other did not read.
func eachGap[T any](list []graph.Change[T], arn func(*T) graph.ARN, note func(name string, g graph.Gap)) {
	for _, c := range list {
		switch {
		case c.Gap.IsZero():
		case c.After != nil:
			note(string(arn(c.After)), c.Gap)
		default:
			note(string(arn(c.Before)), c.Gap)
		}
	}
}

// why says on what a row stands that was not read; empty where it stands on nothing of the kind.
func (u *unreadOf) why(row jsontext.Value) string {
	if u.all != "" || len(u.named) == 0 {
		return u.all
	}
	var content any
	if json.Unmarshal(row, &content, jsontext.AllowInvalidUTF8(true)) != nil {
		return ""
	}
	return u.within(content)
}

func (u *unreadOf) within(v any) string {
	switch v := v.(type) {
	case string:
		return u.of(v)
	case []any:
		for i := range v {
			if why := u.within(v[i]); why != "" {
				return why
			}
		}
	case map[string]any:
		var first string // of several the same one each time
		for _, member := range v {
			if why := u.within(member); why != "" && (first == "" || why < first) {
				first = why
			}
		}
		return first
	}
	return ""
}

// of looks up a text: an account, an ARN, or a part of a bucket.
func (u *unreadOf) of(text string) string {
	if why := u.named[text]; why != "" {
		return why
	}
	arn := graph.ARN(text)
	if why := u.named[string(arn.Account())]; why != "" {
		return why
	}
	if bucket, _, ok := strings.Cut(text, "/"); ok && arn.Service() == "s3" {
		return u.named[bucket]
	}
	return ""
}
