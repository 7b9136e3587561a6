package network

// heap gives its items back the least first.
type heap[T any] struct {
	items []T
	less  func(a, b T) bool
}

func (h *heap[T]) push(item T) {
	h.items = append(h.items, item)
	i := len(h.items) - 1
	for i > 0 {
		up := (i - 1) / 2
		if !h.less(item, h.items[up]) {
			break
		}
		h.items[i] = h.items[up]
		i = up
	}
	h.items[i] = item
}

// pop takes the least item; there must be one.
func (h *heap[T]) pop() T {
	var zero T
	least, last := h.items[0], h.items[len(h.items)-1]
	h.items[len(h.items)-1] = zero
	h.items = h.items[:len(h.items)-1]
	if len(h.items) > 0 {
		h.sink(last)
	}
	return least
}

// sink puts the item in from the top.
func (h *heap[T]) sink(item T) {
	i := 0
	for {
		down := 2*i + 1
		if down >= len(h.items) {
			break
		}
		if down+1 < len(h.items) && h.less(h.items[down+1], h.items[down]) {
			down++
		}
		if !h.less(h.items[down], item) {
			break
		}
		h.items[i] = h.items[down]
		i = down
	}
	h.items[i] = item
}
