package syntax

// Expr is a boolean expression over the context of a request: one of *And, *Or, *Not, *Const and *Compare.
type Expr interface {
	Node
	expr()
}

// And holds where all of its terms do. A term that is itself an And prints in parentheses, so that trees print exactly;
// NewAnd makes flat ones.
type And struct {
	Terms []Expr
	Pos   Pos
}

// Or holds where one of its terms does. NewOr makes flat ones.
type Or struct {
	Terms []Expr
	Pos   Pos
}

// Not is the exact complement of its term, absence of keys included.
type Not struct {
	Term Expr
	Pos  Pos
}

// Const always holds, or never.
type Const struct {
	Value bool
	Pos   Pos
}

// Compare is a test of one condition key.
type Compare struct {
	Set SetOperator
	// The condition key as written (letter case does not matter): aws:SourceIp, aws:PrincipalTag/team. ResourceKey is the
	// resource of the request.
	Key string
	Op  Op
	// One for the comparisons, one or more for EqualFold, Like, ArnLike, In and InNetwork, which hold if one of them fits; none
	// for Present and Absent.
	Operands []Operand
	Pos      Pos
}

// ResourceKey is the word that stands for the request's resource where a condition key does: resource like arn:aws:s3:::b/*.
const ResourceKey = "resource"

// SetOperator says which values of a multivalued key a test is about, in the words of policies.
type SetOperator uint8

// The set operators.
const (
	NoSetOperator SetOperator = iota // the key's one value
	ForAllValues                     // all KEY …: every value passes, which is so for an absent key and an empty list
	ForAnyValue                      // any KEY …: one value at least passes
)

// Op is a test.
type Op uint8

// The tests. Contains and Null are for predicates alone, EqualFold, ArnLike, InNetwork, Present and Absent for contexts.
const (
	Equal        Op = iota // =
	NotEqual               // != : the exact complement of =, so it holds for an absent key
	EqualFold              // ~= : letter case ignored
	Like                   // like: patterns with * and ?
	ArnLike                // arnlike: patterns of ARNs, compared field by field
	Less                   // <
	LessEqual              // <=
	Greater                // >
	GreaterEqual           // >=
	In                     // in (…): equal to one of the values
	InNetwork              // in CIDR: an address within one of the networks
	Present                // is present
	Absent                 // is absent
	Contains               // contains
	Null                   // is null
)

// Operand is the right side of a test: a value, or another key whose value is meant.
type Operand struct {
	// The value, or the key without ${}. A value may hold policy variables: ${aws:username}.
	Text string
	Key  bool
	Pos  Pos
}

// Predicate is a boolean expression over the fields of rows: one of *PredicateAnd, *PredicateOr, *PredicateNot, *FieldTest and
// *Call.
type Predicate interface {
	Node
	predicate()
}

// PredicateAnd holds where all of its terms do.
type PredicateAnd struct {
	Terms []Predicate
	Pos   Pos
}

// PredicateOr holds where one of its terms does.
type PredicateOr struct {
	Terms []Predicate
	Pos   Pos
}

// PredicateNot holds where its term does not.
type PredicateNot struct {
	Term Predicate
	Pos  Pos
}

// FieldTest is a test of one field. A field that stands alone, as in "where external", is Bare: it asks whether the field is
// true.
type FieldTest struct {
	Field  string
	Op     Op      // Equal, NotEqual, Less, LessEqual, Greater, GreaterEqual, Like, In, Contains or Null
	Values []Value // several for In, none for Null and where Bare, otherwise one
	Bare   bool    // with Op Equal
	Pos    Pos
}

// Call is a function of the row that is true or false: can('iam:PassRole').
type Call struct {
	Function  string
	Arguments []Value
	Pos       Pos
}

// Value is a literal. What it means depends on the field that it is compared with.
type Value struct {
	Text string
	Pos  Pos
}

func (*And) expr()     {}
func (*Or) expr()      {}
func (*Not) expr()     {}
func (*Const) expr()   {}
func (*Compare) expr() {}

func (*PredicateAnd) predicate() {}
func (*PredicateOr) predicate()  {}
func (*PredicateNot) predicate() {}
func (*FieldTest) predicate()    {}
func (*Call) predicate()         {}

// Position tells where the expression begins.
func (e *And) Position() Pos { return e.Pos }

// Position tells where the expression begins.
func (e *Or) Position() Pos { return e.Pos }

// Position tells where the expression begins.
func (e *Not) Position() Pos { return e.Pos }

// Position tells where the constant stands.
func (e *Const) Position() Pos { return e.Pos }

// Position tells where the test begins.
func (e *Compare) Position() Pos { return e.Pos }

// Position tells where the right side begins.
func (o *Operand) Position() Pos { return o.Pos }

// Position tells where the predicate begins.
func (p *PredicateAnd) Position() Pos { return p.Pos }

// Position tells where the predicate begins.
func (p *PredicateOr) Position() Pos { return p.Pos }

// Position tells where the predicate begins.
func (p *PredicateNot) Position() Pos { return p.Pos }

// Position tells where the test begins.
func (p *FieldTest) Position() Pos { return p.Pos }

// Position tells where the call begins.
func (p *Call) Position() Pos { return p.Pos }

// Position tells where the value begins.
func (v *Value) Position() Pos { return v.Pos }

// NewAnd joins terms: nested Ands are opened, true terms dropped, a false one decides; without terms it is true.
func NewAnd(terms ...Expr) Expr {
	var flat []Expr
	for _, t := range terms {
		switch t := t.(type) {
		case *Const:
			if !t.Value {
				return &Const{}
			}
		case *And:
			flat = append(flat, t.Terms...)
		default:
			flat = append(flat, t)
		}
	}
	switch len(flat) {
	case 0:
		return &Const{Value: true}
	case 1:
		return flat[0]
	}
	return &And{Terms: flat}
}

// NewOr joins terms: nested Ors are opened, false terms dropped, a true one decides; without terms it is false.
func NewOr(terms ...Expr) Expr {
	var flat []Expr
	for _, t := range terms {
		switch t := t.(type) {
		case *Const:
			if t.Value {
				return &Const{Value: true}
			}
		case *Or:
			flat = append(flat, t.Terms...)
		default:
			flat = append(flat, t)
		}
	}
	switch len(flat) {
	case 0:
		return &Const{}
	case 1:
		return flat[0]
	}
	return &Or{Terms: flat}
}
