package access_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kms"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lambda"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/secretsmanager"
	"github.com/pulumi/pulumi-azure-native-sdk/authorization/v2"
	"github.com/pulumi/pulumi-azure-native-sdk/keyvault/v2"
	"github.com/pulumi/pulumi-azure-native-sdk/managedidentity/v2"
	"github.com/pulumi/pulumi-azure-native-sdk/resources/v2"
	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/folder"
	gcpiam "github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/iam"
	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/organizations"
	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/projects"
	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/secretmanager"
	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/serviceaccount"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/access"
	"github.com/secretstack/secretstack/internal/golden"
	"github.com/secretstack/secretstack/internal/plan"
	"github.com/secretstack/secretstack/policies/planned"
	"github.com/secretstack/secretstack/policies/policy"
	"github.com/secretstack/secretstack/policies/source"
)

// unserved are the types that the SDKs pinned here do not have:
// https://www.pulumi.com/registry/packages/gcp/api-docs/secretmanager/regionalsecretiammember/.
var unserved = "gcp:secretmanager/regionalSecret"

// TestProgram demands that each type that is looked at is one of the SDKs', with the properties that are looked at: the program
// grants everything that there is to grant, each to an identity of its own, and all of them are found.
func TestProgram(t *testing.T) {
	g, err := plan.Run(t.Context(), program, plan.Options{Project: "shop", Stack: "everything", Config: map[string]string{"gcp:project": "shop-prod"}})
	if err != nil {
		t.Fatal(err)
	}
	types := map[string]bool{}
	var all []*policy.Resource
	for r := range planned.Resources(g) {
		types[r.Type] = true
		all = append(all, r)
	}
	for _, typ := range access.Types() {
		if !types[typ] && !strings.HasPrefix(typ, unserved) {
			t.Errorf("the program has no %s", typ)
		}
	}
	a := access.Of(all, access.Options{Account: "111122223333", Region: "eu-west-1", Project: "shop-prod"})
	var text strings.Builder
	for s, readers := range a.Each() {
		for _, r := range readers {
			fmt.Fprintf(&text, "%s %s %s: %s\n", s.Name, r.Identity, r.Label(), r.How())
		}
	}
	golden.Compare(t, "testdata/program.txt", []byte(text.String()+strings.Join(a.Notes, "\n")))
}

// TestTerraform demands that a plan of Terraform can have each type, but for those that docs/access.md says it cannot.
func TestTerraform(t *testing.T) {
	mapped := source.Mapped()
	for _, typ := range access.Types() {
		if !slices.Contains(mapped, typ) && !slices.Contains(unmapped, typ) {
			t.Errorf("there is no mapping for %s", typ)
		}
	}
}

var unmapped = []string{
	"secretstack:local:Entry", // which is ours
	"aws:iam/groupMembership:GroupMembership", "gcp:iam/denyPolicy:DenyPolicy",
	"aws:iam/groupPolicyAttachmentsExclusive:GroupPolicyAttachmentsExclusive", "aws:iam/userPolicyAttachmentsExclusive:UserPolicyAttachmentsExclusive",
}

func text(s string) pulumi.StringInput { return pulumi.String(s) }

// first keeps what goes wrong first.
type first struct{ err error }

func (f *first) note(_ any, err error) {
	if f.err == nil {
		f.err = err
	}
}

func program(ctx *pulumi.Context) error {
	var f first
	programAWS(ctx, &f)
	programGCP(ctx, &f)
	programAzure(ctx, &f)
	f.note(nil, ctx.RegisterResource("secretstack:local:Entry", "local", pulumi.Map{
		"name": text("local"), "file": text("secrets.yaml"), "readers": pulumi.StringMap{"local-reader": text("age1")},
	}, &pulumi.CustomResourceState{}))
	return f.err
}

