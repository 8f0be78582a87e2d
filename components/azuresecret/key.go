package azuresecret

import "github.com/secretstack/secretstack/components/secret"

// CustomerKey is why a Store has no key: Key Vault encrypts secrets under a hierarchy of keys of its
// own, and a customer's key is for the data of other services
// (https://learn.microsoft.com/azure/key-vault/secrets/about-secrets).
var CustomerKey = &secret.UnsupportedError{
	Cloud: Limits.Name,
	Field: "a customer-managed key for secrets",
	Reason: "Key Vault encrypts secrets under keys that Microsoft holds in hardware security modules; " +
		"an application that needs its own key must encrypt the value before it is put",
}
