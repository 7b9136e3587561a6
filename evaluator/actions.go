package evaluator

import "github.com/accessgraph/accessgraph/evaluator/catalog"

// catalogTypes reads resource types off the catalogue.
type catalogTypes struct{ catalog *catalog.Catalog }

// CatalogTypes answers a Decider's questions about resource types from the catalogue; nil for a nil catalogue.
func CatalogTypes(c *catalog.Catalog) ResourceTypes {
	if c == nil {
		return nil
	}
	return catalogTypes{c}
}

func (t catalogTypes) HasResourceType(action string) (has, known bool) {
	a, ok := t.catalog.Action(action)
	if !ok {
		return false, false
	}
	return len(a.Resources) > 0, true
}
