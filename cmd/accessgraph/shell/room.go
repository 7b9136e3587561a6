package shell

import (
	"fmt"
	"os"
	"strings"

	"github.com/rivo/uniseg"
	"golang.org/x/term"
)

// room keeps rows free below what is typed. The editor steps onto the row below before it draws, which is its own last row where the
// screen ends; it could ask the terminal where it is, but reads and forgets keys that are pressed until the answer comes.
type room struct {
	begins bool // nothing is typed yet, whatever the editor says
	row    int  // that the cursor is in, of the rows of the text, as they were drawn last
	rows   int  // of the text
}

// make scrolls the screen by as many rows as are missing, before a prompt and a text are drawn.
func (r *room) make(prompt, text string, cursor int) {
	width, _, err := term.GetSize(int(os.Stdout.Fd()))
	if err != nil || width <= 0 {
		return
	}
	if r.begins {
		text, cursor, r.begins = "", 0, false
	}
	before := string([]rune(text)[:min(max(cursor, 0), len([]rune(text)))])
	r.rows = rowsOf(prompt, text, width)
	below := max(2, r.rows-r.row+1)
	fmt.Fprintf(os.Stdout, "\r%s\x1b[%dA", strings.Repeat("\n", below), below)
	r.row = rowsOf(prompt, before, width) - 1
}

// rowsOf counts the rows that a text takes after a prompt, below which its further lines begin.
func rowsOf(prompt, text string, width int) (rows int) {
	for line := range strings.SplitSeq(text, "\n") {
		rows += 1 + (uniseg.StringWidth(prompt)+uniseg.StringWidth(line))/width
	}
	return rows
}
