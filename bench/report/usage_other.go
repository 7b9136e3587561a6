//go:build !unix

package main

import (
	"os"
	"time"
)

var started = time.Now()

// cpuTime is as near as this system comes without more code: the time that has passed.
func cpuTime() time.Duration { return time.Since(started) }

// peak is not known on this system.
func peak(*os.ProcessState) int64 { return 0 }
