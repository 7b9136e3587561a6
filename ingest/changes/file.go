package changes

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/ingest/edit"
)

// maxDocumentBytes bounds a document beside a file of changes. AWS's own limits are far below.
const maxDocumentBytes = 1 << 20

// change is what a file says of one target.
type change struct {
	Target string `json:"target"` // an ARN; of an organization also the id of a root, OU or policy, or an account number
	Create bool   `json:"create"` // it is not there yet
	Delete bool   `json:"delete"`

	Type    string         `json:"type"`    // of what is created: a CloudFormation type, or the type of an organization's policy
	Account string         `json:"account"` // of a bucket that is created
	Policy  jsontext.Value `json:"policy"`  // of a resource, a managed policy, or an organization's policy
	Trust   jsontext.Value `json:"trust"`   // of a role

	Inline   map[string]jsontext.Value `json:"inline"` // by name; null takes it away
	Attach   []string                  `json:"attach"`
	Detach   []string                  `json:"detach"`
	Boundary jsontext.Value            `json:"boundary"` // an ARN; null takes it away
	Join     []string                  `json:"join"`     // of a user: names of groups
	Leave    []string                  `json:"leave"`
	Tags     map[string]*string        `json:"tags"` // null takes one away

	offset int64
}

// UnmarshalJSONFrom reads a change and remembers where it is.
func (c *change) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	type plain change
	offset := d.InputOffset() // where the value before ends
	err := json.UnmarshalDecode(d, (*plain)(c))
	c.offset = offset
	return err
}

// applying is one change on its way into the facts.
type applying struct {
	*change
	editor *edit.Editor
	folder string // where documents are that are given by name
	owner  graph.AccountID
}

func applyFile(in *input, e *edit.Editor) error {
	var file struct {
		Changes []*change `json:"changes"`
	}
	if err := json.Unmarshal(in.text, &file, json.RejectUnknownMembers(true)); err != nil {
		return jsonError(in.path, in.text, err)
	}
	for i, c := range file.Changes {
		if c == nil {
			return &Error{Path: in.path, Err: fmt.Errorf("changes[%d] is null: want an object with a target", i)}
		}
		a := &applying{change: c, editor: e, folder: filepath.Dir(in.path)}
		if err := a.apply(); err != nil {
			return &Error{Path: in.path, Line: lineAt(in.text, beginning(in.text, c.offset)), Err: fmt.Errorf("changes[%d]: %w", i, err)}
		}
	}
	return nil
}

// beginning is where the value begins that stands next in a list.
func beginning(text []byte, offset int64) int64 {
	for offset < int64(len(text)) && strings.IndexByte(" \t\r\n,[", text[offset]) >= 0 {
		offset++
	}
	return offset
}

// jsonError places an error of the JSON reader.
func jsonError(path string, text []byte, err error) error {
	var syntax *jsontext.SyntacticError
	var meaning *json.SemanticError
	switch {
	case errors.As(err, &syntax):
		return &Error{Path: path, Line: lineAt(text, syntax.ByteOffset), Err: fmt.Errorf("this is no JSON: %w", syntax.Err)}
	case errors.As(err, &meaning):
		what := meaning.Err
		if errors.Is(err, json.ErrUnknownName) {
			what = errors.New("there is no such member; a change has target, create, delete, type, account, policy, trust, inline, attach, detach, boundary, join, leave, tags")
		}
		if what == nil {
			what = fmt.Errorf("want %s", meaning.GoType)
		}
		return &Error{Path: path, Line: lineAt(text, meaning.ByteOffset), Err: fmt.Errorf("%s: %w", meaning.JSONPointer, what)}
	}
	return &Error{Path: path, Err: err}
}

