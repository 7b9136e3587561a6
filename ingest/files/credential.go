package files

import (
	"context"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/accessgraph/accessgraph/graph"
)

// credentialReportStart begins the header of every credential report (F4).
const credentialReportStart = "user,arn,user_creation_time"

// credentialReport reads a credential report: every row is an observation, by the column names of the header.
func (r *reading) credentialReport(ctx context.Context, in io.Reader) error {
	r.batch.recognized = true
	r.batch.kinds[kindObservations] = true
	lines := newLineReader(ctx, in)
	rows := csv.NewReader(lines)
	lines.consumed = rows.InputOffset
	rows.ReuseRecord = true
	header, err := rows.Read()
	if err != nil {
		return r.csvError(err)
	}
	header = append([]string(nil), header...)
	for i := range header {
		header[i] = strings.Clone(header[i])
	}
	for index := 0; ; index++ {
		row, err := rows.Read()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return r.csvError(err)
		}
		r.tick(1)
		line, _ := rows.FieldPos(0)
		p := place{file: r.file, line: int32(line), index: -1}
		if i := slices.IndexFunc(row, func(field string) bool { return !utf8.ValidString(field) }); i >= 0 {
			return &Error{File: r.file.path, Line: int(p.line), Problem: "the column " + quote(header[i]) + " is not UTF-8", Expected: "the report as AWS gives it"}
		}
		v := &graph.CredentialReportRow{User: strings.Clone(row[0]), ARN: graph.ARN(strings.Clone(row[1]))}
		for i := 2; i < len(row); i++ {
			v.Fields = append(v.Fields, graph.Tag{Key: header[i], Value: r.strings.get([]byte(row[i]))})
		}
		sortTags(v.Fields)
		account, err := r.owner(p, string(v.ARN.Account()), string(v.ARN))
		if err != nil {
			return err
		}
		r.batch.add(p, account, v)
	}
}

func (r *reading) csvError(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	var archive *archiveError
	if errors.As(err, &archive) {
		return &Error{File: r.file.path, Problem: archive.Error(), Err: err, stops: true}
	}
	e := &Error{File: r.file.path, Problem: "not a credential report: " + err.Error(), Expected: "CSV with the columns of the header", Err: err, stops: true}
	var at *csv.ParseError
	if errors.As(err, &at) {
		e.Line, e.Problem = at.Line, "not a credential report: "+at.Err.Error()
	}
	return e
}
