package render

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/query/answer"
)

// What a table shows of long lists; wide and the machine formats show everything.
const (
	maxGrants    = 8
	maxActions   = 3
	maxResources = 2
)

// heading is one column of a table. A column with a share may be narrowed, and then gets room in proportion to it; its
// cells take up to lines lines.
type heading struct {
	title   string
	share   int
	lines   int
	right   bool
	verdict bool
}

// layout says how the rows of one kind become lines of a table. entries gives one or more lines for a row; full asks for
// everything, otherwise lists are shortened.
type layout struct {
	headings []heading
	entries  func(r answer.Row, full bool) [][]string
	noun     [2]string // one, many
	once     []int     // columns that say something once for all lines under it, if those before do
	wide     bool      // with the columns that prove the answer
	notes    []string  // what lines stand on, by the number that they carry, from 1
	short    map[shortened][2]string
}

// mark gives the numbers under which the footer says what a line stands on.
func (l *layout) mark(assumptions []string) string {
	var b strings.Builder
	for _, a := range assumptions {
		n := slices.Index(l.notes, a)
		if n < 0 {
			n = len(l.notes)
			l.notes = append(l.notes, a)
		}
		fmt.Fprintf(&b, " [%d]", n+1)
	}
	return b.String()
}

// layoutOf chooses the columns for rows of the schema; wide adds those that prove the answer, and writes everything out.
func layoutOf(s *answer.Schema, wide bool) *layout {
	lead := heading{title: "PRINCIPAL", share: 4, lines: 8}
	verdict := heading{title: "VERDICT", verdict: true}
	grant := []heading{{title: "ACTIONS", share: 3, lines: 6}, {title: "RESOURCES", share: 4, lines: 8}, {title: "WHEN", share: 5, lines: 8}}
	who := short
	if wide {
		who = func(principal string) string { return principal }
	}
	brief := func(grants []answer.Grant, briefly func() []answer.Grant) []answer.Grant {
		if wide || briefly == nil {
			return grants
		}
		return briefly()
	}
	l := &layout{noun: [2]string{"principal", "principals"}, wide: wide}
	switch s.Kind {
	case answer.KindWhoCan:
		l.headings = slices.Concat([]heading{lead, verdict}, grant)
		l.entries = func(r answer.Row, full bool) [][]string {
			row := r.(*answer.WhoCan)
			if wide || row.Brief == nil {
				row.Whole()
			}
			whole := answer.Grant{Verdict: row.Verdict, Actions: row.Actions, Resources: row.Resources}
			return l.grantEntries(who(row.Principal), nil, whole, brief(row.Grants, row.Brief), row.Account, full)
		}
	case answer.KindCan:
		l.headings = slices.Concat([]heading{lead, verdict, {title: "COVERS"}}, grant)
		l.entries = func(r answer.Row, full bool) [][]string {
			row := r.(*answer.Can)
			whole := answer.Grant{Verdict: row.Verdict, Actions: []string{row.Action}, Resources: []string{row.Resource}}
			if row.Verdict == answer.Denied {
				whole.Conditions = "never (" + row.Layer + ")"
			}
			return l.grantEntries(who(row.Principal), []string{yesNo(row.Covers)}, whole, brief(row.Grants, row.Brief), accountOf(row.Principal), full)
		}
	case answer.KindWhatCan:
		l.noun = [2]string{"grant", "grants"}
		l.headings = slices.Concat([]heading{lead, verdict, {title: "SERVICE"}, {title: "ACCESS"}}, grant)
		if !wide {
			l.once = []int{0, 2, 3}
		}
		l.entries = func(r answer.Row, full bool) [][]string {
			row := r.(*answer.WhatCan)
			grant := answer.Grant{Verdict: row.Verdict, Actions: row.Actions, Resources: row.Resources, Conditions: row.Conditions,
				Via: row.Via, Assumptions: row.Assumptions, Causes: row.Causes, Witness: row.Witness}
			return l.grantEntries(who(row.Principal), []string{row.Service, accessCell(row.Access, wide)}, grant, nil, row.Account, full)
		}
	case answer.KindWhy, answer.KindChanges: // of pages alone: tables draw a tree or a list
		return recordLayout(flat(s), who)
	case answer.KindShow:
		return showLayout(s, wide)
	case answer.KindPath:
		return pathLayout(lead, verdict)
	case answer.KindChoke:
		return chokeLayout(wide)
	case answer.KindExternal:
		l.externalLayout(who)
	case answer.KindPolicy:
		l.policyGrants(s, []heading{lead, verdict}, grant, who)
	default:
		return recordLayout(s, who)
	}
	if wide { // what it stands on, and what proves it
		for i := range l.headings {
			l.headings[i].share = 0
		}
		for _, title := range []string{"ASSUMES", "VIA", "WITNESS"} {
			l.headings = append(l.headings, heading{title: title})
		}
	} else {
		l.entries = narrowed(l.entries, len(l.headings))
	}
	return l
}

