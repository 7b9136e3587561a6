package catalog

import "strings"

// AccessLevel is a set of AWS's access levels: an action can have several, such as "Tagging, Write".
type AccessLevel uint8

// The access levels.
const (
	List AccessLevel = 1 << iota
	Read
	Write
	Tagging
	PermissionsManagement
)

// levelNames in the order in which AWS lists them.
var levelNames = []struct {
	level AccessLevel
	name  string
}{
	{List, "List"}, {Read, "Read"}, {PermissionsManagement, "Permissions management"}, {Tagging, "Tagging"}, {Write, "Write"},
}

// Has tells whether a holds all of the levels of b.
func (a AccessLevel) Has(b AccessLevel) bool { return a&b == b }

// String is the form that AWS prints: names with a comma between, "Tagging, Write".
func (a AccessLevel) String() string {
	var names []string
	for _, l := range levelNames {
		if a.Has(l.level) {
			names = append(names, l.name)
		}
	}
	return strings.Join(names, ", ")
}

// ParseAccessLevels reads what String writes, in any letter case, and the short form "permissions" that questions use. ok is
// false for anything else.
func ParseAccessLevels(s string) (levels AccessLevel, ok bool) {
	for name := range strings.SplitSeq(s, ",") {
		level, ok := parseLevel(strings.TrimSpace(name))
		if !ok {
			return 0, false
		}
		levels |= level
	}
	return levels, true
}

func parseLevel(name string) (AccessLevel, bool) {
	if strings.EqualFold(name, "permissions") {
		return PermissionsManagement, true
	}
	for _, l := range levelNames {
		if strings.EqualFold(l.name, name) {
			return l.level, true
		}
	}
	return 0, false
}
