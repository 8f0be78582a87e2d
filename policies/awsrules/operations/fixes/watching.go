package fixes

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudtrail"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kms"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lambda"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/secretsmanager"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// AwsLogGroupCmk is for aws-log-group-cmk.
func AwsLogGroupCmk(ctx *pulumi.Context) error {
	key, err := kms.NewKey(ctx, "logs", &kms.KeyArgs{
		EnableKeyRotation: pulumi.Bool(true),
		Policy: pulumi.String(`{"Version": "2012-10-17", "Statement": [
			{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "kms:*", "Resource": "*"},
			{"Effect": "Allow", "Principal": {"Service": "logs.eu-west-1.amazonaws.com"},
				"Action": ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"], "Resource": "*",
				"Condition": {"ArnEquals": {
					"kms:EncryptionContext:aws:logs:arn": "arn:aws:logs:eu-west-1:111122223333:log-group:orders-rotator"}}}]}`),
	})
	if err != nil {
		return err
	}
	_, err = cloudwatch.NewLogGroup(ctx, "orders-rotator", &cloudwatch.LogGroupArgs{
		Name:            pulumi.String("orders-rotator"),
		KmsKeyId:        key.Arn,
		RetentionInDays: pulumi.Int(400),
	})
	return err
}

// AwsLogGroupRetention is for aws-log-group-retention.
func AwsLogGroupRetention(ctx *pulumi.Context) error {
	logs, err := cloudwatch.NewLogGroup(ctx, "orders-rotator", &cloudwatch.LogGroupArgs{RetentionInDays: pulumi.Int(400)})
	if err != nil {
		return err
	}
	_, err = lambda.NewFunction(ctx, "orders-rotator", &lambda.FunctionArgs{
		Role:          pulumi.String(functionRole),
		Runtime:       pulumi.String("provided.al2023"),
		Handler:       pulumi.String("bootstrap"),
		Code:          pulumi.NewFileArchive("rotator.zip"),
		LoggingConfig: lambda.FunctionLoggingConfigArgs{LogFormat: pulumi.String("JSON"), LogGroup: logs.Name},
	})
	return err
}

// AwsAlarmHasActions is for aws-alarm-has-actions.
func AwsAlarmHasActions(ctx *pulumi.Context) error {
	errors, err := cloudwatch.NewMetricAlarm(ctx, "rotator-errors", &cloudwatch.MetricAlarmArgs{
		Namespace:          pulumi.String("AWS/Lambda"),
		MetricName:         pulumi.String("Errors"),
		Dimensions:         pulumi.StringMap{"FunctionName": pulumi.String("orders-rotator")},
		Statistic:          pulumi.String("Sum"),
		Period:             pulumi.Int(300),
		EvaluationPeriods:  pulumi.Int(1),
		Threshold:          pulumi.Float64(0),
		ComparisonOperator: pulumi.String("GreaterThanThreshold"),
		AlarmActions:       pulumi.Array{pulumi.String(alertTopic)},
	})
	if err != nil {
		return err
	}
	_, err = cloudwatch.NewCompositeAlarm(ctx, "rotation", &cloudwatch.CompositeAlarmArgs{
		AlarmName:    pulumi.String("rotation"),
		AlarmRule:    pulumi.Sprintf(`ALARM("%s") OR ALARM("rotation-overdue")`, errors.Name),
		AlarmActions: pulumi.StringArray{pulumi.String(alertTopic)},
	})
	return err
}

// AwsKeyAndIamChangeAlarms is for aws-key-and-iam-change-alarms.
func AwsKeyAndIamChangeAlarms(ctx *pulumi.Context) error {
	key, err := kms.NewKey(ctx, "orders", &kms.KeyArgs{EnableKeyRotation: pulumi.Bool(true)})
	if err != nil {
		return err
	}
	secret, err := secretsmanager.NewSecret(ctx, "orders-db", &secretsmanager.SecretArgs{KmsKeyId: key.Arn})
	if err != nil {
		return err
	}
	// Keeps out all but the readers, whatever IAM's policies allow.
	if _, err := secretsmanager.NewSecretPolicy(ctx, "orders-db", &secretsmanager.SecretPolicyArgs{
		SecretArn: secret.Arn,
		Policy: pulumi.String(`{"Version": "2012-10-17", "Statement": [{
			"Effect": "Deny", "Principal": "*", "Action": "secretsmanager:GetSecretValue", "Resource": "*",
			"Condition": {"ArnNotEquals": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/orders"}}}]}`),
	}); err != nil {
		return err
	}
	changed, err := cloudwatch.NewEventRule(ctx, "changed", &cloudwatch.EventRuleArgs{
		EventPattern: pulumi.String(`{"detail-type": ["AWS API Call via CloudTrail"], "detail": {
			"eventSource": ["kms.amazonaws.com", "secretsmanager.amazonaws.com"],
			"eventName": ["DisableKey", "ScheduleKeyDeletion", "PutResourcePolicy", "DeleteResourcePolicy"]}}`),
	})
	if err != nil {
		return err
	}
	if _, err := cloudwatch.NewEventTarget(ctx, "changed", &cloudwatch.EventTargetArgs{
		Rule: changed.Name,
		Arn:  pulumi.String(alertTopic),
	}); err != nil {
		return err
	}
	denied, err := cloudwatch.NewLogMetricFilter(ctx, "denied", &cloudwatch.LogMetricFilterArgs{
		LogGroupName: pulumi.String("management-events"), // where the account's trail goes
		Pattern:      pulumi.String(`{ ($.eventName = "GetSecretValue") && ($.errorCode = "AccessDenied*") }`),
		MetricTransformation: cloudwatch.LogMetricFilterMetricTransformationArgs{
			Namespace: pulumi.String("security"), Name: pulumi.String("denied-reads"), Value: pulumi.String("1"),
		},
	})
	if err != nil {
		return err
	}
	_, err = cloudwatch.NewMetricAlarm(ctx, "denied", &cloudwatch.MetricAlarmArgs{
		Namespace:          denied.MetricTransformation.Namespace(),
		MetricName:         denied.MetricTransformation.Name(),
		Statistic:          pulumi.String("Sum"),
		Period:             pulumi.Int(300),
		EvaluationPeriods:  pulumi.Int(1),
		Threshold:          pulumi.Float64(5),
		ComparisonOperator: pulumi.String("GreaterThanThreshold"),
		AlarmActions:       pulumi.Array{pulumi.String(alertTopic)},
	})
	return err
}

