package gcpsecret

import (
	"fmt"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/alert"
)

// auditLast puts audit-changed last, since it watches what the others are made of. Itself it cannot: that it is
// changed is logged when it is too late.
func auditLast(alerts []alert.Alert) []alert.Alert {
	i := slices.IndexFunc(alerts, func(al alert.Alert) bool { return al.ID == alert.AuditChanged })
	if i < 0 {
		return alerts
	}
	return append(slices.Delete(slices.Clone(alerts), i, i+1), alerts[i])
}

// assumedDetectors are names as long as those that detectors will give: Google's ids have no more than 20 digits.
func (a *Alerts) assumedDetectors(parts []part) (names []string) {
	project := "projects/" + a.watch.assumed.Project
	for i := range maxChannels {
		names = append(names, fmt.Sprintf("%s/notificationChannels/%020d", project, i))
	}
	for i, p := range parts {
		names = append(names, fmt.Sprintf("%s/alertPolicies/%020d", project, i), project+"/metrics/"+p.name)
	}
	return names
}

// detectors are the names of all channels, metrics and policies that are made so far.
func (a *Alerts) detectors() pulumi.StringArray {
	var names pulumi.StringArray
	for _, c := range a.Channels {
		names = append(names, c.Name)
	}
	for _, metrics := range a.Metrics {
		for _, m := range metrics {
			names = append(names, pulumi.Sprintf("projects/%s/metrics/%s", a.args.Store.SecretManager.Project, m.Name))
		}
	}
	for _, policies := range a.Policies {
		for _, p := range policies {
			names = append(names, p.ID().ToStringOutput())
		}
	}
	return names
}
