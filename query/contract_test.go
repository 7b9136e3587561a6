package query_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/evaluator/region"
	"github.com/accessgraph/accessgraph/query"
	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/render"
)

// The JSON of answers, member by member: what programs read. A member that is missing here, or new, fails the test.

type document[R any] struct {
	Query    string `json:"query"`
	Snapshot struct {
		ID       string    `json:"id"`
		Name     string    `json:"name"`
		Time     time.Time `json:"time"`
		Complete bool      `json:"complete"`
	} `json:"snapshot"`
	Rows        []R      `json:"rows"`
	Cut         []cutRow `json:"cut"`
	Count       int      `json:"count"`
	Unknown     int      `json:"unknown"`
	Assumptions []string `json:"assumptions"`
	Incomplete  []string `json:"incomplete"`
}

type statement struct {
	Layer  string `json:"layer"`
	Policy string `json:"policy"`
	Sid    string `json:"sid"`
	Index  int    `json:"index"`
}

type proof struct {
	Principal string         `json:"principal"`
	Action    string         `json:"action"`
	Resource  string         `json:"resource"`
	Context   map[string]any `json:"context"`
}

type grant struct {
	Actions     []string    `json:"actions"`
	Resources   []string    `json:"resources"`
	Verdict     string      `json:"verdict"`
	Conditions  string      `json:"conditions"`
	Via         []statement `json:"via"`
	Assumptions []string    `json:"assumptions"`
	Causes      []string    `json:"causes"`
	Witness     *proof      `json:"witness"`
}

type whoCanRow struct {
	Principal   string   `json:"principal"`
	Kind        string   `json:"kind"`
	Account     string   `json:"account"`
	Verdict     string   `json:"verdict"`
	Actions     []string `json:"actions"`
	ActionCount int      `json:"action_count"`
	Resources   []string `json:"resources"`
	Grants      []grant  `json:"grants"`
}

type canRow struct {
	Principal string  `json:"principal"`
	Action    string  `json:"action"`
	Resource  string  `json:"resource"`
	Verdict   string  `json:"verdict"`
	Covers    bool    `json:"covers"`
	Layer     string  `json:"layer"`
	Grants    []grant `json:"grants"`
}

type whatCanRow struct {
	Principal   string `json:"principal"`
	Account     string `json:"account"`
	Service     string `json:"service"`
	Access      string `json:"access"`
	ActionCount int    `json:"action_count"`
	grantMembers
}

type grantMembers = grant

type cutRow struct {
	Principal   string   `json:"principal"`
	Account     string   `json:"account"`
	Service     string   `json:"service"`
	Access      string   `json:"access"`
	Actions     []string `json:"actions"`
	ActionCount int      `json:"action_count"`
	Resources   []string `json:"resources"`
	Verdict     string   `json:"verdict"`
	Conditions  string   `json:"conditions"`
	CutBy       []struct {
		Layer      string      `json:"layer"`
		Level      string      `json:"level"`
		Statements []statement `json:"statements"`
	} `json:"cut_by"`
}

// decode asks a question and reads the JSON of its answer, which must have no other members.
func decode[R any](t *testing.T, e *query.Engine, question string) document[R] {
	t.Helper()
	a, err := e.Ask(t.Context(), question, query.Options{})
	if err != nil {
		t.Fatalf("%s: %v", question, err)
	}
	var out bytes.Buffer
	if err := render.Write(&out, render.JSON, a, render.Options{}); err != nil {
		t.Fatal(err)
	}
	var d document[R]
	if err := json.Unmarshal(out.Bytes(), &d, json.RejectUnknownMembers(true)); err != nil {
		t.Fatalf("%s: %v", question, err)
	}
	if d.Query != question || len(d.Rows) != d.Count || d.Rows == nil || d.Assumptions == nil || len(d.Snapshot.ID) == 0 {
		t.Errorf("%s: the frame is %+v", question, d)
	}
	return d
}

