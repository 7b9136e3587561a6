package evaluator_test

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/evaluator/catalog"
	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/ingest/files"
)

var sampleWorld = sync.OnceValues(func() (*evaluator.World, error) {
	facts, _, err := files.Read(context.Background(), []string{filepath.Join("..", "testdata", "sample", "org")}, files.Options{})
	if err != nil {
		return nil, err
	}
	cat, err := catalog.Load()
	if err != nil {
		return nil, err
	}
	return evaluator.Compile(context.Background(), facts, cat)
})

var everyone = evaluator.Selector{Kind: evaluator.SelectARN, Name: "arn:*"}

func document(text string) []evaluator.Policy {
	return []evaluator.Policy{{Name: "alternative", Doc: policy.Parse(policy.Identity, []byte(`{"Version":"2012-10-17","Statement":[`+text+`]}`))}}
}

// saying is what grants say, in an order of its own.
func saying(grants []*evaluator.Access) []string {
	var out []string
	for _, g := range grants {
		text := strings.Join(g.Actions, ",") + " on " + strings.Join(g.Resources(), ",") + " " + g.Verdict.String()
		if g.Conditions != nil {
			text += " under conditions"
		}
		out = append(out, text)
	}
	slices.Sort(out)
	return out
}

// TestComparedWithNothing holds that what a principal of the sample may do beyond a document that allows nothing is all that it may do.
func TestComparedWithNothing(t *testing.T) {
	w, err := sampleWorld()
	if err != nil {
		t.Fatal(err)
	}
	q := evaluator.Question{Actions: []string{"kms:*", "s3:*", "iam:*", "sts:AssumeRole"}} // not what needs no policy (D4)
	none := &evaluator.Alternative{Identity: document(""), Alone: true}
	got, err := w.Compare(t.Context(), q, everyone, none)
	if err != nil {
		t.Fatal(err)
	}
	want, err := w.Can(t.Context(), q, everyone)
	if err != nil {
		t.Fatal(err)
	}
	answers, _, err := w.Includes(t.Context(), q, everyone, none, evaluator.More)
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range want.Rows {
		c := got[i]
		if c.Principal != row.Principal || !slices.Equal(saying(c.More), saying(row.Grants)) {
			t.Errorf("%s may do beyond nothing:\n%s\nand all in all:\n%s", c.Principal, strings.Join(saying(c.More), "\n"), strings.Join(saying(row.Grants), "\n"))
		}
		if len(c.Less) > 0 {
			t.Errorf("%s lacks what nobody has: %s", c.Principal, strings.Join(saying(c.Less), "\n"))
		}
		if exceeds := row.Verdict > evaluator.Unknown; exceeds != (answers[i] == evaluator.Exceeds) {
			t.Errorf("%s: %s, in nothing it is %s", c.Principal, row.Verdict, answers[i])
		}
	}
}

// TestComparedWithEverything holds for every principal of the sample that it has nothing beyond a document that allows everything, and that it
// has all that its own account leaves to such a document just if it is an administrator.
func TestComparedWithEverything(t *testing.T) {
	w, err := sampleWorld()
	if err != nil {
		t.Fatal(err)
	}
	q := evaluator.Question{Actions: []string{"*"}}
	all := document(`{"Effect":"Allow","Action":"*","Resource":"*"}`)
	beyond, shown, err := w.Includes(t.Context(), q, everyone, &evaluator.Alternative{Identity: all, Alone: true}, evaluator.More)
	if err != nil {
		t.Fatal(err)
	}
	for i, answer := range beyond {
		if answer != evaluator.Included {
			t.Errorf("%s beyond everything: %s, %v", answer, shown[i].Actions, shown[i].Notes)
		}
	}
	few := evaluator.Question{Actions: []string{"kms:*", "s3:*", "iam:*", "sts:AssumeRole"}}
	comparisons, err := w.Compare(t.Context(), few, everyone, &evaluator.Alternative{Identity: all})
	if err != nil {
		t.Fatal(err)
	}
	answers, _, err := w.Includes(t.Context(), q, everyone, &evaluator.Alternative{Identity: all}, evaluator.Less)
	if err != nil {
		t.Fatal(err)
	}
	admins := 0
	for i, c := range comparisons {
		complete := c.Equal() == evaluator.Included
		t.Logf("%s: %s, %s", c.Principal, c.Equal(), answers[i])
		if len(c.More) > 0 {
			t.Errorf("%s has more than everything: %s", c.Principal, saying(c.More))
		}
		if complete && answers[i] != evaluator.Included {
			t.Errorf("%s: equal is %s, included %s", c.Principal, c.Equal(), answers[i])
		}
		if complete {
			admins++
		}
	}
	if admins == 0 || admins == len(comparisons) {
		t.Errorf("%d of %d are administrators", admins, len(comparisons))
	}
}
