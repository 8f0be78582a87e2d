package access

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/secretstack/secretstack/policies/iamdoc"
	"github.com/secretstack/secretstack/policies/policy"
)

// azureRead is the data action that reads a secret's value.
const azureRead = "Microsoft.KeyVault/vaults/secrets/getSecret/action"

// azureReaders are the built-in roles that have it, among the 928 of 22 August 2026:
// https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/security.
var azureReaders = map[string]string{
	"00482a5a-887f-4fb3-b363-3b7fe8e74483": "Key Vault Administrator",
	"b86a8fe4-44ce-4948-aee5-eccb2c155cd7": "Key Vault Secrets Officer",
	"4633458b-17de-408a-b874-0445c86b69e6": "Key Vault Secrets User",
	"db79e9a7-68ee-4b58-9aeb-b90e7c24fcba": "Key Vault Certificate User", // a certificate's secret is read as every other
}

// azureOthers are built-in roles that are often assigned where vaults are, and do not read. Owner and the like are no
// readers, since they have no data action; they may make themselves one.
var azureOthers = map[string]bool{
	"8e3af657-a8ff-443c-a75c-2fe8c4bcb635": true, // Owner
	"b24988ac-6180-42a0-ab88-20f7382dd24c": true, // Contributor
	"acdd72a7-3385-48ef-bd42-f606fba81ae7": true, // Reader
	"18d7d88d-d35e-4fb5-a5c3-7773c20a72d9": true, // User Access Administrator
	"f58310d9-a9f6-439a-9e8d-f62e7b41a168": true, // Role Based Access Control Administrator
	"8b54135c-b56d-4d72-a534-26097cfdc8d8": true, // Key Vault Data Access Administrator
	"f25e0fa2-a7c8-4377-a976-54943a77a395": true, // Key Vault Contributor
	"21090545-7ca7-4776-b22c-e363652d74d2": true, // Key Vault Reader
	"12338af0-0e69-4776-bea7-57ae8d297424": true, // Key Vault Crypto User
	"14b46e9e-c2b7-41b4-b07b-48a6ebf60603": true, // Key Vault Crypto Officer
	"e147488a-f6f5-4113-8e2d-b22465e65bf6": true, // Key Vault Crypto Service Encryption User
	"08bbd89e-9f13-488c-ac41-acfcb10c90ab": true, // Key Vault Crypto Service Release User
	"a4417e6f-fecd-4de8-b567-7b0420556985": true, // Key Vault Certificates Officer
	"a68e7c17-0ab2-4c09-9a58-125dae29748c": true, // Key Vault Purge Operator
}

// The types.
const (
	azureSecretType     = "azure-native:keyvault:Secret"
	azureVaultType      = "azure-native:keyvault:Vault"
	azureGroupType      = "azure-native:resources:ResourceGroup"
	azureAssignmentType = "azure-native:authorization:RoleAssignment"
	azureRoleType       = "azure-native:authorization:RoleDefinition"
	azurePolicyType     = "azure-native:keyvault:AccessPolicy"
	azureIdentityType   = "azure-native:managedidentity:UserAssignedIdentity"
)

var azureTypes = []string{
	azureSecretType, azureVaultType, azureGroupType, azureAssignmentType, azureRoleType, azurePolicyType, azureIdentityType,
}

// azureVault is a vault and its secrets.
type azureVault struct {
	name, group, subscription string // in lower case; "": not known
	resource                  *policy.Resource
	secrets                   []*secret
	byName                    map[string]*secret
}

// azureCloud is what is known of Azure in the stack.
type azureCloud struct {
	*builder
	vaults     map[string]*azureVault // by URN and by name
	all        []*azureVault
	placed     map[string]azureTarget      // of one secret each, by URN
	readers    map[string]string           // names from the options, by object id
	principals map[string]*policy.Resource // resources that are an identity, by object id
}

func (b *builder) azure() {
	a := &azureCloud{
		builder: b, vaults: map[string]*azureVault{}, placed: map[string]azureTarget{}, readers: map[string]string{}, principals: map[string]*policy.Resource{},
	}
	for name, id := range b.Names {
		a.readers[strings.ToLower(id)] = name
	}
	for _, r := range b.Of(azureVaultType) {
		v := a.vault(r.Output("vaultName").Text(), r.Output("resourceGroupName").Text(), r.ID)
		v.resource = r
		a.vaults[r.URN] = v
	}
	for _, r := range b.Of(azureSecretType) {
		a.addSecret(r)
	}
	for _, r := range b.Of(azureIdentityType) {
		if id := r.Output("principalId").Text(); id != "" {
			a.principals[strings.ToLower(id)] = r
		}
	}
	for _, by := range []By{BySecret, ByScope} { // the first may be on secrets from elsewhere, that are in vaults too
		for _, r := range b.Of(azureAssignmentType) {
			a.assign(r, by)
		}
	}
	for _, v := range a.all {
		if v.resource != nil {
			a.accessPolicies(v, v.resource, v.resource.Output("properties.accessPolicies"))
		}
	}
	for _, r := range b.Of(azurePolicyType) {
		if v := a.vaultOf(r, r.Output("vaultName").Text(), r.Output("resourceGroupName").Text()); v != nil {
			a.accessPolicies(v, r, r.Output("policy"))
		}
	}
}

