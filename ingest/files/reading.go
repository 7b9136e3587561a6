package files

import (
	"context"
	"errors"
	"io"

	"github.com/accessgraph/accessgraph/graph"
)

// reading is one file while it is read: the cursor in it, and the batch of what was found.
type reading struct {
	*cursor
	documents *documents
	batch     *batch
	partial   bool
	tick      func(entities int) // progress
}

// batch is what one file holds. It reaches the facts only when the whole file was read.
type batch struct {
	file       *source
	items      []item
	kinds      map[string]bool // kinds of coverage whose members were there
	accounts   map[graph.AccountID]bool
	left       []leftOut // entries left out (Options.Partial)
	warnings   []string
	recognized bool
}

// item is one fact. account is empty until the account of the file is known, and stays so for what an organization says.
type item struct {
	account graph.AccountID
	value   any
	place   place
}

// leftOut is an entry that could not be used, and the kind of coverage that is incomplete without it.
type leftOut struct {
	kind string
	err  *Error
}

// given marks that a kind of fact was read; truncated, that the page says there are more.
type given struct {
	kind      string
	truncated bool
}

func newBatch(file *source) *batch {
	return &batch{file: file, kinds: map[string]bool{}, accounts: map[graph.AccountID]bool{}}
}

func (b *batch) add(p place, account graph.AccountID, value any) {
	if account != "" {
		b.accounts[account] = true
		b.file.scope.accounts[account] = true
	}
	b.items = append(b.items, item{account, value, p})
}

