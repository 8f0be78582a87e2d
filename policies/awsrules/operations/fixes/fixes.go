// Package fixes has an example for each rule of operations, which the documentation shows.
package fixes

import "github.com/pulumi/pulumi/sdk/v3/go/pulumi"

// All are the examples, by rule.
var All = map[string]pulumi.RunFunc{
	"aws-lambda-env-no-hardcoded-secret":  AwsLambdaEnvNoHardcodedSecret,
	"aws-lambda-env-cmk":                  AwsLambdaEnvCmk,
	"aws-lambda-permission-not-public":    AwsLambdaPermissionNotPublic,
	"aws-lambda-permission-source-scoped": AwsLambdaPermissionSourceScoped,
	"aws-lambda-no-public-url":            AwsLambdaNoPublicUrl,
	"aws-lambda-failure-destination":      AwsLambdaFailureDestination,
	"aws-lambda-reserved-concurrency":     AwsLambdaReservedConcurrency,
	"aws-lambda-in-vpc":                   AwsLambdaInVpc,
	"aws-lambda-tracing":                  AwsLambdaTracing,
	"aws-lambda-code-signing":             AwsLambdaCodeSigning,
	"aws-lambda-runtime-supported":        AwsLambdaRuntimeSupported,
	"aws-lambda-role-least-privilege":     AwsLambdaRoleLeastPrivilege,
	"aws-sns-encrypted-cmk":               AwsSnsEncryptedCmk,
	"aws-sns-policy-no-public":            AwsSnsPolicyNoPublic,
	"aws-sns-policy-no-cross-account":     AwsSnsPolicyNoCrossAccount,
	"aws-messaging-transport-tls":         AwsMessagingTransportTls,
	"aws-sqs-encrypted":                   AwsSqsEncrypted,
	"aws-sqs-policy-no-public":            AwsSqsPolicyNoPublic,
	"aws-sqs-policy-no-wildcard-action":   AwsSqsPolicyNoWildcardAction,
	"aws-log-group-cmk":                   AwsLogGroupCmk,
	"aws-log-group-retention":             AwsLogGroupRetention,
	"aws-alarm-has-actions":               AwsAlarmHasActions,
	"aws-key-and-iam-change-alarms":       AwsKeyAndIamChangeAlarms,
	"aws-secret-access-alarm":             AwsSecretAccessAlarm,
	"aws-trail-encrypted-validated":       AwsTrailEncryptedValidated,
}

const (
	account      = "111122223333"
	functionRole = "arn:aws:iam::" + account + ":role/orders-rotator"
	alertTopic   = "arn:aws:sns:eu-west-1:" + account + ":alerts"
)
