//go:build unix

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/accessgraph/accessgraph/bench/orggen/organization"
)

// screen is a terminal in which a shell runs.
type screen struct {
	*testing.T
	socket, pid string
}

// newScreen starts accessgraph shell in a terminal of its own; below it stand its exit code and the state of the terminal when it has
// ended.
func newScreen(t *testing.T, dir string, environment []string, args ...string) *screen {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "bin", "accessgraph") // the name by which TestMain knows that it is to be the program
	if _, err := os.Lstat(link); err != nil {
		if err := errors.Join(os.MkdirAll(filepath.Dir(link), 0o700), os.Symlink(binary, link)); err != nil {
			t.Fatal(err)
		}
	}
	s := &screen{t, filepath.Join(t.TempDir(), "socket"), filepath.Join(t.TempDir(), "pid")}
	words := []string{"env", "-u", "NO_COLOR", "-u", "PAGER", "-u", "LESS", "HOME=" + dir, "XDG_STATE_HOME=" + filepath.Join(dir, "state"), "INPUTRC=/dev/null"}
	quoted := make([]string, 0, len(words))
	for _, x := range slices.Concat(words, environment, []string{link}, args) {
		quoted = append(quoted, "'"+x+"'")
	}
	script := filepath.Join(t.TempDir(), "run")
	if err := os.WriteFile(script, fmt.Appendf(nil, "echo $$ >%s\nexec %s\n", s.pid, strings.Join(quoted, " ")), 0o600); err != nil {
		t.Fatal(err)
	}
	s.tmux("-u", "-f", "/dev/null", "new-session", "-d", "-x", "100", "-y", "40", "sh "+script+"; echo EXIT $?; stty -a; sleep 600")
	t.Cleanup(func() { _ = exec.Command("tmux", "-S", s.socket, "kill-server").Run() })
	s.wait("^accessgraph.*>$")
	return s
}

func (s *screen) tmux(args ...string) string {
	s.Helper()
	out, err := exec.Command("tmux", append([]string{"-S", s.socket}, args...)...).CombinedOutput()
	if err != nil {
		s.Fatalf("tmux %q: %v: %s", args, err, out)
	}
	return string(out)
}

// text is what the screen shows, with the escapes that paint it if they are wanted.
func (s *screen) text(escapes ...string) string {
	s.Helper()
	return strings.TrimRight(s.tmux(append([]string{"capture-pane", "-p"}, escapes...)...), "\n")
}

// wait waits until the screen shows all of the patterns.
func (s *screen) wait(patterns ...string) {
	s.Helper()
	for _, p := range patterns {
		pattern := regexp.MustCompile("(?m)" + p)
		for deadline := time.Now().Add(30 * time.Second); !pattern.MatchString(s.text()); time.Sleep(20 * time.Millisecond) {
			if time.Now().After(deadline) {
				s.Fatalf("the screen does not show %q:\n%s", p, s.text())
			}
		}
	}
}

// write types a text as it is, keys presses keys by their names.
func (s *screen) write(text string) { s.Helper(); s.tmux("send-keys", "-l", text) }
func (s *screen) keys(names ...string) {
	s.Helper()
	s.tmux(append([]string{"send-keys"}, names...)...)
}
func (s *screen) enter(text string)     { s.Helper(); s.write(text); s.keys("Enter") }
func (s *screen) ask(text, want string) { s.Helper(); s.clear(); s.enter(text); s.wait(want) }

// clear empties the line and the screen.
func (s *screen) clear() {
	s.Helper()
	s.keys("C-e", "C-u", "C-l")
	for deadline := time.Now().Add(30 * time.Second); strings.Contains(s.text(), "\n") || !strings.HasSuffix(s.text(), ">"); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.Fatalf("the screen is not empty:\n%s", s.text())
		}
	}
}

// completes types a text and Tab, and waits for a line.
func (s *screen) completes(text, want string) {
	s.Helper()
	s.clear()
	s.write(text)
	s.wait(regexp.QuoteMeta(strings.TrimRight(text, " ")) + "$")
	s.keys("Tab")
	s.wait(want)
}

func needsTmux(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("tmux"); err != nil {
		t.Skip("tmux is not installed, and the shell is tried through a real terminal: ", err)
	}
}

