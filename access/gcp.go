package access

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/urn"

	"github.com/secretstack/secretstack/policies/iamdoc"
	"github.com/secretstack/secretstack/policies/policy"
)

// gcpAccess is the permission to read a secret's value.
const gcpAccess = "secretmanager.versions.access"

// gcpRoles are the predefined roles that have it, among the 2,461 of 22 August 2026; roles/editor has not:
// https://cloud.google.com/iam/docs/roles-permissions/secretmanager, https://cloud.google.com/iam/docs/roles-overview#basic.
var gcpRoles = map[string]bool{"roles/owner": true, "roles/secretmanager.admin": true, "roles/secretmanager.secretAccessor": true}

// The types of Google Cloud, beside gcpGrants.
var (
	gcpSecrets     = []string{"gcp:secretmanager/secret:Secret", "gcp:secretmanager/regionalSecret:RegionalSecret"}
	gcpCustomRoles = []string{"gcp:projects/iAMCustomRole:IAMCustomRole", "gcp:organizations/iAMCustomRole:IAMCustomRole"}
	gcpTypes       = slices.Concat(gcpSecrets, gcpCustomRoles, []string{gcpAccountType, gcpDenyType})
)

const (
	gcpAccountType = "gcp:serviceaccount/account:Account"
	gcpDenyType    = "gcp:iam/denyPolicy:DenyPolicy"
	providerType   = "pulumi:providers:gcp" // which may say the project
)

// gcpScope is where a type of grant applies.
type gcpScope struct {
	what     string // "secret", "project", "folder" or "organization"
	property string // that names which
}

// gcpGrants are the types of grants: of one member, of several, and of a whole policy. A binding or policy takes away
// what others have granted; what the stack itself grants is all counted.
var gcpGrants = map[string]gcpScope{
	"gcp:secretmanager/secretIamMember:SecretIamMember":                   {"secret", "secretId"},
	"gcp:secretmanager/secretIamBinding:SecretIamBinding":                 {"secret", "secretId"},
	"gcp:secretmanager/secretIamPolicy:SecretIamPolicy":                   {"secret", "secretId"},
	"gcp:secretmanager/regionalSecretIamMember:RegionalSecretIamMember":   {"secret", "secretId"},
	"gcp:secretmanager/regionalSecretIamBinding:RegionalSecretIamBinding": {"secret", "secretId"},
	"gcp:secretmanager/regionalSecretIamPolicy:RegionalSecretIamPolicy":   {"secret", "secretId"},
	"gcp:projects/iAMMember:IAMMember":                                    {"project", "project"},
	"gcp:projects/iAMBinding:IAMBinding":                                  {"project", "project"},
	"gcp:projects/iAMPolicy:IAMPolicy":                                    {"project", "project"},
	"gcp:folder/iAMMember:IAMMember":                                      {"folder", "folder"},
	"gcp:folder/iAMBinding:IAMBinding":                                    {"folder", "folder"},
	"gcp:folder/iAMPolicy:IAMPolicy":                                      {"folder", "folder"},
	"gcp:organizations/iAMMember:IAMMember":                               {"organization", "orgId"},
	"gcp:organizations/iAMBinding:IAMBinding":                             {"organization", "orgId"},
	"gcp:organizations/iAMPolicy:IAMPolicy":                               {"organization", "orgId"},
}

// gcpCloud is what is known of Google Cloud in the stack.
type gcpCloud struct {
	*builder
	secrets   map[string][]*secret        // by URN, and by the id of a secret; "" has all
	projects  map[*secret]string          // "": not known
	roles     map[string]*policy.Resource // the custom ones, by URN and by id
	readers   map[string]string           // names from the options, by member
	denies    []gcpDeny
	principal map[int]string // of an identity, as deny policies name it
}

func (b *builder) gcp() {
	g := &gcpCloud{
		builder: b, secrets: map[string][]*secret{}, projects: map[*secret]string{}, roles: map[string]*policy.Resource{},
		readers: map[string]string{}, principal: map[int]string{},
	}
	for name, id := range b.Names {
		g.readers[id] = name
	}
	if g.Project == "" {
		g.Project = g.onlyProject()
	}
	for _, typ := range gcpSecrets {
		for _, r := range b.Of(typ) {
			g.add(r.URN, r.Name, r.Output("secretId").Text(), cmp.Or(r.Output("project").Text(), g.Project), r.Get("location").Text())
		}
	}
	for _, typ := range gcpCustomRoles {
		for _, r := range b.Of(typ) {
			g.roles[r.URN] = r
			if id := r.Output("roleId").Text(); id != "" {
				g.roles[id] = r
			}
		}
	}
	g.readDenies()
	for _, onSecret := range []bool{true, false} { // which may be on secrets from elsewhere, that are in the projects too
		for _, typ := range slices.Sorted(maps.Keys(gcpGrants)) {
			scope := gcpGrants[typ]
			if (scope.what == "secret") != onSecret {
				continue
			}
			for _, r := range b.Of(typ) {
				g.grants(r, scope)
			}
		}
	}
}

