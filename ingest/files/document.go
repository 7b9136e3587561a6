package files

import (
	"bytes"
	"context"
	"crypto/sha256"
	"runtime"
	"slices"
	"sync/atomic"

	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/sync/errgroup"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/graph"
)

// documents collects the distinct policy documents of one Read. A document is known by the hash of the bytes that stand in
// the export before anything is decoded, so that the thousandth copy costs one hash.
type documents struct {
	byRaw   map[[sha256.Size]byte]graph.DocumentHash
	all     map[graph.DocumentHash]*graph.Document
	met     int
	checked map[checkedAs]finding
}

// checkedAs is what validation depends on: the document and the kind of policy it serves as (A34).
type checkedAs struct {
	hash graph.DocumentHash
	kind policy.Kind
}

// finding is what validation says about a document; the zero value is a document in order.
type finding struct {
	rule         string // a rule it breaks: where a statement is unanalysable, the one that makes it so
	message      string
	unanalysable bool // a statement of it, or all of it, could not be understood (A15)
}

func newDocuments() *documents {
	return &documents{
		byRaw:   map[[sha256.Size]byte]graph.DocumentHash{},
		all:     map[graph.DocumentHash]*graph.Document{},
		checked: map[checkedAs]finding{},
	}
}

// add gives the name of the document that stands in an export as raw: an object, a string that holds JSON, URL-encoded JSON
// or JSON escaped once more, or null. Null and the empty string are no document and give the zero name. It never fails: what is no document
// is kept as it is, for the check to find.
func (d *documents) add(raw jsontext.Value) graph.DocumentHash {
	if raw.Kind() == 'n' {
		return graph.DocumentHash{}
	}
	key := sha256.Sum256(raw)
	if h, ok := d.byRaw[key]; ok {
		if !h.IsZero() {
			d.met++
		}
		return h
	}
	text := documentText(raw)
	if len(text) == 0 {
		d.byRaw[key] = graph.DocumentHash{}
		return graph.DocumentHash{}
	}
	d.met++
	doc := graph.CanonicalDocument(text)
	if d.all[doc.Hash] == nil {
		d.all[doc.Hash] = &doc
	}
	d.byRaw[key] = doc.Hash
	return doc.Hash
}

// documentText gives the text of a document, which may be raw itself.
func documentText(raw jsontext.Value) []byte {
	if raw.Kind() != '"' {
		return raw
	}
	text, err := jsontext.AppendUnquote(nil, raw)
	if err != nil {
		return raw
	}
	start := bytes.TrimLeft(text, " \t\r\n")
	if len(start) == 0 {
		return nil
	}
	if bytes.HasPrefix(start, []byte(`{\"`)) { // JSON escaped twice, as API Gateway prints a policy (F11)
		if inner, err := jsontext.AppendUnquote(nil, slices.Concat([]byte{'"'}, start, []byte{'"'})); err == nil {
			return inner
		}
	}
	if start[0] == '{' {
		return text
	}
	if decoded, ok := percentDecode(text); ok {
		return decoded
	}
	return text
}

// percentDecode decodes RFC 3986 percent-encoding once, in place; a plus sign stays what it is (F2). ok is false, and text
// untouched, when a percent sign is not followed by two hexadecimal digits.
func percentDecode(text []byte) (_ []byte, ok bool) {
	for i, b := range text {
		if b == '%' && (i+2 >= len(text) || unhex(text[i+1]) < 0 || unhex(text[i+2]) < 0) {
			return text, false
		}
	}
	out := text[:0]
	for i := 0; i < len(text); i++ {
		b := text[i]
		if b == '%' {
			b = byte(unhex(text[i+1])<<4 | unhex(text[i+2]))
			i += 2
		}
		out = append(out, b)
	}
	return out, true
}

func unhex(b byte) int {
	switch {
	case '0' <= b && b <= '9':
		return int(b - '0')
	case 'a' <= b && b <= 'f':
		return int(b-'a') + 10
	case 'A' <= b && b <= 'F':
		return int(b-'A') + 10
	default:
		return -1
	}
}

// check validates a document as a kind of policy, once.
func (d *documents) check(h graph.DocumentHash, kind policy.Kind) finding {
	key := checkedAs{h, kind}
	f, ok := d.checked[key]
	if !ok {
		f = validate(d.all[h], kind)
		d.checked[key] = f
	}
	return f
}

// checkAll does check for every use that each gives, on all processors: validation is a third of the work of reading.
func (d *documents) checkAll(ctx context.Context, each func(use func(documentUse))) error {
	var keys []checkedAs
	each(func(u documentUse) {
		key := checkedAs{u.hash, u.kind}
		if _, known := d.checked[key]; !known && !u.hash.IsZero() {
			d.checked[key] = finding{}
			keys = append(keys, key)
		}
	})
	found := make([]finding, len(keys))
	var next atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	for range runtime.GOMAXPROCS(0) {
		g.Go(func() error {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(keys) {
					return nil
				}
				if err := ctx.Err(); err != nil {
					return err
				}
				found[i] = validate(d.all[keys[i].hash], keys[i].kind)
			}
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for i, key := range keys {
		d.checked[key] = found[i]
	}
	return nil
}

// validate finds what is wrong with a document as a kind of policy.
func validate(doc *graph.Document, kind policy.Kind) finding {
	return findingOf(policy.Parse(kind, doc.Canonical))
}

// findingOf gives what is worth saying of a compiled document.
func findingOf(doc *policy.Document) finding {
	var f finding
	reason := ""
	for i := range doc.Statements {
		if s := &doc.Statements[i]; s.Unanalysable != "" {
			f.unanalysable, reason = true, s.Unanalysable
			break
		}
	}
	for _, p := range doc.Problems {
		if p.Lint {
			continue
		}
		if f.rule == "" || p.Message == reason {
			f.rule, f.message = p.Rule, p.Message
		}
	}
	return f
}

// keep forgets the documents that nothing refers to: those of inputs that were left out.
func (d *documents) keep(used map[graph.DocumentHash]bool) {
	for h := range d.all {
		if !used[h] {
			delete(d.all, h)
		}
	}
}