func programAWS(ctx *pulumi.Context, f *first) {
	reads := func(sid string) pulumi.String {
		return pulumi.String(`{"Statement": [{"Sid": "` + sid + `", "Effect": "Allow", "Action": ["secretsmanager:GetSecretValue", "kms:Decrypt"], "Resource": "*"}]}`)
	}
	role := func(name string) *iam.Role {
		r, err := iam.NewRole(ctx, name, &iam.RoleArgs{Name: text(name), AssumeRolePolicy: pulumi.String("{}")})
		f.note(r, err)
		return r
	}
	user := func(name string) *iam.User {
		u, err := iam.NewUser(ctx, name, &iam.UserArgs{Name: text(name)})
		f.note(u, err)
		return u
	}
	group := func(name string) *iam.Group {
		g, err := iam.NewGroup(ctx, name, &iam.GroupArgs{Name: text(name)})
		f.note(g, err)
		return g
	}
	key, err := kms.NewKey(ctx, "key", &kms.KeyArgs{})
	f.note(key, err)
	alias, err := kms.NewAlias(ctx, "alias", &kms.AliasArgs{Name: text("alias/shop"), TargetKeyId: key.KeyId})
	f.note(alias, err)
	f.note(kms.NewKeyPolicy(ctx, "key", &kms.KeyPolicyArgs{KeyId: key.KeyId, Policy: pulumi.String(
		`{"Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "kms:*", "Resource": "*"}]}`)}))
	grantee := role("by-secret-and-grant")
	f.note(kms.NewGrant(ctx, "grant", &kms.GrantArgs{KeyId: key.KeyId, GranteePrincipal: grantee.Arn, Operations: pulumi.StringArray{text("Decrypt")}}))
	secret, err := secretsmanager.NewSecret(ctx, "aws", &secretsmanager.SecretArgs{Name: text("aws"), KmsKeyId: alias.Name})
	f.note(secret, err)
	f.note(secretsmanager.NewSecretPolicy(ctx, "aws", &secretsmanager.SecretPolicyArgs{SecretArn: secret.Arn, Policy: pulumi.String(
		`{"Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/by-secret-and-grant"}, "Action": "secretsmanager:GetSecretValue", "Resource": "*"}]}`)}))
	version, err := secretsmanager.NewSecretVersion(ctx, "aws", &secretsmanager.SecretVersionArgs{SecretId: secret.ID(), SecretString: text("x")})
	f.note(version, err)

	managed, err := iam.NewPolicy(ctx, "managed", &iam.PolicyArgs{Name: text("managed"), Policy: reads("Managed")})
	f.note(managed, err)
	later, err := iam.NewPolicy(ctx, "later", &iam.PolicyArgs{Name: text("later"), Policy: version.Arn.ApplyT(func(arn string) string { return arn }).(pulumi.StringOutput)})
	f.note(later, err)
	f.note(iam.NewRolePolicyAttachment(ctx, "later", &iam.RolePolicyAttachmentArgs{Role: role("by-later").Name, PolicyArn: later.Arn}))
	f.note(iam.NewRole(ctx, "by-inline", &iam.RoleArgs{
		Name: text("by-inline"), AssumeRolePolicy: pulumi.String("{}"), InlinePolicies: iam.RoleInlinePolicyArray{iam.RoleInlinePolicyArgs{Name: text("inline"), Policy: reads("Inline")}},
		ManagedPolicyArns: pulumi.StringArray{managed.Arn}, PermissionsBoundary: managed.Arn,
	}))
	f.note(iam.NewRolePolicy(ctx, "p", &iam.RolePolicyArgs{Role: role("by-role-policy").Name, Name: text("p"), Policy: reads("Own")}))
	f.note(iam.NewRolePolicyAttachment(ctx, "a", &iam.RolePolicyAttachmentArgs{Role: role("by-attachment").Name, PolicyArn: managed.Arn}))
	f.note(iam.NewRolePolicyAttachmentsExclusive(ctx, "a", &iam.RolePolicyAttachmentsExclusiveArgs{RoleName: role("by-exclusive").Name, PolicyArns: pulumi.StringArray{managed.Arn}}))
	f.note(iam.NewUserPolicy(ctx, "p", &iam.UserPolicyArgs{User: user("by-user-policy").Name, Name: text("p"), Policy: reads("Own")}))
	f.note(iam.NewUserPolicyAttachment(ctx, "a", &iam.UserPolicyAttachmentArgs{User: user("by-user-attachment").Name, PolicyArn: managed.Arn}))
	f.note(iam.NewUserPolicyAttachmentsExclusive(ctx, "a", &iam.UserPolicyAttachmentsExclusiveArgs{UserName: user("by-user-exclusive").Name, PolicyArns: pulumi.StringArray{managed.Arn}}))
	f.note(iam.NewPolicyAttachment(ctx, "a", &iam.PolicyAttachmentArgs{
		Roles: pulumi.Array{role("by-all").Name}, Users: pulumi.Array{user("by-all-user").Name}, Groups: pulumi.Array{group("by-all-group").Name}, PolicyArn: managed.Arn,
	}))
	one, two, three := group("one"), group("two"), group("three")
	f.note(iam.NewGroupPolicy(ctx, "p", &iam.GroupPolicyArgs{Group: one.Name, Name: text("p"), Policy: reads("Own")}))
	f.note(iam.NewGroupPolicyAttachment(ctx, "a", &iam.GroupPolicyAttachmentArgs{Group: two.Name, PolicyArn: managed.Arn}))
	f.note(iam.NewGroupPolicyAttachmentsExclusive(ctx, "a", &iam.GroupPolicyAttachmentsExclusiveArgs{GroupName: three.Name, PolicyArns: pulumi.StringArray{managed.Arn}}))
	f.note(iam.NewGroupMembership(ctx, "m", &iam.GroupMembershipArgs{Group: one.Name, Users: pulumi.StringArray{user("in-one").Name}}))
	f.note(iam.NewUserGroupMembership(ctx, "m", &iam.UserGroupMembershipArgs{User: user("in-two").Name, Groups: pulumi.StringArray{two.Name}}))

	rotator := role("rotator")
	f.note(iam.NewRolePolicy(ctx, "rotator", &iam.RolePolicyArgs{Role: rotator.ID(), Name: text("rotates"), Policy: reads("Rotates")}))
	function, err := lambda.NewFunction(ctx, "rotator", &lambda.FunctionArgs{Role: rotator.Arn, Code: pulumi.NewFileArchive("x.zip"), Handler: text("x"), Runtime: text("x")})
	f.note(function, err)
	f.note(secretsmanager.NewSecretRotation(ctx, "r", &secretsmanager.SecretRotationArgs{
		SecretId: secret.ID(), RotationLambdaArn: function.Arn, RotationRules: secretsmanager.SecretRotationRotationRulesArgs{AutomaticallyAfterDays: pulumi.Int(30)},
	}))
}

