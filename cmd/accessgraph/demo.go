package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/accessgraph/accessgraph/query/render"
	"github.com/accessgraph/accessgraph/testdata/sample"
)

// newDemo makes the command demo.
func newDemo(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "demo",
		Short: "Show what can be asked, on a small organization that the program brings along",
		Long: `Reads a sample organization of six accounts into a temporary store, asks the questions that README.md begins with, prints each
with its answer, and leaves nothing behind.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.demo(cmd.Context()) },
	}
}

// demonstration is one question of the demo with what to see in its answer.
type demonstration struct{ about, question string }

// demonstrations are the questions of README.md, in its order.
func demonstrations() []demonstration {
	return []demonstration{
		{"Who can do anything with keys? Conditions are part of the answer.",
			"who can do kms:* | select principal, verdict, action_count, grants.conditions ?"},
		{"Who can read the bucket with an access key? Such requests say nothing of MFA; what is known of a request is said with when.",
			"who can do s3:GetObject on arn:aws:s3:::payroll/* when aws:MultiFactorAuthPresent is absent ?"},
		{"Who from outside the organization can do anything with the account's topics?",
			"who outside can do * on arn:aws:sns:*:111122223333:* ?"},
		{"Which statement allows it?",
			"who can kms:ScheduleKeyDeletion | select principal, grants.via.policy, grants.via.sid ?"},
		{"Can the deployment role hand the administrator's role to an instance?",
			"can role/Deploy do iam:PassRole on arn:aws:iam::111122223333:role/Admin when iam:PassedToService = ec2.amazonaws.com ?"},
		{"And decrypt? It may not, and the answer names what stops it.",
			"can role/Deploy do kms:Decrypt ?"},
		{"Why not, and what would change that?",
			"why cannot role/Deploy do kms:Decrypt ?"},
		{"What can an application do with a bucket?",
			"what can role/App do on arn:aws:s3:::payroll/* ?"},
		{"In which accounts can someone pass a role and create a function, and how many are they?",
			"who can do all of iam:PassRole, lambda:CreateFunction | group by account count ?"},
		{"How does somebody outside become an administrator? Step by step, with the statements that let it happen.",
			"paths from external to admin"},
		{"And what is there: who signs in to the console without MFA?",
			"show users where mfa = false and console = true | select principal, policies, keys"},
	}
}

func (a *app) demo(ctx context.Context) (err error) {
	if a.store != "" {
		return usageError{errors.New("demo keeps its store in a temporary folder and takes no --store")}
	}
	dir, err := os.MkdirTemp("", "accessgraph-demo-")
	if err != nil {
		return storeError{err}
	}
	defer func() {
		if left := os.RemoveAll(dir); left != nil && err == nil {
			err = storeError{left}
		}
	}()
	export := filepath.Join(dir, "org")
	if err := os.CopyFS(export, sample.FS()); err != nil {
		return storeError{err}
	}
	a.store = filepath.Join(dir, "store")

	fmt.Fprint(a.stdout, "A sample organization: testdata/sample/README.md tells its story.\n\n$ accessgraph ingest files testdata/sample/org\n")
	if err := a.ingestFiles(ctx, []string{export}, "", false); err != nil {
		return err
	}
	for _, d := range demonstrations() {
		fmt.Fprintf(a.stdout, "\n# %s\n$ accessgraph query '%s'\n", d.about, d.question)
		if err := a.query(ctx, &queryFlags{output: &outputFlag{format: render.Table}}, []string{d.question}); err != nil {
			return err
		}
	}
	fmt.Fprint(a.stdout, `
# Now your own account:
#   aws iam get-account-authorization-details > export.json
#   accessgraph ingest files export.json
#   accessgraph query 'who can do kms:* ?'
# With -o wide and -o json answers show the statements that they rest on and a request that proves them. README.md says what
# else an export can hold, docs/query-language.md what can be asked.
`)
	return nil
}
