// Package secret is what all clouds share: the declaration of an application's secrets, what it may
// say, and what each cloud demands of it.
//
//	secrets.yaml ── Load ──> Declaration ──> []Spec ──> awssecret, gcpsecret, azuresecret, localsecret
//	                  │
//	                  └── Cloud: the names, identities and periods that one cloud takes
//
// A Spec never holds a secret's value, and nothing here depends on Pulumi. To provision a secret use
// the package of a cloud; to read a value use that cloud's own client, or secretstack run.
package secret
