package picture_test

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"flag"
	"image/color"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"

	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/picture"
)

var (
	update   = flag.Bool("update", false, "write the golden files anew")
	pictures = flag.String("pictures", "", "write the samples as PNG into this directory, to be looked at")
)

func write(t testing.TB, f picture.Format, a *answer.Answer) string {
	t.Helper()
	var b bytes.Buffer
	if err := picture.Write(context.Background(), &b, f, a); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// samples are the graphs of the golden files.
func samples() map[string]func() *answer.Answer {
	return map[string]func() *answer.Answer{
		"small": small, "fifty": fifty, "hostile": hostile, "mixed": mixed, "empty": func() *answer.Answer { return ask("who can reach admin") },
	}
}

func TestGolden(t *testing.T) {
	for name, sample := range samples() {
		for _, f := range picture.Formats() {
			if f == picture.PNG { // its bytes are the compressor's: TestPNG looks into it
				continue
			}
			t.Run(name+"."+string(f), func(t *testing.T) {
				got := write(t, f, sample())
				if write(t, f, sample()) != got {
					t.Error("a second one differs")
				}
				file := filepath.Join("testdata", name+"."+string(f))
				if *update {
					if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(string(want), got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", file, diff)
				}
			})
		}
	}
}

// TestOrderOfRows holds that the same paths in another order make the same bytes, in every format.
func TestOrderOfRows(t *testing.T) {
	for _, f := range picture.Formats() {
		sample := fifty
		if f == picture.PNG {
			sample = small
		}
		want, reversed := write(t, f, sample()), sample()
		rows, err := answer.Collect(reversed.Rows)
		if err != nil {
			t.Fatal(err)
		}
		slices.Reverse(rows)
		reversed.Rows = answer.Of(rows...)
		if got := write(t, f, reversed); got != want {
			t.Errorf("%s differs when the rows come the other way round", f)
		}
	}
}

// TestOnce holds that every node and every edge is there once, with the best verdict and all conditions, and what is said of them.
func TestOnce(t *testing.T) {
	a, b := end{user(dev, "a"), "user", dev}, end{role(dev, "b"), "role", dev}
	row := func(when string) *answer.Path { return path("escalation", step(a, b, "CAN_ASSUME", "", when)) }
	g, err := picture.Of(ask("q", row("x = 2"), row("x = 1"), row("x = 2"), path("permissions", step(a, b, "BECOME", "t", ""))))
	if err != nil {
		t.Fatal(err)
	}
	if len(g.Nodes) != 2 || len(g.Edges) != 2 || g.Paths != 4 {
		t.Fatalf("%d nodes, %d edges, %d paths", len(g.Nodes), len(g.Edges), g.Paths)
	}
	from, to := g.Nodes[1], g.Nodes[0]
	if !from.Source || from.Target || to.Source || !to.Target || to.Admin != "permissions" || from.Admin != "" {
		t.Errorf("nodes are %+v and %+v", from, to)
	}
	become, assume := g.Edges[0], g.Edges[1]
	if assume.When() != "(x = 1) or (x = 2)" || assume.Verdict != answer.Conditional || assume.Escalation() {
		t.Errorf("the assumption is %+v", assume)
	}
	if become.When() != "" || become.Verdict != answer.Allowed || !become.Escalation() {
		t.Errorf("the technique is %+v", become)
	}
	g, err = picture.Of(ask("q", row("x = 2"), row(""), row("x = 1")))
	if err != nil {
		t.Fatal(err)
	}
	if e := g.Edges[0]; e.When() != "" || e.Verdict != answer.Allowed {
		t.Errorf("an edge that is there without condition too is %+v", e)
	}
}

func TestNoPaths(t *testing.T) {
	a := &answer.Answer{Query: "who can do kms:* ?", Schema: answer.WhoCanSchema(), Rows: answer.Of()}
	for _, f := range picture.Formats() {
		err := picture.Write(context.Background(), io.Discard, f, a)
		var none *picture.NoPathsError
		if !errors.As(err, &none) || !strings.Contains(err.Error(), `"who can do kms:* ?"`) || !strings.Contains(err.Error(), "paths from") {
			t.Errorf("%s: error is %v", f, err)
		}
	}
}

func TestErrorsCome(t *testing.T) {
	fault := errors.New("fault")
	for _, f := range picture.Formats() {
		a := small()
		a.Rows = func(yield func(answer.Row, error) bool) { yield(nil, fault) }
		var b bytes.Buffer
		if err := picture.Write(context.Background(), &b, f, a); !errors.Is(err, fault) || b.Len() > 0 {
			t.Errorf("%s: error is %v after %d bytes", f, err, b.Len())
		}
		if err := picture.Write(context.Background(), full{}, f, small()); !errors.Is(err, errFull) {
			t.Errorf("%s: error of the writer is %v", f, err)
		}
	}
	done, cancel := context.WithCancel(context.Background())
	cancel()
	for _, f := range []picture.Format{picture.SVG, picture.PNG} {
		if err := picture.Write(done, io.Discard, f, fifty()); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: error after the end is %v", f, err)
		}
	}
}

type full struct{}

var errFull = errors.New("no space left")

func (full) Write([]byte) (int, error) { return 0, errFull }

// TestPNG holds that the pixels are a picture of the size of the SVG, twice as sharp, that is not empty.
func TestPNG(t *testing.T) {
	for name, sample := range samples() {
		if name == "mixed" && *pictures == "" { // it is large, and has nothing that others do not have
			continue
		}
		raw := write(t, picture.PNG, sample())
		if *pictures != "" {
			if err := os.WriteFile(filepath.Join(*pictures, name+".png"), []byte(raw), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		img, err := png.Decode(strings.NewReader(raw))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var svg struct {
			Width  float64 `xml:"width,attr"`
			Height float64 `xml:"height,attr"`
		}
		if err := xml.Unmarshal([]byte(write(t, picture.SVG, sample())), &svg); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if w, h := float64(img.Bounds().Dx()), float64(img.Bounds().Dy()); 2*svg.Width-w > 2 || w > 2*svg.Width || 2*svg.Height-h > 2 || h > 2*svg.Height {
			t.Errorf("%s: %g × %g pixels, and the SVG is %g × %g", name, w, h, svg.Width, svg.Height)
		}
		roles, ink := 0, 0
		for y := range img.Bounds().Dy() {
			for x := range img.Bounds().Dx() {
				switch img.At(x, y) {
				case color.RGBA{0xfd, 0xf2, 0xcf, 0xff}:
					roles++
				case color.RGBA{0x1f, 0x29, 0x33, 0xff}:
					ink++
				}
			}
		}
		if roles > 5000 != (name != "empty") || ink < 100 {
			t.Errorf("%s: %d pixels of roles, %d of letters", name, roles, ink)
		}
	}
}

// TestDOTParses holds that Graphviz finds the nodes and edges in the picture, and shows the labels that were meant.
func TestDOTParses(t *testing.T) {
	for name, nodes := range map[string]int{"small": 12, "fifty": 49, "hostile": 4, "mixed": 18, "empty": 0} {
		g := parsed(t, write(t, picture.DOT, samples()[name]()))
		if n, err := g.NodeNum(); err != nil || n != nodes {
			t.Errorf("%s: %d nodes (%v), want %d", name, n, err, nodes)
		}
	}
	labels := map[string]bool{}
	g := parsed(t, write(t, picture.DOT, hostile()))
	for n, err := g.FirstNode(); n != nil && err == nil; n, err = g.NextNode(n) {
		labels[n.GetStr("label")] = true
	}
	for _, want := range []string{
		`user\na"];x -> y [label="\\`, `user\nuser/\\N &amp;amp; \\u0027) DETACH\nDELETE n; //`, `role\ntitle><script>\nadministrator`,
	} {
		if !labels[want] {
			t.Errorf("no node has the label %s: %v", want, labels)
		}
	}
}

// TestMachineFormats holds that the graphs of other programs have every node and edge, and that ends are there.
func TestMachineFormats(t *testing.T) {
	for name, sample := range samples() {
		g, err := picture.Of(sample())
		if err != nil {
			t.Fatal(err)
		}
		for format, read := range map[picture.Format]func(*testing.T, string) (ids, ends []string){
			picture.GraphJSON: readNodeLink, picture.OpenGraph: readOpenGraph, picture.GraphML: readGraphML,
		} {
			ids, ends := read(t, write(t, format, sample()))
			if len(ids) != len(g.Nodes) || len(ends) != 2*len(g.Edges) {
				t.Errorf("%s.%s: %d nodes and %d ends of edges, want %d and %d", name, format, len(ids), len(ends), len(g.Nodes), 2*len(g.Edges))
			}
			slices.Sort(ids)
			if len(slices.Compact(slices.Clone(ids))) != len(ids) {
				t.Errorf("%s.%s: an id is there twice", name, format)
			}
			for _, e := range ends {
				if _, ok := slices.BinarySearch(ids, e); !ok {
					t.Errorf("%s.%s: an edge ends at %q, which is no node", name, format, e)
				}
			}
		}
	}
}

func readNodeLink(t *testing.T, text string) (ids, ends []string) {
	var g struct {
		Directed, Multigraph bool
		Graph                struct {
			Query       string
			Assumptions []string
		}
		Nodes []struct{ ID, Kind string }
		Links []struct{ Source, Target, Kind, Verdict string }
	}
	if err := json.Unmarshal([]byte(text), &g, json.MatchCaseInsensitiveNames(true)); err != nil {
		t.Fatal(err)
	}
	if !g.Directed || !g.Multigraph || g.Graph.Query == "" || len(g.Graph.Assumptions) != 1 {
		t.Errorf("the graph is %+v", g.Graph)
	}
	for _, n := range g.Nodes {
		ids = append(ids, n.ID)
	}
	for _, l := range g.Links {
		if l.Kind == "" || l.Verdict == "" {
			t.Errorf("a link is %+v", l)
		}
		ends = append(ends, l.Source, l.Target)
	}
	return ids, ends
}

// readOpenGraph also holds what BloodHound asks of kinds and properties.
func readOpenGraph(t *testing.T, text string) (ids, ends []string) {
	var g struct {
		Metadata map[string]string
		Graph    struct {
			Nodes []struct {
				ID         string
				Kinds      []string
				Properties map[string]any
			}
			Edges []struct {
				Kind       string
				Start, End map[string]string
				Properties map[string]any
			}
		}
	}
	if err := json.Unmarshal([]byte(text), &g, json.MatchCaseInsensitiveNames(true)); err != nil {
		t.Fatal(err)
	}
	if g.Metadata["source_kind"] != "AccessGraph" || g.Graph.Nodes == nil || g.Graph.Edges == nil {
		t.Errorf("metadata %v, nodes %v", g.Metadata, g.Graph.Nodes)
	}
	kind := func(k string) {
		if !strings.HasPrefix(k, "AccessGraph") || strings.Trim(k, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") != "" {
			t.Errorf("kind %q", k)
		}
	}
	for _, n := range g.Graph.Nodes {
		ids = append(ids, n.ID)
		if len(n.Kinds) != 2 {
			t.Errorf("%s has the kinds %q", n.ID, n.Kinds)
		}
		for _, k := range n.Kinds {
			kind(k)
		}
		plainProperties(t, n.Properties)
	}
	for _, e := range g.Graph.Edges {
		kind(e.Kind)
		plainProperties(t, e.Properties)
		if e.Start["match_by"] != "id" || e.End["match_by"] != "id" {
			t.Errorf("ends are %v and %v", e.Start, e.End)
		}
		ends = append(ends, e.Start["value"], e.End["value"])
	}
	return ids, ends
}

// plainProperties holds that properties have small names, which are not reserved, and values that are texts, booleans or lists of texts.
func plainProperties(t *testing.T, properties map[string]any) {
	t.Helper()
	for name, v := range properties {
		if name != strings.ToLower(name) || name == "objectid" {
			t.Errorf("a property is called %q", name)
		}
		switch v := v.(type) {
		case string, bool:
		case []any:
			for _, x := range v {
				if _, ok := x.(string); !ok {
					t.Errorf("%s holds %v", name, x)
				}
			}
		default:
			t.Errorf("%s is %v", name, v)
		}
	}
}

func readGraphML(t *testing.T, text string) (ids, ends []string) {
	type data struct {
		Key  string `xml:"key,attr"`
		Text string `xml:",chardata"`
	}
	var g struct {
		XMLName xml.Name `xml:"http://graphml.graphdrawing.org/xmlns graphml"`
		Keys    []struct {
			ID   string `xml:"id,attr"`
			For  string `xml:"for,attr"`
			Type string `xml:"attr.type,attr"`
		} `xml:"key"`
		Graph struct {
			Default string `xml:"edgedefault,attr"`
			Nodes   []struct {
				ID   string `xml:"id,attr"`
				Data []data `xml:"data"`
			} `xml:"node"`
			Edges []struct {
				Source string `xml:"source,attr"`
				Target string `xml:"target,attr"`
				Data   []data `xml:"data"`
			} `xml:"edge"`
		} `xml:"graph"`
	}
	if err := xml.Unmarshal([]byte(text), &g); err != nil {
		t.Fatal(err)
	}
	types := map[string]string{}
	for _, k := range g.Keys {
		types[k.For+" "+k.ID] = k.Type
	}
	check := func(on string, all []data) {
		for _, d := range all {
			kind, ok := types[on+" "+d.Key]
			if !ok || kind == "boolean" && d.Text != "true" && d.Text != "false" {
				t.Errorf("%s has %q for %s, which is %q", on, d.Text, d.Key, kind)
			}
		}
	}
	if g.Graph.Default != "directed" {
		t.Errorf("edges are %q", g.Graph.Default)
	}
	for _, n := range g.Graph.Nodes {
		ids = append(ids, n.ID)
		check("node", n.Data)
	}
	for _, e := range g.Graph.Edges {
		ends = append(ends, e.Source, e.Target)
		check("edge", e.Data)
	}
	return ids, ends
}
