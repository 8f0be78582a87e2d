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
	if s.alertURLsJSON != "" {
		config[alertURLsKey] = s.alertURLsJSON
	}
	return plan.Run(ctx, program(s.Dir, true), plan.Options{
		Project: s.Project, Stack: s.Name, Root: s.Dir, Config: config, SecretKeys: s.secrets,
	})
}

// build registers the store, its secrets and its alerts, and exports a reference to each secret.
func (s *Stack) build(ctx *pulumi.Context) error {
	var parts parts
	var err error
	switch s.Config.Cloud {
	case awssecret.Limits.Name:
		parts, err = s.aws(ctx)
	case azuresecret.Limits.Name:
		parts, err = s.azure(ctx)
	case gcpsecret.Limits.Name:
		parts, err = s.gcp(ctx)
	case localsecret.Limits.Name:
		parts, err = s.local(ctx)
	}
	if err != nil {
		return err
	}
	refs := pulumi.StringMap{}
	var errs []error
	for _, spec := range s.Declaration.Secrets {
		ref, err := parts.add(spec, s.readers(spec))
		errs = append(errs, err)
		refs[spec.Name] = ref
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	if err := parts.watch(); err != nil {
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

// parts are what a cloud's store has yet to get.
type parts struct {
	// add registers one secret and gives a reference to it.
	add func(secret.Spec, map[string]pulumi.StringInput) (pulumi.StringOutput, error)
	// watch registers the alerts over all that were added.
	watch func() error
}

func (s *Stack) aws(ctx *pulumi.Context) (parts, error) {
	replicas, err := s.replicas(ctx)
	if err != nil {
		return parts{}, err
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
		return parts{}, err
	}
	rotators, rotatorOf, err := s.awsRotators(ctx, store)
	var made []*awssecret.Secret
	add := func(spec secret.Spec, readers map[string]pulumi.StringInput) (ref pulumi.StringOutput, err error) {
		schedule := s.Config.AWS.Schedules[spec.Name]
		c, err := awssecret.NewSecret(ctx, spec.Name, &awssecret.SecretArgs{
			Store: store, Spec: spec, Readers: readers, Rotator: rotatorOf(spec),
			Schedule: schedule.Expression, Window: time.Duration(schedule.Window),
		})
		if err != nil {
			return ref, err
		}
		made = append(made, c)
		return c.ARN, nil
	}
	watch := func() error {
		_, err := awssecret.NewAlerts(ctx, s.alertsName(), &awssecret.AlertsArgs{
			Store: store, Secrets: made, Rotators: rotators, Notify: s.notify(), Settings: s.AlertSettings(), TrailLogs: s.Config.AWS.TrailLogs,
		})
		return err
	}
	return parts{add, watch}, err
}

func (s *Stack) azure(ctx *pulumi.Context) (parts, error) {
	store, err := azuresecret.NewStore(ctx, s.storeName(), &azuresecret.StoreArgs{
		Vault:           s.Config.Azure.Vault,
		ResourceGroup:   s.Config.Azure.ResourceGroup,
		AllowedNetworks: s.Config.Azure.AllowedNetworks,
		Recovery:        time.Duration(s.Config.Recovery),
		AllowDestroy:    s.Config.AllowDestroy,
	})
	if err != nil {
		return parts{}, err
	}
	rotator, err := s.azureRotator(ctx, store)
	var made []*azuresecret.Secret
	add := func(spec secret.Spec, readers map[string]pulumi.StringInput) (ref pulumi.StringOutput, err error) {
		args := &azuresecret.SecretArgs{Store: store, Spec: spec, Readers: readers}
		if s.hasRotator(spec) {
			args.Rotator = rotator
		}
		c, err := azuresecret.NewSecret(ctx, spec.Name, args)
		if err != nil {
			return ref, err
		}
		made = append(made, c)
		return c.URI, nil
	}
	watch := func() error {
		args := &azuresecret.AlertsArgs{Store: store, Secrets: made, Rotator: rotator, Notify: s.notify(), Settings: s.AlertSettings()}
		if id := s.Config.Azure.AuditWorkspace; id != "" {
			args.Workspace = pulumi.String(id)
		}
		_, err := azuresecret.NewAlerts(ctx, s.alertsName(), args)
		return err
	}
	return parts{add, watch}, err
}

func (s *Stack) gcp(ctx *pulumi.Context) (parts, error) {
	store, err := gcpsecret.NewStore(ctx, s.storeName(), &gcpsecret.StoreArgs{
		Prefix:       s.prefix(),
		Locations:    s.Config.GCP.Locations,
		Recovery:     time.Duration(s.Config.Recovery),
		AllowDestroy: s.Config.AllowDestroy,
	})
	if err != nil {
		return parts{}, err
	}
	rotator, err := s.gcpRotator(ctx, store)
	var made []*gcpsecret.Secret
	add := func(spec secret.Spec, readers map[string]pulumi.StringInput) (ref pulumi.StringOutput, err error) {
		args := &gcpsecret.SecretArgs{Store: store, Spec: spec, Readers: readers}
		if s.hasRotator(spec) {
			args.Rotator = rotator
		}
		c, err := gcpsecret.NewSecret(ctx, spec.Name, args)
		if err != nil {
			return ref, err
		}
		made = append(made, c)
		return c.Name, nil
	}
	watch := func() error {
		_, err := gcpsecret.NewAlerts(ctx, s.alertsName(), &gcpsecret.AlertsArgs{
			Store: store, Secrets: made, Rotator: rotator, Notify: s.notify(), Settings: s.AlertSettings(),
			AuditConfigOwner: s.Config.GCP.AuditConfigOwner,
		})
		return err
	}
	return parts{add, watch}, err
}

func (s *Stack) local(ctx *pulumi.Context) (parts, error) {
	store, err := localsecret.NewStore(ctx, s.storeName(), &localsecret.StoreArgs{
		File:         s.Config.Local.File,
		Recovery:     time.Duration(s.Config.Recovery),
		AllowDestroy: s.Config.AllowDestroy,
	})
	add := func(spec secret.Spec, readers map[string]pulumi.StringInput) (ref pulumi.StringOutput, err error) {
		c, err := localsecret.NewSecret(ctx, spec.Name, &localsecret.SecretArgs{Store: store, Spec: spec, Readers: readers})
		if err != nil {
			return ref, err
		}
		return c.Reference, nil
	}
	return parts{add, func() error { return nil }}, err // secretstack audit watches
}

// storeName is the name of the store and of what it has one of.
func (s *Stack) storeName() string { return strings.ReplaceAll(s.Project+"-"+s.Name, ".", "-") }

func (s *Stack) alertsName() string { return s.storeName() + "-alerts" }

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
