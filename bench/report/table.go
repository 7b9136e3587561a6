package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// row is one line of the table.
type row struct {
	group string
	work  string
	got   string
	want  string
	held  string // yes, no, or empty where nothing is wanted
}

// add adds a row with nothing to hold.
func (b *bench) add(work, got string) { b.rows = append(b.rows, row{b.group, work, got, "", ""}) }

// hold adds a row with what is wanted of it, and whether it is so.
func (b *bench) hold(work, got, want string, held bool) {
	word := "no"
	if held {
		word = "yes"
	}
	b.rows = append(b.rows, row{b.group, work, got, want, word})
}

// table is the rows in Markdown.
func table(rows []row) string {
	var t strings.Builder
	t.WriteString("| group | work | measured | wanted | holds |\n|---|---|---|---|---|\n")
	for _, r := range rows {
		fmt.Fprintf(&t, "| %s | %s | %s | %s | %s |\n", r.group, strings.ReplaceAll(r.work, "|", `\|`), r.got, r.want, r.held)
	}
	return t.String()
}

// explanations say what each group is and how to repeat it.
func explanations() string {
	var t strings.Builder
	for _, g := range groups {
		fmt.Fprintf(&t, "**%s**: `go run ./bench/report -only %s`\n\n%s\n\n", g.name, g.name, strings.TrimSpace(g.about))
	}
	return t.String()
}

// machine says where and when the figures were taken, and what else ran: load averages before and after.
func machine(before, after string) string {
	commit := "unknown"
	if out, err := exec.Command("git", "describe", "--always", "--dirty").Output(); err == nil {
		commit = strings.TrimSpace(string(out))
	}
	text := fmt.Sprintf("%s, %d processors, %s memory, %s/%s, %s; %s, commit %s.", field("/proc/cpuinfo", "model name", "processor of unknown make"),
		runtime.NumCPU(), memory(), runtime.GOOS, runtime.GOARCH, runtime.Version(), time.Now().UTC().Format("2006-01-02 15:04 UTC"), commit)
	if before != "" {
		text += fmt.Sprintf(" Load average (1 minute) before %s, after %s: above 1 before means that other work slowed the times down, those of CPU less.", before, after)
	}
	return text + "\n"
}

func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return ""
	}
	first, _, _ := strings.Cut(string(text), " ")
	return first
}

func memory() string {
	var kilobytes int64
	if _, err := fmt.Sscan(field("/proc/meminfo", "MemTotal", ""), &kilobytes); err != nil {
		return "unknown"
	}
	return fmt.Sprintf("%d GB", (kilobytes+1<<19)>>20)
}

// field is the first value of a name in a file of lines "name: value".
func field(file, name, otherwise string) string {
	f, err := os.Open(file)
	if err != nil {
		return otherwise
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if key, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return otherwise
}

// A table stands between these lines; the rest of the file is written by hand, or by another target.
const (
	markBegin      = "<!-- written by make bench: begin -->"
	markEnd        = "<!-- written by make bench: end -->"
	scaleMarkBegin = "<!-- written by make bench-scale: begin -->"
	scaleMarkEnd   = "<!-- written by make bench-scale: end -->"
)

// writeInto puts text between two marks of a file.
func writeInto(file, begin, end, text string) error {
	old, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	head, rest, begins := strings.Cut(string(old), begin)
	_, tail, ends := strings.Cut(rest, end)
	if !begins || !ends {
		return fmt.Errorf("%s lacks the lines %q and %q; write them where the table is to stand", file, begin, end)
	}
	return os.WriteFile(file, []byte(head+begin+"\n\n"+strings.TrimSpace(text)+"\n\n"+end+tail), 0o644)
}
