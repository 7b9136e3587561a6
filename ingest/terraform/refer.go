package terraform

import (
	"strconv"
	"strings"
)

// maxFollowed bounds how far one reference is followed through modules.
const maxFollowed = 32

// expression finds what the configuration says an attribute is; nil where it says nothing. A path goes into blocks: "constraints", "0", "…".
func (c *instance) expression(path ...string) any {
	if c.config == nil {
		return nil
	}
	var at any = c.config.Expressions
	for _, name := range path {
		switch here := at.(type) {
		case map[string]any:
			at = here[name]
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i < 0 || i >= len(here) {
				return nil
			}
			at = here[i]
		default:
			return nil
		}
	}
	return at
}

// configured tells whether the configuration sets an attribute, or may: a plan without one does not say. Attributes that AWS or the provider chooses are
// unknown too, and mean nothing.
func (c *instance) configured(name string) bool {
	return c.config == nil || c.expression(name) != nil
}

// refer gives the one resource of the plan that an attribute refers to, nil where it is none, or may be several.
func (c *instance) refer(path ...string) *instance {
	found, ok := c.planner.follow(c, c.path, references(c.expression(path...)), 0)
	if !ok || len(found) != 1 {
		return nil
	}
	c.took(path[0], found[0])
	return found[0]
}

// took remembers for what an attribute was taken that is known only after the apply.
func (c *instance) took(attribute string, found *instance) {
	c.planner.followed = append(c.planner.followed, c.Address+" "+attribute+" is that of "+found.Address)
}

// references lists what an expression refers to, the longest forms alone: of aws_iam_role.r.arn and aws_iam_role.r the first.
func references(expression any) []string {
	m, _ := expression.(map[string]any)
	list, _ := m["references"].([]any)
	var out []string
	for _, element := range list {
		text, ok := element.(string)
		if !ok {
			continue
		}
		longer := false
		for _, have := range out {
			longer = longer || strings.HasPrefix(have, text+".") || strings.HasPrefix(have, text+"[")
		}
		if !longer {
			out = append(out, text)
		}
	}
	return out
}

// follow finds the resources that references of a module lead to; ok is false where one leads to something else.
func (p *planner) follow(c *instance, path string, refs []string, depth int) (found []*instance, ok bool) {
	if depth > maxFollowed {
		return nil, false
	}
	for _, ref := range refs {
		var more []*instance
		parts := split(ref)
		switch {
		case len(parts) == 0:
			return nil, false
		case parts[0] == "each" || parts[0] == "count":
			continue // which instance it is: that of the same index
		case parts[0] == "var" && len(parts) > 1:
			parent, inner := p.parents[path]
			if !inner {
				return nil, false
			}
			call := p.modules[parent].Calls[path[strings.LastIndex(path, "module.")+len("module."):]]
			more, ok = p.follow(c, parent, references(call.Expressions[parts[1]]), depth+1)
		case parts[0] == "module" && len(parts) > 2:
			inner := join(path, withoutIndexes(parts[1]))
			m := p.modules[inner]
			if m == nil {
				return nil, false
			}
			more, ok = p.follow(c, inner, references(m.Outputs[withoutIndexes(parts[2])].Expression), depth+1)
		case len(parts) > 1:
			more, ok = p.instances(c, path, parts[0], parts[1]), true
		default:
			ok = false
		}
		if !ok || len(more) == 0 {
			return nil, false
		}
		for _, one := range more {
			if !contains(found, one) {
				found = append(found, one)
			}
		}
	}
	return found, len(found) > 0
}

func contains(list []*instance, c *instance) bool {
	for _, have := range list {
		if have == c {
			return true
		}
	}
	return false
}

// instances gives those of a resource that c may mean: the one that is named by index, the one with the index of c, or all.
func (p *planner) instances(c *instance, path, kind, name string) []*instance {
	bare := withoutIndexes(name)
	all := p.byPlace[path+"|"+kind+"."+bare]
	if len(all) <= 1 {
		return all
	}
	var exact, alike []*instance
	for _, one := range all {
		switch {
		case strings.HasSuffix(one.Address, kind+"."+name) && name != bare:
			exact = append(exact, one)
		case string(one.Index) == string(c.Index) && one.Module == c.Module, one.Index == nil && one.Module == c.Module:
			alike = append(alike, one)
		}
	}
	if len(exact) == 1 {
		return exact
	}
	if name == bare && len(alike) == 1 {
		return alike
	}
	return all
}

// split cuts a reference at its dots, but for those in brackets: module.a["x.y"].out has three parts.
func split(ref string) []string {
	var out []string
	depth, start := 0, 0
	for i := 0; i < len(ref); i++ {
		switch ref[i] {
		case '[':
			depth++
		case ']':
			depth = max(depth-1, 0)
		case '.':
			if depth == 0 {
				out = append(out, ref[start:i])
				start = i + 1
			}
		}
	}
	if start < len(ref) {
		out = append(out, ref[start:])
	}
	return out
}
