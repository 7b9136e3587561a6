package evaluator

import "github.com/accessgraph/accessgraph/evaluator/policy"

// causes is a set of D54 names.
type causes uint16

// causeOrder fixes the bit of each name and the order in which answers list them.
var causeOrder = [...]policy.Cause{
	policy.UnanalysableStatement, policy.MissingDocument, policy.UnknownOwner, policy.FreeCondition,
	policy.NotPrincipalUncertain, policy.ServiceRuleMissing, policy.CollectionGap, policy.BudgetExceeded,
}

func causeBit(c policy.Cause) causes {
	for i, name := range causeOrder {
		if name == c {
			return 1 << i
		}
	}
	return 1 // a statement that says no more than that it could not be understood
}

// list gives the names, nil for none.
func (c causes) list() []policy.Cause {
	if c == 0 {
		return nil
	}
	var out []policy.Cause
	for i, name := range causeOrder {
		if c&(1<<i) != 0 {
			out = append(out, name)
		}
	}
	return out
}
