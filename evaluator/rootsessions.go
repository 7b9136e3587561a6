package evaluator

import (
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator/policy"
)

// RootSessions gives the accounts whose users and roles may ask for sessions of members' root users, by sts:AssumeRoot (E9): the management account
// and the delegated administrators of IAM. There are none unless the management account's settings say that the organization has that feature.
func (w *World) RootSessions() []string {
	o := w.facts.Organization
	if o == nil || w.org == nil {
		return nil
	}
	management := w.account(w.org.management)
	if management == nil || management.facts == nil || management.facts.Settings == nil || !slices.Contains(management.facts.Settings.RootFeatures, "RootSessions") {
		return nil
	}
	out := []string{w.org.management}
	for _, d := range o.Delegated {
		if id := string(d.ID); slices.Contains(d.ServicePrincipals, "iam.amazonaws.com") && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

// RootsOfMembers are the root users whose sessions RootSessions is about, by ARN: those of all members but the management account.
func (w *World) RootsOfMembers() []string {
	if len(w.RootSessions()) == 0 {
		return nil
	}
	var out []string
	for _, id := range w.org.memberIDs() {
		if a := w.account(id); a != nil && !a.management {
			out = append(out, "arn:"+a.partition+":iam::"+id+":root")
		}
	}
	return out
}

// addRoots makes members' root users things that can be acted on. That the organization lets some accounts in is a resource policy of them: the
// callers' own policies have to allow it too.
func (w *World) addRoots() {
	roots := w.RootsOfMembers()
	if len(roots) == 0 {
		return
	}
	consent := policy.Parse(policy.Resource, []byte(`{"Version":"2012-10-17","Statement":{"Sid":"RootSessions","Effect":"Allow","Action":"sts:AssumeRoot","Resource":"*","Principal":{"AWS":["`+
		strings.Join(w.RootSessions(), `","`)+`"]}}}`))
	for _, arn := range roots {
		owner := w.account(arnAccount(arn))
		r := &resource{arn: arn, typ: "AWS::IAM::RootUser", service: "sts", owner: owner, policy: &Policy{Name: arn, Doc: consent}}
		r.seal(owner)
		w.resources = append(w.resources, r)
		w.byARN[arn] = r
	}
}
