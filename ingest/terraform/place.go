package terraform

import (
	"errors"
	"strings"

	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/ingest/edit"
)

var (
	errNoAccount = errors.New("its account cannot be told: give it as --with-account")
	errNoRegion  = errors.New("its Region cannot be told: it is no constant of the provider's configuration")
)

// providerKey names the configuration of the provider that manages an instance.
func (c *instance) providerKey() string {
	if c.config == nil {
		return ""
	}
	return c.config.ProviderKey
}

// learnPlaces finds the account and the Region of each configuration of the provider: from the configuration, and from ARNs of resources that are there.
func (p *planner) learnPlaces() {
	many := map[string]bool{}
	learn := func(key string, account graph.AccountID, region string) {
		if account != "" && edit.IsAccount(string(account)) {
			if have := p.accounts[key]; have != "" && have != account {
				many[key] = true
			}
			p.accounts[key] = account
		}
		if region != "" && p.regions[key] == "" {
			p.regions[key] = region
		}
	}
	for _, c := range p.all {
		if text, ok := c.before().text("arn"); ok && text != "" {
			arn := graph.ARN(text)
			_, _, region, _, _, _ := arn.Split()
			learn(c.providerKey(), edit.Owner(arn), region)
		}
	}
	p.learnState(&p.plan.PriorState.Values.Root, learn, 0)
	for key := range many { // ARNs of several accounts: of shared resources, for example
		delete(p.accounts, key)
	}
	for key, conf := range p.plan.Configuration.Providers {
		if conf.Name != "aws" {
			continue
		}
		if region := p.constant(conf, conf.Expressions["region"]); region != "" {
			p.regions[key] = region
		}
		if account := p.assumed(conf); account != "" {
			p.accounts[key] = account
		}
	}
}

// learnState reads who a data source says the caller is, and ARNs of managed resources.
func (p *planner) learnState(m *stateModule, learn func(key string, account graph.AccountID, region string), depth int) {
	if depth > maxDepth {
		return
	}
	path := withoutIndexes(m.Address)
	for _, r := range m.Resources {
		address := r.Type + "." + r.Name
		if r.Mode == "data" {
			address = "data." + address
		}
		key := ""
		if conf := p.config[path+"|"+address]; conf != nil {
			key = conf.ProviderKey
		}
		if id, ok := r.Values["account_id"].(string); ok && r.Mode == "data" && r.Type == "aws_caller_identity" {
			learn(key, graph.AccountID(id), "")
		}
		if text, ok := r.Values["arn"].(string); ok && r.Mode != "data" {
			_, _, region, _, _, _ := graph.ARN(text).Split()
			learn(key, edit.Owner(graph.ARN(text)), region)
		}
	}
	for i := range m.Children {
		p.learnState(&m.Children[i], learn, depth+1)
	}
}

// constant gives what an expression of a provider's configuration is, where it is a constant or a variable of the root with a value; empty else.
func (p *planner) constant(conf provider, expression any) string {
	m, _ := expression.(map[string]any)
	if text, ok := m["constant_value"].(string); ok {
		return text
	}
	refs := references(m)
	if len(refs) == 1 && conf.Module == "" {
		if name, ok := strings.CutPrefix(refs[0], "var."); ok {
			text, _ := p.plan.Variables[name].Value.(string)
			return text
		}
	}
	return ""
}

// assumed is the account of the role that a configuration assumes.
func (p *planner) assumed(conf provider) graph.AccountID {
	list, _ := conf.Expressions["assume_role"].([]any)
	if len(list) == 0 {
		return ""
	}
	block, _ := list[len(list)-1].(map[string]any)
	return edit.Owner(graph.ARN(p.constant(conf, block["role_arn"])))
}

// account is the account that an instance is in.
func (c *instance) account() (graph.AccountID, error) {
	for _, v := range []values{c.before(), c.after()} {
		if text, ok := v.text("arn"); ok {
			if id := edit.Owner(graph.ARN(text)); id != "" {
				return id, nil
			}
		}
	}
	p := c.planner
	if id := p.accounts[c.providerKey()]; id != "" {
		return id, nil
	}
	if len(p.accounts) == 1 && len(p.plan.Configuration.Providers) <= 1 {
		for _, id := range p.accounts {
			return id, nil
		}
	}
	if p.options.Account != "" {
		return graph.AccountID(p.options.Account), nil
	}
	if facts := p.editor.Facts.Accounts; len(facts) == 1 && len(p.plan.Configuration.Providers) <= 1 {
		return facts[0].ID, nil
	}
	return "", errNoAccount
}

// region is the Region that an instance is in.
func (c *instance) region() (string, error) {
	for _, v := range []values{c.after(), c.before()} {
		if text, ok := v.text("region"); ok && text != "" && v.known != nil {
			return text, nil
		}
		if text, ok := v.text("arn"); ok {
			if _, _, region, _, _, is := graph.ARN(text).Split(); is && region != "" {
				return region, nil
			}
		}
	}
	p := c.planner
	if region := p.regions[c.providerKey()]; region != "" {
		return region, nil
	}
	if len(p.regions) == 1 && len(p.plan.Configuration.Providers) <= 1 {
		for _, region := range p.regions {
			return region, nil
		}
	}
	return "", errNoRegion
}

// partition is that of a Region, or of the provider's.
func (c *instance) partition() string {
	region, _ := c.region()
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	}
	return "aws"
}

// placeholder is a name for something whose name AWS or Terraform chooses: no policy can have it yet.
func (c *instance) placeholder() string {
	return "planned-" + strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._-", r) {
			return r
		}
		return '-'
	}, c.Address)
}
