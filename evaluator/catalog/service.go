package catalog

import (
	"sort"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator/catalog/internal/format"
)

// Service is one service prefix and all that its page says.
type Service struct {
	Prefix        string // lower case: "kms"
	Name          string // "AWS Key Management Service"
	RCP           bool   // resource control policies apply to it (D14)
	Actions       []*Action
	ResourceTypes []*ResourceType
	ConditionKeys []*KeyInfo // every key of the service's page, whether an action names it or not
}

// Action is one action. Actions of a service are sorted by name, letter case aside.
type Action struct {
	Name          string // "kms:Decrypt", as AWS spells it
	Access        AccessLevel
	Resources     []ActionResource // none: the action is authorised against "*" (B10)
	ConditionKeys []*KeyInfo       // the action's own, whatever it acts on
	Service       *Service
}

// ActionResource is one kind of resource that an action acts on.
type ActionResource struct {
	Type          *ResourceType
	Required      bool       // every request names one
	ConditionKeys []*KeyInfo // keys that the request has when it names this type
}

func newService(raw *format.Service, table *keyTable) *Service {
	s := &Service{Prefix: raw.Prefix, Name: raw.Name, RCP: raw.RCP}
	s.ConditionKeys = make([]*KeyInfo, len(raw.Keys))
	for i, k := range raw.Keys {
		s.ConditionKeys[i] = &table.all[k]
	}
	lists := make([][]*KeyInfo, len(raw.KeyLists))
	for i, l := range raw.KeyLists {
		lists[i] = make([]*KeyInfo, len(l))
		for j, k := range l {
			lists[i][j] = s.ConditionKeys[k]
		}
	}
	types := make([]ResourceType, len(raw.Types))
	s.ResourceTypes = make([]*ResourceType, len(types))
	for i, t := range raw.Types {
		types[i] = newResourceType(t.Name, t.ARN, lists[t.Keys])
		s.ResourceTypes[i] = &types[i]
	}
	resources := make([][]ActionResource, len(raw.ResourceLists))
	for i, l := range raw.ResourceLists {
		resources[i] = make([]ActionResource, len(l))
		for j, r := range l {
			resources[i][j] = ActionResource{Type: &types[r.Type], Required: r.Required, ConditionKeys: lists[r.Keys]}
		}
	}
	names := fullNames(raw)
	actions := make([]Action, len(raw.Actions))
	s.Actions = make([]*Action, len(actions))
	for i, a := range raw.Actions {
		actions[i] = Action{
			Name: names[i], Access: AccessLevel(a.Access), Resources: resources[a.Resources],
			ConditionKeys: lists[a.Keys], Service: s,
		}
		s.Actions[i] = &actions[i]
	}
	return s
}

// fullNames puts the prefix before every name, in one allocation of text.
func fullNames(raw *format.Service) []string {
	size := len(raw.Actions) * (len(raw.Prefix) + 1)
	for _, a := range raw.Actions {
		size += len(a.Name)
	}
	var b strings.Builder
	b.Grow(size)
	for _, a := range raw.Actions {
		b.WriteString(raw.Prefix)
		b.WriteByte(':')
		b.WriteString(a.Name)
	}
	text := b.String()
	names := make([]string, len(raw.Actions))
	for i, a := range raw.Actions {
		n := len(raw.Prefix) + 1 + len(a.Name)
		names[i], text = text[:n], text[n:]
	}
	return names
}

// Action finds an action of the service by its name without the prefix, in any letter case.
func (s *Service) Action(short string) (*Action, bool) {
	skip := len(s.Prefix) + 1
	i := sort.Search(len(s.Actions), func(i int) bool { return compareFold(s.Actions[i].Name[skip:], short) >= 0 })
	if i == len(s.Actions) || compareFold(s.Actions[i].Name[skip:], short) != 0 {
		return nil, false
	}
	return s.Actions[i], true
}

// ResourceType finds a resource type by its name, in any letter case.
func (s *Service) ResourceType(name string) (*ResourceType, bool) {
	for _, t := range s.ResourceTypes {
		if strings.EqualFold(t.Name, name) {
			return t, true
		}
	}
	return nil, false
}

// TypesOf lists the resource types whose ARN form fits an ARN best: where several fit, those with the most fixed text, so
// that arn:aws:s3:::b/x is an object and no bucket (B19). It is empty when the ARN is of no type of this service.
func (s *Service) TypesOf(arn string) []*ResourceType {
	var best []*ResourceType
	most := -1
	for _, t := range s.ResourceTypes {
		if t.fixed < most || !t.Matches(arn) {
			continue
		}
		if t.fixed > most {
			best, most = nil, t.fixed
		}
		best = append(best, t)
	}
	return best
}

// Keys lists every condition key that AWS's page names for the action: its own, and those of its resource types (C30).
func (a *Action) Keys() []*KeyInfo {
	keys := a.ConditionKeys
	for i := range a.Resources {
		keys = mergeKeys(keys, a.Resources[i].ConditionKeys, a.Resources[i].Type.ConditionKeys)
	}
	return keys
}

// HasKey tells whether AWS's page names the key for the action, by its lower-case name: lower is one of Keys, or of a
// family among them (C30).
func (a *Action) HasKey(lower string) bool {
	if hasKey(a.ConditionKeys, lower) {
		return true
	}
	for i := range a.Resources {
		if hasKey(a.Resources[i].ConditionKeys, lower) || hasKey(a.Resources[i].Type.ConditionKeys, lower) {
			return true
		}
	}
	return false
}
