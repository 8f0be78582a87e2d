package azuresecret

import (
	"time"

	insights "github.com/pulumi/pulumi-azure-native-sdk/insights/v2/v20210501preview"
	operationalinsights "github.com/pulumi/pulumi-azure-native-sdk/operationalinsights/v2/v20230901"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/alert/azurealert"
)

// logRetention is the longest that a workspace keeps tables for queries:
// https://learn.microsoft.com/azure/azure-monitor/logs/data-retention-configure.
const logRetention = 730 * 24 * time.Hour

// newWorkspace makes a workspace that keeps what it has for as long as it can be queried.
func (s *Store) newWorkspace(ctx *pulumi.Context, parent pulumi.Resource, name, azureName string) (*operationalinsights.Workspace, error) {
	return operationalinsights.NewWorkspace(ctx, name, &operationalinsights.WorkspaceArgs{
		ResourceGroupName: pulumi.String(s.group()),
		WorkspaceName:     pulumi.String(azureName),
		RetentionInDays:   pulumi.Int(logRetention / (24 * time.Hour)),
		Sku:               operationalinsights.WorkspaceSkuArgs{Name: pulumi.String("PerGB2018")},
	}, s.protected(parent), pulumi.DependsOn([]pulumi.Resource{s.Vault}))
}

// newAudit sends the vault's audit log, and what Resource Manager does, to a workspace.
func (a *Alerts) newAudit(ctx *pulumi.Context) (err error) {
	store, name := a.args.Store, pulumi.String(a.azureName())
	if a.args.Workspace != nil {
		a.workspace = a.args.Workspace.ToStringOutput()
	} else {
		if a.Logs, err = store.newWorkspace(ctx, a, a.name, string(name)); err != nil {
			return err
		}
		a.workspace = a.Logs.ID().ToStringOutput()
		// Who changes roles, or writes a secret through Resource Manager, is in the subscription's log alone.
		if a.Activity, err = insights.NewSubscriptionDiagnosticSetting(ctx, a.name, &insights.SubscriptionDiagnosticSettingArgs{
			Name:        name,
			WorkspaceId: a.workspace.ToStringPtrOutput(),
			Logs: insights.SubscriptionLogSettingsArray{
				insights.SubscriptionLogSettingsArgs{Category: pulumi.String("Administrative"), Enabled: pulumi.Bool(true)},
			},
		}, pulumi.Parent(a)); err != nil {
			return err
		}
	}
	a.Audit, err = insights.NewDiagnosticSetting(ctx, a.name, &insights.DiagnosticSettingArgs{
		ResourceUri: store.Vault.ID().ToStringOutput(),
		Name:        name,
		WorkspaceId: a.workspace.ToStringPtrOutput(),
		// To the table AZKVAuditLogs, which the queries are about, and not to AzureDiagnostics:
		// https://learn.microsoft.com/azure/azure-monitor/reference/tables/azkvauditlogs.
		LogAnalyticsDestinationType: pulumi.String("Dedicated"),
		// The vault's other category, AzurePolicyEvaluationDetails, has nothing that an alert is about.
		Logs: insights.LogSettingsArray{insights.LogSettingsArgs{Category: pulumi.String("AuditEvent"), Enabled: pulumi.Bool(true)}},
	}, pulumi.Parent(a))
	return err
}

// azureName is that of the workspace, the settings and the action group: no other vault in Azure has this one's name.
func (a *Alerts) azureName() string { return azurealert.GroupName(a.args.Store.args.Vault) }
