package gcpalert

import (
	"slices"

	"github.com/secretstack/secretstack/alert"
)

// Extractors are labels, and how a log-based metric or an alerting policy takes each from an entry that matches the
// condition: secret (its id, see SecretID); for what a rotator does, also step and class; otherwise also who (an e-mail),
// subject (of who has none), behind (who impersonates an account, where that is who:
// https://cloud.google.com/iam/docs/audit-logging/examples-service-accounts), from, method and resource. A metric that
// counts per secret is to have the label secret alone, as each combination of values is a time series:
// https://cloud.google.com/logging/docs/logs-based-metrics/labels.
func (s *Store) Extractors(c alert.Condition) map[string]string {
	if slices.ContainsFunc(alert.Actions(c), rotates) {
		return map[string]string{
			"secret": `REGEXP_EXTRACT(jsonPayload.secret, "/secrets/([^/]+)")`,
			"step":   "EXTRACT(jsonPayload.step)",
			"class":  "EXTRACT(jsonPayload.class)",
		}
	}
	return map[string]string{
		"secret":   `REGEXP_EXTRACT(protoPayload.resourceName, "/secrets/([^/]+)")`,
		"who":      "EXTRACT(protoPayload.authenticationInfo.principalEmail)",
		"subject":  "EXTRACT(protoPayload.authenticationInfo.principalSubject)",
		"behind":   "EXTRACT(protoPayload.authenticationInfo.serviceAccountDelegationInfo.firstPartyPrincipal.principalEmail)",
		"from":     "EXTRACT(protoPayload.requestMetadata.callerIp)",
		"method":   "EXTRACT(protoPayload.methodName)",
		"resource": "EXTRACT(protoPayload.resourceName)",
	}
}
