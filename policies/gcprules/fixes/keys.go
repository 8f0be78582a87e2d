package fixes

import (
	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/kms"
	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/projects"
	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/pubsub"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// GcpKmsRotation makes a key with a new version every 90 days.
func GcpKmsRotation(ctx *pulumi.Context) error {
	_, err := kms.NewCryptoKey(ctx, "secrets", &kms.CryptoKeyArgs{
		KeyRing:        pulumi.String("projects/shop/locations/europe-west1/keyRings/shop"),
		RotationPeriod: pulumi.String("7776000s"), // 90 days
	})
	return err
}

// GcpKmsNoPublic lets Secret Manager's agent use a key, and nobody else.
func GcpKmsNoPublic(ctx *pulumi.Context) error {
	_, err := kms.NewCryptoKeyIAMMember(ctx, "secrets", &kms.CryptoKeyIAMMemberArgs{
		CryptoKeyId: pulumi.String("projects/shop/locations/europe-west1/keyRings/shop/cryptoKeys/secrets"),
		Role:        pulumi.String("roles/cloudkms.cryptoKeyEncrypterDecrypter"),
		Member:      pulumi.String("serviceAccount:service-111122223333@gcp-sa-secretmanager.iam.gserviceaccount.com"),
	})
	return err
}

// GcpKmsProtected makes a key that no update deletes.
func GcpKmsProtected(ctx *pulumi.Context) error {
	// A destroyed version can be restored for 30 days, unless destroyScheduledDuration says otherwise.
	_, err := kms.NewCryptoKey(ctx, "secrets", &kms.CryptoKeyArgs{
		KeyRing: pulumi.String("projects/shop/locations/europe-west1/keyRings/shop"),
	}, pulumi.Protect(true))
	return err
}

// GcpKmsSeparationOfDuties lets people administer keys, and an agent use one.
func GcpKmsSeparationOfDuties(ctx *pulumi.Context) error {
	if _, err := projects.NewIAMMember(ctx, "key-admins", &projects.IAMMemberArgs{
		Project: pulumi.String("shop"),
		Role:    pulumi.String("roles/cloudkms.admin"),
		Member:  pulumi.String("group:key-admins@example.com"),
	}); err != nil {
		return err
	}
	_, err := kms.NewCryptoKeyIAMMember(ctx, "secrets", &kms.CryptoKeyIAMMemberArgs{
		CryptoKeyId: pulumi.String("projects/shop/locations/europe-west1/keyRings/shop/cryptoKeys/secrets"),
		Role:        pulumi.String("roles/cloudkms.cryptoKeyEncrypterDecrypter"),
		Member:      pulumi.String("serviceAccount:service-111122223333@gcp-sa-secretmanager.iam.gserviceaccount.com"),
	})
	return err
}

// GcpPubsubCmek encrypts a topic with a key of its own.
func GcpPubsubCmek(ctx *pulumi.Context) error {
	_, err := pubsub.NewTopic(ctx, "rotations", &pubsub.TopicArgs{
		KmsKeyName: pulumi.String("projects/shop/locations/europe-west1/keyRings/shop/cryptoKeys/messages"),
	})
	return err
}

// GcpPubsubNoPublic lets Secret Manager's agent publish to a topic.
func GcpPubsubNoPublic(ctx *pulumi.Context) error {
	_, err := pubsub.NewTopicIAMMember(ctx, "rotations", &pubsub.TopicIAMMemberArgs{
		Topic:  pulumi.String("rotations"),
		Role:   pulumi.String("roles/pubsub.publisher"),
		Member: pulumi.String("serviceAccount:service-111122223333@gcp-sa-secretmanager.iam.gserviceaccount.com"),
	})
	return err
}
