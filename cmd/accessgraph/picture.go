package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/picture"
	"github.com/accessgraph/accessgraph/query/render"
	"github.com/accessgraph/accessgraph/query/syntax"
)

// pictureFormats are the formats for paths alone.
func pictureFormats() []render.Format {
	formats := picture.Formats()
	out := make([]render.Format, len(formats))
	for i, f := range formats {
		out[i] = render.Format(f)
	}
	return out
}

func isPicture(f render.Format) bool { return slices.Contains(pictureFormats(), f) }

// checkPicture refuses a picture of a question that has no paths, and pixels for a terminal, before anything is worked out.
func (a *app) checkPicture(f render.Format, q *syntax.Query) error {
	if !isPicture(f) {
		return nil
	}
	if !drawn(q) {
		return usageError{fmt.Errorf("-o %s is for paths, and this is %q: %s", f, q.Form(), picture.Drawn)}
	}
	if _, ok := terminal(a.stdout); ok && f == render.Format(picture.PNG) {
		return usageError{errors.New("-o png is not for a terminal; write it to a file: -o png > paths.png")}
	}
	return nil
}

// drawn tells whether the rows of a question are paths; stages that make other rows are found out when the answer is there.
func drawn(q *syntax.Query) bool {
	switch q.Question.(type) {
	case *syntax.WhoReach, *syntax.WhatReach, *syntax.Paths, *syntax.WhoIsAdmin:
		return true
	}
	return false
}

// writeAnswer writes an answer, as a picture where the format is one.
func (a *app) writeAnswer(ctx context.Context, f render.Format, result *answer.Answer) error {
	if isPicture(f) {
		return picture.Write(ctx, a.stdout, picture.Format(f), result)
	}
	return render.Write(a.stdout, f, result, a.renderOptions())
}