// TestShellOnATerminal uses the shell as people do.
func TestShellOnATerminal(t *testing.T) {
	needsTmux(t)
	dir := t.TempDir()
	store := filepath.Join(dir, "store")
	ingest := func(from, name string) {
		t.Helper()
		if out, err := accessgraph(t, "ingest", "files", from, "--name", name, "--store", store, "-q").CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	ingest(filepath.Join("..", "..", "testdata", "sample", "org"), "monday")
	s := newScreen(t, dir, nil, "shell", "--store", store)
	s.wait(`^@latest: .*monday`, `\\\? for help`)

	s.completes("wh", `^what *\n(.*\n)*who *\n(.*\n)*why`)
	s.completes("cho", `> choke$`)
	s.completes("who can kms:Decr", `> who can kms:Decrypt$`)
	s.completes("who can kms:De", `^kms:DescribeKey +Read`)
	s.completes("can role/Depl", `> can role/Deploy$`)
	s.completes("can ", `^role/Admin +account 111122223333`)
	s.completes("who can kms:* at @mo", `> who can kms:\* at @monday$`)
	s.completes("who can kms:*, sqs:* in ou Wo", `> who can kms:\*, sqs:\* in ou Workloads$`)
	s.completes(`\ti`, `> \\timing$`)

	s.clear()
	s.enter("who can kms:Decrypt |")
	s.wait(`^>`)
	s.enter("count")
	s.wait(`^ +15$`, `^1 row$`)
	s.ask("who can kms:* | count; can role/Deploy do kms:* | count", `(?s)COUNT.*COUNT`)

	s.clear()
	s.write("who can kms:* # every key")
	s.wait("# every key$")
	if text := s.text("-e"); !regexp.MustCompile(`\x1b\[(1;)?34mwho`).MatchString(text) || !strings.Contains(text, "36mkms:*") {
		t.Errorf("a question has no colours: %q", text)
	}
	s.clear()
	s.write("who kan kms:*")
	s.wait(`kms:\*$`)
	if text := s.text("-e"); !regexp.MustCompile(`\x1b\[(4;)?31mkan`).MatchString(text) {
		t.Errorf("a mistake is not marked: %q", text)
	}
	s.keys("Enter")
	s.wait(`^      \^\^\^$`, `did you mean can\?`)

	s.ask(`\?`, `^ +\\timing \[on\|off\]`)
	s.ask(`\h choke`, `choke points to admin`)
	s.ask(`\timin`, `did you mean \\timing\?`)
	s.ask(`\o json`, `^json$`)
	s.ask("who can kms:* | count", `"count": 23`)
	s.ask(`\o table`, `^table$`)
	s.ask(`\timing`, `^on$`)
	s.ask("who can kms:* | count", `^open .*, answer `)
	s.ask(`\timing off`, `^off$`)
	s.ask(`\d`, `@latest .*monday`)

	// What another process ingests is there at once.
	ingest(filepath.Join("..", "..", "testdata", "sample", "org"), "tuesday")
	s.ask(`\at`, `^@latest: .*tuesday`)
	s.ask(`\at @monday`, `^accessgraph @monday>$`)
	s.ask(`\at @latest`, `^accessgraph>$`)

	// Ctrl-C forgets the line, Ctrl-D leaves.
	s.clear()
	s.write("who can nonsense")
	s.wait("nonsense$")
	s.keys("C-c")
	s.wait(`nonsense ?(\^C)?\n(.*\n)*accessgraph>$`)
	s.ask(`\o`, `^table$`)

	if _, err := exec.LookPath("less"); err != nil {
		t.Log("less is not installed; the pager is not tried: ", err)
	} else {
		s.ask("who can kms:*", `^:$`)
		s.keys("q")
		s.wait(`^accessgraph>$`)
	}
	s.ask(`\pager off`, `^off$`)
	s.ask("who can kms:*", `^23 principals\n(.*\n)*accessgraph>$`)
	s.ask(`\explain`, `^on$`)
	s.ask("who can kms:DeleteAlias | count", `^plan: `)
	s.clear()
	s.keys("C-d")
	s.wait(`^EXIT 0$`, `[^-]icanon`)
}

// TestShellStops holds that questions can be stopped, that SIGTERM leaves the terminal as it was, and that another session knows what
// was typed in this one.
func TestShellStops(t *testing.T) {
	needsTmux(t)
	dir := t.TempDir()
	store, export := filepath.Join(dir, "store"), filepath.Join(dir, "export")
	if err := organization.Write(export, organization.Options{Accounts: 2, Principals: 150, Seed: 1}); err != nil {
		t.Fatal(err)
	}
	if out, err := accessgraph(t, "ingest", "files", export, "--store", store, "-q").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	s := newScreen(t, dir, nil, "shell", "--store", store)
	const long = "who can * when aws:SourceIp in 10.0.0.0/8 | sort by principal" // takes several seconds of work
	s.write(long)
	s.wait(regexp.QuoteMeta(long) + "$")
	s.keys("Enter")
	for deadline := time.Now().Add(30 * time.Second); !strings.Contains(s.text(), "stopped"); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the question does not stop:\n%s", s.text())
		}
		if strings.TrimSpace(s.tmux("display-message", "-p", "#{cursor_x}")) == "0" { // below the question, which runs
			s.keys("C-c")
		}
	}
	s.wait(`^stopped\n(.*\n)*accessgraph>$`)
	s.ask(`\o csv`, `^csv$`)
	pid, err := os.ReadFile(s.pid)
	if err != nil {
		t.Fatal(err)
	}
	number, err := strconv.Atoi(strings.TrimSpace(string(pid)))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(number, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	s.wait(`^EXIT 130$`, `[^-]icanon`)

	s = newScreen(t, dir, []string{"NO_COLOR=1"}, "shell", "--store", store)
	s.keys("Up")
	s.wait(`> \\o csv$`)
	s.keys("Up")
	s.wait(`> who can \* when aws:SourceIp in 10.0.0.0/8 \| sort by principal$`)
	if text := s.text("-e"); strings.Contains(text, "\x1b[34m") || strings.Contains(text, "\x1b[36m") {
		t.Errorf("colours in spite of NO_COLOR: %q", text)
	}
	info, err := os.Stat(filepath.Join(dir, "state", "accessgraph", "history"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the history is %v, %v", info, err)
	}
}
