package graph

import (
	"encoding/hex"
	"fmt"
	"strings"
)

// ARN is an Amazon Resource Name as AWS printed it.
type ARN string

// AccountID is a 12-digit AWS account number.
type AccountID string

// SnapshotID names a snapshot by the SHA-256 of its configuration tree, in lower-case hex.
type SnapshotID string

// DocumentHash is the SHA-256 of a policy document's canonical bytes. The zero value means "no document".
type DocumentHash [32]byte

// IsZero tells whether h names no document.
func (h DocumentHash) IsZero() bool { return h == DocumentHash{} }

// String gives h in lower-case hex.
func (h DocumentHash) String() string { return hex.EncodeToString(h[:]) }

// ParseDocumentHash reads what String writes; any other text is an error.
func ParseDocumentHash(s string) (DocumentHash, error) {
	var h DocumentHash
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(h) {
		return h, fmt.Errorf("document hash %q: want 64 hexadecimal digits", s)
	}
	copy(h[:], b)
	return h, nil
}

// MarshalText gives h in lower-case hex, and nothing for the zero value.
func (h DocumentHash) MarshalText() ([]byte, error) {
	if h.IsZero() {
		return nil, nil
	}
	return []byte(h.String()), nil
}

// UnmarshalText reads what MarshalText writes.
func (h *DocumentHash) UnmarshalText(text []byte) (err error) {
	if *h = (DocumentHash{}); len(text) > 0 {
		*h, err = ParseDocumentHash(string(text))
	}
	return err
}

// Split cuts an ARN at its first five colons into partition, service, region, account and resource; ok is false when it
// has fewer than six fields or does not begin with "arn".
func (a ARN) Split() (partition, service, region, account, resource string, ok bool) {
	f := strings.SplitN(string(a), ":", 6)
	if len(f) < 6 || f[0] != "arn" {
		return "", "", "", "", "", false
	}
	return f[1], f[2], f[3], f[4], f[5], true
}

// Account gives the account field of the ARN, empty when it has none (S3 buckets) or when a is no ARN.
func (a ARN) Account() AccountID {
	_, _, _, account, _, _ := a.Split()
	return AccountID(account)
}

// Service gives the service field of the ARN, empty when a is no ARN.
func (a ARN) Service() string {
	_, service, _, _, _, _ := a.Split()
	return service
}
