package gcpsecret

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/alert"
	"github.com/secretstack/secretstack/alert/gcpalert"
)

// watch is the store in the words of its alerts. Filters have much in them that is known only when other resources
// are there, such as a reader's identity; but how many filters there are must be known before.
type watch struct {
	store   pulumi.AnyOutput // *gcpalert.Store, as it is
	assumed *gcpalert.Store  // where a text that is not known yet is as long as it can be
}

// text gives one of the texts in a watch, by the values of those that are not known yet.
type text func(values []string) string

// texts are those that are not known yet.
type texts struct {
	inputs  []any
	assumed []string
}

// add takes a text that begins in a known way, and is no longer than so many characters.
func (t *texts) add(in pulumi.StringInput, begin string, longest int) text {
	if plain, ok := in.(pulumi.String); ok {
		return func([]string) string { return string(plain) }
	}
	i := len(t.inputs)
	t.inputs = append(t.inputs, in)
	t.assumed = append(t.assumed, fmt.Sprintf("%s%0*d", begin, longest-len(begin), i))
	return func(values []string) string { return values[i] }
}

// The longest identity is that of a subject, of 127 characters, in a workload identity pool, of 32 or, in Kubernetes, with
// .svc.id.goog after the project: https://cloud.google.com/iam/docs/workload-identity-federation#mapping.
const (
	pools       = "principal://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/"
	maxIdentity = len(pools) + maxProject + len(".svc.id.goog/subject/") + 127
	maxAccount  = len("serviceAccount:@.iam.gserviceaccount.com") + 30 + maxProject
	maxKey      = 255
)

// facts are what a store is described with.
type facts struct {
	texts
	project, number           text
	keys, rotators, deployers []text
	readers                   [][]text // of each secret
}

func (a *Alerts) newWatch() watch {
	f := a.facts()
	return watch{
		store: pulumi.All(f.inputs...).ApplyT(func(all []any) any {
			values := make([]string, len(all))
			for i, v := range all {
				values[i] = v.(string)
			}
			return a.describe(f, values)
		}).(pulumi.AnyOutput),
		assumed: a.describe(f, f.assumed),
	}
}

func (a *Alerts) facts() (f facts) {
	store := a.args.Store
	f.project = f.add(store.SecretManager.Project, "p", maxProject)
	f.number = f.add(store.projectNumber(), "", 12)
	for _, k := range store.Keys {
		f.keys = append(f.keys, f.add(k.Key.ID().ToStringOutput(), "projects/", maxKey))
	}
	if r := a.args.Rotator; r != nil {
		f.rotators = []text{f.add(r.Account.Member, "serviceAccount:", maxAccount)}
	}
	for _, d := range a.args.Settings.Deployers {
		f.deployers = append(f.deployers, f.add(pulumi.String(d), "", 0))
	}
	for _, s := range a.args.Secrets {
		var readers []text
		for _, reader := range s.args.Spec.Readers {
			readers = append(readers, f.add(s.args.Readers[reader], pools, maxIdentity))
		}
		if s.Rotator != nil {
			readers = append(readers, f.rotators...)
		}
		f.readers = append(f.readers, readers)
	}
	return f
}

func (a *Alerts) describe(f facts, values []string) *gcpalert.Store {
	members := func(all []text) (members []string) {
		for _, t := range all {
			members = append(members, gcpalert.Canonical(t(values)))
		}
		return members
	}
	s := &gcpalert.Store{
		Watch: alert.Watch{
			Rotators: members(f.rotators), Deployers: members(f.deployers), Networks: a.args.Settings.Networks,
		},
		Project: f.project(values), Number: f.number(values), Prefix: a.args.Store.args.Prefix,
	}
	for _, key := range f.keys {
		s.Keys = append(s.Keys, key(values))
	}
	if r := a.args.Rotator; r != nil {
		s.Service, s.Deliveries = accountID(r.name), deliveries
	}
	for i, made := range a.args.Secrets {
		spec := made.args.Spec
		s.Secrets = append(s.Secrets, alert.Secret{Name: spec.Name, Readers: members(f.readers[i]), Burst: spec.Alerts.Burst})
		if made.Companion != nil {
			s.Secrets = append(s.Secrets, alert.Secret{Name: spec.Name + gcpalert.Companion, Readers: s.Rotators})
		}
	}
	return s
}

// part is what one filter of an alert is about.
type part struct {
	alert.Alert
	name    string          // of its policy and, where it counts, of its metric
	secrets map[string]bool // that the condition may name
	over    int             // where it counts: how many are still normal
}

// all gives the parts of alerts, as few as the lengths of filters allow.
func (a *Alerts) all(alerts []alert.Alert) (parts []part, err error) {
	var errs []error
	for _, al := range auditLast(alerts) {
		if al.ID == alert.AuditChanged {
			a.watch.assumed.Detectors = a.assumedDetectors(parts)
		}
		some, err := a.watch.parts(al)
		if err != nil {
			errs = append(errs, fmt.Errorf("  Settings: %s cannot be watched, which could be switched off: %w", al.ID, err))
		}
		for i, p := range some {
			p.name = a.name + "-" + string(p.ID)
			if i > 0 {
				p.name += fmt.Sprintf("-%d", i+1)
			}
			parts = append(parts, p)
		}
	}
	return parts, errors.Join(errs...)
}

// parts gives those of an alert. The secrets that have a burst of their own are apart.
func (w watch) parts(a alert.Alert) ([]part, error) {
	if a.Count == nil {
		return w.split(a, w.assumed.Secrets, 0)
	}
	var own []alert.Secret
	bursts := map[int][]alert.Secret{}
	for _, s := range w.assumed.Secrets {
		if a.ID == alert.ReadBurst && s.Burst > 0 {
			own, bursts[s.Burst] = append(own, s), append(bursts[s.Burst], s)
		}
	}
	rest, each := a, a
	if len(own) > 0 {
		rest.When = alert.All{a.When, alert.Not{Condition: alert.In(alert.Declared)}}
		each.When = alert.All{a.When, alert.In(alert.Declared)}
	}
	parts, err := w.split(rest, own, a.Count.Over)
	errs := []error{err}
	for _, burst := range slices.Sorted(maps.Keys(bursts)) {
		some, err := w.split(each, bursts[burst], burst)
		parts, errs = append(parts, some...), append(errs, err)
	}
	return parts, errors.Join(errs...)
}

// split gives the parts of an alert whose condition may name some secrets.
func (w watch) split(a alert.Alert, secrets []alert.Secret, over int) (parts []part, err error) {
	all := *w.assumed
	all.Secrets = secrets
	stores, err := all.Split(a.When)
	for _, s := range stores {
		p := part{Alert: a, secrets: map[string]bool{}, over: over}
		for _, s := range s.Secrets {
			p.secrets[s.Name] = true
		}
		parts = append(parts, p)
	}
	return parts, err
}

// filter is that of a part.
func (a *Alerts) filter(p part) pulumi.StringOutput {
	var detectors pulumi.StringArray
	if p.ID == alert.AuditChanged {
		detectors = a.detectors()
	}
	return pulumi.All(a.watch.store, detectors).ApplyT(func(all []any) (string, error) {
		some := *all[0].(*gcpalert.Store)
		some.Detectors = all[1].([]string)
		some.Secrets = slices.DeleteFunc(slices.Clone(some.Secrets), func(s alert.Secret) bool { return !p.secrets[s.Name] })
		return some.Filter(p.When)
	}).(pulumi.StringOutput)
}
