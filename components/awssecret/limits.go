package awssecret

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/secretstack/secretstack/components/secret"
)

const day = 24 * time.Hour

// Limits are AWS's demands on a declaration. The recovery window is in
// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DeleteSecret.html.
var Limits = secret.Cloud{
	Name:          "aws",
	SecretName:    secretName,
	CheckIdentity: checkIdentity,
	MinRecovery:   7 * day,
	MaxRecovery:   30 * day,
	MinEvery:      4 * time.Hour, // https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_schedule.html
	MaxEvery:      999 * day,
}

const (
	// https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html
	maxSecretName   = 512
	maxDescription  = 2048
	maxSecretPolicy = 20480
	// https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html
	maxKeyPolicy = 32768
	maxAlias     = 256
)

var (
	secretChars   = regexp.MustCompile(`^[A-Za-z0-9/_+=.@-]*$`)
	likeARNSuffix = regexp.MustCompile(`-[A-Za-z0-9]{6}$`)
	organization  = regexp.MustCompile(`^o-[a-z0-9]{10,32}$`)
	region        = regexp.MustCompile(`^([a-z]+-)+[0-9]+$`)
	vpcID         = regexp.MustCompile(`^vpc-([0-9a-f]{8}|[0-9a-f]{17})$`)
	subnetID      = regexp.MustCompile(`^subnet-([0-9a-f]{8}|[0-9a-f]{17})$`)
	identityARN   = regexp.MustCompile(`^arn:aws[a-z-]*:iam::([0-9]{12}):(role|user)/[A-Za-z0-9+=,.@_/-]+$`)
)

// secretName is the prefix and the name. It refuses a name that looks like one to which AWS has already
// added its own six characters, because a partial ARN of it finds nothing, or another secret:
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/troubleshoot.html.
func secretName(prefix, name string) (string, error) {
	full := prefix + name
	switch {
	case !secretChars.MatchString(full):
		return "", fmt.Errorf("%q has a character outside letters, digits and / _ + = . @ -", full)
	case len(full) > maxSecretName:
		return "", fmt.Errorf("with the store's prefix it has %d characters; at most %d are allowed", len(full), maxSecretName)
	case likeARNSuffix.MatchString(full):
		return "", errors.New("it ends in a hyphen and six letters or digits, like the suffix that AWS adds to each ARN, " +
			"so a partial ARN is ambiguous; make the part after the last hyphen shorter or longer")
	}
	return full, nil
}

// checkIdentity demands what aws:PrincipalArn gives for a reader: the ARN, with its path, of one role
// (also during its sessions) or one user.
func checkIdentity(arn string) error {
	example := "name the role itself, such as arn:aws:iam::123456789012:role/checkout"
	switch {
	case identityARN.MatchString(arn):
		return nil
	case strings.ContainsAny(arn, "*?$"):
		return errors.New("has a wildcard or a variable, and so could let in others; " + example)
	case strings.Contains(arn, ":assumed-role/"):
		return errors.New("is one session of a role and ends with it; " + example + " (with its path, where it has one)")
	case strings.HasSuffix(arn, ":root"):
		return errors.New("is a whole account, and so everybody in it; " + example)
	case strings.Contains(arn, ":group/"):
		return errors.New("is a group, which AWS does not allow in a secret's policy; " + example)
	}
	return errors.New("is not the ARN of an IAM role or user; " + example)
}

// accountOf is the account of an identity that checkIdentity accepts.
func accountOf(arn string) string { return identityARN.FindStringSubmatch(arn)[1] }

// CheckOrganization gives the rule that the id of an organisation breaks, or nil.
func CheckOrganization(id string) error {
	if !organization.MatchString(id) {
		return errors.New("must be the id of an organisation, such as o-a1b2c3d4e5")
	}
	return nil
}

// CheckRegion gives the rule that a region breaks, or nil.
func CheckRegion(code string) error {
	if !region.MatchString(code) {
		return errors.New("must be a region, such as eu-central-1")
	}
	return nil
}

// CheckVPC gives the rule that the id of a VPC breaks, or nil.
func CheckVPC(id string) error {
	if !vpcID.MatchString(id) {
		return errors.New("must be the id of a VPC, such as vpc-0a1b2c3d4e5f60718")
	}
	return nil
}

// CheckSubnet gives the rule that the id of a subnet breaks, or nil.
func CheckSubnet(id string) error {
	if !subnetID.MatchString(id) {
		return errors.New("must be the id of a subnet, such as subnet-0a1b2c3d4e5f60718")
	}
	return nil
}
