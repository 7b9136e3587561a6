package policy

import "strings"

// ContextValue is the value of one present key (C4): a single string, or, for a multivalued key, a list that may be empty or
// have one element. Cardinality belongs to the key, not to the number of values.
type ContextValue struct {
	Single string
	List   []string
	Multi  bool
}

// Single is the value of a single-valued key.
func Single(s string) ContextValue { return ContextValue{Single: s} }

// Multi is the value of a multivalued key.
func Multi(values ...string) ContextValue { return ContextValue{List: values, Multi: true} }

// Context is the request's condition keys. A key that is not in it is absent (C4). It is a short list searched in order:
// requests have a score of keys, for which that beats a map, and it costs one allocation to build.
type Context struct {
	entries []contextEntry
}

type contextEntry struct {
	key   string
	value ContextValue
}

// NewContext makes an empty context with room for n keys.
func NewContext(n int) *Context { return &Context{entries: make([]contextEntry, 0, n)} }

// Reset takes all keys out and keeps the room, for a program that decides one request after the other.
func (c *Context) Reset() { c.entries = c.entries[:0] }

// CanonicalKey is the spelling under which a key is looked up: lower case throughout, tag names included (A14, C2, C3).
func CanonicalKey(written string) string {
	if key := commonKey(written); key != "" {
		return key
	}
	return strings.ToLower(written)
}

// Set puts a key, written in any case, into the context; it replaces the value of a key that is there already.
func (c *Context) Set(key string, v ContextValue) { c.Put(CanonicalKey(key), v) }

// Put is Set for a key in its canonical spelling.
func (c *Context) Put(key string, v ContextValue) {
	if have := c.find(key); have != nil {
		*have = v
		return
	}
	c.entries = append(c.entries, contextEntry{key, v})
}

// Lookup gives the value of a key in its canonical spelling; ok is false when it is absent.
func (c *Context) Lookup(lowerKey string) (v ContextValue, ok bool) {
	if have := c.find(lowerKey); have != nil {
		return *have, true
	}
	return ContextValue{}, false
}

// Len is the number of keys present.
func (c *Context) Len() int {
	if c == nil {
		return 0
	}
	return len(c.entries)
}

// Each calls f for every present key, in the order in which they were set.
func (c *Context) Each(f func(key string, v ContextValue)) {
	if c == nil {
		return
	}
	for i := range c.entries {
		f(c.entries[i].key, c.entries[i].value)
	}
}

// find returns the place of a key's value, nil when absent. Most keys of a context begin alike (aws:), so that length and
// last byte tell them apart sooner than a compare from the front.
func (c *Context) find(key string) *ContextValue {
	if c == nil || key == "" {
		return nil
	}
	last := key[len(key)-1]
	for i := range c.entries {
		k := c.entries[i].key
		if len(k) == len(key) && k[len(k)-1] == last && k == key {
			return &c.entries[i].value
		}
	}
	return nil
}
