package catalog

import (
	_ "embed"
	"fmt"
	"iter"
	"sort"
	"strings"
	"sync"

	"github.com/accessgraph/accessgraph/evaluator/catalog/internal/format"
)

//go:embed catalog.bin
var embedded string

// Catalog is everything the embedded data says.
type Catalog struct {
	file     *format.File
	services []lazyService
	keys     func() *keyTable
}

// lazyService is expanded at its first use.
type lazyService struct {
	once    sync.Once
	service *Service
}

// Load opens the embedded catalogue. It costs well under a millisecond; keep the result, since what is expanded later is
// kept in it. An error means that the program's own bytes are damaged.
func Load() (*Catalog, error) { return load(embedded) }

func load(data string) (*Catalog, error) {
	file, err := format.Open(data)
	if err != nil {
		return nil, fmt.Errorf("catalogue of actions: %w", err)
	}
	c := &Catalog{file: file, services: make([]lazyService, len(file.Entries))}
	c.keys = sync.OnceValue(func() *keyTable {
		keys, err := file.Keys()
		if err != nil {
			panic(damaged(err))
		}
		return newKeyTable(keys)
	})
	return c, nil
}

// damaged is the message of a panic that only a broken build can reach: Load has checked the checksum of the data, and a
// test expands all of it.
func damaged(err error) string {
	return "embedded catalogue passed its checksum and cannot be read: " + err.Error()
}

// Version is the version of the package that the data was generated from.
func (c *Catalog) Version() string { return c.file.Version }

// Date is the day on which that package was made from AWS's pages, as 2006-01-02.
func (c *Catalog) Date() string { return c.file.Date }

// Services lists the prefixes of all services, sorted.
func (c *Catalog) Services() []string {
	out := make([]string, len(c.file.Entries))
	for i := range c.file.Entries {
		out[i] = c.file.Entries[i].Prefix
	}
	return out
}

// Service finds a service by its prefix ("kms"), in any letter case (B2).
func (c *Catalog) Service(prefix string) (*Service, bool) {
	i, ok := c.find(prefix)
	if !ok {
		return nil, false
	}
	return c.service(i), true
}

// Known tells whether there is a service of that prefix, without expanding it.
func (c *Catalog) Known(prefix string) bool {
	_, ok := c.find(prefix)
	return ok
}

func (c *Catalog) find(prefix string) (int, bool) {
	entries := c.file.Entries
	i := sort.Search(len(entries), func(i int) bool { return compareFold(entries[i].Prefix, prefix) >= 0 })
	return i, i < len(entries) && compareFold(entries[i].Prefix, prefix) == 0
}

func (c *Catalog) service(i int) *Service {
	slot := &c.services[i]
	slot.once.Do(func() {
		raw, err := c.file.Service(i)
		if err != nil {
			panic(damaged(err))
		}
		slot.service = newService(&raw, c.keys())
	})
	return slot.service
}

// Action finds an action by its full name ("kms:Decrypt"), in any letter case (B2).
func (c *Catalog) Action(name string) (*Action, bool) {
	prefix, short, ok := strings.Cut(name, ":")
	if !ok {
		return nil, false
	}
	s, ok := c.Service(prefix)
	if !ok {
		return nil, false
	}
	return s.Action(short)
}

// Canonical gives an action's name as AWS spells it.
func (c *Catalog) Canonical(name string) (string, bool) {
	a, ok := c.Action(name)
	if !ok {
		return "", false
	}
	return a.Name, true
}

// Actions ranges over the actions that a pattern matches, by service and then name (B2, B3, B20): "*" and "?" are
// wildcards, letter case does not matter, and a star also spans the colon. Only services that can match are expanded.
func (c *Catalog) Actions(pattern string) iter.Seq[*Action] {
	head := pattern
	if i := strings.IndexAny(pattern, "*?"); i >= 0 {
		head = pattern[:i]
	}
	return func(yield func(*Action) bool) {
		for i := range c.file.Entries {
			if !headFits(c.file.Entries[i].Prefix, head) {
				continue
			}
			for _, a := range c.service(i).Actions {
				if matchFold(pattern, a.Name) && !yield(a) {
					return
				}
			}
		}
	}
}

// headFits tells whether a pattern whose text before its first wildcard is head can match an action of the service.
func headFits(prefix, head string) bool {
	if before, _, ok := strings.Cut(head, ":"); ok {
		return strings.EqualFold(prefix, before)
	}
	return len(head) <= len(prefix) && strings.EqualFold(prefix[:len(head)], head)
}

// ActionKeys lists the condition keys that a request for the action can carry as far as AWS documents it: the action's
// own, those of its resource types, and the global ones (C30). ok is false for an action that the catalogue does not know.
func (c *Catalog) ActionKeys(action string) (keys []*KeyInfo, ok bool) {
	a, ok := c.Action(action)
	if !ok {
		return nil, false
	}
	return mergeKeys(a.Keys(), c.keys().globals), true
}

// ConditionKey finds a condition key by name in any letter case; a name such as aws:RequestTag/team is found under its
// family aws:RequestTag/${TagKey}. ok is false for a key that AWS documents nowhere.
func (c *Catalog) ConditionKey(name string) (info KeyInfo, ok bool) {
	k := c.keys().find(strings.ToLower(name))
	if k == nil {
		return KeyInfo{}, false
	}
	return *k, true
}

// GlobalKeys lists the global condition keys, sorted by name.
func (c *Catalog) GlobalKeys() []*KeyInfo { return c.keys().globals }
