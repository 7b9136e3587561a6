package main

import (
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/accessgraph/accessgraph/query/render"
)

// outputFlag is -o: the format of what goes to stdout.
type outputFlag struct {
	format render.Format
	others []render.Format
}

// addOutput gives cmd the flag -o with the formats of lists, and others.
func addOutput(cmd *cobra.Command, others ...render.Format) *outputFlag {
	o := &outputFlag{format: render.Table, others: others}
	formats := append(render.Formats(), others...)
	names := make([]string, 0, len(formats))
	for _, f := range formats {
		names = append(names, string(f))
	}
	last := len(names) - 1
	cmd.Flags().VarP(o, "output", "o", "format: "+strings.Join(names[:last], ", ")+" or "+names[last])
	completeFlag(cmd, "output", oneOf(names...))
	return o
}

func (o *outputFlag) String() string { return string(o.format) }

func (o *outputFlag) Type() string { return "FORMAT" }

func (o *outputFlag) Set(name string) (err error) {
	o.format, err = render.ParseFormat(name, o.others...)
	return err
}

// renderOptions says what stdout can show: colours and its width where it is a terminal.
func (a *app) renderOptions() render.Options {
	fd, ok := terminal(a.stdout)
	if !ok {
		return render.Options{}
	}
	columns, _, err := term.GetSize(fd)
	if err != nil {
		columns = 0
	}
	return render.Options{Width: columns, Color: !a.noColor && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
}

// terminal tells whether a stream is one, and its descriptor.
func terminal(stream any) (fd int, ok bool) {
	f, isFile := stream.(*os.File)
	if !isFile {
		return 0, false
	}
	fd = int(f.Fd())
	return fd, term.IsTerminal(fd)
}
