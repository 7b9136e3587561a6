package graph

import "strings"

// reading is what one of two snapshots says of how it was read: what it does not have is absent only where this leaves no doubt.
type reading struct {
	id       SnapshotID
	shared   []Coverage // of what belongs to no account
	coverage []Coverage // of the account at hand
	filled   func(section string) bool
}

// inputs gives the failure of an input that could have held anything: of one that no account is known for, or no kind.
func (r *reading) inputs() Gap {
	for _, c := range r.shared {
		if c.Kind == KindInput && c.Incomplete() {
			return r.says(c)
		}
	}
	for _, c := range r.coverage {
		// Of an input whose kind is known, the coverage of that kind has failed, too.
		if c.Kind == KindInput && c.Incomplete() && strings.HasPrefix(c.Error, UnknownInput) {
			return r.says(c)
		}
	}
	return Gap{}
}

func (r *reading) says(c Coverage) Gap { return Gap{r.id, c.String()} }

// kind says why what belongs to a kind may be missing for want of reading it; sections are where it would be kept. A snapshot that says
// nothing of a kind and has some of it has read it, as one that was made by hand has.
func (r *reading) kind(kind, region string, sections ...string) Gap {
	if gap := r.inputs(); !gap.IsZero() {
		return gap
	}
	state, found := r.state(kind, region)
	if found && state.State == CoverageComplete {
		return Gap{}
	}
	for _, s := range sections {
		if !found && r.filled(s) {
			return Gap{}
		}
	}
	if !found {
		state = Coverage{Kind: kind, Region: region, State: CoverageNotAsked}
	}
	return r.says(state)
}

// state finds what the coverage says of a kind in a Region: the worst of what it says of all Regions and of this one. Where it speaks of
// other Regions alone, this one was not asked.
func (r *reading) state(kind, region string) (out Coverage, found bool) {
	others := false
	for _, c := range r.coverage {
		switch {
		case c.Kind != kind:
		case c.Region != "" && c.Region != region:
			others = true
		case !found || c.State != CoverageComplete:
			out, found = c, true
		}
	}
	if !found && others {
		return Coverage{Kind: kind, Region: region, State: CoverageNotAsked}, true
	}
	return out, found
}

// typed says why what has a type may be missing: what coverage says of its type goes before what it says of the whole kind, but
// for a failure of that.
func (r *reading) typed(typ, region, kind, section string) Gap {
	all, found := r.state(kind, region)
	state, known := r.state(typ, region)
	if !known || found && all.Incomplete() {
		return r.kind(kind, region, section)
	}
	if gap := r.inputs(); !gap.IsZero() || state.State == CoverageComplete {
		return gap
	}
	return r.says(state)
}

// document says whether a policy that something refers to is one that was missing (D18).
func (r *reading) document(arn ARN) Gap {
	for _, c := range r.coverage {
		if c.Kind == KindDocument && strings.HasSuffix(c.Error, ": "+string(arn)) {
			return r.says(c)
		}
	}
	return Gap{}
}

// organization says why a part of the organization may be missing.
func (r *reading) organization() Gap {
	for _, c := range r.shared {
		if (c.Kind == KindOrganization || c.Kind == KindInput) && c.Incomplete() {
			return r.says(c)
		}
	}
	return Gap{}
}

// account says why an account may be missing: one that the snapshot's organization has, or that nothing was said of. It is empty
// where the organization was read and does not have it.
func (r *reading) account(id AccountID, o *Organization) Gap {
	if o == nil {
		return Gap{r.id, "account not-asked, and there is no organization data to tell whether it was a member"}
	}
	if gap := r.organization(); !gap.IsZero() {
		return gap
	}
	for i := range o.Accounts {
		if o.Accounts[i].ID == id {
			return Gap{r.id, "account not-asked"}
		}
	}
	return Gap{}
}
