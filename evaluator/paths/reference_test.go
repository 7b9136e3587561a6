package paths

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

const reference = "../../docs/techniques.md"

var update = flag.Bool("update", false, "rewrite the reference of techniques")

// TestReference holds that the users' reference of techniques has what the data has.
func TestReference(t *testing.T) {
	want := referenceText(techniques(t))
	if *update {
		if err := os.WriteFile(reference, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(reference)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("docs/techniques.md is not what the data says: run go test ./evaluator/paths -run Reference -update")
	}
}

// chapters are the kinds in the order of the page.
var chapters = []struct {
	kind        Kind
	title, text string
}{
	{CanAssume, "Assumption", "What roles are there for: the trust policy and the caller's own policies decide."},
	{GainPermissions, "Changing permissions", `The caller changes what a user, role or group may do, itself among them. What the target then has is bounded
by its permissions boundary and its account's policies. Of another target, the caller still has to become it.`},
	{Become, "Taking an identity over", `The caller gets credentials of a user, or makes a role accept it. Combinations first change the target's
permissions.`},
	{PassRole, "Passing a role to a service", `The caller hands a role to something new that runs on its behalf. The role has to trust the service, and
` + "`iam:PassRole` has to be allowed for it (`iam:PassedToService`)."},
	{HijackCompute, "Taking compute over", "The caller takes over something that runs with a role already, so nothing is passed."},
	{OpenResource, "Opening a resource", "The caller changes who may use a resource."},
	{WeakenGuardrail, "Weakening guardrails", `The caller changes what binds the accounts of the organization. It has to be in the management account, or
in one to which the organization's policy delegates the action.`},
}

func referenceText(l *List) string {
	var b strings.Builder
	fmt.Fprintf(&b, `# Techniques

What the access paths of accessgraph are made of, beside trust, federation and access itself: %d known ways to turn permissions into another
identity's permissions, or into more of one's own. All that a technique requires must be allowed; alternatives are techniques of their own.
What a snapshot cannot tell is named "supposed", and stands with the answer as an assumption.

Ids in the third column are those of the public catalogue [pathfinding.cloud](https://pathfinding.cloud) (Apache-2.0; see NOTICE). Version of the
data: %s. This page is made from evaluator/paths/techniques.json; go test ./evaluator/paths -run Reference -update writes it anew.
`, len(l.All), l.Version)
	for _, c := range chapters {
		fmt.Fprintf(&b, "\n## %s\n\n`%s`. %s\n\n| technique | requires | catalogue | remedy |\n| --- | --- | --- | --- |\n", c.title, c.kind, c.text)
		for i := range l.All {
			if t := &l.All[i]; t.Kind == c.kind {
				fmt.Fprintf(&b, "| `%s`<br>%s | %s | %s | %s |\n", t.ID, cell(t.Title), cell(requiresText(t)), catalogueText(t), cell(t.Remedy))
			}
		}
	}
	return b.String()
}

// requiresText is one line of a cell for each thing that must be so.
func requiresText(t *Technique) string {
	var lines []string
	for _, r := range t.Requires {
		lines = append(lines, fmt.Sprintf("`%s` on %s", r.Action, objectText(t, r.On)))
	}
	if len(t.Combines) > 0 {
		lines = append(lines, "`"+strings.Join(t.Combines, "` and `")+"`")
	}
	if t.Service != "" {
		lines = append(lines, "the role trusts `"+t.Service+"`")
	}
	if len(t.Compute) > 0 {
		lines = append(lines, "it runs as "+strings.Join(t.Compute, " or "))
	}
	for _, f := range t.Facts {
		lines = append(lines, factTexts[f])
	}
	for _, p := range t.Prerequisites {
		lines = append(lines, "supposed: "+p)
	}
	if t.Limited != "" {
		lines = append(lines, "limited to "+t.Limited)
	}
	return strings.Join(lines, "<br>")
}

func objectText(t *Technique, on Object) string {
	switch on {
	case OnTarget:
		return "the " + t.Target
	case OnCompute:
		return "what runs"
	case OnNew:
		return "something new"
	default:
		return "anything"
	}
}

var factTexts = map[Fact]string{
	InstanceProfile: "the role is in an instance profile", NoInstanceProfile: "the role is in no instance profile",
	NoPassword: "the user has no console password", Password: "the user has a console password",
	OneKey: "the user has at most one access key", TwoKeys: "the user has two access keys",
	FourVersions: "the policy has at most four versions", FiveVersions: "the policy has five versions",
	OtherVersion: "the policy has a version that is not in force", Absent: "a trust policy names the provider, and it is not there",
	ACLs: "the bucket honours access control lists", SSORole: "the role is one of Identity Center (`AWSReservedSSO_…`)",
}

func catalogueText(t *Technique) string {
	var links []string
	for _, id := range t.Catalogue {
		links = append(links, fmt.Sprintf("[%s](https://pathfinding.cloud/paths/%s)", id, id))
	}
	return strings.Join(links, "<br>")
}

// cell is text as a table of Markdown can hold it: a star or a bar would be read as markup.
func cell(s string) string { return strings.NewReplacer("|", `\|`, "*", `\*`, "${", `\${`).Replace(s) }
