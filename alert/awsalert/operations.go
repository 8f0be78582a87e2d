package awsalert

import "github.com/secretstack/secretstack/alert"

// operation is one thing that a record can tell. The same table serves Decode and the patterns.
type operation struct {
	source, name string
	action       alert.Action
	outcome      alert.Outcome // Zero: the record's errorCode tells
	about        subject
}

// subject is what an operation is about, and the field that names it.
type subject string

const (
	secretCalled  subject = "requestParameters.secretId"
	secretRotated subject = "additionalEventData.SecretId" // in the service's own events; always the whole ARN
	theKey        subject = "resources.ARN"
	trailSelected subject = "requestParameters.trailName"
	bucket        subject = "requestParameters.bucketName"
	logGroup      subject = "requestParameters.logGroupName"
	filter        subject = "requestParameters.filterName"
	named         subject = "requestParameters.name" // a trail, a rule, a destination
	ruleOfTargets subject = "requestParameters.rule"
	alarmPut      subject = "requestParameters.alarmName"
	alarms        subject = "requestParameters.alarmNames"
	alarmsMuted   subject = "requestParameters.muteTargets.alarmNames"
	insightPut    subject = "requestParameters.ruleName"
	insights      subject = "requestParameters.ruleNames"
	topic         subject = "requestParameters.topicArn"
	subscription  subject = "requestParameters.subscriptionArn"
	role          subject = "requestParameters.roleName"
	nothing       subject = ""
)

// The sources of records: what CloudTrail has in eventSource, and the rotator.
const (
	secretsManager = "secretsmanager.amazonaws.com"
	kms            = "kms.amazonaws.com"
	cloudTrail     = "cloudtrail.amazonaws.com"
	s3             = "s3.amazonaws.com"
	logs           = "logs.amazonaws.com"
	events         = "events.amazonaws.com"
	monitoring     = "monitoring.amazonaws.com"
	sns            = "sns.amazonaws.com"
	iam            = "iam.amazonaws.com" // its events are those of us-east-1 or, in other partitions, of the like: a rule elsewhere sees none
	rotator        = "rotator"
)

