package graph

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"time"
)

// Hash is the SHA-256 of a piece of stored content, and its name.
type Hash [32]byte

// HashOf gives the name of content.
func HashOf(content []byte) Hash { return sha256.Sum256(content) }

// String gives h in lower-case hex.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// ParseHash reads what String writes; ok is false for any other text.
func ParseHash(s string) (h Hash, ok bool) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(h) {
		return h, false
	}
	copy(h[:], b)
	return h, true
}

// Partition says where content lives: with an account, or in one of the sixteen parts that accounts share. Engines that
// spread over several machines place content by it; content is found only in the partition that it was put into.
type Partition string

// MaxPartition is the greatest length of a Partition in bytes.
const MaxPartition = 64

// AccountPartition is where an account's own nodes live.
func AccountPartition(id AccountID) Partition { return Partition(id) }

// SharedPartition is where content that belongs to no account lives: policy documents and the nodes above accounts.
func SharedPartition(h Hash) Partition { return Partition("~" + hex.EncodeToString(h[:1])[:1]) }

// Store keeps content under its hash and the history of the snapshots made of it. Every engine passes the suite in
// graph/storetest. All methods may be called from several goroutines.
//
// Content is immutable and closed: a node is stored only together with, or after, everything that it names. Every read
// is checked against the hash it was asked by; content that does not match is ErrDamaged.
type Store interface {
	// Fetch calls fn with the content of each of hashes, which must be strictly ascending, with its index in hashes; the
	// order of the calls is the engine's. fn may keep content and must not change it. A hash that is not there ends the
	// call with an error that wraps ErrNotFound; an error of fn ends it with that error.
	Fetch(ctx context.Context, p Partition, hashes []Hash, fn func(i int, content []byte) error) error
	// Scan calls fn with everything in p that is named from (inclusive) to (inclusive), in ascending order. Callers that
	// must know that nothing is missing compare with a count that they know.
	Scan(ctx context.Context, p Partition, from, to Hash, fn func(h Hash, content []byte) error) error

	// Begin takes the store's one writer lock and starts a batch; ErrLocked when another writer has it.
	Begin(ctx context.Context) (Batch, error)

	// History gives all entries, oldest first: by time, then by number.
	History(ctx context.Context) ([]Entry, error)
	// Refs gives the names set by SetRef and the numbers of the entries they stand for.
	Refs(ctx context.Context) (map[string]int64, error)
	// SetRef makes name stand for entry number to if it stands for from now; 0 means "for none". ErrConflict when it
	// stands for something else, ErrNotFound when there is no entry to.
	SetRef(ctx context.Context, name string, from, to int64) error

	// Remove takes the entries with these numbers out of the history, and the refs that stand for them. Their content stays until Collect.
	// ErrNotFound, and nothing is removed, when there is no such entry.
	Remove(ctx context.Context, numbers ...int64) error
	// Collect drops all content and derived blobs but what needs names. It takes the writer lock, so that nothing is published meanwhile, and then
	// calls needs with the history. When needs fails, or names content that is not there (ErrDamaged), nothing is dropped; with dryRun nothing is
	// in any case. Reads that are under way go on; what they use is dropped by a later writer.
	Collect(ctx context.Context, dryRun bool, needs func(ctx context.Context, history []Entry) (*Needs, error)) (Collected, error)

	// Derived opens the blob that PutDerived kept under name: something computed from snapshots that may be computed
	// again. ErrNotFound when there is none, ErrDamaged when its checksum does not hold.
	Derived(ctx context.Context, name string) (Blob, error)
	// PutDerived keeps data under name, in place of what was there.
	PutDerived(ctx context.Context, name string, data []byte) error

	// Stage keeps value under key in the named stage, durably: work of an unfinished ingest that a new process goes on
	// from. Staged gives it back (ErrNotFound when it is not there), Unstage forgets the whole stage.
	Stage(ctx context.Context, stage, key string, value []byte) error
	Staged(ctx context.Context, stage, key string) ([]byte, error)
	Unstage(ctx context.Context, stage string) error

	// Check reads all that is stored and calls report for everything that is not as it was written. The error is about
	// the check itself.
	Check(ctx context.Context, report func(Damage)) error
	// Close releases files and locks; reads that are under way end first.
	Close() error
}

// Needs is what stays when a store is collected.
type Needs struct {
	Content map[Partition]map[Hash]struct{}
	Derived map[string]struct{} // names of blobs
}

// Collected is what a collection dropped, or would drop.
type Collected struct {
	Contents int64
	Bytes    int64 // of the contents, before compression
	Derived  int   // blobs
}

// Batch is content on its way into a Store, from one goroutine. Nothing of it is visible before Commit; Discard after
// Commit does nothing.
type Batch interface {
	// Has tells whether the store holds content named h in p.
	Has(ctx context.Context, p Partition, h Hash) (bool, error)
	// Put adds content, which must not be changed any more; content that is there already costs nothing. It gives the
	// name of the content.
	Put(p Partition, content []byte) (Hash, error)
	// Commit makes the content and the entry visible together and durable, gives the entry its number, and releases the
	// writer lock.
	Commit(ctx context.Context, e Entry) (Entry, error)
	// Discard forgets the batch and releases the writer lock.
	Discard()
}

// Blob is a checked, read-only piece of bytes; Bytes is valid until Close.
type Blob interface {
	Bytes() []byte
	Close() error
}

// Entry is one line of the history: what was published when, from what and by which version of the tool. Two entries may
// name one snapshot.
type Entry struct {
	Number       int64      `json:"number"` // 1, 2, 3, … in the order of publication
	Time         time.Time  `json:"time"`
	Name         string     `json:"name,omitempty"`
	Sources      []string   `json:"sources,omitempty"`
	Tool         string     `json:"tool,omitempty"`
	Snapshot     SnapshotID `json:"snapshot"`
	Observations string     `json:"observations,omitempty"` // hash of the observation tree; empty: there are none
}

// Damage is one thing in a store that is not as it was written.
type Damage struct {
	What string // a file, or the place in a snapshot
	Err  error
}

// String gives the damage on one line: where, and what is wrong there. What to do is the same for all damage and not said.
func (d Damage) String() string {
	text := d.Err.Error()
	var file *StoreError
	if errors.As(d.Err, &file) {
		text = strings.TrimSuffix(text, " ("+file.Hint+")")
		if d.Err == error(file) && strings.HasSuffix(file.Path, d.What) { // What names the file already
			text = file.What
		}
	}
	return d.What + ": " + text
}
