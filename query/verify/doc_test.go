// Package verify_test holds the engine against a naive evaluator that shares nothing with it but the point engine: small random
// organizations are written as export directories, ingested, and asked. The naive side loops over principals, actions, resources
// and the context values that the policies can tell apart, selects the layers of each request by itself, from the rules, and has
// every single request decided. The rows of the answers must say the same.
//
//	go test ./query/verify -organizations=1000            the whole acceptance run
//	go test ./query/verify -organizations=1 -seed=17      one organization again
//	go test ./query/verify -run Hard -hard                every question about every hard policy
//	go test ./query/verify -run Fleet -fleets=200 -fleet-organizations=20 -fleet-principals=2000      counts from an index
//	go test ./query/verify -run Documents -documents=1000 -document-organizations=14 -timeout=60m     written policies
//	go test ./query/verify -run Paths -paths-organizations=200 -timeout=30m        access paths, by single requests
package verify_test
