package main

import (
	"fmt"
	"strings"
	"time"
)

const aboutScale = `
Organizations of 10, 100 and 1,000 accounts with 1,000 users and roles each (orggen --principals 1000 --seed 1), one after the
other; figures of all three stand in a row, and what is wanted is wanted of the largest. Files are in the page cache. A size other
than these is measured with -accounts, and then nothing is written.

**ingest**: ingest files of the whole export into a new store, in a new process of the built program, from exec to exit. Plain: every
file of the same export read and decoded with json.Unmarshal of encoding/json into structs of the same fields, documents decoded
into structs too, one file after the other in one goroutine. Both in turns, three of them, fewer when they take longer than 20 s; the
ratios are medians of those within a turn. Peak memory is the most that the process had resident.

**store**: all files of the store: the packs, the index that ingest derives from a snapshot, the lists of both. Per user or role. Second:
the same export is ingested into the same store again. Changed: an export of the same organization with 20 things planted
otherwise (orggen --change 20 --seed2 7: of every kind that organization lists, principals' own policies, an SCP and an account's place among
them) is ingested into it; everything that the store grows by counts.

**ask**: four questions. Cold: a new process of the built program, from exec to exit, its output written to nothing; the median of three,
fewer when they take longer than 20 s; peak memory is the largest of them. First: the first question that an engine is asked, through the
library in a new process for each question, after query.Open and without its time; rows are taken to the end. **Warm is the same question
asked again of the same engine**, the median of up to 15 further calls. An engine remembers what it counted: for a question
that only counts (count, group by account count), warm is the time to find that, and the first call beside it is what a new question of the
same kind costs. For the others, warm works with the snapshot that the first call compiled. Growth is the
exponent e where the time grows as the number of principals to the power of e, from the smallest to the largest size. What takes longer
than %s is ended and has no figure.

**memory**: the heap in use (HeapAlloc of runtime.MemStats after a collection) by users and roles, what was in use before opening taken off:
after query.Open; after one question was asked again and again, in the process of its first call; and after all four questions were asked
twice of one engine, in a process of its own. The budget per principal is %d bytes after opening and %d after asking.
`

const aboutSubjects = `
Key: the first of account number 5 whose policy is AWS's default one. Object: reports/2026.csv in the first bucket of that account whose
policy is open neither to everybody nor to the organization. They are the same in every run:

`

// scaleRows adds the rows: one for each piece of work, with the figures of all sizes.
func (b *bench) scaleRows(all []*scaled) {
	last := all[len(all)-1]
	cells := func(cell func(*scaled) string) string {
		var t []string
		for _, s := range all {
			t = append(t, short(s.principals)+": "+cell(s))
		}
		return strings.Join(t, "<br>")
	}

	b.group = "ingest"
	b.add("plain encoding/json of the same bytes", cells(func(s *scaled) string { return s.plain.seconds() + " for " + megabytes(s.export) }))
	b.hold("ingest files", cells(func(s *scaled) string {
		return fmt.Sprintf("%s, %.2f × plain (%.2f × in CPU)", s.ingest.seconds(), s.ratio, s.cpu)
	}), fmt.Sprintf("%.1f × plain", mostIngest), last.ratio <= mostIngest)
	b.hold("its peak memory", cells(func(s *scaled) string { return megabytes(s.ingestPeak) }),
		"under "+megabytes(mostIngestMemory), last.ingestPeak < mostIngestMemory)

	b.group = "store"
	b.hold("store with its index", cells(func(s *scaled) string {
		n := int64(s.principals)
		return fmt.Sprintf("%d bytes per principal (packs %d, index %d)", s.stored.all/n, s.stored.packs/n, s.stored.derived/n)
	}), fmt.Sprintf("under %d bytes", mostStore), last.stored.all < mostStore*int64(last.principals))
	b.hold("a second, unchanged snapshot", cells(func(s *scaled) string {
		return fmt.Sprintf("%d bytes, %d more packs", s.again.all, s.again.packCount)
	}), "no pack", last.again.packCount == 0)
	b.hold(fmt.Sprintf("a snapshot with %d changes", plantedChanges), cells(func(s *scaled) string {
		return fmt.Sprintf("%.2f MB (packs %.2f, index %.2f), in %s", float64(s.changed.all)/1e6, float64(s.changed.packs)/1e6, float64(s.changed.derived)/1e6, s.changeSpent.seconds())
	}), "under "+megabytes(mostChanged), last.changed.all < mostChanged)

	b.group = "ask"
	for i, q := range scaleQuestions {
		b.questionRows(i, q, all, cells)
	}

	b.group = "memory"
	perPrincipal := func(heap int64, s *scaled) string {
		return fmt.Sprintf("%d bytes per principal", heap/int64(s.principals))
	}
	b.hold("heap after opening", cells(func(s *scaled) string {
		if s.heap == nil {
			return s.heapError
		}
		return perPrincipal(s.heap.HeapOpen, s)
	}), fmt.Sprintf("at most %d bytes", mostHeapOpen), last.heap != nil && last.heap.HeapOpen <= mostHeapOpen*int64(last.principals))
	for i, q := range scaleQuestions {
		b.add("heap after opening and "+q.name, cells(func(s *scaled) string {
			if s.questions[i].Error != "" {
				return s.questions[i].Error
			}
			return perPrincipal(s.questions[i].heap, s)
		}))
	}
	b.hold("heap after opening and all questions", cells(func(s *scaled) string {
		switch {
		case s.heap == nil:
			return s.heapError
		case s.left > 0:
			return fmt.Sprintf("%s, without %d that gave no answer", perPrincipal(s.heap.HeapAsked, s), s.left)
		}
		return perPrincipal(s.heap.HeapAsked, s)
	}), fmt.Sprintf("at most %d bytes", mostHeapAsked), last.heap != nil && last.left == 0 && last.heap.HeapAsked <= mostHeapAsked*int64(last.principals))
}