// AwsSecretAccessAlarm is for aws-secret-access-alarm.
func AwsSecretAccessAlarm(ctx *pulumi.Context) error {
	if _, err := secretsmanager.NewSecret(ctx, "orders-db", nil); err != nil {
		return err
	}
	// Tells of each read by somebody else than the application.
	stranger, err := cloudwatch.NewEventRule(ctx, "read-by-stranger", &cloudwatch.EventRuleArgs{
		State: pulumi.String("ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"),
		EventPattern: pulumi.String(`{"source": ["aws.secretsmanager"], "detail": {"eventName": ["GetSecretValue"],
			"userIdentity": {"sessionContext": {"sessionIssuer": {"arn": [
				{"anything-but": "arn:aws:iam::111122223333:role/orders"}, {"exists": false}]}}}}}`),
	})
	if err != nil {
		return err
	}
	if _, err := cloudwatch.NewEventTarget(ctx, "read-by-stranger", &cloudwatch.EventTargetArgs{
		Rule: stranger.Name,
		Arn:  pulumi.String(alertTopic),
	}); err != nil {
		return err
	}
	// Counts the reads of each secret in the trail, and tells of the one that is read too often.
	reads, err := cloudwatch.NewContributorInsightRule(ctx, "reads", &cloudwatch.ContributorInsightRuleArgs{
		RuleName: pulumi.String("reads"),
		RuleDefinition: pulumi.String(`{"Schema": {"Name": "CloudWatchLogRule", "Version": 1}, "LogFormat": "JSON",
			"LogGroupNames": ["management-events"], "AggregateOn": "Count", "Contribution": {
				"Keys": ["$.requestParameters.secretId"], "Filters": [{"Match": "$.eventName", "In": ["GetSecretValue"]}]}}`),
	})
	if err != nil {
		return err
	}
	_, err = cloudwatch.NewMetricAlarm(ctx, "read-burst", &cloudwatch.MetricAlarmArgs{
		MetricQueries: cloudwatch.MetricAlarmMetricQueryArray{cloudwatch.MetricAlarmMetricQueryArgs{
			Id: pulumi.String("reads"), Period: pulumi.Int(300), ReturnData: pulumi.Bool(true),
			Expression: pulumi.Sprintf(`INSIGHT_RULE_METRIC("%s", "MaxContributorValue")`, reads.RuleName),
		}},
		EvaluationPeriods:  pulumi.Int(1),
		Threshold:          pulumi.Float64(100),
		ComparisonOperator: pulumi.String("GreaterThanThreshold"),
		AlarmActions:       pulumi.Array{pulumi.String(alertTopic)},
	})
	return err
}

// AwsTrailEncryptedValidated is for aws-trail-encrypted-validated.
func AwsTrailEncryptedValidated(ctx *pulumi.Context) error {
	key, err := kms.NewKey(ctx, "trail", &kms.KeyArgs{EnableKeyRotation: pulumi.Bool(true)})
	if err != nil {
		return err
	}
	logs, err := cloudwatch.NewLogGroup(ctx, "management-events", &cloudwatch.LogGroupArgs{RetentionInDays: pulumi.Int(400)})
	if err != nil {
		return err
	}
	_, err = cloudtrail.NewTrail(ctx, "management-events", &cloudtrail.TrailArgs{
		S3BucketName:            pulumi.String("management-events-111122223333"),
		KmsKeyId:                key.Arn,
		EnableLogFileValidation: pulumi.Bool(true),
		IsMultiRegionTrail:      pulumi.Bool(true),
		CloudWatchLogsGroupArn:  pulumi.Sprintf("%s:*", logs.Arn),
		CloudWatchLogsRoleArn:   pulumi.String("arn:aws:iam::111122223333:role/trail-to-logs"),
	})
	return err
}
