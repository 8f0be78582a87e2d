// Package awsalert says the catalogue of alerts in AWS's words: it reads the records of CloudTrail, and those of the
// rotator in CloudWatch Logs, as events, and writes conditions as EventBridge event patterns and as CloudWatch Logs
// filter patterns.
package awsalert

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/secretstack/secretstack/alert"
)

// Store is what the alerts of one store are about. Identities in Watch are the ARNs of roles, with their path, and of
// users. CloudTrail may name the account alone of one that is in another account
// (https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html): where one
// identity of that account is meant, all are that it does not name. It says of each session of a role which role that
// is, as the same page has it: a session of which it does not is a stranger's.
type Store struct {
	alert.Watch

	Partition string // Zero: aws
	Region    string // of the store
	Account   string // of the store
	// Replicas are the other regions in which the secrets are copied.
	Replicas []string
	// Prefix begins the names of the store's secrets. Zero: all secrets of the account in these regions are the store's.
	Prefix string
	// ARNs are those of the declared secrets, by name, as AWS has made them. Zero: not known; Decode then takes any six
	// characters for those that AWS adds, and EventPattern fails where it has to name the secret.
	ARNs map[string]string
	// Keys are the ARNs of the store's keys, in all its regions.
	Keys []string

	// Trail is the ARN of the trail that audit-changed watches. Zero: every trail of the account.
	Trail string
	// Bucket is the name of the bucket that has the trail's files. Zero: none is watched.
	Bucket string
	// LogGroups are the names of the log groups that audit-changed watches: that of the trail, and those of rotators.
	LogGroups []string
	// Alerts is the name of the alerts' topic in the store's region. It begins, with a hyphen after it, the names of all
	// else that they are made of: rules, alarms, filters, destinations, roles. Zero: audit-changed watches none of it.
	Alerts string

	declared   map[string]bool
	byResource map[string]string // declared names, by what their ARNs end with
	calls      []string          // those of a Part. Nil: all
}

// Gaps are the alerts that AWS cannot do.
var Gaps = map[alert.ID]string{
	alert.ReadByNewcomer: "neither EventBridge nor CloudWatch compares a record with those of two weeks before; " +
		"who reads is a declared reader, or read-by-stranger fires",
}

// Index makes the Store ready for Decode and alert.Match. Its fields must not change afterwards.
func (s *Store) Index() {
	s.Secrets, s.Keys = slices.Clone(s.Secrets), slices.Sorted(slices.Values(s.Keys)) // the order makes no other pattern
	s.declared, s.byResource = make(map[string]bool, len(s.Secrets)), make(map[string]string, len(s.Secrets))
	for i, secret := range s.Secrets {
		s.declared[secret.Name] = true
		s.Secrets[i].Readers = s.withAccounts(secret.Readers)
		if arn := s.ARNs[secret.Name]; arn != "" {
			s.byResource[arn[strings.LastIndexByte(arn, ':')+1:]] = secret.Name
		}
	}
	s.Deployers, s.Rotators = s.withAccounts(s.Deployers), s.withAccounts(s.Rotators)
	s.Watch.Index()
}

// alone begins what stands for an account of which CloudTrail tells no more. It is no ARN: that of the account's root user
// is one user's.
const alone = "account "

// withAccounts adds the other accounts in which identities are.
func (s *Store) withAccounts(identities []string) []string {
	all := slices.Clone(identities)
	for _, id := range identities {
		if account := accountOf(id); account != s.Account && account != "" && !slices.Contains(all, alone+account) {
			all = append(all, alone+account)
		}
	}
	return all
}

// accountOf is the account in an ARN.
func accountOf(arn string) string {
	if parts := strings.SplitN(arn, ":", 6); len(parts) == 6 {
		return parts[4]
	}
	return ""
}

func (s *Store) partition() string { return cmp.Or(s.Partition, "aws") }

func (s *Store) regions() []string { return append([]string{s.Region}, s.Replicas...) }

// arn begins the ARNs of the account's secrets in a region.
func (s *Store) arn(region string) string {
	return "arn:" + s.partition() + ":secretsmanager:" + region + ":" + s.Account + ":secret:"
}

// suffix is what AWS adds to a name: https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html.
var suffix = regexp.MustCompile(`-[A-Za-z0-9]{6}$`)

// secret gives the name in Event.Secret of what a caller calls a secret: by its name, or by its ARN, with the six
// characters that AWS adds or without them
// (https://docs.aws.amazon.com/secretsmanager/latest/userguide/troubleshoot.html#ARN_secretnamehyphen).
func (s *Store) secret(id string) string {
	name, isARN := id, strings.HasPrefix(id, "arn:")
	if isARN {
		parts := strings.SplitN(id, ":", 7)
		if len(parts) < 7 || parts[2] != "secretsmanager" || !slices.Contains(s.regions(), parts[3]) ||
			parts[4] != s.Account || parts[5] != "secret" {
			return ""
		}
		name = parts[6]
		if declared, ok := s.byResource[name]; ok {
			return declared
		}
	}
	name, below := strings.CutPrefix(name, s.Prefix)
	if !below {
		return ""
	}
	if isARN && suffix.MatchString(name) && !s.declared[name] {
		// Of a declared secret whose ARN is another, this is one that AWS had made before.
		if short := name[:len(name)-7]; !s.declared[short] || s.ARNs[short] == "" {
			return short
		}
	}
	return name
}
