// Command orggen writes a made-up AWS organization as an export directory, for measurements:
//
//	go run ./bench/orggen --accounts 10 --principals 1000 --seed 1 --out DIR
//	accessgraph ingest files DIR
//
// The same flags give the same files. With --change K, K things are otherwise than without it and everything else is as it was: a
// second state of the same organization. Package organization says what is in them.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/accessgraph/accessgraph/bench/orggen/organization"
)

func main() {
	var o organization.Options
	flag.IntVar(&o.Accounts, "accounts", 10, "number of accounts; the first is the management account")
	flag.IntVar(&o.Principals, "principals", 100, "users and roles of each account")
	flag.Uint64Var(&o.Seed, "seed", 1, "another seed gives another organization of the same kind")
	flag.Float64Var(&o.UserShare, "users", 0, "share of users among the principals that are not baseline; 0 means a fifth")
	flag.IntVar(&o.Changes, "change", 0, "number of changes to plant; DIR.changes.json, beside the directory, lists them")
	flag.Uint64Var(&o.Seed2, "seed2", 1, "another one plants other changes into the same organization")
	out := flag.String("out", "", "directory to write to (required)")
	flag.Parse()
	if *out == "" || flag.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "orggen: want --out DIR and no other arguments")
		flag.Usage()
		os.Exit(2)
	}
	if err := organization.Write(*out, o); err != nil {
		fmt.Fprintln(os.Stderr, "orggen:", err)
		os.Exit(1)
	}
}
