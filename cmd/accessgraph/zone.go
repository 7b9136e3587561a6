package main

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/query"
	"github.com/accessgraph/accessgraph/query/thirdparty"
)

// maxPartiesBytes bounds what is read of a list of third parties.
const maxPartiesBytes = 1 << 26

// zoneFlags say who is inside and who outside is known by name, for questions about external access.
type zoneFlags struct {
	zone, trust []string
	parties     string
}

func (f *zoneFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringSliceVar(&f.zone, "zone", nil,
		"for external …: the accounts and organizations that are inside (default: the organization, and the accounts of the snapshot)")
	flags.StringSliceVar(&f.trust, "trust", nil, "for external …: accounts, organizations and ARNs of identity providers that are inside beside those")
	flags.StringVar(&f.parties, "third-parties", "", "for external …: a JSON file with names for accounts outside, beside those that come with accessgraph")
}

// options puts what the flags say into the options of a question.
func (f *zoneFlags) options(o query.Options) (query.Options, error) {
	if err := evaluator.CheckZone(f.zone, nil); err != nil {
		return o, usageError{fmt.Errorf("--zone %w", err)}
	}
	if err := evaluator.CheckZone(nil, f.trust); err != nil {
		return o, usageError{fmt.Errorf("--trust %w", err)}
	}
	o.Zone, o.Trust = f.zone, f.trust
	if f.parties == "" {
		return o, nil
	}
	text, err := readBounded(f.parties, maxPartiesBytes)
	if err != nil {
		return o, inputError{fmt.Errorf("read third parties: %w", err)}
	}
	if o.ThirdParties, err = thirdparty.Known(); err != nil {
		return o, err
	}
	if err := o.ThirdParties.Add(f.parties, text); err != nil {
		return o, inputError{fmt.Errorf("read third parties: %w", err)}
	}
	return o, nil
}

func readBounded(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(text)) > most {
		return nil, fmt.Errorf("%s: more than %d MB", path, most>>20)
	}
	return text, err
}
