// Package gcpsecret provisions secrets in Google Cloud's Secret Manager, with a key of their own and
// one grant for each reader.
//
//	Store    services ── agent ─┐
//	         key ring ── key ── grant to the agent       (one for each location)
//	                              │
//	Secret                      secret ── one IAM member for each reader, and one for the rotator
//	                            companion ── one IAM member for the rotator
//	                            clock                    (hourly)
//	                              │
//	Rotator                     topic ── subscription ── Cloud Run service ── account, roles
//	                                       └─ dead letters
//
//	Alerts                      audit log ── metrics ── policies ── channels
//
// No component knows a value: the rotator makes it, or you add versions with gcloud or Google's client libraries, and
// read them there. The project is the provider's. docs/gcp.md has the limits, and how to recover.
package gcpsecret