// onlyProject is the project of the stack's resources, if they have only one.
func (g *gcpCloud) onlyProject() string {
	only := ""
	for _, typ := range slices.Concat(gcpSecrets, []string{gcpAccountType, providerType}) {
		for _, r := range g.Of(typ) {
			switch p := r.Output("project").Text(); {
			case p == "" || p == only:
			case only != "":
				return ""
			default:
				only = p
			}
		}
	}
	return only
}

func (g *gcpCloud) add(key, name, id, project, location string) *secret {
	where := id
	if where != "" && location != "" {
		where = location + "/" + where
	}
	if where != "" && project != "" {
		where = project + "/" + where
	}
	s := g.secret("gcp "+key, Secret{Name: name, Where: where})
	g.projects[s] = project
	g.secrets[key] = append(g.secrets[key], s)
	if id != "" {
		g.secrets[id] = append(g.secrets[id], s)
	}
	g.secrets[""] = append(g.secrets[""], s)
	return s
}

// grants notes what a resource grants: a member, a binding or a policy.
func (g *gcpCloud) grants(r *policy.Resource, scope gcpScope) {
	if data := r.Get("policyData"); !data.Absent() {
		if data.Unknown() {
			g.grant(r, scope, policy.Value{}, "a policy", []policy.Value{data}, policy.Value{}, iamdoc.Unknown)
			return
		}
		document, err := data.Document()
		if err != nil {
			g.note(fmt.Sprintf("The policy %s could not be read: %s.", r.Name, err))
		}
		for _, binding := range document.At("bindings").Items() {
			reads, role := g.role(r, binding.At("role"), scope)
			g.grant(r, scope, binding.At("role"), role, binding.At("members").Items(), binding.At("condition"), reads)
		}
		return
	}
	members := append(r.Output("member").Items(), r.Output("members").Items()...)
	reads, role := g.role(r, r.Output("role"), scope)
	g.grant(r, scope, r.Output("role"), role, members, r.Output("condition"), reads)
}

// role tells whether a role reads, and what it is called.
func (g *gcpCloud) role(r *policy.Resource, role policy.Value, scope gcpScope) (reads iamdoc.Answer, name string) {
	name = role.Text()
	custom := g.roles[name[strings.LastIndexByte(name, '/')+1:]]
	if strings.HasPrefix(name, "roles/") {
		return answer(gcpRoles[name]), name
	}
	if name == "" { // not known: a role that the same update makes
		for _, urn := range r.PropertyDependencies["role"] {
			if found := g.roles[urn]; found != nil {
				custom = found
			}
		}
	}
	if custom == nil {
		if name != "" && scope.what != "secret" {
			g.note(fmt.Sprintf("The role %s, granted on the %s, is not defined here: whether it reads is not known.", name, scope.what))
			return iamdoc.No, name
		}
		return iamdoc.Unknown, cmp.Or(name, "a role")
	}
	name = "custom role " + cmp.Or(custom.Output("roleId").Text(), custom.Name)
	permissions := custom.Output("permissions")
	for _, p := range permissions.Items() {
		if p.Text() == gcpAccess {
			return iamdoc.Yes, name
		}
		if p.Unknown() {
			reads = iamdoc.Unknown
		}
	}
	return reads, name
}

func answer(yes bool) iamdoc.Answer {
	if yes {
		return iamdoc.Yes
	}
	return iamdoc.No
}

// grant notes that members have a role somewhere.
func (g *gcpCloud) grant(
	r *policy.Resource, scope gcpScope, role policy.Value, name string, members []policy.Value, condition policy.Value, reads iamdoc.Answer,
) {
	if reads == iamdoc.No {
		return
	}
	w := Way{By: BySecret, How: name + " on the secret", Level: Certain}
	if reads == iamdoc.Unknown {
		w.Level, w.If = Unknown, []string{beforeUpdate}
		if role.Text() != "" {
			w.If = []string{"which is not defined here"}
		}
	}
	if expression := condition.At("expression"); !condition.Absent() {
		w.weaken(Conditional, "if "+cmp.Or(expression.Text(), "a condition holds that is not known before the update"))
	}
	in, maybe := g.on(r, scope, &w, name)
	unsure := w
	unsure.weaken(Unknown, "if that is the project of the secret")
	for _, m := range members {
		for _, id := range g.members(r, m) {
			for _, s := range in {
				g.deny(s, id, w)
			}
			for _, s := range maybe {
				g.deny(s, id, unsure)
			}
		}
	}
}

// on gives the secrets that a grant is about, and those that it may be about, and says in the way what it is on.
func (g *gcpCloud) on(r *policy.Resource, scope gcpScope, w *Way, role string) (in, maybe []*secret) {
	of := r.Output(scope.property)
	if scope.what == "secret" {
		return g.named(r, of), nil
	}
	project := cmp.Or(of.Text(), g.Project)
	w.By, w.Wide, w.How = ByScope, true, fmt.Sprintf("%s on %s %s", role, scope.what, cmp.Or(of.Text(), r.Name))
	switch {
	case scope.what != "project":
		w.weaken(Conditional, "if the project is in it")
		return g.secrets[""], nil
	case of.Unknown() || project == "":
		return nil, g.secrets[""]
	}
	w.How = role + " on project " + project
	for _, s := range g.secrets[""] {
		switch g.projects[s] {
		case project:
			in = append(in, s)
		case "":
			maybe = append(maybe, s)
		}
	}
	return in, maybe
}

