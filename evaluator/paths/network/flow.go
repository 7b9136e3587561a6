package network

import (
	"math"
	"slices"
)

const (
	flowSource = 0
	flowTarget = 1
)

// flow finds a greatest flow from node 0 to node 1, by Dinic's algorithm (1970). Pipes are kept in pairs, there and back.
type flow struct {
	to    []uint32
	room  []int32 // what a pipe can still carry
	of    table[uint32]
	level []int32
}

func newFlow(nodes int) *flow { return &flow{level: make([]int32, nodes)} }

// pipe leads from a to b.
func (f *flow) pipe(a, b uint32, room int) {
	f.to, f.room = append(f.to, b, a), append(f.room, int32(room), 0)
}

// fill makes the flow as great as it can be.
func (f *flow) fill(w *watch) error {
	pipes := make([]uint32, room(len(f.to)))
	for i := range pipes {
		pipes[i] = uint32(i)
	}
	f.of = tabulate(len(f.level), pipes, func(p uint32) (uint32, uint32) { return f.to[p^1], p })
	for {
		if more, err := f.rank(w); !more || err != nil {
			return err
		}
		if err := f.saturate(w); err != nil {
			return err
		}
	}
}

// rank gives the nodes their distance from the source over pipes with room; it is false when the target has none.
func (f *flow) rank(w *watch) (bool, error) {
	for i := range f.level {
		f.level[i] = -1
	}
	f.level[flowSource] = 0
	queue := []uint32{flowSource}
	for i := 0; i < len(queue) && f.level[flowTarget] < 0; i++ {
		pipes := f.of.at(queue[i])
		if err := w.step(1 + len(pipes)); err != nil {
			return false, err
		}
		for _, p := range pipes {
			if to := f.to[p]; f.room[p] > 0 && f.level[to] < 0 {
				f.level[to] = f.level[queue[i]] + 1
				queue = append(queue, to)
			}
		}
	}
	return f.level[flowTarget] >= 0, nil
}

// saturate fills ways that go up a level at each step until there is none. The pipes of a node that lead nowhere are not tried again.
func (f *flow) saturate(w *watch) error {
	tried := slices.Clone(f.of.start[:len(f.level)])
	var way []uint32
	for at := uint32(flowSource); ; {
		if err := w.step(1); err != nil {
			return err
		}
		switch {
		case at == flowTarget:
			at, way = f.send(way)
		case tried[at] < f.of.start[at+1]:
			p := f.of.items[tried[at]]
			if f.room[p] > 0 && f.level[f.to[p]] == f.level[at]+1 {
				at, way = f.to[p], append(way, p)
			} else {
				tried[at]++
			}
		case at == flowSource:
			return nil
		default:
			last := way[len(way)-1]
			at, way = f.to[last^1], way[:len(way)-1]
			tried[at]++
		}
	}
}

// send fills the way, and goes back to the first pipe of it that is full now.
func (f *flow) send(way []uint32) (uint32, []uint32) {
	least := int32(math.MaxInt32)
	for _, p := range way {
		least = min(least, f.room[p])
	}
	full := -1
	for i, p := range way {
		f.room[p] -= least
		f.room[p^1] += least
		if f.room[p] == 0 && full < 0 {
			full = i
		}
	}
	return f.to[way[full]^1], way[:full]
}

// drains tells from which nodes more could flow to the target.
func (f *flow) drains(w *watch) ([]bool, error) {
	drains := make([]bool, len(f.level))
	drains[flowTarget] = true
	queue := []uint32{flowTarget}
	for i := 0; i < len(queue); i++ {
		pipes := f.of.at(queue[i])
		if err := w.step(1 + len(pipes)); err != nil {
			return nil, err
		}
		for _, p := range pipes {
			if from := f.to[p]; f.room[p^1] > 0 && !drains[from] {
				drains[from] = true
				queue = append(queue, from)
			}
		}
	}
	return drains, nil
}
