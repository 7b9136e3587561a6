package export

import (
	"reflect"

	"github.com/accessgraph/accessgraph/graph"
)

func accessBlockOf(b *graph.PublicAccessBlock) *accessBlockJSON { return (*accessBlockJSON)(b) }

func (w *writer) resource(r *graph.Resource) resourceJSON {
	out := resourceJSON{Arn: string(r.ARN), Type: r.Type, Region: r.Region, Policy: w.document(r.Policy)}
	if r.TagsKnown {
		out.Tags = fields(r.Tags)
	}
	if a := r.Attributes; !reflect.ValueOf(a).IsZero() {
		acl := each(a.ACL, func(g graph.ACLGrant) aclJSON { return aclJSON(g) })
		out.Attributes = &attributesJSON{accessBlockOf(a.BlockPublicAccess), a.ObjectOwnership, acl, a.SharedWith, a.FunctionURLAuthType, a.KeyManager, a.EndpointType}
	}
	return out
}

func computeOf(c *graph.Compute) computeJSON {
	return computeJSON{string(c.ARN), c.Type, c.Region, string(c.Role), string(c.InstanceProfile), fields(c.Tags), fields(c.Attributes)}
}

func grantOf(g *graph.KMSGrant) grantJSON {
	out := grantJSON{string(g.Key), g.ID, g.Grantee, g.RetiringPrincipal, g.IssuingAccount, g.Operations, map[string]any{}}
	if len(g.EncryptionSubset) > 0 {
		out.Constraints["EncryptionContextSubset"] = fields(g.EncryptionSubset)
	}
	if g.HasEncryptionEquals {
		out.Constraints["EncryptionContextEquals"] = fields(g.EncryptionEquals)
	}
	if g.ConstraintsUnknown {
		out.Constraints["Unknown"] = true
	}
	return out
}

func providerOf(p *graph.Provider) providerJSON {
	return providerJSON{string(p.ARN), p.URL, p.ClientIDs, p.Thumbprints, each(p.Tags, tagOf)}
}

func shareOf(s *graph.Share) shareJSON {
	return shareJSON{string(s.ARN), some(s.Principals), s.Permission}
}

func coverageOf(list []graph.Coverage) []coverageJSON {
	return each(list, func(c graph.Coverage) coverageJSON { return coverageJSON{c.Kind, c.Region, string(c.State), c.Error} })
}