// accessCell is an access level in a table, where an empty cell would mean the one above.
func accessCell(access string, wide bool) string {
	if access == "" && !wide {
		return "other"
	}
	return access
}

// policyGrants chooses the columns of what a policy document allows beyond another.
func (l *layout) policyGrants(s *answer.Schema, lead, grant []heading, who func(string) string) {
	l.noun = [2]string{"grant", "grants"}
	var about []heading
	_, changes := s.Column("change")
	if changes {
		about = []heading{{title: "CHANGE"}}
	}
	l.headings = slices.Concat(lead, about, grant)
	l.entries = func(r answer.Row, full bool) [][]string {
		row := r.(*answer.PolicyGrant)
		var about []string
		if changes {
			about = []string{row.Change}
		}
		grant := answer.Grant{Verdict: row.Verdict, Actions: row.Actions, Resources: row.Resources, Conditions: row.Conditions,
			Via: row.Via, Assumptions: row.Assumptions, Causes: row.Causes, Witness: row.Witness}
		name := who(row.Principal)
		if name == "" {
			name = "whoever has it"
		}
		return l.grantEntries(name, about, grant, nil, accountOf(row.Principal), full)
	}
}

// narrowed drops the cells that only a wide table has.
func narrowed(entries func(answer.Row, bool) [][]string, columns int) func(answer.Row, bool) [][]string {
	return func(r answer.Row, full bool) [][]string {
		all := entries(r, full)
		for i := range all {
			all[i] = all[i][:columns]
		}
		return all
	}
}

// grantEntries makes one line a grant, each complete, so that a line says all by itself. A row without grants shows whole.
func (l *layout) grantEntries(who string, about []string, whole answer.Grant, grants []answer.Grant, account string, full bool) [][]string {
	if len(grants) == 0 {
		grants = []answer.Grant{whole}
	}
	shown := grants
	if !full && len(grants) > maxGrants+1 {
		shown = grants[:maxGrants]
	}
	var out [][]string
	for i := range shown {
		g := &shown[i]
		var actions, resources string
		if full {
			actions, resources = strings.Join(g.Actions, ", "), strings.Join(g.Resources, ", ")
		} else {
			actions, resources = l.shorten(g, account)
		}
		if !l.wide {
			resources += l.mark(g.Assumptions)
		}
		out = append(out, slices.Concat([]string{who, string(g.Verdict)}, about, []string{actions, resources, when(g)}, proofCells(g)))
	}
	if rest := len(grants) - len(shown); rest > 0 {
		more := make([]string, 2+len(about)+6)
		more[0], more[2+len(about)] = who, fmt.Sprintf("… %d more (-o wide)", rest)
		out = append(out, more)
	}
	return out
}

// shorten gives what a line shows of a grant's actions and resources. Rows share grants: each is shortened once.
func (l *layout) shorten(g *answer.Grant, account string) (actions, resources string) {
	id := shortened{g, account}
	have, ok := l.short[id]
	if !ok {
		have = [2]string{
			listed(g.Actions, maxActions, len(g.Actions)), listed(shortResources(g, account), maxResources, len(g.Resources)),
		}
		if l.short == nil {
			l.short = map[shortened][2]string{}
		}
		l.short[id] = have
	}
	return have[0], have[1]
}

// shortened is a grant in the lines of an account's principals.
type shortened struct {
	grant   *answer.Grant
	account string
}

func proofCells(g *answer.Grant) []string {
	if len(g.Via) == 0 && len(g.Assumptions) == 0 && g.Witness == nil {
		return make([]string, 3)
	}
	via := make([]string, len(g.Via))
	for i, ref := range g.Via {
		via[i] = Statement(ref)
	}
	return []string{strings.Join(g.Assumptions, "; "), strings.Join(via, ", "), witness(g.Witness)}
}

// when is the residual, or what an unknown verdict hangs on.
func when(g *answer.Grant) string {
	if g.Verdict == answer.Unknown && len(g.Causes) > 0 {
		return strings.Join(g.Causes, "; ")
	}
	return g.Conditions
}

// Statement quotes a statement as layer:policy#sid, by position where it has no Sid.
func Statement(ref answer.StatementRef) string {
	name := ref.Sid
	if name == "" {
		name = strconv.Itoa(ref.Index)
	}
	return ref.Layer + ":" + ref.Policy + "#" + name
}

func witness(w *answer.Witness) string {
	if w == nil {
		return ""
	}
	text := w.Action + " on " + w.Resource
	for i, key := range slices.Sorted(maps.Keys(w.Context)) {
		if i == 0 {
			text += " with "
		} else {
			text += ", "
		}
		text += key + "=" + contextText(w.Context[key])
	}
	return text
}

