package access

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/secretstack/secretstack/policies/iamdoc"
	"github.com/secretstack/secretstack/policies/policy"
)

// awsPrincipal is one that may read.
type awsPrincipal struct {
	index     int    // of the identity
	key       string // "role ACCOUNT NAME", as names are unique in an account, whatever their path; or else the id
	arn, kind string // "": not known
	account   string
	mark      Mark
	resource  *policy.Resource // nil: the stack does not make it

	rules, keyRules []awsRule // of its own policies, for reading and decrypting
	unknownPolicies []awsUnknown
	hasMembers      bool       // of a group: who is in it is known
	boundary        string     // "": none
	boundaryRules   *[]awsRule // nil: not known
}

// awsUnknown is a policy that is not known before the update.
type awsUnknown struct {
	how   string
	about []*secret // on which it depends
}

// awsOwners finds the principals whose own policies may let them read a secret, by what the names in them begin with.
type awsOwners struct {
	prefixes map[int]map[string][]*awsPrincipal // by length
	unknown  map[*secret][]*awsPrincipal
	all      []*awsPrincipal
}

func (o *awsOwners) add(p *awsPrincipal, prefix string) {
	if o.prefixes[len(prefix)] == nil {
		o.prefixes[len(prefix)] = map[string][]*awsPrincipal{}
	}
	same := o.prefixes[len(prefix)]
	if list := same[prefix]; len(list) == 0 || list[len(list)-1] != p {
		same[prefix] = append(list, p)
	}
}

// of may give a principal several times.
func (o *awsOwners) of(s *awsSecret) iter.Seq[*awsPrincipal] {
	return func(yield func(*awsPrincipal) bool) {
		lists := [][]*awsPrincipal{o.unknown[s.secret]}
		if s.name == "" {
			lists = append(lists, o.all)
		}
		for n, same := range o.prefixes {
			if n <= len(s.name) {
				lists = append(lists, same[s.name[:n]])
			}
		}
		for _, list := range lists {
			for _, p := range list {
				if !yield(p) {
					return
				}
			}
		}
	}
}

// namePrefix is what the name of a secret begins with, as a resource of a statement has it; "": any may fit.
func namePrefix(pattern string) string {
	parts := strings.SplitN(pattern, ":", 7)
	if len(parts) < 7 || parts[5] != "secret" {
		return ""
	}
	name := parts[6]
	if i := strings.IndexAny(name, "*?$"); i >= 0 {
		return strings.TrimSuffix(name[:i], "-") // before the six characters, perhaps
	}
	if n := len(name) - 7; n > 0 && name[n] == '-' {
		return name[:n]
	}
	return name
}

// awsID gives what an id says of a principal.
func awsID(id string) awsPrincipal {
	p := awsPrincipal{key: id, arn: id, kind: "principal"}
	parts := strings.SplitN(id, ":", 6)
	if len(parts) < 6 {
		return p
	}
	p.account = parts[4]
	kind, path, _ := strings.Cut(parts[5], "/")
	switch {
	case strings.ContainsAny(id, "*?"):
		p.kind = "principals"
		if strings.ContainsAny(p.account, "*?") {
			p.account = ""
		}
	case parts[2] == "iam" && (kind == "role" || kind == "user"):
		p.kind = kind
		p.key = awsKeyOf(kind, p.account, path[strings.LastIndexByte(path, '/')+1:])
	case parts[5] == "root":
		p.kind = "account"
	case parts[2] == "sts":
		p.kind = "session"
	}
	return p
}

// newNamed reads a principal of a policy.
func newNamed(in iamdoc.Principal) awsNamed {
	n := awsNamed{class: in.Class(), text: in.ID.Text()}
	n.awsPrincipal = awsID(n.text)
	switch n.class {
	case iamdoc.Service:
		n.key, n.kind, n.mark = "service "+n.text, "service", Service
	case iamdoc.Account:
		n.account = in.Account()
		n.key, n.kind = "account "+n.account, "account"
	case iamdoc.Federated:
		n.kind = "identity provider"
	}
	return n
}

func awsKeyOf(kind, account, name string) string { return kind + " " + account + " " + name }

// named gives a principal that a policy names.
func (a *awsCloud) named(n awsNamed) *awsPrincipal {
	if found := a.principals[n.key]; found != nil {
		return a.complete(found, n.arn)
	}
	name := n.key[strings.LastIndexAny(n.key, " /:")+1:]
	// In a stack whose account is not known yet, a role of the same name is taken for the same.
	if found := a.principals[awsKeyOf(n.kind, "", name)]; found != nil {
		found.account = n.account
		return a.complete(found, n.arn)
	}
	if n.class == iamdoc.Account {
		name = n.key
	}
	return a.principal(n.key, name, n.awsPrincipal)
}

// complete adds the ARN, where it was not known.
func (a *awsCloud) complete(p *awsPrincipal, arn string) *awsPrincipal {
	if p.arn == "" || p.resource != nil && !strings.Contains(p.arn, "/") {
		p.arn = arn
	}
	a.access.Identities[p.index].ID = cmp.Or(p.arn, a.access.Identities[p.index].ID)
	return p
}

