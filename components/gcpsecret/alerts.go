package gcpsecret

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/logging"
	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/monitoring"
	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/projects"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/alert"
	"github.com/secretstack/secretstack/alert/gcpalert"
	"github.com/secretstack/secretstack/components/notify"
)

// AlertsType is the type token of Alerts.
const AlertsType = "secretstack:gcp:Alerts"

// AlertsArgs describe Alerts. Store, Secrets and Notify are required.
type AlertsArgs struct {
	Store *Store

	// Secrets are those that are watched: all of the store's.
	Secrets []*Secret

	// Rotator is who rotates Secrets. Nil: nobody does, and nobody watches rotation.
	Rotator *Rotator

	// Notify is who hears of the alerts: at most 16 addresses and URLs. Slack and Teams are refused; give their
	// channels' e-mail addresses. PagerDuty's URLs are https://events.pagerduty.com/integration/KEY/enqueue.
	Notify notify.Args

	// Settings are those of the stack. Deployers are members, such as user:NAME@example.com or
	// serviceAccount:NAME@PROJECT.iam.gserviceaccount.com.
	Settings alert.Settings

	// AuditConfigOwner says who else has Google log the reads of secrets (DATA_READ and ADMIN_READ of
	// secretmanager.googleapis.com): a project has one such configuration for each service, and whoever sets it
	// overwrites what others have set. Zero: nobody, so Alerts do.
	AuditConfigOwner string
}

// Alerts tell somebody of what should not happen to a store. Google logs each read; a policy for each alert reads
// that log, or counts in it, and tells the channels.
type Alerts struct {
	pulumi.ResourceState

	AuditConfig *projects.IAMAuditConfig // what Google logs of Secret Manager. Nil: see AuditConfigOwner
	Channels    []*monitoring.NotificationChannel
	Metrics     map[alert.ID][]*logging.Metric         // what is counted, by alert
	Policies    map[alert.ID][]*monitoring.AlertPolicy // by alert; a large store has several of some

	name    string
	args    AlertsArgs
	log     *projects.Service // on which metrics wait
	before  []pulumi.Resource // what policies wait for
	patient pulumi.ResourceOption
	watch   watch
}

// NewAlerts makes Alerts. Their name begins those of metrics: at most 60 letters, digits, - and _. The error has all the
// mistakes in args.
func NewAlerts(ctx *pulumi.Context, name string, args *AlertsArgs, opts ...pulumi.ResourceOption) (*Alerts, error) {
	a := &Alerts{
		name: name, Metrics: map[alert.ID][]*logging.Metric{}, Policies: map[alert.ID][]*monitoring.AlertPolicy{},
	}
	if args != nil {
		a.args = *args
	}
	err := a.check()
	var parts []part
	if err == nil {
		a.watch = a.newWatch()
		parts, err = a.all(a.args.Settings.Active(gcpalert.Gaps, a.args.Rotator.rotates()))
	}
	if err != nil {
		return nil, fmt.Errorf("the Google Cloud alerts %q cannot be made:\n%w", name, err)
	}
	if err := ctx.RegisterComponentResource(AlertsType, name, a, opts...); err != nil {
		return nil, err
	}
	for _, prepare := range []func(*pulumi.Context) error{a.newLog, a.newChannels, a.newPatience} {
		if err := prepare(ctx); err != nil {
			return nil, err
		}
	}
	for _, p := range parts {
		if err := a.newPart(ctx, p); err != nil {
			return nil, err
		}
	}
	return a, ctx.RegisterResourceOutputs(a, pulumi.Map{})
}

// newLog has Google log reads and lists; changes it logs anyway
// (https://cloud.google.com/secret-manager/docs/audit-logging). The configuration stays when the stack goes, or when
// somebody else takes it over: other stores of the project may be watched by it too.
func (a *Alerts) newLog(ctx *pulumi.Context) (err error) {
	if a.log, err = service(ctx, a.name, "logging", pulumi.Parent(a)); err != nil {
		return err
	}
	monitor, err := service(ctx, a.name, "monitoring", pulumi.Parent(a))
	if err != nil {
		return err
	}
	// A policy that comes before the grants on the keys would report the stack's own first update.
	a.before = append([]pulumi.Resource{monitor}, a.args.Store.grants()...)
	if a.args.AuditConfigOwner != "" {
		return nil
	}
	secretManager := a.args.Store.SecretManager
	if a.AuditConfig, err = projects.NewIAMAuditConfig(ctx, a.name, &projects.IAMAuditConfigArgs{
		Project: secretManager.Project,
		Service: secretManager.Service,
		AuditLogConfigs: projects.IAMAuditConfigAuditLogConfigArray{
			projects.IAMAuditConfigAuditLogConfigArgs{LogType: pulumi.String("ADMIN_READ")},
			projects.IAMAuditConfigAuditLogConfigArgs{LogType: pulumi.String("DATA_READ")},
		},
	}, pulumi.Parent(a), pulumi.RetainOnDelete(true)); err != nil {
		return err
	}
	a.before = append(a.before, a.AuditConfig)
	return nil
}

// alertsName leaves room for the rest of a metric's name, which has 100 characters:
// https://cloud.google.com/logging/docs/reference/v2/rest/v2/projects.metrics.
var alertsName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,60}$`)

// check gives all the mistakes.
func (a *Alerts) check() error {
	if a.args.Store == nil {
		return errors.New("  Store: is missing; make one with NewStore")
	}
	var errs []error
	wrong := func(format string, values ...any) { errs = append(errs, fmt.Errorf("  "+format, values...)) }
	if !alertsName.MatchString(a.name) {
		wrong("name: must have 1 to 60 letters, digits, - and _, since it begins the metrics' names")
	}
	if len(a.args.Secrets) == 0 {
		wrong("Secrets: names none; there is nothing to watch")
	}
	seen := map[string]bool{}
	for i, s := range a.args.Secrets {
		switch {
		case s == nil:
			wrong("Secrets[%d]: is nil", i)
		case s.args.Store != a.args.Store:
			wrong("Secrets[%d]: %s is of another store", i, s.args.Spec.Name)
		case s.args.Rotator != nil && s.args.Rotator != a.args.Rotator:
			wrong("Secrets[%d]: %s has another rotator than Rotator", i, s.args.Spec.Name)
		case seen[s.args.Spec.Name]:
			wrong("Secrets[%d]: names %s twice", i, s.args.Spec.Name)
		default:
			seen[s.args.Spec.Name] = true
		}
	}
	if r := a.args.Rotator; r != nil && r.args.Store != a.args.Store {
		wrong("Rotator: is of another store")
	}
	errs = append(errs, checkChannels(a.args.Notify)...)
	for _, err := range a.args.Settings.Check(gcpalert.Gaps) {
		wrong("Settings.%w", err)
	}
	for i, d := range a.args.Settings.Deployers {
		if err := CheckDeployer(d); err != nil {
			wrong("Settings.Deployers[%d]: %w", i, err)
		}
	}
	return errors.Join(errs...)
}

// CheckDeployer gives the rule that the identity of a deployer breaks, or nil. People deploy too.
func CheckDeployer(member string) error {
	if !strings.HasPrefix(member, "user:") && checkIdentity(member) != nil {
		return errors.New("must be a member, such as user:NAME@example.com or serviceAccount:NAME@PROJECT.iam.gserviceaccount.com")
	}
	return nil
}

// rotates tells whether there is something to rotate.
func (r *Rotator) rotates() bool { return r != nil && len(r.jobs) > 0 }
