// Package format is the compact file in which the catalogue is embedded: one compressed header with a line for each
// service, one block of condition keys, and chunks that hold the services themselves, each chunk compressed by itself so
// that reading one service touches a few kilobytes. Strings are stored once and lists are interned: most actions of a
// service share their condition keys and resource types.
//
//	"AGCATALOG1\n"  crc32 of the rest (4 bytes, big endian)
//	varint: length of header, header (zstd), length of keys, keys (zstd), then for each chunk its length and bytes (zstd)
package format

// Data is a whole catalogue as the file holds it. Services are sorted by prefix, keys by lower-case name.
type Data struct {
	Version  string // of the package that the data comes from
	Date     string // when that package read AWS's pages, RFC 3339 date
	Keys     []Key
	Services []Service
}

// Key is one condition key: Name as AWS prints it, with ${…} or <…> for a free part. Type is a code of the catalog package.
type Key struct {
	Name   string
	Type   uint8
	Multi  bool
	Global bool
}

// Service is one service prefix. Lists are interned: types and actions name them by position in KeyLists and ResourceLists.
type Service struct {
	Prefix        string
	Name          string
	RCP           bool
	Keys          []int   // positions in Data.Keys, rising: the keys of the service's own page
	KeyLists      [][]int // positions in Keys, rising
	Types         []Type
	ResourceLists [][]Resource
	Actions       []Action // sorted by lower-case name
}

// Type is one resource type; Keys is a position in KeyLists.
type Type struct {
	Name string
	ARN  string
	Keys int
}

// Resource is one resource type that an action takes; Type is a position in Types, Keys one in KeyLists.
type Resource struct {
	Type     int
	Required bool
	Keys     int
}

// Action is one action, its name without the prefix. Access is a bit set of the catalog package; Keys is a position in
// KeyLists and Resources one in ResourceLists.
type Action struct {
	Name      string
	Access    uint8
	Keys      int
	Resources int
}

// magic opens every file; its digit is the number of the format.
const magic = "AGCATALOG1\n"

// chunkSize is the number of uncompressed bytes at which a chunk is closed: large enough to compress well, small enough
// that one service costs little.
const chunkSize = 48 << 10

// maxBlock bounds what a compressed block may expand to.
const maxBlock = 8 << 20
