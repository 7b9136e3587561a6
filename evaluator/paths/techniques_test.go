package paths

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/accessgraph/accessgraph/evaluator/catalog"
)

func techniques(t *testing.T) *List {
	t.Helper()
	l, err := Techniques()
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func loadCatalog(t *testing.T) *catalog.Catalog {
	t.Helper()
	c, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestEveryCataloguePathIsCovered holds that no id of the public catalogue is without a technique of ours, and that none is invented.
func TestEveryCataloguePathIsCovered(t *testing.T) {
	data, err := os.ReadFile("testdata/catalogue.txt")
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Fields(string(data))
	if len(want) != 92 {
		t.Fatalf("%d ids in the catalogue, want 92", len(want))
	}
	l := techniques(t)
	for _, id := range want {
		if len(l.Resolve(id)) == 0 {
			t.Errorf("no technique for %s", id)
		}
	}
	for _, q := range l.All {
		for _, id := range q.Catalogue {
			if !slices.Contains(want, id) {
				t.Errorf("%s: %s is no id of the catalogue", q.ID, id)
			}
			if !slices.Contains(q.References, "https://pathfinding.cloud/paths/"+id) {
				t.Errorf("%s: no reference to %s", q.ID, id)
			}
		}
	}
}

// TestTechniquesAreWhole holds what is true of every entry.
func TestTechniquesAreWhole(t *testing.T) {
	l := techniques(t)
	slug := regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)+$`)
	if !regexp.MustCompile(`^\d{4}-\d\d-\d\d$`).MatchString(l.Version) {
		t.Errorf("version %q, want a day", l.Version)
	}
	titles, ids := map[string]string{}, map[string]bool{}
	for _, q := range l.All {
		if !slug.MatchString(q.ID) || ids[q.ID] {
			t.Errorf("%q is no id, or there twice", q.ID)
		}
		ids[q.ID] = true
		if other, twice := titles[q.Title]; twice {
			t.Errorf("%s has the title of %s", q.ID, other)
		}
		titles[q.Title] = q.ID
		if q.Title == "" || strings.HasSuffix(q.Title, ".") {
			t.Errorf("%s: title %q, want words without full stop", q.ID, q.Title)
		}
		if !strings.HasSuffix(q.Remedy, ".") || len(q.Remedy) < 40 || len(q.Remedy) > 400 {
			t.Errorf("%s: remedy %q, want one or two sentences", q.ID, q.Remedy)
		}
		for _, p := range append(slices.Clone(q.Prerequisites), q.Limited) {
			if strings.HasSuffix(p, ".") || p != "" && p[0] >= 'A' && p[0] <= 'Z' && !strings.HasPrefix(p, "AWS ") {
				t.Errorf("%s: %q, want part of a sentence", q.ID, p)
			}
		}
		for _, r := range q.References {
			if !strings.HasPrefix(r, "https://docs.aws.amazon.com/") && !strings.HasPrefix(r, "https://pathfinding.cloud/paths/") {
				t.Errorf("%s: reference %q", q.ID, r)
			}
		}
		if len(q.Combines) == 0 && len(q.References) == len(q.Catalogue) {
			t.Errorf("%s: no reference to AWS's documentation", q.ID)
		}
	}
}

// TestTechniquesUseKnownWords holds that the closed sets of words are closed, and go together as the rules say.
func TestTechniquesUseKnownWords(t *testing.T) {
	rules := map[Kind]string{
		CanAssume: "E5", GainPermissions: "E10", Become: "E11", PassRole: "E12", HijackCompute: "E13", OpenResource: "E14", WeakenGuardrail: "E23",
	}
	targets := map[Kind][]string{
		CanAssume: {"role"}, GainPermissions: {"user", "role", "group", "policy"}, Become: {"user", "role", "provider"}, PassRole: {"role"},
		HijackCompute: {"role"}, OpenResource: {"resource"}, WeakenGuardrail: {"organization"},
	}
	facts := map[Fact]string{
		InstanceProfile: "role", NoInstanceProfile: "role", NoPassword: "user", Password: "user", OneKey: "user", TwoKeys: "user",
		FourVersions: "policy", FiveVersions: "policy", OtherVersion: "policy", Absent: "provider", ACLs: "resource", SSORole: "role",
	}
	edits := []Edit{EditInline, EditAttach, EditVersion, EditSetVersion, EditMembership, EditUnbound, EditUndeny}
	for _, q := range techniques(t).All {
		if want := rules[q.Kind]; len(q.Combines) == 0 && (want == "" || q.Rule != want) {
			t.Errorf("%s: kind %q with rule %q, want %q", q.ID, q.Kind, q.Rule, want)
		}
		if !slices.Contains(targets[q.Kind], q.Target) {
			t.Errorf("%s: kind %q with target %q, want one of %v", q.ID, q.Kind, q.Target, targets[q.Kind])
		}
		if (q.Kind == GainPermissions) != (q.Edit != "") || q.Edit != "" && !slices.Contains(edits, q.Edit) {
			t.Errorf("%s: kind %q with edit %q", q.ID, q.Kind, q.Edit)
		}
		for _, f := range q.Facts {
			if facts[f] != q.Target {
				t.Errorf("%s: fact %q is one of the target %q, not of %q", q.ID, f, facts[f], q.Target)
			}
		}
		if (q.Kind == HijackCompute) != (len(q.Compute) > 0) {
			t.Errorf("%s: kind %q with compute %v", q.ID, q.Kind, q.Compute)
		}
		if q.Service == "" && (q.Kind == PassRole || q.Kind == HijackCompute) || q.Service != "" && !strings.HasSuffix(q.Service, ".amazonaws.com") {
			t.Errorf("%s: service %q, want a principal such as ec2.amazonaws.com", q.ID, q.Service)
		}
	}
}

// TestCombinationsJoinTwo holds that a combination is of a change of permissions and of a way to take the same kind of target over.
func TestCombinationsJoinTwo(t *testing.T) {
	l := techniques(t)
	found := 0
	for _, q := range l.All {
		if len(q.Combines) == 0 {
			if len(q.Requires) == 0 {
				t.Errorf("%s requires nothing", q.ID)
			}
			continue
		}
		found++
		if len(q.Combines) != 2 || len(q.Requires) != 0 || q.Kind != Become {
			t.Errorf("%s: combines %v, requires %v", q.ID, q.Combines, q.Requires)
			continue
		}
		edit, ok := l.ByID(q.Combines[0])
		if !ok || edit.Kind != GainPermissions || edit.Target != q.Target && edit.Target != "policy" {
			t.Errorf("%s: %s is no technique that changes permissions of a %s", q.ID, q.Combines[0], q.Target)
		}
		control, ok := l.ByID(q.Combines[1])
		if !ok || control.Kind != Become && control.Kind != CanAssume || control.Target != q.Target {
			t.Errorf("%s: %s is no technique that takes a %s over", q.ID, q.Combines[1], q.Target)
		}
	}
	if found != 9 {
		t.Errorf("%d combinations, want 9", found)
	}
}

// TestRolesArePassedOnce holds that where a role is passed, iam:PassRole is asked for it once, and only there.
func TestRolesArePassedOnce(t *testing.T) {
	for _, q := range techniques(t).All {
		passed := 0
		for _, r := range q.Requires {
			if r.Action == "iam:PassRole" {
				passed++
				if r.On != OnTarget {
					t.Errorf("%s: iam:PassRole on %q", q.ID, r.On)
				}
			}
		}
		switch {
		case q.Kind == PassRole && passed != 1, passed > 1, q.Kind == HijackCompute && passed != 0:
			t.Errorf("%s: %d times iam:PassRole", q.ID, passed)
		}
	}
}

// computeTypes are the catalogue's names of what runs with a role.
var computeTypes = map[string]string{
	"AWS::Lambda::Function": "function", "AWS::EC2::Instance": "instance", "AWS::EC2::LaunchTemplate": "launch-template",
	"AWS::ECS::TaskDefinition": "task-definition", "AWS::ECS::Service": "service", "AWS::CodeBuild::Project": "project",
	"AWS::CloudFormation::Stack": "stack", "AWS::Glue::DevEndpoint": "devendpoint", "AWS::Glue::Job": "job",
	"AWS::SageMaker::NotebookInstance": "notebook-instance", "AWS::AppRunner::Service": "service",
	"AWS::StepFunctions::StateMachine": "statemachine", "AWS::Batch::JobDefinition": "job-definition",
	"AWS::BedrockAgentCore::CodeInterpreterCustom": "code-interpreter-custom",
}

// TestRequirementsFitTheCatalogue holds that every action is spelled as AWS spells it and acts on what it is required on.
func TestRequirementsFitTheCatalogue(t *testing.T) {
	c := loadCatalog(t)
	byTarget := map[string][]string{"provider": {"saml-provider", "oidc-provider"}}
	for _, target := range []string{"user", "role", "group", "policy"} {
		byTarget[target] = []string{target}
	}
	for _, q := range techniques(t).All {
		for _, r := range q.Requires {
			action, ok := c.Action(r.Action)
			if !ok || action.Name != r.Action {
				t.Errorf("%s: no action %q", q.ID, r.Action)
				continue
			}
			acts := func(on string) bool {
				return slices.ContainsFunc(action.Resources, func(a catalog.ActionResource) bool { return a.Type.Name == on })
			}
			switch r.On {
			case OnAny:
			case OnNew:
				if len(action.Resources) == 0 {
					t.Errorf("%s: %s is authorised against *, so on nothing new", q.ID, r.Action)
				}
			case OnTarget:
				if of, named := byTarget[q.Target]; named && !slices.ContainsFunc(of, acts) || len(action.Resources) == 0 {
					t.Errorf("%s: %s does not act on a %s", q.ID, r.Action, q.Target)
				}
			case OnCompute:
				for _, kind := range q.Compute {
					if !acts(computeTypes[kind]) {
						t.Errorf("%s: %s does not act on %s", q.ID, r.Action, kind)
					}
				}
			default:
				t.Errorf("%s: %s on %q", q.ID, r.Action, r.On)
			}
		}
		for _, kind := range q.Compute {
			if computeTypes[kind] == "" {
				t.Errorf("%s: unknown compute %q", q.ID, kind)
			}
		}
	}
}

// TestRemediesNameRealWords holds that every action and condition key in a remedy exists, and that a key is one of some action that the remedy
// or the technique names.
func TestRemediesNameRealWords(t *testing.T) {
	c := loadCatalog(t)
	word := regexp.MustCompile(`(?:^|[ (])([a-z][a-z0-9-]*:[A-Za-z][A-Za-z0-9/-]*)`)
	for _, q := range techniques(t).All {
		var actions, keys []string
		for _, r := range q.Requires {
			actions = append(actions, r.Action)
		}
		for _, m := range word.FindAllStringSubmatch(q.Remedy, -1) {
			if name, ok := c.Canonical(m[1]); ok && name == m[1] {
				actions = append(actions, name)
			} else if !strings.HasPrefix(m[1], "arn:") {
				keys = append(keys, m[1])
			}
		}
		for _, key := range keys {
			fits := func(action string) bool {
				known, _ := c.ActionKeys(action)
				return slices.ContainsFunc(known, func(k *catalog.KeyInfo) bool { return k.Matches(strings.ToLower(key)) })
			}
			if !slices.ContainsFunc(actions, fits) && !slices.ContainsFunc([]string{"sts:AssumeRole"}, fits) {
				t.Errorf("%s: %q is neither an action nor a condition key of %v", q.ID, key, actions)
			}
		}
	}
}

// TestResolve finds techniques by every sort of id.
func TestResolve(t *testing.T) {
	l := techniques(t)
	for id, want := range map[string][]string{
		"lambda-new-function-invoke": {"lambda-new-function-invoke"},
		"lambda-001":                 {"lambda-new-function-invoke"},
		"IAM-007":                    {"iam-inline-policy-user"},
		"iam-001":                    {"iam-policy-version-create", "iam-policy-version-replace"},
		"sts-003":                    {"assume-role"},
		// Renumbered: what the number names now, then what it named before.
		"ec2-003": {"ec2-request-spot-instances", "ec2-request-spot-instances-new-profile", "ec2-instance-connect-ssh"},
		"ec2-004": {"ec2-launch-template-default", "ec2-request-spot-instances"},
		"ec2-005": {"ec2-launch-template-default"},
		"nothing": nil,
		"":        nil,
	} {
		var got []string
		for _, q := range l.Resolve(id) {
			got = append(got, q.ID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", id, got, want)
		}
	}
	for old, id := range l.Aliases {
		if _, ok := l.ByID(id); !ok {
			t.Errorf("the alias %s stands for %q, which is no technique", old, id)
		}
	}
}

// TestTechniquesAreReadStrictly holds that a misspelled member is an error and not a technique that lacks it.
func TestTechniquesAreReadStrictly(t *testing.T) {
	for _, data := range []string{
		`{"version":"2026-11-30","techniques":[{"id":"a-b","require":[]}]}`,
		`{"version":"2026-11-30","techniques":[{"id":"a-b","ID":"c-d"}]}`,
		`{"version":"2026-11-30","techniques":[]}{}`,
		`{"version":1}`,
		``,
	} {
		if _, err := parseTechniques(data); err == nil || !strings.HasPrefix(err.Error(), "techniques of access paths: ") {
			t.Errorf("%s: %v", data, err)
		}
	}
	if l, err := parseTechniques(embedded); err != nil || len(l.All) < 150 {
		t.Errorf("%d techniques, %v", len(l.All), err)
	}
}
