package gcpsecret

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/cloudrunv2"
	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/projects"
	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/pubsub"
	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/serviceaccount"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/components/target"
)

// RotatorType is the type token of Rotator.
const RotatorType = "secretstack:gcp:Rotator"

// RotatorArgs describe a Rotator. Store and Image are required.
type RotatorArgs struct {
	Store *Store

	// Secrets are those that it rotates: at most 5,000 with Rotation. Ones without are allowed, and are
	// rotated by nobody.
	Secrets []secret.Spec

	// Targets say where the targets of Secrets are, by the secret's name.
	Targets map[string]target.Args

	// Image is the container image of cmd/rotate-run, as make image pushes it: with its digest.
	Image string

	// Location is the region in which it runs. Zero: the first of the store's Locations, which then has one.
	Location string

	// Network is the VPC in which the targets are. Nil: it reaches the internet only.
	Network *Network
}

// Network is the part of a VPC through which a Rotator reaches its targets. The subnetwork is in the
// Rotator's region, and has 64 addresses or more: https://cloud.google.com/run/docs/configuring/vpc-direct-vpc.
type Network struct {
	Network, Subnetwork pulumi.StringInput
}

// Rotator is the service that rotates a store's secrets, with all that it needs. Secret Manager itself has no
// rotation of secrets: once an hour the service looks what is due for each.
type Rotator struct {
	pulumi.ResourceState

	Account       *serviceaccount.Account // as which the service works
	Role          *projects.IAMCustomRole // what it may do with each secret that it rotates
	CompanionRole *projects.IAMCustomRole // what it may do with the secret's companion
	Service       *cloudrunv2.Service
	Topic         *pubsub.Topic        // where each secret's clock says that it is time to look
	Subscription  *pubsub.Subscription // which brings that to the service
	DeadLetters   *pubsub.Topic        // what the service failed at, again and again
	Failed        *pubsub.Subscription // which keeps DeadLetters for a month

	name  string
	args  RotatorArgs
	jobs  map[string]pulumi.StringOutput // what the service is told of each secret, by name
	ready []pulumi.Resource              // all that must be there before the first message
}

// NewRotator makes the service. Its name begins with a letter, and has letters, digits, - and _. Its error
// has all the mistakes in args.
func NewRotator(ctx *pulumi.Context, name string, args *RotatorArgs, opts ...pulumi.ResourceOption) (*Rotator, error) {
	r := &Rotator{name: name}
	if args != nil {
		r.args = *args
	}
	if err := r.check(); err != nil {
		return nil, fmt.Errorf("the Google Cloud rotator %q cannot be made:\n%w", name, err)
	}
	if err := ctx.RegisterComponentResource(RotatorType, name, r, opts...); err != nil {
		return nil, err
	}
	if err := r.newDelivery(ctx); err != nil {
		return nil, err
	}
	r.jobs = target.Jobs(r.args.Secrets, r.args.Targets, func(name string) pulumi.StringInput {
		return pulumi.Sprintf("projects/%s/secrets/%s", r.Account.Project, r.secretID(name))
	})
	return r, ctx.RegisterResourceOutputs(r, pulumi.Map{"service": r.Service.Name, "topic": r.Topic.ID()})
}

// secretID is that of a secret which check has let pass.
func (r *Rotator) secretID(name string) string {
	return r.args.Store.args.Prefix + secret.Escape(name, "_")
}

func (r *Rotator) location() string {
	if r.args.Location == "" && len(r.args.Store.args.Locations) > 0 {
		return r.args.Store.args.Locations[0]
	}
	return r.args.Location
}

// Pub/Sub's names have 3 to 255 characters, some of which Pulumi or we add, and do not begin with goog:
// https://cloud.google.com/pubsub/docs/pubsub-basics#resource_names. Other names are made shorter.
var rotatorName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{2,199}$`)

// check gives all the mistakes.
func (r *Rotator) check() error {
	if r.args.Store == nil {
		return errors.New("  Store: is missing; make one with NewStore")
	}
	var errs []error
	wrong := func(format string, values ...any) { errs = append(errs, fmt.Errorf("  "+format, values...)) }
	if !rotatorName.MatchString(r.name) || strings.HasPrefix(r.name, "goog") {
		wrong("name: must have 3 to 200 letters, digits, - and _, beginning with a letter but not with goog, since the topic has it")
	}
	if err := target.CheckImage(r.args.Image); err != nil {
		wrong("Image: %w", err)
	}
	if err := CheckLocation(r.location()); err != nil {
		wrong("Location: %w", err)
	}
	if n := r.args.Network; n != nil && (n.Network == nil || n.Subnetwork == nil) {
		wrong("Network: needs Network and Subnetwork")
	}
	errs = append(errs, target.Check(Limits, r.args.Secrets, r.args.Targets)...)
	return errors.Join(append(errs, r.checkSizes()...)...)
}

// of is what the secrets of a store have to know of a rotator, which may be nil.
func (r *Rotator) of(store *Store) *target.Rotator {
	if r == nil {
		return nil
	}
	return &target.Rotator{SameStore: r.args.Store == store, Secrets: r.args.Secrets}
}
