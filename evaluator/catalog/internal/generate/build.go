package main

import (
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator/catalog"
	"github.com/accessgraph/accessgraph/evaluator/catalog/internal/format"
)

// moreGlobals are global keys that the package does not list and AWS's page of global keys does.
var moreGlobals = []keyRecord{{Key: "aws:SignInSessionArn", Type: "ARN"}}

// builder turns the package's records into positions and interned lists.
type builder struct {
	pkg  *npmPackage
	keys []format.Key
	at   map[string]int // lower-case key name -> position in keys
}

func build(pkg *npmPackage) (*format.Data, error) {
	b := &builder{pkg: pkg, at: map[string]int{}}
	if err := b.collectKeys(); err != nil {
		return nil, err
	}
	date, _, _ := strings.Cut(pkg.UpdatedAt, "T")
	d := &format.Data{Version: pkg.Version, Date: date, Keys: b.keys}
	for _, prefix := range slices.Sorted(maps.Keys(pkg.actions)) {
		s, err := b.service(prefix)
		if err != nil {
			return nil, fmt.Errorf("service %s: %w", prefix, err)
		}
		d.Services = append(d.Services, s)
	}
	return d, nil
}

// collectKeys gives every key one type. Services disagree about one key; what the page of global keys says then wins, since
// a session key means the same for whatever service is called.
func (b *builder) collectKeys() error {
	byName := map[string]format.Key{}
	add := func(r keyRecord, global bool) error {
		lower := strings.ToLower(r.Key)
		if k, ok := byName[lower]; ok && k.Global {
			return nil
		}
		kind, multi, ok := catalog.ParseKeyType(r.Type)
		if !ok {
			return fmt.Errorf("condition key %s: unknown type %q", r.Key, r.Type)
		}
		byName[lower] = format.Key{Name: r.Key, Type: uint8(kind), Multi: multi, Global: global}
		return nil
	}
	for _, r := range slices.Concat(b.pkg.globals, moreGlobals) {
		if err := add(r, true); err != nil {
			return err
		}
	}
	for _, prefix := range slices.Sorted(maps.Keys(b.pkg.keyPages)) {
		page := b.pkg.keyPages[prefix]
		for _, name := range slices.Sorted(maps.Keys(page)) {
			if err := add(page[name], false); err != nil {
				return err
			}
		}
	}
	for i, lower := range slices.Sorted(maps.Keys(byName)) {
		b.at[lower] = i
		b.keys = append(b.keys, byName[lower])
	}
	return nil
}

func (b *builder) service(prefix string) (format.Service, error) {
	s := format.Service{Prefix: prefix, Name: b.pkg.names[prefix], RCP: slices.Contains(b.pkg.rcp, prefix)}
	if s.Name == "" || prefix != strings.ToLower(prefix) {
		return s, fmt.Errorf("name %q: want a name, and a prefix in lower case", s.Name)
	}
	local := map[int]int{} // position among all keys -> position in s.Keys
	for name := range b.pkg.keyPages[prefix] {
		s.Keys = append(s.Keys, b.at[name])
	}
	sort.Ints(s.Keys)
	for i, k := range s.Keys {
		local[k] = i
	}
	in := &interner{lists: map[string]int{}, resources: map[string]int{}, service: &s, keys: b.at, local: local}

	typeAt := map[string]int{}
	types := b.pkg.types[prefix]
	for _, name := range slices.Sorted(maps.Keys(types)) {
		r := types[name]
		list, err := in.keyList(r.ConditionKeys)
		if err != nil {
			return s, fmt.Errorf("resource type %s: %w", r.Key, err)
		}
		typeAt[name] = len(s.Types)
		s.Types = append(s.Types, format.Type{Name: r.Key, ARN: r.ARN, Keys: list})
	}
	actions := b.pkg.actions[prefix]
	for _, name := range slices.Sorted(maps.Keys(actions)) {
		a, err := in.action(actions[name], typeAt)
		if err != nil {
			return s, fmt.Errorf("action %s: %w", name, err)
		}
		s.Actions = append(s.Actions, a)
	}
	return s, nil
}

// interner keeps each distinct list of a service once.
type interner struct {
	lists     map[string]int
	resources map[string]int
	service   *format.Service
	keys      map[string]int
	local     map[int]int
}

func (in *interner) action(r actionRecord, typeAt map[string]int) (format.Action, error) {
	access, ok := catalog.ParseAccessLevels(r.AccessLevel)
	if !ok {
		return format.Action{}, fmt.Errorf("unknown access level %q", r.AccessLevel)
	}
	list, err := in.keyList(r.ConditionKeys)
	if err != nil {
		return format.Action{}, err
	}
	resources := make([]format.Resource, 0, len(r.ResourceTypes))
	for _, t := range r.ResourceTypes {
		at, ok := typeAt[strings.ToLower(t.Name)]
		if !ok {
			return format.Action{}, fmt.Errorf("resource type %q is not on the service's page", t.Name)
		}
		keys, err := in.keyList(t.ConditionKeys)
		if err != nil {
			return format.Action{}, err
		}
		resources = append(resources, format.Resource{Type: at, Required: t.Required, Keys: keys})
	}
	sort.SliceStable(resources, func(i, j int) bool { return resources[i].Type < resources[j].Type })
	id := fmt.Sprint(resources)
	at, ok := in.resources[id]
	if !ok {
		at = len(in.service.ResourceLists)
		in.resources[id] = at
		in.service.ResourceLists = append(in.service.ResourceLists, resources)
	}
	return format.Action{Name: r.Name, Access: uint8(access), Keys: list, Resources: at}, nil
}

func (in *interner) keyList(names []string) (int, error) {
	list := make([]int, 0, len(names))
	for _, n := range names {
		at, ok := in.local[in.keys[strings.ToLower(n)]]
		if _, known := in.keys[strings.ToLower(n)]; !ok || !known {
			return 0, fmt.Errorf("condition key %q is not on the service's page", n)
		}
		list = append(list, at)
	}
	slices.Sort(list)
	list = slices.Compact(list)
	id := fmt.Sprint(list)
	at, ok := in.lists[id]
	if !ok {
		at = len(in.service.KeyLists)
		in.lists[id] = at
		in.service.KeyLists = append(in.service.KeyLists, list)
	}
	return at, nil
}
