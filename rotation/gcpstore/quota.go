package gcpstore

// What a rotation costs of a project's quotas, together with the retirement of the version before: the calls of a
// Store, with one of PromotedSince and two of Job, as the rotator in Cloud Run makes them. The quotas are 90,000
// access, 600 read and 600 write requests a minute (https://cloud.google.com/secret-manager/quotas).
const (
	AccessCalls = 10
	ReadCalls   = 10
	WriteCalls  = 12
)
