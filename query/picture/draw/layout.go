package draw

import (
	"context"
	"math"
	"slices"
)

// Distances in pixels.
const (
	margin     = 24.0 // around the picture
	columnGap  = 44.0 // between columns, where lines bend; it grows with how far up or down they lead
	widestGap  = 150.0
	bareGap    = 8.0  // the column of labels where no edge has one
	rowGap     = 16.0 // between what is in one column
	laneGap    = 18.0 // between groups
	lanePad    = 16.0 // within a group, around its nodes
	laneHead   = 22.0 // for the name of a group
	loopHeight = 20.0 // a line from a node to itself, above it
)

// item is what has a place in a column: a node, the label of an edge, or a point that an edge passes.
type item struct {
	node     int // -1 where it is none
	edge     int // of a label or a point
	label    bool
	column   int
	lane     int
	width    float64
	up, down float64 // its height above and below the line that edges meet it on
	x, y     float64 // its left end, and that line
	before   []*item // what edges lead to it from the column before
	after    []*item
	rank     int // in its column
	weight   float64
}

// layout is the work of placing everything.
type layout struct {
	graph   *Graph
	types   *typesetter
	nodes   []*item
	chains  [][]*item // for each edge, what it passes from left to right; nil for one from a node to itself
	flipped []bool    // whether an edge runs from right to left
	loops   [][]int   // for each node, the edges to itself
	columns [][]*item // nodes at even places, labels between them
	lanes   int
	laneOf  []int // for each group; the last lane but for the groups' is the first one: 0 is for nodes without group
	top     []float64
	height  []float64
	right   float64 // where the last column ends
}

func newLayout(g *Graph, t *typesetter) *layout {
	return &layout{graph: g, types: t, loops: make([][]int, len(g.Nodes)), flipped: make([]bool, len(g.Edges)), chains: make([][]*item, len(g.Edges))}
}

func (l *layout) run(ctx context.Context) error {
	l.flip()
	l.placeLanes()
	l.makeItems()
	if err := l.order(ctx); err != nil {
		return err
	}
	if err := l.placeRows(ctx); err != nil {
		return err
	}
	l.placeColumns()
	return nil
}

// flip finds the edges that close cycles: they are laid out the other way round.
func (l *layout) flip() {
	out := make([][]int, len(l.graph.Nodes))
	entered := make([]bool, len(l.graph.Nodes))
	for i, e := range l.graph.Edges {
		if e.From == e.To {
			l.loops[e.From] = append(l.loops[e.From], i)
			continue
		}
		out[e.From] = append(out[e.From], i)
		entered[e.To] = true
	}
	const fresh, open, done = 0, 1, 2
	state := make([]int, len(l.graph.Nodes))
	var visit func(n int)
	visit = func(n int) {
		state[n] = open
		for _, i := range out[n] {
			switch to := l.graph.Edges[i].To; state[to] {
			case fresh:
				visit(to)
			case open:
				l.flipped[i] = true
			}
		}
		state[n] = done
	}
	for _, first := range []bool{true, false} { // from where nothing leads to, then what is left: cycles
		for n := range l.graph.Nodes {
			if state[n] == fresh && (!first || !entered[n]) {
				visit(n)
			}
		}
	}
}

// ends gives the left and the right end of an edge.
func (l *layout) ends(edge int) (left, right int) {
	e := &l.graph.Edges[edge]
	if l.flipped[edge] {
		return e.To, e.From
	}
	return e.From, e.To
}

// ranks gives each node its place from left to right: behind all that lead to it, and, where nothing leads to it, right before what it leads to.
func (l *layout) ranks() []int {
	rank := make([]int, len(l.graph.Nodes))
	out := make([][]int, len(l.graph.Nodes))
	waits := make([]int, len(l.graph.Nodes))
	for i := range l.graph.Edges {
		if from, to := l.ends(i); from != to {
			out[from] = append(out[from], to)
			waits[to]++
		}
	}
	begins := make([]bool, len(rank))
	var ready []int
	for n := range rank {
		if begins[n] = waits[n] == 0; begins[n] {
			ready = append(ready, n)
		}
	}
	for len(ready) > 0 {
		n := ready[0]
		ready = ready[1:]
		for _, to := range out[n] {
			rank[to] = max(rank[to], rank[n]+1)
			if waits[to]--; waits[to] == 0 {
				ready = append(ready, to)
			}
		}
	}
	for n := range rank {
		if begins[n] && len(out[n]) > 0 {
			nearest := rank[out[n][0]]
			for _, to := range out[n] {
				nearest = min(nearest, rank[to])
			}
			rank[n] = nearest - 1
		}
	}
	return rank
}

