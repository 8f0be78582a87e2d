package azuresecret

import (
	"fmt"
	"strings"
	"time"

	app "github.com/pulumi/pulumi-azure-native-sdk/app/v2/v20240301"
	"github.com/pulumi/pulumi-azure-native-sdk/authorization/v2"
	insights "github.com/pulumi/pulumi-azure-native-sdk/insights/v2/v20210501preview"
	"github.com/pulumi/pulumi-azure-native-sdk/managedidentity/v2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/components/target"
)

const (
	hourly = "0 * * * *" // in UTC: https://learn.microsoft.com/azure/container-apps/jobs#scheduled-jobs
	// jobTimeout ends a run before the next one begins, so that no two work at once.
	jobTimeout = 50 * time.Minute
)

// dataActions are what the job calls on a secret that it rotates and its companion: see the documentation of
// rotation/azurestore. The built-in role, Key Vault Secrets Officer, could also delete, purge and back up:
// https://learn.microsoft.com/azure/role-based-access-control/permissions/security#microsoftkeyvault.
var dataActions = []string{
	"Microsoft.KeyVault/vaults/secrets/getSecret/action",
	"Microsoft.KeyVault/vaults/secrets/readMetadata/action",
	"Microsoft.KeyVault/vaults/secrets/setSecret/action",
	"Microsoft.KeyVault/vaults/secrets/update/action",
}

func (r *Rotator) newRole(ctx *pulumi.Context) (err error) {
	store := r.args.Store
	if r.Identity, err = managedidentity.NewUserAssignedIdentity(ctx, r.name, &managedidentity.UserAssignedIdentityArgs{
		ResourceGroupName: pulumi.String(store.group()),
		ResourceName:      pulumi.String(r.azureName()),
	}, pulumi.Parent(r), pulumi.DependsOn([]pulumi.Resource{store.Vault})); err != nil {
		return err
	}
	// A role can be assigned below its scope, so on single secrets; its name is no other's in the tenant:
	// https://learn.microsoft.com/azure/role-based-access-control/custom-roles.
	scope := pulumi.Sprintf("/subscriptions/%s/resourceGroups/%s", store.subscription, store.group())
	r.Role, err = authorization.NewRoleDefinition(ctx, r.name, &authorization.RoleDefinitionArgs{
		RoleDefinitionId: pulumi.String(r.roleGUID()),
		RoleName:         pulumi.String("Rotator " + r.azureName() + " of " + store.args.Vault),
		Description:      pulumi.String("What a rotator does with the secrets that it rotates; assigned on single secrets only"),
		RoleType:         pulumi.String("CustomRole"),
		Scope:            scope,
		AssignableScopes: pulumi.StringArray{scope},
		Permissions:      authorization.PermissionArray{authorization.PermissionArgs{DataActions: pulumi.ToStringArray(dataActions)}},
	}, pulumi.Parent(r), pulumi.DependsOn([]pulumi.Resource{store.Vault}))
	return err
}

func (r *Rotator) roleGUID() string { return guid(r.args.Store.args.Vault, "rotator", r.name) }

// newEnvironment is where the job runs, and where its records go.
func (r *Rotator) newEnvironment(ctx *pulumi.Context) (err error) {
	store, name := r.args.Store, pulumi.String(r.azureName())
	group, after := pulumi.String(store.group()), pulumi.DependsOn([]pulumi.Resource{store.Vault})
	if r.Logs, err = store.newWorkspace(ctx, r, r.name, r.azureName()); err != nil {
		return err
	}
	var network app.VnetConfigurationPtrInput
	if r.args.Subnet != nil {
		network = app.VnetConfigurationArgs{
			InfrastructureSubnetId: r.args.Subnet.ToStringOutput().ToStringPtrOutput(),
			Internal:               pulumi.Bool(true), // nothing here can be called
		}
	}
	if r.Environment, err = app.NewManagedEnvironment(ctx, r.name, &app.ManagedEnvironmentArgs{
		ResourceGroupName: group,
		EnvironmentName:   name,
		// By way of Azure Monitor: the other way needs the workspace's key, which would be in the state
		// (https://learn.microsoft.com/azure/container-apps/log-options).
		AppLogsConfiguration: app.AppLogsConfigurationArgs{Destination: pulumi.String("azure-monitor")},
		VnetConfiguration:    network,
		WorkloadProfiles: app.WorkloadProfileArray{app.WorkloadProfileArgs{
			Name: pulumi.String("Consumption"), WorkloadProfileType: pulumi.String("Consumption"),
		}},
	}, pulumi.Parent(r), after); err != nil {
		return err
	}
	_, err = insights.NewDiagnosticSetting(ctx, r.name, &insights.DiagnosticSettingArgs{
		ResourceUri: r.Environment.ID().ToStringOutput(),
		Name:        name,
		WorkspaceId: r.Logs.ID().ToStringOutput().ToStringPtrOutput(),
		Logs: insights.LogSettingsArray{
			insights.LogSettingsArgs{Category: pulumi.String("ContainerAppConsoleLogs"), Enabled: pulumi.Bool(true)},
			insights.LogSettingsArgs{Category: pulumi.String("ContainerAppSystemLogs"), Enabled: pulumi.Bool(true)}, // why a job did not start
		},
	}, pulumi.Parent(r))
	return err
}

