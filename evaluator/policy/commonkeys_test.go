package policy

import (
	"strings"
	"testing"
)

// TestCommonKeys checks that the shortcut gives what lower-casing gives.
func TestCommonKeys(t *testing.T) {
	for _, written := range []string{
		"aws:CurrentTime", "aws:SourceIp", "aws:PrincipalServiceNamesList", "aws:TagKeys", "sts:ExternalId", "kms:GrantIsForAWSResource",
		"aws:currenttime", "AWS:SourceIP", "aws:PrincipalTag/Team", "",
	} {
		if got, want := CanonicalKey(written), strings.ToLower(written); got != want {
			t.Errorf("CanonicalKey(%q) = %q, want %q", written, got, want)
		}
	}
	if commonKey("aws:SourceIp") == "" || commonKey("aws:sourceip") != "" {
		t.Error("the shortcut knows AWS's spelling, and no other")
	}
}
