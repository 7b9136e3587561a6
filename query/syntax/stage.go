package syntax

// Stage is one of *Where, *Select, *GroupBy, *SortBy, *Limit and *Count: what rows run through after a question.
type Stage interface {
	Node
	stage()
}

// Where keeps the rows for which a predicate holds.
type Where struct {
	Predicate Predicate
	Pos       Pos
}

// Select keeps some fields of each row.
type Select struct {
	Fields []Field
	Pos    Pos
}

// GroupBy makes one row of all that agree in some fields.
type GroupBy struct {
	Fields []Field
	Count  bool // count was written; the rows have a count either way
	Pos    Pos
}

// SortBy orders the rows by a field.
type SortBy struct {
	Field      Field
	Descending bool
	Pos        Pos
}

// Limit keeps the first rows.
type Limit struct {
	Rows int
	Pos  Pos
}

// Count makes one row that holds the number of rows.
type Count struct {
	Pos Pos
}

// Field names a field of rows: account, tags.Team, grants.conditions.
type Field struct {
	Name string
	Pos  Pos
}

func (*Where) stage()   {}
func (*Select) stage()  {}
func (*GroupBy) stage() {}
func (*SortBy) stage()  {}
func (*Limit) stage()   {}
func (*Count) stage()   {}

// Position tells where the stage begins.
func (s *Where) Position() Pos { return s.Pos }

// Position tells where the stage begins.
func (s *Select) Position() Pos { return s.Pos }

// Position tells where the stage begins.
func (s *GroupBy) Position() Pos { return s.Pos }

// Position tells where the stage begins.
func (s *SortBy) Position() Pos { return s.Pos }

// Position tells where the stage begins.
func (s *Limit) Position() Pos { return s.Pos }

// Position tells where the stage begins.
func (s *Count) Position() Pos { return s.Pos }

// Position tells where the field begins.
func (f *Field) Position() Pos { return f.Pos }