// readJSON reads all top-level values of a file; more than one are pages put one behind the other.
func (r *reading) readJSON() error {
	for {
		err := r.topLevel()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// topLevel reads one top-level object. io.EOF is the end of the file.
func (r *reading) topLevel() error {
	switch r.dec.PeekKind() {
	case '{':
	case 0:
		_, err := r.dec.ReadToken()
		if err == io.EOF {
			return io.EOF
		}
		return r.syntax(err)
	default:
		return r.wrong("an object")
	}
	truncated := false
	kinds := r.batch.kinds
	r.batch.kinds = map[string]bool{}
	start := r.place("", -1)
	err := r.object(func(name []byte) error {
		switch string(name) {
		case "IsTruncated", "Truncated":
			var more bool
			err := r.boolean(&more)
			truncated = truncated || more
			return err
		case "NextToken": // how the AWS CLI says that --max-items left something out
			truncated = truncated || r.dec.PeekKind() == '"'
			return r.skip()
		case "Marker", "NextMarker", "ResponseMetadata":
			return r.skip()
		}
		return r.member(name)
	})
	for kind := range r.batch.kinds {
		if kind != kindPoliciesOnly {
			r.batch.recognized = true
			if kind != graph.KindOrganization && kind != kindObservations && kind != kindCoverageFile {
				r.batch.add(start, "", given{kind, truncated})
			}
		}
		kinds[kind] = true
	}
	if r.batch.kinds[kindPoliciesOnly] && len(r.batch.kinds) == 1 { // an empty list: only a page of IAM's has that alone
		r.batch.recognized = true
		r.batch.add(start, "", given{graph.KindIAM, truncated})
	}
	r.batch.kinds = kinds
	return err
}

// Marks beside the kinds of coverage, for what has none.
const (
	kindObservations = "(observations)"
	kindCoverageFile = "(coverage)"
	kindPoliciesOnly = "(policies)" // a Policies list, whose elements say what they are
)

// member reads one known top-level member, whichever kind of file it belongs to.
func (r *reading) member(name []byte) error {
	is := func(kind string) { r.batch.kinds[kind] = true }
	switch string(name) {
	case "UserDetailList":
		is(graph.KindIAM)
		return r.entities("UserDetailList", r.user)
	case "GroupDetailList":
		is(graph.KindIAM)
		return r.entities("GroupDetailList", r.group)
	case "RoleDetailList":
		is(graph.KindIAM)
		return r.entities("RoleDetailList", r.role)
	case "Policies":
		is(kindPoliciesOnly)
		return r.entities("Policies", r.policyElement)
	case "Organization":
		is(graph.KindOrganization)
		return r.organization()
	case "Roots":
		is(graph.KindOrganization)
		return r.entities("Roots", r.root)
	case "OrganizationalUnits":
		is(graph.KindOrganization)
		return r.entities("OrganizationalUnits", r.unit)
	case "DelegatedAdministrators":
		is(graph.KindOrganization)
		return r.entities("DelegatedAdministrators", r.delegated)
	case "Accounts":
		if r.dec.PeekKind() == '{' {
			is(kindCoverageFile)
			return r.coverage()
		}
		is(graph.KindOrganization)
		return r.entities("Accounts", r.organizationAccount)
	case "Coverage":
		is(kindCoverageFile)
		return r.exactCoverage()
	case "ResourcePolicies":
		is(graph.KindResourcePolicies)
		return r.entities("ResourcePolicies", r.resource)
	case "Compute":
		is(graph.KindCompute)
		return r.entities("Compute", r.compute)
	case "Grants":
		is(graph.KindGrants)
		return r.entities("Grants", r.grant)
	case "Shares":
		is(graph.KindShares)
		return r.entities("Shares", r.share)
	case "S3PublicAccessBlock", "RootFeatures":
		is(graph.KindAccountSettings)
		return r.settings(string(name))
	default:
		return r.accountMember(name)
	}
}

// listKinds gives the kind of coverage that each list of entities belongs to.
var listKinds = map[string]string{
	"UserDetailList": graph.KindIAM, "GroupDetailList": graph.KindIAM, "RoleDetailList": graph.KindIAM, "Policies": graph.KindIAM,
	"Roots": graph.KindOrganization, "OrganizationalUnits": graph.KindOrganization, "Accounts": graph.KindOrganization,
	"DelegatedAdministrators": graph.KindOrganization,
	"ResourcePolicies":        graph.KindResourcePolicies, "Compute": graph.KindCompute, "Grants": graph.KindGrants, "Shares": graph.KindShares,
	"SAMLProviderList": graph.KindIdentityProviders, "OpenIDConnectProviderList": graph.KindIdentityProviders,
	"RoleLastUsed": "observations", "AttachmentCounts": "observations",
}

// place gives the place of the value that comes next.
func (r *reading) place(list string, index int) place {
	return place{file: r.file, list: list, line: int32(r.line()), index: int32(index)}
}

// entities reads a list of entities. With Options.Partial, one that is not understood is left out and the rest is read.
func (r *reading) entities(list string, read func(place) error) error {
	return r.list(func(index int) error {
		r.tick(1)
		depth, items := r.dec.StackDepth(), len(r.batch.items)
		seen, names := len(r.seen), len(r.names)
		err := read(r.place(list, index))
		var bad *Error
		if !r.partial || !errors.As(err, &bad) || bad.stops {
			return err
		}
		r.batch.items = r.batch.items[:items]
		r.batch.left = append(r.batch.left, leftOut{listKinds[list], bad})
		r.seen, r.names = r.seen[:seen], r.names[:names]
		return r.unwind(depth)
	})
}

// document reads a policy document.
func (r *reading) document(to *graph.DocumentHash) error {
	raw, err := r.dec.ReadValue()
	if err != nil {
		return r.syntax(err)
	}
	*to = r.documents.add(raw)
	return nil
}

// owner checks the account number that an ARN names, and that it is the one that the directory is named after.
func (r *reading) owner(p place, account, arn string) (graph.AccountID, error) {
	if !isAccountID(account) {
		return "", p.errorAt("the account of "+quote(arn)+" is "+quote(account), "an account number of 12 digits", "")
	}
	if dir := r.file.scope.account; dir != "" && string(dir) != account {
		return "", p.errorAt(quote(arn)+" belongs to account "+account+" and lies in the directory of "+string(dir),
			"facts of one account in its directory", "move the file to a directory named "+account)
	}
	return graph.AccountID(account), nil
}

// readAny reads a file of any kind into the batch.
func (r *reading) readAny(ctx context.Context, o *opened) error {
	switch o.content {
	case contentEmpty:
		return &Error{File: r.file.path, Problem: "the file is empty", Expected: "JSON or a credential report", stops: true}
	case contentUTF16:
		return &Error{File: r.file.path, Problem: "the file is UTF-16", Expected: "UTF-8",
			Hint: "PowerShell's > writes UTF-16: use Out-File -Encoding utf8", stops: true}
	case contentCredentialReport:
		return r.credentialReport(ctx, o)
	case contentJSON:
		return r.readJSON()
	default:
		return unrecognized(r.file)
	}
}

func unrecognized(file *source) *Error {
	return &Error{File: file.path, Problem: "not a recognized export", Err: ErrUnrecognized, stops: true,
		Expected: "what `aws iam get-account-authorization-details` prints, or a file of an export directory",
		Hint:     "if its members are right, check their spelling"}
}
