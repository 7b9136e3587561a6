package shell

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// Script reads statements from in and carries them out, one after the other, until it ends or \q is read. What goes wrong is told
// with its line and does not end it. The code is that of the first statement that failed, 0 when none did. The error is about the
// reading, or that of the context.
func Script(ctx context.Context, c Config, in io.Reader) (code int, err error) {
	return newSession(ctx, c).run(ctx, newReader(in))
}

// Plain is Script for somebody who types on a terminal that cannot be drawn on: it prompts, and Enter ends a question that is whole.
func Plain(ctx context.Context, c Config, in io.Reader) (code int, err error) {
	s, r := newSession(ctx, c), newReader(in)
	if err := s.greet(ctx); err != nil {
		return 0, err
	}
	r.eager = true
	r.prompt = func(more bool) {
		prompt := s.prompt()
		if more {
			prompt = continued
		}
		fmt.Fprint(c.Out, prompt)
	}
	return s.run(ctx, r)
}

// continued is the prompt for the further lines of a question.
const continued = "> "

func (s *session) run(ctx context.Context, r *reader) (code int, err error) {
	for !s.left {
		st, err := r.next(ctx)
		if errors.Is(err, io.EOF) {
			return code, nil
		}
		if err != nil {
			return code, err
		}
		if err := s.do(ctx, st.text); err != nil {
			if ctx.Err() != nil {
				return code, ctx.Err()
			}
			if failed := s.tell(err, st.line, st.column); code == 0 {
				code = failed
			}
		}
	}
	return code, nil
}