// placeLanes orders the groups so that edges between them lead over few others: each group moves up while that makes them shorter.
func (l *layout) placeLanes() {
	n := len(l.graph.Groups)
	l.lanes = n + 1
	lane := func(node int) int { return l.graph.Nodes[node].Group + 1 }
	ties := make([][]int, n+1)
	for i := range ties {
		ties[i] = make([]int, n+1)
	}
	for _, e := range l.graph.Edges {
		if a, b := lane(e.From), lane(e.To); a != b {
			ties[a][b]++
			ties[b][a]++
		}
	}
	order := make([]int, n+1)
	for i := range order {
		order[i] = i
	}
	length := func() (sum int) {
		for i, a := range order {
			for j, b := range order[:i] {
				sum += ties[a][b] * (i - j)
			}
		}
		return sum
	}
	best := length()
	for round := 0; round < 20 && n < 60; round++ {
		before := best
		for i := 1; i < n; i++ { // the nodes without group stay on top
			order[i], order[i+1] = order[i+1], order[i]
			if now := length(); now < best {
				best = now
			} else {
				order[i], order[i+1] = order[i+1], order[i]
			}
		}
		if best == before {
			break
		}
	}
	l.laneOf = make([]int, n+1)
	for place, group := range order {
		l.laneOf[group] = place
	}
}

// makeItems puts nodes, labels and points into their columns, and ties them together.
func (l *layout) makeItems() {
	rank := l.ranks()
	last := 0
	for n := range l.graph.Nodes {
		last = max(last, rank[n])
	}
	l.columns = make([][]*item, 2*last+1)
	in, out := make([]int, len(rank)), make([]int, len(rank))
	for n := range l.graph.Nodes {
		it := l.nodeItem(n)
		it.column = 2 * rank[n]
		l.nodes = append(l.nodes, it)
		l.add(it)
	}
	for i := range l.graph.Edges {
		from, to := l.ends(i)
		out[from]++
		in[to]++
	}
	for i := range l.graph.Edges {
		from, to := l.ends(i)
		if from == to {
			continue
		}
		a, b := l.nodes[from], l.nodes[to]
		at, lane := a.column+1, a.lane // the label stands where fewer edges meet
		if out[from] > in[to] {
			at, lane = b.column-1, b.lane
		}
		chain := []*item{a}
		for column := a.column + 1; column < b.column; column++ {
			it := &item{node: -1, edge: i, column: column, lane: lane, up: 3, down: 3, weight: 8}
			if column == at {
				l.labelItem(it)
			}
			l.add(it)
			chain = append(chain, it)
		}
		chain = append(chain, b)
		for j := 1; j < len(chain); j++ {
			chain[j-1].after = append(chain[j-1].after, chain[j])
			chain[j].before = append(chain[j].before, chain[j-1])
		}
		l.chains[i] = chain
	}
}

func (l *layout) add(it *item) {
	it.rank = len(l.columns[it.column])
	l.columns[it.column] = append(l.columns[it.column], it)
}

// labelItem makes room for the label of an edge: it stands on its line.
func (l *layout) labelItem(it *item) {
	e := &l.graph.Edges[it.edge]
	it.weight = 2
	if len(e.Label)+len(e.Note) == 0 {
		return
	}
	it.label = true
	it.width = max(l.types.room(e.Label, small, true), l.types.room(e.Note, small, false)) + 8
	it.up = smallLine*float64(len(e.Label)+len(e.Note)) + 4
	it.down = 4
}

// nodeItem makes room for a node, and for the lines from it to itself.
func (l *layout) nodeItem(n int) *item {
	node := &l.graph.Nodes[n]
	it := &item{node: n, edge: -1, lane: l.laneOf[node.Group+1], weight: 1}
	width, height := nodeText(l.types, node)
	it.width, it.up, it.down = width, height/2, height/2
	for _, i := range l.loops[n] {
		e := &l.graph.Edges[i]
		it.width = max(it.width, l.types.room(e.Label, small, true), l.types.room(e.Note, small, false))
		it.up += smallLine * float64(len(e.Label)+len(e.Note))
	}
	if len(l.loops[n]) > 0 {
		it.up += loopHeight
	}
	return it
}

