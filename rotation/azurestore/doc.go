// Package azurestore is the rotation.Store of Azure Key Vault.
//
// # What Key Vault lacks
//
// Key Vault knows no pending version, no conditional write and no order among a secret's versions but the
// second in which each was created. A version cannot be changed or deleted; it can be disabled, and its tags
// can be replaced. So a second secret, the companion (its name ends in secret.CompanionSuffix, and only the
// rotator may read it), holds what is pending, and the state is in tags:
//
//	on a version of the companion  secretstack-base          the main secret's newest version when it was staged
//	on a version of the secret     secretstack-claim         the companion's version whose value this is
//	                               secretstack-retire-after  when it is to be retired: RFC 3339, in UTC
//	on the companion's oldest      secretstack-lease         until when who is at work: RFC 3339, and a UUID
//
// # Staging: claims
//
// Whoever stages a value writes it as a new version of the companion, a claim on the round that begins at its
// base; then waits for Settle; then lists the claims. The oldest open claim (by creation time as Key Vault stamps
// it, then by id) is what is pending, and everybody adopts it. A claim is open while it is enabled and no claim of
// its base is promoted; and it never was if by then the secret had a newer version than its base, since its
// writer decided by a stale view.
//
// Two rotators never adopt different claims. Say a and b are claims of a round, and a is the older one, so
// stamped in the second of b or before. The writer of b lists at least Settle after b was stamped; by then a is
// listed, and it adopts a. The same holds for a rotator that finds a claim which it did not write: while the
// claim is young, it settles before it believes. What this takes for granted is that a version is listed within
// Settle of the second in which it is stamped, by the clocks of Key Vault's servers. No clock of a rotator
// decides: theirs only tell whether a claim is young, and may be five minutes off.
//
// # Promotion
//
// The pending value becomes a new version of the secret, tagged with its claim. The tag is durable with the
// value, so a promotion that died after its effect is recognised and not repeated. Two rotators at once may
// both promote, since neither write can be conditional; then the same value is there twice, and the twins count
// as one. A value that an operator puts in the middle of a round takes nothing away: the claim stays open, since it
// may be in use at the target.
//
// # Retirement
//
// Where operators put values, or roll back, several versions may be there that are enabled and not current. The
// oldest is the previous one, then the next: each has its grace and is revoked, and only then disabled. Those that
// had been replaced already when the first rotation was promoted are left alone.
//
// # Leases
//
// All effects are idempotent given the same pending value, so rotators at work at once are harmless. Only one
// that slept through a whole round of another could put an old value back, and no check helps against that
// where writes are unconditional. The lease makes it improbable: nobody begins while another may be awake. It is
// Fischer's: seeing none, write yours into the tag, settle, and you have it if it is still there. Who needs more
// than half of Settle from looking to having written does not have it, and it ends by itself.
//
// # Cost
//
// A look takes two calls; a rotation sixteen, two of which create versions, and two settling times. Lists come in
// pages of 25, and versions cannot be deleted: a secret that is rotated each day has fifteen pages after a year, so
// rotate no more often than needed. Versions are retired by disabling; a person who may write the secret can enable
// them.
//
// # Sources
//
//   - Attributes are in whole seconds, expiry is informational, 15 tags of 256 characters:
//     https://learn.microsoft.com/azure/key-vault/secrets/about-secrets
//   - A single version cannot be deleted:
//     https://learn.microsoft.com/rest/api/keyvault/secrets/delete-secret
//   - Tags and attributes can be updated on a disabled version, which cannot be read:
//     https://learn.microsoft.com/azure/key-vault/secrets/javascript-developer-guide-get-secret
//   - The newest version is the one that is read, and if it is disabled reading fails:
//     https://github.com/Azure/azure-powershell/issues/14740
//   - The order of a list is not by date, and not documented:
//     https://github.com/Azure/azure-sdk-for-net/issues/45792
//   - At most 300 new versions and 4,000 other calls in 10 seconds for one vault, weighted against each other:
//     https://learn.microsoft.com/azure/key-vault/general/service-limits
package azurestore
