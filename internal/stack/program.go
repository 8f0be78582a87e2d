// Package stack makes the stack of a project: it reads the declaration and the stack's configuration,
// and builds the store and its secrets in the cloud that the stack selects.
//
// The program of main.go, the command line and the tests all run this one. To provision secrets from
// another program, use the components of a cloud, such as awssecret, directly.
package stack

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/components/awssecret"
	"github.com/secretstack/secretstack/components/azuresecret"
	"github.com/secretstack/secretstack/components/gcpsecret"
	"github.com/secretstack/secretstack/components/localsecret"
	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/internal/plan"
)

// Run is the Pulumi program.
func Run(ctx *pulumi.Context) error { return In(ctx.RootDirectory())(ctx) }

// In is Run for the project in a folder, which the Automation API does not tell a program.
func In(dir string) pulumi.RunFunc {
	return program(dir, false)
}

func program(dir string, planning bool) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		s, err := fromContext(ctx, dir)
		if err != nil {
			return err
		}
		s.planning = planning
		return s.build(ctx)
	}
}

// plan gives the graph of what Run registers, without the engine.
func (s *Stack) plan(ctx context.Context) (*plan.Graph, error) {
	config := maps.Clone(s.values)
	if _, known := config["aws:allowedAccountIds"]; !known && len(s.accounts()) == 1 {
		config["aws:allowedAccountIds"] = fmt.Sprintf("[%q]", s.accounts()[0]) // the best guess: where the readers live
	}
	for _, key := range s.secrets {
		config[key] = ""
	}
	return plan.Run(ctx, program(s.Dir, true), plan.Options{
		Project: s.Project, Stack: s.Name, Root: s.Dir, Config: config, SecretKeys: s.secrets,
	})
}

// build registers the store and its secrets, and exports a reference to each.
func (s *Stack) build(ctx *pulumi.Context) error {
	var add adder
	var err error
	switch s.Config.Cloud {
	case awssecret.Limits.Name:
		add, err = s.aws(ctx)
	case azuresecret.Limits.Name:
		add, err = s.azure(ctx)
	case gcpsecret.Limits.Name:
		add, err = s.gcp(ctx)
	case localsecret.Limits.Name:
		add, err = s.local(ctx)
	}
	if err != nil {
		return err
	}
	refs := pulumi.StringMap{}
	var errs []error
	for _, spec := range s.Declaration.Secrets {
		ref, err := add(spec, s.readers(spec))
		errs = append(errs, err)
		refs[spec.Name] = ref
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	ctx.Export("cloud", pulumi.String(s.Config.Cloud))
	ctx.Export("secrets", refs)
	return nil
}

// readers gives the identities of a secret's readers, as far as the stack has them.
func (s *Stack) readers(spec secret.Spec) map[string]pulumi.StringInput {
	readers := map[string]pulumi.StringInput{}
	for _, r := range spec.Readers {
		if id, ok := s.Config.Identities[r]; ok {
			readers[r] = pulumi.String(id)
		}
	}
	return readers
}

// adder registers one secret and gives a reference to it.
type adder = func(secret.Spec, map[string]pulumi.StringInput) (pulumi.StringOutput, error)

func (s *Stack) aws(ctx *pulumi.Context) (adder, error) {
	replicas, err := s.replicas(ctx)
	if err != nil {
		return nil, err
	}
	store, err := awssecret.NewStore(ctx, s.storeName(), &awssecret.StoreArgs{
		Prefix:       s.prefix(),
		Recovery:     time.Duration(s.Config.Recovery),
		AllowDestroy: s.Config.AllowDestroy,
		Organization: s.Config.AWS.Organization,
		Accounts:     s.accounts(),
		Replicas:     replicas,
	})
	if err != nil {
		return nil, err
	}
	rotator, err := s.awsRotators(ctx, store)
	return func(spec secret.Spec, readers map[string]pulumi.StringInput) (pulumi.StringOutput, error) {
		schedule := s.Config.AWS.Schedules[spec.Name]
		c, err := awssecret.NewSecret(ctx, spec.Name, &awssecret.SecretArgs{
			Store: store, Spec: spec, Readers: readers, Rotator: rotator(spec),
			Schedule: schedule.Expression, Window: time.Duration(schedule.Window),
		})
		if err != nil {
			return pulumi.StringOutput{}, err
		}
		return c.ARN, nil
	}, err
}

func (s *Stack) azure(ctx *pulumi.Context) (adder, error) {
	store, err := azuresecret.NewStore(ctx, s.storeName(), &azuresecret.StoreArgs{
		Vault:           s.Config.Azure.Vault,
		ResourceGroup:   s.Config.Azure.ResourceGroup,
		AllowedNetworks: s.Config.Azure.AllowedNetworks,
		Recovery:        time.Duration(s.Config.Recovery),
		AllowDestroy:    s.Config.AllowDestroy,
	})
	if err != nil {
		return nil, err
	}
	rotator, err := s.azureRotator(ctx, store)
	return func(spec secret.Spec, readers map[string]pulumi.StringInput) (pulumi.StringOutput, error) {
		args := &azuresecret.SecretArgs{Store: store, Spec: spec, Readers: readers}
		if s.hasRotator(spec) {
			args.Rotator = rotator
		}
		c, err := azuresecret.NewSecret(ctx, spec.Name, args)
		if err != nil {
			return pulumi.StringOutput{}, err
		}
		return c.URI, nil
	}, err
}

func (s *Stack) gcp(ctx *pulumi.Context) (adder, error) {
	store, err := gcpsecret.NewStore(ctx, s.storeName(), &gcpsecret.StoreArgs{
		Prefix:       s.prefix(),
		Locations:    s.Config.GCP.Locations,
		Recovery:     time.Duration(s.Config.Recovery),
		AllowDestroy: s.Config.AllowDestroy,
	})
	if err != nil {
		return nil, err
	}
	rotator, err := s.gcpRotator(ctx, store)
	return func(spec secret.Spec, readers map[string]pulumi.StringInput) (pulumi.StringOutput, error) {
		args := &gcpsecret.SecretArgs{Store: store, Spec: spec, Readers: readers}
		if s.hasRotator(spec) {
			args.Rotator = rotator
		}
		c, err := gcpsecret.NewSecret(ctx, spec.Name, args)
		if err != nil {
			return pulumi.StringOutput{}, err
		}
		return c.Name, nil
	}, err
}

func (s *Stack) local(ctx *pulumi.Context) (adder, error) {
	store, err := localsecret.NewStore(ctx, s.storeName(), &localsecret.StoreArgs{
		File:         s.Config.Local.File,
		Recovery:     time.Duration(s.Config.Recovery),
		AllowDestroy: s.Config.AllowDestroy,
	})
	return func(spec secret.Spec, readers map[string]pulumi.StringInput) (pulumi.StringOutput, error) {
		c, err := localsecret.NewSecret(ctx, spec.Name, &localsecret.SecretArgs{Store: store, Spec: spec, Readers: readers})
		if err != nil {
			return pulumi.StringOutput{}, err
		}
		return c.Reference, nil
	}, err
}

// storeName is the name of the store and of what it has one of.
func (s *Stack) storeName() string { return strings.ReplaceAll(s.Project+"-"+s.Name, ".", "-") }

// prefix begins the names of this stack's secrets where a cloud has one space of names for all stacks.
func (s *Stack) prefix() string {
	switch s.Config.Cloud {
	case awssecret.Limits.Name:
		return s.Project + "/" + s.Name + "/"
	case gcpsecret.Limits.Name:
		return s.storeName() + "-"
	}
	return ""
}
