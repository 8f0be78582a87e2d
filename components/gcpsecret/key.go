package gcpsecret

import (
	"slices"
	"time"

	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/kms"
	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/secretmanager"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Key is a store's key in one location.
type Key struct {
	Location string
	Ring     *kms.KeyRing
	Key      *kms.CryptoKey
	Grant    *kms.CryptoKeyIAMMember // to Secret Manager's agent, the key's only user
}

const (
	keyRotation = 90 * 24 * time.Hour
	maxKeyRing  = 63 // https://cloud.google.com/kms/docs/reference/rest/v1/projects.locations.keyRings/create
)

// keyLocations is where keys are needed: each replica's location or, for automatic replication,
// global (https://cloud.google.com/secret-manager/docs/cmek). They are sorted because replicas in
// another order would be another secret.
func (a StoreArgs) keyLocations() []string {
	if len(a.Locations) == 0 {
		return []string{"global"}
	}
	return slices.Sorted(slices.Values(a.Locations))
}

// newKey leaves the names of ring and key to Pulumi, which adds random characters: neither can ever
// be deleted, so a stack that was destroyed could not be made again under fixed names.
func (s *Store) newKey(ctx *pulumi.Context, name, location string) (Key, error) {
	k := Key{Location: location}
	var err error
	k.Ring, err = kms.NewKeyRing(ctx, name, &kms.KeyRingArgs{
		Location: pulumi.String(location),
	}, pulumi.Parent(s), pulumi.DependsOn([]pulumi.Resource{s.KMS}))
	if err != nil {
		return k, err
	}
	k.Key, err = kms.NewCryptoKey(ctx, name, &kms.CryptoKeyArgs{
		KeyRing:        k.Ring.ID().ToStringOutput(),
		RotationPeriod: pulumi.String(seconds(keyRotation)),
	}, s.protected(s))
	if err != nil {
		return k, err
	}
	k.Grant, err = kms.NewCryptoKeyIAMMember(ctx, name, &kms.CryptoKeyIAMMemberArgs{
		CryptoKeyId: k.Key.ID().ToStringOutput(),
		Role:        pulumi.String("roles/cloudkms.cryptoKeyEncrypterDecrypter"),
		Member:      s.Agent.Member,
	}, pulumi.Parent(s))
	return k, err
}

// replication encrypts each replica with the key of its location.
func (s *Store) replication() secretmanager.SecretReplicationArgs {
	if len(s.args.Locations) == 0 {
		return secretmanager.SecretReplicationArgs{Auto: secretmanager.SecretReplicationAutoArgs{
			CustomerManagedEncryption: secretmanager.SecretReplicationAutoCustomerManagedEncryptionArgs{
				KmsKeyName: s.Keys[0].Key.ID().ToStringOutput(),
			},
		}}
	}
	var replicas secretmanager.SecretReplicationUserManagedReplicaArray
	for _, k := range s.Keys {
		replicas = append(replicas, secretmanager.SecretReplicationUserManagedReplicaArgs{
			Location: pulumi.String(k.Location),
			CustomerManagedEncryption: secretmanager.SecretReplicationUserManagedReplicaCustomerManagedEncryptionArgs{
				KmsKeyName: k.Key.ID().ToStringOutput(),
			},
		})
	}
	return secretmanager.SecretReplicationArgs{
		UserManaged: secretmanager.SecretReplicationUserManagedArgs{Replicas: replicas},
	}
}

// grants are what a secret waits for: without them Secret Manager cannot use its keys.
func (s *Store) grants() []pulumi.Resource {
	grants := make([]pulumi.Resource, len(s.Keys))
	for i, k := range s.Keys {
		grants[i] = k.Grant
	}
	return grants
}