// vault gives that of a name, which it makes where there is none. Names of vaults are unique in all of Azure.
func (a *azureCloud) vault(name, group, id string) *azureVault {
	place := azurePlaceOf(id)
	name, group = strings.ToLower(cmp.Or(name, place.vault)), strings.ToLower(cmp.Or(group, place.group))
	subscription := strings.ToLower(cmp.Or(place.subscription, a.Subscription))
	if v := a.vaults[name]; v != nil && name != "" {
		v.group, v.subscription = cmp.Or(v.group, group), cmp.Or(v.subscription, subscription)
		return v
	}
	v := &azureVault{name: name, group: group, subscription: subscription, byName: map[string]*secret{}}
	a.all = append(a.all, v)
	if name != "" {
		a.vaults[name] = v
	}
	return v
}

// vaultOf gives the vault that a resource is in: by dependency, or by name.
func (a *azureCloud) vaultOf(r *policy.Resource, name, group string) *azureVault {
	for _, urn := range r.PropertyDependencies["vaultName"] {
		if v := a.vaults[urn]; v != nil {
			return v
		}
	}
	if name == "" && r.ID == "" {
		a.note(fmt.Sprintf("The vault of %s is not known before the update.", r.Name))
		return nil
	}
	return a.vault(name, group, r.ID)
}

func (a *azureCloud) addSecret(r *policy.Resource) {
	name := r.Output("secretName").Text()
	v := a.vaultOf(r, r.Output("vaultName").Text(), r.Output("resourceGroupName").Text())
	if v == nil {
		v = a.vault("", "", r.ID)
	}
	where := ""
	if v.name != "" && name != "" {
		where = v.name + "/" + name
	}
	s := a.secret(r.URN, Secret{Name: r.Name, Where: where})
	a.placed[r.URN] = azureTarget{vault: v, secrets: []*secret{s}}
	v.secrets = append(v.secrets, s)
	v.byName[strings.ToLower(name)] = s
}

// azurePlace is what the id of a resource says: https://learn.microsoft.com/azure/role-based-access-control/scope-overview.
type azurePlace struct{ management, subscription, group, vault, secret string }

func azurePlaceOf(id string) (p azurePlace) {
	parts := strings.Split(strings.ToLower(strings.Trim(id, "/")), "/")
	for i := 0; i+1 < len(parts); i += 2 {
		switch parts[i] {
		case "managementgroups":
			p.management = parts[i+1]
		case "subscriptions":
			p.subscription = parts[i+1]
		case "resourcegroups":
			p.group = parts[i+1]
		case "providers":
			if parts[i+1] == "microsoft.management" {
				continue
			}
			if parts[i+1] != "microsoft.keyvault" {
				p.vault = "/" // something else, in which there is no secret
			}
		case "vaults":
			p.vault = parts[i+1]
		case "secrets":
			p.secret = parts[i+1]
		case "keys", "certificates":
			p.secret = "/"
		}
	}
	return p
}

// assign notes whom a role assignment lets read what, if that is by what is asked for.
func (a *azureCloud) assign(r *policy.Resource, only By) {
	targets, where, by := a.scope(r, r.Output("scope"))
	if by != only {
		return
	}
	reads, role := a.role(r, r.Output("roleDefinitionId"), by == BySecret || where == "the vault")
	if reads == iamdoc.No {
		return
	}
	w := Way{By: by, How: role + " on " + where, Level: Certain, Wide: by == ByScope}
	if reads == iamdoc.Unknown {
		w.weaken(Unknown, "of which it is not known here whether it reads")
	}
	if c := r.Output("condition"); !c.Absent() {
		w.weaken(Conditional, "if "+cmp.Or(c.Text(), "a condition holds that is not known before the update"))
	}
	id := a.principal(r)
	for _, t := range targets {
		w := w
		if t.condition != "" {
			w.weaken(t.level, t.condition)
		}
		switch answer := a.byRoles(t.vault); answer {
		case iamdoc.No:
			continue // the vault goes by its access policies alone
		case iamdoc.Unknown:
			w.weaken(Conditional, "if its vault goes by Azure roles")
		}
		for _, s := range t.secrets {
			a.read(s, id, w)
		}
	}
}

