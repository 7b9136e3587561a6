package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/accessgraph/accessgraph/cmd/accessgraph/man"
)

// newMan makes the command man, which packagers use and help does not name.
func newMan(a *app) *cobra.Command {
	return &cobra.Command{
		Use:    "man DIR",
		Short:  "Write the manual pages into a folder",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			names, err := man.Write(cmd.Root(), buildVersion(), args[0], manualSections()...)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(a.stdout, "%d manual pages in %s\n", len(names), args[0])
			return err
		},
	}
}

// manualSections are what every page ends with.
func manualSections() []man.Section {
	return []man.Section{
		{Title: "EXIT STATUS", Text: exitCodes},
		{Title: "ENVIRONMENT", Text: `  ACCESSGRAPH_STORE  folder of the store, where --store is not given
  XDG_DATA_HOME      the store is in accessgraph below it, else in ~/.local/share/accessgraph
  XDG_STATE_HOME     the history of the shell is in accessgraph below it, else in ~/.local/state/accessgraph
  NO_COLOR           no colours, whatever it says
  PAGER              shows long answers in the shell; empty for none`},
	}
}
