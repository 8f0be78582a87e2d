package gcpsecret

import (
	"fmt"
	"hash/fnv"
	"regexp"
	"strings"

	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/cloudrunv2"
	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/projects"
	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/serviceaccount"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// What the service calls: see the documentation of rotation/gcpstore. The predefined roles have too little
// (secretVersionAdder) or too much (secretVersionManager has no access; admin deletes). Who may update a secret
// can have it expire, and can say where its next value is sent; so only the companion can be updated.
var (
	permissions = []string{
		"secretmanager.secrets.get", "secretmanager.versions.access", "secretmanager.versions.add",
		"secretmanager.versions.destroy", "secretmanager.versions.get", "secretmanager.versions.list",
	}
	companionPermissions = []string{
		"secretmanager.secrets.get", "secretmanager.secrets.update", "secretmanager.versions.access",
		"secretmanager.versions.add", "secretmanager.versions.destroy", "secretmanager.versions.get",
	}
)

// newService makes the service and the accounts: the one as which it works, with the roles that each secret's
// grants give it, and the pusher, as which Pub/Sub calls it.
func (r *Rotator) newService(ctx *pulumi.Context) (pusher *serviceaccount.Account, err error) {
	iam, err := service(ctx, r.name, "iam", pulumi.Parent(r))
	if err != nil {
		return nil, err
	}
	run, err := service(ctx, r.name, "run", pulumi.Parent(r))
	if err != nil {
		return nil, err
	}
	after := pulumi.DependsOn([]pulumi.Resource{iam})
	if r.Account, err = r.account(ctx, r.name, "Rotates the secrets of "+r.args.Store.name, after); err != nil {
		return nil, err
	}
	if r.Role, err = r.role(ctx, r.name, "rotator", "Rotator of ", permissions, after); err != nil {
		return nil, err
	}
	if r.CompanionRole, err = r.role(ctx, r.name+"-companion", "keeper", "Keeper of companions in ", companionPermissions, after); err != nil {
		return nil, err
	}
	if pusher, err = r.account(ctx, r.name+"-push", "Brings messages to the rotator of "+r.args.Store.name, after); err != nil {
		return nil, err
	}
	if r.Service, err = cloudrunv2.NewService(ctx, r.name, &cloudrunv2.ServiceArgs{
		Name:     pulumi.String(accountID(r.name)),
		Location: pulumi.String(r.location()),
		// Pub/Sub in the same project counts as internal: https://cloud.google.com/run/docs/securing/ingress.
		Ingress:         pulumi.String("INGRESS_TRAFFIC_INTERNAL_ONLY"),
		CustomAudiences: pulumi.StringArray{pulumi.String(r.audience())},
		Template: cloudrunv2.ServiceTemplateArgs{
			ServiceAccount:                r.Account.Email,
			Timeout:                       pulumi.String(seconds(pushDeadline)),
			MaxInstanceRequestConcurrency: pulumi.Int(10), // as cmd/rotate-run takes on
			Scaling: cloudrunv2.ServiceTemplateScalingArgs{
				MinInstanceCount: pulumi.Int(0),
				MaxInstanceCount: pulumi.Int(2),
			},
			VpcAccess: r.vpcAccess(),
			Containers: cloudrunv2.ServiceTemplateContainerArray{cloudrunv2.ServiceTemplateContainerArgs{
				Image: pulumi.String(r.args.Image),
				Envs:  r.environment(pusher),
			}},
		},
	}, pulumi.Parent(r), pulumi.DependsOn([]pulumi.Resource{run})); err != nil {
		return nil, err
	}
	invoker, err := cloudrunv2.NewServiceIamMember(ctx, r.name, &cloudrunv2.ServiceIamMemberArgs{
		Name:     r.Service.Name,
		Location: r.Service.Location,
		Role:     pulumi.String("roles/run.invoker"),
		Member:   pusher.Member,
	}, pulumi.Parent(r))
	r.ready = append(r.ready, r.Service, invoker)
	return pusher, err
}

func (r *Rotator) account(ctx *pulumi.Context, name, text string, after pulumi.ResourceOption) (*serviceaccount.Account, error) {
	return serviceaccount.NewAccount(ctx, name, &serviceaccount.AccountArgs{
		AccountId:   pulumi.String(accountID(name)),
		DisplayName: pulumi.String(text),
	}, pulumi.Parent(r), after)
}

// role has in its id that of the account, which is another each time: a role that was deleted keeps its id for
// up to 37 days, in which a stack that was destroyed could not be made again
// (https://cloud.google.com/iam/docs/creating-custom-roles#deleting-custom-role). An id has letters, digits, _
// and dots, at most 64 (https://cloud.google.com/iam/docs/reference/rest/v1/projects.roles/create).
func (r *Rotator) role(
	ctx *pulumi.Context, name, prefix, title string, permissions []string, after pulumi.ResourceOption,
) (*projects.IAMCustomRole, error) {
	return projects.NewIAMCustomRole(ctx, name, &projects.IAMCustomRoleArgs{
		RoleId:      pulumi.Sprintf("%s.%s.%s", prefix, strings.ReplaceAll(accountID(r.name), "-", "_"), r.Account.UniqueId),
		Title:       pulumi.String(title + r.args.Store.name),
		Description: pulumi.String("What a rotator calls; granted on single secrets only"),
		Permissions: pulumi.ToStringArray(permissions),
	}, pulumi.Parent(r), after)
}

var accountName = regexp.MustCompile(`^[a-z][a-z0-9-]{4,28}[a-z0-9]$`)

// accountID is the name in the 6 to 30 small characters that a service account's may have
// (https://cloud.google.com/iam/docs/service-accounts-create), with a hash where it is not the name itself.
func accountID(name string) string {
	if accountName.MatchString(name) {
		return name
	}
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(name)) // never fails
	return fmt.Sprintf("%.21s-%08x", strings.ToLower(strings.ReplaceAll(name, "_", "-")), hash.Sum32())
}

