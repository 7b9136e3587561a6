package paths

import (
	"strings"

	"github.com/accessgraph/accessgraph/evaluator"
)

// Statement is one statement of the snapshot that paths stand on: of an identity policy, or of the policy of a resource or role.
type Statement struct {
	Layer   evaluator.Layer
	Owner   string // whose policy it is in: the ARN of a managed policy, of a user, role or group with an inline one, or of a resource or role that it protects
	Policy  string // the name of an inline policy; empty for any other
	Version string // of a managed policy, where it is not the default one
	Index   int
}

// versionMark stands between a managed policy and the version of it that an edit puts in force.
const versionMark = " version "

// statementOf tells which statement a node's grant means; ok is false for what is no statement of the snapshot, or of a layer that only bounds.
func (g *Graph) statementOf(ref evaluator.StatementRef, n *Node) (s Statement, ok bool) {
	s = Statement{Layer: ref.Layer, Index: ref.Index}
	switch {
	case ref.Layer == evaluator.LayerResource && strings.HasPrefix(ref.Policy, "arn:"):
		s.Owner = ref.Policy
		return s, true
	case ref.Layer != evaluator.LayerIdentity || ref.Policy == evaluator.GivenPolicy || n.actor == nil:
		return s, false
	}
	s.Owner, s.Policy = n.ARN, ref.Policy
	if rest, of := strings.CutPrefix(ref.Policy, "group/"); of {
		group, name, whole := strings.Cut(rest, ": ")
		s.Owner, s.Policy = g.groupARN(n.Account, group), name
		if !whole || s.Owner == "" {
			return s, false
		}
	}
	if strings.HasPrefix(s.Policy, "arn:") {
		s.Owner, s.Version, _ = strings.Cut(s.Policy, versionMark)
		s.Policy = ""
	}
	return s, true
}

func (g *Graph) groupARN(account, name string) string {
	for id, f := range g.things.groupFacts {
		if g.things.list[id].account == account && f.Name == name {
			return string(f.ARN)
		}
	}
	return ""
}

// Name is what answers quote the policy as: the ARN of a managed policy, with the version where it is not the default one, or of whatever a resource
// policy protects, and the name of an inline policy.
func (s *Statement) Name() string {
	switch {
	case s.Policy != "":
		return s.Policy
	case s.Version != "":
		return s.Owner + versionMark + s.Version
	}
	return s.Owner
}

// managed tells statements of managed policies.
func (s *Statement) managed() bool { return s.Layer == evaluator.LayerIdentity && s.Policy == "" }