func (a *applying) apply() error {
	arn := graph.ARN(a.Target)
	switch {
	case a.Target == "":
		return errors.New("there is no target: want an ARN, or the id of a root, an OU, an account or an organization's policy")
	case a.Create && a.Delete:
		return errors.New("create and delete together mean nothing")
	case arn.Service() == "organizations" || !strings.HasPrefix(a.Target, "arn:"):
		return a.organization()
	}
	if _, _, _, _, resource, ok := arn.Split(); !ok || resource == "" {
		return fmt.Errorf("target %.200q is no ARN", a.Target)
	}
	entity, err := a.entity(arn)
	if entity == nil || err != nil {
		return err
	}
	a.editor.Changed(a.owner)
	for _, step := range []func(any) error{a.policies, a.document, a.boundary, a.groups, a.tags} {
		if err := step(entity); err != nil {
			return err
		}
	}
	return nil
}

// entity finds or makes what is to be changed; nil: it is gone now.
func (a *applying) entity(arn graph.ARN) (any, error) {
	owner, found := a.editor.HolderOf(arn)
	other := a.editor.Namesake(arn)
	switch {
	case !found && other != "" && a.Create:
		return nil, fmt.Errorf("%s cannot be made: the snapshot has %s, and names are unique without the path", arn, other)
	case !found && other != "":
		return nil, fmt.Errorf("%s is not in the snapshot; did you mean %s?", arn, other)
	case a.Create && found:
		return nil, fmt.Errorf("%s is there already; leave create out", arn)
	case a.Create:
		return a.made(arn)
	case !found:
		return nil, fmt.Errorf("%s is not in the snapshot; say create: true if it is to be made", arn)
	}
	a.owner = owner
	if a.Delete {
		a.editor.Delete(owner, arn)
		return nil, nil
	}
	return a.editor.Find(arn, owner), nil
}

// made makes a new entity of the kind that its ARN says.
func (a *applying) made(arn graph.ARN) (any, error) {
	a.owner = edit.Owner(arn)
	if a.owner == "" {
		if !edit.IsAccount(a.Account) {
			return nil, fmt.Errorf("%s names no account: say whose it is, as account: 12 digits", arn)
		}
		a.owner = graph.AccountID(a.Account)
	}
	entity, err := edit.Made(arn, a.Type)
	if err != nil {
		return nil, err
	}
	if r, ok := entity.(*graph.Role); ok && a.Trust == nil {
		return nil, fmt.Errorf("%s is to be made and has no trust policy: say trust", r.ARN)
	}
	if p, ok := entity.(*graph.ManagedPolicy); ok && a.Policy == nil {
		return nil, fmt.Errorf("%s is to be made and has no document: say policy", p.ARN)
	}
	a.editor.Add(a.owner, entity)
	return entity, nil
}

// text gives a document: an object as it is, the name of a file beside the file of changes, or "unknown". ok is false for null.
func (a *applying) text(v jsontext.Value) (d edit.Document, ok bool, err error) {
	switch v.Kind() {
	case 'n':
		return d, false, nil
	case '{':
		return edit.Document{Text: v}, true, nil
	case '"':
		var name string
		if err := json.Unmarshal(v, &name); err != nil {
			return d, false, err
		}
		if name == "unknown" {
			return d, true, nil
		}
		d.Text, err = a.file(name)
		return d, true, err
	}
	return d, false, fmt.Errorf("a document is an object, the name of a file, \"unknown\" or null, and this is %.80s", v)
}

// file reads a document that lies beside the file of changes, or below.
func (a *applying) file(name string) ([]byte, error) {
	if !filepath.IsLocal(filepath.FromSlash(name)) {
		return nil, fmt.Errorf("document %.200q: want the name of a file beside the file of changes", name)
	}
	path := filepath.Join(a.folder, filepath.FromSlash(name))
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxDocumentBytes || !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: want a file of at most %d bytes", path, maxDocumentBytes)
	}
	text, err := os.ReadFile(path)
	if err == nil && !jsontext.Value(text).IsValid() {
		err = fmt.Errorf("%s is no JSON", path)
	}
	return text, err
}
