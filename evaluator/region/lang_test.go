package region

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// shortStrings are all strings of up to three characters of an alphabet in which every special character of the tests
// has a member: letters that patterns use, the colon, and one that no pattern names.
var shortStrings = func() []string {
	out := []string{""}
	last := out
	for range 3 {
		var next []string
		for _, s := range last {
			for _, c := range "abA:z" {
				next = append(next, s+string(c))
			}
		}
		out, last = append(out, next...), next
	}
	return out
}()

var (
	smallToken = rapid.Custom(func(t *rapid.T) Token {
		kind := rapid.SampledFrom([]TokenKind{TokenRune, TokenRune, TokenRune, TokenAny, TokenAnyInField, TokenStar, TokenStarInField}).Draw(t, "kind")
		if kind != TokenRune {
			return Token{Kind: kind}
		}
		return Token{Rune: rapid.SampledFrom([]rune("abA:")).Draw(t, "rune")}
	})
	smallPattern = rapid.Custom(func(t *rapid.T) Pattern {
		return Pattern{Tokens: rapid.SliceOfN(smallToken, 0, 4).Draw(t, "tokens"), Fold: rapid.IntRange(0, 4).Draw(t, "fold") == 0}
	})
	smallLang = rapid.Custom(func(t *rapid.T) Lang {
		return Lang{Patterns: rapid.SliceOfN(smallPattern, 0, 3).Draw(t, "patterns"), Not: rapid.IntRange(0, 3).Draw(t, "not") == 0}
	})
)

func text(langs ...Lang) string {
	var parts []string
	for _, l := range langs {
		parts = append(parts, fmt.Sprintf("not=%v %v", l.Not, l.Patterns))
	}
	return strings.Join(parts, "; ")
}

func compileAll(langs []Lang) []LangMatcher {
	out := make([]LangMatcher, len(langs))
	for i, l := range langs {
		out[i] = l.Compile()
	}
	return out
}

// classify is the membership of s in the languages; ok is false when s is not in all of within.
func classify(within, langs []LangMatcher, s string) (set Set, ok bool) {
	for i := range within {
		if !within[i].Match(s) {
			return Set{}, false
		}
	}
	set = NewSet(len(langs))
	for i := range langs {
		if langs[i].Match(s) {
			set.Add(i)
		}
	}
	return set, true
}

func checkCells(t *rapid.T, within, langs []Lang, universe []string) {
	cells, err := Cells(nil, within, langs)
	if err != nil {
		t.Fatal(err)
	}
	w, l := compileAll(within), compileAll(langs)
	byKey := map[string]int{}
	for i, c := range cells {
		if _, twice := byKey[c.In.Key()]; twice {
			t.Fatalf("within %s, %s: two cells of the same membership", text(within...), text(langs...))
		}
		byKey[c.In.Key()] = i
		if set, ok := classify(w, l, c.Witness); !ok || !set.Equal(c.In) {
			t.Fatalf("within %s, %s: %q is not in its cell", text(within...), text(langs...), c.Witness)
		}
	}
	for _, s := range universe {
		set, ok := classify(w, l, s)
		if !ok {
			continue
		}
		i, ok := byKey[set.Key()]
		switch {
		case !ok:
			t.Fatalf("within %s, %s: no cell for %q", text(within...), text(langs...), s)
		case cells[i].Single && s != cells[i].Witness:
			t.Fatalf("within %s, %s: %q is not alone, there is %q", text(within...), text(langs...), cells[i].Witness, s)
		case len([]rune(s)) < len([]rune(cells[i].Witness)):
			t.Fatalf("within %s, %s: %q is not shortest, there is %q", text(within...), text(langs...), cells[i].Witness, s)
		}
	}
	// Every cell that says it has other members has some.
	for _, c := range cells {
		of := append([]Lang{{Patterns: []Pattern{Literal(c.Witness)}, Not: true}}, within...)
		for i, l := range langs {
			if !c.In.Has(i) {
				l = l.Complement()
			}
			of = append(of, l)
		}
		if _, more, _ := Find(nil, of...); more == c.Single {
			t.Fatalf("within %s, %s: single %v is wrong for %q", text(within...), text(langs...), c.Single, c.Witness)
		}
	}
}

func TestCellsAreThePartition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		within := rapid.SliceOfN(smallLang, 0, 2).Draw(t, "within")
		langs := rapid.SliceOfN(smallLang, 0, 3).Draw(t, "langs")
		checkCells(t, within, langs, shortStrings)
	})
}

// Names crowd out the strings around them: the cells beside them must come out right all the same.
func TestCellsAroundNames(t *testing.T) {
	names := make([]Pattern, 0, 100)
	for _, s := range shortStrings[:31] {
		names = append(names, Literal(s))
	}
	rapid.Check(t, func(t *rapid.T) {
		chosen := rapid.SliceOfNDistinct(rapid.IntRange(0, len(names)-1), 0, 12, rapid.ID).Draw(t, "names")
		var list Lang
		for _, i := range chosen {
			list.Patterns = append(list.Patterns, names[i])
		}
		list.Not = rapid.Bool().Draw(t, "not")
		if rapid.Bool().Draw(t, "inside") {
			checkCells(t, []Lang{list}, []Lang{smallLang.Draw(t, "lang")}, shortStrings[:31])
		} else {
			checkCells(t, []Lang{smallLang.Draw(t, "lang")}, []Lang{list, smallLang.Draw(t, "other")}, shortStrings[:31])
		}
	})
}

