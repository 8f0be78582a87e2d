package stack

import (
	"maps"
	"path/filepath"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/components/awssecret"
	"github.com/secretstack/secretstack/components/azuresecret"
	"github.com/secretstack/secretstack/components/gcpsecret"
	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/components/target"
	"github.com/secretstack/secretstack/internal/bundle"
)

func (s *Stack) rotatorName() string { return s.storeName() + "-rotator" }

// targets gives where the targets of some secrets are.
func (s *Stack) targets(specs []secret.Spec) map[string]target.Args {
	targets := map[string]target.Args{}
	for _, spec := range specs {
		if address, ok := s.Addresses[spec.Name]; ok {
			targets[spec.Name] = target.At(address)
		}
	}
	return targets
}

// awsRotators makes a rotator for each network that has secrets, and one for the rest; and tells which of them
// has to do with a secret, or nil.
func (s *Stack) awsRotators(ctx *pulumi.Context, store *awssecret.Store) (all []*awssecret.Rotator, of func(secret.Spec) *awssecret.Rotator, err error) {
	var code pulumi.Archive
	rotators := map[string]*awssecret.Rotator{} // by secret
	networks := slices.Sorted(maps.Keys(s.Config.AWS.Networks))
	for _, network := range append([]string{""}, networks...) {
		specs := slices.DeleteFunc(s.Declaration.Rotated(), func(spec secret.Spec) bool { return s.network(spec.Name) != network })
		if len(specs) == 0 {
			continue
		}
		if code == nil {
			if code, err = s.bundle(ctx); err != nil {
				return nil, nil, err
			}
		}
		args := &awssecret.RotatorArgs{
			Store: store, Secrets: specs, Targets: s.targets(specs), Bundle: code, Concurrency: s.Config.AWS.RotatorConcurrency,
		}
		name := s.rotatorName()
		if network != "" {
			n := s.Config.AWS.Networks[network]
			args.Network = &awssecret.Network{VPC: pulumi.String(n.VPC), Subnets: pulumi.ToStringArray(n.Subnets)}
			name += "-" + network
		}
		r, err := awssecret.NewRotator(ctx, name, args)
		if err != nil {
			return nil, nil, err
		}
		all = append(all, r)
		for _, spec := range specs {
			rotators[spec.Name] = r
			for _, read := range spec.Rotation.Reads() {
				if rotators[read] == nil {
					rotators[read] = r
				}
			}
		}
	}
	return all, func(spec secret.Spec) *awssecret.Rotator { return rotators[spec.Name] }, nil
}

// network is where the target of a secret is; "": in none.
func (s *Stack) network(name string) string {
	for network, n := range s.Config.AWS.Networks {
		if slices.Contains(n.Secrets, name) {
			return network
		}
	}
	return ""
}

// bundle is the code of the rotators on AWS. A plan only names it.
func (s *Stack) bundle(ctx *pulumi.Context) (pulumi.Archive, error) {
	if file := s.Config.AWS.RotatorBundle; file != "" {
		return pulumi.NewFileArchive(filepath.Join(s.Dir, file)), nil
	}
	path := filepath.Join(s.Dir, ".secretstack", "rotate-lambda.zip")
	if s.planning {
		return pulumi.NewFileArchive(path), nil
	}
	return pulumi.NewFileArchive(path), bundle.Build(ctx.Context(), s.Dir, path)
}

func (s *Stack) azureRotator(ctx *pulumi.Context, store *azuresecret.Store) (*azuresecret.Rotator, error) {
	specs := s.Declaration.Rotated()
	if len(specs) == 0 {
		return nil, nil
	}
	args := &azuresecret.RotatorArgs{Store: store, Secrets: specs, Targets: s.targets(specs), Image: s.Config.Azure.RotatorImage}
	if id := s.Config.Azure.RotatorSubnet; id != "" {
		args.Subnet = pulumi.String(id)
	}
	return azuresecret.NewRotator(ctx, s.rotatorName(), args)
}

func (s *Stack) gcpRotator(ctx *pulumi.Context, store *gcpsecret.Store) (*gcpsecret.Rotator, error) {
	specs := s.Declaration.Rotated()
	if len(specs) == 0 {
		return nil, nil
	}
	c := s.Config.GCP
	args := &gcpsecret.RotatorArgs{
		Store: store, Secrets: specs, Targets: s.targets(specs), Image: c.RotatorImage, Location: c.RotatorLocation,
	}
	if c.RotatorNetwork != "" {
		args.Network = &gcpsecret.Network{Network: pulumi.String(c.RotatorNetwork), Subnetwork: pulumi.String(c.RotatorSubnetwork)}
	}
	return gcpsecret.NewRotator(ctx, s.rotatorName(), args)
}

// hasRotator tells whether the stack's rotator rotates a secret, or reads it for the rotation of another.
func (s *Stack) hasRotator(spec secret.Spec) bool {
	return spec.Rotation != nil || s.Declaration.ReadByRotator(spec.Name)
}
