package picture_test

import (
	"testing"

	graphviz "github.com/goccy/go-graphviz"
)

// parsed reads a picture as Graphviz does.
func parsed(t testing.TB, dot string) *graphviz.Graph {
	t.Helper()
	g, err := graphviz.ParseBytes([]byte(dot))
	if err != nil {
		t.Fatalf("%v\n%s", err, dot)
	}
	t.Cleanup(func() { g.Close() })
	return g
}
