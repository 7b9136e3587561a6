package edit

import (
	"slices"
	"strconv"
	"strings"

	"github.com/accessgraph/accessgraph/graph"
)

// Document is a policy document of a change: its text, or that it is known only when the change is made.
type Document struct {
	Text    []byte // JSON; nil: not known
	Because string // of one that is not known, why
}

// add takes a document in and gives its name: none where it is not known.
func (e *Editor) add(d Document) graph.DocumentHash {
	if d.Text == nil {
		return graph.DocumentHash{}
	}
	doc := graph.CanonicalDocument(d.Text)
	if e.Facts.Documents[doc.Hash] == nil {
		e.Facts.Documents[doc.Hash] = &doc
	}
	return doc.Hash
}

// later remembers whether a document is known only when the change is made.
func (e *Editor) later(d Document, what string) {
	if d.Text == nil {
		e.unknown[what] = true
		return
	}
	delete(e.unknown, what)
}

// PutInline puts an inline policy into a user, group or role, in place of one with its name.
func (e *Editor) PutInline(entity any, name string, d Document) {
	list, arn := inlineOf(entity)
	if list == nil {
		return
	}
	e.later(d, string(arn)+" policy "+name)
	*list = slices.DeleteFunc(slices.Clone(*list), func(p graph.InlinePolicy) bool { return p.Name == name })
	*list = append(*list, graph.InlinePolicy{Name: name, Document: e.add(d)})
}

// DeleteInline takes an inline policy away; ok is false where there is none of that name.
func (e *Editor) DeleteInline(entity any, name string) (ok bool) {
	list, _ := inlineOf(entity)
	if list == nil {
		return false
	}
	before := len(*list)
	*list = slices.DeleteFunc(slices.Clone(*list), func(p graph.InlinePolicy) bool { return p.Name == name })
	return len(*list) < before
}

// InlineNames gives the names of the inline policies of a user, group or role.
func InlineNames(entity any) []string {
	list, _ := inlineOf(entity)
	if list == nil {
		return nil
	}
	var names []string
	for _, p := range *list {
		names = append(names, p.Name)
	}
	return names
}

func inlineOf(entity any) (*[]graph.InlinePolicy, graph.ARN) {
	switch v := entity.(type) {
	case *graph.User:
		return &v.Inline, v.ARN
	case *graph.Group:
		return &v.Inline, v.ARN
	case *graph.Role:
		return &v.Inline, v.ARN
	}
	return nil, ""
}

// AttachedOf gives the list of managed policies of a user, group or role, nil for anything else.
func AttachedOf(entity any) *[]graph.ARN {
	switch v := entity.(type) {
	case *graph.User:
		return &v.Attached
	case *graph.Group:
		return &v.Attached
	case *graph.Role:
		return &v.Attached
	}
	return nil
}

// Attach attaches a managed policy; ok is false where it was attached already.
func Attach(entity any, policy graph.ARN) (ok bool) {
	list := AttachedOf(entity)
	if list == nil || slices.Contains(*list, policy) {
		return false
	}
	*list = append(slices.Clone(*list), policy)
	return true
}

// Detach takes a managed policy away; ok is false where it was not attached.
func Detach(entity any, policy graph.ARN) (ok bool) {
	list := AttachedOf(entity)
	if list == nil || !slices.Contains(*list, policy) {
		return false
	}
	*list = without(slices.Clone(*list), policy)
	return true
}

// SetTrust gives a role a trust policy.
func (e *Editor) SetTrust(r *graph.Role, d Document) {
	e.later(d, string(r.ARN)+" policy trust policy")
	r.Trust = e.add(d)
}

// maxVersions is how many versions AWS keeps of a managed policy.
const maxVersions = 5

// SetDefault gives a managed policy a new version, which becomes the default one. The others stay, but for the oldest where there are too many: who may
// choose the default version may go back to them.
func (e *Editor) SetDefault(p *graph.ManagedPolicy, d Document) {
	e.later(d, string(p.ARN))
	versions := slices.Clone(p.Versions)
	newest := 0
	for i := range versions {
		versions[i].Default = false
		newest = max(newest, versionNumber(versions[i].ID))
	}
	slices.SortStableFunc(versions, func(a, b graph.PolicyVersion) int { return versionNumber(a.ID) - versionNumber(b.ID) })
	if n := len(versions) - maxVersions + 1; n > 0 {
		versions = versions[n:]
	}
	p.DefaultVersion = "v" + strconv.Itoa(newest+1)
	p.Versions = append(versions, graph.PolicyVersion{ID: p.DefaultVersion, Default: true, Created: e.Now, Document: e.add(d)})
	p.Updated = e.Now
}

// versionNumber is the number of a version, 0 of an id that is none of AWS's.
func versionNumber(id string) int {
	n, err := strconv.ParseUint(strings.TrimPrefix(id, "v"), 10, 30)
	if err != nil {
		return 0
	}
	return int(n)
}

// unreadable is the text of a resource's policy that is not known: no JSON object, so that everything that hangs on it is unknown. A resource without a
// document would be one without a policy.
const unreadable = `"unknown until the change is made"`

// SetResourcePolicy gives a resource a policy.
func (e *Editor) SetResourcePolicy(r *graph.Resource, d Document) {
	e.later(d, string(r.ARN))
	if d.Text == nil {
		d.Text = []byte(unreadable)
	}
	r.Policy = e.add(d)
}

// SetOrganizationPolicy gives an SCP or RCP a document.
func (e *Editor) SetOrganizationPolicy(p *graph.OrganizationPolicy, d Document) {
	name := string(p.ARN)
	if p.Name != "" && p.Name != name {
		name += " policy " + p.Name
	}
	e.later(d, name)
	p.Document = e.add(d)
}

// SetTag sets the tag of a key in a list, or takes it away where value is nil.
func SetTag(tags []graph.Tag, key string, value *string) []graph.Tag {
	tags = slices.DeleteFunc(slices.Clone(tags), func(t graph.Tag) bool { return t.Key == key })
	if value != nil {
		tags = append(tags, graph.Tag{Key: key, Value: *value})
	}
	return tags
}

// TagsOf gives the list of tags of an entity, nil for one that has none that decisions read.
func TagsOf(entity any) *[]graph.Tag {
	switch v := entity.(type) {
	case *graph.User:
		return &v.Tags
	case *graph.Role:
		return &v.Tags
	case *graph.Resource:
		return &v.Tags
	case *graph.Provider:
		return &v.Tags
	}
	return nil
}
