package source

import "github.com/secretstack/secretstack/policies/planned"

// Plan gives the resources of a plan, and first the stack with its outputs. It gives no error.
var Plan = planned.Resources