func (r *Rotator) newJob(ctx *pulumi.Context) (err error) {
	identity := r.Identity.ID().ToStringOutput()
	var registries app.RegistryCredentialsArray
	if server, _, _ := strings.Cut(r.args.Image, "/"); strings.HasSuffix(server, ".azurecr.io") {
		registries = append(registries, app.RegistryCredentialsArgs{
			Server: pulumi.String(server), Identity: identity.ToStringPtrOutput(),
		})
	}
	r.Job, err = app.NewJob(ctx, r.name, &app.JobArgs{
		ResourceGroupName: pulumi.String(r.args.Store.group()),
		JobName:           pulumi.String(r.azureName()),
		EnvironmentId:     r.Environment.ID().ToStringOutput().ToStringPtrOutput(),
		Identity: app.ManagedServiceIdentityArgs{
			Type:                   pulumi.String("UserAssigned"),
			UserAssignedIdentities: pulumi.StringArray{identity},
		},
		Configuration: app.JobConfigurationArgs{
			TriggerType: pulumi.String("Schedule"),
			ScheduleTriggerConfig: app.JobConfigurationScheduleTriggerConfigArgs{
				CronExpression: pulumi.String(hourly), Parallelism: pulumi.Int(1), ReplicaCompletionCount: pulumi.Int(1),
			},
			ReplicaTimeout:    pulumi.Int(jobTimeout / time.Second),
			ReplicaRetryLimit: pulumi.Int(0), // the next hour is the retry
			Registries:        registries,
		},
		Template: app.JobTemplateArgs{Containers: app.ContainerArray{app.ContainerArgs{
			Name:      pulumi.String("rotate"),
			Image:     pulumi.String(r.args.Image),
			Resources: app.ContainerResourcesArgs{Cpu: pulumi.Float64(0.25), Memory: pulumi.String("0.5Gi")},
			Env:       r.environment(),
		}}},
		WorkloadProfileName: pulumi.String("Consumption"),
	}, pulumi.Parent(r))
	return err
}

// environment tells the job where the vault is and, in a variable for each secret, what to do.
func (r *Rotator) environment() app.EnvironmentVarArray {
	variable := func(name string, value pulumi.StringInput) app.EnvironmentVarInput {
		return app.EnvironmentVarArgs{Name: pulumi.String(name), Value: value.ToStringOutput().ToStringPtrOutput()}
	}
	env := app.EnvironmentVarArray{
		variable("AZURE_CLIENT_ID", r.Identity.ClientId),
		variable("SECRETSTACK_VAULT", pulumi.String("https://"+r.args.Store.args.Vault+".vault.azure.net/")),
		variable("SECRETSTACK_TIMEOUT", pulumi.String(jobTimeout.String())),
	}
	jobs := target.Jobs(r.args.Secrets, r.args.Targets, func(name string) pulumi.StringInput { return pulumi.String(vaultID(name)) })
	n := 0
	for _, s := range r.args.Secrets {
		if job, ok := jobs[s.Name]; ok {
			n++
			env = append(env, variable(jobVariable(n), job))
		}
	}
	return env
}

func jobVariable(n int) string { return fmt.Sprintf("SECRETSTACK_ROTATION_%d", n) }
