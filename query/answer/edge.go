package answer

import (
	"cmp"
	"strings"
)

// EdgeWords tell the kind of an access edge in words that stand between its ends: user/alice assumes role/Deploy.
func EdgeWords(kind string) string {
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

// Escalates tells whether a kind of access edge changes something, and is no use of access that is there (E3).
func Escalates(kind string) bool {
	switch kind {
	case "GAIN_PERMISSIONS", "BECOME", "PASSROLE_NEW", "HIJACK_COMPUTE", "OPEN_RESOURCE", "WEAKEN_GUARDRAIL":
		return true
	}
	return false
}

// Words name the technique of a hop, or tell its kind in words.
func (h *Hop) Words() string { return cmp.Or(h.Technique, EdgeWords(h.Kind)) }
