package evaluator

import (
	"github.com/accessgraph/accessgraph/evaluator/catalog"
	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/evaluator/region"
)

// operatorFamily groups operators by what they read in a value.
type operatorFamily uint8

const (
	familyString operatorFamily = iota
	familyNumber
	familyDate
	familyBool
	familyBinary
	familyAddress
	familyARN
	familyNull
)

func family(op policy.Base) operatorFamily {
	switch op {
	case policy.NumericEquals, policy.NumericNotEquals, policy.NumericLessThan, policy.NumericLessThanEquals,
		policy.NumericGreaterThan, policy.NumericGreaterThanEquals:
		return familyNumber
	case policy.DateEquals, policy.DateNotEquals, policy.DateLessThan, policy.DateLessThanEquals,
		policy.DateGreaterThan, policy.DateGreaterThanEquals:
		return familyDate
	case policy.Bool:
		return familyBool
	case policy.BinaryEquals:
		return familyBinary
	case policy.IPAddress, policy.NotIPAddress:
		return familyAddress
	case policy.ARNEquals, policy.ARNLike, policy.ARNNotEquals, policy.ARNNotLike:
		return familyARN
	case policy.Null:
		return familyNull
	}
	return familyString
}

func numberTest(op policy.Base, n region.Number) region.Test {
	switch op {
	case policy.NumericLessThan:
		return region.NumberIn(nil, &n, true, true)
	case policy.NumericLessThanEquals:
		return region.NumberIn(nil, &n, true, false)
	case policy.NumericGreaterThan:
		return region.NumberIn(&n, nil, true, true)
	case policy.NumericGreaterThanEquals:
		return region.NumberIn(&n, nil, false, true)
	}
	return region.NumberIn(&n, &n, false, false)
}

func instantTest(op policy.Base, t region.Instant) region.Test {
	switch op {
	case policy.DateLessThan:
		return region.InstantIn(nil, &t, true, true)
	case policy.DateLessThanEquals:
		return region.InstantIn(nil, &t, true, false)
	case policy.DateGreaterThan:
		return region.InstantIn(&t, nil, true, true)
	case policy.DateGreaterThanEquals:
		return region.InstantIn(&t, nil, false, true)
	}
	return region.InstantIn(&t, &t, false, false)
}

// textCondition is `key op value…` with literal values.
func textCondition(op policy.Base, key string, values ...string) *policy.Condition {
	c := &policy.Condition{Op: op, Key: policy.CanonicalKey(key), Written: key}
	for _, v := range values {
		p := region.Literal(v)
		p.Fold = op == policy.StringEqualsIgnoreCase
		c.Values = append(c.Values, policy.Value{Text: v, Template: policy.StaticTemplate(v, p)})
	}
	return c
}

// absentCondition is Null: true.
func absentCondition(key string) *policy.Condition {
	return &policy.Condition{Op: policy.Null, Key: policy.CanonicalKey(key), Written: key, Values: []policy.Value{{Text: "true", Bool: true}}}
}

// validity is the test that every value of a key of that type passes; ok is false for types that admit any text.
func validity(t catalog.KeyType) (name string, test region.Test, ok bool) {
	switch t {
	case catalog.IPAddress:
		return "address", region.IsAddress(), true
	case catalog.Numeric:
		return "number", region.IsNumber(), true
	case catalog.Date:
		return "instant", region.IsInstant(), true
	}
	return "", region.Test{}, false
}