// audience is what Pub/Sub's tokens are for: an address of nobody, known before the service has its own
// (https://cloud.google.com/run/docs/configuring/custom-audiences).
func (r *Rotator) audience() string { return "https://" + accountID(r.name) + ".rotator.invalid" }

func (r *Rotator) vpcAccess() cloudrunv2.ServiceTemplateVpcAccessPtrInput {
	n := r.args.Network
	if n == nil {
		return nil
	}
	return cloudrunv2.ServiceTemplateVpcAccessArgs{
		Egress: pulumi.String("PRIVATE_RANGES_ONLY"),
		NetworkInterfaces: cloudrunv2.ServiceTemplateVpcAccessNetworkInterfaceArray{
			cloudrunv2.ServiceTemplateVpcAccessNetworkInterfaceArgs{
				Network:    n.Network.ToStringOutput().ToStringPtrOutput(),
				Subnetwork: n.Subnetwork.ToStringOutput().ToStringPtrOutput(),
			},
		},
	}
}

// environment tells the service what it may rotate, and who may tell it to.
func (r *Rotator) environment(pusher *serviceaccount.Account) cloudrunv2.ServiceTemplateContainerEnvArray {
	env := func(name string, value pulumi.StringInput) cloudrunv2.ServiceTemplateContainerEnvInput {
		return cloudrunv2.ServiceTemplateContainerEnvArgs{Name: pulumi.String(name), Value: value.ToStringOutput().ToStringPtrOutput()}
	}
	prefix := r.args.Store.args.Prefix
	return cloudrunv2.ServiceTemplateContainerEnvArray{
		// Secret Manager's messages have the project's number; those of people have its id.
		env("SECRETSTACK_SECRETS", pulumi.Sprintf("projects/%s/secrets/%s,projects/%s/secrets/%s",
			r.Account.Project, prefix, r.args.Store.projectNumber(), prefix)),
		env("SECRETSTACK_PUSH_AUDIENCE", pulumi.String(r.audience())),
		env("SECRETSTACK_PUSH_ACCOUNT", pusher.Email),
		env("SECRETSTACK_INVOKER_CHECKED", pulumi.String("true")), // Cloud Run lets in nobody but the pusher
	}
}

var agentEmail = regexp.MustCompile(`service-([0-9]+)@`)

// projectNumber is in the names of Google's agents: https://cloud.google.com/iam/docs/service-agents.
func (s *Store) projectNumber() pulumi.StringOutput {
	return s.Agent.Member.ApplyT(func(member string) (string, error) {
		m := agentEmail.FindStringSubmatch(member)
		if m == nil {
			return "", fmt.Errorf("the service agent of Secret Manager, %q, has no project number in its name", member)
		}
		return m[1], nil
	}).(pulumi.StringOutput)
}
