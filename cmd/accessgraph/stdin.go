package main

import (
	"context"
	"io"
	"sync"
)

// interruptible is a reader that ends with the context's error when that is done, even while the read under it hangs: a
// terminal or a pipe that nobody writes to.
func interruptible(ctx context.Context, r io.Reader) io.Reader {
	from, to := io.Pipe()
	return &hanging{from: from, start: sync.OnceFunc(func() {
		context.AfterFunc(ctx, func() { to.CloseWithError(ctx.Err()) })
		go func() {
			_, err := io.Copy(to, r)
			to.CloseWithError(err) // nil is io.EOF
		}()
	})}
}

type hanging struct {
	from  *io.PipeReader
	start func()
}

func (h *hanging) Read(p []byte) (int, error) {
	h.start()
	return h.from.Read(p)
}
