// Package evaluator is the meaning: it takes the layers of policy that apply to a request and decides, for one concrete
// request (Decide, a decision) or for a whole region of requests (World, a verdict). Both engines share the compiled
// policies and the matchers, and every witness of the region engine is put through Decide before anyone sees it.
//
// # Where things are
//
// The files of one matter begin alike, or stand together here:
//
//   - one request: request, decide*, principals, services, public, causes; simulate asks for one on a snapshot
//   - a snapshot made ready: world, callers, resources, synthetic, outside, vocabulary
//   - a question: question, targets, classes, side, views, merge, judgement, whocan, can, brief, plan
//   - one evaluation: evaluation, cells, compose, lower, formula, domain, keys, tests, relations, and what comes out: grants, residual, solve,
//     witness, expr; classify is one without a snapshot
//   - survey, actors, chosen, rootsessions, unlisted: many principals asked at once, also as they would be with other policies; package paths asks
//   - external*: who outside the zone of trust gets in, with zone, deputies and the package issuers
//   - why*: one verdict explained, and what would change it
//   - compare*: two stacks of policies side by side; admin asks it who is an administrator, papers* compares documents by themselves
//   - changes*, moments*: two snapshots side by side, whose access differs and in what
//   - cut: what was granted and is withheld; consolidate, exam, draft_* and meet_patterns: one document for what somebody may do
//   - fleet*, segments, index, presence, holding, abroad: the same questions from an index, account by account
package evaluator
