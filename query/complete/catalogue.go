package complete

import (
	"strings"

	"github.com/accessgraph/accessgraph/evaluator/catalog"
)

// Catalogue is the source of what AWS documents: actions with their access level, and condition keys with their type. Before the
// colon of a name it gives services, whose actions and keys are too many to list.
func Catalogue(c *catalog.Catalog) Source { return &catalogue{c} }

type catalogue struct{ *catalog.Catalog }

// Names gives actions, keys and prefixes of services.
func (c *catalogue) Names(kind Kind, _, prefix string, most int) (names []Name, more bool) {
	if strings.ContainsAny(prefix, "*?$") {
		return nil, false
	}
	_, _, colon := strings.Cut(prefix, ":")
	var all []Name
	switch {
	case kind == Prefix:
		all = c.services("")
	case kind == Action && !colon:
		all = open(c.services(":"))
	case kind == Action:
		for a := range c.Actions(prefix + "*") {
			all = append(all, Name{Text: a.Name, About: a.Access.String()})
		}
	case kind == Key && !colon:
		all = append(open(c.services(":")), Name{Text: "aws:", About: "keys of every service", Open: true})
	case kind == Key:
		all = c.keysOf(prefix)
	}
	return beginning(order(all), prefix, most)
}

// services lists the prefixes of services, each with an ending.
func (c *catalogue) services(ending string) (names []Name) {
	for _, prefix := range c.Services() {
		names = append(names, Name{Text: prefix + ending, About: "service"})
	}
	return names
}

func open(names []Name) []Name {
	for i := range names {
		names[i].Open = true
	}
	return names
}

// keysOf lists the condition keys of the service that a name begins with, or those of every service.
func (c *catalogue) keysOf(name string) (names []Name) {
	prefix, _, _ := strings.Cut(name, ":")
	keys := c.GlobalKeys()
	if !strings.EqualFold(prefix, "aws") {
		s, ok := c.Service(prefix)
		if !ok {
			return nil
		}
		keys = s.ConditionKeys
	}
	for _, k := range keys {
		n := Name{Text: k.Name, About: k.Type.String()}
		if k.Multivalued {
			n.About += ", several values"
		}
		if at := strings.IndexAny(k.Name, "$<"); at >= 0 { // a family of keys: the free part is the user's
			n.Text, n.Open = k.Name[:at], true
		}
		names = append(names, n)
	}
	return names
}
