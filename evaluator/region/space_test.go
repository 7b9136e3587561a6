package region

import (
	"errors"
	"reflect"
	"testing"

	"pgregory.net/rapid"
)

// table is the truth table of a node over all assignments of small variables: the obviously right model of a Space.
type table []bool

var tableCells = []int{2, 3, 4, 2}

const tableRows = 2 * 3 * 4 * 2

// cellAt is the cell of variable v in row i.
func cellAt(row, v int) int {
	for w := 0; w < v; w++ {
		row /= tableCells[w]
	}
	return row % tableCells[v]
}

// with is the row where v takes the cell instead.
func rowWith(row, v, cell int) int {
	unit := 1
	for w := 0; w < v; w++ {
		unit *= tableCells[w]
	}
	return row + (cell-cellAt(row, v))*unit
}

func newTable(f func(row int) bool) table {
	t := make(table, tableRows)
	for i := range t {
		t[i] = f(i)
	}
	return t
}

// tableOf evaluates a node in every row.
func tableOf(s *Space, n Node) table {
	return newTable(func(row int) bool {
		m := n
		for {
			v, kids := s.Children(m)
			if v < 0 {
				return m == s.True()
			}
			m = kids[cellAt(row, int(v))]
		}
	})
}

func newTestSpace(b *Budget) *Space {
	s := NewSpace(b)
	for _, cells := range tableCells {
		s.Var(cells)
	}
	return s
}

// drawNode builds a random node together with its table.
func drawNode(t *rapid.T, s *Space, depth int) (Node, table) {
	if depth == 0 || rapid.IntRange(0, 3).Draw(t, "leaf") == 0 {
		v := rapid.IntRange(0, len(tableCells)-1).Draw(t, "v")
		mask := rapid.IntRange(0, 1<<tableCells[v]-1).Draw(t, "cells")
		set := NewSet(tableCells[v])
		for i := range tableCells[v] {
			if mask>>i&1 == 1 {
				set.Add(i)
			}
		}
		return s.In(Var(v), set), newTable(func(row int) bool { return set.Has(cellAt(row, v)) })
	}
	a, ta := drawNode(t, s, depth-1)
	b, tb := drawNode(t, s, depth-1)
	switch rapid.IntRange(0, 3).Draw(t, "op") {
	case 0:
		return s.And(a, b), newTable(func(row int) bool { return ta[row] && tb[row] })
	case 1:
		return s.Or(a, b), newTable(func(row int) bool { return ta[row] || tb[row] })
	case 2:
		return s.Diff(a, b), newTable(func(row int) bool { return ta[row] && !tb[row] })
	default:
		return s.Not(a), newTable(func(row int) bool { return !ta[row] })
	}
}

func TestSpaceIsTheTruthTable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newTestSpace(nil)
		a, ta := drawNode(t, s, 3)
		b, tb := drawNode(t, s, 3)
		if !reflect.DeepEqual(tableOf(s, a), ta) {
			t.Fatal("the node is not its table")
		}
		same, implies := true, true
		for i := range ta {
			same = same && ta[i] == tb[i]
			implies = implies && (!ta[i] || tb[i])
		}
		if (a == b) != same {
			t.Fatal("equal sets are not equal nodes, or unequal ones are")
		}
		if s.Implies(a, b) != implies {
			t.Fatal("Implies is wrong")
		}
		v := rapid.IntRange(0, len(tableCells)-1).Draw(t, "v")
		cell := rapid.IntRange(0, tableCells[v]-1).Draw(t, "cell")
		w := rapid.IntRange(0, len(tableCells)-1).Draw(t, "w")
		exists := newTable(func(row int) bool {
			for c := range tableCells[v] {
				for d := range tableCells[w] {
					if ta[rowWith(rowWith(row, v, c), w, d)] {
						return true
					}
				}
			}
			return false
		})
		if !reflect.DeepEqual(tableOf(s, s.Exists(a, Var(v), Var(w))), exists) {
			t.Fatal("Exists is wrong")
		}
		if s.ForAll(a, Var(v)) != s.Not(s.Exists(s.Not(a), Var(v))) {
			t.Fatal("ForAll is not the dual of Exists")
		}
		restricted := newTable(func(row int) bool { return ta[rowWith(row, v, cell)] })
		if !reflect.DeepEqual(tableOf(s, s.Restrict(a, Var(v), cell)), restricted) {
			t.Fatal("Restrict is wrong")
		}
		checkPick(t, s, a, ta)
		inSupport := NewSet(len(tableCells))
		for _, v := range s.Support(a) {
			inSupport.Add(int(v))
		}
		for v := range tableCells {
			depends := false
			for row := range ta {
				depends = depends || ta[row] != ta[rowWith(row, v, 0)]
			}
			if depends != inSupport.Has(v) {
				t.Fatalf("support: variable %d", v)
			}
		}
	})
}

