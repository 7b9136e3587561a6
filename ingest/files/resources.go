package files

import (
	"github.com/accessgraph/accessgraph/graph"
)

// anyOwner gives the account of an ARN that may lack one (S3 buckets do): then the file's or directory's account is taken.
func (r *reading) anyOwner(p place, what string, arn graph.ARN) (graph.AccountID, error) {
	_, _, _, account, _, ok := arn.Split()
	if !ok {
		return "", p.errorAt("the Arn of the "+what+" is "+quote(string(arn)), "an ARN", "")
	}
	if account == "" {
		return "", nil
	}
	return r.owner(p, account, string(arn))
}

// resource reads one element of ResourcePolicies: a resource, with its policy where it has one.
func (r *reading) resource(p place) error {
	v := &graph.Resource{}
	err := r.object(func(name []byte) error {
		switch string(name) {
		case "Arn":
			return r.text((*string)(&v.ARN))
		case "Type":
			return r.word(&v.Type)
		case "Region":
			return r.word(&v.Region)
		case "Policy":
			return r.document(&v.Policy)
		case "Tags":
			v.TagsKnown = r.dec.PeekKind() != 'n'
			return r.tags(&v.Tags)
		case "Attributes":
			return r.resourceAttributes(&v.Attributes)
		default:
			return r.ignore("Resource", name)
		}
	})
	if err != nil {
		return err
	}
	account, err := r.anyOwner(p, "resource", v.ARN)
	if err != nil {
		return err
	}
	if v.Type == "" {
		return p.errorAt("the resource "+quote(string(v.ARN))+" has no Type", "a CloudFormation type such as AWS::KMS::Key", "")
	}
	if v.Region == "" {
		_, _, v.Region, _, _, _ = v.ARN.Split()
	}
	r.batch.add(p, account, v)
	return nil
}

func (r *reading) resourceAttributes(to *graph.ResourceAttributes) error {
	return r.object(func(name []byte) error {
		switch string(name) {
		case "BlockPublicAccess":
			return r.publicAccessBlock(&to.BlockPublicAccess)
		case "ObjectOwnership":
			return r.word(&to.ObjectOwnership)
		case "Acl":
			return r.acl(&to.ACL)
		case "SharedWith":
			return r.words(&to.SharedWith)
		case "FunctionUrlAuthType":
			return r.word(&to.FunctionURLAuthType)
		case "KeyManager":
			return r.word(&to.KeyManager)
		case "EndpointType":
			return r.word(&to.EndpointType)
		default:
			return r.ignore("Attributes", name)
		}
	})
}

// publicAccessBlock reads S3's Block Public Access; null is none.
func (r *reading) publicAccessBlock(to **graph.PublicAccessBlock) error {
	if null, err := r.null(); null || err != nil {
		return err
	}
	b := &graph.PublicAccessBlock{}
	*to = b
	return r.object(func(name []byte) error {
		switch string(name) {
		case "BlockPublicAcls":
			return r.boolean(&b.BlockPublicAcls)
		case "IgnorePublicAcls":
			return r.boolean(&b.IgnorePublicAcls)
		case "BlockPublicPolicy":
			return r.boolean(&b.BlockPublicPolicy)
		case "RestrictPublicBuckets":
			return r.boolean(&b.RestrictPublicBuckets)
		default:
			return r.ignore("BlockPublicAccess", name)
		}
	})
}

// acl reads a list of grants; a grantee is a string, or the object that S3 prints, of which the id or URI counts.
func (r *reading) acl(to *[]graph.ACLGrant) error {
	return r.list(func(int) error {
		var g graph.ACLGrant
		err := r.object(func(name []byte) error {
			switch string(name) {
			case "Grantee":
				if r.dec.PeekKind() == '{' {
					return r.grantee(&g.Grantee)
				}
				return r.word(&g.Grantee)
			case "Permission":
				return r.word(&g.Permission)
			default:
				return r.ignore("Acl", name)
			}
		})
		*to = append(*to, g)
		return err
	})
}

func (r *reading) grantee(to *string) error {
	var id, uri, email string
	err := r.object(func(name []byte) error {
		switch string(name) {
		case "ID":
			return r.word(&id)
		case "URI":
			return r.word(&uri)
		case "EmailAddress":
			return r.word(&email)
		case "Type", "DisplayName":
			return r.skip()
		default:
			return r.ignore("Grantee", name)
		}
	})
	for _, s := range []string{id, uri, email} {
		if *to == "" {
			*to = s
		}
	}
	return err
}