func contextText(v answer.ContextValue) string {
	if v.Multi {
		return "(" + strings.Join(v.Values, ", ") + ")"
	}
	return strings.Join(v.Values, "")
}

// listed joins the first of n items, at most limit of them, saying how many are left out.
func listed(first []string, limit, n int) string {
	if n <= limit+1 {
		return strings.Join(first, ", ")
	}
	return fmt.Sprintf("%s, +%d more", strings.Join(first[:limit], ", "), n-limit)
}

// short gives an IAM or STS ARN as its account and what follows, the path left out: names of users and roles are unique in their
// account without it. Any other principal stays as it is.
func short(principal string) string {
	_, service, _, account, resource, ok := graph.ARN(principal).Split()
	if !ok || (service != "iam" && service != "sts") {
		return principal
	}
	kind, name, named := strings.Cut(resource, "/")
	if named && (kind == "user" || kind == "role") {
		resource = kind + "/" + name[strings.LastIndexByte(name, '/')+1:]
	}
	return account + " " + resource
}

func accountOf(principal string) string {
	_, _, _, account, _, _ := graph.ARN(principal).Split()
	return account
}

// shortResources are as many of a grant's resources as a line shows, from the most telling, those that are spelled out, to "*". It leaves
// out of each ARN what the line says already: the service, and the account where it is the principal's. ARNs that would look alike stay
// whole.
func shortResources(g *answer.Grant, account string) []string {
	var out []string
	for rank := 0; rank <= 2; rank++ {
		for i := 0; i < len(g.Resources) && len(out) <= maxResources; i++ {
			if openness(g.Resources[i]) == rank {
				out = append(out, g.Resources[i])
			}
		}
	}
	service := serviceOf(g.Actions)
	alike := make(map[string]int, len(out))
	for _, arn := range out {
		alike[shortResource(arn, service, account)]++
	}
	for i, arn := range out {
		if text := shortResource(arn, service, account); alike[text] == 1 {
			out[i] = text
		}
	}
	return out
}

// openness ranks a resource: an ARN without wildcards, a pattern, everything.
func openness(resource string) int {
	switch {
	case resource == "*":
		return 2
	case strings.ContainsAny(resource, "*?"):
		return 1
	}
	return 0
}

func shortResource(arn, service, account string) string {
	_, of, _, owner, resource, ok := graph.ARN(arn).Split()
	switch {
	case !ok || of != service || resource == "" || resource == "*":
		return arn
	case owner == "" || owner == account:
		return resource
	}
	return owner + " " + resource
}

// serviceOf is the service of all actions, empty when they are of several.
func serviceOf(actions []string) string {
	var service string
	for _, a := range actions {
		s, _, _ := strings.Cut(a, ":")
		if service != "" && s != service {
			return ""
		}
		service = s
	}
	return service
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// flat is a schema without its structures, but with what is inside them as text.
func flat(s *answer.Schema) *answer.Schema {
	out := &answer.Schema{Kind: answer.KindRecord}
	for _, c := range slices.Concat(s.Columns, s.Nested) {
		if c.Type != answer.Object {
			out.Columns = append(out.Columns, c)
		}
	}
	return out
}

// recordLayout shows each column of a record as it is.
func recordLayout(s *answer.Schema, who func(string) string) *layout {
	l := &layout{noun: [2]string{"row", "rows"}}
	for _, c := range s.Columns {
		title := strings.ToUpper(strings.ReplaceAll(strings.TrimPrefix(c.Name, "grants."), "_", " "))
		if title == "CONDITIONS" {
			title = "WHEN" // as where grants have lines of their own
		}
		h := heading{title: title, right: c.Type == answer.Number, verdict: c.Name == "verdict"}
		if c.Type == answer.Text || c.Type == answer.List || c.Type == answer.Object {
			h.share, h.lines = 1, 8
		}
		l.headings = append(l.headings, h)
	}
	l.entries = func(r answer.Row, _ bool) [][]string {
		cells := make([]string, len(s.Columns))
		for i, c := range s.Columns {
			v, _ := r.Field(c.Name)
			cells[i] = plainValue(v, ", ")
			if c.Name == "principal" {
				cells[i] = who(cells[i])
			}
		}
		return [][]string{cells}
	}
	return l
}

// plainValue shows a field's value as text, lists joined by sep, structures as JSON.
func plainValue(v any, sep string) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case time.Time:
		return answer.TimeText(v)
	case time.Duration:
		return durationText(v)
	case []string:
		return strings.Join(v, sep)
	}
	b, err := marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// durationText gives a duration in the unit the query language would use for it.
func durationText(d time.Duration) string {
	const day = 24 * time.Hour
	if d >= day || d == 0 {
		return strconv.FormatInt(int64(d/day), 10) + "d"
	}
	return d.Round(time.Second).String()
}
