package files

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
)

// largeExport is the authorization details of one account, made while it is read: roles whose documents are large and few.
// Now and then it measures the memory that is in use.
type largeExport struct {
	roles, made int
	bytes       int
	pending     bytes.Buffer
	unmeasured  int
	most        uint64 // bytes in use, after a collection
}

const distinctLarge = 20

// document gives document i as the CLI prints it: some 10 kB.
func (e *largeExport) document(i int) string {
	resource := fmt.Sprintf(`"arn:aws:s3:::bucket-%d-`, i%distinctLarge)
	var list []string
	for n := range 300 {
		list = append(list, fmt.Sprintf(`%s%d"`, resource, n))
	}
	return `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": [` + strings.Join(list, ",\n        ") + `]}]}`
}

// Read implements io.Reader.
func (e *largeExport) Read(p []byte) (int, error) {
	switch {
	case e.pending.Len() > 0:
	case e.made == e.roles:
		return 0, io.EOF
	default:
		start, end := ",\n", ""
		if e.made == 0 {
			start = `{"RoleDetailList": [` + "\n"
		}
		if e.made++; e.made == e.roles {
			end = "\n]}\n"
		}
		fmt.Fprintf(&e.pending, `%s{"Path": "/", "RoleName": "role-%d", "RoleId": "AROAEXAMPLE%d", "Arn": "arn:aws:iam::111122223333:role/role-%d", "AssumeRolePolicyDocument": `+
			`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}, `+
			`"RolePolicyList": [{"PolicyName": "a", "PolicyDocument": %s}, {"PolicyName": "b", "PolicyDocument": %s}]}%s`,
			start, e.made, e.made, e.made, e.document(e.made), e.document(e.made+1), end)
	}
	n, err := e.pending.Read(p)
	e.bytes += n
	if e.unmeasured += n; e.unmeasured > 4<<20 {
		e.unmeasured = 0
		e.most = max(e.most, inUse())
	}
	return n, err
}

func inUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestMemory: an export is not in memory as a whole, only what it says is. 2,000 roles with 20 different documents say little
// in some 40 MB.
func TestMemory(t *testing.T) {
	e := &largeExport{roles: 2000}
	before := inUse()
	facts, report, err := Read(t.Context(), []string{"-"}, Options{Stdin: e})
	if err != nil {
		t.Fatal(err)
	}
	if len(facts.Accounts[0].Roles) != e.roles || report.DistinctDocuments != distinctLarge+1 {
		t.Fatalf("read %d roles with %d documents, want %d and %d", len(facts.Accounts[0].Roles), report.DistinctDocuments, e.roles, distinctLarge+1)
	}
	const bound = 4 << 20
	if over := int64(e.most) - int64(before); e.bytes < 32<<20 || over > bound {
		t.Errorf("reading %d bytes had %d in use, want at most %d", e.bytes, over, bound)
	}
	runtime.KeepAlive(facts)
}
