// Package gcpalert says the catalogue of alerts in Google Cloud's words: it reads Cloud Audit Logs, and what the
// rotator writes in Cloud Run, as events, and writes conditions in the Logging query language.
//
// What it takes for what is in the table of operations. Google Cloud cannot tell a secret that was deleted from one that
// never was: reading either ends with NOT_FOUND, as does a rotator's look for a version after the newest, so none of them
// counts. It restores no secrets either. A secret that is to expire is scheduled for deletion. To destroy a version is a change of
// its secret, as each rotation does it, and it can be undone for as long as the store's Recovery says.
package gcpalert

import (
	"slices"
	"strings"

	"github.com/secretstack/secretstack/alert"
	"github.com/secretstack/secretstack/components/secret"
)

// Store is what the alerts of one store are about. Identities are as Canonical writes them.
//
// The companion of a rotated secret is in Secrets too, by the secret's name with Companion, and the rotator is its
// only reader.
type Store struct {
	alert.Watch
	Project string // the id of the project, such as shop-prod
	Number  string // its number: audit logs have one or the other in the names of resources. Zero: Decode takes any
	Prefix  string // of the ids of the store's secrets. Zero: all secrets of the project are the store's
	// Keys are the resource names of the store's keys, projects/PROJECT/locations/LOCATION/keyRings/RING/cryptoKeys/KEY,
	// in the same project. Each is alone in its key ring, whose policy counts as its own.
	Keys []string
	// Detectors are the resource names of the log-based metrics, alerting policies and notification channels that watch
	// the store, in the same project: projects/PROJECT/metrics/NAME, …/alertPolicies/ID, …/notificationChannels/ID.
	// Zero: audit-changed watches none of them.
	Detectors []string
	// Service is the name of the rotator's Cloud Run service. Zero: nothing is rotated.
	Service string
	// Deliveries is how often a message is tried before it goes to the dead letters. Zero: for ever.
	Deliveries int
}

// Gaps are the alerts that Google Cloud cannot do.
var Gaps = map[alert.ID]string{
	alert.ReadByNewcomer: "neither Cloud Logging nor its metrics remember who read in the two weeks before; " +
		"read-by-stranger reports all but the declared readers",
}

// Partly are the alerts of which Google Cloud can do a part.
var Partly = map[alert.ID]string{
	alert.SecretDeleted: "a secret is gone at once and cannot be restored, and a request for it cannot be told from one for a misspelt name",
}

// Companion ends the name of a rotated secret's companion, and no declared name.
const Companion = ".rotation"

// SecretID is the id of a secret in Google Cloud.
func (s *Store) SecretID(name string) string {
	if name, ok := strings.CutSuffix(name, Companion); ok {
		return s.Prefix + secret.Escape(name, "_") + secret.CompanionSuffix
	}
	return s.Prefix + secret.Escape(name, "_")
}

// secretName is the name of the secret that a resource is, or is a part of; empty: of none of the store's.
func (s *Store) secretName(resource string) string {
	rest, ok := strings.CutPrefix(s.local(resource), "secrets/")
	id, _, _ := strings.Cut(rest, "/")
	after, below := strings.CutPrefix(id, s.Prefix)
	switch {
	case !ok, !below:
		return ""
	case !strings.Contains(after, "--"):
		return after
	}
	name := secret.Unescape(after)
	if of, ok := strings.CutSuffix(after, secret.CompanionSuffix); ok {
		name = secret.Unescape(of) + Companion
	}
	if s.SecretID(name) != id {
		return after // no declared secret has this id
	}
	return name
}

// key tells whether a resource is a key of the store, one of its versions, or its key ring.
func (s *Store) key(resource string) bool {
	name := s.local(resource)
	for _, k := range s.Keys {
		k = s.local(k)
		if rest, ok := strings.CutPrefix(name, k); ok && (rest == "" || rest[0] == '/') || name == ring(k) {
			return true
		}
	}
	return false
}

// detector tells whether a resource is one of Detectors.
func (s *Store) detector(resource string) bool {
	name := s.local(resource)
	return name != "" && slices.ContainsFunc(s.Detectors, func(d string) bool { return s.local(d) == name })
}

// local is the name of a resource in the store's project; empty: it is in another one.
func (s *Store) local(resource string) string {
	rest, _ := strings.CutPrefix(resource, "projects/")
	project, name, _ := strings.Cut(rest, "/")
	if project != s.Project && s.Number != "" && project != s.Number {
		return ""
	}
	return name
}

// ring is the key ring of a key.
func ring(key string) string {
	ring, _, _ := strings.Cut(key, "/cryptoKeys/")
	return ring
}
