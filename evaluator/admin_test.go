package evaluator_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/accessgraph/accessgraph/evaluator"
)

// TestAdmins holds who the administrators of the sample are, and that they are those of which a comparison one by one says so.
func TestAdmins(t *testing.T) {
	w, err := sampleWorld()
	if err != nil {
		t.Fatal(err)
	}
	found, err := w.Admins(t.Context(), evaluator.Question{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	alone, _, err := w.Includes(t.Context(), evaluator.Question{Actions: []string{"*"}}, everyone,
		&evaluator.Alternative{Identity: document(`{"Effect":"Allow","Action":"*","Resource":"*"}`)}, evaluator.Less)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for i, a := range found {
		if a.Answer != alone[i] {
			t.Errorf("%s: %s, and by itself %s", a.Principal, a.Answer, alone[i])
		}
		if a.Answer == evaluator.Included {
			got = append(got, a.Account[:4]+" "+a.Principal[strings.LastIndexByte(a.Principal, ':')+1:])
		}
		if (a.Lacks == nil) != (a.Answer == evaluator.Included) {
			t.Errorf("%s: %s, lacks %v", a.Principal, a.Answer, a.Lacks)
		}
	}
	want := []string{
		"1111 role/Admin", "1111 root", "2222 root", "3333 root", "4444 root", "5555 role/SandboxAdmin", "5555 root", "5555 user/erin", "7777 role/OrgAdmin", "7777 root",
	}
	if !slices.Equal(got, want) {
		t.Errorf("administrators are %q, want %q", got, want)
	}
}
