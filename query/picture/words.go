package picture

import (
	"strings"

	"github.com/accessgraph/accessgraph/graph"
)

// Words tell the kind of an edge in words between its two ends.
func Words(kind string) string {
	switch kind {
	case "MEMBER_OF":
		return "is in"
	case "CAN_ASSUME", "SERVICE_ASSUMES":
		return "assumes"
	case "CAN_FEDERATE":
		return "signs in to"
	case "RUNS_AS":
		return "runs as"
	case "CAN_ACCESS":
		return "has access to"
	case "CAN_ASSUME_ROOT":
		return "assumes root of"
	case "GAIN_PERMISSIONS":
		return "gives permissions to"
	case "BECOME":
		return "becomes"
	case "PASSROLE_NEW":
		return "passes to new compute"
	case "HIJACK_COMPUTE":
		return "takes over compute of"
	case "OPEN_RESOURCE":
		return "opens"
	case "WEAKEN_GUARDRAIL":
		return "weakens guardrails of"
	}
	return strings.ToLower(strings.ReplaceAll(kind, "_", " "))
}

// words are the technique of an edge, or its kind in words.
func (e *Edge) words() string {
	if e.Technique != "" {
		return e.Technique
	}
	return Words(e.Kind)
}

// Escalation tells whether an edge changes something, and is no use of access that is there (E3).
func (e *Edge) Escalation() bool {
	switch e.Kind {
	case "GAIN_PERMISSIONS", "BECOME", "PASSROLE_NEW", "HIJACK_COMPUTE", "OPEN_RESOURCE", "WEAKEN_GUARDRAIL":
		return true
	}
	return false
}

// Name is what a node is called within its account: the last part of the name of a user or role, what follows the account in other ARNs.
func (n *Node) Name() string {
	if n.Kind == "account" && n.Account != "" {
		return n.Account
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
	case !named:
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
