package memstore_test

import (
	"testing"

	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/graph/memstore"
	"github.com/accessgraph/accessgraph/graph/storetest"
)

func TestConformance(t *testing.T) {
	storetest.Run(t, func(testing.TB) graph.Store { return memstore.New() })
}
