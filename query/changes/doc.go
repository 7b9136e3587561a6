// Package changes puts what differs between the facts of two snapshots into rows that people can read (E24): entities part by part, and policy
// documents statement by statement. Documents that mean the same by the rules of the policy language's form (A1 to A16) do not differ.
// It knows nothing of access: which of these differences let anybody do more or less is the evaluator's question.
package changes
