// Package cases reads self-contained test cases, one JSON object a line, and answers them: a concrete request with its policies
// gets a decision, the same with unknown context keys gets a class, and a bare policy document gets a judgement of its form.
//
// Cases come from anywhere. A line that cannot be read is answered with an error and never stops the run; lines are bounded.
package cases
