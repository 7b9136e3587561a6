package graph

import (
	"bytes"
	"crypto/sha256"
	"math/big"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// CanonicalDocument gives the document that raw is: its RFC 8785 form when raw is one valid JSON value without duplicate
// members, and raw itself otherwise. raw is also kept as it is when it holds a number that RFC 8785, which knows only
// IEEE 754 doubles, would change. The hash is the SHA-256 of the bytes kept. raw is not changed and not kept.
func CanonicalDocument(raw []byte) Document {
	v := raw
	if !hasNumber(raw) || numbersKeepValue(raw) {
		if c := jsontext.Value(bytes.Clone(raw)); c.Canonicalize() == nil {
			v = c
		}
	}
	v = bytes.Clone(v) // without the room of the white space that is gone, which is often more than half
	return Document{Hash: sha256.Sum256(v), Canonical: v}
}

// hasNumber tells whether the JSON text raw may hold a number; of text that is not JSON it tells nothing.
func hasNumber(raw []byte) bool {
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case c == '"':
			for i++; i < len(raw) && raw[i] != '"'; i++ {
				if raw[i] == '\\' {
					i++
				}
			}
		case c == '-' || '0' <= c && c <= '9':
			return true
		}
	}
	return false
}

// numbersKeepValue tells whether every number of the JSON value raw means the same after a round trip through float64.
// It is false when raw is not valid JSON.
func numbersKeepValue(raw []byte) bool {
	d := jsontext.NewDecoder(bytes.NewReader(raw))
	for {
		kind := d.PeekKind()
		if kind == 0 {
			break
		}
		t, err := d.ReadToken()
		if err != nil {
			return false
		}
		if kind == '0' && !keepsValue(t.String()) {
			return false
		}
	}
	return d.StackDepth() == 0 && int(d.InputOffset()) <= len(raw) && len(bytes.TrimLeft(raw[d.InputOffset():], " \t\r\n")) == 0
}

// keepsValue tells whether the JSON number literal means the same after rounding to float64 and printing.
func keepsValue(literal string) bool {
	if len(literal) <= 15 && !strings.ContainsAny(literal, ".eE") {
		return true // integers of up to 15 digits are exact
	}
	f, err := strconv.ParseFloat(literal, 64)
	if err != nil {
		return false
	}
	if f == 0 {
		mantissa, _, _ := strings.Cut(strings.ToLower(literal), "e")
		return strings.Trim(mantissa, "-0.") == ""
	}
	if len(literal) > 1000 {
		return false // exact comparison of absurd literals is not worth its cost; the bytes are kept
	}
	a, ok := new(big.Rat).SetString(literal)
	if !ok {
		return false
	}
	b, ok := new(big.Rat).SetString(strconv.FormatFloat(f, 'g', -1, 64))
	return ok && a.Cmp(b) == 0
}
