package export

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/accessgraph/accessgraph/graph"
)

// deepest is how deep a document may be nested to stand in a file as an object, which is itself nested in it.
const deepest = 1000

// document gives a document as it stands in a file: as an object where that reads back as the same, and else as a URL-encoded string, which can
// hold any bytes. No document gives nothing.
func (w *writer) document(h graph.DocumentHash) json.RawMessage {
	if h.IsZero() || w.err != nil {
		return nil
	}
	d := w.documents[h]
	if d == nil {
		w.err = fmt.Errorf("document %s: %w", h, graph.ErrNotFound)
		return nil
	}
	if isCanonicalObject(d.Canonical) {
		return json.RawMessage(d.Canonical)
	}
	return urlEncoded(d.Canonical)
}

// isCanonicalObject tells whether text is a JSON object in its RFC 8785 form, which white space does not change.
func isCanonicalObject(text []byte) bool {
	if len(text) == 0 || text[0] != '{' {
		return false
	}
	canonical := jsontext.Value(bytes.Clone(text))
	if canonical.Canonicalize() != nil || !bytes.Equal(canonical, text) {
		return false
	}
	dec := jsontext.NewDecoder(bytes.NewReader(text))
	for dec.InputOffset() < int64(len(text)) {
		if _, err := dec.ReadToken(); err != nil || dec.StackDepth() > deepest {
			return false
		}
	}
	return true
}

// urlEncoded gives text as a JSON string with everything but letters and digits percent-encoded.
func urlEncoded(text []byte) json.RawMessage {
	const digits = "0123456789ABCDEF"
	out := []byte{'"'}
	for _, b := range text {
		switch {
		case 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z', '0' <= b && b <= '9':
			out = append(out, b)
		default:
			out = append(out, '%', digits[b>>4], digits[b&15])
		}
	}
	return append(out, '"')
}
