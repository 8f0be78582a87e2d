// Package access finds who can read which secrets, and how: from the resources of a stack, wherever they come from (a plan,
// a preview, a state, a plan of Terraform). It looks at what the stack itself declares. What is granted elsewhere, such
// as in another account or on an organization, is not known to it.
//
// [Of] makes the [Access] of resources, and [Compare] the [Diff] of two.
package access
