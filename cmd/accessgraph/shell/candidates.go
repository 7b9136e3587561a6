package shell

import (
	"strings"
	"time"

	"github.com/accessgraph/accessgraph/evaluator/catalog"
	"github.com/accessgraph/accessgraph/query"
	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/complete"
	"github.com/accessgraph/accessgraph/query/render"
	"github.com/accessgraph/accessgraph/query/syntax"
)

// maxListed is how many candidates of one kind are listed.
const maxListed = 200

// NewCompleter makes a completer of questions from the catalogue and other sources.
func NewCompleter(sources ...complete.Source) (*complete.Completer, error) {
	c, err := catalog.Load()
	if err != nil {
		return nil, err
	}
	return &complete.Completer{Sources: append([]complete.Source{complete.Catalogue(c)}, sources...), Most: maxListed, Schema: schemaOf}, nil
}

// schemaOf gives the fields of a question's rows; nil where it is wrong, or not answered by this version.
func schemaOf(question string) *answer.Schema {
	s, err := query.Schema(question)
	if err != nil {
		return nil
	}
	return s
}

// patience is how long Tab waits for names that are still being read.
const patience = 700 * time.Millisecond

// candidates gives what can stand at the cursor of a line: in a backslash command, or in the last of its statements.
func candidates(line string, cursor int, c *complete.Completer, live *complete.Live) complete.Completion {
	before := line[:cursor]
	if strings.HasPrefix(strings.TrimSpace(before), `\`) {
		return commandCandidates(before, live)
	}
	offset := 0
	for {
		_, rest, found := syntax.Cut(before[offset:])
		if !found {
			break
		}
		offset = len(before) - len(rest)
	}
	out := c.At(before[offset:], len(before)-offset)
	out.Start += offset
	return out
}

// commandCandidates completes the name of a backslash command, or its argument.
func commandCandidates(before string, live *complete.Live) complete.Completion {
	start := strings.IndexByte(before, '\\')
	name, argument, named := strings.Cut(before[start:], " ")
	if !named {
		out := complete.Completion{Start: start}
		for _, c := range commands() {
			for _, n := range c.names {
				if strings.HasPrefix(n, name) {
					out.Candidates = append(out.Candidates, complete.Candidate{Text: n, About: c.about, Kind: syntax.Keyword, Open: c.argument == ""})
				}
			}
		}
		return out
	}
	argument = strings.TrimLeft(argument, " ")
	out := complete.Completion{Start: len(before) - len(argument)}
	for _, c := range commands() {
		if c.complete == nil || c.names[0] != name {
			continue
		}
		for _, n := range c.complete(live) {
			if strings.HasPrefix(strings.ToLower(n.Text), strings.ToLower(argument)) {
				out.Candidates = append(out.Candidates, complete.Candidate{Text: render.Neutral(n.Text), About: n.About, Kind: syntax.Keyword, Open: true})
			}
		}
	}
	return out
}
