# make            build bin/accessgraph
# make test       every test, in at most three minutes
# make lint       formatting, vet, staticcheck
# make man        manual pages into MANDIR
# make fuzz       every fuzz target for FUZZTIME
# make bench      measure, print the table, and write it into bench/README.md
# make bench-scale  the same for organizations of up to a million principals: half an hour, 3 GB of disk, memory for all of it
# make verify     the acceptance counts: properties at CHECKS cases each, PAIRS pairs of documents, a thousand organizations, all cases, 200 flipped bits,
#                 240 killed processes

GO       ?= go
FUZZTIME ?= 30s
CHECKS   ?= 100000
ORGANIZATIONS ?= 1000
PAIRS    ?= 10000

# The packages that have a test file with a line like this.
having = $(sort $(addprefix ./,$(patsubst ./%,%,$(dir $(shell grep -rlE --include='*_test.go' '$(1)' .)))))

.PHONY: all build test lint fuzz bench bench-scale verify generate man clean

all: build

build:
	$(GO) build -o bin/accessgraph ./cmd/accessgraph

test:
	$(GO) test -timeout 300s ./...

lint:
	@unformatted=$$(gofmt -l .); if [ -n "$$unformatted" ]; then echo "run gofmt -w on:"; echo "$$unformatted"; exit 1; fi
	$(GO) vet ./...
	$(GO) tool -modfile=tools/go.mod staticcheck ./...

# One target at a time: the fuzzing engine runs a single target of a single package.
fuzz:
	@set -e; for file in $$(grep -rl --include='*_test.go' '^func Fuzz' .); do \
		for target in $$(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' $$file); do \
			echo "== $$target in $$(dirname $$file)"; \
			$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x ./$$(dirname $$file); \
		done; \
	done

bench:
	$(GO) run ./bench/report

# ACCOUNTS=2,5,10 tries it out, and writes nothing.
ACCOUNTS ?= 10,100,1000
bench-scale:
	$(GO) run ./bench/report -scale -accounts $(ACCOUNTS)

# The properties, the organizations that a naive evaluator answers for, every case, then the tests that damage, kill and fill stores.
verify:
	$(GO) test $(filter ./evaluator%,$(call having,pgregory.net/rapid)) -count=1 -timeout 8h -rapid.checks=$(CHECKS)
	$(GO) test ./evaluator -count=1 -timeout 8h -run '^TestPapersAgree$$' -pairs=$(PAIRS)
	$(GO) test ./query/verify -count=1 -timeout 8h -organizations=$(ORGANIZATIONS) -laws=1000000 -alone-organizations=20 -fleets=200 \
		-fleet-organizations=20 -fleet-principals=2000 -indexed-organizations=20 -denials=1000 -documents=1000 -rapid.checks=$(CHECKS)
	for suite in decisions partial parse; do $(GO) run ./cmd/accessgraph simulate --cases testdata/cases/$$suite.jsonl >/dev/null || exit 1; done
	$(GO) test -count=1 -timeout 60m ./graph/...
	$(GO) test -count=1 -timeout 60m -run 'FlippedBits|DamagedStores' ./graph/badgerstore ./cmd/accessgraph -flips 200
	$(GO) test -count=1 -timeout 60m -run '^TestKilled$$' ./cmd/accessgraph -kills 240

MANDIR ?= bin/man
man: build
	bin/accessgraph man $(MANDIR)

generate:
	$(GO) generate ./...

clean:
	rm -rf bin/accessgraph bin/man