// byRoles tells whether a vault goes by roles rather than its access policies. Where the property is not given, it does not:
// https://learn.microsoft.com/azure/templates/microsoft.keyvault/vaults.
func (a *azureCloud) byRoles(v *azureVault) iamdoc.Answer {
	if v.resource == nil {
		return iamdoc.Unknown
	}
	property := v.resource.Output("properties.enableRbacAuthorization")
	if property.Unknown() {
		return iamdoc.Unknown
	}
	return answer(property.True())
}

// azureTarget is secrets of one vault that an assignment is about.
type azureTarget struct {
	vault     *azureVault
	secrets   []*secret
	level     Level
	condition string // "": none
}

// scope gives the secrets at or below the scope of an assignment, and what it is.
func (a *azureCloud) scope(r *policy.Resource, scope policy.Value) (targets []azureTarget, what string, by By) {
	text := scope.Text()
	if text == "" {
		return a.dependency(r)
	}
	p := azurePlaceOf(text)
	switch {
	case p.vault == "/" || p.secret == "/":
		return nil, "", ""
	case p.secret != "":
		v := a.vault(p.vault, p.group, text)
		s := v.byName[p.secret]
		if s == nil { // of a vault elsewhere, perhaps
			s = a.secret("azure "+v.name+"/"+p.secret, Secret{Name: p.secret, Where: v.name + "/" + p.secret})
			v.byName[p.secret] = s
			v.secrets = append(v.secrets, s)
		}
		return []azureTarget{{vault: v, secrets: []*secret{s}}}, "the secret", BySecret
	case p.vault != "":
		v := a.vault(p.vault, p.group, text)
		return []azureTarget{{vault: v, secrets: v.secrets}}, "the vault", ByScope
	}
	what = "everything"
	switch {
	case p.group != "":
		what = "resource group " + p.group
	case p.subscription != "":
		what = "subscription " + p.subscription
	case p.management != "":
		what = "management group " + p.management
	}
	for _, v := range a.all {
		t := azureTarget{vault: v, secrets: v.secrets}
		switch {
		case p.group != "" && v.group != "" && p.group != v.group, p.subscription != "" && v.subscription != "" && p.subscription != v.subscription:
			continue
		case p.group != "" && v.group == "", p.subscription != "" && v.subscription == "":
			t.level, t.condition = Unknown, "if the vault is there"
		case p.management != "":
			t.level, t.condition = Conditional, "if the subscription is in it"
		}
		targets = append(targets, t)
	}
	return targets, what, ByScope
}

// dependency gives the secrets of a scope that is not known yet, by the narrowest resource that it depends on.
func (a *azureCloud) dependency(r *policy.Resource) (targets []azureTarget, what string, by By) {
	on := map[string]*policy.Resource{}
	for _, urn := range r.PropertyDependencies["scope"] {
		if to := a.ByURN(urn); to != nil {
			on[to.Type] = to
		}
	}
	if to := on[azureSecretType]; to != nil {
		return []azureTarget{a.placed[to.URN]}, "the secret", BySecret
	}
	if to := on[azureVaultType]; to != nil {
		v := a.vaults[to.URN]
		return []azureTarget{{vault: v, secrets: v.secrets}}, "the vault", ByScope
	}
	if to := on[azureGroupType]; to != nil {
		name := strings.ToLower(to.Output("resourceGroupName").Text())
		for _, v := range a.all {
			if v.group == name && name != "" {
				targets = append(targets, azureTarget{vault: v, secrets: v.secrets})
			}
		}
		return targets, "resource group " + cmp.Or(name, to.Name), ByScope
	}
	if len(on) == 0 {
		a.note(fmt.Sprintf("The scope of the role assignment %s is not known before the update.", r.Name))
	}
	return nil, "", ""
}

// role tells whether a role reads, and what it is called.
func (a *azureCloud) role(r *policy.Resource, definition policy.Value, near bool) (iamdoc.Answer, string) {
	text := strings.ToLower(definition.Text())
	guid := text[strings.LastIndexByte(text, '/')+1:]
	if azureOthers[guid] {
		return iamdoc.No, ""
	}
	for id, name := range azureReaders {
		if guid == id || guid == strings.ToLower(name) { // a plan of Terraform may have the name
			return iamdoc.Yes, name
		}
	}
	for _, custom := range a.Of(azureRoleType) {
		name := custom.Output("roleName").Text()
		ids := []string{custom.Output("roleDefinitionId").Text(), custom.ID[strings.LastIndexByte(custom.ID, '/')+1:], name}
		if guid != "" && slices.ContainsFunc(ids, func(id string) bool { return strings.EqualFold(id, guid) }) ||
			guid == "" && slices.Contains(r.PropertyDependencies["roleDefinitionId"], custom.URN) {
			return azureReads(custom), "custom role " + cmp.Or(name, custom.Name)
		}
	}
	if near {
		return iamdoc.Unknown, "role " + cmp.Or(guid, "not known before the update")
	}
	a.note(fmt.Sprintf("The role %s of the assignment %s is not known here: whether it reads secrets neither.", cmp.Or(guid, "not known before the update"), r.Name))
	return iamdoc.No, ""
}