func (a *awsCloud) principal(key, name string, p awsPrincipal) *awsPrincipal {
	id := Identity{Name: cmp.Or(a.readers[key], name), ID: p.arn, Kind: p.kind, Mark: p.mark}
	if p.resource != nil {
		id.Resource = p.resource.URN
	}
	p.key, p.index = key, a.identity("aws "+key, id)
	a.principals[key] = &p
	return &p
}

func (a *awsCloud) everybody() *awsPrincipal {
	if p := a.principals["*"]; p != nil {
		return p
	}
	return a.principal("*", "anybody", awsPrincipal{kind: "everybody", mark: Anybody})
}

// made gives the principal that is a role or user of the stack.
func (a *awsCloud) made(r *policy.Resource) *awsPrincipal {
	if p := a.principals[r.URN]; p != nil {
		return p
	}
	kind := map[string]string{awsRoleType: "role", awsUserType: "user", awsGroupType: "group"}[r.Type]
	arn, name := r.Output("arn").Text(), r.Output("name").Text()
	account := a.Account
	if parts := strings.Split(arn, ":"); len(parts) > 5 {
		account = parts[4]
	}
	key := awsKeyOf(kind, account, name)
	if name == "" {
		key = r.URN
	}
	if arn == "" && account != "" && name != "" {
		arn = fmt.Sprintf("arn:aws:iam::%s:%s%s%s", account, kind, cmp.Or(r.Output("path").Text(), "/"), name)
	}
	p := a.principal(key, cmp.Or(name, r.Name), awsPrincipal{arn: arn, kind: kind, account: account, resource: r})
	a.principals[r.URN] = p
	return p
}

// refer gives the principals that properties of a resource name: by dependency, or by name.
func (a *awsCloud) refer(r *policy.Resource, property, kind, typ string) (found []*awsPrincipal) {
	for _, to := range a.Referents(r, property, typ) {
		found = append(found, a.made(to))
	}
	for _, v := range r.Get(property).Items() {
		text := v.Text()
		if text == "" || strings.HasPrefix(text, "arn:") {
			continue
		}
		key := awsKeyOf(kind, a.Account, text)
		p := a.principals[key]
		if p == nil {
			p = a.principal(key, text, awsPrincipal{kind: kind, account: a.Account})
		}
		if !slices.Contains(found, p) {
			found = append(found, p)
		}
	}
	return found
}

// awsAttachments are the types that give policies to identities: the property that says to whom, and its kind.
var awsAttachments = []struct{ typ, to, kind, of string }{
	{"aws:iam/rolePolicy:RolePolicy", "role", "role", awsRoleType},
	{"aws:iam/rolePolicyAttachment:RolePolicyAttachment", "role", "role", awsRoleType},
	{"aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive", "roleName", "role", awsRoleType},
	{"aws:iam/policyAttachment:PolicyAttachment", "roles", "role", awsRoleType},
	{"aws:iam/userPolicy:UserPolicy", "user", "user", awsUserType},
	{"aws:iam/userPolicyAttachment:UserPolicyAttachment", "user", "user", awsUserType},
	{"aws:iam/userPolicyAttachmentsExclusive:UserPolicyAttachmentsExclusive", "userName", "user", awsUserType},
	{"aws:iam/policyAttachment:PolicyAttachment", "users", "user", awsUserType},
	{"aws:iam/groupPolicy:GroupPolicy", "group", "group", awsGroupType},
	{"aws:iam/groupPolicyAttachment:GroupPolicyAttachment", "group", "group", awsGroupType},
	{"aws:iam/groupPolicyAttachmentsExclusive:GroupPolicyAttachmentsExclusive", "groupName", "group", awsGroupType},
	{"aws:iam/policyAttachment:PolicyAttachment", "groups", "group", awsGroupType},
}

// readIdentities finds what the identities' own policies say.
func (a *awsCloud) readIdentities() {
	a.owners.unknown = map[*secret][]*awsPrincipal{}
	for _, typ := range []string{awsRoleType, awsUserType, awsGroupType} {
		for _, r := range a.Of(typ) {
			p := a.made(r)
			for _, inline := range r.Output("inlinePolicies").Items() {
				a.give(p, r, inline.At("policy"), "inlinePolicies", "own policy "+cmp.Or(inline.At("name").Text(), r.Name))
			}
			a.attach(p, r, "managedPolicyArns", r.Output("managedPolicyArns"), "policy ")
			a.bind(p, r)
		}
	}
	for _, t := range awsAttachments {
		for _, r := range a.Of(t.typ) {
			for _, p := range a.refer(r, t.to, t.kind, t.of) {
				if v := r.Get("policy"); !v.Absent() {
					a.give(p, r, v, "policy", "own policy "+cmp.Or(r.Output("name").Text(), r.Name))
					continue
				}
				a.attach(p, r, "policyArn", r.Get("policyArn"), "policy ")
				a.attach(p, r, "policyArns", r.Get("policyArns"), "policy ")
			}
		}
	}
	a.members()
	for _, key := range slices.Sorted(maps.Keys(a.principals)) {
		p := a.principals[key]
		if p.rules == nil && p.unknownPolicies == nil || p.hasMembers {
			continue // the members of a group read, not the group
		}
		a.owners.all = append(a.owners.all, p)
		for _, rule := range p.rules {
			if rule.Allows() == iamdoc.No {
				continue
			}
			if rule.NotResource {
				a.owners.add(p, "")
			}
			for _, v := range rule.Resources {
				a.owners.add(p, namePrefix(v.Text()))
			}
		}
		for _, u := range p.unknownPolicies {
			for _, s := range u.about {
				a.owners.unknown[s] = append(a.owners.unknown[s], p)
			}
		}
	}
}

