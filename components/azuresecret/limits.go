package azuresecret

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/secretstack/secretstack/components/secret"
)

// Limits is what Key Vault demands of a declaration. Deleted secrets are kept for 7 to 90 days:
// https://learn.microsoft.com/azure/key-vault/general/soft-delete-overview.
var Limits = secret.Cloud{
	Name:          "azure",
	SecretName:    secretName,
	FoldsCase:     true,
	CheckIdentity: checkIdentity,
	Canonical:     strings.ToLower,
	MinRecovery:   7 * 24 * time.Hour,
	MaxRecovery:   90 * 24 * time.Hour,
	MinEvery:      time.Hour, // the rotator looks once an hour; Key Vault itself has no limit
	MaxEvery:      100 * 365 * 24 * time.Hour,
}

// https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates
const maxSecretName = 127

func secretName(prefix, name string) (string, error) {
	if err := secret.CheckName(name); err != nil {
		return "", err
	}
	id := prefix + secret.Escape(name, "")
	if len(id) > maxSecretName {
		return "", fmt.Errorf("it would have %d characters (%s…); %d are allowed", len(id), id[:40], maxSecretName)
	}
	return id, nil
}

func checkIdentity(identity string) error {
	if len(identity) != len(uuid.Nil.String()) || uuid.Validate(identity) != nil {
		return errors.New("must be the object id (principal id) of a managed identity or service principal, " +
			"a GUID such as 6f1c9d8e-2b3a-4c5d-8e7f-0a1b2c3d4e5f; its client id is another GUID and does not work")
	}
	return nil
}

var vaultRegexp = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{1,22}[A-Za-z0-9]$`)

// CheckVault gives the rule that the name of a vault breaks, or nil.
func CheckVault(name string) error {
	if !vaultRegexp.MatchString(name) || strings.Contains(name, "--") {
		return errors.New("must have 3 to 24 letters, digits and single hyphens, beginning with a letter " +
			"and not ending with a hyphen; nobody else in Azure may have the name")
	}
	return nil
}

// CheckNetwork gives the rule that a network breaks, or nil. It refuses 0.0.0.0/0, which would be
// everybody.
func CheckNetwork(network string) error {
	if !strings.Contains(network, "/") {
		network += "/32"
	}
	p, err := netip.ParsePrefix(network)
	if err != nil || !p.Addr().Is4() || p != p.Masked() || p.Bits() == 0 || p.Addr().IsPrivate() {
		return errors.New("must be a public IPv4 address or network, such as 203.0.113.0/24; " +
			"private networks need a private endpoint")
	}
	return nil
}

var subnetRegexp = regexp.MustCompile(`(?i)^/subscriptions/[0-9a-f-]{36}/resourceGroups/[^/]+/providers/Microsoft\.Network/virtualNetworks/[^/]+/subnets/[^/]+$`)

// CheckSubnet gives the rule that the id of a subnet breaks, or nil.
func CheckSubnet(id string) error {
	if !subnetRegexp.MatchString(id) {
		return errors.New("must be the resource id of a subnet: /subscriptions/ID/resourceGroups/GROUP/providers/" +
			"Microsoft.Network/virtualNetworks/NETWORK/subnets/NAME")
	}
	return nil
}

var workspaceRegexp = regexp.MustCompile(`(?i)^/subscriptions/[0-9a-f-]{36}/resourceGroups/[^/]+/providers/Microsoft\.OperationalInsights/workspaces/[^/]+$`)

// CheckWorkspace gives the rule that the id of a workspace breaks, or nil.
func CheckWorkspace(id string) error {
	if !workspaceRegexp.MatchString(id) {
		return errors.New("must be the resource id of a Log Analytics workspace: /subscriptions/ID/resourceGroups/GROUP/providers/" +
			"Microsoft.OperationalInsights/workspaces/NAME")
	}
	return nil
}
