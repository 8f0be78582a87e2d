package azuresecret

import (
	"errors"
	"fmt"
	"hash/fnv"
	"regexp"
	"strings"

	app "github.com/pulumi/pulumi-azure-native-sdk/app/v2/v20240301"
	"github.com/pulumi/pulumi-azure-native-sdk/authorization/v2"
	"github.com/pulumi/pulumi-azure-native-sdk/managedidentity/v2"
	operationalinsights "github.com/pulumi/pulumi-azure-native-sdk/operationalinsights/v2/v20230901"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/components/target"
)

// RotatorType is the type token of Rotator.
const RotatorType = "secretstack:azure:Rotator"

// RotatorArgs describe a Rotator. Store and Image are required, and Subnet where the store has no AllowedNetworks.
type RotatorArgs struct {
	Store *Store

	// Secrets are those that it rotates. Ones without Rotation are allowed, and are rotated by nobody.
	Secrets []secret.Spec

	// Targets say where the targets of Secrets are, by the secret's name.
	Targets map[string]target.Args

	// Image is the container image of cmd/rotate-job, as make image pushes it: with its digest. In an
	// Azure container registry the Rotator's Identity needs the role AcrPull.
	Image string

	// Subnet is the id of a subnet of 32 addresses or more that is delegated to Microsoft.App/environments, and
	// used by nothing else. From it the vault can be reached, by a private endpoint, and the targets.
	// Nil: the job is in no virtual network, and the addresses from which it calls must be in the store's
	// AllowedNetworks. https://learn.microsoft.com/azure/container-apps/custom-virtual-networks
	Subnet pulumi.StringInput
}

// Rotator is the job that rotates a store's secrets, with all that it needs. Key Vault itself has no
// rotation of secrets: once an hour the job looks what is due.
type Rotator struct {
	pulumi.ResourceState

	Identity    *managedidentity.UserAssignedIdentity // as which the job works
	Role        *authorization.RoleDefinition         // what it may do with each secret that it rotates
	Environment *app.ManagedEnvironment
	Logs        *operationalinsights.Workspace // where its records are, for two years
	Job         *app.Job

	name string
	args RotatorArgs
}

// NewRotator makes the job. Its error has all the mistakes in args. Any name will do; what has it in Azure may
// have another one, made of it.
func NewRotator(ctx *pulumi.Context, name string, args *RotatorArgs, opts ...pulumi.ResourceOption) (*Rotator, error) {
	r := &Rotator{name: name}
	if args != nil {
		r.args = *args
	}
	if err := r.check(); err != nil {
		return nil, fmt.Errorf("the Azure rotator %q cannot be made:\n%w", name, err)
	}
	if err := ctx.RegisterComponentResource(RotatorType, name, r, opts...); err != nil {
		return nil, err
	}
	for _, part := range []func(*pulumi.Context) error{r.newRole, r.newEnvironment, r.newJob} {
		if err := part(ctx); err != nil {
			return nil, err
		}
	}
	return r, ctx.RegisterResourceOutputs(r, pulumi.Map{"job": r.Job.Name, "principalId": r.Identity.PrincipalId})
}

// jobName is the rule for jobs, less the names that are too short for a workspace:
// https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules.
var jobName = regexp.MustCompile(`^[a-z](-?[a-z0-9])+$`)

const minJobName, maxJobName = 4, 32

var notInJobName = regexp.MustCompile(`[^a-z0-9]+`)

// azureName is the rotator's name in Azure: its own, or what is left of it with a hash.
func (r *Rotator) azureName() string {
	if len(r.name) >= minJobName && len(r.name) <= maxJobName && jobName.MatchString(r.name) {
		return r.name
	}
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(r.name)) // never fails
	rest := fmt.Sprintf("r-%.21s", notInJobName.ReplaceAllString(strings.ToLower(r.name), "-"))
	return fmt.Sprintf("%s-%08x", strings.TrimRight(rest, "-"), hash.Sum32())
}

const (
	// maxVariable is what Linux lets one variable have, with its name: https://man7.org/linux/man-pages/man2/execve.2.html.
	maxVariable = 128<<10 - 1
	// maxVariables keeps all of them well below what it lets a process have, 2 MiB.
	maxVariables = 1 << 20
)

// check gives all the mistakes.
func (r *Rotator) check() error {
	if r.args.Store == nil {
		return errors.New("  Store: is missing; make one with NewStore")
	}
	var errs []error
	wrong := func(format string, values ...any) { errs = append(errs, fmt.Errorf("  "+format, values...)) }
	if err := target.CheckImage(r.args.Image); err != nil {
		wrong("Image: %w", err)
	}
	if r.args.Subnet == nil && len(r.args.Store.args.AllowedNetworks) == 0 {
		wrong("Subnet: is missing; the store has no AllowedNetworks, so the job needs a subnet from which the vault can be reached")
	} else if id, known := r.args.Subnet.(pulumi.String); known {
		if err := CheckSubnet(string(id)); err != nil {
			wrong("Subnet: %w", err)
		}
	}
	errs = append(errs, target.Check(Limits, r.args.Secrets, r.args.Targets)...)
	return errors.Join(append(errs, r.checkSizes()...)...)
}

// checkSizes gives what is too big for an environment, as far as it is known.
func (r *Rotator) checkSizes() (errs []error) {
	all := 0
	for _, s := range r.args.Secrets {
		if s.Rotation == nil {
			continue
		}
		if err := checkCompanion(s); err != nil {
			errs = append(errs, fmt.Errorf("  Secrets[%s]: %w", s.Name, err))
			continue
		}
		size := len(jobVariable(len(r.args.Secrets))) + len("=") + target.Size(s, r.args.Targets[s.Name], vaultID)
		if all += size; size > maxVariable {
			errs = append(errs, fmt.Errorf("  Targets[%s]: what the job is told of it has %d bytes, and an environment variable takes %d; "+
				"give the certificates of one authority only in CA", s.Name, size, maxVariable))
		}
	}
	if all > maxVariables {
		errs = append(errs, fmt.Errorf("  Secrets: what the job is told of them has %d bytes, and its environment takes %d; "+
			"give fewer certificates in each CA, or make a second rotator", all, maxVariables))
	}
	return errs
}

// checkCompanion gives the rule that the name of a rotated secret breaks, or nil.
func checkCompanion(s secret.Spec) error {
	id, err := Limits.SecretName("", s.Name)
	if err == nil && len(id)+len(secret.CompanionSuffix) > maxSecretName {
		err = fmt.Errorf("it would have %d characters; %d are allowed where it is rotated", len(id), maxSecretName-len(secret.CompanionSuffix))
	}
	return err
}

// vaultID is the id of a secret which check has let pass.
func vaultID(name string) string { return secret.Escape(name, "") }

// of is what the secrets of a store have to know of a rotator, which may be nil.
func (r *Rotator) of(store *Store) *target.Rotator {
	if r == nil {
		return nil
	}
	return &target.Rotator{SameStore: r.args.Store == store, Secrets: r.args.Secrets}
}
