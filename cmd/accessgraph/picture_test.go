package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/render"
	"github.com/accessgraph/accessgraph/query/syntax"
)

// TestDrawnQuestions holds for which questions pictures are, before they are asked.
func TestDrawnQuestions(t *testing.T) {
	a := &app{stdout: &bytes.Buffer{}}
	for question, drawn := range map[string]bool{
		"who can reach admin": true, "what can user/alice reach": true, "paths from external to admin": true, "all paths from user/alice to admin | limit 3": true,
		"who is admin": true, "who can do kms:*": false, "can user/alice do kms:Decrypt": false, "what can user/alice do": false, "show users": false,
		"choke points to admin": false, "external access": false,
	} {
		q, err := syntax.Parse(question)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range pictureFormats() {
			err := a.checkPicture(f, q)
			var usage usageError
			if drawn != (err == nil) || !drawn && (!errors.As(err, &usage) || !strings.Contains(err.Error(), "-o "+string(f)+" is for paths")) {
				t.Errorf("%s -o %s: %v", question, f, err)
			}
		}
		if err := a.checkPicture(render.Table, q); err != nil {
			t.Errorf("%s -o table: %v", question, err)
		}
	}
}

// TestNoPixelsForTerminals holds that a PNG goes to a file, and everything else to a terminal too.
func TestNoPixelsForTerminals(t *testing.T) {
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip("no terminal can be had here: ", err)
	}
	defer terminal.Close()
	a := &app{stdout: terminal}
	q, err := syntax.Parse("who can reach admin")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range pictureFormats() {
		err := a.checkPicture(f, q)
		if pixels := f == "png"; pixels != (err != nil) || pixels && !strings.Contains(err.Error(), "-o png > paths.png") {
			t.Errorf("-o %s on a terminal: %v", f, err)
		}
	}
}

// TestWriteAnswer holds that formats of pictures and of rows each find who writes them, and what rows that are no paths end in.
func TestWriteAnswer(t *testing.T) {
	paths := func() *answer.Answer {
		return &answer.Answer{Query: "who can reach admin", Schema: answer.PathSchema(), Rows: answer.Of(), Summary: func() answer.Summary { return answer.Summary{} }}
	}
	for format, want := range map[render.Format]string{"dot": "digraph", "svg": "<svg", "png": "\x89PNG", "graph-json": `"links": []`, "graphml": "</graphml>",
		"cypher": "CREATE CONSTRAINT", "opengraph": `"edges": []`, "csv": "principal,kind", "table": "0 paths"} {
		var b bytes.Buffer
		a := &app{stdout: &b}
		if err := a.writeAnswer(context.Background(), format, paths()); err != nil || !strings.Contains(b.String(), want) {
			t.Errorf("-o %s gives %.100q, %v", format, b.String(), err)
		}
	}
	counted := paths()
	counted.Schema = &answer.Schema{Kind: answer.KindRecord}
	err := (&app{stdout: &bytes.Buffer{}}).writeAnswer(context.Background(), "svg", counted)
	if code, text := exitOf(err); code != exitUsage || !strings.Contains(text, `the answer to "who can reach admin" has none: ask who can reach`) {
		t.Errorf("an answer that is counted ends in %d %s", code, text)
	}
}
