// Package terraform reads plans, as terraform show -json prints them, and makes of them changes of the facts of a snapshot: what IAM, Organizations, S3, KMS
// and SQS would hold after the apply.
//
// Of values that are known only after the apply, a reference to another resource of the plan is followed by what the configuration says; anything else is
// unknown in answers too. Resources of a kind that is not understood are named, and where they may decide access, answers are not complete.
package terraform

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/ingest/edit"
)

// Options say what a plan does not say itself.
type Options struct {
	Account string // of resources whose account cannot be told; empty: they are not understood
}

// document is a plan as far as it is read.
type document struct {
	FormatVersion   string              `json:"format_version"`
	Errored         bool                `json:"errored"`
	Complete        *bool               `json:"complete"`
	Variables       map[string]variable `json:"variables"`
	ResourceChanges []resourceChange    `json:"resource_changes"`
	Deferred        []jsontext.Value    `json:"deferred_changes"`
	PriorState      struct {
		Values stateOf `json:"values"`
	} `json:"prior_state"`
	Configuration struct {
		Providers map[string]provider `json:"provider_config"`
		Root      module              `json:"root_module"`
	} `json:"configuration"`
}

type variable struct {
	Value any `json:"value"`
}

type resourceChange struct {
	Address  string         `json:"address"`
	Module   string         `json:"module_address"`
	Mode     string         `json:"mode"`
	Type     string         `json:"type"`
	Name     string         `json:"name"`
	Index    jsontext.Value `json:"index"`
	Provider string         `json:"provider_name"`
	Change   struct {
		Actions []string       `json:"actions"`
		Before  map[string]any `json:"before"`
		After   map[string]any `json:"after"`
		Unknown any            `json:"after_unknown"`
	} `json:"change"`
}

type stateOf struct {
	Root stateModule `json:"root_module"`
}

type stateModule struct {
	Resources []struct {
		Address string         `json:"address"`
		Mode    string         `json:"mode"`
		Type    string         `json:"type"`
		Name    string         `json:"name"`
		Values  map[string]any `json:"values"`
	} `json:"resources"`
	Address  string        `json:"address"`
	Children []stateModule `json:"child_modules"`
}

type provider struct {
	Name        string         `json:"name"`
	Module      string         `json:"module_address"` // that configures it; empty: the root
	Expressions map[string]any `json:"expressions"`
}

type module struct {
	Resources []configResource      `json:"resources"`
	Calls     map[string]moduleCall `json:"module_calls"`
	Outputs   map[string]struct {
		Expression any `json:"expression"`
	} `json:"outputs"`
}

type moduleCall struct {
	Expressions map[string]any `json:"expressions"`
	Module      module         `json:"module"`
}

type configResource struct {
	Address     string         `json:"address"`
	ProviderKey string         `json:"provider_config_key"`
	Expressions map[string]any `json:"expressions"`
}

// maxDepth bounds how deep modules nest.
const maxDepth = 64

// Apply reads a plan and changes the facts of e as it says. The error is about the plan as a whole.
func Apply(ctx context.Context, path string, text []byte, e *edit.Editor, o Options) error {
	var d document
	if err := json.Unmarshal(text, &d); err != nil {
		return fmt.Errorf("this is no plan of terraform show -json: %w", err)
	}
	major, _, _ := strings.Cut(d.FormatVersion, ".")
	switch {
	case major != "1" && major != "0":
		return fmt.Errorf("the plan has format_version %.20q, and 1 is understood", d.FormatVersion)
	case d.Errored:
		return fmt.Errorf("the plan is one of a run that failed (errored is true): plan again")
	}
	p := newPlanner(ctx, path, &d, e, o)
	if n := len(d.Deferred); n > 0 || d.Complete != nil && !*d.Complete {
		e.Gap("%s: the plan is not complete: %d changes were deferred", path, n)
	}
	for _, step := range []func() error{p.deletions, p.entities, p.documents} {
		if err := step(); err != nil {
			return err
		}
	}
	p.tellOthers()
	return nil
}

// planner carries one plan.
type planner struct {
	ctx     context.Context
	path    string
	plan    *document
	editor  *edit.Editor
	options Options

	all      []*instance
	byPlace  map[string][]*instance // by module without indexes, and type.name
	config   map[string]*configResource
	modules  map[string]*module
	parents  map[string]string          // of the module at a path, the one that calls it
	accounts map[string]graph.AccountID // by the key of a provider's configuration
	regions  map[string]string          // the same
	followed []string                   // references, in words
}

