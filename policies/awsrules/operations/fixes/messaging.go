package fixes

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kms"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sns"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sqs"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// AwsSnsEncryptedCmk is for aws-sns-encrypted-cmk.
func AwsSnsEncryptedCmk(ctx *pulumi.Context) error {
	key, err := kms.NewKey(ctx, "alerts", &kms.KeyArgs{
		EnableKeyRotation: pulumi.Bool(true),
		Policy: pulumi.String(`{"Version": "2012-10-17", "Statement": [
			{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "kms:*", "Resource": "*"},
			{"Effect": "Allow", "Principal": {"Service": ["events.amazonaws.com", "cloudwatch.amazonaws.com"]},
				"Action": ["kms:Decrypt", "kms:GenerateDataKey*"], "Resource": "*",
				"Condition": {"StringEquals": {"aws:SourceAccount": "111122223333"}}}]}`),
	})
	if err != nil {
		return err
	}
	alias, err := kms.NewAlias(ctx, "alerts", &kms.AliasArgs{Name: pulumi.String("alias/alerts"), TargetKeyId: key.KeyId})
	if err != nil {
		return err
	}
	_, err = sns.NewTopic(ctx, "alerts", &sns.TopicArgs{KmsMasterKeyId: alias.Name})
	return err
}

// AwsSnsPolicyNoPublic is for aws-sns-policy-no-public.
func AwsSnsPolicyNoPublic(ctx *pulumi.Context) error {
	topic, err := sns.NewTopic(ctx, "alerts", nil)
	if err != nil {
		return err
	}
	_, err = sns.NewTopicPolicy(ctx, "alerts", &sns.TopicPolicyArgs{
		Arn: topic.Arn,
		Policy: pulumi.Sprintf(`{"Version": "2012-10-17", "Statement": [{
			"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sns:Publish", "Resource": "%s",
			"Condition": {"StringEquals": {"aws:SourceAccount": "111122223333"}}}]}`, topic.Arn),
	})
	return err
}

// AwsSnsPolicyNoCrossAccount is for aws-sns-policy-no-cross-account.
func AwsSnsPolicyNoCrossAccount(ctx *pulumi.Context) error {
	_, err := sns.NewTopic(ctx, "alerts", &sns.TopicArgs{
		Name: pulumi.String("alerts"),
		Policy: pulumi.String(`{"Version": "2012-10-17", "Statement": [{
			"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/oncall"}, "Action": "sns:Subscribe",
			"Resource": "arn:aws:sns:eu-west-1:111122223333:alerts"}]}`),
	})
	return err
}

// AwsMessagingTransportTls is for aws-messaging-transport-tls.
func AwsMessagingTransportTls(ctx *pulumi.Context) error {
	topic, err := sns.NewTopic(ctx, "alerts", &sns.TopicArgs{
		Name: pulumi.String("alerts"),
		Policy: pulumi.String(`{"Version": "2012-10-17", "Statement": [{
			"Effect": "Deny", "Principal": "*", "Action": "sns:Publish", "Resource": "arn:aws:sns:eu-west-1:111122223333:alerts",
			"Condition": {"Bool": {"aws:SecureTransport": "false"}}}]}`),
	})
	if err != nil {
		return err
	}
	_, err = sns.NewTopicSubscription(ctx, "oncall", &sns.TopicSubscriptionArgs{
		Topic:    topic.Arn,
		Protocol: pulumi.String("https"),
		Endpoint: pulumi.String("https://oncall.example.com/alerts"),
	})
	return err
}

// AwsSqsEncrypted is for aws-sqs-encrypted.
func AwsSqsEncrypted(ctx *pulumi.Context) error {
	_, err := sqs.NewQueue(ctx, "undelivered", &sqs.QueueArgs{SqsManagedSseEnabled: pulumi.Bool(true)})
	return err
}

// AwsSqsPolicyNoPublic is for aws-sqs-policy-no-public.
func AwsSqsPolicyNoPublic(ctx *pulumi.Context) error {
	queue, err := sqs.NewQueue(ctx, "undelivered", nil)
	if err != nil {
		return err
	}
	_, err = sqs.NewQueuePolicy(ctx, "undelivered", &sqs.QueuePolicyArgs{
		QueueUrl: queue.Url,
		Policy: pulumi.Sprintf(`{"Version": "2012-10-17", "Statement": [{
			"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": "%s",
			"Condition": {"ArnLike": {"aws:SourceArn": "%s"}}}]}`, queue.Arn, alertTopic),
	})
	return err
}

// AwsSqsPolicyNoWildcardAction is for aws-sqs-policy-no-wildcard-action.
func AwsSqsPolicyNoWildcardAction(ctx *pulumi.Context) error {
	_, err := sqs.NewQueue(ctx, "undelivered", &sqs.QueueArgs{
		Name: pulumi.String("undelivered"),
		Policy: pulumi.String(`{"Version": "2012-10-17", "Statement": [{
			"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/oncall"},
			"Action": ["sqs:ReceiveMessage", "sqs:DeleteMessage"],
			"Resource": "arn:aws:sqs:eu-west-1:111122223333:undelivered"}]}`),
	})
	return err
}
