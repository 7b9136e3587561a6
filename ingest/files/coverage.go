package files

import (
	"slices"

	"github.com/accessgraph/accessgraph/graph"
)

// coverage reads the Accounts member of coverage.json: states by account, kind and Region. The error of a kind stands
// beside its Regions and belongs to every one that was denied or failed.
func (r *reading) coverage() error {
	return r.object(func(name []byte) error {
		id := string(name)
		p := r.place("Accounts."+shorten(id), -1)
		account, err := r.coverageOwner(p, id)
		if err != nil {
			return err
		}
		return r.object(func(name []byte) error {
			return r.coverageKind(account, r.strings.get(name))
		})
	})
}

func (r *reading) coverageOwner(p place, id string) (graph.AccountID, error) {
	if !isAccountID(id) {
		return "", p.errorAt("found "+quote(id), "an account number of 12 digits", "")
	}
	return graph.AccountID(id), nil
}

// coverageKind reads the states of one kind.
func (r *reading) coverageKind(account graph.AccountID, kind string) error {
	p := r.place("Accounts."+string(account)+"."+shorten(kind), -1)
	var entries []graph.Coverage
	var reason string
	err := r.object(func(name []byte) error {
		if string(name) == "error" {
			return r.text(&reason)
		}
		c := graph.Coverage{Kind: kind, Region: r.strings.get(name)}
		line := r.line()
		err := r.word((*string)(&c.State))
		switch {
		case err != nil:
			return err
		case isState(c.State):
			entries = append(entries, c)
			return nil
		default:
			return r.errorHere(line, "found "+quote(string(c.State)), states)
		}
	})
	for _, c := range entries {
		if c.Incomplete() {
			c.Error = reason
		}
		r.batch.addCoverage(p, account, c)
	}
	return err
}

// addCoverage adds what coverage.json says. It does not make the account one that the file has facts of.
func (b *batch) addCoverage(p place, account graph.AccountID, c graph.Coverage) {
	b.items = append(b.items, item{account, c, p})
}

// exactCoverage is all that the coverage of an account said when it was exported, or the coverage of what belongs to no account: what was merely
// given adds nothing to it. What is found wrong now does.
type exactCoverage struct {
	account graph.AccountID // empty: of what belongs to no account
	list    []graph.Coverage
}

// exactCoverage reads the Coverage member of coverage.json: lists by account.
func (r *reading) exactCoverage() error {
	return r.object(func(name []byte) error {
		c := exactCoverage{account: graph.AccountID(name)}
		p := r.place("Coverage."+shorten(string(name)), -1)
		if c.account != "" {
			if _, err := r.coverageOwner(p, string(name)); err != nil {
				return err
			}
		}
		err := r.list(func(int) error {
			v, err := r.coverageEntry()
			c.list = append(c.list, v)
			return err
		})
		r.batch.items = append(r.batch.items, item{value: c, place: p})
		return err
	})
}

// coverageEntry reads one entry of the Coverage member.
func (r *reading) coverageEntry() (c graph.Coverage, err error) {
	line := r.line()
	err = r.object(func(name []byte) error {
		switch string(name) {
		case "Kind":
			return r.word(&c.Kind)
		case "Region":
			return r.word(&c.Region)
		case "State":
			return r.word((*string)(&c.State))
		case "Error":
			return r.text(&c.Error)
		default:
			return r.ignore("Coverage", name)
		}
	})
	if err == nil && !isState(c.State) {
		err = r.errorHere(line, "found State "+quote(string(c.State)), states)
	}
	return c, err
}

// states says what the state of a coverage can be.
const states = "complete, denied, failed or not-asked"

func isState(s graph.CoverageState) bool {
	return s == graph.CoverageComplete || s == graph.CoverageDenied || s == graph.CoverageFailed || s == graph.CoverageNotAsked
}

// takeExact takes the exact coverage of an account.
func (b *builder) takeExact(it item, c exactCoverage) error {
	before, there := b.exact[c.account]
	if there && !equal(before.value, it.value) {
		b.note(c.account, graph.Coverage{Kind: graph.KindInput, State: graph.CoverageFailed, Error: "contradictory coverage"}, "")
		return b.conflict(before, it, entityKey{"coverage of account", string(c.account)})
	}
	b.exact[c.account] = it
	if c.account != "" {
		b.in(c.account)
	}
	return nil
}

// addExact adds the exact coverage of an account to what was found, and says what of it was not found again.
func (b *builder) addExact(id graph.AccountID, to *[]graph.Coverage, failed map[string]string) {
	it, ok := b.exact[id]
	if !ok {
		return
	}
	exact, _ := it.value.(exactCoverage)
	for _, c := range exact.list {
		switch {
		case slices.Contains(*to, c):
			continue
		case c.State == graph.CoverageComplete && failed[c.Kind] != "": // what was complete is not any more
			continue
		case c.Incomplete():
			b.report.Incomplete = append(b.report.Incomplete, inAccount(id)+c.String())
		}
		*to = append(*to, c)
	}
}
