package network

// length is how long a way is: hops first, then cost.
type length struct {
	hops int32
	cost int64
}

func (l length) less(m length) bool {
	if l.hops != m.hops {
		return l.hops < m.hops
	}
	return l.cost < m.cost
}

func (l length) plus(m length) length { return length{l.hops + m.hops, l.cost + m.cost} }