func programGCP(ctx *pulumi.Context, f *first) {
	const accessor = pulumi.String("roles/secretmanager.secretAccessor")
	member := func(name string) pulumi.String { return pulumi.String("user:" + name + "@example.com") }
	members := func(name string) pulumi.StringArray { return pulumi.StringArray{member(name)} }
	data := func(name string) pulumi.String {
		return pulumi.String(fmt.Sprintf(`{"bindings": [{"role": %q, "members": [%q]}]}`, accessor, member(name)))
	}
	secret, err := secretmanager.NewSecret(ctx, "gcp", &secretmanager.SecretArgs{SecretId: text("gcp"), Replication: secretmanager.SecretReplicationArgs{}})
	f.note(secret, err)
	account, err := serviceaccount.NewAccount(ctx, "app", &serviceaccount.AccountArgs{AccountId: text("app")})
	f.note(account, err)
	custom, err := projects.NewIAMCustomRole(ctx, "custom", &projects.IAMCustomRoleArgs{
		RoleId: text("custom"), Title: text("Custom"), Permissions: pulumi.StringArray{text("secretmanager.versions.access")},
	})
	f.note(custom, err)
	of, err := organizations.NewIAMCustomRole(ctx, "of-organization", &organizations.IAMCustomRoleArgs{
		OrgId: text("5678"), RoleId: text("ofOrganization"), Title: text("Custom"), Permissions: pulumi.StringArray{text("secretmanager.versions.access")},
	})
	f.note(of, err)
	f.note(secretmanager.NewSecretIamMember(ctx, "m", &secretmanager.SecretIamMemberArgs{SecretId: secret.SecretId, Role: custom.Name, Member: account.Member}))
	f.note(secretmanager.NewSecretIamBinding(ctx, "b", &secretmanager.SecretIamBindingArgs{
		SecretId: secret.ID(), Role: of.Name, Members: members("secret-binding"), Condition: secretmanager.SecretIamBindingConditionArgs{Title: text("t"), Expression: text("c")},
	}))
	f.note(secretmanager.NewSecretIamPolicy(ctx, "p", &secretmanager.SecretIamPolicyArgs{SecretId: secret.SecretId, PolicyData: data("secret-policy")}))
	f.note(projects.NewIAMMember(ctx, "m", &projects.IAMMemberArgs{Project: text("shop-prod"), Role: accessor, Member: member("project-member")}))
	f.note(projects.NewIAMBinding(ctx, "b", &projects.IAMBindingArgs{Project: text("shop-prod"), Role: accessor, Members: members("project-binding")}))
	f.note(projects.NewIAMPolicy(ctx, "p", &projects.IAMPolicyArgs{Project: text("shop-prod"), PolicyData: data("project-policy")}))
	f.note(folder.NewIAMMember(ctx, "m", &folder.IAMMemberArgs{Folder: text("folders/1"), Role: accessor, Member: member("folder-member")}))
	f.note(folder.NewIAMBinding(ctx, "b", &folder.IAMBindingArgs{Folder: text("folders/1"), Role: accessor, Members: members("folder-binding")}))
	f.note(folder.NewIAMPolicy(ctx, "p", &folder.IAMPolicyArgs{Folder: text("folders/1"), PolicyData: data("folder-policy")}))
	f.note(organizations.NewIAMMember(ctx, "m", &organizations.IAMMemberArgs{OrgId: text("5678"), Role: accessor, Member: member("organization-member")}))
	f.note(organizations.NewIAMBinding(ctx, "b", &organizations.IAMBindingArgs{OrgId: text("5678"), Role: accessor, Members: members("organization-binding")}))
	f.note(organizations.NewIAMPolicy(ctx, "p", &organizations.IAMPolicyArgs{OrgId: text("5678"), PolicyData: data("organization-policy")}))
	f.note(projects.NewIAMMember(ctx, "denied", &projects.IAMMemberArgs{Project: text("shop-prod"), Role: text("roles/owner"), Member: member("denied")}))
	f.note(gcpiam.NewDenyPolicy(ctx, "d", &gcpiam.DenyPolicyArgs{Parent: text("cloudresourcemanager.googleapis.com%2Fprojects%2Fshop-prod"), Name: text("d"), Rules: gcpiam.DenyPolicyRuleArray{
		gcpiam.DenyPolicyRuleArgs{DenyRule: gcpiam.DenyPolicyRuleDenyRuleArgs{
			DeniedPermissions: pulumi.StringArray{text("secretmanager.googleapis.com/versions.*")}, DeniedPrincipals: pulumi.StringArray{text("principal://goog/subject/denied@example.com")},
			ExceptionPrincipals: pulumi.StringArray{}, ExceptionPermissions: pulumi.StringArray{}, DenialCondition: nil,
		}},
	}}))
}

