// Package segment keeps one account as questions need it: principals of one make as one shape with a list of names, documents by what their
// statements speak of. A segment is made from the account's facts alone, so that it serves every snapshot and every organization that the
// account is in unchanged, and it is read in pieces: who the principals are called is not looked at until somebody asks.
package segment

import (
	"encoding/binary"

	"github.com/accessgraph/accessgraph/graph"
)

// Version names the form of segments and what goes into them. Segments of another version are made again.
const Version = 1

// Neutral is the number that stands for any account: no account has it.
const Neutral = "000000000000"

// Account is one account.
type Account struct {
	// Facts are all that is not in the other fields: no users, no roles, no compute, and of managed policies no documents. In place of the
	// hash of a resource's policy stands DocumentAt.
	Facts      *graph.Account
	Lists      []Actions
	Reads      [][]string // sets of condition keys; the first is empty
	Documents  []Document
	Statements []Statement // of all documents, in order
	Shapes     []Shape
	Open       []bool // by resource of Facts: its policy, grants or sharing may let in somebody of outside the account

	packed   *Packed
	was, now string
}

// DocumentAt stands for the document at a place of an account.
func DocumentAt(account string, place int32) graph.DocumentHash {
	var h graph.DocumentHash
	n := copy(h[:], account)
	binary.BigEndian.PutUint32(h[max(n, len(h)-4):], uint32(place)+1)
	return h
}

// Head is what everybody needs to know of an account, whatever the question.
type Head struct {
	// Facts are the account's id, coverage, settings and identity providers.
	Facts     *graph.Account
	Partition string
	ReadsTime bool     // some document reads the time of the request
	Portable  bool     // no name or number in it can be taken for Neutral
	Populated bool     // it has principals, groups or policies
	Keyed     bool     // it has KMS keys
	Bare      []string // ARNs of its resources that do not say whose they are
	Reading   []Reading
}

// Reading is that statements on these actions read facts of the request that an answer as a whole names.
type Reading struct {
	Actions
	Transport bool // aws:SecureTransport
	Clock     bool // the time
}

// Actions is an action element: which actions a statement speaks of.
type Actions struct {
	Not      bool
	Patterns []string
}

// Document is a policy document by what it speaks of.
type Document struct {
	Kind     uint8 // a policy.Kind: what it is read as
	Portable bool  // it means the same in another account, made its own: no pattern in it matches a part of an account's number
	From, To int32 // its statements, among those of the account
}

// Statement is one statement of a document.
type Statement struct {
	List  int32 // of Lists
	Reads int32 // of Reads
	Allow bool
}

// Shape is what principals of one make share: everything but their names, paths and unique ids.
type Shape struct {
	Role     bool // a user otherwise
	Linked   bool // a service-linked role
	Identity []Policy
	Boundary *Policy
	Trust    int32 // its trust policy, by place in Documents; Missing, and for users, too
	Tags     []graph.Tag
	Count    int  // how many members have it
	Open     bool // the trust policy may let in somebody of outside the account

	FreeTags  bool // see Sessions
	Services  []string
	Anyone    bool
	Federated bool
	Cognito   bool
}

// PlaceOf gives the place that a hash stands for; ok is false for any hash that DocumentAt does not give for the account.
func PlaceOf(account string, h graph.DocumentHash) (place int32, ok bool) {
	place = int32(binary.BigEndian.Uint32(h[len(h)-4:])) - 1
	return place, place >= 0 && h == DocumentAt(account, place)
}

// Missing is the place of a document that was not collected.
const Missing = -1

// Policy is a document in force with the name by which answers quote it.
type Policy struct {
	Name     string
	Document int32
}

// Member is one principal.
type Member struct {
	Entity   string // "role/path/name": its ARN after the account
	Shape    int32
	Profiles []string // ARNs of its instance profiles
}