// instance is one resource of the plan.
type instance struct {
	*resourceChange
	planner *planner
	kind    *kind  // nil: it is not understood
	path    string // of its module, without indexes
	config  *configResource
}

// kind is a type of resource that is understood.
type kind struct {
	entity bool // it is made before the documents, attachments and memberships of others
	put    func(c *instance) error
	remove func(c *instance) error
	arn    func(c *instance, v values) (graph.ARN, error) // of entities: with these values
}

func (c *instance) has(action string) bool { return slices.Contains(c.Change.Actions, action) }

// before and after are the values of the instance; those after may be unknown.
func (c *instance) before() values { return values{known: c.Change.Before} }
func (c *instance) after() values  { return values{c.Change.After, c.Change.Unknown} }

func newPlanner(ctx context.Context, path string, d *document, e *edit.Editor, o Options) *planner {
	p := &planner{
		ctx: ctx, path: path, plan: d, editor: e, options: o, byPlace: map[string][]*instance{}, config: map[string]*configResource{},
		modules: map[string]*module{}, parents: map[string]string{}, accounts: map[string]graph.AccountID{}, regions: map[string]string{},
	}
	p.readConfiguration("", &d.Configuration.Root, 0)
	understood := kinds()
	for i := range d.ResourceChanges {
		r := &d.ResourceChanges[i]
		if r.Mode == "data" {
			continue
		}
		c := &instance{resourceChange: r, planner: p, kind: understood[r.Type], path: withoutIndexes(r.Module)}
		c.config = p.config[c.path+"|"+r.Type+"."+r.Name]
		p.all = append(p.all, c)
		place := c.path + "|" + r.Type + "." + r.Name
		p.byPlace[place] = append(p.byPlace[place], c)
	}
	slices.SortStableFunc(p.all, func(a, b *instance) int { return cmp.Compare(a.Address, b.Address) })
	p.learnPlaces()
	return p
}

// readConfiguration lists the resources and modules of the configuration by their path.
func (p *planner) readConfiguration(path string, m *module, depth int) {
	if depth > maxDepth {
		return
	}
	p.modules[path] = m
	for i := range m.Resources {
		p.config[path+"|"+m.Resources[i].Address] = &m.Resources[i]
	}
	for name := range m.Calls {
		call := m.Calls[name]
		inner := join(path, name)
		p.parents[inner] = path
		p.readConfiguration(inner, &call.Module, depth+1)
	}
}

func join(path, call string) string {
	if path == "" {
		return "module." + call
	}
	return path + ".module." + call
}

// withoutIndexes is an address without what stands in brackets: module.a["x"].module.b[0] is module.a.module.b.
func withoutIndexes(address string) string {
	var b strings.Builder
	depth, quoted := 0, false
	for i := 0; i < len(address); i++ {
		switch c := address[i]; {
		case quoted:
			if c == '\\' {
				i++
			} else if c == '"' {
				quoted = false
			}
		case depth > 0 && c == '"':
			quoted = true
		case c == '[':
			depth++
		case c == ']':
			depth = max(depth-1, 0)
		case depth == 0:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// each calls do for the instances that it is for, in the order of their addresses.
func (p *planner) each(which func(*instance) bool, do func(*instance) error) error {
	for _, c := range p.all {
		if err := p.ctx.Err(); err != nil {
			return err
		}
		if c.kind == nil || !which(c) {
			continue
		}
		if err := do(c); err != nil {
			p.editor.Gap("%s: %s: %v", p.path, c.Address, err)
		}
	}
	return nil
}

// deletions takes away what the plan deletes or replaces: attachments and documents before entities.
func (p *planner) deletions() error {
	for _, entity := range []bool{false, true} {
		err := p.each(func(c *instance) bool { return c.kind.entity == entity && c.has("delete") && c.Change.Before != nil },
			func(c *instance) error { return c.kind.remove(c) })
		if err != nil {
			return err
		}
	}
	return nil
}

func changes(c *instance) bool { return (c.has("create") || c.has("update")) && c.Change.After != nil }

func (p *planner) entities() error {
	return p.each(func(c *instance) bool { return c.kind.entity && changes(c) }, func(c *instance) error { return c.kind.put(c) })
}

// documents puts what hangs on entities: first takes away what updates replace, so that none of it takes away what another puts.
func (p *planner) documents() error {
	err := p.each(func(c *instance) bool { return !c.kind.entity && c.has("update") && c.Change.Before != nil },
		func(c *instance) error { return c.kind.remove(c) })
	if err != nil {
		return err
	}
	return p.each(func(c *instance) bool { return !c.kind.entity && changes(c) }, func(c *instance) error { return c.kind.put(c) })
}
