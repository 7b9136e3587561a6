package graph

import (
	"bytes"
	"slices"
	"strings"
)

// kindOfRecord is how records of one kind are told apart and paired.
type kindOfRecord[T any] struct {
	key  func(*T) string
	code func(*coder, *T)
	id   func(*T) string        // AWS's unique id; nil: there is none
	gap  func(*reading, *T) Gap // why a snapshot that does not have the record may not have read it
}

// pair finds what differs between two lists of records, each in the order of its keys. Records that stand in both are left out.
func (k kindOfRecord[T]) pair(d *differ, before, after []*T) []Change[T] {
	before, after = k.without(before, after), k.without(after, before)
	out := k.renamed(&before, &after)
	for len(before) > 0 || len(after) > 0 {
		switch c := k.compare(before, after); {
		case c < 0:
			out = append(out, Change[T]{Kind: Removed, Before: before[0]})
			before = before[1:]
		case c > 0:
			out = append(out, Change[T]{Kind: Added, After: after[0]})
			after = after[1:]
		default:
			kind := Changed
			if k.id != nil && k.id(before[0]) != k.id(after[0]) && k.id(before[0]) != "" && k.id(after[0]) != "" {
				kind = Recreated
			}
			out = append(out, Change[T]{Kind: kind, Before: before[0], After: after[0]})
			before, after = before[1:], after[1:]
		}
	}
	for i := range out {
		k.doubt(d, &out[i])
	}
	slices.SortStableFunc(out, func(a, b Change[T]) int { return strings.Compare(k.key(either(a)), k.key(either(b))) })
	return out
}

// doubt makes an addition or removal unknown where the other snapshot may not have read what it would have been among.
func (k kindOfRecord[T]) doubt(d *differ, c *Change[T]) {
	if k.gap == nil || c == nil {
		return
	}
	switch c.Kind {
	case Added:
		c.Gap = k.gap(&d.from, c.After)
	case Removed:
		c.Gap = k.gap(&d.to, c.Before)
	}
	if !c.Gap.IsZero() {
		c.Kind = UnknownChange
	}
}

// either gives the version by whose key a change is listed: the later one if there is one.
func either[T any](c Change[T]) *T {
	if c.After != nil {
		return c.After
	}
	return c.Before
}

// compare orders the first of two lists, of which one may be empty.
func (k kindOfRecord[T]) compare(before, after []*T) int {
	switch {
	case len(after) == 0:
		return -1
	case len(before) == 0:
		return 1
	}
	return strings.Compare(k.key(before[0]), k.key(after[0]))
}

// without gives the records of list that other does not have. Leaves that differ share most of their records.
func (k kindOfRecord[T]) without(list, other []*T) []*T {
	var out []*T
	at := 0
	for _, v := range list {
		for at < len(other) && k.key(other[at]) < k.key(v) {
			at++
		}
		same := false
		for i := at; i < len(other) && !same && k.key(other[i]) == k.key(v); i++ { // names that two records have are rare
			same = k.equal(v, other[i])
		}
		if !same {
			out = append(out, v)
		}
	}
	return out
}

// equal compares whole records by the bytes that a store would keep.
func (k kindOfRecord[T]) equal(a, b *T) bool {
	x, _ := encode(a, k.code)
	y, _ := encode(b, k.code)
	return bytes.Equal(x, y)
}

// renamed takes out of the lists the records that have one unique id under two keys, and gives them as changes (F16).
func (k kindOfRecord[T]) renamed(before, after *[]*T) []Change[T] {
	if k.id == nil {
		return nil
	}
	keys, ids := map[string]bool{}, map[string]*T{}
	for _, v := range *after {
		keys[k.key(v)] = true
		if id := k.id(v); id != "" {
			ids[id] = v
		}
	}
	var out []Change[T]
	gone := map[*T]bool{}
	for _, v := range *before {
		// An entity that is still there under its name is no candidate: that name tells more than a copied id.
		if w := ids[k.id(v)]; w != nil && !keys[k.key(v)] && !gone[w] {
			gone[v], gone[w] = true, true
			out = append(out, Change[T]{Kind: Changed, Before: v, After: w})
		}
	}
	if len(out) > 0 {
		taken := func(v *T) bool { return gone[v] }
		*before, *after = slices.DeleteFunc(*before, taken), slices.DeleteFunc(*after, taken)
	}
	return out
}

// pointers gives the elements of a list that the model holds by value.
func pointers[T any](list []T) []*T {
	out := make([]*T, len(list))
	for i := range list {
		out[i] = &list[i]
	}
	return out
}

// one gives the change of what an owner has one of; nil where both say the same.
func one[T any](before, after *T, code func(*coder, *T)) *Change[T] {
	switch {
	case before == nil && after == nil:
		return nil
	case before == nil:
		return &Change[T]{Kind: Added, After: after}
	case after == nil:
		return &Change[T]{Kind: Removed, Before: before}
	case (kindOfRecord[T]{code: code}).equal(before, after):
		return nil
	}
	return &Change[T]{Kind: Changed, Before: before, After: after}
}
