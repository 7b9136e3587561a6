package picture_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/picture"
)

// many is a graph of 300 roles of one account that all assume the same role, each under a condition of its own, and of one that does something else.
func many() *answer.Answer {
	admin := end{role(prod, "Admin"), "role", prod}
	deploy := end{role(dev, "Deploy"), "role", dev}
	rows := []*answer.Path{path("permissions", step(end{role(dev, "Odd"), "role", dev}, admin, "CAN_ASSUME", "", ""))}
	for i := range 300 {
		who := end{role(dev, fmt.Sprintf("r%03d", i)), "role", dev}
		rows = append(rows, path("permissions", step(who, deploy, "CAN_ASSUME", "", fmt.Sprintf("sts:ExternalId = %d", i%2)),
			step(deploy, admin, "PASSROLE_NEW", "lambda-new-function-invoke", "")))
	}
	return ask("who can reach admin", rows...)
}

// chains are n chains of three nodes, all alike but for their names.
func chains(n int) *answer.Answer {
	rows := make([]*answer.Path, n)
	admin := end{role(prod, "Admin"), "role", prod}
	for i := range rows {
		who, by := end{user(dev, fmt.Sprintf("u%03d", i)), "user", dev}, end{role(dev, fmt.Sprintf("r%03d", i)), "role", dev}
		rows[i] = path("permissions", step(who, by, "CAN_ASSUME", "", ""), step(by, by, "GAIN_PERMISSIONS", "iam-put-role-policy", ""), step(by, admin, "CAN_ASSUME", "", ""))
	}
	return ask("who can reach admin", rows...)
}

// different is n users, each with a technique of its own.
func different(n int) *answer.Answer {
	admin := end{role(prod, "Admin"), "role", prod}
	rows := make([]*answer.Path, n)
	for i := range rows {
		rows[i] = path("permissions", step(end{user(dev, fmt.Sprintf("u%03d", i)), "user", dev}, admin, "BECOME", fmt.Sprintf("technique-%d", i), ""))
	}
	return ask("who can reach admin", rows...)
}

func TestCollapse(t *testing.T) {
	dot := write(t, picture.DOT, many())
	for _, want := range []string{
		"303 nodes drawn as 4: those that are alike are one", `label="300 roles\nr000\nr001\nr002\n…"`, "2 different conditions",
		`label="role\nOdd"`, `label="role\nDeploy"`, `label="role\nAdmin\nadministrator"`, "role/r299", `when sts:ExternalId = 0\nwhen sts:ExternalId = 1`,
	} {
		if !strings.Contains(dot, want) {
			t.Errorf("no %s in\n%.3000s", want, dot)
		}
	}
	if n, err := parsed(t, dot).NodeNum(); err != nil || n != 4 {
		t.Errorf("%d nodes (%v), want 4", n, err)
	}
	if n := strings.Count(write(t, picture.SVG, many()), `class="node"`); n != 4 {
		t.Errorf("the SVG has %d nodes, want 4", n)
	}
	if n := strings.Count(write(t, picture.Cypher, many()), "\nMERGE (n:"); n != 303 {
		t.Errorf("the graph for Neo4j has %d nodes, want all 303", n)
	}
}

// TestCollapseAgain holds that nodes are alike too whose neighbours are, that their edges say what that loses, and that small graphs stay as they are.
func TestCollapseAgain(t *testing.T) {
	dot := write(t, picture.DOT, chains(40))
	for _, want := range []string{"81 nodes drawn as 3", `label="40 users\nu000\nu001\nu002\n…"`, `label="40 roles\n`, `label="iam-put-role-policy"`,
		`label="assumes\nnot from each to each"`, `label="assumes"`} {
		if !strings.Contains(dot, want) {
			t.Errorf("no %s in\n%.3000s", want, dot)
		}
	}
	if n, err := parsed(t, dot).EdgeNum(); err != nil || n != 3 {
		t.Errorf("%d edges (%v), want 3", n, err)
	}
	ring := make([]*answer.Path, 60)
	for i := range ring {
		ring[i] = path("", step(end{role(dev, fmt.Sprint("r", i)), "role", dev}, end{role(dev, fmt.Sprint("r", (i+1)%60)), "role", dev}, "CAN_ASSUME", "", ""))
	}
	if dot := write(t, picture.DOT, ask("paths", ring...)); !strings.Contains(dot, `n0 -> n0 [label="assumes\nfrom one to another"`) || !strings.Contains(dot, "60 roles") {
		t.Errorf("a ring is not one node:\n%.2000s", dot)
	}
	if dot := write(t, picture.DOT, chains(24)); strings.Contains(dot, "drawn as") {
		t.Errorf("49 nodes are collapsed:\n%.2000s", dot)
	}
}

// TestTooMany holds that nodes that differ stay, that the picture says so, and that what nobody could read is refused with what to do.
func TestTooMany(t *testing.T) {
	dot := write(t, picture.DOT, different(100))
	if n, err := parsed(t, dot).NodeNum(); err != nil || n != 101 || !strings.Contains(dot, "101 nodes, not all legible") {
		t.Errorf("%d nodes (%v) in\n%.2000s", n, err, dot)
	}
	if n := strings.Count(write(t, picture.SVG, different(100)), `class="node"`); n != 101 {
		t.Errorf("%d nodes are drawn, want 101", n)
	}
	for _, f := range []picture.Format{picture.SVG, picture.PNG} {
		err := picture.Write(context.Background(), io.Discard, f, different(500))
		var large *picture.TooLargeError
		if !errors.As(err, &large) {
			t.Fatalf("%s: error of 501 nodes is %v", f, err)
		}
		for _, want := range []string{"501 nodes", "narrow the question", "-o dot", "-o graph-json"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %q does not say %q", f, err, want)
			}
		}
	}
	if n, err := parsed(t, write(t, picture.DOT, different(500))).NodeNum(); err != nil || n != 501 {
		t.Errorf("dot has %d nodes (%v), want 501", n, err)
	}
}

// dense is n nodes with as many edges as can be drawn, in cycles too.
func dense(n int) *answer.Answer {
	var rows []*answer.Path
	for i := range 1400 {
		a, b := i%n, (i*i+i/n*7+1)%n
		rows = append(rows, path("", step(end{role(dev, fmt.Sprint("r", a)), "role", dev}, end{role(dev, fmt.Sprint("r", b)), "role", dev}, "CAN_ASSUME", "", "")))
	}
	return ask("paths", rows...)
}

// TestDense holds that the largest graph that is drawn takes no minutes, and ends when it is told to.
func TestDense(t *testing.T) {
	start := time.Now()
	if out := write(t, picture.SVG, dense(390)); len(out) < 10000 {
		t.Error("nothing was drawn")
	}
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("it took %s", took)
	}
	t.Logf("390 nodes took %s", time.Since(start))
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	start = time.Now()
	if err := picture.Write(ctx, io.Discard, picture.PNG, dense(390)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error is %v", err)
	}
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("it ended after %s", took)
	}
}