func TestIntersectsAndCovers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, c := smallLang.Draw(t, "a"), smallLang.Draw(t, "c")
		ma, mc := a.Compile(), c.Compile()
		intersects, err1 := Intersects(nil, a, c)
		covers, err2 := Covers(nil, a, c)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		for _, s := range shortStrings {
			if ma.Match(s) && mc.Match(s) && !intersects {
				t.Fatalf("%s: %q is in both", text(a, c), s)
			}
			if !ma.Match(s) && mc.Match(s) && covers {
				t.Fatalf("%s: %q is not covered", text(a, c), s)
			}
		}
		if s, ok, _ := Find(nil, a, c); ok != intersects || ok && !(ma.Match(s) && mc.Match(s)) {
			t.Fatalf("%s: intersects %v, found %q %v", text(a, c), intersects, s, ok)
		}
		if s, ok, _ := Find(nil, c, a.Complement()); ok == covers || ok && (ma.Match(s) || !mc.Match(s)) {
			t.Fatalf("%s: covers %v, found %q %v", text(a, c), covers, s, ok)
		}
	})
}

func globs(texts ...string) Lang {
	var l Lang
	for _, s := range texts {
		l.Patterns = append(l.Patterns, Glob(s, false))
	}
	return l
}

func TestCellsTable(t *testing.T) {
	tests := []struct {
		name          string
		within, langs []Lang
		want          []string
	}{
		{"nothing", nil, nil, []string{"{} \"\""}},
		{"bool", []Lang{globs("true", "false")}, []Lang{globs("true")}, []string{"{0} \"true\" single", "{} \"false\" single"}},
		{"empty within", []Lang{globs("a*"), globs("b*")}, []Lang{globs("*")}, nil},
		{"one letter", []Lang{globs("?")}, []Lang{globs("a")}, []string{"{0} \"a\" single", "{} \"x\""}},
		{"finite", []Lang{{Patterns: []Pattern{Glob("a-1", true)}}}, []Lang{globs("a-1")}, []string{"{0} \"a-1\" single", "{} \"A-1\" single"}},
		{"regions", []Lang{globs("??-*")}, []Lang{globs("eu-*"), {Patterns: globs("eu-west-1").Patterns, Not: true}},
			[]string{"{0} \"eu-west-1\" single", "{0,1} \"eu-\"", "{1} \"ex-\""}},
	}
	for _, test := range tests {
		cells, err := Cells(NewBudget(100000), test.within, test.langs)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, c := range cells {
			var in []string
			c.In.Each(func(i int) { in = append(in, fmt.Sprint(i)) })
			line := fmt.Sprintf("{%s} %q", strings.Join(in, ","), c.Witness)
			if c.Single {
				line += " single"
			}
			got = append(got, line)
		}
		if strings.Join(got, "\n") != strings.Join(test.want, "\n") {
			t.Errorf("%s: got %v, want %v", test.name, got, test.want)
		}
	}
}

func TestBudgetEndsWork(t *testing.T) {
	hostile := globs("*a???????????????????????????????????????")
	b := NewBudget(10000)
	if _, err := Cells(b, nil, []Lang{hostile}); !errors.Is(err, ErrBudget) {
		t.Errorf("Cells: %v", err)
	}
	if !errors.Is(b.Err(), ErrBudget) || b.Spend(0) {
		t.Error("an exceeded budget recovers")
	}
	if _, err := Covers(NewBudget(1000), hostile, globs("*b?c*a?????????????????*")); !errors.Is(err, ErrBudget) {
		t.Errorf("Covers: %v", err)
	}
	if _, err := Intersects(NewBudget(0), globs("*a*"), globs("*b*")); !errors.Is(err, ErrBudget) {
		t.Errorf("Intersects: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	stopped := NewBudget(1 << 40).Within(ctx)
	if _, err := Cells(stopped, nil, []Lang{hostile}); !errors.Is(err, context.Canceled) || stopped.Used() > 10*lookEvery || errors.Is(err, ErrBudget) {
		t.Errorf("a cancelled context: %v after %d steps", err, stopped.Used())
	}
	var unlimited *Budget
	if !unlimited.Spend(1<<62) || unlimited.Err() != nil || unlimited.Used() != 0 {
		t.Error("a nil budget has limits")
	}
}

func BenchmarkCells(b *testing.B) {
	var literals, prefixes Lang
	for i := range 2000 {
		literals.Patterns = append(literals.Patterns, Literal(fmt.Sprintf("arn:aws:s3:::company-bucket-%d/reports", i*7919)))
		prefixes.Patterns = append(prefixes.Patterns, Glob(fmt.Sprintf("arn:aws:s3:::company-bucket-%d/*", i*7919), false))
	}
	few := []Lang{globs("arn:aws:s3:::prod-*"), globs("arn:aws:s3:::*-logs"), globs("arn:aws:s3:::*-logs/*"), globs("arn:aws:s3:::data/*", "arn:aws:s3:::data")}
	within := []Lang{globs("arn:aws:s3:::*")}
	cases := map[string][]Lang{
		"few":          few,
		"2000literals": {literals, few[0], few[1]},
		"2000prefixes": {prefixes, few[0], few[1]},
	}
	for name, langs := range cases {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Cells(nil, within, langs); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkCovers(b *testing.B) {
	cases := map[string][2]Lang{
		"prefix":  {globs("arn:aws:s3:::company-*"), globs("arn:aws:s3:::company-logs/*")},
		"literal": {globs("arn:aws:s3:::*-logs"), globs("arn:aws:s3:::company-logs")},
		"middle":  {globs("arn:aws:s3:::*/logs/*"), globs("arn:aws:s3:::company/logs/2026/*")},
	}
	for name, c := range cases {
		b.Run("covers/"+name, func(b *testing.B) {
			for b.Loop() {
				Covers(nil, c[0], c[1])
			}
		})
		b.Run("intersects/"+name, func(b *testing.B) {
			for b.Loop() {
				Intersects(nil, c[0], c[1])
			}
		})
	}
}
