package paths

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
)

//go:embed techniques.json
var embedded string

// List is every known technique, as the data file has them.
type List struct {
	Version string `json:"version"` // the day of the data, as 2006-01-02
	// Aliases has the ids of the public catalogue by which it once named other techniques, with our id of what they named then. A number can
	// have been given out again since: see Resolve.
	Aliases map[string]string `json:"aliases"`
	All     []Technique       `json:"techniques"` // by kind and service, as written
}

// Techniques reads the embedded data. It takes a few milliseconds: keep the result. An error means that the program's own bytes are damaged.
func Techniques() (*List, error) { return parseTechniques(embedded) }

func parseTechniques(data string) (*List, error) {
	var l List
	if err := json.Unmarshal([]byte(data), &l, json.RejectUnknownMembers(true)); err != nil {
		return nil, fmt.Errorf("techniques of access paths: %w", err)
	}
	return &l, nil
}

// ByID finds a technique by our id.
func (l *List) ByID(id string) (*Technique, bool) {
	for i := range l.All {
		if l.All[i].ID == id {
			return &l.All[i], true
		}
	}
	return nil, false
}

// Resolve finds techniques by our id or by an id of the public catalogue, in any letter case. An id of the catalogue can stand for several of
// ours, since alternatives are techniques of their own; one that the catalogue has renumbered stands for what it names now, then for what it
// named before.
func (l *List) Resolve(id string) []*Technique {
	id = strings.ToLower(id)
	if t, ok := l.ByID(id); ok {
		return []*Technique{t}
	}
	var found []*Technique
	for i := range l.All {
		if slices.Contains(l.All[i].Catalogue, id) {
			found = append(found, &l.All[i])
		}
	}
	if t, ok := l.ByID(l.Aliases[id]); ok {
		found = append(found, t)
	}
	return found
}
