// Package operations has the rules on what runs and watches secrets on AWS: the functions that rotate them, the topics and
// queues that carry alerts, the logs, and the alarms.
package operations

import (
	"embed"

	"github.com/secretstack/secretstack/policies/policy"
)

// All are the rules.
var All = []policy.Rule{
	lambdaEnvNoHardcodedSecret, lambdaEnvCMK, lambdaPermissionNotPublic, lambdaPermissionSourceScoped, lambdaNoPublicURL,
	lambdaFailureDestination, lambdaReservedConcurrency, lambdaInVPC, lambdaTracing, lambdaCodeSigning, lambdaRuntimeSupported,
	lambdaRoleLeastPrivilege,
	snsEncryptedCMK, snsPolicyNoPublic, snsPolicyNoCrossAccount, messagingTransportTLS,
	sqsEncrypted, sqsPolicyNoPublic, sqsPolicyNoWildcardAction,
	logGroupCMK, logGroupRetention,
	alarmHasActions, keyAndIAMChangeAlarms, secretAccessAlarm, trailEncryptedValidated,
}

// Fixes are the sources of the examples.
//
//go:embed fixes/*.go
var Fixes embed.FS

// The types that the rules look at.
const (
	function      = "aws:lambda/function:Function"
	functionURL   = "aws:lambda/functionUrl:FunctionUrl"
	permission    = "aws:lambda/permission:Permission"
	invokeConfig  = "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig"
	secret        = "aws:secretsmanager/secret:Secret"
	secretPolicy  = "aws:secretsmanager/secretPolicy:SecretPolicy"
	rotation      = "aws:secretsmanager/secretRotation:SecretRotation"
	key           = "aws:kms/key:Key"
	keyAlias      = "aws:kms/alias:Alias"
	role          = "aws:iam/role:Role"
	rolePolicy    = "aws:iam/rolePolicy:RolePolicy"
	attachment    = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
	managedPolicy = "aws:iam/policy:Policy"
	topic         = "aws:sns/topic:Topic"
	topicPolicy   = "aws:sns/topicPolicy:TopicPolicy"
	subscription  = "aws:sns/topicSubscription:TopicSubscription"
	queue         = "aws:sqs/queue:Queue"
	queuePolicy   = "aws:sqs/queuePolicy:QueuePolicy"
	logGroup      = "aws:cloudwatch/logGroup:LogGroup"
	eventRule     = "aws:cloudwatch/eventRule:EventRule"
	eventTarget   = "aws:cloudwatch/eventTarget:EventTarget"
	metricFilter  = "aws:cloudwatch/logMetricFilter:LogMetricFilter"
	metricAlarm   = "aws:cloudwatch/metricAlarm:MetricAlarm"
	composite     = "aws:cloudwatch/compositeAlarm:CompositeAlarm"
	insightRule   = "aws:cloudwatch/contributorInsightRule:ContributorInsightRule"
	trail         = "aws:cloudtrail/trail:Trail"
)