// give adds a policy document to a principal.
func (a *awsCloud) give(p *awsPrincipal, r *policy.Resource, v policy.Value, property, how string) {
	where := "the policy " + strings.TrimPrefix(strings.TrimPrefix(how, "own "), "policy ") + " of the " + p.kind + " " + a.access.Identities[p.index].Name
	rules, unknown := a.rules(v, awsRead, how, where)
	p.rules = append(p.rules, rules...)
	rules, _ = a.rules(v, awsDecrypt, how, where)
	p.keyRules = append(p.keyRules, rules...)
	if unknown {
		a.giveUnknown(p, r, property, how)
	}
}

func (a *awsCloud) giveUnknown(p *awsPrincipal, r *policy.Resource, property, how string) {
	var about []*secret
	for _, urn := range r.PropertyDependencies[property] {
		to := a.ByURN(urn)
		if to != nil && to.Type == awsVersionType {
			for _, of := range a.Referents(to, "secretId", awsSecretType) {
				to = of
			}
		}
		if to != nil && to.Type == awsSecretType {
			about = append(about, a.secretsByKey[to.URN])
		}
	}
	if about == nil {
		a.withheld = append(a.withheld, r.Name)
		return
	}
	p.unknownPolicies = append(p.unknownPolicies, awsUnknown{how, about})
}

// attach adds managed policies to a principal: those of the stack, and those of AWS that read.
func (a *awsCloud) attach(p *awsPrincipal, r *policy.Resource, property string, arns policy.Value, how string) {
	made := a.Referents(r, property, awsManagedType)
	for _, m := range made {
		a.give(p, m, m.Get("policy"), "policy", how+cmp.Or(m.Output("name").Text(), m.Name))
	}
	for _, v := range arns.Items() {
		arn := v.Text()
		name := arn[strings.LastIndexByte(arn, '/')+1:]
		switch {
		case arn == "" && len(made) == 0:
			a.withheld = append(a.withheld, r.Name)
		case strings.Contains(arn, ":iam::aws:policy/"):
			if statement := awsManaged[name]; statement != "" {
				a.give(p, r, managed(statement), property, how+name)
			}
		case arn != "" && len(made) == 0:
			a.note(fmt.Sprintf("The policy %s of the %s %s is not here: whether it reads is not known.", arn, p.kind, a.access.Identities[p.index].Name))
		}
	}
}

// bind reads the permissions boundary of a principal.
func (a *awsCloud) bind(p *awsPrincipal, r *policy.Resource) {
	v := r.Output("permissionsBoundary")
	if v.Absent() || v.IsText() && v.Text() == "" {
		return
	}
	arn := v.Text()
	p.boundary = arn[strings.LastIndexByte(arn, '/')+1:]
	if statement := awsManaged[p.boundary]; statement != "" && strings.Contains(arn, ":iam::aws:policy/") {
		rules, _ := a.rules(managed(statement), awsRead, "", "the boundary")
		p.boundaryRules = &rules
		return
	}
	for _, m := range a.Referents(r, "permissionsBoundary", awsManagedType) {
		p.boundary = cmp.Or(m.Output("name").Text(), m.Name)
		if rules, unknown := a.rules(m.Get("policy"), awsRead, "", "the policy "+m.Name); !unknown {
			p.boundaryRules = &rules
		}
	}
	p.boundary = cmp.Or(p.boundary, "that is not known before the update")
}

// members gives users the policies of the groups that they are in.
func (a *awsCloud) members() {
	join := func(user, group *awsPrincipal) {
		group.hasMembers = true
		of := " of group " + a.access.Identities[group.index].Name
		for _, rule := range group.rules {
			rule.how += of
			user.rules = append(user.rules, rule)
		}
		user.keyRules = append(user.keyRules, group.keyRules...)
		for _, u := range group.unknownPolicies {
			user.unknownPolicies = append(user.unknownPolicies, awsUnknown{u.how + of, u.about})
		}
	}
	for _, r := range a.Of(awsMembersType) {
		for _, group := range a.refer(r, "group", "group", awsGroupType) {
			for _, user := range a.refer(r, "users", "user", awsUserType) {
				join(user, group)
			}
		}
	}
	for _, r := range a.Of(awsGroupsType) {
		for _, user := range a.refer(r, "user", "user", awsUserType) {
			for _, group := range a.refer(r, "groups", "group", awsGroupType) {
				join(user, group)
			}
		}
	}
}
