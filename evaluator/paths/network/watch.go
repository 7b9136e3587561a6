package network

import "context"

// lookEvery is how many steps pass between two looks at the context.
const lookEvery = 4096

// watch counts steps, and looks at the context now and then, at the first step at once.
type watch struct {
	ctx  context.Context
	left int
}

func (w *watch) step(n int) error {
	if w.left -= n; w.left >= 0 {
		return nil
	}
	w.left = lookEvery
	return w.ctx.Err()
}
