package draw

import (
	"context"
	"slices"
)

// placeRows gives everything its place from top to bottom: lanes get the height that their fullest column takes, and within them items move to where
// the lines to them are straight.
func (l *layout) placeRows(ctx context.Context) error {
	l.placeTops()
	for _, column := range l.columns {
		l.settle(column, func(it *item) float64 { return l.top[it.lane] + l.height[it.lane]/2 })
	}
	const sweeps = 40
	for sweep := range sweeps {
		if err := ctx.Err(); err != nil {
			return err
		}
		for i := range l.columns {
			c := i
			if sweep%2 == 1 {
				c = len(l.columns) - 1 - i
			}
			l.settle(l.columns[c], func(it *item) float64 {
				switch {
				case sweep >= sweeps-2 || len(it.before) == 0 || len(it.after) == 0:
					return mean(it, slices.Concat(it.before, it.after))
				case sweep%2 == 0:
					return mean(it, it.before)
				}
				return mean(it, it.after)
			})
		}
	}
	return nil
}

// mean is where the lines to an item would be straight on the whole. The pieces of a long line count most: it is to bend near its ends.
func mean(it *item, tied []*item) float64 {
	if len(tied) == 0 {
		return it.y
	}
	sum, weights := 0.0, 0.0
	for _, o := range tied {
		weight := 1.0
		switch {
		case it.node < 0 && o.node < 0:
			weight = 8
		case it.node < 0 || o.node < 0:
			weight = 2
		}
		sum += o.y * weight
		weights += weight
	}
	return sum / weights
}

// placeTops stacks the lanes.
func (l *layout) placeTops() {
	l.top, l.height = make([]float64, l.lanes), make([]float64, l.lanes)
	for _, column := range l.columns {
		sum := make([]float64, l.lanes)
		for _, it := range column {
			if sum[it.lane] > 0 {
				sum[it.lane] += rowGap
			}
			sum[it.lane] += it.up + it.down
		}
		for lane := range sum {
			l.height[lane] = max(l.height[lane], sum[lane])
		}
	}
	y := margin + largeLine*float64(len(l.graph.Title)) + rowGap
	for lane := range l.lanes {
		if l.height[lane] == 0 {
			l.top[lane] = y
			continue
		}
		if lane > 0 { // the first holds what is in no group
			y += laneHead + lanePad/2
		}
		l.top[lane] = y
		y += l.height[lane] + laneGap
		if lane > 0 {
			y += lanePad
		}
	}
}

// settle puts the items of a column as near as it can to where each wants to be, without changing their order, overlapping or leaving their lanes. It
// is the least sum of weighted squares, found by pooling neighbours that want to pass each other.
func (l *layout) settle(column []*item, wanted func(*item) float64) {
	for from := 0; from < len(column); {
		to := from
		for to < len(column) && column[to].lane == column[from].lane {
			to++
		}
		l.settleLane(column[from:to], wanted)
		from = to
	}
}

// pool is a run of items that touch, by where the first would be.
type pool struct {
	sum, weight float64
	items       int
}

func (p pool) place() float64 { return p.sum / p.weight }

func (l *layout) settleLane(items []*item, wanted func(*item) float64) {
	offset := make([]float64, len(items)) // from the first line to this one when they touch
	for i := 1; i < len(items); i++ {
		offset[i] = offset[i-1] + items[i-1].down + rowGap + items[i].up
	}
	lane := items[0].lane
	low := l.top[lane] + items[0].up
	high := l.top[lane] + l.height[lane] - items[len(items)-1].down - offset[len(items)-1]
	var pools []pool
	for i, it := range items {
		pools = append(pools, pool{sum: (wanted(it) - offset[i]) * it.weight, weight: it.weight, items: 1})
		for n := len(pools); n > 1 && pools[n-2].place() > pools[n-1].place(); n-- {
			a, b := pools[n-2], pools[n-1]
			pools = append(pools[:n-2], pool{a.sum + b.sum, a.weight + b.weight, a.items + b.items})
		}
	}
	i := 0
	for _, p := range pools {
		at := max(low, min(p.place(), high))
		for range p.items {
			items[i].y = at + offset[i]
			i++
		}
	}
}
