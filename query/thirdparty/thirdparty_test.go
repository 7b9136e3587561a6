package thirdparty_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/accessgraph/accessgraph/query/thirdparty"
)

// TestKnown holds that the list that comes with the program can be read, says where each of its parties is from, and names no account twice.
func TestKnown(t *testing.T) {
	known, err := thirdparty.Known()
	if err != nil {
		t.Fatal(err)
	}
	if known.Name("464622532012") != "Datadog" || known.Name("111122223333") != "" {
		t.Errorf("%q and %q", known.Name("464622532012"), known.Name("111122223333"))
	}
	accounts := map[*thirdparty.Party]int{}
	for _, p := range known {
		accounts[p]++
	}
	for p, n := range accounts {
		if !strings.HasPrefix(p.Source, "https://") {
			t.Errorf("%s: source %q", p.Name, p.Source)
		}
		if n != len(p.Accounts) {
			t.Errorf("%s has %d accounts, %d of which are another's too or twice its own", p.Name, len(p.Accounts), len(p.Accounts)-n)
		}
	}
}

// TestAdd holds that users' names go before those that are known.
func TestAdd(t *testing.T) {
	known, err := thirdparty.Known()
	if err != nil {
		t.Fatal(err)
	}
	if err := known.Add("mine.json", []byte(`{"parties": [{"name": "Our Datadog", "accounts": ["464622532012", "123456789012"]}]}`)); err != nil {
		t.Fatal(err)
	}
	if known.Name("464622532012") != "Our Datadog" || known.Name("123456789012") != "Our Datadog" || known.Name("198361731867") != "Snyk" {
		t.Errorf("%q, %q, %q", known.Name("464622532012"), known.Name("123456789012"), known.Name("198361731867"))
	}
}

// TestBad holds that a list that cannot be read is refused with the place, and adds nothing.
func TestBad(t *testing.T) {
	for text, want := range map[string]string{
		``:                                   "mine.json:1:1: the file ends too early",
		`[]`:                                 "mine.json:1:1: want an object, not array",
		`{"partys": []}`:                     `unknown field "partys"`,
		`{}`:                                 `mine.json:1:1: want {"parties": [{"name"`,
		`{"parties": []} {}`:                 "nothing behind it",
		"{\"parties\": [\n  {\"name\": 1}]}": "mine.json:2:12: parties.name: want text, not number",
		"{\"parties\": [\n  {\"name\": \"A\", \"accounts\": [\"123456789012\"]},\n  {\"accounts\": [\"123456789012\"]}]}":          "mine.json:3:3: parties[1]: want a name",
		"{\"parties\": [{\"name\": \"A\", \"accounts\": []}]}":                                                                     "mine.json:1:14: parties[0]: want accounts",
		"{\"parties\": [{\"name\": \"A\", \"accounts\": [\"123456789012\"]}, {\"name\": \"B\", \"accounts\": [\"12345678901\"]}]}": `parties[1]: account "12345678901": want 12 digits`,
		"{\"parties\": [null]}": "mine.json:1:14: parties[0]: want an object, not null",
		"{\"parties\": [{\"name\": \"A\", \"accounts\": [1234]}]}":               "want text, not number",
		"{\"parties\": [{\"name\": \"A\",\n\"accounts\": [\"123456789012\",]}]}": "mine.json:2:29: invalid character",
	} {
		parties := thirdparty.Parties{}
		err := parties.Add("mine.json", []byte(text))
		var placed *thirdparty.Error
		if !errors.As(err, &placed) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
		if len(parties) > 0 {
			t.Errorf("%s: %d accounts were added", text, len(parties))
		}
	}
}

// FuzzAdd holds that no list makes it panic, and that what is taken has names.
func FuzzAdd(f *testing.F) {
	f.Add([]byte(`{"parties": [{"name": "A", "accounts": ["123456789012"]}]}`))
	f.Add([]byte(`{"x": "parties", "parties": [null]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		parties := thirdparty.Parties{}
		if err := parties.Add("f.json", text); err != nil {
			_ = err.Error()
			return
		}
		for account := range parties {
			if parties.Name(account) == "" {
				t.Errorf("%s has no name", account)
			}
		}
	})
}
