package gcpstore

// What the rotator in Cloud Run asks of a project's quotas, which are 90,000 access, 600 read and 600 write requests
// a minute (https://cloud.google.com/secret-manager/quotas).
const (
	// For a rotation, together with the retirement of the version before.
	AccessCalls = 10
	ReadCalls   = 12
	WriteCalls  = 12
	// For a look that finds nothing due.
	IdleReadCalls = 3
)
