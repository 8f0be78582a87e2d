package azuresecret

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/pulumi/pulumi-azure-native-sdk/authorization/v2"
	"github.com/pulumi/pulumi-azure-native-sdk/keyvault/v2"
	"github.com/pulumi/pulumi-azure-native-sdk/resources/v2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/components/secret"
)

// The type tokens of the components.
const (
	StoreType  = "secretstack:azure:Store"
	SecretType = "secretstack:azure:Secret"
)

// StoreArgs describe a Store. Vault is required; all else zero is a vault that is closed to the
// public internet, keeps deleted secrets for 30 days, cannot be purged and is protected from deletion.
type StoreArgs struct {
	// Vault is the vault's name, which nobody else in Azure may have: 3 to 24 letters, digits and
	// single hyphens, beginning with a letter.
	Vault string

	// ResourceGroup is the name of an existing resource group. Zero: one is made, with the vault's name.
	ResourceGroup string

	// AllowedNetworks are public IPv4 addresses and networks (CIDR) from which the vault can be reached, at most
	// 1000. Zero: none, so that only private endpoints reach it.
	AllowedNetworks []string

	// Recovery is how long a deleted secret can be recovered: whole days, 7 to 90. Azure fixes it when
	// it makes the vault. Zero: 30 days; with AllowDestroy 7, the least that Azure has.
	Recovery time.Duration

	// AllowDestroy lets Pulumi delete secrets and vault, and lets operators purge what is deleted.
	// Zero: Pulumi refuses, and so does Azure; it never lifts the protection of a vault that has it.
	AllowDestroy bool
}

// Store is what the secrets of a stack share: the vault.
type Store struct {
	pulumi.ResourceState

	ResourceGroup *resources.ResourceGroup // nil: StoreArgs name one that exists
	Vault         *keyvault.Vault

	// URI is where applications reach the vault, such as https://NAME.vault.azure.net/.
	URI pulumi.StringOutput

	args         StoreArgs
	subscription pulumi.StringOutput
}

// NewStore makes a Store. Its error has all the mistakes in args.
func NewStore(ctx *pulumi.Context, name string, args *StoreArgs, opts ...pulumi.ResourceOption) (*Store, error) {
	s := &Store{}
	if args != nil {
		s.args = *args
	}
	if err := s.args.check(); err != nil {
		return nil, fmt.Errorf("the Azure store %q cannot be made:\n%w", name, err)
	}
	if err := ctx.RegisterComponentResource(StoreType, name, s, opts...); err != nil {
		return nil, err
	}
	var after []pulumi.Resource
	if s.args.ResourceGroup == "" {
		var err error
		s.ResourceGroup, err = resources.NewResourceGroup(ctx, name, &resources.ResourceGroupArgs{
			ResourceGroupName: pulumi.String(s.group()),
		}, s.protected(s))
		if err != nil {
			return nil, err
		}
		after = append(after, s.ResourceGroup)
	}
	deployer := authorization.GetClientConfigOutput(ctx, pulumi.Parent(s))
	s.subscription = deployer.SubscriptionId()
	var err error
	s.Vault, err = keyvault.NewVault(ctx, name, &keyvault.VaultArgs{
		ResourceGroupName: pulumi.String(s.group()),
		VaultName:         pulumi.String(s.args.Vault),
		Properties:        s.args.vault(deployer.TenantId()),
	}, s.protected(s), pulumi.DependsOn(after))
	if err != nil {
		return nil, err
	}
	// With the id, because the properties alone would seem known, and empty, before there is a vault.
	s.URI = pulumi.All(s.Vault.ID(), s.Vault.Properties.VaultUri()).ApplyT(func(v []any) string {
		return v[1].(string)
	}).(pulumi.StringOutput)
	return s, ctx.RegisterResourceOutputs(s, pulumi.Map{"uri": s.URI})
}

// group is the resource group's name. It and the vault's name reach other resources as plain text:
// they would be unknown in the preview of each change to the vault, and a secret whose vault is
// unknown looks as if it had to be replaced.
func (s *Store) group() string {
	if s.args.ResourceGroup != "" {
		return s.args.ResourceGroup
	}
	return s.args.Vault
}

// vault gives the properties of the vault. The enabledFor… fields stay off: they let parts of Azure
// read secrets.
func (a StoreArgs) vault(tenant pulumi.StringInput) keyvault.VaultPropertiesArgs {
	recovery := max(secret.RecoveryOrDefault(a.Recovery, a.AllowDestroy), Limits.MinRecovery)
	access := "Disabled" // overrides the rules below, for all but private endpoints
	rules := keyvault.IPRuleArray{}
	for _, n := range a.AllowedNetworks {
		access = "Enabled"
		rules = append(rules, keyvault.IPRuleArgs{Value: pulumi.String(n)})
	}
	v := keyvault.VaultPropertiesArgs{
		TenantId:                  tenant,
		Sku:                       keyvault.SkuArgs{Family: pulumi.String("A"), Name: keyvault.SkuNameStandard},
		EnableRbacAuthorization:   pulumi.Bool(true),
		EnableSoftDelete:          pulumi.Bool(true),
		SoftDeleteRetentionInDays: pulumi.Int(int(recovery.Hours() / 24)),
		PublicNetworkAccess:       pulumi.String(access),
		NetworkAcls: keyvault.NetworkRuleSetArgs{
			DefaultAction: pulumi.String("Deny"),
			// Readers are workloads, none of which is on the list of trusted services; and Resource
			// Manager, which makes the secrets, does not pass through the firewall:
			// https://learn.microsoft.com/azure/key-vault/general/overview-vnet-service-endpoints.
			Bypass:  pulumi.String("None"),
			IpRules: rules,
		},
	}
	if !a.AllowDestroy {
		v.EnablePurgeProtection = pulumi.Bool(true) // Azure refuses false: it is true or absent
	}
	return v
}

// protected is the option of a child that holds what cannot be made again.
func (s *Store) protected(parent pulumi.Resource) pulumi.ResourceOption {
	if s.args.AllowDestroy {
		return pulumi.Parent(parent)
	}
	return pulumi.Composite(pulumi.Parent(parent), pulumi.Protect(true))
}

const maxNetworks = 1000 // https://learn.microsoft.com/azure/key-vault/general/network-security

// check gives all the mistakes.
func (a StoreArgs) check() error {
	var errs []error
	wrong := func(format string, values ...any) { errs = append(errs, fmt.Errorf("  "+format, values...)) }
	if err := CheckVault(a.Vault); err != nil {
		wrong("Vault: %w", err)
	}
	for i, n := range a.AllowedNetworks {
		if err := CheckNetwork(n); err != nil {
			wrong("AllowedNetworks[%d]: %w", i, err)
		}
		if slices.Contains(a.AllowedNetworks[:i], n) {
			wrong("AllowedNetworks[%d]: names %s twice", i, n)
		}
	}
	if len(a.AllowedNetworks) > maxNetworks {
		wrong("AllowedNetworks: has %d entries; a vault takes %d", len(a.AllowedNetworks), maxNetworks)
	}
	if err := Limits.CheckRecovery(a.Recovery); err != nil {
		wrong("Recovery: %w", err)
	}
	return errors.Join(errs...)
}
