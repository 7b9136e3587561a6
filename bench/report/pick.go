package main

import (
	"fmt"
	"path/filepath"
)

// subjects are what the questions of an organization's measurement are about.
type subjects struct{ key, object string }

// subjectsAccount is the number of the account that they are taken from: an ordinary one of production. A smaller organization gives its last.
const subjectsAccount = 5

// pickSubjects takes, from the export of an organization, the first key whose policy is AWS's default one, and an object in the first
// bucket that is open neither to everybody nor to the whole organization: the same of every organization, whatever its size.
func pickSubjects(export string) (subjects, error) {
	decoded, err := decodeFile(filepath.Join(export, organizationFile))
	if err != nil {
		return subjects{}, err
	}
	accounts := decoded.(*plainOrganization).Accounts
	account := accounts[min(subjectsAccount, len(accounts)-1)].Id
	decoded, err = decodeFile(filepath.Join(export, account, resourcesFile))
	if err != nil {
		return subjects{}, err
	}
	var s subjects
	for _, r := range decoded.(*plainResources).ResourcePolicies {
		switch {
		case s.key == "" && r.Type == "AWS::KMS::Key" && defaultKeyPolicy(r.Policy, account):
			s.key = r.Arn
		case s.object == "" && r.Type == "AWS::S3::Bucket" && !openToAny(r.Policy):
			s.object = r.Arn + "/reports/2026.csv"
		}
	}
	if s.key == "" || s.object == "" {
		return subjects{}, fmt.Errorf("account %s of %s has no key with the default policy, or no bucket that is not open", account, export)
	}
	return s, nil
}

// defaultKeyPolicy tells whether the policy of a key says nothing but that the account's own policies decide.
func defaultKeyPolicy(d *plainDocument, account string) bool {
	if d == nil || len(d.Statement) != 1 {
		return false
	}
	s := d.Statement[0]
	who, _ := s.Principal.(map[string]any)
	return s.Effect == "Allow" && s.Action == "kms:*" && len(s.Condition) == 0 && len(who) == 1 && who["AWS"] == "arn:aws:iam::"+account+":root"
}

// openToAny tells whether a policy allows something to every principal, be it under a condition: that is how a policy for the whole
// organization is written, too.
func openToAny(d *plainDocument) bool {
	if d == nil {
		return false
	}
	for _, s := range d.Statement {
		if who, _ := s.Principal.(map[string]any); s.Effect == "Allow" && (s.Principal == "*" || who["AWS"] == "*") {
			return true
		}
	}
	return false
}
