// Package accessgraph_test holds what is true of the whole module: which package may import which.
package accessgraph_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/accessgraph/accessgraph"

// allowed says which packages of this module the packages under a path may import, beside those under the path itself;
// the longest path counts. Imports run downhill only (docs/design.md): what is not listed is forbidden, so a new package
// begins with nothing.
var allowed = map[string][]string{
	"":                        nil,
	"cmd":                     {"query", "evaluator", "graph", "ingest", "testdata"},
	"query":                   {"evaluator", "graph"},
	"query/syntax":            nil, // the language does not know the store
	"query/answer":            {"query/syntax", "evaluator/region", "graph"},
	"query/changes":           {"query/answer", "evaluator/policy", "graph"},
	"query/inventory":         {"query/answer", "query/syntax", "evaluator/policy", "graph"},
	"query/render":            {"query/answer", "graph"},
	"query/picture":           {"query/answer", "query/render", "graph"},
	"query/thirdparty":        nil,
	"query/picture/draw":      nil, // it knows nothing of what it draws
	"evaluator":               {"graph"},
	"evaluator/policy":        {"evaluator/region"},
	"evaluator/region":        nil,
	"evaluator/catalog":       nil,
	"evaluator/issuers":       {"evaluator/region"},
	"evaluator/paths":         {"evaluator", "graph"},
	"evaluator/paths/network": nil, // it knows no IAM
	"graph":                   nil,
	"ingest":                  {"graph", "evaluator/policy"},
	"bench":                   {"query", "evaluator", "graph", "ingest", "testdata"},
	"testdata":                nil,
}

// leaves are the packages of the outside that one package of ours alone may know.
var leaves = map[string][]string{
	"github.com/dgraph-io/badger":      {"graph/badgerstore"},
	"github.com/alecthomas/participle": {"query/syntax"},
	"go.yaml.in/yaml":                  {"query/gates"},
	"github.com/spf13/cobra":           {"cmd"},
	"github.com/reeflective/readline":  {"cmd/accessgraph/shell"},
	"golang.org/x/image":               {"query/picture/draw"},
	"github.com/goccy/go-graphviz":     nil, // tests alone: it compiles a program at every start, and keeps the result where anybody can write
	"testing":                          {"graph", "testdata", "bench"},
}

type listed struct {
	ImportPath string
	Imports    []string
}

func packages(t *testing.T) []listed {
	t.Helper()
	command := exec.Command("go", "list", "-json=ImportPath,Imports", "./...")
	out, err := command.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("go list: %v\n%s", err, exit.Stderr)
		}
		t.Fatal(err)
	}
	var all []listed
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// TestImportsRunDownhill holds the layers: cmd, query, evaluator, graph, and ingest beside them.
func TestImportsRunDownhill(t *testing.T) {
	all := packages(t)
	if len(all) < 5 {
		t.Fatalf("go list found %d packages", len(all))
	}
	for _, p := range all {
		from := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
		rule := ruleOf(from)
		for _, imported := range p.Imports {
			if to, ours := strings.CutPrefix(imported, module+"/"); ours {
				if !under(to, rule) && !slices.ContainsFunc(allowed[rule], func(a string) bool { return under(to, a) }) {
					t.Errorf("%s imports %s; packages under %q may import only those under it and %q", from, to, rule, allowed[rule])
				}
				continue
			}
			for leaf, users := range leaves {
				if under(imported, leaf) && !slices.ContainsFunc(users, func(u string) bool { return under(from, u) }) {
					t.Errorf("%s imports %s, which only %q may know", from, imported, users)
				}
			}
		}
	}
}

// ruleOf finds the longest path of allowed that from is under.
func ruleOf(from string) string {
	best := ""
	for path := range allowed {
		if path != "" && under(from, path) && len(path) > len(best) {
			best = path
		}
	}
	return best
}

func under(path, folder string) bool {
	return path == folder || strings.HasPrefix(path, folder+"/")
}
