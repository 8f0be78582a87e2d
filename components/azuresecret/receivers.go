package azuresecret

import (
	"fmt"

	actiongroups "github.com/pulumi/pulumi-azure-native-sdk/insights/v2/v20230101"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/components/notify"
)

// unsupported are the channels that do not understand what Azure posts. Microsoft's answer is a Logic App between
// the two: https://learn.microsoft.com/azure/azure-monitor/alerts/action-groups#action-types.
var unsupported = map[notify.Channel]string{
	notify.Slack: "Slack's incoming webhooks do not understand what Azure posts; give the channel's e-mail address in Email instead, " +
		"or in Webhooks the URL of a Logic App that posts to Slack",
	notify.Teams: "the incoming webhooks of Teams do not understand what Azure posts; give the channel's e-mail address in Email instead, " +
		"or in Webhooks the URL of a Logic App that posts to Teams",
}

// What an action group takes: https://learn.microsoft.com/azure/azure-monitor/fundamentals/service-limits#action-groups.
const (
	maxEmails   = 1000
	maxEmail    = 64 // characters
	maxWebhooks = 10
	maxShort    = 12 // characters of a group's short name
)

// checkReceivers gives every mistake in who is to hear of alerts.
func checkReceivers(n notify.Args) []error {
	errs := n.Check(unsupported)
	wrong := func(format string, values ...any) { errs = append(errs, fmt.Errorf("  Notify."+format, values...)) }
	for i, address := range n.Email {
		if len(address) > maxEmail {
			wrong("Email[%d]: has %d characters; Azure takes %d", i, len(address), maxEmail)
		}
	}
	if len(n.Email) > maxEmails {
		wrong("Email: has %d addresses; Azure takes %d", len(n.Email), maxEmails)
	}
	if hooks := len(n.Webhooks) + len(n.PagerDuty); hooks > maxWebhooks {
		wrong("Webhooks: there are %d, with PagerDuty's; Azure takes %d", hooks, maxWebhooks)
	}
	return errs
}

// newReceivers makes the action group that all alerts call, unless nobody is to hear of them.
func (a *Alerts) newReceivers(ctx *pulumi.Context) (err error) {
	n, vault := a.args.Notify, a.args.Store.args.Vault
	if n.Nobody != "" {
		return nil
	}
	group := &actiongroups.ActionGroupArgs{
		ResourceGroupName: pulumi.String(a.args.Store.group()),
		ActionGroupName:   pulumi.String(a.azureName()),
		GroupShortName:    pulumi.String(vault[:min(len(vault), maxShort)]),
		Location:          pulumi.String("Global"),
		Enabled:           pulumi.Bool(true),
	}
	emails, hooks := actiongroups.EmailReceiverArray{}, actiongroups.WebhookReceiverArray{}
	for _, address := range n.Email {
		emails = append(emails, actiongroups.EmailReceiverArgs{
			Name: pulumi.String(address), EmailAddress: pulumi.String(address), UseCommonAlertSchema: pulumi.Bool(true),
		})
	}
	for _, hook := range []struct {
		name string
		urls []pulumi.StringInput
	}{{"webhook", n.Webhooks}, {"pagerduty", n.PagerDuty}} {
		for i, u := range hook.urls {
			hooks = append(hooks, actiongroups.WebhookReceiverArgs{
				Name:                 pulumi.Sprintf("%s-%d", hook.name, i+1),
				ServiceUri:           pulumi.ToSecret(u).(pulumi.StringOutput), // it is a credential, whatever it was given as
				UseCommonAlertSchema: pulumi.Bool(true),
			})
		}
	}
	group.EmailReceivers, group.WebhookReceivers = emails, hooks
	a.Receivers, err = actiongroups.NewActionGroup(ctx, a.name, group, pulumi.Parent(a),
		pulumi.DependsOn([]pulumi.Resource{a.args.Store.Vault}), pulumi.AdditionalSecretOutputs([]string{"webhookReceivers"}))
	return err
}
