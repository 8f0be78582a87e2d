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
	"Microsoft.Authorization/locks/delete":                   alert.Change,
	"Microsoft.Authorization/locks/write":                    alert.Change,
	"Microsoft.Authorization/roleAssignments/delete":         alert.Change,
	"Microsoft.Authorization/roleAssignments/write":          alert.Change,
	"Microsoft.KeyVault/vaults/accessPolicies/write":         alert.Change,
	"Microsoft.KeyVault/vaults/secrets/write":                alert.Change, // a value too, past the vault's firewall
	"Microsoft.KeyVault/vaults/write":                        alert.Change,
	"Microsoft.KeyVault/vaults/delete":                       alert.Delete,
	"Microsoft.Insights/diagnosticSettings/delete":           alert.Blind,
	"Microsoft.Insights/diagnosticSettings/write":            alert.Blind,
	"Microsoft.OperationalInsights/workspaces/delete":        alert.Blind,
	"Microsoft.OperationalInsights/workspaces/purge/action":  alert.Blind,
	"Microsoft.OperationalInsights/workspaces/tables/delete": alert.Blind,
	"Microsoft.OperationalInsights/workspaces/tables/write":  alert.Blind, // its plan, and for how long it keeps
	"Microsoft.OperationalInsights/workspaces/write":         alert.Blind,
}

// inActivity has them in lower case.
var inActivity = ofActivity.folded()

// ActivityOperations are the operations of the activity log that are an action, for an activity log alert.
func ActivityOperations(a alert.Action) []string { return ofActivity.of(a) }

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
	below, inVault := within(resource, s.vault)
	switch e.Action {
	case alert.Blind:
		_, inWorkspace := within(resource, s.workspace)
		if !inVault && !inWorkspace && resource != s.setting {
			return alert.Event{}
		}
	case "":
		return alert.Event{}
	default:
		if id, ok := strings.CutPrefix(below, "/secrets/"); ok {
			id, _, _ = strings.Cut(id, "/")
			e.Secret = s.secret(id)
		} else if inVault || strings.HasPrefix(resource, s.group+groupGrant) {
			e.Secret = whole
		}
	}
	if e.Who = r.who; e.Who == "" {
		e.Who = strings.ToLower(r.caller)
	}
	return e
}

// groupGrant begins what a grant on the resource group has after the group's id. Such a grant reaches into the vault.
const groupGrant = "/providers/microsoft.authorization/roleassignments/"

// within tells whether a resource is another or below it, and how it goes on.
func within(resource, other string) (string, bool) {
	below, ok := strings.CutPrefix(resource, other)
	return below, ok && other != "" && (below == "" || below[0] == '/')
}

// activityRows are the events of the table of the activity log.
func (s *Store) activityRows(actions []alert.Action) string {
	names := inActivity.of(actions...)
	if len(names) == 0 {
		return ""
	}
	below := func(id string) string {
		return fmt.Sprintf("Resource == %s or Resource startswith %s", quote(id), quote(id+"/"))
	}
	about := []string{below(s.vault)}
	if slices.Contains(actions, alert.Blind) {
		if s.workspace != "" {
			about = append(about, below(s.workspace))
		}
		if s.setting != "" {
			about = append(about, "Resource == "+quote(s.setting))
		}
	} else {
		about = append(about, "Resource startswith "+quote(s.group+groupGrant))
	}
	return fmt.Sprintf(`(AzureActivity
    | extend Operation = tolower(OperationNameValue), Resource = tolower(coalesce(tostring(Properties_d.entity), _ResourceId))
    | where Operation in (%s) and (%s)
    | project Time = TimeGenerated,
        Action = %s,
        Outcome = iff(ActivityStatusValue in~ ("Success", "Succeeded"), "ok", "failed"),
        Secret = %s,
        Who = tolower(coalesce(tostring(Claims_d[%s]), Caller)),
        From = CallerIpAddress)`,
		list(names), strings.Join(about, " or "), inActivity.kql("Operation", actions), s.activitySecret(actions), quote(oidClaim))
}

func (s *Store) activitySecret(actions []alert.Action) string {
	if slices.Contains(actions, alert.Blind) {
		return `""`
	}
	return fmt.Sprintf(`coalesce(extract(@"^%s/secrets/([^/]+)", 1, Resource), "%s")`, regexp.QuoteMeta(s.vault), whole)
}
