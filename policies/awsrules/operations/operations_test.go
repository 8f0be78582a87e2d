package operations_test

import (
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudtrail"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kms"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lambda"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/secretsmanager"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sns"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sqs"

	"github.com/secretstack/secretstack/policies/awsrules/operations"
	"github.com/secretstack/secretstack/policies/awsrules/operations/fixes"
	"github.com/secretstack/secretstack/policies/policytest"
)

func TestCases(t *testing.T) { policytest.Run(t, operations.All, "testdata") }

func TestFixes(t *testing.T) {
	policytest.Fixes(t, operations.All, fixes.All, operations.Fixes)
}

func TestTypes(t *testing.T) {
	policytest.Types(t, operations.All, fixes.All, "testdata", map[string]policytest.Type{
		"aws:lambda/function:Function":                                   {Resource: lambda.Function{}, Args: lambda.FunctionArgs{}},
		"aws:lambda/functionUrl:FunctionUrl":                             {Resource: lambda.FunctionUrl{}, Args: lambda.FunctionUrlArgs{}},
		"aws:lambda/permission:Permission":                               {Resource: lambda.Permission{}, Args: lambda.PermissionArgs{}},
		"aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": {Resource: lambda.FunctionEventInvokeConfig{}, Args: lambda.FunctionEventInvokeConfigArgs{}},
		"aws:secretsmanager/secret:Secret":                               {Resource: secretsmanager.Secret{}, Args: secretsmanager.SecretArgs{}},
		"aws:secretsmanager/secretPolicy:SecretPolicy":                   {Resource: secretsmanager.SecretPolicy{}, Args: secretsmanager.SecretPolicyArgs{}},
		"aws:secretsmanager/secretRotation:SecretRotation":               {Resource: secretsmanager.SecretRotation{}, Args: secretsmanager.SecretRotationArgs{}},
		"aws:kms/key:Key":                                                {Resource: kms.Key{}, Args: kms.KeyArgs{}},
		"aws:kms/alias:Alias":                                            {Resource: kms.Alias{}, Args: kms.AliasArgs{}},
		"aws:iam/role:Role":                                              {Resource: iam.Role{}, Args: iam.RoleArgs{}},
		"aws:iam/rolePolicy:RolePolicy":                                  {Resource: iam.RolePolicy{}, Args: iam.RolePolicyArgs{}},
		"aws:iam/rolePolicyAttachment:RolePolicyAttachment":              {Resource: iam.RolePolicyAttachment{}, Args: iam.RolePolicyAttachmentArgs{}},
		"aws:iam/policy:Policy":                                          {Resource: iam.Policy{}, Args: iam.PolicyArgs{}},
		"aws:sns/topic:Topic":                                            {Resource: sns.Topic{}, Args: sns.TopicArgs{}},
		"aws:sns/topicPolicy:TopicPolicy":                                {Resource: sns.TopicPolicy{}, Args: sns.TopicPolicyArgs{}},
		"aws:sns/topicSubscription:TopicSubscription":                    {Resource: sns.TopicSubscription{}, Args: sns.TopicSubscriptionArgs{}},
		"aws:sqs/queue:Queue":                                            {Resource: sqs.Queue{}, Args: sqs.QueueArgs{}},
		"aws:sqs/queuePolicy:QueuePolicy":                                {Resource: sqs.QueuePolicy{}, Args: sqs.QueuePolicyArgs{}},
		"aws:cloudwatch/logGroup:LogGroup":                               {Resource: cloudwatch.LogGroup{}, Args: cloudwatch.LogGroupArgs{}},
		"aws:cloudwatch/eventRule:EventRule":                             {Resource: cloudwatch.EventRule{}, Args: cloudwatch.EventRuleArgs{}},
		"aws:cloudwatch/eventTarget:EventTarget":                         {Resource: cloudwatch.EventTarget{}, Args: cloudwatch.EventTargetArgs{}},
		"aws:cloudwatch/logMetricFilter:LogMetricFilter":                 {Resource: cloudwatch.LogMetricFilter{}, Args: cloudwatch.LogMetricFilterArgs{}},
		"aws:cloudwatch/metricAlarm:MetricAlarm":                         {Resource: cloudwatch.MetricAlarm{}, Args: cloudwatch.MetricAlarmArgs{}},
		"aws:cloudwatch/compositeAlarm:CompositeAlarm":                   {Resource: cloudwatch.CompositeAlarm{}, Args: cloudwatch.CompositeAlarmArgs{}},
		"aws:cloudwatch/contributorInsightRule:ContributorInsightRule":   {Resource: cloudwatch.ContributorInsightRule{}, Args: cloudwatch.ContributorInsightRuleArgs{}},
		"aws:cloudtrail/trail:Trail":                                     {Resource: cloudtrail.Trail{}, Args: cloudtrail.TrailArgs{}},
	})
}
