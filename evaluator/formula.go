package evaluator

// formulaKind tells the forms of a formula apart.
type formulaKind uint8

const (
	formFalse formulaKind = iota
	formTrue
	formAnd
	formOr
	formNot
	formTest   // a test of one key, on a domain
	formOpaque // a fact that no domain models: a variable of its own
)

// formula is a boolean combination of tests, built before the cells of its keys are known: building it registers its tests with
// their domains. It becomes a node of the decision diagram once every formula of an evaluation is built.
type formula struct {
	kind   formulaKind
	subs   []*formula
	test   *keyTest
	opaque *opaque
}

var (
	formulaFalse = &formula{kind: formFalse}
	formulaTrue  = &formula{kind: formTrue}
)

func constant(v bool) *formula {
	if v {
		return formulaTrue
	}
	return formulaFalse
}

func conj(fs ...*formula) *formula { return gather(formAnd, formulaFalse, formulaTrue, fs) }

func disj(fs ...*formula) *formula { return gather(formOr, formulaTrue, formulaFalse, fs) }

// gather flattens one level and drops the neutral element; zero ends it.
func gather(kind formulaKind, zero, neutral *formula, fs []*formula) *formula {
	var out []*formula
	for _, f := range fs {
		switch {
		case f == nil || f.kind == neutral.kind:
		case f.kind == zero.kind:
			return zero
		case f.kind == kind:
			out = append(out, f.subs...)
		default:
			out = append(out, f)
		}
	}
	switch len(out) {
	case 0:
		return neutral
	case 1:
		return out[0]
	}
	return &formula{kind: kind, subs: out}
}

func negate(f *formula) *formula {
	switch f.kind {
	case formFalse:
		return formulaTrue
	case formTrue:
		return formulaFalse
	case formNot:
		return f.subs[0]
	}
	return &formula{kind: formNot, subs: []*formula{f}}
}
