package azuresecret

import (
	"errors"
	"fmt"

	metricalerts "github.com/pulumi/pulumi-azure-native-sdk/insights/v2/v20180301"
	activityalerts "github.com/pulumi/pulumi-azure-native-sdk/insights/v2/v20201001"
	insights "github.com/pulumi/pulumi-azure-native-sdk/insights/v2/v20210501preview"
	actiongroups "github.com/pulumi/pulumi-azure-native-sdk/insights/v2/v20230101"
	queryrules "github.com/pulumi/pulumi-azure-native-sdk/insights/v2/v20231201"
	operationalinsights "github.com/pulumi/pulumi-azure-native-sdk/operationalinsights/v2/v20230901"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/alert"
	"github.com/secretstack/secretstack/alert/azurealert"
	"github.com/secretstack/secretstack/components/notify"
)

// AlertsType is the type token of Alerts.
const AlertsType = "secretstack:azure:Alerts"

// AlertsArgs describe Alerts. Store is required, and somebody in Notify.
type AlertsArgs struct {
	Store *Store

	// Secrets are those of the store. What else is in the vault is watched too, but has no readers.
	Secrets []*Secret

	// Rotator is the one that rotates Secrets. Nil: there is none.
	Rotator *Rotator

	// Workspace is the resource id of an existing Log Analytics workspace, to which somebody sends the
	// subscription's activity log. Nil: one is made, and the activity log is sent there, which takes one of the five
	// diagnostic settings that a subscription can have.
	Workspace pulumi.StringInput

	// Notify is who hears of the alerts. Slack and Teams are refused: their webhooks do not understand Azure.
	Notify notify.Args

	// Settings say what of the catalogue is on, and who deploys: Deployers are object ids, as readers are.
	Settings alert.Settings
}

// Alerts watch a store: they keep the vault's audit log, and tell somebody of what is in alert.Catalogue.
type Alerts struct {
	pulumi.ResourceState

	Logs         *operationalinsights.Workspace                // the audit log, for two years. Nil: AlertsArgs name one
	Audit        *insights.DiagnosticSetting                   // sends the vault's audit log there
	Activity     *insights.SubscriptionDiagnosticSetting       // sends the activity log there. Nil: AlertsArgs name a workspace
	Receivers    *actiongroups.ActionGroup                     // nil: nobody hears of the alerts
	Queries      map[alert.ID][]*queryrules.ScheduledQueryRule // several, where the query of all secrets would be too long
	DeniedBurst  *metricalerts.MetricAlert                     // nil: it is off
	AuditChanged []*activityalerts.ActivityLogAlert            // beside its query. None: it is off

	name      string
	args      AlertsArgs
	workspace pulumi.StringOutput // its id
}

// NewAlerts makes Alerts. Its error has all the mistakes in args. Make the secrets first.
func NewAlerts(ctx *pulumi.Context, name string, args *AlertsArgs, opts ...pulumi.ResourceOption) (*Alerts, error) {
	a := &Alerts{Queries: map[alert.ID][]*queryrules.ScheduledQueryRule{}, name: name}
	if args != nil {
		a.args = *args
	}
	if err := a.check(); err != nil {
		return nil, fmt.Errorf("the Azure alerts %q cannot be made:\n%w", name, err)
	}
	if err := ctx.RegisterComponentResource(AlertsType, name, a, opts...); err != nil {
		return nil, err
	}
	for _, part := range []func(*pulumi.Context) error{a.newAudit, a.newReceivers, a.newRules} {
		if err := part(ctx); err != nil {
			return nil, err
		}
	}
	return a, ctx.RegisterResourceOutputs(a, pulumi.Map{"workspace": a.workspace})
}

// check gives all the mistakes.
func (a *Alerts) check() error {
	if a.args.Store == nil {
		return errors.New("  Store: is missing; make one with NewStore")
	}
	var errs []error
	wrong := func(format string, values ...any) { errs = append(errs, fmt.Errorf("  "+format, values...)) }
	rotator := a.args.Rotator
	if rotator != nil && rotator.args.Store != a.args.Store {
		wrong("Rotator: is of another store")
	}
	for i, s := range a.args.Secrets {
		switch {
		case s == nil:
			wrong("Secrets[%d]: is nil", i)
		case s.args.Store != a.args.Store:
			wrong("Secrets[%d]: %s is of another store", i, s.args.Spec.Name)
		case s.args.Rotator != nil && s.args.Rotator != rotator:
			wrong("Secrets[%d]: %s has another rotator than Rotator", i, s.args.Spec.Name)
		}
	}
	if id, known := a.args.Workspace.(pulumi.String); known {
		if err := CheckWorkspace(string(id)); err != nil {
			wrong("Workspace: %w", err)
		}
	}
	for i, d := range a.args.Settings.Deployers {
		if err := checkIdentity(d); err != nil {
			wrong("Settings.Deployers[%d]: %w", i, err)
		}
	}
	for _, err := range a.args.Settings.Check(azurealert.Gaps) {
		wrong("Settings.%w", err)
	}
	return errors.Join(append(errs, checkReceivers(a.args.Notify)...)...)
}
