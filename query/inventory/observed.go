package inventory

import (
	"strings"
	"time"

	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/query/answer"
)

// observed is what was observed of an account (F4, F5), by principal.
type observed struct {
	report   map[string]*graph.CredentialReportRow // by ARN
	roles    map[string]*graph.LastUsed
	accessed map[string]*time.Time // when a principal last used any service; zero: never within the tracking period
}

func observedBy(all []*graph.AccountObservations) map[string]*observed {
	out := map[string]*observed{}
	for _, from := range all {
		o := &observed{report: map[string]*graph.CredentialReportRow{}, roles: map[string]*graph.LastUsed{}, accessed: map[string]*time.Time{}}
		for i := range from.CredentialReport {
			o.report[string(from.CredentialReport[i].ARN)] = &from.CredentialReport[i]
		}
		for i := range from.RoleLastUsed {
			o.roles[string(from.RoleLastUsed[i].ARN)] = &from.RoleLastUsed[i]
		}
		for i := range from.LastAccessed {
			a := &from.LastAccessed[i]
			o.accessed[string(a.ARN)] = latest(o.accessed[string(a.ARN)], &a.Time)
		}
		out[string(from.Account)] = o
	}
	return out
}

// of gives what was observed of an account; nothing where nothing was given.
func (v *Inventory) of(account graph.AccountID) *observed {
	if o := v.observed[string(account)]; o != nil {
		return o
	}
	return &observed{}
}

// latest gives the last of the times that are known; nil where none is.
func latest(times ...*time.Time) *time.Time {
	var out *time.Time
	for _, t := range times {
		if t != nil && (out == nil || t.After(*out)) {
			out = t
		}
	}
	return out
}

// Credentials is what a credential report says of a user or root user (F4). Nothing is known where the report was not given.
type Credentials struct {
	Console           *bool
	MFA               *bool
	Keys              *int // active access keys
	KeyAge            *time.Duration
	PasswordLastUsed  *time.Time
	PasswordChanged   *time.Time
	KeyLastUsed       *time.Time
	LastUsed          *time.Time // also by what service-last-accessed data says
	NextRotation      *time.Time
	CertificateActive *bool
}

func credentialFields[T any](of func(*T) *Credentials) []field[T] {
	return part(of, []field[Credentials]{
		flag("console", "it has a password for the console (of root users not reported)", func(c *Credentials) *bool { return c.Console }).main(),
		flag("mfa", "an MFA device is active", func(c *Credentials) *bool { return c.MFA }).main(),
		number("keys", "how many access keys are active", func(c *Credentials) *int { return c.Keys }).main(),
		span("key_age", "how long ago the oldest active access key was made", func(c *Credentials) *time.Duration { return c.KeyAge }).main(),
		moment("key_last_used", "when an access key was last used", func(c *Credentials) *time.Time { return c.KeyLastUsed }),
		moment("password_last_used", "when the password was last used", func(c *Credentials) *time.Time { return c.PasswordLastUsed }),
		moment("password_changed", "when the password was last set", func(c *Credentials) *time.Time { return c.PasswordChanged }),
		flag("certificate", "a signing certificate is active", func(c *Credentials) *bool { return c.CertificateActive }),
	})
}

// credentials reads the report's line of a user.
func (v *Inventory) credentials(account graph.AccountID, arn string) Credentials {
	o := v.of(account)
	c := Credentials{LastUsed: o.accessed[arn]}
	r := o.report[arn]
	if r == nil {
		return c
	}
	c.Console, c.MFA = reported(r, "password_enabled"), reported(r, "mfa_active")
	c.PasswordLastUsed, c.PasswordChanged = used(r, "password_last_used"), on(r, "password_last_changed")
	active := 0
	complete, unsure := readable(r, "access_key_1_active") && readable(r, "access_key_2_active"), false
	for _, k := range v.reportedKeys(r) {
		switch {
		case k.Active == nil:
			complete = false
		case *k.Active:
			active++
			if k.Age != nil && (c.KeyAge == nil || *k.Age > *c.KeyAge) {
				c.KeyAge = k.Age
			}
		}
		c.KeyLastUsed = latest(c.KeyLastUsed, k.LastUsed)
		unsure = unsure || k.LastUsed == nil
	}
	if complete && column(r, "access_key_1_active") != "" {
		c.Keys = &active
	}
	c.LastUsed = latest(c.LastUsed, c.PasswordLastUsed, c.KeyLastUsed)
	noPassword := c.Console != nil && !*c.Console
	whole := c.Keys != nil && !unsure && (c.PasswordLastUsed != nil || noPassword) // else what cannot be read may be a later time
	switch {
	case c.LastUsed == nil && whole: // neither a password nor a key to use
		c.LastUsed = pointer(answer.Never())
	case c.LastUsed != nil && c.LastUsed.IsZero() && !whole:
		c.LastUsed = o.accessed[arn]
	}
	one, two := reported(r, "cert_1_active"), reported(r, "cert_2_active")
	if one != nil && two != nil {
		c.CertificateActive = pointer(*one || *two)
	}
	return c
}

// column gives a column of a report's line, empty where the report has none of that name.
func column(r *graph.CredentialReportRow, name string) string {
	for _, f := range r.Fields {
		if f.Key == name {
			return f.Value
		}
	}
	return ""
}

// readable tells a column that says true or false, or that the report does not have.
func readable(r *graph.CredentialReportRow, name string) bool {
	return column(r, name) == "" || reported(r, name) != nil
}

// reported reads true and false; not_supported and what else there may be is not known.
func reported(r *graph.CredentialReportRow, name string) *bool {
	switch strings.ToLower(column(r, name)) {
	case "true":
		return pointer(true)
	case "false":
		return pointer(false)
	}
	return nil
}

// on reads a time; nil where there is none.
func on(r *graph.CredentialReportRow, name string) *time.Time {
	if t, err := time.Parse(time.RFC3339, column(r, name)); err == nil {
		return pointer(t.UTC())
	}
	return nil
}

// used reads when something was used: no_information is never, N/A that there is nothing to use (F4).
func used(r *graph.CredentialReportRow, name string) *time.Time {
	if column(r, name) == "no_information" {
		return pointer(answer.Never())
	}
	return on(r, name)
}
