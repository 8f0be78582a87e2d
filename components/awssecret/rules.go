package awssecret

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/alert"
	"github.com/secretstack/secretstack/alert/awsalert"
)

// match makes rules on the event bus, to which CloudTrail sends each event. Many secrets share a rule, as a bus takes 300
// of them (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html).
func (a *Alerts) match(ctx *pulumi.Context, w alert.Alert) error {
	if namesSecrets(w.When) && len(a.args.Secrets) == 0 {
		return nil
	}
	parts, err := a.store(a.atMost, a.named(w.When, nil), atMost).Split(w.When)
	if err != nil {
		return err
	}
	after := pulumi.DependsOn(a.before(w))
	for i, part := range parts {
		if err := a.newRule(ctx, w, numbered(a.name+"-"+string(w.ID), i), part, after); err != nil {
			return err
		}
	}
	return nil
}

// before are the changes that an alert's rules would tell of, and which a first deployment makes itself: the rules come after
// them, or each one of a stack that names no deployer would raise alerts. AWS delivers an event seconds to minutes later, so
// some still come.
func (a *Alerts) before(w alert.Alert) (before []pulumi.Resource) {
	if names(w.When, alert.Change) {
		for _, s := range a.args.Secrets {
			before = append(before, s)
		}
	}
	if aboutItself(w) {
		before = append(before, a.made...)
		for _, r := range a.args.Rotators {
			before = append(before, r.Logs)
		}
	}
	return before
}

// aboutItself tells whether an alert is about the alerts, and so made last.
func aboutItself(w alert.Alert) bool { return names(w.When, alert.Rewire) }

// seesReads is the state of a rule that matches events which change nothing. Others see them not:
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail-management.html.
const seesReads = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"

func (a *Alerts) newRule(ctx *pulumi.Context, w alert.Alert, name string, part awsalert.Part, after pulumi.ResourceOption) error {
	state := "ENABLED"
	if names(w.When, alert.Read, alert.List) {
		state = seesReads
	}
	rule, err := cloudwatch.NewEventRule(ctx, name, &cloudwatch.EventRuleArgs{
		Name:        pulumi.String(name),
		Description: pulumi.String(w.Title),
		EventPattern: a.native(a.named(w.When, part.Secrets), func(s *awsalert.Store) (string, error) {
			return s.Only(part).EventPattern(w.When)
		}),
		State: pulumi.String(state),
		Tags:  pulumi.ToStringMap(a.args.Store.args.Tags),
	}, pulumi.Parent(a), after)
	if err != nil {
		return err
	}
	a.Rules[w.ID] = append(a.Rules[w.ID], rule)
	m := newMessage(w, a.args.Store.name)
	text, err := m.text()
	if err != nil {
		return err
	}
	target, err := cloudwatch.NewEventTarget(ctx, name, &cloudwatch.EventTargetArgs{
		Rule:             rule.Name,
		TargetId:         pulumi.String("topic"),
		Arn:              a.Topic.Arn,
		InputTransformer: m.transformer(text),
		DeadLetterConfig: cloudwatch.EventTargetDeadLetterConfigArgs{Arn: a.Undelivered.Arn},
	}, pulumi.Parent(a))
	if err != nil {
		return err
	}
	a.made = append(a.made, target)
	for _, c := range a.chats {
		if err := a.post(ctx, name, rule, c, m); err != nil {
			return err
		}
	}
	return nil
}

// native has a condition written when all is known that it is about.
func (a *Alerts) native(secrets []*Secret, write func(*awsalert.Store) (string, error)) pulumi.StringOutput {
	inputs := []any{a.args.Store.partition, a.args.Store.account, a.args.Store.region}
	a.store(home{}, secrets, func(in pulumi.StringInput) string {
		inputs = append(inputs, in)
		return ""
	})
	return pulumi.All(inputs...).ApplyT(func(v []any) (string, error) {
		next := 3
		return write(a.store(home{v[0].(string), v[1].(string), v[2].(string)}, secrets, func(pulumi.StringInput) string {
			next++
			return v[next-1].(string)
		}))
	}).(pulumi.StringOutput)
}

// store is what the alerts are about. value is asked for each input in a fixed order.
func (a *Alerts) store(h home, secrets []*Secret, value func(pulumi.StringInput) string) *awsalert.Store {
	s := &awsalert.Store{
		Watch:     alert.Watch{Deployers: a.args.Settings.Deployers, Networks: a.args.Settings.Networks},
		Partition: h.partition, Region: h.region, Account: h.account,
		Replicas: a.args.Store.regions(), Prefix: a.args.Store.args.Prefix, ARNs: map[string]string{}, Alerts: a.name,
	}
	for _, r := range a.args.Rotators {
		s.Rotators = append(s.Rotators, r.roleARN(h))
		s.LogGroups = append(s.LogGroups, r.logGroup())
	}
	if a.Trail == nil {
		s.LogGroups = append(s.LogGroups, a.args.TrailLogs)
	} else {
		s.Trail, s.Bucket = h.trail(a.name), value(a.Trail.Bucket.Bucket)
		s.LogGroups = append(s.LogGroups, a.trailGroup())
	}
	for _, key := range a.keys() {
		s.Keys = append(s.Keys, value(key))
	}
	for _, c := range secrets {
		spec := c.args.Spec
		one := alert.Secret{Name: spec.Name, Burst: spec.Alerts.Burst}
		for _, r := range spec.Readers {
			one.Readers = append(one.Readers, value(c.args.Readers[r]))
		}
		if c.args.Rotator != nil {
			one.Readers = append(one.Readers, c.args.Rotator.roleARN(h))
		}
		s.Secrets = append(s.Secrets, one)
		s.ARNs[spec.Name] = value(c.ARN)
	}
	s.Index()
	return s
}

// atMost is an input's value or, where only an update knows it, one that is seldom shorter than it.
func atMost(in pulumi.StringInput) string {
	if text, ok := in.(pulumi.String); ok {
		return string(text)
	}
	return "arn:" + strings.Repeat("x", 124)
}

// named are the secrets that a condition has to name: those with these names, or all. A condition that is about whatever
// is below the store's prefix names none, and its rule does not change with each secret.
func (a *Alerts) named(c alert.Condition, only []string) []*Secret {
	switch {
	case !namesSecrets(c):
		return nil
	case only == nil:
		return a.args.Secrets
	}
	return slices.DeleteFunc(slices.Clone(a.args.Secrets), func(s *Secret) bool { return !slices.Contains(only, s.args.Spec.Name) })
}

func namesSecrets(c alert.Condition) bool { return alert.Asks(c, alert.Declared, alert.ByReader) }

// names tells whether a condition asks for one of these actions.
func names(c alert.Condition, actions ...alert.Action) bool {
	return slices.ContainsFunc(alert.Actions(c), func(a alert.Action) bool { return slices.Contains(actions, a) })
}

// numbered is the name of the i-th of several resources. The first is as if it were alone.
func numbered(name string, i int) string {
	if i == 0 {
		return name
	}
	return name + "-" + strconv.Itoa(i+1)
}
