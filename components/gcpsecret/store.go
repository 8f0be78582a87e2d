package gcpsecret

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/projects"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/components/secret"
)

// The type tokens of the components.
const (
	StoreType  = "secretstack:gcp:Store"
	SecretType = "secretstack:gcp:Secret"
)

// StoreArgs describe a Store. The zero value is a store that replicates wherever Google chooses,
// keeps destroyed versions for 30 days and is protected from deletion.
type StoreArgs struct {
	// Prefix begins the name of each secret: letters, digits, - and _. Zero: none.
	Prefix string

	// Locations are the regions that hold the values, such as europe-west1; a secret's cannot be
	// changed later. Zero: automatic replication.
	Locations []string

	// Recovery is how long a destroyed version can be restored: whole days, 1 to 1000. Zero: 30 days;
	// with AllowDestroy, not at all.
	Recovery time.Duration

	// AllowDestroy lets Pulumi delete secrets and keys, which nothing brings back. Zero: it refuses.
	AllowDestroy bool
}

// Store is what the secrets of a stack share: the services and a key in each location.
type Store struct {
	pulumi.ResourceState

	SecretManager *projects.Service
	KMS           *projects.Service
	Agent         *projects.ServiceIdentity // as which Secret Manager uses the keys
	Keys          []Key                     // in the order of their locations

	name string
	args StoreArgs
}

// NewStore makes a Store. Its name begins the key rings' names: letters, digits, - and _. Its error has
// all the mistakes.
func NewStore(ctx *pulumi.Context, name string, args *StoreArgs, opts ...pulumi.ResourceOption) (*Store, error) {
	s := &Store{name: name}
	if args != nil {
		s.args = *args
	}
	if err := s.args.check(name); err != nil {
		return nil, fmt.Errorf("the Google Cloud store %q cannot be made:\n%w", name, err)
	}
	if err := ctx.RegisterComponentResource(StoreType, name, s, opts...); err != nil {
		return nil, err
	}
	var err error
	if s.SecretManager, err = service(ctx, name, "secretmanager", pulumi.Parent(s)); err != nil {
		return nil, err
	}
	if s.KMS, err = service(ctx, name, "cloudkms", pulumi.Parent(s)); err != nil {
		return nil, err
	}
	s.Agent, err = projects.NewServiceIdentity(ctx, name, &projects.ServiceIdentityArgs{
		Service: s.SecretManager.Service,
	}, pulumi.Parent(s))
	if err != nil {
		return nil, err
	}
	for _, location := range s.args.keyLocations() {
		key, err := s.newKey(ctx, name+"-"+location, location)
		if err != nil {
			return nil, err
		}
		s.Keys = append(s.Keys, key)
	}
	return s, ctx.RegisterResourceOutputs(s, pulumi.Map{})
}

// service enables a Google API and leaves it enabled: other stacks of the project may use it.
func service(ctx *pulumi.Context, name, api string, opts ...pulumi.ResourceOption) (*projects.Service, error) {
	return projects.NewService(ctx, name+"-"+api, &projects.ServiceArgs{
		Service:          pulumi.String(api + ".googleapis.com"),
		DisableOnDestroy: pulumi.Bool(false),
	}, opts...)
}

// protected is the option of a child that holds what cannot be made again.
func (s *Store) protected(parent pulumi.Resource) pulumi.ResourceOption {
	if s.args.AllowDestroy {
		return pulumi.Parent(parent)
	}
	return pulumi.Composite(pulumi.Parent(parent), pulumi.Protect(true))
}

var charsRegexp = regexp.MustCompile(`^[A-Za-z0-9_-]*$`)

// check gives all the mistakes.
func (a StoreArgs) check(name string) error {
	var errs []error
	wrong := func(format string, values ...any) { errs = append(errs, fmt.Errorf("  "+format, values...)) }
	if !charsRegexp.MatchString(name) {
		wrong("name: must have letters, digits, - and _ only, since it begins the key rings' names")
	}
	if !charsRegexp.MatchString(a.Prefix) {
		wrong("Prefix: must have letters, digits, - and _ only")
	}
	for i, l := range a.Locations {
		if err := CheckLocation(l); err != nil {
			wrong("Locations[%d]: %w", i, err)
		}
		if slices.Contains(a.Locations[:i], l) {
			wrong("Locations[%d]: names %s twice", i, l)
		}
	}
	for _, l := range a.keyLocations() {
		if most := maxKeyRing - len("-"+l+"-1234567"); len(name) > most {
			wrong("name: has %d characters; for the name of a key ring in %s it can have %d", len(name), l, most)
		}
	}
	if err := Limits.CheckRecovery(a.Recovery); err != nil {
		wrong("Recovery: %w", err)
	}
	return errors.Join(errs...)
}

// destroyTTL is how long Secret Manager holds back the destruction of a version; nil: not at all.
func (a StoreArgs) destroyTTL() pulumi.StringPtrInput {
	d := secret.RecoveryOrDefault(a.Recovery, a.AllowDestroy)
	if d == 0 {
		return nil
	}
	return pulumi.String(seconds(d))
}

// seconds writes a duration as Google's APIs do.
func seconds(d time.Duration) string { return fmt.Sprintf("%.0fs", d.Seconds()) }
