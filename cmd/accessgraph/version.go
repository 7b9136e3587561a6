package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"github.com/accessgraph/accessgraph/evaluator/catalog"
	"github.com/accessgraph/accessgraph/graph/badgerstore"
)

// versionInfo is what version prints.
type versionInfo struct {
	Version     string `json:"version"`
	Commit      string `json:"commit,omitempty"`
	Go          string `json:"go"`
	Platform    string `json:"platform"`
	Catalogue   string `json:"catalogue"`
	Date        string `json:"catalogue_date"`
	StoreFormat int    `json:"store_format"`
}

func newVersion(a *app) *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version of the program, its catalogue of actions and its store format",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			info, err := currentVersion()
			if err != nil {
				return err
			}
			switch format {
			case "text":
				_, err = fmt.Fprintf(a.stdout, "accessgraph %s (%s, %s)\ncatalogue of actions %s of %s\nstore format %d\n",
					info.Version, info.Go, info.Platform, info.Catalogue, info.Date, info.StoreFormat)
				return err
			case "json":
				return writeJSON(a, info)
			}
			return usageError{fmt.Errorf("output format %q is not one of text, json", format)}
		},
	}
	cmd.Flags().StringVarP(&format, "output", "o", "text", "format: text or json")
	completeFlag(cmd, "output", oneOf("text", "json"))
	return cmd
}

func currentVersion() (versionInfo, error) {
	c, err := catalog.Load()
	if err != nil {
		return versionInfo{}, err
	}
	info := versionInfo{Version: buildVersion(), Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH,
		Catalogue: c.Version(), Date: c.Date(), StoreFormat: badgerstore.Format}
	if build, ok := debug.ReadBuildInfo(); ok {
		for _, s := range build.Settings {
			if s.Key == "vcs.revision" {
				info.Commit = s.Value
			}
		}
	}
	return info, nil
}

// buildVersion is the version that the Go tool built into the program; a build from a working tree has none.
func buildVersion() string {
	build, ok := debug.ReadBuildInfo()
	if !ok || build.Main.Version == "" || build.Main.Version == "(devel)" {
		return "devel"
	}
	return build.Main.Version
}

// writeJSON writes one document to stdout.
func writeJSON(a *app, v any) error {
	b, err := json.Marshal(v, json.Deterministic(true), jsontext.WithIndent("  "))
	if err != nil {
		return err
	}
	_, err = a.stdout.Write(append(b, '\n'))
	return err
}
