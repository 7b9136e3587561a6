package main

import "github.com/spf13/cobra"

// addCompletion adds the command completion, which is cobra's own but for what it says to a shell that it does not know.
func addCompletion(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	for _, cmd := range root.Commands() {
		if cmd.Name() == "completion" {
			cmd.Args, cmd.RunE = noSuchCommand, needsCommand
		}
	}
}
