package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"github.com/accessgraph/accessgraph/graph/badgerstore"
)

// keyFlags say where the key of an encrypted store comes from.
type keyFlags struct{ file, command string }

const (
	keyFileEnv    = "ACCESSGRAPH_KEY_FILE"
	keyCommandEnv = "ACCESSGRAPH_KEY_COMMAND"
)

// mostKey is how much of a file or of what a command prints is read; keys are shorter.
const mostKey = 4 << 10

func addKey(cmd *cobra.Command, k *keyFlags) {
	flags := cmd.PersistentFlags()
	flags.StringVar(&k.file, "key-file", "", "file with the key of an encrypted store, 32 random bytes in hexadecimal digits or base64 (env "+keyFileEnv+")")
	flags.StringVar(&k.command, "key-command", "", "command that prints that key (env "+keyCommandEnv+")")
}

// source is where the key comes from: the flags, else the environment; both empty: there is none.
func (k keyFlags) source() (keyFlags, error) {
	switch {
	case k.file != "" && k.command != "":
		return k, usageError{errors.New("--key-file and --key-command are both given; leave one out")}
	case k != (keyFlags{}):
		return k, nil
	}
	k = keyFlags{os.Getenv(keyFileEnv), os.Getenv(keyCommandEnv)}
	if k.file != "" && k.command != "" {
		return k, usageError{fmt.Errorf("%s and %s are both set; leave one out", keyFileEnv, keyCommandEnv)}
	}
	return k, nil
}

// keyOptions reads the key, when there is one.
func (a *app) keyOptions(ctx context.Context) ([]badgerstore.Option, error) {
	k, err := a.keys.source()
	if err != nil || k == (keyFlags{}) {
		return nil, err
	}
	from, read := "key file "+k.file, a.readKey
	where := k.file
	if k.command != "" {
		from, where, read = "key command", k.command, printedKey
	}
	text, err := read(ctx, where)
	if err != nil {
		return nil, storeErrorOf(ctx, fmt.Errorf("%s: %w", from, err))
	}
	key, err := badgerstore.ParseKey(text)
	if err != nil {
		return nil, storeErrorOf(ctx, fmt.Errorf("%s: %w", from, err))
	}
	return []badgerstore.Option{badgerstore.WithKey(key)}, nil
}

// readKey reads a key file, and warns of one that others can read.
func (a *app) readKey(_ context.Context, path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		var of *fs.PathError
		if errors.As(err, &of) {
			err = of.Err
		}
		return nil, fmt.Errorf("cannot be read: %w", err)
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() && runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		a.warn("the key file %s can be read by other users of this machine (mode %04o); chmod 600 %s keeps them out", path, info.Mode().Perm(), path)
	}
	return io.ReadAll(io.LimitReader(f, mostKey))
}

// printedKey runs a command through the shell and gives what it prints. What it says on stderr is said again when it fails.
func printedKey(ctx context.Context, command string) ([]byte, error) {
	shell := []string{"sh", "-c"}
	if runtime.GOOS == "windows" {
		shell = []string{"cmd", "/C"}
	}
	cmd := exec.CommandContext(ctx, shell[0], append(shell[1:], command)...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &limited{w: &stdout, left: mostKey}, &limited{w: &stderr, left: mostKey}
	if err := cmd.Run(); err != nil {
		if said := strings.TrimSpace(stderr.String()); said != "" {
			return nil, fmt.Errorf("%w: %s", err, said)
		}
		return nil, err
	}
	return stdout.Bytes(), nil
}

// limited passes on so many bytes, and drops the rest.
type limited struct {
	w    io.Writer
	left int
}

func (l *limited) Write(p []byte) (int, error) {
	n := min(len(p), l.left)
	l.left -= n
	if _, err := l.w.Write(p[:n]); err != nil {
		return 0, err
	}
	return len(p), nil
}
