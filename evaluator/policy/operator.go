package policy

import "strings"

// Base is an operator without set prefix and IfExists.
type Base uint8

// The operators (C3). Null stands alone.
const (
	StringEquals Base = iota
	StringNotEquals
	StringEqualsIgnoreCase
	StringNotEqualsIgnoreCase
	StringLike
	StringNotLike
	NumericEquals
	NumericNotEquals
	NumericLessThan
	NumericLessThanEquals
	NumericGreaterThan
	NumericGreaterThanEquals
	DateEquals
	DateNotEquals
	DateLessThan
	DateLessThanEquals
	DateGreaterThan
	DateGreaterThanEquals
	Bool
	BinaryEquals
	IPAddress
	NotIPAddress
	ARNEquals
	ARNLike
	ARNNotEquals
	ARNNotLike
	Null
)

// family says how an operator reads values.
type family uint8

const (
	familyString family = iota
	familyNumber
	familyDate
	familyBool
	familyBinary
	familyIP
	familyARN
	familyNull
)

// operators describes each operator: its name as AWS writes it, its family, and for a negated one its positive form.
var operators = [...]struct {
	name     string
	family   family
	negated  bool
	positive Base
}{
	StringEquals:              {"StringEquals", familyString, false, StringEquals},
	StringNotEquals:           {"StringNotEquals", familyString, true, StringEquals},
	StringEqualsIgnoreCase:    {"StringEqualsIgnoreCase", familyString, false, StringEqualsIgnoreCase},
	StringNotEqualsIgnoreCase: {"StringNotEqualsIgnoreCase", familyString, true, StringEqualsIgnoreCase},
	StringLike:                {"StringLike", familyString, false, StringLike},
	StringNotLike:             {"StringNotLike", familyString, true, StringLike},
	NumericEquals:             {"NumericEquals", familyNumber, false, NumericEquals},
	NumericNotEquals:          {"NumericNotEquals", familyNumber, true, NumericEquals},
	NumericLessThan:           {"NumericLessThan", familyNumber, false, NumericLessThan},
	NumericLessThanEquals:     {"NumericLessThanEquals", familyNumber, false, NumericLessThanEquals},
	NumericGreaterThan:        {"NumericGreaterThan", familyNumber, false, NumericGreaterThan},
	NumericGreaterThanEquals:  {"NumericGreaterThanEquals", familyNumber, false, NumericGreaterThanEquals},
	DateEquals:                {"DateEquals", familyDate, false, DateEquals},
	DateNotEquals:             {"DateNotEquals", familyDate, true, DateEquals},
	DateLessThan:              {"DateLessThan", familyDate, false, DateLessThan},
	DateLessThanEquals:        {"DateLessThanEquals", familyDate, false, DateLessThanEquals},
	DateGreaterThan:           {"DateGreaterThan", familyDate, false, DateGreaterThan},
	DateGreaterThanEquals:     {"DateGreaterThanEquals", familyDate, false, DateGreaterThanEquals},
	Bool:                      {"Bool", familyBool, false, Bool},
	BinaryEquals:              {"BinaryEquals", familyBinary, false, BinaryEquals},
	IPAddress:                 {"IpAddress", familyIP, false, IPAddress},
	NotIPAddress:              {"NotIpAddress", familyIP, true, IPAddress},
	ARNEquals:                 {"ArnEquals", familyARN, false, ARNEquals},
	ARNLike:                   {"ArnLike", familyARN, false, ARNLike},
	ARNNotEquals:              {"ArnNotEquals", familyARN, true, ARNEquals},
	ARNNotLike:                {"ArnNotLike", familyARN, true, ARNLike},
	Null:                      {"Null", familyNull, false, Null},
}

// String is the operator's name as AWS writes it.
func (b Base) String() string {
	if int(b) < len(operators) {
		return operators[b].name
	}
	return "unknown"
}

// Negated tells whether the operator is of the "Not" kind: true on an absent key (C6), NOR over its values (C1).
func (b Base) Negated() bool { return int(b) < len(operators) && operators[b].negated }

// Positive is the operator without its "Not"; the operator itself when it has none. For present, readable single values the
// two are complements, for absent keys they are not (C45).
func (b Base) Positive() Base {
	if int(b) < len(operators) {
		return operators[b].positive
	}
	return b
}

func (b Base) family() family {
	if int(b) < len(operators) {
		return operators[b].family
	}
	return familyNull
}

// SetOperator is the prefix of a condition operator.
type SetOperator uint8

// The set operators.
const (
	NoSet SetOperator = iota
	ForAllValues
	ForAnyValue
)

// String is the prefix as documents write it, without the colon; empty for NoSet.
func (s SetOperator) String() string {
	switch s {
	case ForAllValues:
		return "ForAllValues"
	case ForAnyValue:
		return "ForAnyValue"
	}
	return ""
}

// ParseOperator reads a condition operator in any case (C16, C17): [ForAllValues:|ForAnyValue:]Op[IfExists]. NullIfExists is
// none.
func ParseOperator(name string) (op Base, set SetOperator, ifExists, ok bool) {
	if i := strings.IndexByte(name, ':'); i >= 0 {
		switch prefix := name[:i]; {
		case sameName(prefix, "ForAllValues"):
			set = ForAllValues
		case sameName(prefix, "ForAnyValue"):
			set = ForAnyValue
		default:
			return 0, NoSet, false, false
		}
		name = name[i+1:]
	}
	const suffix = "IfExists"
	if n := len(name) - len(suffix); n > 0 && sameName(name[n:], suffix) {
		ifExists, name = true, name[:n]
	}
	for i := range operators {
		if sameName(name, operators[i].name) {
			op = Base(i)
			return op, set, ifExists, op != Null || !ifExists
		}
	}
	return 0, NoSet, false, false
}

// sameName compares a name with an ASCII one, ignoring case. Other scripts' letters that fold to ASCII ones are longer.
func sameName(name, ascii string) bool {
	return len(name) == len(ascii) && strings.EqualFold(name, ascii)
}
