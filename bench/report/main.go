// Command report measures the speed and the size of accessgraph, prints a table, and writes it into bench/README.md:
//
//	go run ./bench/report                  # every group, into bench/README.md
//	go run ./bench/report -only startup    # one group, printed alone
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
	only := flag.String("only", "", "measure one group and write no file: "+strings.Join(groupNames(), ", "))
	readme := flag.String("readme", filepath.Join("bench", "README.md"), "file to write the table into")
	peakOf := flag.Bool("peak-of", false, "run the command that follows and print its peak memory in bytes, its time and its CPU time in nanoseconds")
	flag.Parse()
	if *peakOf {
		if err := printPeak(flag.Args()); err != nil {
			fmt.Fprintln(os.Stderr, "report:", err)
			os.Exit(1)
		}
		return
	}
	if err := report(*only, *readme); err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		os.Exit(1)
	}
}

func groupNames() []string {
	var names []string
	for _, g := range groups {
		names = append(names, g.name)
	}
	return names
}

func report(only, readme string) (err error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
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
	for _, g := range groups {
		if only != "" && only != g.name {
			continue
		}
		b.group = g.name
		fmt.Fprintf(os.Stderr, "measuring %s\n", g.name)
		if err := g.run(b); err != nil {
			return fmt.Errorf("%s: %w", g.name, err)
		}
	}
	if len(b.rows) == 0 {
		return fmt.Errorf("-only %q is not one of %s", only, strings.Join(groupNames(), ", "))
	}
	where := machine(before, load())
	fmt.Printf("%s\n%s", where, table(b.rows))
	if only != "" {
		return nil
	}
	return writeInto(readme, where+"\n"+table(b.rows)+"\n"+explanations())
}
