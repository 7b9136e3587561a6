// Package inventory lists what a snapshot holds: users, roles, policies, statements and the other kinds of show, as rows with
// fields. Rows come by account, then ARN, and are made from facts alone, so that nothing need be compiled for them.
//
// A field is null where it is not known: what a credential report says is null for users of an account whose report was not
// given, and Assumptions says so. Known to have never happened is another thing: such a time is answer.Never.
package inventory
