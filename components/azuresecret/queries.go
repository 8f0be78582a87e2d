package azuresecret

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	queryrules "github.com/pulumi/pulumi-azure-native-sdk/insights/v2/v20231201"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/alert"
	"github.com/secretstack/secretstack/alert/azurealert"
	"github.com/secretstack/secretstack/components/secret"
)

// columns are the dimensions of all rules, which their messages show.
var columns = []string{azurealert.Secret, azurealert.Who, azurealert.From}

// blanks ends a query so that no dimension is empty: nobody says what Azure does with such a one.
var blanks = func() string {
	var filled []string
	for _, c := range columns {
		filled = append(filled, fmt.Sprintf(`%s = iff(isempty(%[1]s), "-", %[1]s)`, c))
	}
	return "| extend " + strings.Join(filled, ", ") + "\n"
}()

// watched is what the queries are about, once all identities are known.
func (a *Alerts) watched() pulumi.AnyOutput {
	inputs := []any{a.args.Store.subscription, pulumi.String(""), a.workspace}
	if r := a.args.Rotator; r != nil {
		inputs[1] = r.Identity.PrincipalId
	}
	for _, s := range a.args.Secrets {
		for _, reader := range s.args.Spec.Readers {
			inputs = append(inputs, s.args.Readers[reader])
		}
	}
	return pulumi.All(inputs...).ApplyT(func(known []any) any {
		texts := make([]string, len(known))
		for i, v := range known {
			texts[i] = v.(string)
		}
		return a.describe(texts)
	}).(pulumi.AnyOutput)
}

// describe gives the store as the queries know it. known are the subscription, the rotator's identity and the workspace, and then
// the identities of each secret's readers.
func (a *Alerts) describe(known []string) *azurealert.Store {
	settings := a.args.Settings
	store := &azurealert.Store{Subscription: known[0], ResourceGroup: a.args.Store.group(), Vault: a.args.Store.args.Vault, Workspace: known[2]}
	if a.Activity != nil {
		store.Setting = a.azureName()
	}
	store.Networks, store.Deployers = settings.Networks, canonical(settings.Deployers)
	rotator := canonical(known[1:2])
	if a.args.Rotator != nil {
		store.Job, store.Rotators = a.args.Rotator.azureName(), rotator
	}
	known = known[3:]
	for _, s := range a.args.Secrets {
		spec := s.args.Spec
		watched := alert.Secret{Name: spec.Name, Readers: canonical(known[:len(spec.Readers)]), Burst: spec.Alerts.Burst}
		known = known[len(spec.Readers):]
		if s.args.Rotator != nil {
			watched.Readers = append(watched.Readers, rotator...)
		}
		store.Secrets = append(store.Secrets, watched)
		if s.Companion != nil {
			store.Secrets = append(store.Secrets, alert.Secret{Name: spec.Name + secret.CompanionSuffix, Readers: rotator})
		}
	}
	store.Index()
	return store
}

func canonical(identities []string) []string {
	var all []string
	for _, id := range identities {
		all = append(all, Limits.Canonical(id))
	}
	return all
}

// newQueries makes the rules of an alert that reads logs: one, or several that share the secrets.
func (a *Alerts) newQueries(ctx *pulumi.Context, al alert.Alert, store pulumi.AnyOutput) error {
	// The names of the readers are known before their identities.
	names := []string{"", "rotator of the store", ""}
	for _, s := range a.args.Secrets {
		names = append(names, s.args.Spec.Readers...)
	}
	for i, part := range a.describe(names).Split(al) {
		id := string(al.ID)
		if i > 0 {
			id += "-" + strconv.Itoa(i+1)
		}
		rule, err := a.newQuery(ctx, al, id, store.ApplyT(func(v any) (string, error) {
			query, err := v.(*azurealert.Store).Only(part).KQL(al)
			return query + blanks, err
		}).(pulumi.StringOutput))
		if err != nil {
			return err
		}
		a.Queries[al.ID] = append(a.Queries[al.ID], rule)
	}
	return nil
}

// newQuery makes a rule that fires for each secret, caller and address in the query's results. It resolves by itself:
// as the query looks further back than the rule's frequency, for logs that arrive late, it finds the same again.
// Nothing is muted, which would silence a second secret too.
func (a *Alerts) newQuery(ctx *pulumi.Context, al alert.Alert, id string, kql pulumi.StringOutput) (*queryrules.ScheduledQueryRule, error) {
	scope := a.workspace
	if al.AboutRotation() {
		scope = a.args.Rotator.Logs.ID().ToStringOutput()
	}
	var dimensions queryrules.DimensionArray
	for _, column := range columns {
		dimensions = append(dimensions, queryrules.DimensionArgs{
			Name: pulumi.String(column), Operator: pulumi.String("Include"), Values: pulumi.StringArray{pulumi.String("*")},
		})
	}
	args := &queryrules.ScheduledQueryRuleArgs{
		ResourceGroupName:   pulumi.String(a.args.Store.group()),
		RuleName:            pulumi.String(a.ruleName(id)),
		DisplayName:         pulumi.String(al.Title + " (" + a.args.Store.args.Vault + ")"),
		Description:         pulumi.String(description(al)),
		Severity:            pulumi.Float64(severity[al.Severity]),
		Enabled:             pulumi.Bool(true),
		Scopes:              pulumi.StringArray{scope},
		SkipQueryValidation: pulumi.Bool(true), // tables come with their first record
		EvaluationFrequency: pulumi.String(iso(frequency(al))),
		WindowSize:          pulumi.String(iso(azurealert.Window(al))),
		AutoMitigate:        pulumi.Bool(true),
		Criteria: queryrules.ScheduledQueryRuleCriteriaArgs{AllOf: queryrules.ConditionArray{queryrules.ConditionArgs{
			Query:           kql.ToStringPtrOutput(),
			TimeAggregation: pulumi.String("Count"),
			Operator:        pulumi.String("GreaterThan"),
			Threshold:       pulumi.Float64(0),
			Dimensions:      dimensions,
			FailingPeriods: queryrules.ConditionFailingPeriodsArgs{
				MinFailingPeriodsToAlert: pulumi.Float64(1), NumberOfEvaluationPeriods: pulumi.Float64(1),
			},
		}}},
	}
	if a.Receivers != nil {
		args.Actions = queryrules.ActionsArgs{ActionGroups: pulumi.StringArray{a.Receivers.ID().ToStringOutput()}}
	}
	return queryrules.NewScheduledQueryRule(ctx, a.name+"-"+id, args, pulumi.Parent(a))
}

// frequency is how often a query runs. Each step up has its price; the rotator runs once an hour.
func frequency(al alert.Alert) time.Duration {
	if al.Severity == alert.Medium || al.AboutRotation() {
		return 15 * time.Minute
	}
	return 5 * time.Minute
}

// iso writes a duration as Azure does: PT5M, PT3H, P2D.
func iso(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d%day == 0:
		return fmt.Sprintf("P%dD", d/day)
	case d%time.Hour == 0:
		return fmt.Sprintf("PT%dH", d/time.Hour)
	}
	return fmt.Sprintf("PT%dM", d/time.Minute)
}
