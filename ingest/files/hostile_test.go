package files

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// packed is what a packer of format makes of write's bytes.
func packed(t testing.TB, format string, write func(w io.Writer) error) string {
	t.Helper()
	var out bytes.Buffer
	var w io.WriteCloser = gzip.NewWriter(&out)
	if format == "zstd" {
		z, err := zstd.NewWriter(&out)
		if err != nil {
			t.Fatal(err)
		}
		w = z
	}
	if err := errors.Join(write(w), w.Close()); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// times writes begin, then middle n times, then end.
func times(begin, middle string, n int, end string) func(w io.Writer) error {
	return func(w io.Writer) error {
		const together = 1 << 14
		many := strings.Repeat(middle, together)
		_, err := io.WriteString(w, begin)
		for ; n > 0 && err == nil; n -= together {
			_, err = io.WriteString(w, many[:len(middle)*min(n, together)])
		}
		if err == nil {
			_, err = io.WriteString(w, end)
		}
		return err
	}
}

// TestBadInput holds that each file that cannot be used is an error that names it, and the place where there is one.
func TestBadInput(t *testing.T) {
	const user = `{"UserDetailList":[{"Arn":"arn:aws:iam::111122223333:user/u"`
	deep := strings.Repeat("[", 1_000_000)
	text := func(s string) func(io.Writer) error {
		return func(w io.Writer) error { _, err := io.WriteString(w, s); return err }
	}
	gz := packed(t, "gzip", text(oneRole+strings.Repeat(" ", 100_000)))
	for _, test := range []struct{ name, content, want string }{
		{"empty", "", "x: the file is empty"},
		{"white space", " \n\t ", "x: the file is empty"},
		{"truncated in a string", user[:len(user)-3], "x:1: UserDetailList[0].Arn: the file ends in the middle of the JSON"},
		{"truncated between members", user + ",\n", "UserDetailList[0].Arn: the file ends in the middle of the JSON"},
		{"something behind it", oneRole + "]", "x:1: not JSON"},
		{"a huge number for a count", `{"Policies":[{"Arn":"arn:aws:iam::111122223333:policy/p","AttachmentCount":` + strings.Repeat("9", 1<<20) + `}]}`,
			`x:1: Policies[0].AttachmentCount: found "99999`},
		{"a huge exponent for a count", `{"Policies":[{"Arn":"arn:aws:iam::111122223333:policy/p","AttachmentCount":1e999999999}]}`,
			`x:1: Policies[0].AttachmentCount: found "1e999999999"`},
		{"a huge exponent for a time", user + `,"CreateDate":1e999}]}`, `x:1: UserDetailList[0].CreateDate: found "1e999"`},
		{"a million brackets", deep, "x: not a recognized export"},
		{"a million brackets for a list", `{"UserDetailList":` + deep, "exceeded max depth"},
		{"a million brackets for a document", user + `,"UserPolicyList":[{"PolicyName":"p","PolicyDocument":` + deep, "exceeded max depth"},
		{"a million braces in an unknown member", `{"New":` + strings.Repeat(`{"a":`, 1_000_000), "exceeded max depth"},
		{"a member twice", user + ",\n" + `"Arn":"arn:aws:iam::111122223333:user/v"}]}`, "x:2: UserDetailList[0].Arn: the member is there twice"},
		{"a top-level member twice", `{"UserDetailList":[],` + "\n" + `"UserDetailList":[]}`, "x:2: UserDetailList: the member is there twice"},
		{"one of many members twice", `{"SummaryMap":{` + members(1000) + `,"k7":1}}`, "x:1: SummaryMap.k7: the member is there twice"},
		{"not UTF-8", user[:len(user)-1] + "\xe9\"}]}", "x:1: UserDetailList[0].Arn: not JSON: invalid UTF-8"},
		{"UTF-16", "\xff\xfe{\x00}\x00", "x: the file is UTF-16"},
		{"not UTF-8 in a credential report", "user,arn,user_creation_time\nb\xe9,arn:aws:iam::111122223333:user/b,\n", `x:2: the column "user" is not UTF-8`},
		{"a credential report with an open quote", "user,arn,user_creation_time\n\"b,", "x:2: not a credential report"},
		{"a credential report with a short row", "user,arn,user_creation_time\nb\n", "x:2: not a credential report"},
		{"a boolean for a time", user + `,"CreateDate":true}]}`, "x:1: UserDetailList[0].CreateDate: found a boolean"},
		{"a number for a list", `{"UserDetailList":7}`, "x:1: UserDetailList: found a number, expected a list"},
		{"lists for an entity", `{"UserDetailList":[[[]]]}`, "x:1: UserDetailList[0]: found a list, expected an object"},
		{"a tag without key", user + `,"Tags":[{"Key":"a"},{}]}]}`, "x:1: UserDetailList[0].Tags[1]: the tag has no Key"},
		{"another JSON", `{"name":"package"}`, "x: not a recognized export"},
		{"no JSON", "%PDF-1.4\n\x00\x01", "x: not a recognized export"},
		{"a value of 20 MB", user[:len(user)-1] + strings.Repeat("a", 20<<20), "one value is longer than 16 MiB"},
		{"white space of 40 MB", strings.Repeat(" ", 40<<20) + oneRole, "one value is longer than 16 MiB"},
		{"gzip cut off", gz[:len(gz)-20], "damaged gzip: it ends too early"},
		{"gzip without end", gz[:len(gz)-8], "damaged gzip: it ends too early"},
		{"gzip with a wrong checksum", gz[:len(gz)-8] + "\x00\x00\x00\x00" + gz[len(gz)-4:], "damaged gzip: invalid checksum"},
		{"gzip and something behind it", gz + "garbage that is long enough", "damaged gzip: invalid header"},
		{"gzip of nothing", gz[:2], "damaged gzip"},
		{"gzip of a credential report, cut off", func() string {
			s := packed(t, "gzip", times("user,arn,user_creation_time\n", "b,arn:aws:iam::111122223333:user/b,\n", 10_000, ""))
			return s[:len(s)-10]
		}(), "damaged gzip: it ends too early"},
		{"a gzip bomb of white space", packed(t, "gzip", times(" ", " ", 80<<20, oneRole)), "one value is longer than 16 MiB"},
		{"a gzip bomb of numbers", packed(t, "gzip", times(`{"New":[0`, ",0", 50<<20, "]}")), "it grows to more than 300 times its size"},
		{"a zstd bomb of objects", packed(t, "zstd", times(user+`,"UserPolicyList":[null`, ",null", 16<<20, "]}]}")), "it grows to more than 300 times its size"},
		{"zstd cut off", func() string { s := packed(t, "zstd", text(oneRole)); return s[:len(s)-6] }(), "damaged zstd"},
	} {
		t.Run(test.name, func(t *testing.T) {
			facts, _, err := readTree(t, map[string]string{"x": test.content}, Options{}, "x")
			var bad *Error
			if !errors.As(err, &bad) || facts != nil {
				t.Fatalf("got %v, %v", facts, err)
			}
			if !strings.Contains(err.Error(), test.want) || bad.File != "x" || len(err.Error()) > 1000 {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
			if len(test.content) > 4<<10 {
				return
			}
			// Beside a file in order it is left out, if that was asked for.
			facts, report, err := readTree(t, map[string]string{"x": test.content, "y": oneRole}, Options{Partial: true}, "x", "y")
			if err != nil || len(facts.Accounts) != 1 || len(facts.Accounts[0].Roles) != 1 || len(report.Incomplete) == 0 {
				t.Errorf("in part: %+v, %v", report, err)
			}
		})
	}
}

// members are n members of an object.
func members(n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`"k` + strconv.Itoa(i) + `":1`)
	}
	return b.String()
}

