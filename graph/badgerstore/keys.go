package badgerstore

import (
	"encoding/binary"
	"fmt"

	"github.com/accessgraph/accessgraph/graph"
)

// A key in Badger is the length of the partition, the partition, and the hash. Content longer than chunkBytes is cut;
// the second and later pieces have a two-byte number appended to the key, and every piece but the last has the user
// metadata moreFollows. Values then stay below the size from which Badger keeps them in another file.
const (
	hashBytes   = 32
	chunkBytes  = 128 << 10
	maxChunks   = 1 << 16
	moreFollows = 1
)

func prefixOf(p graph.Partition) ([]byte, error) {
	if len(p) == 0 || len(p) > graph.MaxPartition {
		return nil, fmt.Errorf("partition %.80q: want 1 to %d bytes", p, graph.MaxPartition)
	}
	return append(append(make([]byte, 0, 1+len(p)+hashBytes+2), byte(len(p))), p...), nil
}

// keyOf gives the key of content; the prefix is copied.
func keyOf(prefix []byte, h graph.Hash) []byte {
	key := make([]byte, 0, len(prefix)+hashBytes+2)
	return append(append(key, prefix...), h[:]...)
}

func chunkKey(key []byte, n int) []byte {
	return binary.BigEndian.AppendUint16(key[:len(key):len(key)], uint16(n))
}

// splitKey is the reverse of keyOf; ok is false for a key that keyOf does not make.
func splitKey(key []byte) (p graph.Partition, h graph.Hash, ok bool) {
	if len(key) == 0 || len(key) != 1+int(key[0])+hashBytes || key[0] == 0 {
		return "", h, false
	}
	n := 1 + int(key[0])
	copy(h[:], key[n:])
	return graph.Partition(key[1:n]), h, true
}
