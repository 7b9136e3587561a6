package graph

import "errors"

// Errors that callers tell apart with errors.Is.
var (
	// ErrNoStore is returned when the directory is missing or holds no store.
	ErrNoStore = errors.New("not an accessgraph store")
	// ErrFormat is returned when the store was written in a format that this version cannot read.
	ErrFormat = errors.New("store of another format version")
	// ErrKey is returned when the store is encrypted and the key that was given is not its key, or none was given; or the other way round.
	ErrKey = errors.New("wrong key for the store")
	// ErrLocked is returned when another process is writing to the store.
	ErrLocked = errors.New("another process is writing to the store")
	// ErrReadOnly is returned when a write meets a store that this user or file system cannot write to.
	ErrReadOnly = errors.New("the store cannot be written to")
	// ErrUnreadable is returned when this user may not read a file of the store.
	ErrUnreadable = errors.New("the store cannot be read")
	// ErrFull is returned when the disk has no room for what was to be written; what was stored before is untouched.
	ErrFull = errors.New("no space left for the store")
	// ErrDamaged is returned when something stored is missing or not as it was written.
	ErrDamaged = errors.New("damaged")
	// ErrNotFound is returned when the store does not hold what was asked for.
	ErrNotFound = errors.New("not in the store")
	// ErrConflict is returned when a ref does not stand for what the caller believed.
	ErrConflict = errors.New("the name stands for something else now")
	// ErrNoSnapshot is returned when a reference names no snapshot.
	ErrNoSnapshot = errors.New("no such snapshot")
	// ErrAmbiguous is returned when a reference could mean several snapshots.
	ErrAmbiguous = errors.New("ambiguous snapshot reference")
)

// StoreError is what went wrong with a store: where, what, one of the errors above, and what the user can do.
type StoreError struct {
	Path string // directory or file
	What string // what was found or attempted; may be empty
	Err  error
	Hint string // what to do; may be empty
}

// Error gives everything on one line.
func (e *StoreError) Error() string {
	s := e.Path + ": " + e.Err.Error()
	if e.What != "" {
		s += ": " + e.What
	}
	if e.Hint != "" {
		s += " (" + e.Hint + ")"
	}
	return s
}

// Unwrap gives the error that callers compare with.
func (e *StoreError) Unwrap() error { return e.Err }
