package shell

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/accessgraph/accessgraph/query/complete"
)

// form is a form of the language.
type form struct{ name, example string }

// forms lists the forms of questions and stages with an example each.
func forms() []form {
	return []form{
		{"who can ACTION, … [on RESOURCE, …]", "who can kms:Decrypt on arn:aws:kms:us-east-1:111122223333:key/*"},
		{"who can … when CONDITION", "who can s3:GetObject on arn:aws:s3:::payroll/* when aws:MultiFactorAuthPresent is absent"},
		{"who can … in SCOPE, … except …", "who can @write in account 111122223333 except role/Admin"},
		{"who can all of ACTION, …", "who can do all of iam:PassRole, lambda:CreateFunction"},
		{"who outside can ACTION", "who outside can sns:*"},
		{"who is admin", "who is admin in ou Workloads"},
		{"who can reach TARGET", "who can reach admin in account 111122223333"},
		{"can PRINCIPAL ACTION, …", "can role/Deploy do iam:PassRole on arn:aws:iam::111122223333:role/Admin"},
		{"why can|cannot PRINCIPAL ACTION", "why cannot user/alice do s3:PutObject on arn:aws:s3:::logs/x"},
		{"what can PRINCIPAL do [on RESOURCE, …]", "what can role/App do on arn:aws:s3:::payroll/*"},
		{"what can PRINCIPAL reach", "what can user/alice reach"},
		{"paths from SOURCE to TARGET", "shortest paths from external to admin"},
		{"choke points to TARGET", "choke points to admin"},
		{"external access|trust", "external trust | where third_party and not external_id"},
		{"show KIND [where PREDICATE]", "show users where mfa = false"},
		{"changes from @REF to @REF", "changes from @latest~1 to @latest"},
		{"… | where PREDICATE", "who can kms:* | where verdict = allowed and account != 111122223333"},
		{"… | select FIELD, …", "who can kms:* | select principal, verdict"},
		{"… | group by FIELD, … count", "who can kms:* | group by account count"},
		{"… | sort by FIELD", "who can kms:* | sort by action_count desc"},
		{"… | limit N, … | count", "who can kms:* | limit 10"},
		{"… at @REF", "who can kms:* at @latest~1"},
	}
}

// formNames are the beginnings of forms, to complete \h.
func formNames() (names []complete.Name) {
	seen := map[string]bool{}
	for _, f := range forms() {
		for word := range strings.FieldsSeq(f.name) {
			if lower := strings.ToLower(word); lower == word && word[0] >= 'a' && !strings.ContainsAny(word, "|…,") && !seen[word] {
				seen[word] = true
				names = append(names, complete.Name{Text: word})
			}
		}
	}
	return names
}

// forms lists the forms that hold a text, or all.
func (s *session) forms(_ context.Context, argument string) error {
	found := 0
	for _, f := range forms() {
		if !strings.Contains(strings.ToLower(f.name), strings.ToLower(argument)) {
			continue
		}
		found++
		if _, err := fmt.Fprintf(s.Out, "%s\n    %s\n", f.name, f.example); err != nil {
			return err
		}
	}
	if found == 0 {
		return misused(`no form holds %q; \h lists them all`, argument)
	}
	return nil
}

const keys = `A question ends with Enter when it is whole, with ? or ; at the end of a line, or with an empty line; until then Enter
begins another line. Several on one line are separated by ;

  Tab             complete: keywords, actions, keys, values, principals, resources, accounts, fields, snapshots
  Up, Down        earlier questions; Ctrl-R searches them
  Ctrl-C          stop the question that runs, or forget what is typed
  Ctrl-D          leave
`

func (s *session) help(context.Context, string) error {
	if _, err := io.WriteString(s.Out, keys+"\n"); err != nil {
		return err
	}
	w := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
	for _, c := range commands() {
		fmt.Fprintf(w, "  %s\t%s\n", strings.TrimSpace(strings.Join(c.names, ", ")+" "+c.argument), c.about)
	}
	return w.Flush()
}
