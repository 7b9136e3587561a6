package region

// Factor limits one variable of a Product to some of its cells.
type Factor struct {
	Var   Var
	Cells Set
}

// Product is a set of assignments given variable by variable, in order; variables that it does not name are free. The
// empty Product is everything.
type Product []Factor

// Product is the node of p.
func (s *Space) Product(p Product) Node {
	out := trueNode
	for i := len(p) - 1; i >= 0; i-- {
		base := len(s.scratch)
		for cell := range s.cells[p[i].Var] {
			kid := falseNode
			if p[i].Cells.Has(cell) {
				kid = out
			}
			s.scratch = append(s.scratch, kid)
		}
		out = s.finish(p[i].Var, base)
	}
	return out
}

// Cover writes n as a union of products; assignments outside care may be in it or not. The cover is irredundant: no
// product can be left out, and none can be given another cell of a variable, without the union changing inside care. It is
// not claimed to be of minimum size. complete is false when more than limit products were needed (then some of them are
// returned: each inside n, as far as care goes) or the budget was exceeded; a limit of zero or less is none.
func (s *Space) Cover(n, care Node, limit int) (products []Product, complete bool) {
	must := s.And(n, care)
	may := s.Or(n, s.Not(care))
	left := must
	complete = true
	for left != falseNode {
		// Greedy products may make earlier ones redundant, hence some slack before giving up.
		if limit > 0 && len(products) >= 4*limit {
			complete = false
			break
		}
		p := s.enlarge(s.path(left), may)
		left = s.Diff(left, s.Product(p))
		if s.Err() != nil {
			return nil, false
		}
		products = append(products, p)
	}
	products = s.irredundant(products, s.Diff(must, left))
	if s.Err() != nil {
		return nil, false
	}
	if limit > 0 && len(products) > limit {
		return products[:limit], false
	}
	return products, complete
}

// path is a product inside n, which is not empty: the first way down to True, with the cells that take the same way.
func (s *Space) path(n Node) Product {
	var p Product
	for n != trueNode {
		v, kids := s.Children(n)
		next, cells := falseNode, NewSet(s.cells[v])
		for i, k := range kids {
			if next == falseNode {
				next = k
			}
			if k == next && k != falseNode {
				cells.Add(i)
			}
		}
		p, n = append(p, Factor{v, cells}), next
	}
	return p
}

// enlarge makes p, which is inside may, as large as it can be in any one variable: it frees variables, the last first, and
// then adds single cells. What could not be added once cannot be added to a larger product either.
func (s *Space) enlarge(p Product, may Node) Product {
	for i := len(p) - 1; i >= 0; i-- {
		without := append(append(Product(nil), p[:i]...), p[i+1:]...)
		if s.Implies(s.Product(without), may) {
			p = without
		}
	}
	for i := len(p) - 1; i >= 0; i-- {
		v := p[i].Var
		// The cells that can be added to this variable are those for which the rest of the product is inside may.
		rest := append(append(Product(nil), p[:i]...), p[i+1:]...)
		cells := NewSet(s.cells[v])
		for cell := range s.cells[v] {
			if p[i].Cells.Has(cell) || s.Implies(s.Product(rest.with(v, SetOf(s.cells[v], cell), i)), may) {
				cells.Add(cell)
			}
		}
		p = rest.with(v, cells, i)
	}
	return p
}

// with is p with a factor put in at i.
func (p Product) with(v Var, cells Set, i int) Product {
	out := make(Product, 0, len(p)+1)
	out = append(append(out, p[:i]...), Factor{v, cells})
	return append(out, p[i:]...)
}

// irredundant leaves out products that the others cover together inside must, the last first.
func (s *Space) irredundant(products []Product, must Node) []Product {
	nodes := make([]Node, len(products))
	before := make([]Node, len(products)+1) // the union of the first i
	for i, p := range products {
		nodes[i] = s.Product(p)
		before[i+1] = s.Or(before[i], nodes[i])
	}
	var kept []Product
	behind := falseNode // the union of the kept products behind i
	for i := len(products) - 1; i >= 0; i-- {
		if s.Implies(s.And(must, nodes[i]), s.Or(before[i], behind)) {
			continue
		}
		kept = append(kept, products[i])
		behind = s.Or(behind, nodes[i])
	}
	for i, j := 0, len(kept)-1; i < j; i, j = i+1, j-1 {
		kept[i], kept[j] = kept[j], kept[i]
	}
	return kept
}
