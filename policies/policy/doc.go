// Package policy is what the rules are made of: a [Rule] looks at a [Resource] through values that may be unknown, and
// gives [Finding]s; a [Checker] runs rules over the resources of a stack.
//
// A rule is a pure function. It does not know where its resources come from (a preview by the engine, a plan without
// it, a state, a plan of Terraform), which rules a team has chosen, or what is exempt. It has three answers: nothing
// (the resource passes), a failure, and "unknown" where a property is known only after `pulumi up`.
//
// The rules of secretstack are in the packages awsrules, gcprules, azurerules and anyrules; package rules has them all.
package policy