func TestContract(t *testing.T) {
	for name, e := range map[string]*query.Engine{"small": small(t), "sample": sample(t)} {
		for _, q := range []string{"who can kms:*", "who can s3:Get*, sns:* | limit 12", "who outside can s3:*, sns:*, kms:*, sts:*"} {
			d := decode[whoCanRow](t, e, q)
			if len(d.Rows) == 0 {
				t.Errorf("%s: %s: no rows", name, q)
			}
			for _, r := range d.Rows {
				if r.Kind == "" || len(r.Actions) == 0 || len(r.Resources) == 0 || len(r.Grants) == 0 {
					t.Errorf("%s: %s: a row lacks something: %+v", name, q, r)
				}
				best := answer.Denied
				for _, g := range r.Grants {
					checkGrant(t, e, r.Principal, &g)
					if v := answer.Verdict(g.Verdict); v.Rank() < best.Rank() {
						best = v
					}
				}
				if best != answer.Verdict(r.Verdict) {
					t.Errorf("%s: %s: %s is %s, its best grant %s", name, q, r.Principal, r.Verdict, best)
				}
			}
		}
		for _, q := range []string{"can role/* do kms:Decrypt, s3:GetObject", "can root do kms:*"} {
			for _, r := range decode[canRow](t, e, q).Rows {
				if (r.Verdict == "denied") != (len(r.Grants) == 0) || (r.Verdict == "denied") != (r.Layer != "") {
					t.Errorf("%s: %s: %+v", name, q, r)
				}
				for _, g := range r.Grants {
					checkGrant(t, e, r.Principal, &g)
				}
			}
		}
		for _, r := range decode[whatCanRow](t, e, "what can user/* do on arn:aws:s3:::*").Rows {
			checkGrant(t, e, r.Principal, &r.grantMembers)
		}
	}
}

// TestCutOff asks again about everything that is cut off: none of it is allowed.
func TestCutOff(t *testing.T) {
	e := sample(t)
	cut, layers := 0, map[string]bool{}
	for _, q := range []string{"what can role/Deploy do", "what can user/legacy do", "what can role/App do", "what can role/WebApp do"} {
		for _, r := range decode[whatCanRow](t, e, q).Cut {
			if r.Verdict != "denied" || len(r.CutBy) == 0 || r.Principal == "" || len(r.Actions) == 0 || len(r.Resources) == 0 {
				t.Fatalf("%s: %+v", q, r)
			}
			for _, by := range r.CutBy {
				layers[by.Layer] = true
			}
			if cut++; strings.Contains(r.Actions[0], "(") || cut%9 != 0 {
				continue
			}
			again := "can " + r.Principal + " do " + r.Actions[0] + " on " + r.Resources[0]
			if r.Conditions != "" {
				again += " when " + r.Conditions
			}
			for _, row := range decode[canRow](t, e, again).Rows {
				if row.Verdict != "denied" {
					t.Errorf("%s: %s: %s", q, again, row.Verdict)
				}
			}
		}
	}
	for _, layer := range []string{"identity", "boundary", "scp", "resource"} {
		if !layers[layer] {
			t.Errorf("nothing is cut off by a layer %s among %d parts", layer, cut)
		}
	}
}

// checkGrant holds that a grant has all members, and that its witness lies in it and is allowed when it is simulated.
func checkGrant(t *testing.T, e *query.Engine, principal string, g *grant) {
	t.Helper()
	if len(g.Actions) == 0 || len(g.Resources) == 0 || g.Via == nil || g.Assumptions == nil || (g.Verdict == "unknown") != (len(g.Causes) > 0) {
		t.Errorf("%s: a grant lacks something: %+v", principal, g)
	}
	w := g.Witness
	if w == nil {
		if g.Verdict != "unknown" {
			t.Errorf("%s: no witness of %v on %v", principal, g.Actions, g.Resources)
		}
		return
	}
	fits := func(patterns []string, text string, fold bool) bool {
		for _, p := range patterns {
			if strings.Contains(p, "@") || region.Glob(p, fold).Match(text) {
				return true
			}
		}
		return false
	}
	if !fits(g.Actions, w.Action, true) || !fits(g.Resources, w.Resource, false) {
		t.Errorf("%s: the witness %s on %s is not in %v on %v", principal, w.Action, w.Resource, g.Actions, g.Resources)
	}
	if g.Verdict == "unknown" || !strings.HasPrefix(w.Principal, "arn:aws:") || strings.Contains(w.Action, "(") || strings.Contains(w.Principal, "provider/") {
		return // no request that simulate takes
	}
	var given []evaluator.KeyValue
	for key, value := range w.Context {
		kv := evaluator.KeyValue{Key: key}
		switch v := value.(type) {
		case string:
			kv.Values = []string{v}
		case []any:
			kv.Multi = true
			for _, one := range v {
				kv.Values = append(kv.Values, one.(string))
			}
		}
		given = append(given, kv)
	}
	s, err := e.Simulate(t.Context(), w.Principal, w.Action, w.Resource, given, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	if err != nil {
		t.Errorf("%s: simulate the witness: %v", principal, err)
	} else if s.Decision.Effect != evaluator.Allowed {
		t.Errorf("%s: the witness %s on %s is %s when it is simulated: %v", principal, w.Action, w.Resource, s.Decision.Effect, w.Context)
	}
}
