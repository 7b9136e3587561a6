package evaluator

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"sync"
)

//go:embed deputies.json
var deputiesData []byte

// guardedServices are the AWS services that nobody can make assume a role of another account: which role they get is settled with iam:PassRole,
// which takes roles of the own account alone (D49). That their requests come without source keys is no finding on a role (E15). A service that
// is not listed counts as one that acts for customers.
var guardedServices = sync.OnceValues(func() (map[string]bool, error) {
	var file struct {
		Date     string
		Services []struct{ Service, Reason, Source string }
	}
	if err := json.Unmarshal(deputiesData, &file); err != nil {
		return nil, fmt.Errorf("read deputies.json: %w", err)
	}
	out := map[string]bool{}
	for _, s := range file.Services {
		out[s.Service] = true
	}
	return out, nil
})

// actsForCustomers tells whether a service may act on a group's resources for whoever asks it to: on roles, not those that are guarded by
// iam:PassRole, and not on roles that are linked to it, whose trust policy is AWS's own (D16).
func actsForCustomers(service string, g *targetGroup) bool {
	if !g.trust {
		return true
	}
	guarded, err := guardedServices()
	return !g.linkedRole && (err != nil || !guarded[service])
}