// order finds an order in each column with few crossings: each item moves to the middle of those it is tied to, again and again, and the best order
// counts. Lanes stay apart.
func (l *layout) order(ctx context.Context) error {
	const sweeps = 24
	l.sort()
	best, kept := l.crossings(), l.ranking()
	for sweep := range sweeps {
		if err := ctx.Err(); err != nil {
			return err
		}
		for i := range l.columns {
			if sweep%2 == 0 {
				l.arrange(l.columns[i], func(it *item) []*item { return it.before })
			} else {
				l.arrange(l.columns[len(l.columns)-1-i], func(it *item) []*item { return it.after })
			}
		}
		if now := l.crossings(); now < best {
			best, kept = now, l.ranking()
		}
		if best == 0 {
			break
		}
	}
	for c, column := range l.columns {
		for i, it := range column {
			it.rank = kept[c][i]
		}
	}
	l.sort()
	return nil
}

// ranking remembers the order of every column.
func (l *layout) ranking() [][]int {
	out := make([][]int, len(l.columns))
	for c, column := range l.columns {
		for _, it := range column {
			out[c] = append(out[c], it.rank)
		}
	}
	return out
}

// sort orders each column by lane and then by what was decided.
func (l *layout) sort() {
	for _, column := range l.columns {
		slices.SortStableFunc(column, func(a, b *item) int {
			if a.lane != b.lane {
				return a.lane - b.lane
			}
			return a.rank - b.rank
		})
		number(column)
	}
}

func number(column []*item) {
	for i, it := range column {
		it.rank = i
	}
}

// arrange orders one column by where its neighbours are.
func (l *layout) arrange(column []*item, neighbours func(*item) []*item) {
	middle := make(map[*item]float64, len(column))
	for _, it := range column {
		middle[it] = float64(it.rank)
		if tied := neighbours(it); len(tied) > 0 {
			sum := 0.0
			for _, o := range tied {
				sum += float64(o.rank)
			}
			middle[it] = sum / float64(len(tied))
		}
	}
	slices.SortStableFunc(column, func(a, b *item) int {
		switch {
		case a.lane != b.lane:
			return a.lane - b.lane
		case middle[a] < middle[b]:
			return -1
		case middle[a] > middle[b]:
			return 1
		}
		return 0
	})
	number(column)
}

// crossings counts the lines that cross between columns.
func (l *layout) crossings() int {
	sum := 0
	for c := 1; c < len(l.columns); c++ {
		var ends []int // on the right, in the order of those on the left
		for _, it := range l.columns[c-1] {
			from := len(ends)
			for _, to := range it.after {
				ends = append(ends, to.rank)
			}
			slices.Sort(ends[from:])
		}
		sum += inversions(ends, len(l.columns[c]))
	}
	return sum
}

// inversions counts the pairs of numbers below n that are in the wrong order.
func inversions(numbers []int, n int) int {
	tree := make([]int, n+1) // how many numbers were seen, as a Fenwick tree
	sum := 0
	for seen, x := range numbers {
		upTo := 0
		for i := x + 1; i > 0; i -= i & -i {
			upTo += tree[i]
		}
		sum += seen - upTo
		for i := x + 1; i <= n; i += i & -i {
			tree[i]++
		}
	}
	return sum
}

// placeColumns gives the columns their places from left to right. What is in one is in its middle.
func (l *layout) placeColumns() {
	x := margin + lanePad
	for c, column := range l.columns {
		width := 0.0
		for _, it := range column {
			width = max(width, it.width)
		}
		if c%2 == 1 && width == 0 {
			width = bareGap
		}
		for _, it := range column {
			if it.node < 0 { // lines run straight through the whole column
				it.width = width
			}
			it.x = x + (width-it.width)/2
		}
		x += width
		l.right = x
		x += gapAfter(column)
	}
	l.right += lanePad + margin
}

// gapAfter is the room behind a column: lines that lead far up or down are not to be steep.
func gapAfter(column []*item) float64 {
	furthest := 0.0
	for _, it := range column {
		for _, to := range it.after {
			furthest = max(furthest, math.Abs(to.y-it.y))
		}
	}
	return min(columnGap+furthest/8, widestGap)
}
