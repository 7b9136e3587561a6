package syntax

import (
	"slices"
	"strings"
	"unicode"

	"github.com/alecthomas/participle/v2/lexer"
)

// CandidateKind says what a candidate for completion is.
type CandidateKind string

// The kinds of candidates. Keyword and Operator come with their text; the others are slots that the caller fills from what it
// knows (catalogue, snapshot, fields of rows).
const (
	Keyword       CandidateKind = "keyword"
	Operator      CandidateKind = "operator" // and punctuation
	ActionSlot    CandidateKind = "action"
	PrincipalSlot CandidateKind = "principal" // an ARN or role/NAME and its like
	ResourceSlot  CandidateKind = "resource"
	KeySlot       CandidateKind = "key"
	ValueSlot     CandidateKind = "value"
	NameSlot      CandidateKind = "name"
	AccountSlot   CandidateKind = "account"
	FieldSlot     CandidateKind = "field"
	FunctionSlot  CandidateKind = "function"
	SnapshotSlot  CandidateKind = "snapshot"
	NumberSlot    CandidateKind = "number"
)

// Candidate is something that could stand at the cursor.
type Candidate struct {
	Text string // empty for a slot
	Kind CandidateKind
}

// Complete tells what could stand at an offset of a text that is being written, whatever comes after. A word that the
// offset touches counts as begun: only keywords that go on from it are given, and the slots that it could fill. There are no
// candidates where what precedes is already wrong, and in comments.
func Complete(text string, offset int) []Candidate {
	before, begun, ok := preceding(text, offset)
	if !ok {
		return nil
	}
	read, next, _, ok := grammarNetwork().run("Query", before, nil)
	if !ok || read < len(before) {
		return nil
	}
	return candidates(next, begun.Value)
}

// Preceding gives the words and marks before the one that is begun at an offset, and the offset at which that begins: what Complete
// gives candidates for. Nothing precedes where Complete has no candidates.
func Preceding(text string, offset int) (before []Token, begin int) {
	tokens, begun, ok := preceding(text, offset)
	if !ok {
		return nil, begun.Pos.Offset
	}
	for _, t := range tokens {
		before = append(before, tokenOf(t))
	}
	return before, begun.Pos.Offset
}

// preceding cuts a text before the word that is begun at an offset. ok is false where no word can be begun: after what cannot be
// read, and in comments.
func preceding(text string, offset int) (before []lexer.Token, begun lexer.Token, ok bool) {
	text = text[:min(max(offset, 0), len(text))]
	begun.Pos.Offset = len(text)
	if quote := openQuote(text); quote >= 0 {
		begun.Value, begun.Pos.Offset = text[quote:], quote
		text = text[:quote]
	}
	tokens, err := scan(text)
	if err != nil {
		return nil, begun, false
	}
	tokens = tokens[:len(tokens)-1]
	end := 0
	if n := len(tokens); n > 0 {
		last := tokens[n-1]
		end = last.Pos.Offset + len(last.Value)
		if begun.Value == "" && end == len(text) && last.Type != build().mark && last.Type != build().op {
			return tokens[:n-1], last, true
		}
	}
	after := text[min(end, len(text)):] // white space and comments
	return tokens, begun, !strings.Contains(after[strings.LastIndexByte(after, '\n')+1:], "#")
}

func candidates(next []expectation, begun string) []Candidate {
	var out []Candidate
	add := func(c Candidate) {
		if (c.Text == "" || hasPrefixFold(c.Text, begun)) && !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	for _, x := range next {
		switch {
		case x.token.literal == "":
			s := slots[x.production]
			add(Candidate{Kind: s.kind})
			if s.kind == ActionSlot {
				for _, l := range levels() {
					add(Candidate{Text: "@" + l, Kind: Keyword})
				}
			}
		case unicode.IsLetter(rune(x.token.literal[0])):
			add(Candidate{Text: x.token.literal, Kind: Keyword})
		default:
			add(Candidate{Text: x.token.literal, Kind: Operator})
		}
	}
	return out
}

// openQuote gives the offset of a quote that is not closed, -1 if there is none.
func openQuote(text string) int {
	if !strings.ContainsAny(text, `'"`) {
		return -1
	}
	_, err := scan(text)
	if e, ok := err.(*Error); ok && e.Offset < len(text) && strings.ContainsRune(`'"`, rune(text[e.Offset])) {
		return e.Offset
	}
	return -1
}
