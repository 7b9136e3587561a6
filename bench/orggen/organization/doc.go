// Package organization makes up AWS organizations for measurements and tests: realistic ones, of any size, and the same
// one for the same options, byte for byte. It writes them as the export directory that `accessgraph ingest files` reads.
//
// # What an organization holds
//
// The tree: a root with OUs Security, Infrastructure, Sandbox and Workloads/{Production,Development}/unit-N (one unit for
// about every twenty accounts). Account 0 is the management account, 1 audit, 2 log archive, 3 shared services; of the rest one
// in ten is a sandbox and the others alternate between production and development. Eight SCPs at four levels (protected
// baseline, root user, Regions, key deletion, an allow list for sandboxes, MFA for users, sharing by accounts that it names (one in
// fifty), FullAWSAccess) and, beside AWS's own, two RCPs (only the organization's principals and AWS services; TLS only in
// production). Neither binds the management account: an organization of one account is one without them.
//
// Principals of one account, in this order until their number is reached:
//
//   - the baseline, stamped into every account: three service-linked roles, four SSO roles, organization access, audit,
//     break-glass, CI deploy (GitHub OIDC, with boundary, writing to its own and the shared account alone), CI plan, monitoring
//     vendor (ExternalId), backup vendor (no ExternalId, one account in five), stack-set execution;
//   - users, a fifth of the rest unless Options.UserShare says otherwise: 70 % with groups alone, 15 % with a boundary, 10 % with
//     an inline policy of their own, 5 % with a managed policy attached directly. Groups: seven common ones and one a team;
//   - roles: 35 % of services (45 % Lambda, 25 % EC2, 20 % ECS, 10 % Step Functions), each with a boundary and an inline policy on
//     its own account's resources, half of them without a name of their own in it, and 80 % with something that runs with
//     them; 25 % of teams (attribute-based, on tags, 30 % with a boundary); 15 % with AWS-managed policies alone; 5 % trusted by
//     other accounts (60 % by a role there, 20 % by an account, 20 % by an OU); 20 % with one to three hand-written policies that no
//     other principal has.
//
// AWS-managed policies are our own short versions of eleven of AWS's (ReadOnlyAccess has 184 action patterns; AWS's has well
// over a thousand). Of customer-managed policies each account has the boundary, three of its own (self-service, by tag, office
// network) and one a team; 15 % have an older version.
//
// Hand-written policies have one to six statements (35, 25, 18, 12, 6 and 4 %) of one to six actions (30, 25, 20, 12, 8 and 5 %) out
// of 25 services, nine of which make two thirds: 60 % exact, 30 % a verb with a star (s3:Get*), 10 % a whole service; 40 % on "*",
// 40 % on an ARN with wildcards, 20 % on one resource (of KMS, a key that is there). One statement in four has a condition, each of
// these as likely: MFA, source address, VPC endpoint, organization, Region, a resource tag by value, by pattern or equal to the
// principal's, time, TLS, the principal's ARN, its tag with the age of MFA. One in ten is a Deny, 3 % use NotAction and 2 %
// NotResource; 5 % of the policies are of Version 2008-10-17.
//
// Resources for M principals: 2+M/40 KMS keys (the first AWS's own), 2+M/25 buckets, 1+M/50 each of queues, topics, secrets and functions. Key
// policies: 60 % AWS's default, 20 % default with administrators and users, 10 % naming roles only, 5 % the whole
// organization, 3 % another account, 2 % an AWS service; a third of the keys has a grant, a fifth of the grants a constraint.
// Bucket policies: 40 % none, 25 % TLS only, 10 % each another account and the organization, 5 % each a service, a role and a VPC
// endpoint; the log archive's and one in a hundred others are public or open to an outside account.
//
// # Planted changes
//
// Options.Changes plants differences, for measurements of a second state: everything is as without them but for what the list of
// them says, and the counts of attachments that follow. Twelve kinds take turns: an inline policy gains or loses an action; a managed
// policy gets another default version; one is attached or detached; a user is put into a group or taken out; a boundary is set or
// removed; an SCP is attached, detached or moved, never at the root; a trust policy is extended or narrowed; the policy of a key or
// bucket is extended or cut; a principal's, key's or secret's tag team is another; an account is moved to another OU; a user or
// role is added; one is removed. What the first turn adds, the second takes away. Where an account has nothing left for a kind, the next
// kind takes its place. No account gets a second change before each has one, and nothing but an SCP is changed twice.
//
// Changes are made to finished accounts, each from a random stream of its own that Options.Seed2 decides.
package organization
