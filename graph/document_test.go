package graph

import (
	"crypto/sha256"
	"encoding/json"
	"strings"
	"testing"
)

func TestCanonicalDocument(t *testing.T) {
	deep := strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000)
	for _, test := range []struct{ name, in, want string }{
		{"sorted, without spaces", "{ \"b\" : [1, 2] ,\n \"a\" : \"x\" }\n", `{"a":"x","b":[1,2]}`},
		{"order of lists stays", `["b","a"]`, `["b","a"]`},
		{"strings", `{"a":"\u0041\/\u00e9\n"}`, `{"a":"A/é\n"}`},
		{"members sorted by UTF-16", "{\"\\ufb33\":1,\"\\ud83d\\ude00\":2}", "{\"😀\":2,\"\ufb33\":1}"},
		{"numbers that stay what they are", `[1.0,1e2,-0,0.5,123456789012345,1E-7]`, `[1,100,0,0.5,123456789012345,1e-7]`},
		{"zero with an exponent", `[0e999999999,0.000]`, `[0,0]`},
		{"duplicate members", `{"a": 1, "a": 2}`, `{"a": 1, "a": 2}`},
		{"duplicate members by escape", `{"a": 1, "\u0061": 2}`, `{"a": 1, "\u0061": 2}`},
		{"not JSON", `{"a": `, `{"a": `},
		{"two values", `{} {}`, `{} {}`},
		{"empty", ``, ``},
		{"invalid UTF-8", "{\"a\" : \"\xff\"}", "{\"a\" : \"\xff\"}"},
		{"half a surrogate pair", `{"a" : "\ud800"}`, `{"a" : "\ud800"}`},
		{"byte order mark", "\ufeff{ }", "\ufeff{ }"},
		{"account id beyond float64", `{ "a" : 12345678901234567890 }`, `{ "a" : 12345678901234567890 }`},
		{"decimal beyond float64", `{ "a" : 0.1000000000000000055 }`, `{ "a" : 0.1000000000000000055 }`},
		{"too large for float64", `[ 1e400 ]`, `[ 1e400 ]`},
		{"too small for float64", `[ 1e-400 ]`, `[ 1e-400 ]`},
		{"absurd literal", `[ 1` + strings.Repeat("0", 5000) + ` ]`, `[ 1` + strings.Repeat("0", 5000) + ` ]`},
		{"too deep", deep + " ", deep + " "},
	} {
		t.Run(test.name, func(t *testing.T) {
			raw := []byte(test.in)
			d := CanonicalDocument(raw)
			if string(d.Canonical) != test.want {
				t.Errorf("canonical form is %.200q, want %.200q", d.Canonical, test.want)
			}
			if d.Hash != sha256.Sum256(d.Canonical) {
				t.Error("the hash is not that of the bytes")
			}
			if string(raw) != test.in {
				t.Error("the input was changed")
			}
			if again := CanonicalDocument(d.Canonical); again.Hash != d.Hash {
				t.Errorf("the form is not stable: %.200q", again.Canonical)
			}
		})
	}
}

func FuzzCanonicalDocument(f *testing.F) {
	for _, seed := range []string{`{"b":[1.50,2e3],"a":{"x":"\u00e9"}}`, `{"a":1,"a":2}`, `[0.1000000000000000055]`, "null ", `"\ud800"`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		d := CanonicalDocument(raw)
		if again := CanonicalDocument(d.Canonical); again.Hash != d.Hash {
			t.Fatalf("%q becomes %q and then %q", raw, d.Canonical, again.Canonical)
		}
		if string(d.Canonical) != string(raw) && !(json.Valid(raw) && json.Valid(d.Canonical)) {
			t.Fatalf("%q became %q", raw, d.Canonical)
		}
	})
}
