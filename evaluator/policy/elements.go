package policy

// principalRule says whether statements of a kind of policy carry a principal element (A7).
type principalRule uint8

const (
	principalRefused principalRule = iota
	principalRequired
	principalOptional
)

func principalRuleOf(kind Kind) principalRule {
	switch kind {
	case Resource, Trust, RCP:
		return principalRequired
	case VPCEndpoint:
		return principalOptional
	}
	return principalRefused
}

// resourceRule says whether statements of a kind of policy carry a resource element (A6).
type resourceRule uint8

const (
	resourceRequired resourceRule = iota
	resourceOptional
	resourceRefused
)

func resourceRuleOf(kind Kind) resourceRule {
	switch kind {
	case Resource:
		return resourceOptional
	case Trust:
		return resourceRefused
	}
	return resourceRequired
}

// strictSids tells whether Sid is held to IAM's alphabet (A11).
func strictSids(kind Kind) bool {
	switch kind {
	case Identity, Boundary, Session, SCP, RCP:
		return true
	}
	return false
}

// sizeLimit is a quota on the size of a document (A13). Figures change: they are data, and never more than lint.
type sizeLimit struct {
	characters int  // without white space unless whole
	whole      bool // white space counts
	what       string
}

var sizeLimits = map[Kind]sizeLimit{
	Identity: {6144, false, "a managed policy"},
	Boundary: {6144, false, "a managed policy"},
	Session:  {2048, true, "a session policy"},
	SCP:      {5120, true, "an SCP"},
	RCP:      {5120, true, "an RCP"},
	Trust:    {2048, false, "a role trust policy (4,096 by quota)"},
	Resource: {20480, true, "a bucket policy (key policies take 32,768)"},
}

// size reports a document over its limit (A13).
func (p *parser) size() {
	limit, ok := sizeLimits[p.kind]
	if !ok || len(p.text) <= limit.characters {
		return
	}
	n := 0
	for _, c := range p.text {
		space := c == ' ' || c == '\t' || c == '\r' || c == '\n'
		if c&0xC0 != 0x80 && (limit.whole || !space) { // one a character, not a byte
			n++
		}
	}
	if n > limit.characters {
		p.lint("A13", nil, 0, "%d characters, more than the %d of %s; shorten or split the policy", n, limit.characters, limit.what)
	}
}
