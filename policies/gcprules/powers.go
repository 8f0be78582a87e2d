package gcprules

import (
	"strings"

	"github.com/secretstack/secretstack/policies/policy"
)

// power is a role, or the permission of a custom role, and what it lets its members do. A role that ends in * stands for
// all that begin so.
type power struct{ name, lets string }

type powers []power

// of tells what a grant lets its members do; nothing, where the role has none of the powers. The role may be a custom
// one that the stack makes.
func (p powers) of(s policy.Subject, g grant) (lets string, known bool) {
	for _, power := range p {
		prefix, begins := strings.CutSuffix(power.name, "*")
		if text := g.role.Text(); text == power.name || begins && strings.HasPrefix(text, prefix) {
			return power.lets, true
		}
	}
	roles := customRoles(s, g)
	known = len(roles) > 0 || !g.role.Unknown()
	for _, role := range roles {
		permissions := map[string]bool{}
		for _, permission := range role.Get("permissions").Items() {
			permissions[permission.Text()] = true
			known = known && !permission.Unknown()
		}
		for _, power := range p {
			if permissions[power.name] {
				return power.lets, true
			}
		}
	}
	return "", known
}

// customRoles are the roles of the stack that a grant is of.
func customRoles(s policy.Subject, g grant) []*policy.Resource {
	var found []*policy.Resource
	for _, typ := range customRoleTypes {
		if g.role.Unknown() {
			for _, urn := range s.PropertyDependencies[inputOf(g.role)] {
				if r := s.Graph.ByURN(urn); r != nil && r.Type == typ {
					found = append(found, r)
				}
			}
			continue
		}
		parent, id, custom := strings.Cut(g.role.Text(), "/roles/")
		if !custom {
			continue
		}
		for _, r := range s.Graph.Of(typ) {
			owner := r.Output("project").Text() + r.Output("orgId").Text()
			if r.Output("roleId").Text() == id && (owner == "" || strings.HasSuffix(parent, "/"+owner)) {
				found = append(found, r)
			}
		}
	}
	return found
}
