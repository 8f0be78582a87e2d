package awssecret

import (
	"cmp"
	"strings"
	"time"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudtrail"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Trail records what is done in the account: the audit log, for an account that has none. Without a trail, EventBridge has
// no events of CloudTrail either. A second trail costs $2 for each 100,000 management events, so name the log group of the
// account's own where there is one.
type Trail struct {
	Trail  *cloudtrail.Trail
	Bucket *s3.BucketV2
	Logs   *cloudwatch.LogGroup
	Role   *iam.Role // with which CloudTrail writes to Logs
}

func (h home) trail(name string) string {
	return "arn:" + h.partition + ":cloudtrail:" + h.region + ":" + h.account + ":trail/" + name
}

// trailGroup is the log group of a trail that is made; its key is not the store's.
func (a *Alerts) trailGroup() string { return "/secretstack-trail/" + a.name }

// recordsGroup is the log group that has the trail's records.
func (a *Alerts) recordsGroup() string { return cmp.Or(a.args.TrailLogs, a.trailGroup()) }

// newTrail makes a trail, unless the account has its own.
func (a *Alerts) newTrail(ctx *pulumi.Context) (err error) {
	if a.args.TrailLogs != "" {
		a.trailLogs = pulumi.String(a.args.TrailLogs)
		return nil
	}
	a.Trail = &Trail{}
	ready := []pulumi.Resource{}
	for _, part := range []func(*pulumi.Context) (pulumi.Resource, error){a.newBucket, a.newTrailLogs} {
		r, err := part(ctx)
		if err != nil {
			return err
		}
		ready = append(ready, r)
	}
	a.trailLogs = a.Trail.Logs.Name
	a.Trail.Trail, err = cloudtrail.NewTrail(ctx, a.name, &cloudtrail.TrailArgs{
		Name:                       pulumi.String(a.name),
		S3BucketName:               a.Trail.Bucket.Bucket,
		CloudWatchLogsGroupArn:     pulumi.Sprintf("%s:*", a.Trail.Logs.Arn),
		CloudWatchLogsRoleArn:      a.Trail.Role.Arn,
		KmsKeyId:                   a.Key.Arn,
		EnableLogFileValidation:    pulumi.Bool(true),
		IsMultiRegionTrail:         pulumi.Bool(true), // replicas are read in other regions
		IncludeGlobalServiceEvents: pulumi.Bool(true),
		EventSelectors:             trailEvents,
		Tags:                       pulumi.ToStringMap(a.args.Store.args.Tags),
	}, a.args.Store.protected(a), pulumi.DependsOn(ready))
	a.made = append(a.made, a.Trail.Trail)
	return err
}

// trailEvents are all management events but the use of KMS keys, which is most of them. What is done to keys is a write:
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-management-events-with-cloudtrail.html#logging-management-events-with-cloudtrail-kms.
var trailEvents = cloudtrail.TrailEventSelectorArray{
	cloudtrail.TrailEventSelectorArgs{ReadWriteType: pulumi.String("WriteOnly"), IncludeManagementEvents: pulumi.Bool(true)},
	cloudtrail.TrailEventSelectorArgs{
		ReadWriteType: pulumi.String("ReadOnly"), IncludeManagementEvents: pulumi.Bool(true),
		ExcludeManagementEventSources: pulumi.ToStringArray([]string{"kms.amazonaws.com"}),
	},
}

// trailKeyStatements let CloudTrail encrypt the trail's files, the account's administrators read them, and CloudWatch Logs
// keep the same records. https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html
func trailKeyStatements(h home, name, group string) []statement {
	const file = "kms:EncryptionContext:aws:cloudtrail:arn"
	return []statement{{
		Sid: "TrailEncrypts", Effect: "Allow", Principal: awsService{"cloudtrail.amazonaws.com"},
		Action: []string{"kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext"}, Resource: "*",
		Condition: condition{"StringEquals": {"aws:SourceArn": h.trail(name), file: h.trail(name)}},
	}, {
		Sid: "TrailDescribes", Effect: "Allow", Principal: awsService{"cloudtrail.amazonaws.com"},
		Action: "kms:DescribeKey", Resource: "*", Condition: condition{"StringEquals": {"aws:SourceArn": h.trail(name)}},
	}, {
		Sid: "AccountReadsTrail", Effect: "Allow", Principal: awsPrincipals{[]string{h.root(h.account)}},
		Action: "kms:Decrypt", Resource: "*",
		Condition: condition{"StringEquals": {file: h.trail(name)}},
	}, logsUseKey("LogsOfTheTrail", h, group)}
}

// newBucket makes the bucket for the trail's files, and gives the policy that lets them in. CloudTrail encrypts them with
// the alerts' key, and S3 the digests that it adds.
func (a *Alerts) newBucket(ctx *pulumi.Context) (pulumi.Resource, error) {
	name := strings.ToLower(strings.ReplaceAll(a.name, "_", "-"))
	bucket, err := s3.NewBucketV2(ctx, name, &s3.BucketV2Args{ // named by Pulumi: the name must be unique in the world
		ForceDestroy: pulumi.Bool(a.args.Store.args.AllowDestroy),
		Tags:         pulumi.ToStringMap(a.args.Store.args.Tags),
	}, a.args.Store.protected(a))
	if err != nil {
		return nil, err
	}
	a.Trail.Bucket = bucket
	versioning, err := s3.NewBucketVersioningV2(ctx, name, &s3.BucketVersioningV2Args{
		Bucket:                  bucket.Bucket,
		VersioningConfiguration: s3.BucketVersioningV2VersioningConfigurationArgs{Status: pulumi.String("Enabled")},
	}, pulumi.Parent(a))
	if err != nil {
		return nil, err
	}
	days := pulumi.Int(a.args.LogRetention / day)
	lifecycle, err := s3.NewBucketLifecycleConfigurationV2(ctx, name, &s3.BucketLifecycleConfigurationV2Args{
		Bucket: bucket.Bucket,
		Rules: s3.BucketLifecycleConfigurationV2RuleArray{s3.BucketLifecycleConfigurationV2RuleArgs{
			Id: pulumi.String("retention"), Status: pulumi.String("Enabled"),
			Filter:                      s3.BucketLifecycleConfigurationV2RuleFilterArgs{Prefix: pulumi.String("")},
			Expiration:                  s3.BucketLifecycleConfigurationV2RuleExpirationArgs{Days: days},
			NoncurrentVersionExpiration: s3.BucketLifecycleConfigurationV2RuleNoncurrentVersionExpirationArgs{NoncurrentDays: days},
		}},
	}, pulumi.Parent(a))
	if err != nil {
		return nil, err
	}
	a.made = append(a.made, versioning, lifecycle)
	public, err := s3.NewBucketPublicAccessBlock(ctx, name, &s3.BucketPublicAccessBlockArgs{
		Bucket:          bucket.Bucket,
		BlockPublicAcls: pulumi.Bool(true), BlockPublicPolicy: pulumi.Bool(true),
		IgnorePublicAcls: pulumi.Bool(true), RestrictPublicBuckets: pulumi.Bool(true),
	}, pulumi.Parent(a))
	if err != nil {
		return nil, err
	}
	store := a.args.Store
	return s3.NewBucketPolicy(ctx, name, &s3.BucketPolicyArgs{
		Bucket: bucket.Bucket,
		Policy: pulumi.All(store.partition, store.account, store.region, bucket.Bucket).ApplyT(func(v []any) (string, error) {
			return bucketPolicy(home{v[0].(string), v[1].(string), v[2].(string)}, a.name, v[3].(string)).text()
		}).(pulumi.StringOutput),
	}, pulumi.Parent(a), pulumi.DependsOn([]pulumi.Resource{public})) // both at once collide
}

// bucketPolicy is in https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html.
func bucketPolicy(h home, trail, name string) policy {
	bucket := "arn:" + h.partition + ":s3:::" + name
	return policy{Version: policyVersion, Statement: []statement{{
		Sid: "TrailLooks", Effect: "Allow", Principal: awsService{"cloudtrail.amazonaws.com"},
		Action: "s3:GetBucketAcl", Resource: bucket,
		Condition: condition{"StringEquals": {"aws:SourceArn": h.trail(trail)}},
	}, {
		Sid: "TrailWrites", Effect: "Allow", Principal: awsService{"cloudtrail.amazonaws.com"},
		Action: "s3:PutObject", Resource: bucket + "/AWSLogs/" + h.account + "/*",
		Condition: condition{"StringEquals": {"aws:SourceArn": h.trail(trail), "s3:x-amz-acl": "bucket-owner-full-control"}},
	}, withoutTLS("s3:*", []string{bucket, bucket + "/*"})}}
}

const trailAssumes = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"sts:AssumeRole"}]}`

// newTrailLogs makes the log group, and gives the policy with which CloudTrail writes to it:
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-required-policy-for-cloudwatch-logs.html.
func (a *Alerts) newTrailLogs(ctx *pulumi.Context) (_ pulumi.Resource, err error) {
	store, name, tags := a.args.Store, a.name+"-trail", pulumi.ToStringMap(a.args.Store.args.Tags)
	if a.Trail.Logs, err = cloudwatch.NewLogGroup(ctx, name, &cloudwatch.LogGroupArgs{
		Name:            pulumi.String(a.trailGroup()),
		KmsKeyId:        a.Key.Arn,
		RetentionInDays: pulumi.Int(a.args.LogRetention / (24 * time.Hour)),
		Tags:            tags,
	}, store.protected(a)); err != nil {
		return nil, err
	}
	if a.Trail.Role, err = iam.NewRole(ctx, name, &iam.RoleArgs{
		Name:             pulumi.String(name),
		Description:      pulumi.String("CloudTrail writes the records of " + a.name + " to CloudWatch Logs"),
		AssumeRolePolicy: pulumi.String(trailAssumes),
		Tags:             tags,
	}, pulumi.Parent(a)); err != nil {
		return nil, err
	}
	return iam.NewRolePolicy(ctx, name, &iam.RolePolicyArgs{
		Role: a.Trail.Role.Name,
		Policy: store.there(func(h home) (string, error) {
			return policy{Version: policyVersion, Statement: []statement{{
				Sid: "WritesRecords", Effect: "Allow", Action: []string{"logs:CreateLogStream", "logs:PutLogEvents"},
				Resource: h.logGroup(a.trailGroup()) + ":log-stream:" + h.account + "_CloudTrail_" + h.region + "*",
			}}}.text()
		}),
	}, pulumi.Parent(a))
}