// TestDeepDocuments holds that a document of any depth inside a string is kept and named, and hides nobody.
func TestDeepDocuments(t *testing.T) {
	for name, document := range map[string]string{
		"lists":   strings.Repeat("[", 1_000_000) + strings.Repeat("]", 1_000_000),
		"objects": strings.Repeat(`{\"a\":`, 1_000_000) + "1" + strings.Repeat("}", 1_000_000),
		"open":    strings.Repeat(`{\"a\":`, 1_000_000),
	} {
		t.Run(name, func(t *testing.T) {
			facts, report, err := readTree(t, map[string]string{"x": `{"UserDetailList":[{"Arn":"arn:aws:iam::111122223333:user/u","UserPolicyList":[{"PolicyName":"p","PolicyDocument":"` + document + `"}]}]}`}, Options{}, "x")
			if err != nil {
				t.Fatal(err)
			}
			if len(facts.Accounts[0].Users) != 1 || len(facts.Accounts[0].Users[0].Inline) != 1 || len(report.Incomplete) != 1 || !strings.Contains(report.Incomplete[0], "nested deeper") {
				t.Errorf("report %+v", report)
			}
		})
	}
}

// TestNoFiles holds what becomes of directories where a file belongs.
func TestNoFiles(t *testing.T) {
	t.Chdir(tree(t, map[string]string{"111122223333/account-authorization-details.json/x": oneRole, "y.json": oneRole, "other.json/x": "{}"}))
	if _, _, err := Read(t.Context(), []string{"other.json"}, Options{}); err == nil || !strings.Contains(err.Error(), "holds no facts") {
		t.Errorf("a directory without an export: %v", err)
	}
	if _, _, err := Read(t.Context(), []string{"."}, Options{}); err == nil || !strings.Contains(err.Error(), "account-authorization-details.json: cannot be read: it is no regular file") {
		t.Errorf("a directory where a file belongs: %v", err)
	}
	facts, report, err := Read(t.Context(), []string{"."}, Options{Partial: true})
	if err != nil || len(facts.Accounts) != 1 || len(report.Incomplete) == 0 {
		t.Errorf("in part: %+v, %v", report, err)
	}
}

// TestPipes reads a named pipe as any file, and waits for nobody once the context is done.
func TestPipes(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := makePipe(pipe); err != nil {
		t.Skip("no named pipes here: ", err)
	}
	written := make(chan error)
	go func() { written <- os.WriteFile(pipe, []byte(oneRole), 0o600) }()
	facts, _, err := Read(t.Context(), []string{pipe}, Options{})
	if err != nil || len(facts.Accounts) != 1 {
		t.Errorf("got %v", err)
	}
	if err := <-written; err != nil {
		t.Error(err)
	}
	for _, writer := range []bool{false, true} { // nobody opens it; somebody does and writes nothing
		ctx, cancel := context.WithCancel(t.Context())
		o := Options{Progress: func(Progress) {
			if writer {
				f, err := os.OpenFile(pipe, os.O_RDWR, 0)
				if err != nil {
					t.Error(err)
				}
				t.Cleanup(func() { f.Close() })
			}
			go cancel()
		}}
		if _, _, err := Read(ctx, []string{pipe}, o); !errors.Is(err, context.Canceled) {
			t.Errorf("writer %v: got %v", writer, err)
		}
	}
	// Lets go of whoever still waits to open it.
	f, err := os.OpenFile(pipe, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	if _, _, err := Read(t.Context(), []string{filepath.Dir(pipe)}, Options{}); err == nil || !strings.Contains(err.Error(), "not read: it is no regular file") {
		t.Errorf("inside a directory: %v", err)
	}
}
