package policy

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// maxDepth bounds the nesting of a document; the grammar needs seven levels.
const maxDepth = 32

// node is one JSON value with its place. Decoding into Go values would lose places and duplicate members, which change what
// a policy means (A9).
type node struct {
	kind     jsontext.Kind // '{' '[' '"' '0' 't' 'f' 'n'
	twin     bool          // a member whose name stands in its object more than once
	offset   int
	nameAt   int    // of a member's name
	name     string // of a member
	text     string // of a string (decoded), number (as written) or literal
	children []node // members or elements, in document order
}

// reader builds the tree of a document.
type reader struct {
	text  []byte
	whole string // text, for strings that can be parts of it
	dec   *jsontext.Decoder
	open  []node // children of the values that are being read, innermost last
	free  []node // room for children of finished values
}

// nodesAtOnce is how many nodes are made at once: a usual document has some tens.
const nodesAtOnce = 32

var errTooDeep = errors.New("nested too deep")

// readTree reads the one JSON value that a document is. A problem is reported under A1, and ok is false.
func (p *parser) readTree() (root node, ok bool) {
	text := p.text
	if bytes.HasPrefix(text, []byte("\xEF\xBB\xBF")) {
		p.problem("A1", nil, 0, "the text begins with a byte-order mark; remove its three bytes")
		return node{}, false
	}
	r := &reader{text: text, whole: string(text), dec: jsontext.NewDecoder(bytes.NewBuffer(text), jsontext.AllowDuplicateNames(true))}
	err := r.value(&root, 0)
	if err == nil {
		if _, err = r.dec.ReadToken(); err == io.EOF {
			return root, true
		}
		at := r.next(len(text))
		p.problem("A1", nil, at, "something follows the document; a policy is exactly one JSON object, remove what stands behind it")
		return node{}, false
	}
	at, what := r.next(len(text)), err.Error()
	var syntax *jsontext.SyntacticError
	switch {
	case err == errTooDeep:
		p.problem("A1", nil, at, "nested deeper than %d levels, which no policy is; remove the nesting", maxDepth)
		return node{}, false
	case err == io.EOF:
		p.problem("A1", nil, at, "the text is empty; a policy is one JSON object")
		return node{}, false
	case errors.As(err, &syntax):
		at, what = int(syntax.ByteOffset), syntax.Err.Error()
	case errors.Is(err, io.ErrUnexpectedEOF):
		at, what = len(text), "unexpected end"
	}
	p.problem("A1", nil, at, "not JSON (RFC 8259, UTF-8): %s; correct the text here", strings.TrimPrefix(what, "jsontext: "))
	return node{}, false
}

// next is the offset of the next token.
func (r *reader) next(limit int) int {
	at := int(r.dec.InputOffset())
	for at < limit && strings.IndexByte(" \t\r\n,:", r.text[at]) >= 0 {
		at++
	}
	return at
}

func (r *reader) value(n *node, depth int) error {
	if depth > maxDepth {
		return errTooDeep
	}
	n.offset = r.next(len(r.text))
	if r.dec.PeekKind() == '"' {
		n.kind = '"'
		var err error
		n.text, err = r.str()
		return err
	}
	token, err := r.dec.ReadToken()
	if err != nil {
		return err
	}
	n.kind = token.Kind()
	switch n.kind {
	case '{', '[':
		return r.members(n, depth)
	}
	n.text = token.String()
	return nil
}

// members reads the children of an object or array up to its end.
func (r *reader) members(n *node, depth int) error {
	first, end := len(r.open), n.kind+2 // ] and } stand two behind [ and {
	for r.dec.PeekKind() != end {
		var child node
		if n.kind == '{' {
			child.nameAt = r.next(len(r.text))
			var err error
			if child.name, err = r.str(); err != nil {
				return err
			}
		}
		if err := r.value(&child, depth+1); err != nil {
			return err
		}
		r.open = append(r.open, child)
	}
	if children := r.open[first:]; len(children) > 0 {
		if len(children) > len(r.free) {
			r.free = make([]node, max(nodesAtOnce, len(children)))
		}
		n.children = r.free[:copy(r.free, children):len(children)]
		r.free = r.free[len(children):]
	}
	r.open = r.open[:first]
	_, err := r.dec.ReadToken()
	return err
}

// str reads a string. One without escapes is a part of the whole text, which costs nothing.
func (r *reader) str() (string, error) {
	if r.dec.PeekKind() != '"' { // an error, which a token places better than a value
		token, err := r.dec.ReadToken()
		return token.String(), err
	}
	raw, err := r.dec.ReadValue()
	if err != nil {
		return "", err
	}
	if bytes.IndexByte(raw, '\\') < 0 {
		end := int(r.dec.InputOffset())
		return r.whole[end-len(raw)+1 : end-1], nil
	}
	text, err := jsontext.AppendUnquote(nil, raw)
	return string(text), err
}

// markTwins finds members that stand in their object twice, at every depth (A9), and reports each repetition.
func (p *parser) markTwins(n *node, at *path) {
	const few = 12 // up to here comparing all pairs is cheaper than a map
	if n.kind == '{' && len(n.children) > few {
		first := make(map[string]int, len(n.children))
		for i := range n.children {
			if j, again := first[n.children[i].name]; again {
				p.twin(n, at, j, i)
			} else {
				first[n.children[i].name] = i
			}
		}
	} else if n.kind == '{' {
		for i := range n.children {
			for j := range i {
				if n.children[i].name == n.children[j].name {
					p.twin(n, at, j, i)
					break
				}
			}
		}
	}
	for i := range n.children {
		child := &n.children[i]
		if len(child.children) == 0 {
			continue
		}
		if n.kind == '{' {
			p.markTwins(child, at.member(child.name))
		} else {
			p.markTwins(child, at.element(i))
		}
	}
}

func (p *parser) twin(n *node, at *path, first, again int) {
	a, b := &n.children[first], &n.children[again]
	a.twin, b.twin = true, true
	p.problem("A9", at.member(b.name), b.nameAt, "the member %s stands here twice; a reader cannot tell which counts, keep one", clip(b.name))
}

// isScalar tells whether the node is a value that the grammar's lists hold (A8).
func (n *node) isScalar() bool {
	return n.kind == '"' || n.kind == '0' || n.kind == 't' || n.kind == 'f'
}

// what names the kind of JSON value for a message.
func (n *node) what() string {
	switch n.kind {
	case '{':
		return "an object"
	case '[':
		return "an array"
	case '"':
		return "a string"
	case '0':
		return "a number"
	case 't', 'f':
		return "a boolean"
	}
	return "null"
}
