package files

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/graph/memstore"
)

// idsOf publishes facts and gives the ids of what they say.
func idsOf(t testing.TB, facts *graph.Facts) (snapshot, observations string) {
	t.Helper()
	e, err := graph.Publish(t.Context(), memstore.New(), facts, graph.Meta{})
	if err != nil {
		t.Fatal(err)
	}
	return string(e.Snapshot), e.Observations
}

// layout writes the same export in another way. stdin, when it gives something, is one more file.
type layout func(t *testing.T, files map[string]string) (changed map[string]string, stdin string)

// TestLayouts writes the whole export in many ways, which all make one snapshot and one set of observations.
func TestLayouts(t *testing.T) {
	facts, _, err := readTree(t, wholeExport(t), Options{})
	if err != nil {
		t.Fatal(err)
	}
	snapshot, observations := idsOf(t, facts)
	layouts := map[string]layout{
		"pages":                      pages,
		"compressed":                 compressed,
		"one directory, other names": flat,
		"one stream":                 oneStream,
		"an account as its own directory": func(t *testing.T, files map[string]string) (map[string]string, string) {
			return renamed(files, func(name string) string { return "deep/" + name }), ""
		},
	}
	for seed := range uint64(20) {
		layouts[fmt.Sprintf("shuffled %d", seed)] = shuffled(seed)
	}
	for name, change := range layouts {
		t.Run(name, func(t *testing.T) {
			files, stdin := change(t, wholeExport(t))
			paths, o := []string{"."}, Options{}
			if stdin != "" {
				paths, o.Stdin = append(paths, "-"), strings.NewReader(stdin)
			}
			if name == "an account as its own directory" {
				paths = []string{"deep/111122223333", "deep/organization.json", "deep/coverage.json"}
			}
			facts, _, err := readTree(t, files, o, paths...)
			if err != nil {
				t.Fatal(err)
			}
			gotSnapshot, gotObservations := idsOf(t, facts)
			if gotSnapshot != snapshot {
				t.Errorf("the snapshot has another id")
			}
			if gotObservations != observations {
				t.Errorf("the observations have another id")
			}
		})
	}
}

func renamed(files map[string]string, to func(name string) string) map[string]string {
	out := map[string]string{}
	for name, content := range files {
		out[to(name)] = content
	}
	return out
}

const details = "111122223333/account-authorization-details.json"

// pages cuts the account's details into pages, of which some repeat an entity.
func pages(t *testing.T, files map[string]string) (map[string]string, string) {
	t.Helper()
	var whole map[string]json.RawMessage
	if err := json.Unmarshal([]byte(files[details]), &whole); err != nil {
		t.Fatal(err)
	}
	page := func(n string, more bool, members ...string) {
		out := map[string]any{"IsTruncated": more}
		for _, m := range members {
			out[m] = whole[m]
		}
		files[strings.TrimSuffix(details, ".json")+n+".json"] = marshal(t, out)
	}
	page("", true, "UserDetailList")
	page("-2", true, "GroupDetailList", "UserDetailList")
	page("-3", true, "RoleDetailList")
	page("-10", false, "Policies")
	return files, ""
}

func marshal(t testing.TB, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// compressed packs every second file with gzip and the others with zstd.
func compressed(t *testing.T, files map[string]string) (map[string]string, string) {
	t.Helper()
	out := map[string]string{}
	for i, name := range slices.Sorted(maps.Keys(files)) {
		var b bytes.Buffer
		if i%2 == 0 {
			z := gzip.NewWriter(&b)
			if _, err := z.Write([]byte(files[name])); err != nil || z.Close() != nil {
				t.Fatal(err)
			}
			out[name+".gz"] = b.String()
			continue
		}
		z, err := zstd.NewWriter(&b)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := z.Write([]byte(files[name])); err != nil || z.Close() != nil {
			t.Fatal(err)
		}
		out[name+".zst"] = b.String()
	}
	return out, ""
}

// flat puts all files side by side under names that say nothing.
func flat(_ *testing.T, files map[string]string) (map[string]string, string) {
	return renamed(files, func(name string) string { return "all/x" + strings.TrimSuffix(path.Base(name), path.Ext(name)) }), ""
}

// oneStream sends all JSON through standard input, one value behind the other.
func oneStream(_ *testing.T, files map[string]string) (map[string]string, string) {
	rest, stream := map[string]string{}, ""
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if path.Ext(name) == ".json" {
			stream += files[name]
		} else {
			rest[name] = files[name]
		}
	}
	return rest, stream
}

// shuffled writes every list in another order, every member in another place, and every document in one of its forms.
func shuffled(seed uint64) layout {
	return func(t *testing.T, files map[string]string) (map[string]string, string) {
		s := shuffler{t, rand.New(rand.NewPCG(seed, 0))}
		out := map[string]string{}
		for _, name := range slices.Sorted(maps.Keys(files)) {
			content := files[name]
			if path.Ext(name) == ".json" {
				var v any
				if err := json.Unmarshal([]byte(content), &v); err != nil {
					t.Fatal(err)
				}
				content = s.value("", v)
			}
			out[name] = content
		}
		return out, ""
	}
}

type shuffler struct {
	t *testing.T
	r *rand.Rand
}

// documentMembers are the members that hold a policy document.
var documentMembers = []string{"PolicyDocument", "AssumeRolePolicyDocument", "Document", "Content", "Policy"}

func (s shuffler) value(member string, v any) string {
	if v != nil && slices.Contains(documentMembers, member) {
		return s.document(v)
	}
	switch v := v.(type) {
	case []any:
		parts := make([]string, len(v))
		for i := range v {
			parts[i] = s.value("", v[i])
		}
		s.r.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
		return "[" + strings.Join(parts, ",\n") + "]"
	case map[string]any:
		var parts []string
		for _, name := range slices.Sorted(maps.Keys(v)) {
			parts = append(parts, marshal(s.t, name)+": "+s.value(name, v[name]))
		}
		s.r.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
		return "{" + strings.Join(parts, ", ") + "}"
	default:
		return marshal(s.t, v)
	}
}

func (s shuffler) document(v any) string {
	text, ok := v.(string)
	if !ok {
		text = marshal(s.t, v)
	} else if strings.HasPrefix(text, "%") {
		decoded, ok := percentDecode([]byte(text))
		if !ok {
			s.t.Fatalf("cannot decode %s", text)
		}
		text = string(decoded)
	}
	switch s.r.IntN(4) {
	case 0:
		return text
	case 1:
		return quoteJSON(escapeAll(text))
	case 2:
		return quoteJSON(strings.ReplaceAll(text, `"`, `\"`))
	default:
		return quoteJSON(text)
	}
}
