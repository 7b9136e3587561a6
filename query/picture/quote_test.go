package picture_test

import (
	"encoding/xml"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/picture"
)

// named is a graph whose every text is a given one.
func named(text string) *answer.Answer {
	a, b := end{"a" + text, text, text}, end{"b" + text, "role", dev}
	h := step(a, b, "K"+text, text, text)
	h.Title, h.Remedy, h.Catalogue, h.Assumptions = text, text, []string{text}, []string{text}
	p := path(text, h)
	p.Withheld = []string{text}
	return ask(text, p)
}

// tokens reads a script as Neo4j does: it resolves \uNNNN first where resolve is set, then finds texts and statements. It gives the statements with
// every text cut out, and the texts.
func tokens(t testing.TB, script string, resolve bool) (statements, texts []string) {
	t.Helper()
	if resolve {
		script = resolved(t, script)
	}
	var out, text strings.Builder
	inText := false
	for i := 0; i < len(script); i++ {
		c := script[i]
		switch {
		case inText && c == '\\':
			i++
			if i == len(script) || !strings.ContainsRune(`\'nrtu`, rune(script[i])) {
				t.Fatalf("a backslash in a text is followed by %q", script[i:min(i+1, len(script))])
			}
			text.WriteString(map[byte]string{'\\': `\`, '\'': `'`, 'n': "\n", 'r': "\r", 't': "\t", 'u': "?"}[script[i]])
			if script[i] == 'u' {
				i += 4
			}
		case c == '\'':
			if inText = !inText; !inText {
				texts = append(texts, text.String())
				text.Reset()
				out.WriteByte('S')
			}
		case inText:
			text.WriteByte(c)
		case c == ';':
			statements = append(statements, strings.TrimSpace(out.String()))
			out.Reset()
		default:
			out.WriteByte(c)
		}
	}
	if inText || strings.TrimSpace(out.String()) != "" {
		t.Fatalf("the script ends within a statement: %q", out.String())
	}
	return statements, texts
}

// resolved replaces every \uNNNN, behind another backslash too.
func resolved(t testing.TB, script string) string {
	var b strings.Builder
	for {
		at := strings.Index(script, `\u`)
		if at < 0 {
			return b.String() + script
		}
		var r rune
		digits := script[at+2 : min(at+6, len(script))]
		for _, d := range digits {
			v := strings.IndexRune("0123456789ABCDEF", d)
			if v < 0 {
				t.Fatalf("\\u is followed by %q", digits)
			}
			r = r<<4 | rune(v)
		}
		b.WriteString(script[:at])
		b.WriteRune(r)
		script = script[at+6:]
	}
}

// wellFormed tells whether a script is the four statements of named, whatever the text is.
func wellFormed(t testing.TB, script string) {
	t.Helper()
	for _, resolve := range []bool{false, true} {
		statements, _ := tokens(t, script, resolve)
		if len(statements) != 4 {
			t.Fatalf("%d statements in %s", len(statements), script)
		}
		for i, begin := range []string{"CREATE CONSTRAINT ", "MERGE (n:AccessGraph {id: S", "MERGE (n:AccessGraph {id: S", "MATCH (a:AccessGraph {id: S"} {
			if !strings.HasPrefix(statements[i], begin) {
				t.Fatalf("statement %d is %q", i, statements[i])
			}
			if rest := strings.Trim(statements[i], "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_ (){}[]<>-:,=+."); rest != "" {
				t.Fatalf("statement %d has %q outside of texts: %q", i, rest, statements[i])
			}
		}
	}
}

func TestCypherQuotes(t *testing.T) {
	for _, test := range []struct{ name, want string }{
		{`it's`, `'ait\'s'`},
		{`a\`, `'aa\\'`},
		{`\'`, `'a\\\''`},
		{"x\ny\r\tz", `'ax\ny\r\tz'`},
		{"\x00\x1b\x7f", `'a\u0000\u001B\u007F'`},
		{`\u0027`, `'a\\' + 'u0027'`},
		{`\\u0027`, `'a\\\\' + 'u0027'`},
		{`日本 ü "`, `'a日本 ü "'`},
		{"\xff", `'a\\xff'`},
		{`'}) DETACH DELETE n; //`, `'a\'}) DETACH DELETE n; //'`},
	} {
		script := write(t, picture.Cypher, named(test.name))
		if !strings.Contains(script, "(n:AccessGraph {id: "+test.want+"})") {
			t.Errorf("no %s in %s", test.want, script)
		}
		wellFormed(t, script)
	}
	_, texts := tokens(t, write(t, picture.Cypher, named("it's\n\\\t")), false)
	if !slices.Contains(texts, "ait's\n\\\t") {
		t.Errorf("the texts are %q", texts)
	}
}

func hostileNames() []string {
	return []string{"", `'`, `\`, `\'`, `"`, `\"`, `\\"`, "a\nb", `\u0027`, `\\u005C'`, "`", "</title>", "&lt;", "]]>", "<!--", "\x00", "\x1b[2J", "\u202e", "\xff\xfe", "日本",
		`'}) DETACH DELETE n; //`, `"]; x -> y; {`, `\N\G\l`, "-->", "*/", "//", "\u2028", strings.Repeat("x", 300), strings.Repeat("é ", 200)}
}

// holds checks every text format with a text as every name.
func holds(t testing.TB, text string) {
	t.Helper()
	wellFormed(t, write(t, picture.Cypher, named(text)))
	g := parsed(t, write(t, picture.DOT, named(text)))
	nodes, err := g.NodeNum()
	if err != nil || nodes != 2 {
		t.Fatalf("DOT of %q has %d nodes (%v)", text, nodes, err)
	}
	if edges, err := g.EdgeNum(); err != nil || edges != 1 {
		t.Fatalf("DOT of %q has %d edges (%v)", text, edges, err)
	}
	for _, f := range []picture.Format{picture.GraphML, picture.SVG} {
		out := write(t, f, named(text))
		for d := xml.NewDecoder(strings.NewReader(out)); ; {
			if _, err := d.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("%s of %q: %v", f, text, err)
			}
		}
		if strings.ContainsAny(out, "\x00\x1b") || f == picture.SVG && strings.Contains(out, "<script") {
			t.Fatalf("%s of %q holds it as it is", f, text)
		}
	}
	for _, f := range []picture.Format{picture.GraphJSON, picture.OpenGraph} {
		if out := write(t, f, named(text)); !jsontext.Value(out).IsValid() || !utf8.ValidString(out) {
			t.Fatalf("%s of %q is not valid", f, text)
		}
	}
}

func TestHostileNames(t *testing.T) {
	for _, text := range hostileNames() {
		holds(t, text)
	}
}

func FuzzQuotes(f *testing.F) {
	for _, text := range hostileNames() {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) < 4096 {
			holds(t, text)
		}
	})
}
