package picture

import "strings"

// property is what is said of a node or an edge under a name; its value is a string, a bool or a []string.
type property struct {
	name  string
	value any
}

// properties of a node, but for its id; what is empty is left out.
func (n *Node) properties() []property {
	return filled([]property{
		{"name", n.Name()}, {"kind", n.Kind}, {"account", n.Account}, {"administrator", n.Admin != ""}, {"admin", n.Admin}, {"withheld", n.Withheld},
		{"source", n.Source}, {"target", n.Target},
	})
}

// properties of an edge, but for its ends and its kind; what is empty is left out.
func (e *Edge) properties() []property {
	return filled([]property{
		{"technique", e.Technique}, {"title", e.Title}, {"catalogue", e.Catalogue}, {"escalation", e.Escalation()}, {"verdict", string(e.Verdict)},
		{"conditions", e.When()}, {"via", e.Via}, {"assumptions", e.Assumptions}, {"remedy", e.Remedy},
	})
}

func filled(all []property) []property {
	out := all[:0]
	for _, p := range all {
		switch v := p.value.(type) {
		case string:
			if v == "" {
				continue
			}
		case []string:
			if len(v) == 0 {
				continue
			}
		}
		out = append(out, p)
	}
	return out
}

// identifier makes a word of letters, digits and underscores that begins with a letter, in capitals at the beginning of each part where pascal is
// set: kinds are such words already, and whatever else were one could not do any harm.
func identifier(kind string, pascal bool) string {
	var b strings.Builder
	begins := true
	for _, r := range kind {
		letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
		switch {
		case !letter && (r < '0' || '9' < r || b.Len() == 0):
			begins = true
			if !pascal && b.Len() > 0 {
				b.WriteByte('_')
			}
			continue
		case pascal && begins:
			b.WriteString(strings.ToUpper(string(r)))
		case pascal:
			b.WriteString(strings.ToLower(string(r)))
		default:
			b.WriteRune(r)
		}
		begins = false
	}
	if b.Len() == 0 {
		return "Other"
	}
	return b.String()
}
