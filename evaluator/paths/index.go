package paths

type index struct{}

func newIndex(g *Graph) *index { return &index{} }
