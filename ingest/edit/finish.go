package edit

import (
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/ingest/files"
)

// Finish makes the coverage of what was changed say what is missing now. The facts are whole after that.
func (e *Editor) Finish() {
	for _, a := range e.Facts.Accounts {
		if state := e.accounts[a.ID]; state.changed {
			e.takeManaged(a)
			a.Coverage = slices.DeleteFunc(a.Coverage, func(c graph.Coverage) bool { return c.Kind == graph.KindDocument })
			a.Coverage = append(a.Coverage, e.gaps(files.DocumentGaps(a, e.Facts.Documents))...)
		}
	}
	if e.Facts.Organization != nil {
		e.Facts.Coverage = slices.DeleteFunc(e.Facts.Coverage, func(c graph.Coverage) bool { return c.Kind == graph.KindDocument })
		e.Facts.Coverage = append(e.Facts.Coverage, e.gaps(files.OrganizationGaps(e.Facts.Organization, e.Facts.Documents))...)
	}
	e.Facts.Normalize()
}

// gaps says of documents that are known later that they are.
func (e *Editor) gaps(list []graph.Coverage) []graph.Coverage {
	for i, c := range list {
		what := c.Error[strings.LastIndex(c.Error, ": ")+2:]
		if e.unknown[what] {
			list[i].Error = "unknown until the change is made: " + what
		}
	}
	return list
}

// takeManaged gives an account what other accounts know of AWS's own policies that it refers to: they are the same for everybody.
func (e *Editor) takeManaged(a *graph.Account) {
	state := e.accounts[a.ID]
	take := func(list []graph.ARN) {
		for _, arn := range list {
			if arn.Account() != "aws" || state.find(arn) != nil {
				continue
			}
			for _, other := range e.Facts.Accounts {
				if p, ok := e.accounts[other.ID].find(arn).(*graph.ManagedPolicy); ok {
					own := *p
					own.Versions = slices.Clone(p.Versions)
					a.Policies = append(a.Policies, &own)
					state.index(arn, &own)
					break
				}
			}
		}
	}
	for _, v := range a.Users {
		take(append(slices.Clone(v.Attached), v.Boundary))
	}
	for _, v := range a.Groups {
		take(v.Attached)
	}
	for _, v := range a.Roles {
		take(append(slices.Clone(v.Attached), v.Boundary))
	}
}
