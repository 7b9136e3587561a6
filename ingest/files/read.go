package files

import (
	"context"
	"errors"
	"io"

	"github.com/accessgraph/accessgraph/graph"
)

// Options of Read.
type Options struct {
	// Partial leaves out what cannot be used, names it in the coverage and in Report.Incomplete, and goes on.
	Partial bool
	// Progress is called now and then, from the goroutine that called Read; nil for none.
	Progress func(Progress)
	// Stdin is what the path "-" reads.
	Stdin io.Reader
}

// Progress says how far Read is.
type Progress struct {
	File     string // being read
	Bytes    int64  // read so far, before decompression
	Total    int64  // of all files; standard input and pipes count nothing
	Entities int    // read so far
}

// progressStep is how many bytes pass between two calls of Options.Progress.
const progressStep = 1 << 20

// Read reads exports: files, directories, and standard input under the path "-". It returns normalized facts whose
// documents have been looked at, and a report of what was noticed.
//
// The error is an *Error, or the context's; then nothing else is returned. With Options.Partial it is only returned when
// no facts are left.
func Read(ctx context.Context, paths []string, o Options) (*graph.Facts, *Report, error) {
	if len(paths) == 0 {
		return nil, nil, &Error{File: "(no files)", Problem: "nothing was given", Expected: "files or directories"}
	}
	found, err := find(ctx, paths)
	if err != nil {
		return nil, nil, err
	}
	s := newSession(o, found)
	for _, f := range found.failed {
		if !o.Partial {
			return nil, nil, f.err
		}
		s.builder.leaveOut(f.source, nil, f.err)
	}
	for _, file := range found.sources {
		if err := s.file(ctx, file); err != nil {
			return nil, nil, err
		}
	}
	if s.report.Files == 0 {
		return nil, nil, s.nothing(paths)
	}
	facts, err := s.builder.finish(ctx)
	if err != nil {
		return nil, nil, err
	}
	if len(facts.Accounts) == 0 && facts.Organization == nil {
		return nil, nil, s.nothing(paths)
	}
	s.report.UnknownFields, s.report.UnknownNames = s.unknown.total, s.unknown.top()
	sortReport(s.report)
	s.show()
	return facts, s.report, nil
}

// session is one call of Read.
type session struct {
	options   Options
	builder   *builder
	documents *documents
	report    *Report
	strings   *interner
	unknown   *unknownFields
	progress  Progress
	shown     int64
}

func newSession(o Options, found *finder) *session {
	s := &session{
		options: o, documents: newDocuments(), strings: &interner{known: map[string]string{}},
		report:  &Report{Entities: map[string]int{}, Warnings: found.warnings},
		unknown: &unknownFields{byName: map[string]int{}},
	}
	s.builder = newBuilder(o.Partial, s.documents, s.report)
	for _, file := range found.sources {
		s.progress.Total += file.size
	}
	return s
}

func (s *session) show() {
	s.shown = s.progress.Bytes
	if s.options.Progress != nil {
		s.options.Progress(s.progress)
	}
}

// file reads one file and decides what its failure means: the end, a file left out, or a file that was none of ours.
func (s *session) file(ctx context.Context, file *source) error {
	s.progress.File = file.path
	s.show()
	bt, err := s.read(ctx, file)
	if err == nil {
		err = s.builder.merge(bt)
	}
	var bad *Error
	switch {
	case err == nil:
		s.report.Files++
		return nil
	case !errors.As(err, &bad):
		return err
	case !file.expected() && (bt == nil || !bt.recognized):
		s.report.Warnings = append(s.report.Warnings, file.path+": not read: "+bad.Problem)
		return nil
	case !s.options.Partial:
		return bad
	default:
		s.builder.leaveOut(file, bt, bad)
		return nil
	}
}

// read reads one file into a batch. The batch is returned with an error too, for what it says about the file.
func (s *session) read(ctx context.Context, file *source) (*batch, error) {
	stdin := s.options.Stdin
	if stdin == nil && file.path == "-" {
		return nil, &Error{File: "-", Problem: "there is no standard input", stops: true}
	}
	in, err := open(ctx, file, stdin, func(n int) {
		s.progress.Bytes += int64(n)
		s.report.Bytes += int64(n)
		if s.progress.Bytes-s.shown >= progressStep {
			s.show()
		}
	})
	if err != nil {
		return nil, err
	}
	defer in.close()
	unknown := &unknownFields{byName: map[string]int{}}
	r := &reading{
		cursor:    newCursor(ctx, in, file, s.strings, unknown),
		documents: s.documents,
		batch:     newBatch(file),
		partial:   s.options.Partial,
		tick:      func(n int) { s.progress.Entities += n },
	}
	if err := r.readAny(ctx, in); err != nil {
		return r.batch, err
	}
	if !r.batch.recognized {
		return r.batch, unrecognized(file)
	}
	s.unknown.join(unknown)
	return r.batch, nil
}

// nothing gives the error of an input without facts.
func (s *session) nothing(paths []string) *Error {
	e := &Error{File: paths[0], Problem: "holds no facts that could be used", Expected: "the files of an export",
		Hint: "start with the output of `aws iam get-account-authorization-details`", Err: ErrUnrecognized}
	for _, list := range [][]string{s.report.Incomplete, s.report.Warnings} {
		if len(list) > 0 {
			e.Hint = list[0]
			break
		}
	}
	return e
}
