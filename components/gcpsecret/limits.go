package gcpsecret

import (
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/secretstack/secretstack/components/secret"
)

// Limits is what Secret Manager demands of a declaration. The service refuses a delay before
// destruction under 24h and over 24000h:
// https://cloud.google.com/secret-manager/docs/delay-destruction-of-secret-versions.
var Limits = secret.Cloud{
	Name:          "gcp",
	SecretName:    secretName,
	CheckIdentity: checkIdentity,
	MinRecovery:   24 * time.Hour,
	MaxRecovery:   1000 * 24 * time.Hour,
	MinEvery:      time.Hour, // https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets#Rotation
	MaxEvery:      36500 * 24 * time.Hour,
}

// https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets/create
const maxSecretName = 255

func secretName(prefix, name string) (string, error) {
	if err := secret.CheckName(name); err != nil {
		return "", err
	}
	id := prefix + secret.Escape(name, "_")
	if len(id) > maxSecretName {
		return "", fmt.Errorf("it would have %d characters (%s…); %d are allowed", len(id), id[:40], maxSecretName)
	}
	return id, nil
}

// identities are the principals that are exactly one workload:
// https://cloud.google.com/iam/docs/principal-identifiers.
var identities = []*regexp.Regexp{
	regexp.MustCompile(`^serviceAccount:[^\s@A-Z]+@[a-z0-9.-]+$`),
	regexp.MustCompile(`^serviceAccount:[^\s@A-Z]+\.svc\.id\.goog\[[a-z0-9-]+/[a-z0-9.-]+\]$`),
	regexp.MustCompile(`^principal://iam\.googleapis\.com/projects/[0-9]+/locations/global/workloadIdentityPools/[^/\s]+/subject/\S+$`),
}

// checkIdentity takes what is exactly one workload. It refuses groups, sets and domains because they
// grow without a change to the declaration, and users because a person is no workload.
func checkIdentity(identity string) error {
	for _, r := range identities {
		if r.MatchString(identity) {
			return nil
		}
	}
	return errors.New("must be one workload: serviceAccount:NAME@PROJECT.iam.gserviceaccount.com (in lower case) or " +
		"principal://iam.googleapis.com/projects/NUMBER/locations/global/workloadIdentityPools/POOL/subject/SUBJECT; " +
		"users, groups, principal sets and domains are refused")
}

var locationRegexp = regexp.MustCompile(`^[a-z]+(-[a-z]+)+[0-9]+$`)

// CheckLocation gives the rule that a location breaks, or nil.
func CheckLocation(location string) error {
	if !locationRegexp.MatchString(location) {
		return errors.New("must be a region, such as europe-west1")
	}
	return nil
}
