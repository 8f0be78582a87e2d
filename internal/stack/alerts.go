package stack

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/alert"
	"github.com/secretstack/secretstack/alert/awsalert"
	"github.com/secretstack/secretstack/alert/azurealert"
	"github.com/secretstack/secretstack/alert/gcpalert"
	"github.com/secretstack/secretstack/alert/localalert"
	"github.com/secretstack/secretstack/components/awssecret"
	"github.com/secretstack/secretstack/components/azuresecret"
	"github.com/secretstack/secretstack/components/gcpsecret"
	"github.com/secretstack/secretstack/components/localsecret"
	"github.com/secretstack/secretstack/components/notify"
	"github.com/secretstack/secretstack/internal/strict"
)

// AlertsConfig is who hears of the store's alerts, and what is usual in this stack. All alerts are on.
type AlertsConfig struct {
	// Email are the addresses that hear of every alert. At least one, or one of AlertURLs, or Nobody; the local
	// cloud has none of these, since "secretstack audit" shows its alerts.
	Email []string `yaml:"email"`
	// Nobody says why nobody hears of the alerts. Zero: somebody does.
	Nobody string `yaml:"nobody"`
	// Off switches alerts off, each with the reason. Zero: none.
	Off map[string]string `yaml:"off"`
	// Thresholds replace those of alerts that count events in five minutes. Zero: the catalogue's.
	Thresholds map[string]int `yaml:"thresholds"`
	// Networks are addresses and ranges from which values may be read. Zero: from everywhere.
	Networks []string `yaml:"networks"`
	// Deployers are the identities, as in Identities, that deploy this stack: their changes are not reported.
	// Zero: every change is.
	Deployers []string `yaml:"deployers"`
}

// AlertURLs are where alerts are posted. Who knows one can post there, so they are encrypted.
type AlertURLs struct {
	Webhooks  []string `json:"webhooks"`
	Slack     []string `json:"slack"`
	Teams     []string `json:"teams"`
	PagerDuty []string `json:"pagerduty"`
}

const alertURLsKey = namespace + "alertURLs"

// blinded is what Pulumi gives for an encrypted value where nothing is decrypted.
const blinded = "[secret]"

func (u AlertURLs) all() []string { return slices.Concat(u.Webhooks, u.Slack, u.Teams, u.PagerDuty) }

// gaps are the alerts that a cloud cannot have.
var gaps = map[string]map[alert.ID]string{
	awssecret.Limits.Name:   awsalert.Gaps,
	azuresecret.Limits.Name: azurealert.Gaps,
	gcpsecret.Limits.Name:   gcpalert.Gaps,
	localsecret.Limits.Name: localalert.Gaps,
}

// AlertGaps are the alerts that the stack's cloud cannot have, each with the reason.
func (s *Stack) AlertGaps() map[alert.ID]string { return gaps[s.Config.Cloud] }

// AlertSettings are what the stack says of its alerts. They are those of a stack without mistakes.
func (s *Stack) AlertSettings() alert.Settings {
	c, cloud := s.Config.Alerts, clouds[s.Config.Cloud]
	settings := alert.Settings{Off: map[alert.ID]string{}, Thresholds: map[alert.ID]int{}}
	for id, reason := range c.Off {
		settings.Off[alert.ID(id)] = reason
	}
	for id, over := range c.Thresholds {
		settings.Thresholds[alert.ID(id)] = over
	}
	for _, d := range c.Deployers {
		if cloud.Canonical != nil {
			d = cloud.Canonical(d)
		}
		settings.Deployers = append(settings.Deployers, d)
	}
	for _, n := range c.Networks {
		if p, err := network(n); err == nil {
			settings.Networks = append(settings.Networks, p)
		}
	}
	return settings
}

// network reads an address or a range of addresses.
func network(text string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(text); err == nil {
		return a.Prefix(a.BitLen())
	}
	p, err := netip.ParsePrefix(text)
	if err != nil || p != p.Masked() {
		return p, fmt.Errorf("must be an address or a network such as 203.0.113.0/24")
	}
	return p, nil
}

