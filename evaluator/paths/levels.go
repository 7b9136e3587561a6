package paths

import (
	"github.com/RoaringBitmap/roaring/v2"

	"github.com/accessgraph/accessgraph/evaluator"
)

// Level is how sure an edge is, from worst to best; it orders like evaluator.Verdict. A conditional grant whose condition its holder fulfils by
// choosing well is certain (E17).
type Level = evaluator.Verdict

// certain, conditional and unknown are the levels that an edge can have.
const (
	unknown     = evaluator.Unknown
	conditional = evaluator.Conditional
	certain     = evaluator.AllowedAlways
)

// leveled is a set of things for each level: those that are had at that level or a better one. Levels that have the same things may share a set, and
// many share one with others: who adds to one has made it with none.
type leveled [certain + 1]*roaring.Bitmap

// none has nothing.
func none() leveled {
	var l leveled
	for at := unknown; at <= certain; at++ {
		l[at] = roaring.New()
	}
	return l
}

// just has a set at one level, and so at the worse ones.
func just(set *roaring.Bitmap, level Level) leveled {
	l := none()
	for at := unknown; at <= level; at++ {
		l[at] = set
	}
	return l
}

// add puts a set in at a level. The receiver must have sets of its own.
func (l *leveled) add(set *roaring.Bitmap, level Level) {
	for at := unknown; at <= level; at++ {
		l[at].Or(set)
	}
}

// or adds all that another has.
func (l *leveled) or(other leveled) {
	for at := unknown; at <= certain; at++ {
		l[at].Or(other[at])
	}
}

// and gives what both have, at the worse level of the two.
func (l leveled) and(other leveled) leveled {
	var out leveled
	for at := unknown; at <= certain; at++ {
		if at > unknown && l[at] == l[at-1] && other[at] == other[at-1] {
			out[at] = out[at-1]
			continue
		}
		out[at] = roaring.And(l[at], other[at])
	}
	return out
}

// within gives what is in a set.
func (l leveled) within(set *roaring.Bitmap) leveled {
	return l.and(leveled{unknown: set, conditional: set, certain: set})
}

// capped gives the same at no better level than the given one.
func (l leveled) capped(level Level) leveled {
	out := l
	for at := level + 1; at <= certain; at++ {
		out[at] = roaring.New()
	}
	return out
}

// any is everything that is had at all.
func (l leveled) any() *roaring.Bitmap { return l[unknown] }

// empty tells whether nothing is had.
func (l leveled) empty() bool { return l[unknown].IsEmpty() }

// of gives the level at which a thing is had, evaluator.Denied for not at all.
func (l leveled) of(thing uint32) Level {
	for at := certain; at >= unknown; at-- {
		if l[at].Contains(thing) {
			return at
		}
	}
	return evaluator.Denied
}

// each visits the things of each level by themselves, from the best level to the worst.
func (l leveled) each(fn func(level Level, set *roaring.Bitmap)) {
	for at := certain; at >= unknown; at-- {
		set := l[at]
		if at < certain && l[at+1] == set {
			continue
		}
		if at < certain && !l[at+1].IsEmpty() {
			set = roaring.AndNot(l[at], l[at+1])
		}
		if !set.IsEmpty() {
			fn(at, set)
		}
	}
}

// levelOf is how sure a grant is for whoever holds it.
func levelOf(a *evaluator.Access) Level {
	if a.Verdict == conditional && a.Eased() {
		return certain
	}
	return a.Verdict
}
