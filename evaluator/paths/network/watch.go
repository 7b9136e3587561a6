package network

import "context"

// lookEvery is how many steps pass between two looks at the context.
const lookEvery = 4096

// watch counts steps, and looks at the context now and then, at the first step at once. Once the context is done it stays so.
type watch struct {
	ctx  context.Context
	left int
	err  error
}

func (w *watch) step(n int) error {
	if w.left -= n; w.left < 0 && w.err == nil {
		w.left, w.err = lookEvery, w.ctx.Err()
	}
	return w.err
}
