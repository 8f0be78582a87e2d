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
	trailCalled   subject = "requestParameters.name"
	trailSelected subject = "requestParameters.trailName"
	bucket        subject = "requestParameters.bucketName"
	logGroup      subject = "requestParameters.logGroupName"
	nothing       subject = ""
)

// The sources of records: what CloudTrail has in eventSource, and the rotator.
const (
	secretsManager = "secretsmanager.amazonaws.com"
	kms            = "kms.amazonaws.com"
	cloudTrail     = "cloudtrail.amazonaws.com"
	s3             = "s3.amazonaws.com"
	logs           = "logs.amazonaws.com"
	rotator        = "rotator"
)

// operations are what the catalogue asks for. One call of BatchGetSecretValue leaves a GetSecretValue for each secret:
// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_BatchGetSecretValue.html.
// The service's own events are in https://docs.aws.amazon.com/secretsmanager/latest/userguide/cloudtrail_log_entries.html,
// those on buckets in https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-s3-info.html.
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
	{kms, "PutKeyPolicy", alert.UnmakeKey, "", theKey},

	{cloudTrail, "StopLogging", alert.Blind, "", trailCalled},
	{cloudTrail, "DeleteTrail", alert.Blind, "", trailCalled},
	{cloudTrail, "UpdateTrail", alert.Blind, "", trailCalled},
	{cloudTrail, "PutEventSelectors", alert.Blind, "", trailSelected},
	{s3, "DeleteBucket", alert.Blind, "", bucket},
	{s3, "PutBucketPolicy", alert.Blind, "", bucket},
	{s3, "DeleteBucketPolicy", alert.Blind, "", bucket},
	{s3, "PutBucketLifecycle", alert.Blind, "", bucket},
	{logs, "DeleteLogGroup", alert.Blind, "", logGroup},
	{logs, "DeleteLogStream", alert.Blind, "", logGroup},
	{logs, "PutRetentionPolicy", alert.Blind, "", logGroup},

	// By their msg. A look at one secret is no rotation, and the store's look is all of them.
	{rotator, "rotation", alert.Rotate, "", nothing},
	{rotator, "rotations", alert.Look, "", nothing},
}

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
