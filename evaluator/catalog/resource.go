package catalog

import "strings"

// ResourceType is one kind of resource of a service.
type ResourceType struct {
	Name          string
	ARN           string // as AWS prints it: arn:${Partition}:kms:${Region}:${Account}:key/${KeyId}
	ConditionKeys []*KeyInfo

	pattern string
	fixed   int // characters of pattern that are no star
}

func newResourceType(name, arn string, keys []*KeyInfo) ResourceType {
	pattern := stars(arn)
	return ResourceType{
		Name: name, ARN: arn, ConditionKeys: keys, pattern: pattern, fixed: len(pattern) - strings.Count(pattern, "*"),
	}
}

// Pattern is the ARN form with a star for every free part: arn:*:kms:*:*:key/*.
func (t *ResourceType) Pattern() string { return t.pattern }

// Glob is Pattern with the partition, Region and account put in where they are given (not empty) and the ARN form leaves
// that field free: arn:aws:kms:*:111122223333:key/*.
func (t *ResourceType) Glob(partition, region, account string) string {
	f := strings.SplitN(t.pattern, ":", 6)
	written := strings.SplitN(t.ARN, ":", 6)
	if len(f) < 6 || len(written) < 6 {
		return t.pattern
	}
	if partition != "" && written[1] == "${Partition}" {
		f[1] = partition
	}
	if region != "" && written[3] == "${Region}" {
		f[3] = region
	}
	if account != "" && (written[4] == "${Account}" || written[4] == "${AccountId}") {
		f[4] = account
	}
	return strings.Join(f, ":")
}

// Matches tells whether an ARN has the form of this type. A free part may hold anything, slashes and colons included, so an
// ARN can match several types: see Service.TypesOf.
func (t *ResourceType) Matches(arn string) bool { return match(t.pattern, arn) }

// stars puts a star in place of every ${…}; an unterminated one is left as it is.
func stars(template string) string {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(template, "${")
		_, after, closed := strings.Cut(rest, "}")
		if !ok || !closed {
			b.WriteString(template)
			return b.String()
		}
		b.WriteString(before)
		b.WriteByte('*')
		template = after
	}
}