func programAzure(ctx *pulumi.Context, f *first) {
	group, err := resources.NewResourceGroup(ctx, "group", &resources.ResourceGroupArgs{ResourceGroupName: text("group")})
	f.note(group, err)
	identity, err := managedidentity.NewUserAssignedIdentity(ctx, "identity", &managedidentity.UserAssignedIdentityArgs{ResourceGroupName: group.Name, ResourceName: text("identity")})
	f.note(identity, err)
	custom, err := authorization.NewRoleDefinition(ctx, "role", &authorization.RoleDefinitionArgs{
		RoleName: text("Custom"), Scope: group.ID(), Permissions: authorization.PermissionArray{authorization.PermissionArgs{
			DataActions: pulumi.StringArray{text("Microsoft.KeyVault/vaults/secrets/*")}, NotDataActions: pulumi.StringArray{text("Microsoft.KeyVault/vaults/secrets/setSecret/action")},
		}},
	})
	f.note(custom, err)
	for _, name := range []string{"roles", "policies"} {
		vault, err := keyvault.NewVault(ctx, name, &keyvault.VaultArgs{VaultName: text("shop-" + name), ResourceGroupName: text("group"), Properties: keyvault.VaultPropertiesArgs{
			EnableRbacAuthorization: pulumi.Bool(name == "roles"), TenantId: text("t"), Sku: keyvault.SkuArgs{Family: text("A"), Name: keyvault.SkuNameStandard},
			AccessPolicies: keyvault.AccessPolicyEntryArray{keyvault.AccessPolicyEntryArgs{
				ObjectId: text("by-policy"), TenantId: text("t"), Permissions: keyvault.PermissionsArgs{Secrets: pulumi.StringArray{text("get")}},
			}},
		}})
		f.note(vault, err)
		secret, err := keyvault.NewSecret(ctx, "azure-"+name, &keyvault.SecretArgs{
			VaultName: vault.Name, ResourceGroupName: text("group"), SecretName: text("azure"), Properties: keyvault.SecretPropertiesArgs{Value: text("x")},
		})
		f.note(secret, err)
		f.note(keyvault.NewAccessPolicy(ctx, name, &keyvault.AccessPolicyArgs{VaultName: vault.Name, ResourceGroupName: text("group"), Policy: keyvault.AccessPolicyEntryArgs{
			ObjectId: identity.PrincipalId, TenantId: text("t"), Permissions: keyvault.PermissionsArgs{Secrets: pulumi.StringArray{text("all")}},
		}}))
		scopes := map[string]pulumi.StringInput{"secret": secret.ID().ToStringOutput(), "vault": vault.ID().ToStringOutput(), "group": group.ID().ToStringOutput()}
		for _, scope := range slices.Sorted(maps.Keys(scopes)) {
			f.note(authorization.NewRoleAssignment(ctx, name+"-"+scope, &authorization.RoleAssignmentArgs{
				Scope: scopes[scope], RoleDefinitionId: custom.ID().ToStringOutput(), PrincipalId: text("by-" + scope), PrincipalType: text("User"), Condition: nil,
			}))
		}
	}
}
