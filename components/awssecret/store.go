package awssecret

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kms"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// The type tokens of the components.
const (
	StoreType  = "secretstack:aws:Store"
	SecretType = "secretstack:aws:Secret"
)

// StoreArgs are what one stack's secrets share. The zero value is a store with one key in the provider's
// region for readers of its own account, protected and recoverable for 30 days.
type StoreArgs struct {
	// Prefix begins each secret's name, such as "shop/dev/". Zero: none.
	Prefix string
	// Recovery is how long a deleted secret can be recovered: whole days, from 7 to 30.
	// Zero: 30 days, and with AllowDestroy not at all.
	Recovery time.Duration
	// AllowDestroy makes a throw-away stack: keys and secrets are not protected from pulumi destroy.
	AllowDestroy bool
	// Organization is the id of an AWS organisation, such as "o-a1b2c3d4e5". Principals that are neither in
	// it nor in the secrets' own account can do nothing with the secrets. Zero: it does not matter.
	Organization string
	// Accounts are the AWS accounts, of 12 digits, in which readers may be beside the store's own. They must
	// exist. Zero: no others.
	Accounts []string
	// Replicas are the other regions in which the secrets are copied, each under a key of its own.
	Replicas []Replica
	// Tags are on each key and secret.
	Tags map[string]string
}

// Replica is a region to which secrets are copied.
type Replica struct {
	// Region is its code, such as "eu-central-1"; not the store's own region.
	Region string
	// Provider makes the key in this region. Nil: a provider for the region with the credentials of the
	// environment; what the stack says of aws: beyond these, such as aws:profile, does not hold for it.
	Provider *aws.Provider
}

// Store is what one stack's secrets share.
type Store struct {
	pulumi.ResourceState

	Key         *kms.Key            // encrypts each secret
	Alias       *kms.Alias          // of Key: the prefix or, without one, the store's name
	ReplicaKeys map[string]*kms.Key // by region

	name                       string
	args                       StoreArgs
	partition, account, region pulumi.StringOutput
	replicaProviders           map[string]*aws.Provider // by region
}

// NewStore makes the key, and those of the replica regions. Nil args are the zero value. The error lists
// every mistake in the arguments; then nothing is registered.
func NewStore(ctx *pulumi.Context, name string, args *StoreArgs, opts ...pulumi.ResourceOption) (*Store, error) {
	s := &Store{name: name, ReplicaKeys: map[string]*kms.Key{}, replicaProviders: map[string]*aws.Provider{}}
	if args != nil {
		s.args = *args
	}
	if err := s.args.check(name); err != nil {
		return nil, fmt.Errorf("the AWS store %q cannot be made:\n%w", name, err)
	}
	if err := ctx.RegisterComponentResource(StoreType, name, s, opts...); err != nil {
		return nil, err
	}
	s.partition = aws.GetPartitionOutput(ctx, aws.GetPartitionOutputArgs{}, pulumi.Parent(s)).Partition()
	s.account = aws.GetCallerIdentityOutput(ctx, aws.GetCallerIdentityOutputArgs{}, pulumi.Parent(s)).AccountId()
	s.region = aws.GetRegionOutput(ctx, aws.GetRegionOutputArgs{}, pulumi.Parent(s)).Name()

	var err error
	if s.Key, err = s.newKey(ctx, name, s.logPrefix(), s.region); err != nil {
		return nil, err
	}
	if s.Alias, err = kms.NewAlias(ctx, name, &kms.AliasArgs{
		Name:        pulumi.String(aliasOf(s.args.Prefix, name)),
		TargetKeyId: s.Key.KeyId,
	}, pulumi.Parent(s)); err != nil {
		return nil, err
	}
	for _, r := range s.args.Replicas {
		if err := s.newReplicaKey(ctx, name+"-"+r.Region, r); err != nil {
			return nil, err
		}
	}
	return s, ctx.RegisterResourceOutputs(s, pulumi.Map{"keyArn": s.Key.Arn, "aliasName": s.Alias.Name})
}

func (s *Store) newReplicaKey(ctx *pulumi.Context, name string, r Replica) error {
	provider := r.Provider
	if provider == nil {
		var err error
		provider, err = aws.NewProvider(ctx, name, &aws.ProviderArgs{Region: pulumi.String(r.Region)}, pulumi.Parent(s))
		if err != nil {
			return err
		}
	}
	key, err := s.newKey(ctx, name, "", pulumi.String(r.Region), pulumi.Provider(provider))
	s.ReplicaKeys[r.Region], s.replicaProviders[r.Region] = key, provider
	return err
}

// there is a text that depends on where the store is, which a preview knows already.
func (s *Store) there(text func(home) (string, error)) pulumi.StringOutput {
	return pulumi.All(s.partition, s.account, s.region).ApplyT(func(v []any) (string, error) {
		return text(home{v[0].(string), v[1].(string), v[2].(string)})
	}).(pulumi.StringOutput)
}

// regions are those of the replicas.
func (s *Store) regions() (codes []string) {
	for _, r := range s.args.Replicas {
		codes = append(codes, r.Region)
	}
	return codes
}

// protected is the option of a child that holds what cannot be made again.
func (s *Store) protected(parent pulumi.Resource) pulumi.ResourceOption {
	if s.args.AllowDestroy {
		return pulumi.Parent(parent)
	}
	return pulumi.Composite(pulumi.Parent(parent), pulumi.Protect(true))
}

var accountID = regexp.MustCompile(`^[0-9]{12}$`)

func (args StoreArgs) check(name string) error {
	var errs []error
	wrong := func(format string, a ...any) { errs = append(errs, fmt.Errorf("  "+format, a...)) }
	if !secretChars.MatchString(args.Prefix) {
		wrong("Prefix %q has a character outside letters, digits and / _ + = . @ -", args.Prefix)
	} else if alias := aliasOf(args.Prefix, name); strings.HasPrefix(alias, "alias/aws/") {
		wrong("Prefix %q begins with aws/, which AWS keeps for the keys of its own services", args.Prefix)
	} else if len(alias) > maxAlias {
		wrong("Prefix has %d characters; the key's alias is made of it and can have %d", len(args.Prefix), maxAlias-len("alias/"))
	}
	if err := Limits.CheckRecovery(args.Recovery); err != nil {
		wrong("Recovery %w", err)
	}
	if err := CheckOrganization(args.Organization); args.Organization != "" && err != nil {
		wrong("Organization %w", err)
	}
	seen := map[string]bool{}
	for i, a := range args.Accounts {
		if !accountID.MatchString(a) {
			wrong("Accounts[%d] %q is not an account: 12 digits", i, a)
		} else if seen[a] {
			wrong("Accounts[%d] %s is there twice", i, a)
		}
		seen[a] = true
	}
	for i, r := range args.Replicas {
		if err := CheckRegion(r.Region); err != nil {
			wrong("Replicas[%d].Region %w", i, err)
		} else if seen[r.Region] {
			wrong("Replicas[%d].Region %s is there twice", i, r.Region)
		}
		seen[r.Region] = true
	}
	if text, err := keyPolicy(longest, args.Accounts, name+"/secretstack/").text(); err != nil {
		wrong("Accounts: %w", err)
	} else if len(text) > maxKeyPolicy {
		wrong("Accounts has %d accounts; they do not fit in the key's policy, which can have %d characters", len(args.Accounts), maxKeyPolicy)
	}
	return errors.Join(errs...)
}