// questionRows adds the rows of one question.
func (b *bench) questionRows(i int, q scaleQuestion, all []*scaled, cells func(func(*scaled) string) string) {
	last := all[len(all)-1].questions[i]
	timeRow := func(work, got string, want time.Duration, held bool) {
		if want == 0 {
			b.add(work, got)
			return
		}
		b.hold(work, got, "under "+brief(want), held)
	}
	timeRow(q.name+", cold", cells(func(s *scaled) string {
		if c := s.questions[i]; c.coldError == "" {
			return fmt.Sprintf("%s, %s at peak", c.cold.seconds(), megabytes(c.coldPeak))
		}
		return s.questions[i].coldError
	}), q.cold, last.coldError == "" && last.cold.wall < q.cold)
	first := func(q *scaledQuestion) time.Duration { return q.First }
	warm := func(q *scaledQuestion) time.Duration { return q.Warm }
	for _, call := range []struct {
		name string
		took func(*scaledQuestion) time.Duration
		want time.Duration
	}{{"first", first, 0}, {"warm", warm, q.warm}} {
		at := func(s *scaled) string {
			if took := call.took(&s.questions[i]); took > 0 {
				return brief(took)
			}
			return s.questions[i].Error
		}
		took := call.took(&last)
		timeRow(q.name+", "+call.name, cells(at), call.want, took > 0 && took < call.want)
	}
	if len(all) == 1 {
		return // nothing grows
	}
	for _, call := range []struct {
		name string
		took func(*scaledQuestion) time.Duration
		hold bool
	}{{"first", first, false}, {"warm", warm, true}} {
		work := q.name + ", growth of " + call.name
		from, to := all[0], all[len(all)-1]
		small, large := call.took(&from.questions[i]), call.took(&to.questions[i])
		got, held := "not known: there is no answer", false
		if small > 0 && large > 0 {
			e := exponent(small, large, from.principals, to.principals)
			got, held = fmt.Sprintf("exponent %.2f", e), e < mostGrowth
		}
		if call.hold {
			b.hold(work, got, fmt.Sprintf("under %.1f", mostGrowth), held)
		} else {
			b.add(work, got)
		}
	}
}

// scaleExplanations say how the rows were measured, and what the questions were about.
func scaleExplanations(all []*scaled, o scaleOptions) string {
	var t strings.Builder
	fmt.Fprintf(&t, aboutScale[1:], o.limit, mostHeapOpen, mostHeapAsked)
	t.WriteString(aboutSubjects)
	for _, s := range all {
		fmt.Fprintf(&t, "- %s: `%s`, `%s`\n", short(s.principals), s.subjects.key, s.subjects.object)
	}
	return t.String()
}

// short is a number of principals: 10k, 1M.
func short(n int) string {
	switch {
	case n >= 1_000_000 && n%100_000 == 0:
		return fmt.Sprintf("%gM", float64(n)/1e6)
	case n >= 1000 && n%100 == 0:
		return fmt.Sprintf("%gk", float64(n)/1e3)
	}
	return fmt.Sprint(n)
}

func megabytes(n int64) string { return fmt.Sprintf("%d MB", n/1e6) }

// brief is a time with three digits that count.
func brief(d time.Duration) string {
	switch {
	case d >= time.Second:
		return fmt.Sprintf("%.3g s", d.Seconds())
	case d >= time.Millisecond:
		return fmt.Sprintf("%.3g ms", d.Seconds()*1e3)
	}
	return fmt.Sprintf("%.3g µs", d.Seconds()*1e6)
}
