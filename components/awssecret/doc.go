// Package awssecret provisions an application's secrets in AWS Secrets Manager.
//
//	Store ── Key (KMS, rotated yearly) ── Alias
//	      └─ one more key for each replica region
//	Secret ── Secret (encrypted with the store's key; no value)
//	       ├─ SecretPolicy (its readers and its rotator, and nobody but them)
//	       └─ SecretRotation (its schedule)
//	Rotator ── Function ── Role, LogGroup, LayerVersion (what it is told of its secrets), SecurityGroup (in a VPC)
//	        └─ EventRule (hourly: ends the grace of previous values)
//	Alerts ── Topic, Key, Queue (what could not be delivered), who hears
//	       ├─ EventRules, LogMetricFilters and MetricAlarms, a ContributorInsightRule (what is watched)
//	       └─ Trail (unless the account has one)
//
// The grant is on the secret and on the key, never on the reader's role: a reader in the same account
// needs no policy of its own, however many secrets it reads, and the owner of the role is not asked.
// A reader in another account (StoreArgs.Accounts) needs, as AWS demands, a policy on its own role too:
//
//	{"Version": "2012-10-17", "Statement": [
//	  {"Effect": "Allow", "Action": ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"], "Resource": "<Secret.ARN>"},
//	  {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "<Store.Key.Arn>"}]}
//
// and for each replica region the same for the ARN with that region and for Store.ReplicaKeys[region].Arn.
//
// Nothing here takes a value. One that is Generated the rotator's function makes, in AWS; put any other with
// Secrets Manager's own client. A later value is not overwritten, and none is in the stack's state.
package awssecret