// operations are what the catalogue asks for. One call of BatchGetSecretValue leaves a GetSecretValue for each secret:
// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_BatchGetSecretValue.html.
// The service's own events are in https://docs.aws.amazon.com/secretsmanager/latest/userguide/cloudtrail_log_entries.html,
// those on buckets in https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-s3-info.html.
// Blind is what no update of a stack does, Rewire what one may do.
var operations = []operation{
	{secretsManager, "GetSecretValue", alert.Read, "", secretCalled},
	{secretsManager, "ListSecrets", alert.List, "", nothing},
	{secretsManager, "PutSecretValue", alert.Change, "", secretCalled},
	{secretsManager, "UpdateSecret", alert.Change, "", secretCalled},
	{secretsManager, "UpdateSecretVersionStage", alert.Change, "", secretCalled},
	{secretsManager, "PutResourcePolicy", alert.Change, "", secretCalled},
	{secretsManager, "DeleteResourcePolicy", alert.Change, "", secretCalled},
	{secretsManager, "RotateSecret", alert.Change, "", secretCalled},
	{secretsManager, "CancelRotateSecret", alert.Change, "", secretCalled},
	{secretsManager, "ReplicateSecretToRegions", alert.Change, "", secretCalled},
	{secretsManager, "RemoveRegionsFromReplication", alert.Change, "", secretCalled},
	{secretsManager, "StopReplicationToReplica", alert.Change, "", secretCalled},
	{secretsManager, "DeleteSecret", alert.Delete, "", secretCalled},
	{secretsManager, "RestoreSecret", alert.Restore, "", secretCalled},
	{secretsManager, "RotationSucceeded", alert.Rotate, alert.OK, secretRotated},
	{secretsManager, "RotationFailed", alert.Rotate, alert.Failed, secretRotated},
	{secretsManager, "TestRotationSucceeded", alert.Rotate, alert.OK, secretRotated},
	{secretsManager, "TestRotationFailed", alert.Rotate, alert.Failed, secretRotated},
	{secretsManager, "RotationAbandoned", alert.Abandon, alert.OK, secretRotated},

	{kms, "DisableKey", alert.UnmakeKey, "", theKey},
	{kms, "ScheduleKeyDeletion", alert.UnmakeKey, "", theKey},
	{kms, "PutKeyPolicy", alert.OpenKey, "", theKey},
	{kms, createGrant, alert.OpenKey, "", theKey},

	{cloudTrail, "StopLogging", alert.Blind, "", named},
	{cloudTrail, "DeleteTrail", alert.Blind, "", named},
	{cloudTrail, "UpdateTrail", alert.Rewire, "", named},
	{cloudTrail, "PutEventSelectors", alert.Rewire, "", trailSelected},
	{s3, "DeleteBucket", alert.Blind, "", bucket},
	{s3, "DeleteBucketPolicy", alert.Blind, "", bucket}, // which lets CloudTrail write
	{s3, "PutBucketPolicy", alert.Rewire, "", bucket},
	{s3, "PutBucketLifecycle", alert.Rewire, "", bucket},
	{s3, "PutBucketVersioning", alert.Rewire, "", bucket},
	{s3, "PutBucketReplication", alert.Rewire, "", bucket},
	{s3, "PutBucketAcl", alert.Rewire, "", bucket},
	{s3, "PutBucketPublicAccessBlock", alert.Rewire, "", bucket},
	{s3, "DeleteBucketPublicAccessBlock", alert.Rewire, "", bucket},
	{s3, "PutBucketEncryption", alert.Rewire, "", bucket},
	{logs, "DeleteLogGroup", alert.Blind, "", logGroup},
	{logs, "DeleteLogStream", alert.Blind, "", logGroup},
	{logs, "PutRetentionPolicy", alert.Rewire, "", logGroup},

	// What the alerts are made of. Who ends a subscription by the link in a message leaves no record:
	// https://docs.aws.amazon.com/sns/latest/dg/logging-using-cloudtrail.html.
	{logs, "PutMetricFilter", alert.Rewire, "", filter},
	{logs, "DeleteMetricFilter", alert.Rewire, "", filter},
	{events, "PutRule", alert.Rewire, "", named},
	{events, "EnableRule", alert.Rewire, "", named}, // a rule that saw reads may see none then
	{events, "DisableRule", alert.Rewire, "", named},
	{events, "DeleteRule", alert.Rewire, "", named},
	{events, "UpdateApiDestination", alert.Rewire, "", named},
	{events, "DeleteApiDestination", alert.Rewire, "", named},
	{events, "PutTargets", alert.Rewire, "", ruleOfTargets},
	{events, "RemoveTargets", alert.Rewire, "", ruleOfTargets},
	{monitoring, "PutMetricAlarm", alert.Rewire, "", alarmPut},
	{monitoring, "DeleteAlarms", alert.Rewire, "", alarms},
	{monitoring, "DisableAlarmActions", alert.Rewire, "", alarms},
	{monitoring, "PutAlarmMuteRule", alert.Rewire, "", alarmsMuted},
	{monitoring, "PutInsightRule", alert.Rewire, "", insightPut},
	{monitoring, "DeleteInsightRules", alert.Rewire, "", insights},
	{monitoring, "DisableInsightRules", alert.Rewire, "", insights},
	{sns, "DeleteTopic", alert.Rewire, "", topic},
	{sns, "SetTopicAttributes", alert.Rewire, "", topic},
	{sns, "RemovePermission", alert.Rewire, "", topic},
	{sns, "Unsubscribe", alert.Rewire, "", subscription},
	{sns, "SetSubscriptionAttributes", alert.Rewire, "", subscription},
	{iam, "PutRolePolicy", alert.Rewire, "", role},
	{iam, "DeleteRolePolicy", alert.Rewire, "", role},
	{iam, "AttachRolePolicy", alert.Rewire, "", role},
	{iam, "PutRolePermissionsBoundary", alert.Rewire, "", role},
	{iam, "UpdateAssumeRolePolicy", alert.Rewire, "", role},
	{iam, "DeleteRole", alert.Rewire, "", role},

	// By their msg. A look at one secret is no rotation, and the store's look is all of them.
	{rotator, "rotation", alert.Rotate, "", nothing},
	{rotator, "rotations", alert.Look, "", nothing},
}

const createGrant = "CreateGrant"

// direct tells whether an operation counts only where its caller is no service of AWS: services make grants for their own
// work in the name of those whom they work for
// (https://docs.aws.amazon.com/kms/latest/developerguide/grants.html).
func (o operation) direct() bool { return o.name == createGrant }

// call names an operation, in Part.Calls.
func (o operation) call() string { return o.source + ":" + o.name }

// byName has the operations by source and name.
var byName = func() map[string]map[string]*operation {
	all := map[string]map[string]*operation{}
	for i, o := range operations {
		if all[o.source] == nil {
			all[o.source] = map[string]*operation{}
		}
		all[o.source][o.name] = &operations[i]
	}
	return all
}()

// How a call ends. Secrets Manager gives some errors their name alone, others with Exception.
const (
	denied = "AccessDenied"
	// A secret in its recovery window: AWS has one code for much that cannot be done.
	deletedCode    = "InvalidRequestException"
	deletedMessage = "You can't perform this operation on the secret because it was marked for deletion"
)

// outcomes are the words of the rotator.
var outcomes = map[string]alert.Outcome{"ok": alert.OK, "failed": alert.Failed, "skipped": alert.Skipped}
