// Package rotation changes the value of a secret at the place where it is used, and can be killed at any
// moment, or run twice at once, without losing a credential.
//
// A [Rotator] takes one secret through a round: mint a credential, stage it as the pending version, apply it
// to the target, verify it there, promote it to the current version; and, when the grace of the one before
// has passed, revoke that one. What must be durable before what is written on the two ports, [Store] and
// [Target]. A round that was interrupted is finished by the next one that is begun: whatever is pending is
// taken up, whoever staged it.
//
//   - To rotate where the cloud only says "now", use [Rotator.Rotate].
//   - To rotate where the cloud drives the steps (AWS), use [Rotator.Create], [Rotator.Set],
//     [Rotator.Test] and [Rotator.Finish].
//   - To rotate where the cloud has no schedule of its own, call [Rotator.Tend] on a timer.
//   - To end previous credentials when they are due, use [Rotator.Retire], on a timer. Do not wait for the
//     next rotation with it: Create ends the previous credential too, but only if its grace is over.
//   - To know what went wrong, use [ClassOf]; what each record holds is said at [Rotator.Log].
//   - For a new cloud, write a [Store]; for a new kind of database or API, a [Target] (a [Revoker] where
//     two credentials can work side by side). Either passes package rotationtest.
//   - To hold a credential, use [Value]. Do not put its text into a string for longer than a call.
//   - To roll back by hand, make the older value current again; it must be one that the target still
//     accepts. The newer one is then the previous version, and is revoked when a grace has passed.
//     Outside AWS put the older value as a new version: a round's token is made from the version before it.
//
// Two things it leaves to whoever runs it. Where a target keeps one credential, a rotator without a lease
// must not sleep through a whole round of another one: AWS runs one at a time, the other Stores are Leasers.
// And if AWS gives a round up after a key was issued and before it was staged, and begins another, the
// issuer's list shows a key that nobody has.
//
// This package and those below it import nothing of Pulumi: they run inside the rotator.
package rotation
