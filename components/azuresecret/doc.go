// Package azuresecret provisions secrets in an Azure key vault, with one role assignment for each
// reader.
//
//	Store    resource group ── vault
//	                             │
//	Secret                     secret ── one role assignment for each reader, and one for the rotator
//	                           companion ── one role assignment for the rotator
//
//	Rotator  role, identity ── Container Apps job (hourly) ── environment ── logs
//
//	Alerts   vault, subscription ── audit log ── query rules ──┐
//	         vault's metric ── metric alert ───────────────────┼── action group
//	         activity log ── activity log alerts ──────────────┘
//
// No component knows a value: the rotator makes it, or you put versions with az keyvault secret set or Azure's client
// libraries, and read them there. Secret says why one has a disabled first version, and CustomerKey
// why there is no key. The subscription, tenant and location are the provider's. docs/azure.md has
// the limits, and how to recover.
package azuresecret
