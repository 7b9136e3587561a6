package catalog

import (
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator/catalog/internal/format"
)

// KeyType is the type of a condition key's values.
type KeyType uint8

// The types of condition keys.
const (
	String KeyType = iota
	ARN
	Bool
	Numeric
	Date
	IPAddress
	Binary
)

var typeNames = [...]string{"String", "ARN", "Bool", "Numeric", "Date", "IPAddress", "Binary"}

// String is AWS's name of the type.
func (t KeyType) String() string {
	if int(t) < len(typeNames) {
		return typeNames[t]
	}
	return "unknown"
}

// ParseKeyType reads a type as AWS prints it; ArrayOfString is String with several values. ok is false for other text.
func ParseKeyType(s string) (t KeyType, multivalued, ok bool) {
	name, multivalued := strings.CutPrefix(s, "ArrayOf")
	i := slices.Index(typeNames[:], name)
	if i < 0 {
		return 0, false, false
	}
	return KeyType(i), multivalued, true
}

// KeyInfo is one condition key or, when its name has a free part (${…} or <…>), a family of keys.
type KeyInfo struct {
	Name        string // as AWS spells it: aws:RequestTag/${TagKey}
	Type        KeyType
	Multivalued bool // a request can hold several values, so set operators apply (C10)
	Global      bool // on AWS's page of global keys: it does not depend on the service called

	lower          string
	before, after  string // of a family: lower-case text around the free part
	family         bool
	positionInFile int
}

// Family tells whether the name has a free part.
func (k *KeyInfo) Family() bool { return k.family }

// Matches tells whether a key, by its lower-case name, is this key or one of this family: the free part is not empty.
// The family itself, spelled with its free part, matches too.
func (k *KeyInfo) Matches(lower string) bool {
	if !k.family {
		return k.lower == lower
	}
	return len(lower) > len(k.before)+len(k.after) && strings.HasPrefix(lower, k.before) && strings.HasSuffix(lower, k.after)
}

// keyTable is every key, with an index by lower-case name. Families are kept apart and found by their fixed text.
type keyTable struct {
	all      []KeyInfo // sorted by lower-case name
	globals  []*KeyInfo
	exact    map[string]*KeyInfo
	families []*KeyInfo
}

func newKeyTable(keys []format.Key) *keyTable {
	t := &keyTable{all: make([]KeyInfo, len(keys)), exact: make(map[string]*KeyInfo, len(keys))}
	for i, raw := range keys {
		k := &t.all[i]
		*k = KeyInfo{
			Name: raw.Name, Type: KeyType(raw.Type), Multivalued: raw.Multi, Global: raw.Global,
			lower: strings.ToLower(raw.Name), positionInFile: i,
		}
		t.exact[k.lower] = k
		if k.before, k.after, k.family = freePart(k.lower); k.family {
			t.families = append(t.families, k)
		}
		if k.Global {
			t.globals = append(t.globals, k)
		}
	}
	return t
}

// find gives nil when no key or family has the name.
func (t *keyTable) find(lower string) *KeyInfo {
	if k := t.exact[lower]; k != nil {
		return k
	}
	var best *KeyInfo
	for _, k := range t.families { // the family with the most fixed text, so that …/${Key}/Matcher beats …/${Key}
		if k.Matches(lower) && (best == nil || len(k.before)+len(k.after) > len(best.before)+len(best.after)) {
			best = k
		}
	}
	return best
}

// freePart cuts a name around its one ${…} or <…>.
func freePart(name string) (before, after string, ok bool) {
	for _, mark := range [...][2]string{{"${", "}"}, {"<", ">"}} {
		before, rest, found := strings.Cut(name, mark[0])
		if _, after, closed := strings.Cut(rest, mark[1]); found && closed {
			return before, after, true
		}
	}
	return "", "", false
}

func hasKey(keys []*KeyInfo, lower string) bool {
	for _, k := range keys {
		if k.Matches(lower) {
			return true
		}
	}
	return false
}

// mergeKeys is the union of lists, sorted by lower-case name; an argument may come back as it is.
func mergeKeys(lists ...[]*KeyInfo) []*KeyInfo {
	var out []*KeyInfo
	owned := false
	for _, l := range lists {
		switch {
		case len(l) == 0:
		case len(out) == 0:
			out = l
		default:
			if !owned {
				out, owned = slices.Clone(out), true
			}
			out = append(out, l...)
		}
	}
	if owned {
		slices.SortFunc(out, func(a, b *KeyInfo) int { return a.positionInFile - b.positionInFile })
		out = slices.Compact(out)
	}
	return out
}
