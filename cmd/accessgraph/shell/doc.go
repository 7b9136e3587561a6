// Package shell is the prompt at which questions are asked: a line editor with completion, highlighting and history on a terminal,
// and a reader of statements everywhere else. It asks through package query and shows through package render; what it shares with
// the other commands is handed to it.
//
// The first interrupt (Ctrl-C) while a question is answered ends the question and not the shell.
package shell
