package aws_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	smtypes "github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"github.com/secretstack/secretstack/e2e/motoserver"
	"github.com/secretstack/secretstack/internal/iam"
)

// cloud looks at what a stack has made.
type cloud struct {
	*testing.T
	prefix          string // of the secrets' names
	moto            *motoserver.Server
	tmp             string // where the plugin keeps functions' code
	secrets         *secretsmanager.Client
	kms, replicaKMS *kms.Client
}

func (c *cloud) describe(name string) *secretsmanager.DescribeSecretOutput {
	c.Helper()
	secret, err := c.secrets.DescribeSecret(c.Context(), &secretsmanager.DescribeSecretInput{SecretId: new(c.prefix + name)})
	if err != nil {
		c.Fatal(err)
	}
	return secret
}

// wantInDays checks when something is deleted for good.
func (c *cloud) wantInDays(days int, date *time.Time) {
	c.Helper()
	if date == nil {
		c.Error("it is not deleted")
	} else if got := time.Until(*date).Hours() / 24; math.Abs(got-float64(days)) > 0.5 {
		c.Errorf("it is deleted for good in %.1f days, want %d", got, days)
	}
}

func (c *cloud) put(name, value string) {
	c.Helper()
	_, err := c.secrets.PutSecretValue(c.Context(), &secretsmanager.PutSecretValueInput{SecretId: new(c.prefix + name), SecretString: &value})
	if err != nil {
		c.Fatal(err)
	}
}

// value gives the value with a label, or "".
func (c *cloud) value(name, label string) string {
	c.Helper()
	got, err := c.secrets.GetSecretValue(c.Context(), &secretsmanager.GetSecretValueInput{SecretId: new(c.prefix + name), VersionStage: &label})
	var none *smtypes.ResourceNotFoundException
	switch {
	case errors.As(err, &none):
		return ""
	case err != nil:
		c.Fatal(err)
	}
	return *got.SecretString
}

func (c *cloud) wantValue(name, want string) {
	c.Helper()
	if c.value(name, "AWSCURRENT") != want {
		c.Errorf("%s has another value", name)
	}
}

// wantEncrypted checks the key of a secret, and of its replica in prod.
func (c *cloud) wantEncrypted(name string) {
	c.Helper()
	alias := "alias/" + strings.TrimSuffix(c.prefix, "/")
	secret := c.describe(name)
	key := *c.key(c.kms, alias).Arn
	if *secret.KmsKeyId != key {
		c.Errorf("%s is encrypted with %s, not the store's key %s", name, *secret.KmsKeyId, key)
	}
	c.wantUsableThroughService(c.kms, key, "eu-west-1")
	if c.prefix != "shop/prod/" {
		if len(secret.ReplicationStatus) > 0 {
			c.Errorf("%s has replicas", name)
		}
		return
	}
	if len(secret.ReplicationStatus) != 1 || *secret.ReplicationStatus[0].Region != "eu-central-1" {
		c.Fatalf("%s has the replicas %v, want one in eu-central-1", name, secret.ReplicationStatus)
	}
	replicaKey := *c.key(c.replicaKMS, *secret.ReplicationStatus[0].KmsKeyId).Arn
	c.wantUsableThroughService(c.replicaKMS, replicaKey, "eu-central-1")
}

func (c *cloud) key(client *kms.Client, id string) *kmstypes.KeyMetadata {
	c.Helper()
	key, err := client.DescribeKey(c.Context(), &kms.DescribeKeyInput{KeyId: &id})
	if err != nil {
		c.Fatal(err)
	}
	return key.KeyMetadata
}

// wantUsableThroughService checks that a key is rotated, and that nobody can use it directly.
func (c *cloud) wantUsableThroughService(client *kms.Client, key, region string) {
	c.Helper()
	rotation, err := client.GetKeyRotationStatus(c.Context(), &kms.GetKeyRotationStatusInput{KeyId: &key})
	if err != nil {
		c.Fatal(err)
	}
	if !rotation.KeyRotationEnabled {
		c.Errorf("%s is not rotated", key)
	}
	output, err := client.GetKeyPolicy(c.Context(), &kms.GetKeyPolicyInput{KeyId: &key, PolicyName: new("default")})
	if err != nil {
		c.Fatal(err)
	}
	policy, err := iam.Parse(*output.Policy)
	if err != nil {
		c.Fatal(err)
	}
	direct := iam.Request{Principal: all("arn:aws:iam::" + account + ":role/admin"), Action: "kms:Decrypt", Resource: key}
	if policy.Allows(account, direct) {
		c.Errorf("%s can be used directly", key)
	}
	through := direct
	through.Context = map[string]string{"kms:CallerAccount": account, "kms:ViaService": "secretsmanager." + region + ".amazonaws.com"}
	if !policy.Allows(account, through) {
		c.Errorf("%s cannot be used through Secrets Manager", key)
	}
}

// wantReaders checks who can read a secret, with policies of their own that allow everything.
func (c *cloud) wantReaders(name string, want ...string) {
	c.Helper()
	output, err := c.secrets.GetResourcePolicy(c.Context(), &secretsmanager.GetResourcePolicyInput{SecretId: new(c.prefix + name)})
	if err != nil {
		c.Fatal(err)
	}
	if output.ResourcePolicy == nil {
		c.Fatalf("%s has no policy", name)
	}
	policy, err := iam.Parse(*output.ResourcePolicy)
	if err != nil {
		c.Fatal(err)
	}
	for _, arn := range []string{checkout, reports, reportsOutside, "arn:aws:iam::" + account + ":role/admin", "arn:aws:iam::" + account + ":root"} {
		reads := iam.Request{
			Principal: all(arn), Action: "secretsmanager:GetSecretValue", Resource: *output.ARN,
			Context: map[string]string{"aws:SecureTransport": "true"},
		}
		if got := policy.Allows(account, reads); got != slices.Contains(want, arn) {
			c.Errorf("%s can read %s: %t", arn, name, got)
		}
		if reads.Context["aws:SecureTransport"] = "false"; policy.Allows(account, reads) {
			c.Errorf("%s can read %s without TLS", arn, name)
		}
		if outside := all(arn); outside.Account != account {
			outside.Organization = ""
			reads.Principal, reads.Context["aws:SecureTransport"] = outside, "true"
			if policy.Allows(account, reads) {
				c.Errorf("%s can read %s from outside the organisation", arn, name)
			}
		}
	}
}

// all is a principal of the organisation of prod that may do everything.
func all(arn string) iam.Principal {
	return iam.Principal{
		ARN: arn, Account: strings.Split(arn, ":")[4], Organization: "o-a1b2c3d4e5",
		Policy: iam.Document{Version: "2012-10-17", Statement: []iam.Statement{{
			Effect: "Allow", Action: iam.List{"*"}, Resource: iam.List{"*"},
		}}},
	}
}
