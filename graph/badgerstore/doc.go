// Package badgerstore is the embedded graph.Store: a directory of immutable packs.
//
//	FORMAT            the format number; another one is graph.ErrFormat
//	MANIFEST          which packs count, the history, the refs; begins with its own SHA-256
//	KEY               of an encrypted store: what tells its key from others
//	LOCK              empty; who holds its lock may write
//	packs/NAME/       a Badger directory, written once, and PACK, which names its files with sizes and hashes
//	derived/, staging/  one checksummed file a blob
//	tmp/              what a writer is working on; removed by the next writer after a crash
//
// A publication writes its new content as one pack into tmp, reads all of it back, renames it into packs, and then
// replaces MANIFEST by a rename: that is the moment at which it exists. Content that an earlier pack has is not written
// again, and small packs are merged into the new one so that there are never more than maxPacks.
//
// Readers hold a shared lock on the PACK file of every pack they use; a writer removes a pack that no longer counts only
// when it gets the exclusive lock.
//
// Badger is opened read-only, on files that were compared with their hashes first: all of a pack up to wholeHash bytes,
// and of a larger one everything but the data blocks, which Badger reads later in our own goroutines, where a panic is
// an error. Every content is compared with its hash after that.
//
// With a key, all files but FORMAT, KEY and LOCK are encrypted (seal.go): those of this package with AES-256-GCM, and what Badger
// writes by Badger, in counter mode, under the hashes in PACK. Files named after what is in them have other names then.
//
// Caveats: Badger cannot be opened read-only on Windows. Network file systems must support flock.
package badgerstore
