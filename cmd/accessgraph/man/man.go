// Package man writes manual pages (section 1) of a command and all that are below it, from what their help says. The pages hold no
// date: the same program gives the same bytes.
package man

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Section is one more section of every page. Lines that begin with two spaces stand as they are.
type Section struct{ Title, Text string }

// Write writes the pages of root and of every command below it that its help names into the folder dir, which it makes, and gives
// their names.
func Write(root *cobra.Command, version, dir string, more ...Section) (names []string, err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	for _, cmd := range commands(root) {
		name := pageOf(cmd) + ".1"
		if err := os.WriteFile(filepath.Join(dir, name), []byte(Page(cmd, version, more...)), 0o644); err != nil {
			return nil, errors.Join(fmt.Errorf("manual page of %s", cmd.CommandPath()), err)
		}
		names = append(names, name)
	}
	return names, nil
}

// commands lists a command and those below it that its help names.
func commands(cmd *cobra.Command) []*cobra.Command {
	all := []*cobra.Command{cmd}
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() && c.Name() != "help" {
			all = append(all, commands(c)...)
		}
	}
	return all
}

// pageOf is the name of a command's page: accessgraph-snapshots-list.
func pageOf(cmd *cobra.Command) string { return strings.ReplaceAll(cmd.CommandPath(), " ", "-") }

// Page gives the page of a command.
func Page(cmd *cobra.Command, version string, more ...Section) string {
	p := &page{}
	name := pageOf(cmd)
	p.line(`.TH "%s" 1 "" "%s" "%s manual"`, strings.ToUpper(escape(name)), escape(cmd.Root().Name()+" "+version), escape(cmd.Root().Name()))
	p.section("NAME")
	p.line(`%s \- %s`, escape(name), escape(cmd.Short))
	p.section("SYNOPSIS")
	p.synopsis(cmd)
	p.section("DESCRIPTION")
	if text := strings.TrimSpace(cmd.Long); text != "" {
		p.text(cmd.Long)
	} else {
		p.text(cmd.Short + ".")
	}
	p.commands(cmd)
	p.flags("OPTIONS", cmd.NonInheritedFlags())
	p.flags("GLOBAL OPTIONS", cmd.InheritedFlags())
	if cmd.Example != "" {
		p.section("EXAMPLES")
		p.verbatim(strings.Split(strings.Trim(cmd.Example, "\n"), "\n"))
	}
	for _, s := range more {
		p.section(s.Title)
		p.text(s.Text)
	}
	p.also(cmd)
	return p.String()
}

// page is a page in the making.
type page struct{ strings.Builder }

func (p *page) line(format string, args ...any) { fmt.Fprintf(p, format+"\n", args...) }

func (p *page) section(title string) { p.line(".SH %s", escape(title)) }

// synopsis is how the command is called.
func (p *page) synopsis(cmd *cobra.Command) {
	use := strings.TrimPrefix(cmd.UseLine(), cmd.CommandPath())
	p.line(`\fB%s\fR%s`, escape(cmd.CommandPath()), escape(use))
}

// commands lists what is below.
func (p *page) commands(cmd *cobra.Command) {
	below := commands(cmd)[1:]
	below = slices.DeleteFunc(below, func(c *cobra.Command) bool { return c.Parent() != cmd })
	if len(below) == 0 {
		return
	}
	p.section("COMMANDS")
	for _, c := range below {
		p.line(".TP\n\\fB%s\\fR(1)\n%s", escape(pageOf(c)), escape(c.Short))
	}
}

// flags lists flags with their defaults.
func (p *page) flags(title string, flags *pflag.FlagSet) {
	if !flags.HasAvailableFlags() {
		return
	}
	p.section(title)
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		value, usage := pflag.UnquoteUsage(f)
		p.line(".TP")
		names := `\fB` + escape("--"+f.Name) + `\fR`
		if f.Shorthand != "" {
			names = `\fB` + escape("-"+f.Shorthand) + `\fR, ` + names
		}
		if value != "" {
			names += ` \fI` + escape(value) + `\fR`
		}
		p.line("%s", names)
		if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "0" && f.DefValue != "0s" && f.DefValue != "[]" {
			usage += fmt.Sprintf(" (default %s)", f.DefValue)
		}
		p.line("%s", escape(usage))
	})
}

// also names the pages above and beside.
func (p *page) also(cmd *cobra.Command) {
	var names []string
	if parent := cmd.Parent(); parent != nil {
		names = append(names, pageOf(parent))
		for _, c := range commands(parent)[1:] {
			if c.Parent() == parent && c != cmd {
				names = append(names, pageOf(c))
			}
		}
	}
	if len(names) == 0 {
		return
	}
	p.section("SEE ALSO")
	for i, n := range names {
		end := ","
		if i == len(names)-1 {
			end = ""
		}
		p.line(`\fB%s\fR(1)%s`, escape(n), end)
	}
}

// text writes paragraphs, and what is indented as it is.
func (p *page) text(text string) {
	first := true
	for paragraph := range strings.SplitSeq(strings.Trim(text, "\n"), "\n\n") {
		if strings.TrimSpace(paragraph) == "" {
			continue
		}
		if !first {
			p.line(".PP")
		}
		first = false
		var asItIs []string
		for line := range strings.SplitSeq(strings.Trim(paragraph, "\n"), "\n") {
			if strings.HasPrefix(line, "  ") || strings.HasPrefix(line, "\t") {
				asItIs = append(asItIs, line)
				continue
			}
			p.verbatim(asItIs)
			asItIs = nil
			p.line("%s", escape(strings.TrimSpace(line)))
		}
		p.verbatim(asItIs)
	}
}

// verbatim writes lines that are neither filled nor joined.
func (p *page) verbatim(lines []string) {
	if len(lines) == 0 {
		return
	}
	p.line(".nf")
	for _, l := range lines {
		p.line("%s", escape(strings.ReplaceAll(l, "\t", "    ")))
	}
	p.line(".fi")
}

// escape makes a line of text one of roff: nothing in it is a request, and hyphens are those that commands have.
func escape(s string) string {
	s = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, `"`, `\(dq`, "\n", " ").Replace(s)
	var b strings.Builder
	if strings.HasPrefix(s, ".") {
		b.WriteString(`\&`)
	}
	for _, r := range s {
		if r < 0x80 {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, `\[u%04X]`, r)
		}
	}
	return b.String()
}