// notify is who hears of the alerts.
func (s *Stack) notify() notify.Args {
	secrets := func(urls []string) (outputs []pulumi.StringInput) {
		for _, u := range urls {
			outputs = append(outputs, pulumi.ToSecret(pulumi.String(u)).(pulumi.StringOutput))
		}
		return outputs
	}
	c, u := s.Config.Alerts, s.alertURLs
	return notify.Args{
		Email: c.Email, Nobody: c.Nobody,
		Webhooks: secrets(u.Webhooks), Slack: secrets(u.Slack), Teams: secrets(u.Teams), PagerDuty: secrets(u.PagerDuty),
	}
}

// readAlertURLs decodes the setting, which is encrypted: only the number of URLs is known unless an update runs.
func (s *Stack) readAlertURLs(doc *strict.Document, line int, value string) {
	if value == "" {
		return
	}
	wrong := func(rule string, args ...any) { doc.AddAt(line, alertURLsKey, fmt.Sprintf(rule, args...)) }
	decoder := json.NewDecoder(strings.NewReader(value))
	decoder.DisallowUnknownFields()
	if decoder.Decode(&s.alertURLs) != nil {
		wrong("must have webhooks, slack, teams and pagerduty, each a list of URLs; set one with: "+
			"pulumi config set --secret --path '%s.slack[0]'", alertURLsKey)
		return
	}
	for i, u := range s.alertURLs.all() {
		if err := notify.CheckURL(u); u != blinded && err != nil {
			wrong("the URL number %d %s", i+1, err)
		}
	}
}

// checkAlerts notes what is wrong with the configuration of alerts, beyond its form.
func (s *Stack) checkAlerts(doc *strict.Document) {
	const field = namespace + "alerts"
	if doc.Wrong(field) {
		return
	}
	c, checkDeployer := s.Config.Alerts, clouds[s.Config.Cloud].CheckIdentity
	if s.Config.Cloud == gcpsecret.Limits.Name {
		checkDeployer = gcpsecret.CheckDeployer
	}
	s.checkHearers(doc, field)
	for i, n := range c.Networks {
		parsed, err := network(n)
		if err == nil && s.Config.Cloud == awssecret.Limits.Name {
			err = awsalert.CheckNetwork(parsed)
		}
		if err != nil {
			doc.Add(fmt.Sprintf("%s.networks[%d]", field, i), "%s", err)
		}
	}
	for i, d := range c.Deployers {
		if err := checkDeployer(d); err != nil && !doc.Wrong(field+".deployers") {
			doc.Add(fmt.Sprintf("%s.deployers[%d]", field, i), "%s", err)
		}
	}
	for _, p := range s.AlertSettings().Check(s.AlertGaps()) {
		at, rule, _ := strings.Cut(p.Error(), ": ")
		at = field + "." + strings.NewReplacer("[", ".", "]", "").Replace(strings.ToLower(at[:1])+at[1:])
		if !doc.Wrong(at) {
			doc.Add(at, "%s", rule)
		}
	}
}

// checkHearers notes where nobody would hear of an alert.
func (s *Stack) checkHearers(doc *strict.Document, field string) {
	c, urls := s.Config.Alerts, len(s.alertURLs.all())
	if s.Config.Cloud == localsecret.Limits.Name {
		given := map[string]bool{
			"email": len(c.Email) > 0, "nobody": c.Nobody != "", "networks": len(c.Networks) > 0, "deployers": len(c.Deployers) > 0,
		}
		for _, name := range slices.Sorted(maps.Keys(given)) {
			if given[name] {
				doc.Add(field+"."+name, "is of no use on the local cloud, whose alerts are shown by: secretstack audit")
			}
		}
		if urls > 0 {
			doc.Add(alertURLsKey, "is of no use on the local cloud, whose alerts are shown by: secretstack audit")
		}
		return
	}
	checkEach(doc, "alerts.email[%d]", notify.CheckEmail, c.Email...)
	switch somebody := len(c.Email)+urls > 0 || doc.Wrong(alertURLsKey); {
	case somebody && c.Nobody != "":
		doc.Add(field+".nobody", "gives a reason why nobody hears of the alerts, and somebody does; take one away")
	case !somebody && c.Nobody == "":
		doc.Add(field, "names nobody who hears of the alerts; set email, or %s, or say in nobody why not", alertURLsKey)
	case !somebody && len(strings.TrimSpace(c.Nobody)) < alert.MinReason:
		doc.Add(field+".nobody", "must say why, in at least %d characters", alert.MinReason)
	}
}