// named gives the secrets that a grant on a secret names: by dependency, or by their ids. One that the stack does not make
// is added.
func (g *gcpCloud) named(r *policy.Resource, of policy.Value) []*secret {
	var found []*secret
	for _, urn := range r.PropertyDependencies["secretId"] {
		found = append(found, g.secrets[urn]...)
	}
	name := of.Text()
	if len(found) > 0 || name == "" {
		if len(found) == 0 {
			g.note(fmt.Sprintf("The grant %s is on a secret that is not known before the update.", r.Name))
		}
		return found
	}
	id := name[strings.LastIndexByte(name, '/')+1:]
	project := cmp.Or(r.Output("project").Text(), g.Project)
	if parts := strings.Split(name, "/"); len(parts) >= 4 && parts[0] == "projects" && strings.Trim(parts[1], "0123456789") != "" {
		project = parts[1] // a number says nothing
	}
	for _, s := range g.secrets[id] {
		if p := g.projects[s]; p == project || p == "" || project == "" {
			found = append(found, s)
		}
	}
	if len(found) == 0 {
		found = append(found, g.add("elsewhere "+project+"/"+id, id, id, project, r.Get("location").Text()))
	}
	return found
}

// members gives the identities of a member; one that is not known is what the property depends on.
func (g *gcpCloud) members(r *policy.Resource, member policy.Value) []int {
	if text := member.Text(); text != "" {
		return []int{g.member(text, "", "")}
	}
	var found []int
	for _, property := range []string{"member", "members", "policyData"} {
		for _, urn := range r.PropertyDependencies[property] {
			if account := g.ByURN(urn); account != nil && account.Type == gcpAccountType {
				found = append(found, g.account(account))
			}
		}
	}
	if found == nil {
		found = append(found, g.unknown(r.URN))
	}
	return found
}

// account gives the identity of a service account that the stack makes.
func (g *gcpCloud) account(r *policy.Resource) int {
	project := cmp.Or(r.Output("project").Text(), g.Project)
	email := r.Output("email").Text()
	if id := r.Output("accountId").Text(); email == "" && id != "" && project != "" {
		email = id + "@" + project + ".iam.gserviceaccount.com"
	}
	if email == "" {
		return g.identity(r.URN, Identity{Name: r.Name, Kind: "service account", Resource: r.URN, Mark: mark(r)})
	}
	return g.member("serviceAccount:"+email, r.URN, mark(r))
}

// mark is Rotator for what a component of that kind makes.
func mark(r *policy.Resource) Mark {
	parent, err := urn.Parse(r.Parent)
	if err == nil && strings.HasPrefix(string(parent.Type()), "secretstack:") && parent.Type().Name() == "Rotator" {
		return Rotator
	}
	return ""
}

// gcpKinds are the kinds of members: https://cloud.google.com/iam/docs/principal-identifiers.
var gcpKinds = map[string]string{
	"user": "user", "group": "group", "domain": "domain", "serviceAccount": "service account", "principal": "workload", "principalSet": "workloads",
	"projectOwner": "owners of a project", "projectEditor": "editors of a project", "projectViewer": "viewers of a project",
}

// member gives the identity of a member as policies name it.
func (g *gcpCloud) member(text, made string, is Mark) int {
	kind, name, _ := strings.Cut(text, ":")
	id := Identity{Name: g.readers[text], ID: text, Kind: cmp.Or(gcpKinds[kind], kind), Resource: made, Mark: is}
	principal := ""
	switch kind {
	case "allUsers":
		id.Name, id.Kind, id.Mark = "anybody", "everybody", Anybody
	case "allAuthenticatedUsers":
		id.Name, id.Kind, id.Mark = "anybody with a Google account", "everybody", Anybody
	case "serviceAccount":
		id.Name = cmp.Or(id.Name, strings.Split(name, "@")[0])
		// Agents of Google's services are in projects of Google's: https://cloud.google.com/iam/docs/service-agents.
		if _, domain, _ := strings.Cut(name, "@"); id.Mark == "" &&
			(strings.HasPrefix(domain, "gcp-sa-") || domain == "cloudservices.gserviceaccount.com") {
			id.Mark = Service
		}
		principal = "principal://iam.googleapis.com/projects/-/serviceAccounts/" + name
	case "user":
		principal = "principal://goog/subject/" + name
	case "group":
		principal = "principalSet://goog/group/" + name
	case "principal", "principalSet":
		name = name[strings.LastIndexByte(name, '/')+1:]
		principal = text
	}
	id.Name = cmp.Or(id.Name, name)
	i := g.identity("gcp "+text, id)
	g.principal[i] = principal
	return i
}