// compute reads one element of Compute: something that runs with a role (F12).
func (r *reading) compute(p place) error {
	v := &graph.Compute{}
	err := r.object(func(name []byte) error {
		switch string(name) {
		case "Arn":
			return r.text((*string)(&v.ARN))
		case "Type":
			return r.word(&v.Type)
		case "Region":
			return r.word(&v.Region)
		case "RoleArn":
			return r.word((*string)(&v.Role))
		case "InstanceProfileArn":
			return r.word((*string)(&v.InstanceProfile))
		case "Tags":
			return r.tags(&v.Tags)
		case "Attributes":
			return r.fields(&v.Attributes)
		default:
			return r.ignore("Compute", name)
		}
	})
	if err != nil {
		return err
	}
	account, err := r.anyOwner(p, "compute", v.ARN)
	if err != nil {
		return err
	}
	if v.Type == "" {
		return p.errorAt("the compute "+quote(string(v.ARN))+" has no Type", "a CloudFormation type such as AWS::Lambda::Function", "")
	}
	if v.Region == "" {
		_, _, v.Region, _, _, _ = v.ARN.Split()
	}
	r.batch.add(p, account, v)
	return nil
}

// fields reads an object as names and values, values as text.
func (r *reading) fields(to *[]graph.Tag) error {
	err := r.object(func(name []byte) error {
		t := graph.Tag{Key: r.strings.get(name)}
		err := r.scalar(&t.Value)
		*to = append(*to, t)
		return err
	})
	sortTags(*to)
	return err
}

// grant reads one element of Grants (D33). A constraint that is not known is never dropped: it is marked.
func (r *reading) grant(p place) error {
	g := &graph.KMSGrant{}
	var keyID string
	err := r.object(func(name []byte) error {
		switch string(name) {
		case "KeyArn":
			return r.word((*string)(&g.Key))
		case "KeyId": // what `aws kms list-grants` prints instead of KeyArn
			return r.word(&keyID)
		case "GrantId":
			return r.text(&g.ID)
		case "GranteePrincipal":
			return r.word(&g.Grantee)
		case "RetiringPrincipal":
			return r.word(&g.RetiringPrincipal)
		case "IssuingAccount":
			return r.word(&g.IssuingAccount)
		case "Operations":
			return r.words(&g.Operations)
		case "Constraints":
			return r.constraints(g)
		case "Name", "CreationDate":
			return r.skip()
		default:
			return r.ignore("Grant", name)
		}
	})
	if err != nil {
		return err
	}
	if g.Key == "" {
		g.Key = graph.ARN(keyID)
	}
	if account := graph.ARN(g.IssuingAccount).Account(); account != "" {
		g.IssuingAccount = string(account)
	}
	_, service, _, account, _, ok := g.Key.Split()
	if !ok || service != "kms" || g.ID == "" {
		return p.errorAt("the grant has KeyArn "+quote(string(g.Key))+" and GrantId "+quote(g.ID), "the ARN of a key and the id of the grant", "")
	}
	owner, err := r.owner(p, account, string(g.Key))
	if err != nil {
		return err
	}
	r.batch.add(p, owner, g)
	return nil
}

func (r *reading) constraints(g *graph.KMSGrant) error {
	return r.object(func(name []byte) error {
		none := r.dec.PeekKind() == 'n'
		switch string(name) {
		case "EncryptionContextSubset":
			return r.fields(&g.EncryptionSubset)
		case "EncryptionContextEquals":
			g.HasEncryptionEquals = !none
			return r.fields(&g.EncryptionEquals)
		case "Unknown": // how an export says that there was one
			var unknown bool
			err := r.boolean(&unknown)
			g.ConstraintsUnknown = g.ConstraintsUnknown || unknown
			return err
		default:
			g.ConstraintsUnknown = g.ConstraintsUnknown || !none
			return r.ignore("Constraints", name)
		}
	})
}

// share reads one element of Shares (D53). The ARN may be another account's, so the directory tells whose list this is.
func (r *reading) share(p place) error {
	s := &graph.Share{}
	err := r.object(func(name []byte) error {
		switch string(name) {
		case "Arn":
			return r.text((*string)(&s.ARN))
		case "Principals":
			return r.words(&s.Principals)
		case "Permission":
			return r.word(&s.Permission)
		default:
			return r.ignore("Share", name)
		}
	})
	if err != nil {
		return err
	}
	_, _, _, account, _, ok := s.ARN.Split()
	if !ok {
		return p.errorAt("the Arn of the share is "+quote(string(s.ARN)), "an ARN", "")
	}
	if dir := r.file.scope.account; dir != "" {
		account = string(dir)
	}
	if !isAccountID(account) {
		account = ""
	}
	r.batch.add(p, graph.AccountID(account), s)
	return nil
}

// settings reads one of the two members of account-settings.json.
func (r *reading) settings(member string) error {
	p := r.place(member, -1)
	s := &graph.AccountSettings{}
	var err error
	if member == "RootFeatures" {
		err = r.words(&s.RootFeatures)
	} else {
		err = r.publicAccessBlock(&s.S3PublicAccessBlock)
	}
	if err == nil {
		r.batch.add(p, "", s)
	}
	return err
}
