package files

import (
	"strings"

	"github.com/accessgraph/accessgraph/graph"
)

// aliases are an account's aliases.
type aliases []string

// summary is GetAccountSummary, by name.
type summary []graph.Tag

// accountMember reads the members of the small files of an account (F4–F7), and passes over what is not known.
func (r *reading) accountMember(name []byte) error {
	is := func(kind string) { r.batch.kinds[kind] = true }
	switch string(name) {
	case "PasswordPolicy":
		is(graph.KindPasswordPolicy)
		v := &graph.PasswordPolicy{}
		p := r.place("PasswordPolicy", -1)
		err := r.fields(&v.Fields)
		r.batch.add(p, "", v)
		return err
	case "AccountAliases":
		is(kindObservations)
		var v []string
		p := r.place("AccountAliases", -1)
		err := r.words(&v)
		r.batch.add(p, "", aliases(v))
		return err
	case "SummaryMap":
		is(kindObservations)
		var v []graph.Tag
		p := r.place("SummaryMap", -1)
		err := r.fields(&v)
		r.batch.add(p, "", summary(v))
		return err
	case "SAMLProviderList":
		is(graph.KindIdentityProviders)
		return r.entities("SAMLProviderList", r.provider("SAML", "saml-provider"))
	case "OpenIDConnectProviderList":
		is(graph.KindIdentityProviders)
		return r.entities("OpenIDConnectProviderList", r.provider("OIDC", "oidc-provider"))
	case "RoleLastUsed":
		is(kindObservations)
		return r.entities("RoleLastUsed", r.lastUsedAlone)
	case "AttachmentCounts":
		is(kindObservations)
		return r.entities("AttachmentCounts", r.attachmentCount)
	case "ServicesLastAccessed":
		is(kindObservations)
		return r.lastAccessed()
	default:
		return r.ignore("the file", name)
	}
}

// provider reads an identity provider: an element of the list call, with what the get call adds where it was merged in.
func (r *reading) provider(kind, resource string) func(place) error {
	return func(p place) error {
		v := &graph.Provider{Kind: kind}
		err := r.object(func(name []byte) error {
			switch string(name) {
			case "Arn":
				return r.text((*string)(&v.ARN))
			case "Url":
				return r.text(&v.URL)
			case "ClientIDList":
				return r.words(&v.ClientIDs)
			case "ThumbprintList":
				return r.words(&v.Thumbprints)
			case "Tags":
				return r.tags(&v.Tags)
			case "CreateDate", "ValidUntil", "SAMLMetadataDocument", "SAMLProviderUUID", "AssertionEncryptionMode", "PrivateKeyList":
				return r.skip()
			default:
				return r.ignore("Provider", name)
			}
		})
		if err != nil {
			return err
		}
		account, err := r.iamOwner(p, &v.ARN, resource)
		if err != nil {
			return err
		}
		if _, _, _, _, rest, _ := v.ARN.Split(); kind == "OIDC" && v.URL == "" {
			v.URL = strings.TrimPrefix(rest, resource+"/")
		}
		r.batch.add(p, account, v)
		return nil
	}
}

// lastAccessed reads service-last-accessed.json: a list of services for each principal's ARN (F5).
func (r *reading) lastAccessed() error {
	if k := r.dec.PeekKind(); k != '{' && k != 'n' {
		return r.wrong("an object from principal ARNs to lists of services")
	}
	return r.object(func(name []byte) error {
		arn := graph.ARN(r.strings.get(name))
		p := r.place("ServicesLastAccessed."+shorten(string(arn)), -1)
		account, err := r.owner(p, string(arn.Account()), string(arn))
		if err != nil {
			return err
		}
		return r.list(func(int) error {
			r.tick(1)
			v := graph.ServiceLastAccessed{ARN: arn}
			err := r.object(func(name []byte) error {
				switch string(name) {
				case "ServiceNamespace":
					return r.word(&v.Namespace)
				case "LastAuthenticated":
					return r.moment(&v.Time)
				case "TrackedActionsLastAccessed":
					return r.trackedActions(&v.Actions)
				case "ServiceName", "LastAuthenticatedEntity", "LastAuthenticatedRegion", "TotalAuthenticatedEntities":
					return r.skip()
				default:
					return r.ignore("ServiceLastAccessed", name)
				}
			})
			r.batch.add(p, account, v)
			return err
		})
	})
}

func (r *reading) trackedActions(to *[]graph.ActionLastAccessed) error {
	return r.list(func(int) error {
		var a graph.ActionLastAccessed
		err := r.object(func(name []byte) error {
			switch string(name) {
			case "ActionName":
				return r.word(&a.Name)
			case "LastAccessedTime":
				return r.moment(&a.Time)
			case "LastAccessedEntity", "LastAccessedRegion":
				return r.skip()
			default:
				return r.ignore("ActionLastAccessed", name)
			}
		})
		*to = append(*to, a)
		return err
	})
}

// lastUsedAlone reads when a role was last used that no list of roles has.
func (r *reading) lastUsedAlone(p place) error {
	v := graph.LastUsed{}
	err := r.object(func(name []byte) error {
		switch string(name) {
		case "Arn":
			return r.text((*string)(&v.ARN))
		case "LastUsedDate":
			return r.moment(&v.Time)
		case "Region":
			return r.word(&v.Region)
		default:
			return r.ignore("RoleLastUsed", name)
		}
	})
	if err != nil {
		return err
	}
	account, err := r.iamOwner(p, &v.ARN, "role")
	if err == nil {
		r.batch.add(p, account, v)
	}
	return err
}

// attachmentCount reads how often a policy is attached that no list of policies has.
func (r *reading) attachmentCount(p place) error {
	v := graph.AttachmentCount{}
	err := r.object(func(name []byte) error {
		switch string(name) {
		case "Arn":
			return r.text((*string)(&v.ARN))
		case "AttachmentCount":
			return r.count(&v.Attachments)
		case "PermissionsBoundaryUsageCount":
			return r.count(&v.BoundaryUsage)
		default:
			return r.ignore("AttachmentCount", name)
		}
	})
	if err != nil {
		return err
	}
	account, err := r.iamOwner(p, &v.ARN, "policy")
	if err == nil {
		r.batch.add(p, account, v)
	}
	return err
}
