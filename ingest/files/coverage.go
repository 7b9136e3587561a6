package files

import (
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
		case c.State == graph.CoverageComplete, c.State == graph.CoverageDenied, c.State == graph.CoverageFailed, c.State == graph.CoverageNotAsked:
			entries = append(entries, c)
			return nil
		default:
			return r.errorHere(line, "found "+quote(string(c.State)), "complete, denied, failed or not-asked")
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
