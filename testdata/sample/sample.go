// Package sample holds a small organization of six accounts as an export directory. README.md tells its story account by
// account, and DERIVATIONS.md derives the answers that it gives.
package sample

import (
	"embed"
	"io/fs"
)

//go:embed org
var org embed.FS

// FS gives the export directory: organization.json and one folder for each account at its top.
func FS() fs.FS {
	sub, err := fs.Sub(org, "org")
	if err != nil { // only for a name that is no path
		return org
	}
	return sub
}