func checkPick(t *rapid.T, s *Space, a Node, ta table) {
	assignment, ok := s.Pick(a)
	if ok != (a != s.False()) {
		t.Fatal("Pick finds something where nothing is, or the reverse")
	}
	if !ok {
		return
	}
	for row, in := range ta {
		agrees := true
		for v, cell := range assignment {
			agrees = agrees && (cell < 0 || cell == cellAt(row, v))
		}
		if agrees && !in {
			t.Fatalf("Pick %v is not inside", assignment)
		}
	}
}

func productTable(p Product) table {
	return newTable(func(row int) bool {
		for _, f := range p {
			if !f.Cells.Has(cellAt(row, int(f.Var))) {
				return false
			}
		}
		return true
	})
}

func TestCoverIsIrredundant(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newTestSpace(nil)
		n, tn := drawNode(t, s, 3)
		care, tc := s.True(), newTable(func(int) bool { return true })
		if rapid.Bool().Draw(t, "care") {
			care, tc = drawNode(t, s, 2)
		}
		products, complete := s.Cover(n, care, 0)
		if !complete {
			t.Fatal("without a limit and yet incomplete")
		}
		tables := make([]table, len(products))
		for i, p := range products {
			tables[i] = productTable(p)
			if !reflect.DeepEqual(tables[i], tableOf(s, s.Product(p))) {
				t.Fatal("a product is not its node")
			}
		}
		for row := range tn {
			in := 0
			for _, p := range tables {
				if p[row] {
					in++
				}
			}
			if tc[row] && (in > 0) != tn[row] {
				t.Fatalf("row %d: covered %d times, in n %v", row, in, tn[row])
			}
		}
		for i, p := range products {
			needed := false
			for row := range tn {
				alone := tc[row] && tables[i][row]
				for j := range products {
					alone = alone && (j == i || !tables[j][row])
				}
				needed = needed || alone
			}
			if !needed {
				t.Fatalf("product %d of %v is redundant", i, products)
			}
			for k, f := range p {
				if f.Cells.Full() || f.Cells.Empty() {
					t.Fatalf("factor %v says nothing", f)
				}
				f.Cells.Not().Each(func(cell int) {
					larger := append(Product(nil), p...)
					more := SetOf(f.Cells.Len(), cell)
					larger[k] = Factor{f.Var, f.Cells.Or(more)}
					for row, in := range productTable(larger) {
						if in && tc[row] && !tn[row] {
							return
						}
					}
					t.Fatalf("product %v can be enlarged in %d by %d", p, f.Var, cell)
				})
			}
		}
		some, complete := s.Cover(n, care, 1)
		if complete != (len(products) <= 1) && len(some) != 1 || len(some) > 1 {
			t.Fatalf("limit 1: %d of %d products, complete %v", len(some), len(products), complete)
		}
	})
}

func TestSpaceBudget(t *testing.T) {
	for steps := int64(0); steps < 3000; steps += 3 {
		s := newTestSpace(NewBudget(steps))
		a, b := s.Is(0, 1), s.Or(s.Is(1, 2), s.Is(3, 0))
		n := s.And(s.Or(a, s.Is(2, 3)), b)
		products, complete := s.Cover(n, s.Not(s.Is(2, 0)), 0)
		if s.Err() != nil {
			if !errors.Is(s.Err(), ErrBudget) {
				t.Fatal(s.Err())
			}
			if complete || s.And(a, b) != s.False() || s.Exists(n, 0) != s.False() || s.Restrict(n, 0, 0) != s.False() || s.Implies(a, a) {
				t.Fatalf("%d steps: an exceeded space still answers", steps)
			}
			continue
		}
		if !complete || len(products) == 0 {
			t.Fatalf("%d steps were enough, and yet the cover is %v", steps, products)
		}
		return
	}
	t.Fatal("no budget was enough")
}

func TestSpaceEdges(t *testing.T) {
	s := NewSpace(nil)
	if s.And() != s.True() || s.Or() != s.False() {
		t.Error("And of nothing is True, Or of nothing is False")
	}
	v, w := s.Var(1), s.Var(3)
	if s.Vars() != 2 || s.CellsOf(w) != 3 || s.Is(v, 0) != s.True() {
		t.Error("a variable of one cell says nothing")
	}
	if got, _ := s.Pick(s.Is(w, 2)); !reflect.DeepEqual(got, []int{-1, 2}) {
		t.Errorf("picked %v", got)
	}
	if products, complete := s.Cover(s.True(), s.True(), 5); !complete || len(products) != 1 || len(products[0]) != 0 {
		t.Errorf("everything is one empty product: %v", products)
	}
	if products, complete := s.Cover(s.False(), s.True(), 5); !complete || len(products) != 0 {
		t.Errorf("nothing is no product: %v", products)
	}
}
