// Package render writes answers: tables for people, JSON, newline-delimited JSON, CSV and Markdown for everything else.
// The same answer gives the same bytes. Newline-delimited JSON, JSON and CSV are written while the rows are found; a table
// waits for the last row, because its columns fit what is in them.
//
// Caveats: data comes from others. Tables and Markdown show control characters as escapes (\x1b), so that nothing in a
// policy can drive the reader's terminal; JSON and CSV hold values exactly.
package render

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/accessgraph/accessgraph/query/answer"
)

// Format is an output format.
type Format string

// The formats.
const (
	Table    Format = "table"    // for people: grants under one condition joined, lists and ARNs shortened
	Wide     Format = "wide"     // every grant as it is, with what proves it, nothing cut
	JSON     Format = "json"     // one document
	NDJSON   Format = "ndjson"   // the rows alone, one a line, as they are found
	CSV      Format = "csv"      // RFC 4180, one record a row
	Markdown Format = "markdown" // a table to paste into a page
	Policy   Format = "policy"   // one policy document that allows what the answer says, where the answer holds one
)

// RowsAlone tells the formats that hold nothing but rows: what an answer stands on has to be said beside them.
func (f Format) RowsAlone() bool { return f == NDJSON || f == CSV }

// Formats lists the formats for any rows in the order in which help names them.
func Formats() []Format { return []Format{Table, Wide, JSON, NDJSON, CSV, Markdown} }

// ParseFormat reads the name of a format for any rows, or of one of some others; the error names those there are.
func ParseFormat(name string, others ...Format) (Format, error) {
	formats := append(Formats(), others...)
	names := make([]string, 0, len(formats))
	for _, f := range formats {
		if string(f) == name {
			return f, nil
		}
		names = append(names, string(f))
	}
	return "", fmt.Errorf("output format %q is not one of %s", name, strings.Join(names, ", "))
}

// writePolicy writes the document of an answer.
func writePolicy(w *bufio.Writer, a *answer.Answer) error {
	if a.Document == nil {
		return errors.New("the answer holds no policy document")
	}
	_, err := w.Write(a.Document)
	return err
}

// Options are what the reader's terminal can do. Width is in columns; 0 is no terminal: a line is as long as its cells.
type Options struct {
	Width int
	Color bool
}

// Write writes a in the format f. It stops at the first error of the rows or of w; what was written until then stays.
func Write(w io.Writer, f Format, a *answer.Answer, o Options) error {
	b := bufio.NewWriterSize(w, 1<<16)
	var err error
	switch f {
	case Table:
		err = writeTable(b, a, o)
	case Wide:
		err = writeWide(b, a, o)
	case JSON:
		err = writeJSON(b, a)
	case NDJSON:
		err = writeNDJSON(w, a)
	case CSV:
		err = writeCSV(b, a)
	case Markdown:
		err = writeMarkdown(b, a)
	case Policy:
		err = writePolicy(b, a)
	default:
		_, err = ParseFormat(string(f), Policy)
	}
	if flushed := b.Flush(); err == nil {
		err = flushed
	}
	return err
}
