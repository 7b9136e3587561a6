package picture

import (
	"cmp"
	"strings"

	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/query/answer"
)

// words are the technique of an edge, or its kind in words.
func (e *Edge) words() string { return cmp.Or(e.Technique, answer.EdgeWords(e.Kind)) }

// Escalation tells whether an edge changes something, and is no use of access that is there (E3).
func (e *Edge) Escalation() bool { return answer.Escalates(e.Kind) }

// Name is what a node is called within its account: the last part of the name of a user or role, what follows the account in other ARNs.
func (n *Node) Name() string {
	switch {
	case n.Kind == "account" && n.Account != "":
		return n.Account
	case n.Kind == "public" && n.ID == "*":
		return "anyone"
	}
	_, service, _, _, resource, ok := graph.ARN(n.ID).Split()
	if !ok || resource == "" {
		return n.ID
	}
	if service != "iam" && service != "sts" {
		return resource
	}
	_, name, named := strings.Cut(resource, "/")
	switch {
	case !named || strings.HasSuffix(name, "/") || name == "":
		return resource
	case n.Kind == "user" || n.Kind == "role" || n.Kind == "group" || n.Kind == "policy":
		return name[strings.LastIndexByte(name, '/')+1:]
	}
	return name
}

// caption says what a node is: its kind, and the service where that tells more.
func (n *Node) caption() string {
	if n.Kind != "resource" && n.Kind != "compute" {
		return n.Kind
	}
	_, service, _, _, _, ok := graph.ARN(n.ID).Split()
	switch {
	case !ok || service == "":
		return n.Kind
	case n.Kind == "resource":
		return service
	}
	return n.Kind + ": " + service
}

// plural names several nodes of a kind.
func plural(kind string) string {
	switch kind {
	case "":
		return "nodes"
	case "policy":
		return "policies"
	case "root":
		return "root users"
	case "public", "compute":
		return kind
	}
	return kind + "s"
}
