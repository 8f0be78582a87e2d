package azuresecret

import (
	"time"

	metricalerts "github.com/pulumi/pulumi-azure-native-sdk/insights/v2/v20180301"
	activityalerts "github.com/pulumi/pulumi-azure-native-sdk/insights/v2/v20201001"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/alert"
	"github.com/secretstack/secretstack/alert/azurealert"
)

// severity is what Azure calls critical, error and warning:
// https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-overview#severity-levels.
var severity = map[alert.Severity]int{alert.Critical: 0, alert.High: 1, alert.Medium: 2}

// newRules makes what watches, for each alert that is on.
func (a *Alerts) newRules(ctx *pulumi.Context) (err error) {
	store := a.watched()
	for _, al := range a.args.Settings.Active(azurealert.Gaps, a.args.Rotator != nil) {
		switch al.ID {
		case alert.DeniedBurst:
			a.DeniedBurst, err = a.newDeniedBurst(ctx, al)
		case alert.AuditChanged:
			if err = a.newAuditChanged(ctx, al); err == nil {
				err = a.newQueries(ctx, al, store)
			}
		default:
			err = a.newQueries(ctx, al, store)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// newDeniedBurst counts in the vault's metric, at a fifteenth of a query's price and without waiting for logs. A metric
// does not know callers; 401 is not among it, with which each client library begins:
// https://learn.microsoft.com/azure/key-vault/general/monitor-key-vault-reference.
func (a *Alerts) newDeniedBurst(ctx *pulumi.Context, al alert.Alert) (*metricalerts.MetricAlert, error) {
	args := &metricalerts.MetricAlertArgs{
		ResourceGroupName:   pulumi.String(a.args.Store.group()),
		RuleName:            pulumi.String(a.ruleName(string(al.ID))),
		Location:            pulumi.String("global"),
		Description:         pulumi.String(description(al) + " Refused writes, lists and networks count too. Who: AZKVAuditLogs | where HttpStatusCode == 403, in the workspace of the audit log."),
		Severity:            pulumi.Int(severity[al.Severity]),
		Enabled:             pulumi.Bool(true),
		Scopes:              pulumi.StringArray{a.args.Store.Vault.ID().ToStringOutput()},
		EvaluationFrequency: pulumi.String(iso(time.Minute)),
		WindowSize:          pulumi.String(iso(al.Count.Within)),
		AutoMitigate:        pulumi.Bool(true),
		Criteria: metricalerts.MetricAlertSingleResourceMultipleMetricCriteriaArgs{
			OdataType: pulumi.String("Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria"),
			AllOf: metricalerts.MetricCriteriaArray{metricalerts.MetricCriteriaArgs{
				CriterionType:   pulumi.String("StaticThresholdCriterion"),
				Name:            pulumi.String(al.ID),
				MetricNamespace: pulumi.String("Microsoft.KeyVault/vaults"),
				MetricName:      pulumi.String("ServiceApiResult"),
				TimeAggregation: pulumi.String("Count"),
				Operator:        pulumi.String("GreaterThan"),
				Threshold:       pulumi.Float64(al.Count.Over),
				Dimensions: metricalerts.MetricDimensionArray{metricalerts.MetricDimensionArgs{
					Name: pulumi.String("StatusCode"), Operator: pulumi.String("Include"), Values: pulumi.StringArray{pulumi.String("403")},
				}},
			}},
		},
	}
	if a.Receivers != nil {
		args.Actions = metricalerts.MetricAlertActionArray{metricalerts.MetricAlertActionArgs{
			ActionGroupId: a.Receivers.ID().ToStringOutput().ToStringPtrOutput(),
		}}
	}
	return metricalerts.NewMetricAlert(ctx, a.name+"-"+string(al.ID), args, pulumi.Parent(a))
}

// newAuditChanged watches the activity log itself, which costs nothing, and works where the workspace is gone: what switches the log
// off, below the vault and a workspace that is made here, and at the subscription's setting. Who deploys it cannot tell, so what
// is normal for those is left to the query. It goes before the settings, or it would report their end with the stack's.
func (a *Alerts) newAuditChanged(ctx *pulumi.Context, al alert.Alert) error {
	scopes, after := pulumi.StringArray{a.args.Store.Vault.ID().ToStringOutput()}, []pulumi.Resource{a.Audit}
	if a.Logs == nil { // it may be in another subscription, which a rule cannot watch
		return a.newActivityAlert(ctx, al, string(al.ID), scopes, after)
	}
	if err := a.newActivityAlert(ctx, al, string(al.ID), append(scopes, a.workspace), after); err != nil {
		return err
	}
	subscription := pulumi.StringArray{pulumi.Sprintf("/subscriptions/%s", a.args.Store.subscription)}
	return a.newActivityAlert(ctx, al, string(al.ID)+"-2", subscription, append(after, a.Activity), activityalerts.AlertRuleAnyOfOrLeafConditionArgs{
		Field: pulumi.String("resourceId"), Equals: a.Activity.ID().ToStringOutput().ToStringPtrOutput(),
	})
}

// newActivityAlert makes a rule for the blinding operations that succeed in its scopes, with more conditions.
func (a *Alerts) newActivityAlert(
	ctx *pulumi.Context, al alert.Alert, id string, scopes pulumi.StringArray, after []pulumi.Resource, more ...activityalerts.AlertRuleAnyOfOrLeafConditionInput,
) error {
	is := func(field string, values ...string) activityalerts.AlertRuleAnyOfOrLeafConditionArgs {
		return activityalerts.AlertRuleAnyOfOrLeafConditionArgs{Field: pulumi.String(field), ContainsAny: pulumi.ToStringArray(values)}
	}
	args := &activityalerts.ActivityLogAlertArgs{
		ResourceGroupName:    pulumi.String(a.args.Store.group()),
		ActivityLogAlertName: pulumi.String(a.ruleName(id)),
		Location:             pulumi.String("Global"),
		Description:          pulumi.String(description(al)),
		Enabled:              pulumi.Bool(true),
		Scopes:               scopes,
		Condition: activityalerts.AlertRuleAllOfConditionArgs{AllOf: append(activityalerts.AlertRuleAnyOfOrLeafConditionArray{
			is("category", "Administrative"), is("operationName", azurealert.ActivityOperations(alert.Blind)...), is("status", "Succeeded"),
		}, more...)},
	}
	groups := activityalerts.ActionGroupArray{} // it has to be there
	if a.Receivers != nil {
		groups = append(groups, activityalerts.ActionGroupArgs{ActionGroupId: a.Receivers.ID().ToStringOutput()})
	}
	args.Actions = activityalerts.ActionListArgs{ActionGroups: groups}
	made, err := activityalerts.NewActivityLogAlert(ctx, a.name+"-"+id, args, pulumi.Parent(a), pulumi.DependsOn(after))
	a.AuditChanged = append(a.AuditChanged, made)
	return err
}

func (a *Alerts) ruleName(id string) string {
	return azurealert.RuleName(a.args.Store.args.Vault, alert.ID(id))
}

// description is what a message says beside the rule's dimensions.
func description(al alert.Alert) string { return al.Title + ". " + al.Do + " " + al.Runbook() }
