package shell

import (
	"context"
	"fmt"
	"strings"

	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/query/complete"
	"github.com/accessgraph/accessgraph/query/render"
	"github.com/accessgraph/accessgraph/query/syntax"
)

// command is a backslash command.
type command struct {
	names    []string
	argument string // as help writes it
	about    string
	do       func(s *session, ctx context.Context, argument string) error
	complete func(l *complete.Live) []complete.Name // what its argument can be
}

// commands lists the backslash commands in the order of their help.
func commands() []command {
	return []command{
		{names: []string{`\?`, `\help`}, about: "this help", do: (*session).help},
		{names: []string{`\h`}, argument: "[FORM]", about: "the forms of questions with an example each, or those that hold a word", do: (*session).forms,
			complete: func(*complete.Live) []complete.Name { return formNames() }},
		{names: []string{`\o`}, argument: "[FORMAT]", about: "how answers are written: " + formats(), do: (*session).output, complete: formatNames},
		{names: []string{`\at`}, argument: "[@REF]", about: "the snapshot that is asked; @latest is looked up for every question", do: (*session).snapshot,
			complete: func(l *complete.Live) []complete.Name {
				names, _ := l.Names(complete.Snapshot, "", "", maxListed)
				return names
			}},
		{names: []string{`\d`, `\snapshots`}, about: "list the snapshots", do: (*session).list},
		{names: []string{`\strict`}, argument: "[on|off]", about: "leave out grants that stand on an assumption", do: setting(func(s *session) *bool { return &s.strict }), complete: onOff},
		{names: []string{`\timing`}, argument: "[on|off]", about: "say how long each answer took", do: setting(func(s *session) *bool { return &s.timing }), complete: onOff},
		{names: []string{`\explain`}, argument: "[on|off]", about: "say how each answer was found", do: setting(func(s *session) *bool { return &s.plan }), complete: onOff},
		{names: []string{`\pager`}, argument: "[on|off]", about: "show answers that are longer than the screen in $PAGER, or less", do: setting(func(s *session) *bool { return &s.paging }), complete: onOff},
		{names: []string{`\q`}, about: "leave (also Ctrl-D)", do: func(s *session, _ context.Context, _ string) error { s.left = true; return nil }},
	}
}

// command carries out a backslash command.
func (s *session) command(ctx context.Context, name, argument string) error {
	var known []string
	for _, c := range commands() {
		for _, n := range c.names {
			if n == name {
				if c.argument == "" && argument != "" {
					return misused("%s takes nothing after it, and this is %q", n, argument)
				}
				return c.do(s, ctx, argument)
			}
			known = append(known, strings.TrimPrefix(n, `\`))
		}
	}
	hint := `\? lists those that there are`
	if near := nearestCommand(strings.TrimPrefix(name, `\`), known); near != "" {
		hint = fmt.Sprintf(`did you mean \%s?`, near)
	}
	return misused("there is no command %s; %s", render.Neutral(name), hint)
}

// nearestCommand is the command that was probably meant; one letter says too little for syntax.Nearest.
func nearestCommand(name string, known []string) string {
	for _, k := range known {
		if len(name) > 1 && strings.HasPrefix(k, strings.ToLower(name)) {
			return k
		}
	}
	return syntax.Nearest(name, known)
}

// setting makes the command that turns something on or off: to the other, when nothing is said.
func setting(of func(*session) *bool) func(*session, context.Context, string) error {
	return func(s *session, _ context.Context, argument string) error {
		value := of(s)
		switch strings.ToLower(argument) {
		case "":
			*value = !*value
		case "on":
			*value = true
		case "off":
			*value = false
		default:
			return misused("%q is neither on nor off", argument)
		}
		word := "off"
		if *value {
			word = "on"
		}
		_, err := fmt.Fprintln(s.Out, word)
		return err
	}
}

func onOff(*complete.Live) []complete.Name { return []complete.Name{{Text: "on"}, {Text: "off"}} }

func formats() string {
	var names []string
	for _, f := range render.Formats() {
		names = append(names, string(f))
	}
	return strings.Join(names, ", ")
}

func formatNames(*complete.Live) (names []complete.Name) {
	for _, f := range render.Formats() {
		names = append(names, complete.Name{Text: string(f)})
	}
	return names
}

func (s *session) output(_ context.Context, argument string) error {
	if argument != "" {
		f, err := render.ParseFormat(argument)
		if err != nil {
			return misused("%v", err)
		}
		s.format = f
	}
	_, err := fmt.Fprintln(s.Out, s.format)
	return err
}

// snapshot says which snapshot is asked, and sets it.
func (s *session) snapshot(ctx context.Context, argument string) error {
	ref := s.At
	if argument != "" {
		ref = strings.TrimPrefix(argument, "@")
	}
	if ref == "" {
		ref = latest
	}
	entry, err := graph.Resolve(ctx, s.Store, ref)
	if err != nil {
		return &SnapshotError{err}
	}
	s.At = ref
	title := entry.Time.UTC().Format("2006-01-02 15:04:05 UTC")
	if entry.Name != "" {
		title += ", " + entry.Name
	}
	_, err = fmt.Fprintf(s.Out, "%s: %s, %s\n", render.Neutral("@"+ref), render.Neutral(title), string(entry.Snapshot)[:min(12, len(entry.Snapshot))])
	return err
}

// latest is the reference of the newest snapshot.
const latest = "latest"

func (s *session) list(ctx context.Context, _ string) error {
	list, err := s.Snapshots(ctx, s.Store, s.format)
	if err != nil {
		return &SnapshotError{err}
	}
	_, err = s.show(ctx, list)
	return err
}
