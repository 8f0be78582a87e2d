package gcpsecret

import (
	"errors"
	"fmt"
	"regexp"

	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/monitoring"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/components/notify"
)

// unsupported are the channels that Google Cloud has not, and what to do instead:
// https://cloud.google.com/monitoring/support/notification-options.
var unsupported = map[notify.Channel]string{
	notify.Slack: "Google Cloud posts to Slack as an app of its own, which somebody lets in with the browser, and not to an incoming " +
		"webhook; give the Slack channel's e-mail address as Email",
	notify.Teams: "Google Cloud has no channel for Teams, and its webhooks have a form that Teams does not take; " +
		"give the Teams channel's e-mail address as Email",
}

// maxChannels is how many a policy has, at most: https://cloud.google.com/monitoring/quotas.
const maxChannels = 16

func checkChannels(n notify.Args) []error {
	errs := n.Check(unsupported)
	for i, u := range n.PagerDuty {
		plain, ok := u.(pulumi.String)
		if !ok || notify.CheckURL(string(plain)) != nil {
			continue
		}
		if _, err := serviceKey(string(plain)); err != nil {
			errs = append(errs, fmt.Errorf("  Notify.PagerDuty[%d]: %w", i, err))
		}
	}
	if all := len(n.Email) + len(n.Webhooks) + len(n.PagerDuty); all > maxChannels {
		errs = append(errs, fmt.Errorf("  Notify: has %d channels, and a policy has %d at most; give the address of a group", all, maxChannels))
	}
	return errs
}

// newChannels makes one for each address and URL. A URL is a credential, so that the state has it as a secret.
func (a *Alerts) newChannels(ctx *pulumi.Context) error {
	n := a.args.Notify
	for _, address := range n.Email {
		if err := a.newChannel(ctx, "email", address, &monitoring.NotificationChannelArgs{
			Labels: pulumi.StringMap{"email_address": pulumi.String(address)},
		}); err != nil {
			return err
		}
	}
	for i, u := range n.Webhooks {
		// The token is a part of the URL: https://cloud.google.com/monitoring/support/notification-options#webhooks.
		if err := a.newChannel(ctx, "webhook_tokenauth", fmt.Sprintf("webhook-%d", i+1), &monitoring.NotificationChannelArgs{
			Labels: pulumi.StringMap{"url": credential(u, func(u string) (string, error) { return u, notify.CheckURL(u) })},
		}); err != nil {
			return err
		}
	}
	for i, u := range n.PagerDuty {
		if err := a.newChannel(ctx, "pagerduty", fmt.Sprintf("pagerduty-%d", i+1), &monitoring.NotificationChannelArgs{
			SensitiveLabels: monitoring.NotificationChannelSensitiveLabelsArgs{
				ServiceKey: credential(u, serviceKey).ToStringPtrOutput(),
			},
		}); err != nil {
			return err
		}
	}
	return nil
}

func (a *Alerts) newChannel(ctx *pulumi.Context, typ, name string, args *monitoring.NotificationChannelArgs) error {
	args.Type = pulumi.String(typ)
	args.DisplayName = pulumi.String(a.name + ": " + name)
	c, err := monitoring.NewNotificationChannel(ctx, a.name+"."+name, args, pulumi.Parent(a), pulumi.DependsOn(a.before[:1]),
		pulumi.AdditionalSecretOutputs([]string{"labels", "sensitiveLabels"}))
	a.Channels = append(a.Channels, c)
	return err
}

// credential makes a secret of a URL.
func credential(u pulumi.StringInput, of func(u string) (string, error)) pulumi.StringOutput {
	return pulumi.ToSecret(u).(pulumi.StringOutput).ApplyT(of).(pulumi.StringOutput)
}

var integration = regexp.MustCompile(`^https://events\.pagerduty\.com/integration/([0-9A-Za-z]{32})/enqueue$`)

// serviceKey is what Google Cloud has to know in place of an integration's URL, of which it is a part.
func serviceKey(u string) (string, error) {
	m := integration.FindStringSubmatch(u)
	if m == nil {
		return "", errors.New("must be https://events.pagerduty.com/integration/KEY/enqueue, with an integration key of 32 characters")
	}
	return m[1], nil
}
