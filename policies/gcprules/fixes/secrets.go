package fixes

import (
	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/cloudscheduler"
	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/kms"
	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/pubsub"
	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/secretmanager"
	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/serviceaccount"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// GcpSecretCmek encrypts a secret with a key of its own.
func GcpSecretCmek(ctx *pulumi.Context) error {
	key, err := kms.NewCryptoKey(ctx, "secrets", &kms.CryptoKeyArgs{
		KeyRing:        pulumi.String("projects/shop/locations/global/keyRings/shop"),
		RotationPeriod: pulumi.String("7776000s"),
	}, pulumi.Protect(true))
	if err != nil {
		return err
	}
	// Secret Manager's own agent encrypts and decrypts.
	agent, err := kms.NewCryptoKeyIAMMember(ctx, "secrets", &kms.CryptoKeyIAMMemberArgs{
		CryptoKeyId: key.ID(),
		Role:        pulumi.String("roles/cloudkms.cryptoKeyEncrypterDecrypter"),
		Member:      pulumi.String("serviceAccount:service-111122223333@gcp-sa-secretmanager.iam.gserviceaccount.com"),
	})
	if err != nil {
		return err
	}
	_, err = secretmanager.NewSecret(ctx, "orders-db", &secretmanager.SecretArgs{
		SecretId: pulumi.String("orders-db"),
		Replication: secretmanager.SecretReplicationArgs{Auto: secretmanager.SecretReplicationAutoArgs{
			CustomerManagedEncryption: secretmanager.SecretReplicationAutoCustomerManagedEncryptionArgs{KmsKeyName: key.ID()},
		}},
	}, pulumi.DependsOn([]pulumi.Resource{agent}))
	return err
}

// GcpSecretRotation has Cloud Scheduler say each month that it is time to rotate a secret.
func GcpSecretRotation(ctx *pulumi.Context) error {
	topic, err := pubsub.NewTopic(ctx, "rotations", &pubsub.TopicArgs{})
	if err != nil {
		return err
	}
	secret, err := secretmanager.NewSecret(ctx, "orders-db", &secretmanager.SecretArgs{
		SecretId:    pulumi.String("orders-db"),
		Replication: secretmanager.SecretReplicationArgs{Auto: secretmanager.SecretReplicationAutoArgs{}},
	})
	if err != nil {
		return err
	}
	// On the first of each month. A service that subscribes to the topic rotates.
	_, err = cloudscheduler.NewJob(ctx, "orders-db", &cloudscheduler.JobArgs{
		Schedule: pulumi.String("0 3 1 * *"),
		PubsubTarget: cloudscheduler.JobPubsubTargetArgs{
			TopicName: topic.ID(),
			Attributes: pulumi.StringMap{
				"eventType": pulumi.String("SECRET_ROTATE"),
				"secretId":  secret.ID(),
			},
		},
	})
	return err
}

// GcpSecretVersionDestroyTTL keeps a destroyed version for seven days.
func GcpSecretVersionDestroyTTL(ctx *pulumi.Context) error {
	_, err := secretmanager.NewSecret(ctx, "orders-db", &secretmanager.SecretArgs{
		SecretId:          pulumi.String("orders-db"),
		Replication:       secretmanager.SecretReplicationArgs{Auto: secretmanager.SecretReplicationAutoArgs{}},
		VersionDestroyTtl: pulumi.String("604800s"), // seven days
	})
	return err
}

// GcpSecretIamNoPublic lets one service account read a secret.
func GcpSecretIamNoPublic(ctx *pulumi.Context) error {
	checkout, err := serviceaccount.NewAccount(ctx, "checkout", &serviceaccount.AccountArgs{
		AccountId: pulumi.String("checkout"),
	})
	if err != nil {
		return err
	}
	_, err = secretmanager.NewSecretIamMember(ctx, "checkout-orders-db", &secretmanager.SecretIamMemberArgs{
		SecretId: pulumi.String("orders-db"),
		Role:     pulumi.String("roles/secretmanager.secretAccessor"),
		Member:   checkout.Member,
	})
	return err
}
