package shell

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/term"
)

// paged is where an answer is written to: what is longer than the screen goes through the pager, which begins when the screen is
// full, and the rest goes out at the end.
type paged struct {
	ctx           context.Context
	leaving       context.Context // done when the shell has to end, and its pager with it
	out           io.Writer
	width, height int // of the screen; height 0: no pager

	held   bytes.Buffer
	lines  int
	column int
	pager  *exec.Cmd
	pipe   io.WriteCloser
}

// Write ends with the context's error when that is done.
func (p *paged) Write(b []byte) (int, error) {
	if err := p.ctx.Err(); err != nil {
		return 0, err
	}
	switch {
	case p.pipe != nil:
		return p.pipe.Write(b)
	case p.height <= 0:
		return p.out.Write(b)
	}
	p.held.Write(b)
	if p.count(b); p.lines < p.height {
		return len(b), nil
	}
	if p.begin() != nil {
		p.height = 0 // there is no pager
	}
	return len(b), p.flush()
}

// count counts lines, those that the screen breaks as several. Escapes count as characters, which only errs towards the pager.
func (p *paged) count(b []byte) {
	for _, c := range b {
		if p.column++; c == '\n' || p.width > 0 && p.column > p.width {
			p.lines++
			p.column = 0
		}
	}
}

// begin starts the pager.
func (p *paged) begin() error {
	name, args, err := pagerCommand()
	if err != nil {
		return err
	}
	cmd := exec.Command(name, args...)
	cmd.Stdout, cmd.Stderr = p.out, os.Stderr
	cmd.Env = os.Environ()
	if _, set := os.LookupEnv("LESS"); !set {
		cmd.Env = append(cmd.Env, "LESS=FRX") // colours as they are, and no second screen
	}
	pipe, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	p.pager, p.pipe = cmd, pipe
	return nil
}

// pagerCommand is the user's pager, or less. An empty $PAGER is none.
func pagerCommand() (name string, args []string, err error) {
	command, set := os.LookupEnv("PAGER")
	if !set {
		less, err := exec.LookPath("less")
		return less, nil, err
	}
	if command == "" {
		return "", nil, errors.New("PAGER is empty")
	}
	sh, err := exec.LookPath("sh")
	return sh, []string{"-c", command}, err
}

// flush writes what was held back.
func (p *paged) flush() error {
	out := p.out
	if p.pipe != nil {
		out = p.pipe
	}
	_, err := p.held.WriteTo(out)
	return err
}

// close ends the answer with the error of its writing, waits until the pager is left, and gives the error that there is. Who
// leaves the pager early has seen enough, which is none.
func (p *paged) close(err error) error {
	if p.pager == nil {
		if p.ctx.Err() == nil {
			err = errors.Join(err, p.flush())
		}
		return err
	}
	_ = p.pipe.Close() // the pager may be gone already
	stop := context.AfterFunc(p.leaving, func() { _ = p.pager.Process.Signal(syscall.SIGTERM) })
	defer stop()
	_ = p.pager.Wait() // how a pager ends says nothing about the answer
	if errors.Is(err, syscall.EPIPE) || errors.Is(err, os.ErrClosed) {
		return nil
	}
	return err
}

// height is how many lines the screen has, 0 when that is not known.
func height() int {
	_, rows, err := term.GetSize(int(os.Stdout.Fd()))
	if err != nil {
		return 0
	}
	return rows
}
