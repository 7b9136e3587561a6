package evaluator

import (
	"sync"
	"testing"

	"github.com/accessgraph/accessgraph/evaluator/catalog"
)

var loadCatalog = sync.OnceValues(catalog.Load)

func testCatalog(t testing.TB) *catalog.Catalog {
	t.Helper()
	c, err := loadCatalog()
	if err != nil {
		t.Fatal(err)
	}
	return c
}
