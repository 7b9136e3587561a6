package complete

import (
	"strings"

	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/syntax"
)

// Kind says what a name is the name of.
type Kind string

// The kinds of names.
const (
	Action       Kind = "action" // or, with Open, a service
	Key          Kind = "key"    // a condition key, or, with Open, the beginning of several
	Principal    Kind = "principal"
	ARN          Kind = "ARN" // of a principal
	Resource     Kind = "resource"
	Account      Kind = "account"
	Unit         Kind = "OU"
	Organization Kind = "organization"
	Service      Kind = "service" // as a principal: lambda.amazonaws.com
	Prefix       Kind = "prefix"  // of the actions of a service: lambda
	TagKey       Kind = "tag"
	TagValue     Kind = "tag value"
	Snapshot     Kind = "snapshot"
)

// Name is something that a question can name. It comes from others and may hold anything.
type Name struct {
	Text  string
	About string // a few words about it; may be empty
	Open  bool   // only the beginning of a name: more follows right after it
}

// Source knows names.
type Source interface {
	// Names gives the first names of a kind that begin with a prefix, letter case aside, in order, at most most of them, and
	// tells whether there are more. of is the tag's key for a TagValue, and empty for every other kind.
	Names(kind Kind, of, prefix string, most int) (names []Name, more bool)
}

// Completer tells what can stand at a place of a question. Its fields must not change while it is used.
type Completer struct {
	Sources []Source // asked in this order
	// Schema gives the fields of the rows of a question with its stages, nil where that cannot be told.
	Schema func(question string) *answer.Schema
	Most   int // the most candidates of one kind
}

// Candidate is what can stand at the cursor. Text is spelled as questions have it and harmless to a terminal, About is not: show it
// through render.Neutral.
type Candidate struct {
	Text  string
	About string
	Kind  syntax.CandidateKind
	Open  bool // more follows right after it
}

// Completion is what can stand in place of the text from Start, a byte offset, to the cursor. More tells that there are candidates
// that are not listed.
type Completion struct {
	Start      int
	Candidates []Candidate
	More       bool
}

// At gives what can stand at an offset of a text that is being written.
func (c *Completer) At(text string, offset int) Completion {
	text = text[:min(max(offset, 0), len(text))]
	before, begin := syntax.Preceding(text, len(text))
	w := &work{Completer: c, text: text, before: before, Completion: Completion{Start: begin}}
	if !w.begun(text[begin:]) {
		return w.Completion
	}
	possible := syntax.Complete(text, len(text))
	for _, x := range possible {
		if x.Kind == syntax.Keyword || x.Kind == syntax.Operator && w.offers(x.Text) {
			w.add(Candidate{Text: x.Text, Kind: x.Kind, About: stages(x.Text)})
		}
	}
	for _, x := range possible {
		if x.Text == "" {
			w.slot(x.Kind)
		}
	}
	return w.Completion
}

// work is one completion in the making.
type work struct {
	*Completer
	Completion
	text   string
	before []syntax.Token
	prefix string // what is begun, without its quote
	mark   rune   // the quote that is open, 0 for none
	seen   map[string]bool
}

// begun reads the word at the cursor. It is false for one that is not completed: with escapes inside.
func (w *work) begun(word string) bool {
	w.prefix = word
	if word != "" && (word[0] == '\'' || word[0] == '"') {
		w.mark, w.prefix = rune(word[0]), word[1:]
		if n := len(w.prefix); n > 0 && w.prefix[n-1] == word[0] {
			return false // the quote is closed
		}
	}
	return !strings.Contains(w.prefix, `\`)
}

// offers tells whether an operator or mark is worth a line: those of comparisons, and the bar. The others only end things.
func (w *work) offers(mark string) bool { return !strings.ContainsAny(mark, "(),?") }

func stages(mark string) string {
	if mark == "|" {
		return "then where, select, group by, sort by, limit or count"
	}
	return ""
}

func (w *work) add(c Candidate) {
	if w.seen == nil {
		w.seen = map[string]bool{}
	}
	if !w.seen[c.Text] {
		w.seen[c.Text] = true
		w.Candidates = append(w.Candidates, c)
	}
}

// names adds the names of a kind that all sources know; with gives what stands before each of them.
func (w *work) names(slot syntax.CandidateKind, kind Kind, of, with string) {
	prefix, ok := cutPrefixFold(w.prefix, with)
	if !ok {
		return
	}
	for _, s := range w.Sources {
		found, more := s.Names(kind, of, prefix, w.Most)
		w.More = w.More || more
		for _, n := range found {
			spelled := syntax.Spell(with+n.Text, w.mark)
			if n.Open {
				spelled = w.open(with + n.Text)
			}
			w.add(Candidate{Text: spelled, About: n.About, Kind: slot, Open: n.Open})
		}
	}
}

// open spells the beginning of a name: within quotes if they are open, never closing them.
func (w *work) open(name string) string {
	if w.mark == 0 {
		return name
	}
	return strings.TrimSuffix(syntax.Spell(name, w.mark), string(w.mark))
}

// words adds the values that are among a few words.
func (w *work) words(words ...string) {
	for _, x := range words {
		if hasPrefixFold(x, w.prefix) {
			w.add(Candidate{Text: syntax.Spell(x, w.mark), Kind: syntax.ValueSlot})
		}
	}
}
