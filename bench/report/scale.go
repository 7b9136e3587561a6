package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/accessgraph/accessgraph/bench/orggen/organization"
)

// scaleOptions say which organizations are measured, and how long one answer may take.
type scaleOptions struct {
	accounts   []int
	principals int // of each account
	limit      time.Duration
}

// scaleAccounts are the sizes that the table in bench/README.md has.
const scaleAccounts = "10,100,1000"

// parseAccounts reads a list of numbers of accounts, and gives them in rising order.
func parseAccounts(list string) ([]int, error) {
	var all []int
	for _, text := range strings.Split(list, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || n < 2 {
			return nil, fmt.Errorf("-accounts %q: want numbers of at least 2 with commas between them, such as %s", list, scaleAccounts)
		}
		all = append(all, n)
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// scaleQuestion is asked of every size.
type scaleQuestion struct {
	name       string // with <key> and <object> for what each size has
	cold, warm time.Duration
}

var scaleQuestions = []scaleQuestion{
	{"who can kms:Decrypt on <key>", time.Second, 20 * time.Millisecond},
	{"who can do kms:* ? | group by account count", 1500 * time.Millisecond, 100 * time.Millisecond},
	{"who can s3:GetObject on <object> when aws:MultiFactorAuthPresent is absent | count", 0, 50 * time.Millisecond},
	{"who can do all of iam:PassRole, lambda:CreateFunction | count", 0, 100 * time.Millisecond},
}

// about is the question on what an organization has.
func (q *scaleQuestion) about(s subjects) string {
	return strings.NewReplacer("<key>", s.key, "<object>", s.object).Replace(q.name)
}

// What is wanted.
const (
	mostIngest       = 1.5 // times plain decoding
	mostIngestMemory = 4_000_000_000
	mostStore        = 400       // bytes per principal
	mostChanged      = 1_000_000 // bytes for a snapshot with plantedChanges
	mostGrowth       = 0.7       // exponent
	mostHeapOpen     = 300       // bytes per principal after opening: the packed segments and the heads of the accounts
	mostHeapAsked    = 1500      // and after asking: what is kept of accounts that were looked at
	plantedChanges   = 20
)

// scaled is what was measured of one organization.
type scaled struct {
	accounts, principals int
	subjects             subjects

	export        int64 // bytes
	plain, ingest spent
	ratio, cpu    float64 // of ingest to plain, the median of turns
	ingestPeak    int64

	stored      footprint
	again       footprint // added by a second, unchanged snapshot
	changed     footprint // added by one with planted changes
	changeSpent spent

	questions []scaledQuestion
	heap      *asked // of one process that asked every question that has an answer
	heapError string
	left      int // questions that it did not ask
}

// scaledQuestion is what one question took; an error stands for the figures behind it.
type scaledQuestion struct {
	cold      spent
	coldPeak  int64
	coldError string
	answered
	heap int64 // in use after it, in the process of its first call
}

// footprint is the size of a store, or how much it has grown.
type footprint struct {
	packs, derived, all int64 // bytes; all has the store's lists, too
	packCount           int
}

func (f footprint) minus(g footprint) footprint {
	return footprint{f.packs - g.packs, f.derived - g.derived, f.all - g.all, f.packCount - g.packCount}
}

// footprintOf measures a store.
func footprintOf(store string) (f footprint, err error) {
	if f.all, err = size(store); err != nil {
		return f, err
	}
	if f.packs, err = size(filepath.Join(store, "packs")); err != nil {
		return f, err
	}
	// A store whose snapshots have no index has no such folder.
	if f.derived, err = size(filepath.Join(store, "derived")); err != nil && !errors.Is(err, os.ErrNotExist) {
		return f, err
	}
	f.packCount, err = countPacks(store)
	return f, err
}

// scale measures every size and adds the rows.
func (b *bench) scale(o scaleOptions) ([]*scaled, error) {
	var all []*scaled
	for _, n := range o.accounts {
		s := &scaled{accounts: n, principals: n * o.principals}
		if err := b.scaleOne(s, o); err != nil {
			return nil, fmt.Errorf("%d accounts of %d principals: %w", n, o.principals, err)
		}
		all = append(all, s)
		// What is known is seen before the next size, which takes ten times as long.
		known := &bench{}
		known.scaleRows([]*scaled{s})
		fmt.Fprintf(os.Stderr, "\n%s\n", table(known.rows))
	}
	b.scaleRows(all)
	return all, nil
}

// scaleOne measures one organization. No two exports are on disk at a time.
func (b *bench) scaleOne(s *scaled, o scaleOptions) (err error) {
	dir := filepath.Join(b.dir, fmt.Sprintf("scale-%d", s.accounts))
	export, store := filepath.Join(dir, "export"), filepath.Join(dir, "store")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	say := func(format string, args ...any) {
		fmt.Fprintf(os.Stderr, "%s %s principals: %s\n", time.Now().Format("15:04:05"), short(s.principals), fmt.Sprintf(format, args...))
	}

	say("making the organization")
	made := organization.Options{Accounts: s.accounts, Principals: o.principals, Seed: 1}
	if err := organization.Write(export, made); err != nil {
		return err
	}
	if s.export, err = size(export); err != nil {
		return err
	}
	if s.subjects, err = pickSubjects(export); err != nil {
		return err
	}
	if err := b.scaleIngest(s, export, store, say); err != nil {
		return err
	}
	if s.stored, err = footprintOf(store); err != nil {
		return err
	}
	say("a second, unchanged snapshot")
	if _, err := b.process("ingest", "files", export, "--store", store); err != nil {
		return err
	}
	second, err := footprintOf(store)
	if err != nil {
		return err
	}
	s.again = second.minus(s.stored)
	if err := os.RemoveAll(export); err != nil {
		return err
	}
	if err := b.scaleAsk(s, store, o.limit, say); err != nil {
		return err
	}

	say("a snapshot with %d changes", plantedChanges)
	made.Changes, made.Seed2 = plantedChanges, 7
	if err := organization.Write(export, made); err != nil {
		return err
	}
	if s.changeSpent, err = b.process("ingest", "files", export, "--store", store); err != nil {
		return err
	}
	third, err := footprintOf(store)
	s.changed = third.minus(second)
	return err
}

// scaleIngest decodes and ingests the same files in turns; the store of the last turn stays.
func (b *bench) scaleIngest(s *scaled, export, store string, say func(string, ...any)) error {
	var ratios, cpus []float64
	var plains, ingests, plainCPU, ingestCPU []time.Duration
	for start := time.Now(); len(ratios) < 3 && (len(ratios) == 0 || time.Since(start) < mostTime); {
		if err := os.RemoveAll(store); err != nil {
			return err
		}
		say("plain decoding of %s", megabytes(s.export))
		runtime.GC()
		plain, err := timed(func() error { return decodePlain(b.ctx, export) })
		if err != nil {
			return err
		}
		say("ingest")
		peak, ingest, err := b.peakOf(b.ctx, "ingest", "files", export, "--store", store)
		if err != nil {
			return err
		}
		s.ingestPeak = max(s.ingestPeak, peak)
		plains, plainCPU = append(plains, plain.wall), append(plainCPU, plain.cpu)
		ingests, ingestCPU = append(ingests, ingest.wall), append(ingestCPU, ingest.cpu)
		ratios = append(ratios, ingest.wall.Seconds()/plain.wall.Seconds())
		cpus = append(cpus, ingest.cpu.Seconds()/plain.cpu.Seconds())
	}
	s.plain, s.ingest = spent{middle(plains), middle(plainCPU)}, spent{middle(ingests), middle(ingestCPU)}
	s.ratio, s.cpu = middle(ratios), middle(cpus)
	return nil
}

// scaleAsk asks every question, each in processes of its own, and then all of them in one.
func (b *bench) scaleAsk(s *scaled, store string, limit time.Duration, say func(string, ...any)) error {
	var answerable []string
	for i := range scaleQuestions {
		question := scaleQuestions[i].about(s.subjects)
		say("%s", question)
		var q scaledQuestion
		var err error
		q.cold, err = median(3, func() (spent, error) {
			ctx, cancel := context.WithTimeout(b.ctx, limit)
			defer cancel()
			peak, cold, err := b.peakOf(ctx, "query", question, "--store", store)
			q.coldPeak = max(q.coldPeak, peak)
			return cold, err
		})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			q.coldError = shortReason(err, limit)
		}
		a, err := b.ask(store, []string{question}, askCalls, limit)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			q.Error = shortReason(err, limit)
		} else {
			q.answered, q.heap = a.Answers[0], a.HeapAsked
		}
		// What fails is reported, unless it fails because the user has had enough.
		if b.ctx.Err() != nil {
			return b.ctx.Err()
		}
		if q.Error == "" {
			answerable = append(answerable, question)
		}
		s.questions = append(s.questions, q)
	}
	say("memory of a process that asks all")
	var err error
	if s.heap, err = b.ask(store, answerable, 1, limit); err != nil {
		fmt.Fprintln(os.Stderr, err)
		s.heapError = shortReason(err, limit)
	}
	s.left = len(scaleQuestions) - len(answerable)
	return b.ctx.Err()
}

// exponent is e where a time grows as the number of principals to the power of e.
func exponent(small, large time.Duration, principals, morePrincipals int) float64 {
	return math.Log(float64(large)/float64(small)) / math.Log(float64(morePrincipals)/float64(principals))
}
