package gcpalert

import (
	"regexp"

	"github.com/secretstack/secretstack/alert"
)

// operation is what an audit log calls an action: the last word of protoPayload.methodName of a service. Methods are
// also called by their API's version (google.cloud.secretmanager.v1.SecretManagerService.) or by nothing (Cloud KMS).
type operation struct {
	service string
	methods []string
	action  alert.Action
	// only, where there are any, has one that the entry must have; unless has what it must not have.
	only, unless []trait
}

// trait is that a field of protoPayload matches a regular expression; that it names one of the store's Detectors; or,
// where it asks for neither, that it is there at all.
type trait struct {
	field    string
	matches  *regexp.Regexp
	detector bool
}

const (
	secretManager   = "secretmanager.googleapis.com"
	cloudKMS        = "cloudkms.googleapis.com"
	cloudLogging    = "logging.googleapis.com"
	monitoring      = "monitoring.googleapis.com"
	serviceUsage    = "serviceusage.googleapis.com"
	resourceManager = "cloudresourcemanager.googleapis.com"
)

func resourceName(pattern string) []trait {
	return []trait{{field: "resourceName", matches: regexp.MustCompile(pattern)}}
}

var (
	expiry = []trait{{field: "request.secret.expireTime"}, {field: "request.secret.ttl"}}
	// An audit configuration is taken away, or somebody is exempted from it:
	// https://cloud.google.com/logging/docs/reference/audit/auditlog/rest/Shared.Types/AuditData. One that is only
	// added blinds nobody, and each first update of a stack adds one.
	exemption = []trait{
		{field: "serviceData.policyDelta.auditConfigDeltas.action", matches: regexp.MustCompile("^REMOVE$")},
		{field: "serviceData.policyDelta.auditConfigDeltas.exemptedMember"},
	}
	enabled   = []trait{{field: "request.cryptoKeyVersion.state", matches: regexp.MustCompile("^ENABLED$")}}
	auditLogs = resourceName("/logs/cloudaudit[.]googleapis[.]com")
	// Reads go through the sink _Default to the bucket _Default, and others have copies. Changes go to _Required, which
	// nobody can change: https://cloud.google.com/logging/docs/routing/overview.
	defaults = resourceName("/(sinks|buckets)/_Default$")
	watchers = resourceName("/services/(logging|monitoring|secretmanager)[.]googleapis[.]com$")
	own      = []trait{{field: "resourceName", detector: true}}
	snoozed  = []trait{{field: "request.snooze.criteria.policies", detector: true}}
)

// operations are after https://cloud.google.com/secret-manager/docs/audit-logging,
// https://cloud.google.com/kms/docs/audit-logging, https://cloud.google.com/logging/docs/audit-logging,
// https://cloud.google.com/monitoring/audit-logging and https://cloud.google.com/service-usage/docs/audit-logging.
var operations = []operation{
	{service: secretManager, methods: []string{"AccessSecretVersion"}, action: alert.Read},
	{service: secretManager, methods: []string{"ListSecrets"}, action: alert.List},
	{service: secretManager, methods: []string{
		"AddSecretVersion", "DestroySecretVersion", "DisableSecretVersion", "EnableSecretVersion", "SetIamPolicy",
	}, action: alert.Change},
	{service: secretManager, methods: []string{"CreateSecret", "UpdateSecret"}, action: alert.Change, unless: expiry},
	{service: secretManager, methods: []string{"CreateSecret", "UpdateSecret"}, action: alert.Delete, only: expiry},
	{service: secretManager, methods: []string{"DeleteSecret"}, action: alert.Delete},
	{service: cloudKMS, methods: []string{"DestroyCryptoKeyVersion"}, action: alert.UnmakeKey},
	{service: cloudKMS, methods: []string{"UpdateCryptoKeyVersion"}, action: alert.UnmakeKey, unless: enabled},
	{service: cloudKMS, methods: []string{"SetIamPolicy"}, action: alert.OpenKey},
	{service: cloudLogging, methods: []string{"DeleteSink"}, action: alert.Blind, only: defaults},
	{service: cloudLogging, methods: []string{"DeleteLog"}, action: alert.Blind, only: auditLogs},
	{service: resourceManager, methods: []string{"SetIamPolicy"}, action: alert.Blind, only: exemption},
	{service: cloudLogging, methods: []string{"UpdateBucket", "UpdateBucketAsync", "UpdateSink"}, action: alert.Rewire, only: defaults},
	{service: cloudLogging, methods: []string{"CreateExclusion", "UpdateExclusion", "UpdateSettings"}, action: alert.Rewire},
	{service: cloudLogging, methods: []string{"DeleteLogMetric", "UpdateLogMetric"}, action: alert.Rewire, only: own},
	{service: monitoring, methods: []string{
		"DeleteAlertPolicy", "DeleteNotificationChannel", "UpdateAlertPolicy", "UpdateNotificationChannel",
	}, action: alert.Rewire, only: own},
	{service: monitoring, methods: []string{"CreateSnooze", "UpdateSnooze"}, action: alert.Rewire, only: snoozed},
	{service: serviceUsage, methods: []string{"DisableService"}, action: alert.Rewire, only: watchers},
}

// The logs, by what follows projects/PROJECT/logs/. Reads, and lists, are in that of data access, which is off unless an
// audit configuration switches it on.
const (
	activity   = "cloudaudit.googleapis.com%2Factivity"
	dataAccess = "cloudaudit.googleapis.com%2Fdata_access"
	stdout     = "run.googleapis.com%2Fstdout"
)

func logOf(a alert.Action) string {
	switch a {
	case alert.Read, alert.List:
		return dataAccess
	case alert.Rotate, alert.Abandon, alert.Look:
		return stdout
	}
	return activity
}

// The codes of protoPayload.status: https://cloud.google.com/apis/design/errors#handling_errors.
const permissionDenied = 7

// The words of a rotator's records, whose outcomes are those of the catalogue: see rotation.Rotator.
const (
	rotationMessage = "rotation"
	lookStep        = "look"
)
