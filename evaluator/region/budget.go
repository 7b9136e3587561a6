package region

import (
	"context"
	"errors"
)

// ErrBudget is returned when an operation needed more steps than its Budget had left. The operation then has no result.
var ErrBudget = errors.New("the step budget is exceeded")

// Budget counts the work of the engine in steps, so that the same question is cut at the same place on every machine. Once
// exceeded it stays exceeded. A nil *Budget is unlimited. A Budget is not safe for concurrent use.
type Budget struct {
	limit, used int64
	err         error

	ctx  context.Context // nil: nobody can end the work early
	look int64           // the next step at which to look at ctx
}

// lookEvery is how many steps pass between two looks at the context; they take some milliseconds.
const lookEvery = 1 << 15

// NewBudget returns a budget of the given number of steps.
func NewBudget(steps int64) *Budget { return &Budget{limit: steps} }

// Within makes the budget end with the context's error once that is done, which is never a verdict.
func (b *Budget) Within(ctx context.Context) *Budget {
	b.ctx = ctx
	return b
}

// Spend takes n steps; it is false when there were not enough left, or the context is done.
func (b *Budget) Spend(n int64) bool {
	if b == nil {
		return true
	}
	switch {
	case b.err != nil:
		return false
	case n > b.limit-b.used:
		b.err = ErrBudget
		return false
	}
	b.used += n
	if b.ctx != nil && b.used >= b.look {
		b.look = b.used + lookEvery
		b.err = b.ctx.Err()
	}
	return b.err == nil
}

// Used tells how many steps were taken.
func (b *Budget) Used() int64 {
	if b == nil {
		return 0
	}
	return b.used
}

// Err is ErrBudget when the budget was exceeded, or the error of the context of Within.
func (b *Budget) Err() error {
	if b == nil {
		return nil
	}
	return b.err
}
