// Package echo stands in for the providers of Google Cloud and Azure in tests of the Pulumi engine. It
// keeps in memory what the engine asks it to make, and gives it back with the ids and outputs that our
// components use. What is real in such a test is the engine: unknowns, order, diffs, state, destroy.
//
// It does not know what the clouds accept. A type of resource that it has not heard of is an error.
package echo

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
)

// Cloud is a running provider and all that it has made.
type Cloud struct {
	pulumirpc.UnimplementedResourceProviderServer
	provider
	port int

	mu      sync.Mutex
	project string
	live    map[string]*Resource // by id
	refused map[string]bool      // by URN: what came too early
}

// provider is what one cloud is like.
type provider struct {
	name    string
	kinds   map[string]kind              // by type
	invokes map[string]map[string]string // answers by function
}

// kind is what a cloud knows of a type. In texts, {name} is the input of this name.
type kind struct {
	id       string
	outputs  map[string]string // computed ones, by path
	autoname bool              // a missing name is made up
	hidden   string            // path of an input that the cloud never gives back
	noUpdate string            // why the resource must not be updated
	// late is what the cloud says when a resource is first asked for that has one of the inputs at these paths, since it
	// has not heard yet of what they name.
	late      string
	latePaths []string
}

// Resource is something that was made.
type Resource struct {
	Type, Name, ID string
	Inputs         resource.PropertyMap
	Began, Made    time.Time // when it was asked for, when it was there
}

// Text is a known text in the inputs, or "".
func (r Resource) Text(path string) string {
	value, _ := parse(path).Get(resource.NewProperty(r.Inputs))
	if value.IsSecret() {
		value = value.SecretValue().Element
	}
	if !value.IsString() {
		return ""
	}
	return value.StringValue()
}

// Google starts a provider of Google Cloud that ends with the test.
func Google(t testing.TB) *Cloud { return start(t, google) }

// Azure starts a provider of Azure that ends with the test. It refuses to update a secret, because
// Azure would write a new version, and so overwrite the live value.
func Azure(t testing.TB) *Cloud { return start(t, azure) }

func start(t testing.TB, p provider) *Cloud {
	t.Helper()
	c := &Cloud{provider: p, live: map[string]*Resource{}, refused: map[string]bool{}}
	stop := make(chan bool)
	server, err := rpcutil.ServeWithOptions(rpcutil.ServeOptions{
		Cancel: stop,
		Init: func(s *grpc.Server) error {
			pulumirpc.RegisterResourceProviderServer(s, c)
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	c.port = server.Port
	t.Cleanup(func() { close(stop) })
	return c
}

// Env is the environment in which the engine uses this provider.
func (c *Cloud) Env() map[string]string {
	return map[string]string{"PULUMI_DEBUG_PROVIDERS": fmt.Sprintf("%s:%d", c.name, c.port)}
}

// Resources gives what there is of a type, by name.
func (c *Cloud) Resources(typ string) []Resource {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []Resource
	for _, r := range c.live {
		if r.Type == typ {
			all = append(all, *r)
		}
	}
	slices.SortFunc(all, func(a, b Resource) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// Named gives those of some resources that have a name in the program.
func Named(all []Resource, name string) []Resource {
	return slices.DeleteFunc(slices.Clone(all), func(r Resource) bool { return r.Name != name })
}

// WantInOrder checks that all resources of a stage were there before any of the next stage was asked for.
func WantInOrder(t testing.TB, stages ...[]Resource) {
	t.Helper()
	var before []Resource
	for i, stage := range stages {
		if len(stage) == 0 {
			t.Errorf("there is nothing in stage %d", i)
		}
		for _, r := range stage {
			for _, b := range before {
				if r.Began.Before(b.Made) {
					t.Errorf("%s %s was asked for before %s %s was there", r.Type, r.Name, b.Type, b.Name)
				}
			}
		}
		before = stage
	}
}

// Refused tells how many resources were asked for too early, at first.
func (c *Cloud) Refused() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.refused)
}

// Len tells how many resources there are.
func (c *Cloud) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.live)
}

// Set changes an input of a resource, as somebody would outside Pulumi.
func (c *Cloud) Set(r Resource, path string, value any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	parse(path).Set(resource.NewProperty(c.live[r.ID].Inputs), resource.NewPropertyValue(value))
}

// Remove deletes a resource and what is in it, as somebody would outside Pulumi.
func (c *Cloud) Remove(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	maps.DeleteFunc(c.live, func(other string, _ *Resource) bool {
		return other == id || strings.HasPrefix(other, id+"/")
	})
}
