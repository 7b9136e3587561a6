package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/accessgraph/accessgraph/query"
	"github.com/accessgraph/accessgraph/query/render"
)

// policyCheckFlags are the flags of policy check.
type policyCheckFlags struct {
	policyFlags
	noNewAccess  string
	notGranted   []string
	on           []string
	notPublic    bool
	resourceType string
	output       string
}

func newPolicyCheck(a *app) *cobra.Command {
	f := &policyCheckFlags{}
	cmd := &cobra.Command{
		Use:   "check NEW.json --no-new-access OLD.json | --not-granted ACTION,… [--on ARN,…] | --not-public",
		Short: "Check that a policy document allows no more than it should",
		Long: `Checks a policy document by itself, exactly, and shows a request for each failure.

  --no-new-access OLD.json   it allows nothing that OLD.json does not
  --not-granted ACTION,…     it allows none of these actions (patterns, and levels as kms:@write), on any resource or, with --on, on these
  --not-public               it lets nobody in whom nothing fixed bounds: no unsigned caller, no principal of just any account, no service for just anyone

Exit codes: 0 passed; 1 failed, or it cannot be told; 2 wrong usage; 3 a document that is not valid.
-o sarif writes SARIF 2.1.0 with the lines of the statements that grant, for code review.`,
		Example: `  accessgraph policy check new.json --no-new-access old.json
  accessgraph policy check new.json --not-granted iam:PassRole,kms:@write --on 'arn:aws:iam::*:role/admin/*'
  accessgraph policy check bucket.json --not-public --resource-type AWS::S3::Bucket -o sarif`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.policyCheck(cmd.Context(), f, args[0]) },
	}
	f.add(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.noNewAccess, "no-new-access", "", "the document that may not be exceeded; - is standard input")
	flags.StringSliceVar(&f.notGranted, "not-granted", nil, "actions that may not be allowed, separated by commas")
	flags.StringSliceVar(&f.on, "on", nil, "with --not-granted: resources on which they may not be, as ARNs or patterns")
	flags.BoolVar(&f.notPublic, "not-public", false, "nobody may be let in whom nothing fixed bounds")
	flags.StringVar(&f.resourceType, "resource-type", "", "with --not-public: what the policy is attached to, as AWS::S3::Bucket, whose definition of public is S3's own")
	flags.StringVarP(&f.output, "output", "o", "table", "format: table, wide, json, ndjson, csv, markdown or sarif")
	return cmd
}

// asked makes the flags one question.
func (f *policyCheckFlags) asked() (query.PolicyCheck, error) {
	n := 0
	for _, given := range []bool{f.noNewAccess != "", len(f.notGranted) > 0, f.notPublic} {
		if given {
			n++
		}
	}
	switch {
	case n != 1:
		return query.PolicyCheck{}, usageError{errors.New("policy check needs one of --no-new-access OLD.json, --not-granted ACTION,… and --not-public")}
	case len(f.on) > 0 && len(f.notGranted) == 0:
		return query.PolicyCheck{}, usageError{errors.New("--on goes with --not-granted")}
	case f.resourceType != "" && !f.notPublic:
		return query.PolicyCheck{}, usageError{errors.New("--resource-type goes with --not-public")}
	}
	return query.PolicyCheck{NotGranted: f.notGranted, On: f.on, NotPublic: f.notPublic, ResourceType: f.resourceType}, nil
}

// sarif is the one format that is for checks alone.
const sarif = "sarif"

func (a *app) policyCheck(ctx context.Context, f *policyCheckFlags, path string) error {
	check, err := f.asked()
	if err != nil {
		return err
	}
	if f.output != sarif {
		if _, err := render.ParseFormat(f.output); err != nil {
			return usageError{fmt.Errorf("%w, sarif", err)}
		}
	}
	paths := []string{path}
	if f.noNewAccess != "" {
		paths = append(paths, f.noNewAccess)
	}
	texts, err := a.policyTexts(ctx, paths...)
	if err != nil {
		return err
	}
	if f.noNewAccess != "" {
		check.NoNewAccess = &texts[1]
	}
	result, err := query.CheckPolicy(ctx, texts[0], check, f.PolicyOptions)
	if err != nil {
		return policyErrorOf(err)
	}
	if f.output == sarif {
		var tool versionInfo
		if tool, err = currentVersion(); err != nil {
			return err
		}
		err = render.WriteSARIF(a.stdout, result.Answer, render.SARIF{
			Version: tool.Version, Rule: result.Check, What: ruleText[result.Check], File: path, Lines: query.StatementLines(texts[0].Text),
		})
	} else {
		err = render.Write(a.stdout, render.Format(f.output), result.Answer, a.renderOptions())
	}
	if err != nil {
		return err
	}
	for _, w := range result.Summary().Warnings {
		a.warn("%s", w)
	}
	if result.Result != query.CheckPassed {
		return silentExit(exitFailed)
	}
	return nil
}

// ruleText says what each check holds.
var ruleText = map[string]string{
	"no-new-access": "A policy allows nothing that the policy it replaces did not.",
	"not-granted":   "A policy does not allow the named actions.",
	"not-public":    "A policy lets nobody in whom nothing fixed bounds.",
}