// azureReads tells whether a custom role has the data action: https://learn.microsoft.com/azure/role-based-access-control/role-definitions.
func azureReads(role *policy.Resource) (reads iamdoc.Answer) {
	has := func(list policy.Value) (found iamdoc.Answer) {
		for _, v := range list.Items() {
			switch {
			case v.Unknown():
				found = max(found, iamdoc.Unknown)
			case iamdoc.MatchAction(v.Text(), azureRead):
				return iamdoc.Yes
			}
		}
		return found
	}
	permissions := role.Output("permissions")
	if permissions.Unknown() {
		return iamdoc.Unknown
	}
	for _, p := range permissions.Items() {
		reads = max(reads, min(has(p.At("dataActions")), has(p.At("notDataActions")).Not()))
	}
	return reads
}

// azureKinds are the kinds of principals: https://learn.microsoft.com/azure/role-based-access-control/role-assignments#principal.
var azureKinds = map[string]string{
	"User": "user", "Group": "group", "ServicePrincipal": "service principal", "ForeignGroup": "group of another tenant", "Device": "device",
}

// principal gives the identity that a role is assigned to. Where it is that of a resource of the stack, such as an
// application, it has the name of that.
func (a *azureCloud) principal(r *policy.Resource) int {
	var of Identity
	for _, urn := range r.PropertyDependencies["principalId"] {
		if to := a.ByURN(urn); to != nil {
			of = Identity{Name: to.Name, Kind: "managed identity", Resource: urn, Mark: mark(to)}
		}
	}
	id := r.Output("principalId").Text()
	switch {
	case id != "":
		i := a.object(id, azureKinds[r.Output("principalType").Text()])
		if of.Resource != "" {
			a.identity(a.key(id), of) // adds what it does not have
		}
		return i
	case of.Resource != "":
		return a.identity(of.Resource, of)
	}
	return a.unknown(r.URN)
}

// object gives the identity with an object id.
func (a *azureCloud) object(id, kind string) int {
	id = strings.ToLower(id)
	made := a.principals[id]
	if made == nil {
		return a.identity(a.key(id), Identity{Name: a.readers[id], ID: id, Kind: cmp.Or(kind, "principal")})
	}
	return a.identity(a.key(id), Identity{
		Name: cmp.Or(a.readers[id], made.Name), ID: id, Kind: "managed identity", Resource: made.URN, Mark: mark(made),
	})
}

// key is that of the identity with an object id.
func (a *azureCloud) key(id string) string {
	id = strings.ToLower(id)
	if made := a.principals[id]; made != nil {
		return made.URN
	}
	return "azure " + id
}

// accessPolicies notes whom access policies let read all secrets of a vault.
func (a *azureCloud) accessPolicies(v *azureVault, r *policy.Resource, policies policy.Value) {
	byRoles := a.byRoles(v)
	if byRoles == iamdoc.Yes {
		return
	}
	w := Way{By: ByScope, How: "access policy of the vault", Level: Certain, Wide: true}
	if byRoles == iamdoc.Unknown {
		w.weaken(Conditional, "if its vault goes by access policies")
	}
	for _, p := range policies.Items() {
		w := w
		reads := false
		for _, permission := range p.At("permissions.secrets").Items() {
			text := strings.ToLower(permission.Text())
			reads = reads || text == "get" || text == "all"
			if permission.Unknown() {
				reads = true
				w.weaken(Unknown, beforeUpdate)
			}
		}
		if !reads {
			continue
		}
		id := a.unknown(r.URN)
		if object := p.At("objectId").Text(); object != "" {
			id = a.object(object, "")
		} else if to := a.identityOf(r); to != nil {
			id = a.identity(to.URN, Identity{Name: to.Name, Kind: "managed identity", Resource: to.URN, Mark: mark(to)})
		}
		for _, s := range v.secrets {
			a.read(s, id, w)
		}
	}
}

// identityOf gives the identity on which a resource's access policies depend, where it is the only one.
func (a *azureCloud) identityOf(r *policy.Resource) (only *policy.Resource) {
	for _, property := range []string{"policy", "properties"} {
		for _, urn := range r.PropertyDependencies[property] {
			if to := a.ByURN(urn); to != nil && to.Type == azureIdentityType {
				if only != nil {
					return nil
				}
				only = to
			}
		}
	}
	return only
}
