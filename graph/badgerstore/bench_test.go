package badgerstore

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"testing"

	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/graph/storetest"
)

const benchRoles = 10_000

func benchStore(b *testing.B) (*Store, graph.Entry) {
	b.Helper()
	s := newStore(b)
	return s, publish(b, s, storetest.Account("111111111111", benchRoles))
}

// BenchmarkPublish stores an account of 10,000 roles into a new store.
func BenchmarkPublish(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		s, f := newStore(b), storetest.Account("111111111111", benchRoles)
		b.StartTimer()
		publish(b, s, f)
		b.StopTimer()
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

// BenchmarkPublishUnchanged stores the same account again, and reports the size of a store by principal.
func BenchmarkPublishUnchanged(b *testing.B) {
	s, _ := benchStore(b)
	defer s.Close()
	f := storetest.Account("111111111111", benchRoles)
	for b.Loop() {
		publish(b, s, f)
	}
}

// BenchmarkLoad loads an account of 10,000 roles from an open store.
func BenchmarkLoad(b *testing.B) {
	s, e := benchStore(b)
	defer s.Close()
	b.ReportMetric(float64(diskUse(b, s.dir))/benchRoles, "bytes/role")
	for b.Loop() {
		if _, err := graph.Load(context.Background(), s, e.Snapshot); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(diskUse(b, s.dir))/benchRoles, "bytes/role")
}

// BenchmarkOpen opens a store and reads the root of its newest snapshot, with all packs.
func BenchmarkOpen(b *testing.B) {
	for _, packs := range []int{1, maxPacks} {
		b.Run(fmt.Sprintf("packs=%d", packs), func(b *testing.B) {
			s, e := benchStore(b)
			for i := 1; i < packs; i++ {
				e = publish(b, s, storetest.Account(graph.AccountID(fmt.Sprintf("%012d", i)), benchRoles>>(2*i)))
			}
			n := len(packsOf(b, s))
			if err := s.Close(); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				s, err := Open(s.dir)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := graph.Show(context.Background(), s, e.Snapshot); err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				if err := s.Close(); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			}
			b.ReportMetric(float64(n), "packs")
		})
	}
}

// diskUse is the size of all files of a store.
func diskUse(b *testing.B, dir string) (total int64) {
	b.Helper()
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			total += info.Size()
		}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return total
}
