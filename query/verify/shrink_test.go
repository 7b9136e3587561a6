package verify_test

import (
	"context"
	"encoding/json"
	"fmt"
	"sort"
	"strings"
	"time"

	"github.com/accessgraph/accessgraph/evaluator/catalog"
)

// shrink takes out of an organization what is not needed for a difference of the same kind.
func (o *organization) shrink(ctx context.Context, cat *catalog.Catalog, seed uint64, at int, kind string, until time.Time) *organization {
	return o.shrinkBy(func(try *organization) bool {
		_, err := try.fresh(ctx, cat, seed, at)
		return err != nil && strings.HasPrefix(err.Error(), kind+":")
	}, until)
}

// shrinkBy takes out what can be, as long as it fails.
func (o *organization) shrinkBy(fails func(*organization) bool, until time.Time) *organization {
	best := o.copy()
	for progress := true; progress; {
		progress = false
		for i := 0; i < len(best.places()); {
			if time.Now().After(until) {
				return best
			}
			try := best.copy()
			try.remove(try.places()[i])
			if fails(try) {
				best, progress = try, true
			} else {
				i++
			}
		}
	}
	return best
}

func (o *organization) copy() *organization {
	text, _ := json.Marshal(o.files)
	out := &organization{files: tree{}}
	_ = json.Unmarshal(text, &out.files)
	return out
}

// optional are the members that entities do without; whole the lists that mean something else when they are empty.
var (
	optional = map[string]bool{
		"Condition": true, "Tags": true, "PermissionsBoundary": true, "GroupList": true, "UserPolicyList": true, "RolePolicyList": true, "Attributes": true,
		"Constraints": true, "RetiringPrincipal": true,
	}
	whole = map[string]bool{
		"Statement": true, "Action": true, "NotAction": true, "Resource": true, "NotResource": true, "AWS": true, "Service": true, "Operations": true,
		"Roots": true, "PolicyVersionList": true,
	}
)

// places lists what can be taken out, the largest first: paths of member names and positions.
func (o *organization) places() [][]any {
	var out [][]any
	var walk func(v any, at []any)
	walk = func(v any, at []any) {
		switch v := v.(type) {
		case tree:
			names := make([]string, 0, len(v))
			for k := range v {
				names = append(names, k)
			}
			sort.Strings(names)
			for _, k := range names {
				path := append(append([]any{}, at...), k)
				if optional[k] || len(at) == 0 || len(at) > 1 && (at[len(at)-1] == "Condition" || at[len(at)-2] == "Condition") {
					out = append(out, path)
				}
				walk(v[k], path)
			}
		case []any:
			for i := range v {
				path := append(append([]any{}, at...), i)
				if len(v) > 1 || !whole[fmt.Sprint(at[len(at)-1])] {
					out = append(out, path)
				}
				walk(v[i], path)
			}
		}
	}
	walk(o.files, nil)
	sort.SliceStable(out, func(i, j int) bool { return len(out[i]) < len(out[j]) })
	return out
}

func (o *organization) remove(path []any) {
	var cut func(v any, path []any) any
	cut = func(v any, path []any) any {
		switch v := v.(type) {
		case tree:
			k := path[0].(string)
			if len(path) == 1 {
				delete(v, k)
			} else {
				v[k] = cut(v[k], path[1:])
			}
			return v
		case []any:
			i := path[0].(int)
			if len(path) == 1 {
				return append(v[:i:i], v[i+1:]...)
			}
			v[i] = cut(v[i], path[1:])
			return v
		}
		return v
	}
	cut(o.files, path)
}
