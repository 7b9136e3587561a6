package policy

// parser holds the state of one Parse.
type parser struct {
	kind   Kind
	text   []byte
	doc    *Document
	sids   map[string]bool
	broken int // problems found
	linted int // lint findings
}

// The two versions of the language (A2).
const (
	version2012 = "2012-10-17"
	version2008 = "2008-10-17"
)

// Parse reads and compiles one policy document. It never fails: Problems says what is wrong, by rule and place, and the
// statements are compiled as far as they could be understood (A15). A document that could not be read at all is a pair of
// unanalysable statements that may allow or deny anything. Work and memory are linear in the length of the text.
func Parse(kind Kind, text []byte) *Document {
	p := &parser{kind: kind, text: text, doc: &Document{Kind: kind}}
	if root, ok := p.readTree(); !ok || !p.document(&root) {
		why := "the document cannot be read"
		for i := range p.doc.Problems {
			if !p.doc.Problems[i].Lint {
				why += ": " + p.doc.Problems[i].Message
				break
			}
		}
		p.doc.Statements = anything(kind, why, UnanalysableStatement)
	}
	p.finish()
	return p.doc
}

// document reads the top level (A1–A3, A12); it is false when nothing of the document can be relied on.
func (p *parser) document(root *node) bool {
	if root.kind != '{' {
		p.problem("A1", nil, root.offset, "a policy is one JSON object, not %s", root.what())
		return false
	}
	p.markTwins(root, nil)
	p.size()
	var statements *node
	readable, strange := true, ""
	versioned := false
	for i := range root.children {
		m := &root.children[i]
		readable = readable && !m.twin
		at := (*path)(nil).member(m.name)
		switch m.name {
		case "Version":
			versioned = true
			readable = p.version(m, at) && readable
		case "Id":
			p.id(m, at)
		case "Statement":
			statements = m
		default:
			strange = "the document has a member " + clip(m.name) + " that is not understood"
			p.problem("A1", at, m.nameAt, "unknown member %s; a policy has Version, Id and Statement%s", clip(m.name), meant(m.name, "Version", "Id", "Statement"))
		}
	}
	if !versioned && p.kind == SCP {
		p.problem("A34", nil, root.offset, `an SCP must say "Version": "2012-10-17"; add it`)
	}
	if statements == nil {
		p.problem("A1", nil, root.offset, "Statement is missing; a policy must have it")
		return false
	}
	return readable && p.statements(statements, strange)
}

// version reads Version (A2).
func (p *parser) version(m *node, at *path) bool {
	if m.kind != '"' || m.text != version2012 && m.text != version2008 {
		p.problem("A2", at, m.offset, "Version is %q or %q, not %s; write %q", version2012, version2008, clip(m.text), version2012)
		return false
	}
	p.doc.Variables = m.text == version2012
	if p.kind == SCP && !p.doc.Variables {
		p.problem("A34", at, m.offset, "an SCP must have Version %q, not %q", version2012, m.text)
	}
	return true
}

// id reads Id (A12), which never changes what a document means.
func (p *parser) id(m *node, at *path) {
	switch {
	case m.kind != '"':
		p.problem("A12", at, m.offset, "Id must be a string, not %s", m.what())
	case principalRuleOf(p.kind) == principalRefused:
		p.problem("A12", at, m.nameAt, "Id stands in resource policies only; remove it, %s has none", p.kind.phrase())
	}
}

// statements reads Statement (A3); strange marks each of them unanalysable.
func (p *parser) statements(n *node, strange string) bool {
	at := (*path)(nil).member("Statement")
	list := n.children
	switch n.kind {
	case '{':
		list = []node{*n}
	case '[':
		if len(list) == 0 {
			p.problem("A3", at, n.offset, "Statement is an empty array; write at least one statement")
			return true
		}
	default:
		p.problem("A3", at, n.offset, "Statement must be an object or an array of objects, not %s", n.what())
		return false
	}
	p.doc.Statements = make([]Statement, 0, len(list))
	p.sids = make(map[string]bool)
	for i := range list {
		place := at
		if n.kind == '[' {
			place = at.element(i)
		}
		p.statement(i, &list[i], place, strange)
	}
	return true
}

// meant is the end of a message about an unknown name: the name that was probably meant.
func meant(name string, known ...string) string {
	for _, k := range known {
		if sameName(name, k) {
			return "; names are case-sensitive, write " + k
		}
	}
	return ""
}
