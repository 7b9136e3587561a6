// Package files reads exports on disk into graph facts: what `aws iam get-account-authorization-details` prints, whole
// export directories, single files, and one file from standard input.
//
// Files are recognized by what they hold: every top-level member that is known is read, whatever the file is called and
// in whatever order the members come. Documents are kept by hash and looked at once. Memory stays near the size of the
// facts: files are streamed one element at a time.
//
// What cannot be used is an *Error that names file, line and JSON path, and nothing is returned; with Options.Partial it
// is left out instead and named in the coverage and in the Report. A policy document is never a reason to leave anything
// out: it is kept as it is, and when it is missing or a statement of it cannot be understood, coverage and Report name it
// (A15, D18, D54). What the Report calls incomplete and what the coverage calls denied or failed are the same things.
//
// Caveats: facts that carry no account number (an S3 bucket, an AWS-managed policy, an account summary) belong to the
// account whose number their directory is named after, else to the one account that their file, their directory, or the
// whole input speaks of; where that is more than one, they are an error. Names that begin with a dot are not read inside
// directories, and directories are read one level deep.
package files
