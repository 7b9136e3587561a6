// Command report measures the speed and the size of accessgraph, prints a table, and writes it into bench/README.md:
//
//	go run ./bench/report                  # every group, into bench/README.md
//	go run ./bench/report -only startup    # one group, printed alone
//	go run ./bench/report -scale           # organizations of up to a million principals, into bench/README.md
//
// It builds the program that it measures. Run it from the top of the module.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// group is rows that are measured together.
type group struct {
	name  string
	about string // what is measured, and how
	run   func(*bench) error
}

// groups are in the order of the table.
var groups = []group{
	{"decide", aboutDecide, (*bench).decide},
	{"region", aboutRegion, (*bench).region},
	{"whocan", aboutWhoCan, (*bench).whoCan},
	{"account", aboutAccount, (*bench).account},
	{"ingest", aboutIngest, (*bench).ingest},
	{"memory", aboutMemory, (*bench).memory},
	{"store", aboutStore, (*bench).store},
	{"startup", aboutStartup, (*bench).startup},
	{"paths", aboutPaths, (*bench).paths},
	{"changes", aboutChanges, (*bench).changes},
}

// bench is one run of the command.
type bench struct {
	ctx    context.Context
	dir    string // for everything that is generated; removed at the end
	binary string
	group  string // being measured
	rows   []row
	made   map[string]string // organizations that were generated, by their options
}

func main() {
	var o options
	flag.StringVar(&o.only, "only", "", "measure one group and write no file: "+strings.Join(groupNames(), ", "))
	flag.StringVar(&o.readme, "readme", filepath.Join("bench", "README.md"), "file to write the table into")
	flag.BoolVar(&o.scale, "scale", false, "measure organizations of growing size instead of the groups")
	accounts := flag.String("accounts", scaleAccounts, "with -scale: numbers of accounts; others than the default write no file")
	flag.IntVar(&o.sizes.principals, "principals", 1000, "with -scale: users and roles of each account; another number writes no file")
	flag.DurationVar(&o.sizes.limit, "limit", 10*time.Minute, "with -scale: how long one answer may take")
	peakOf := flag.Bool("peak-of", false, "run the command that follows and print its peak memory in bytes, its time and its CPU time in nanoseconds")
	askOf := flag.String("ask-of", "", "ask the questions that follow of this store, and print as JSON what each took")
	pathsOf := flag.String("paths-of", "", "do the phase that follows of access paths on this store, and write to the file behind it what it took")
	calls := flag.Int("calls", askCalls, "with -ask-of: how often each question is asked again")
	flag.Parse()
	var err error
	o.sizes.accounts, err = parseAccounts(*accounts)
	o.standard = *accounts == scaleAccounts && o.sizes.principals == 1000
	switch {
	case err != nil:
	case o.scale && o.only != "":
		err = errors.New("-only is about the groups, which -scale does not measure; give one of them")
	case *peakOf:
		err = printPeak(flag.Args())
	case *askOf != "":
		err = printAsked(*askOf, flag.Args(), *calls, o.sizes.limit)
	case *pathsOf != "":
		err = printPaths(context.Background(), *pathsOf, flag.Args())
	default:
		err = report(o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		os.Exit(1)
	}
}

// options are the flags of a run.
type options struct {
	only, readme string
	scale        bool
	sizes        scaleOptions
	standard     bool // the sizes are those of the table in bench/README.md
}

func groupNames() []string {
	var names []string
	for _, g := range groups {
		names = append(names, g.name)
	}
	return names
}

// report measures, prints, and writes the file where everything was measured.
func report(o options) (err error) {
	// Gigabytes must not stay behind, whichever way the run is ended.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	dir, err := os.MkdirTemp("", "accessgraph-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	b := &bench{ctx: ctx, dir: dir, binary: filepath.Join(dir, "accessgraph"), made: map[string]string{}}
	build := exec.CommandContext(ctx, "go", "build", "-o", b.binary, "./cmd/accessgraph")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("build the program that is measured: %w", err)
	}
	before := load()
	if o.scale {
		all, err := b.scale(o.sizes)
		if err != nil {
			return err
		}
		text := machine(before, load()) + "\n" + table(b.rows) + "\n" + scaleExplanations(all, o.sizes)
		fmt.Print(text)
		if !o.standard {
			return nil
		}
		return writeInto(o.readme, scaleMarkBegin, scaleMarkEnd, text)
	}
	for _, g := range groups {
		if o.only != "" && o.only != g.name {
			continue
		}
		b.group = g.name
		fmt.Fprintf(os.Stderr, "measuring %s\n", g.name)
		if err := g.run(b); err != nil {
			return fmt.Errorf("%s: %w", g.name, err)
		}
	}
	if len(b.rows) == 0 {
		return fmt.Errorf("-only %q is not one of %s", o.only, strings.Join(groupNames(), ", "))
	}
	where := machine(before, load())
	fmt.Printf("%s\n%s", where, table(b.rows))
	if o.only != "" {
		return nil
	}
	return writeInto(o.readme, markBegin, markEnd, where+"\n"+table(b.rows)+"\n"+explanations())
}
