// Package secrettest has the promises that each cloud keeps, and checks them on the graph of resources
// that a cloud's components register.
//
// Use it in the tests of a package that provisions secrets in another cloud, or that wraps ours. It
// says nothing of what a cloud's API does with the graph: that is for tests through the engine.
package secrettest

import (
	"fmt"
	"slices"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/alert"
	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/internal/plan"
)

// Cloud is what the suite has to know of a cloud.
type Cloud struct {
	secret.Cloud

	// Build registers a store, its secrets and its alerts, as a stack does, with all alerts on and OnCall to hear
	// of them. A secret's component has the name of its spec. It may only return an error that it got.
	Build func(ctx *pulumi.Context, specs []secret.Spec, identities map[string]string, allowDestroy bool) error
	// Config is the stack's configuration, by full key.
	Config map[string]string
	// Identity makes the identity of a reader.
	Identity func(reader string) string
	// Create gives the id and the further outputs that the cloud would give to a new resource.
	Create func(r plan.Resource) (id string, outputs property.Map)

	// SecretType is the type of the resource that stands for one secret in the cloud.
	SecretType string
	// ValueProperty is the path of the input that would hold the value in that resource.
	// Zero: the resource has none.
	ValueProperty []string
	// Marker is what that input may hold in place of a value.
	Marker string
	// VersionTypes are the types of resources that hold nothing but values.
	VersionTypes []string

	// OwnKey tells whether a secret is encrypted under a key of the store, which the graph has too.
	OwnKey func(g *plan.Graph, s plan.Resource) bool
	// CanRead tells from the grants in the graph alone whether an identity can read a secret's value.
	CanRead func(g *plan.Graph, s plan.Resource, identity string) bool
	// Recoverable tells whether the cloud can give a secret back after it is deleted.
	Recoverable func(g *plan.Graph, s plan.Resource) bool

	// Starter gives the resource with which the rotation of a secret starts by itself. Nil: none does.
	Starter func(g *plan.Graph, s plan.Resource) (plan.Resource, bool)
	// RotationNeeds are the types of the resources without which a rotation that starts would fail.
	RotationNeeds []string

	// WatcherTypes are the types of the resources that fire alerts. Their names have the alert's ID, between hyphens.
	WatcherTypes []string
	// Hears gives the e-mail addresses that a watcher's messages reach.
	Hears func(g *plan.Graph, watcher plan.Resource) []string
	// AlertGaps are the alerts that the cloud cannot have, each with the reason.
	AlertGaps map[alert.ID]string

	// Gaps are the promises that the cloud cannot keep, each with the reason.
	Gaps map[Promise]string
}

// world is a stack to check promises on: who may read what, and what is registered for it.
type world struct {
	cloud      Cloud
	specs      []secret.Spec
	identities map[string]string // by reader
	graph      *plan.Graph       // as after an update: outputs are known
	again      *plan.Graph       // the same once more
	throwaway  *plan.Graph       // the same in a stack that allows its destruction
}

// specs have names that begin like another's, a nested name, each mix of readers, and rotation.
var specs = []secret.Spec{
	{Name: "signing-key", Readers: []string{"checkout"}, Rotation: &secret.Rotation{
		Every: secret.Every(30 * 24 * time.Hour), Generated: &secret.Generated{},
	}},
	{Name: "orders", Description: "Used by one", Readers: []string{"checkout"}},
	{Name: "orders-db", Readers: []string{"checkout", "reports"}},
	{Name: "orders-db2", Env: "SECOND", Readers: []string{"reports"}},
	{Name: "shop/orders_db", Readers: []string{"reports"}},
}

func newWorld(c Cloud) (*world, error) {
	w := &world{cloud: c, specs: specs, identities: map[string]string{}}
	for _, reader := range []string{"checkout", "reports"} {
		w.identities[reader] = c.Identity(reader)
	}
	record := func(allowDestroy bool) (*plan.Graph, error) {
		return Record(func(ctx *pulumi.Context) error {
			return c.Build(ctx, w.specs, w.identities, allowDestroy)
		}, c.Config, c.Create)
	}
	var err1, err2, err3 error
	w.graph, err1 = record(false)
	w.again, err2 = record(false)
	w.throwaway, err3 = record(true)
	for _, err := range []error{err1, err2, err3} {
		if err != nil {
			return nil, err
		}
	}
	return w, nil
}

// secret gives the resource of a spec in a graph.
func (w *world) secret(g *plan.Graph, s secret.Spec) (plan.Resource, error) {
	all := g.Of(w.cloud.SecretType)
	i := slices.IndexFunc(all, func(r plan.Resource) bool {
		parent, _ := g.Get(r.Parent)
		return parent.Name == s.Name
	})
	if i < 0 {
		return plan.Resource{}, fmt.Errorf("the component %s has no %s", s.Name, w.cloud.SecretType)
	}
	return all[i], nil
}

// each calls use with each secret of a graph and collects what is wrong.
func (w *world) each(g *plan.Graph, use func(secret.Spec, plan.Resource) []string) []string {
	var wrong []string
	for _, spec := range w.specs {
		r, err := w.secret(g, spec)
		if err != nil {
			wrong = append(wrong, err.Error())
			continue
		}
		for _, text := range use(spec, r) {
			wrong = append(wrong, spec.Name+" "+text)
		}
	}
	return wrong
}
