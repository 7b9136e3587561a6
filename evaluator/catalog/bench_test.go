package catalog

import "testing"

// BenchmarkLoad is what a program pays before it asks for anything.
func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		open(b)
	}
}

// BenchmarkService is Load and the first use of one service; EC2 is the largest.
func BenchmarkService(b *testing.B) {
	for _, prefix := range []string{"kms", "s3", "ec2"} {
		b.Run(prefix, func(b *testing.B) {
			for b.Loop() {
				if _, ok := open(b).Service(prefix); !ok {
					b.Fatal("not found")
				}
			}
		})
	}
}

// BenchmarkAll is Load and the first use of everything.
func BenchmarkAll(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		for range open(b).Actions("*") {
			n++
		}
		if n < 20000 {
			b.Fatal(n)
		}
	}
}

func BenchmarkAction(b *testing.B) {
	c := open(b)
	for b.Loop() {
		if _, ok := c.Action("kms:GenerateDataKeyWithoutPlaintext"); !ok {
			b.Fatal("not found")
		}
	}
}

func BenchmarkConditionKeyFamily(b *testing.B) {
	c := open(b)
	for b.Loop() {
		if _, ok := c.ConditionKey("aws:principaltag/team"); !ok {
			b.Fatal("not found")
		}
	}
}
