package region

import "errors"

// ErrBudget is returned when an operation needed more steps than its Budget had left. The operation then has no result.
var ErrBudget = errors.New("the step budget is exceeded")

// Budget counts the work of the engine in steps, so that the same question is cut at the same place on every machine. Once
// exceeded it stays exceeded. A nil *Budget is unlimited. A Budget is not safe for concurrent use.
type Budget struct {
	limit, used int64
	over        bool
}

// NewBudget returns a budget of the given number of steps.
func NewBudget(steps int64) *Budget { return &Budget{limit: steps} }

// Spend takes n steps; it is false when there were not enough left.
func (b *Budget) Spend(n int64) bool {
	if b == nil {
		return true
	}
	if b.over || n > b.limit-b.used {
		b.over = true
		return false
	}
	b.used += n
	return true
}

// Used tells how many steps were taken.
func (b *Budget) Used() int64 {
	if b == nil {
		return 0
	}
	return b.used
}

// Err is ErrBudget when the budget was exceeded.
func (b *Budget) Err() error {
	if b != nil && b.over {
		return ErrBudget
	}
	return nil
}
