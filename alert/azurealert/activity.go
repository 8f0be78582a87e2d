package azurealert

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/secretstack/secretstack/alert"
)

// ofActivity are the operations of the activity log, which writes them in capitals or not:
// https://learn.microsoft.com/azure/role-based-access-control/resource-provider-operations.
var ofActivity = operations{
	"Microsoft.Authorization/locks/delete":                    alert.Change,
	"Microsoft.Authorization/locks/write":                     alert.Change,
	"Microsoft.Authorization/roleAssignments/delete":          alert.Change,
	"Microsoft.Authorization/roleAssignments/write":           alert.Change,
	"Microsoft.Authorization/roleDefinitions/delete":          alert.Change,
	"Microsoft.Authorization/roleDefinitions/write":           alert.Change,
	"Microsoft.KeyVault/vaults/accessPolicies/write":          alert.Change,
	"Microsoft.KeyVault/vaults/secrets/write":                 alert.Change, // a value too, past the vault's firewall
	"Microsoft.KeyVault/vaults/write":                         alert.Change,
	"Microsoft.KeyVault/locations/deletedVaults/purge/action": alert.Delete,
	"Microsoft.KeyVault/vaults/delete":                        alert.Delete,

	"Microsoft.Insights/diagnosticSettings/delete":                      alert.Blind,
	"Microsoft.OperationalInsights/workspaces/delete":                   alert.Blind,
	"Microsoft.OperationalInsights/workspaces/purge/action":             alert.Blind,
	"Microsoft.OperationalInsights/workspaces/tables/delete":            alert.Blind,
	"Microsoft.OperationalInsights/workspaces/tables/deleteData/action": alert.Blind,

	"Microsoft.AlertsManagement/actionRules/delete":         alert.Rewire, // alert processing rules, which can suppress messages
	"Microsoft.AlertsManagement/actionRules/write":          alert.Rewire,
	"Microsoft.Insights/actionGroups/delete":                alert.Rewire,
	"Microsoft.Insights/actionGroups/write":                 alert.Rewire,
	"Microsoft.Insights/activityLogAlerts/delete":           alert.Rewire,
	"Microsoft.Insights/activityLogAlerts/write":            alert.Rewire,
	"Microsoft.Insights/diagnosticSettings/write":           alert.Rewire,
	"Microsoft.Insights/metricAlerts/delete":                alert.Rewire,
	"Microsoft.Insights/metricAlerts/write":                 alert.Rewire,
	"Microsoft.Insights/scheduledQueryRules/delete":         alert.Rewire,
	"Microsoft.Insights/scheduledQueryRules/write":          alert.Rewire,
	"Microsoft.OperationalInsights/workspaces/tables/write": alert.Rewire, // its plan, and for how long it keeps
	"Microsoft.OperationalInsights/workspaces/write":        alert.Rewire,
}

// inActivity has them in lower case.
var inActivity = ofActivity.folded()

// ActivityOperations are the operations of the activity log that are an action, for an activity log alert.
func ActivityOperations(a alert.Action) []string { return ofActivity.of(a) }

// scopes are the resources that operations have to be about, as regular expressions of ids in lower case: the same in Go
// and in KQL (https://learn.microsoft.com/kusto/query/regex).
type scopes struct {
	secrets *regexp.Regexp // for what changes or deletes the secrets
	audit   *regexp.Regexp // for what changes the audit log, or what watches it
}

// scopesOf gives, for the secrets: the vault and what is below it, also once it is deleted, and the grants, roles and locks from above,
// which reach into it. For the audit log: the vault's settings, the workspace and the subscription's setting; the rules and the
// action group by their names, and every rule of the group that may suppress their messages.
func scopesOf(s *Store) scopes {
	below := func(id string) string { return regexp.QuoteMeta(id) + `(?:/|$)` }
	subscription, group := regexp.QuoteMeta(s.subscription), regexp.QuoteMeta(s.group)
	secrets := []string{
		below(s.vault),
		subscription + `/providers/microsoft\.keyvault/locations/[^/]+` + below("/deletedvaults/"+strings.ToLower(s.Vault)),
		`(?:` + subscription + `|` + group + `)/providers/microsoft\.authorization/(?:locks|roleassignments|roledefinitions)/`,
	}
	names := []string{groupName}
	for _, a := range alert.Catalogue {
		names = append(names, string(a.ID))
	}
	audit := []string{
		below(s.vault),
		group + `/providers/microsoft\.insights/[a-z]+/` + regexp.QuoteMeta(RuleName(strings.ToLower(s.Vault), "")) + `(?:` + strings.Join(names, "|") + `)(?:-[0-9]+)?$`,
		group + `/providers/microsoft\.alertsmanagement/actionrules/`,
	}
	if s.Workspace != "" {
		audit = append(audit, below(strings.ToLower(s.Workspace)))
	}
	if s.Setting != "" {
		audit = append(audit, subscription+`/providers/microsoft\.insights`+below("/diagnosticsettings/"+strings.ToLower(s.Setting)))
	}
	either := func(all []string) *regexp.Regexp { return regexp.MustCompile(`^(?:` + strings.Join(all, "|") + `)`) }
	return scopes{either(secrets), either(audit)}
}

func (s *Store) fromActivity(r *record) (e alert.Event) {
	e.Action = inActivity[strings.ToLower(r.operation)]
	switch strings.ToLower(r.result) {
	case "success", "succeeded":
		e.Outcome = alert.OK
	case "failure", "failed":
		e.Outcome = alert.Failed
	default: // it begins, or goes on
		return alert.Event{}
	}
	resource := strings.ToLower(r.resource)
	switch e.Action {
	case "":
		return alert.Event{}
	case alert.Blind, alert.Rewire:
		if !s.within.audit.MatchString(resource) {
			return alert.Event{}
		}
	default:
		if id, ok := strings.CutPrefix(resource, s.vault+"/secrets/"); ok {
			id, _, _ = strings.Cut(id, "/")
			e.Secret = s.secret(id)
		} else if s.within.secrets.MatchString(resource) {
			e.Secret = whole
		}
	}
	if e.Who = r.who; e.Who == "" {
		e.Who = strings.ToLower(r.caller)
	}
	return e
}

// activityRows are the events of the table of the activity log.
func (s *Store) activityRows(actions []alert.Action) string {
	names := inActivity.of(actions...)
	if len(names) == 0 {
		return ""
	}
	scope := s.within.secrets
	secret := fmt.Sprintf(`coalesce(extract(%s, 1, Resource), "%s")`, verbatim("^"+regexp.QuoteMeta(s.vault)+"/secrets/([^/]+)"), whole)
	if slices.Contains(actions, alert.Blind) {
		scope, secret = s.within.audit, `""`
	}
	return fmt.Sprintf(`(AzureActivity
    | extend Operation = tolower(OperationNameValue), Resource = tolower(coalesce(tostring(Properties_d.entity), _ResourceId))
    | where Operation in (%s) and Resource matches regex %s
    | project Time = TimeGenerated,
        Action = %s,
        Outcome = iff(ActivityStatusValue in~ ("Success", "Succeeded"), "ok", "failed"),
        Secret = %s,
        Who = tolower(coalesce(tostring(Claims_d[%s]), Caller)),
        From = CallerIpAddress)`,
		list(names), verbatim(scope.String()), inActivity.kql("Operation", actions), secret, quote(oidClaim))
}
