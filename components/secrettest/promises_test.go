package secrettest

import (
	"slices"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/alert"
	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/internal/plan"
)

// toy is a cloud that keeps each promise.
var toy = Cloud{
	Cloud: secret.Cloud{Name: "toy"},
	Build: func(ctx *pulumi.Context, specs []secret.Spec, identities map[string]string, allowDestroy bool) error {
		for _, s := range specs {
			c := &pulumi.ResourceState{}
			if err := ctx.RegisterComponentResource("secretstack:toy:Secret", s.Name, c); err != nil {
				return err
			}
			readers := pulumi.StringArray{}
			for _, r := range s.Readers {
				readers = append(readers, pulumi.String(identities[r]))
			}
			made := &pulumi.CustomResourceState{}
			err := ctx.RegisterResource("toy:index:Secret", s.Name, pulumi.Map{
				"key": pulumi.String("own"), "readers": readers, "days": pulumi.Int(7),
			}, made, pulumi.Parent(c), pulumi.Protect(!allowDestroy))
			if err == nil && s.Rotation != nil {
				err = toyRotation(ctx, s.Name, c, made)
			}
			if err != nil {
				return err
			}
		}
		return toyAlerts(ctx)
	},
	Identity:      func(reader string) string { return reader + "@toy" },
	Create:        func(r plan.Resource) (string, property.Map) { return r.Name, property.Map{} },
	SecretType:    "toy:index:Secret",
	ValueProperty: []string{"value"},
	VersionTypes:  []string{"toy:index:Version"},
	OwnKey: func(_ *plan.Graph, s plan.Resource) bool {
		return s.Inputs.Get("key").IsString() && s.Inputs.Get("key").AsString() == "own"
	},
	CanRead: func(_ *plan.Graph, s plan.Resource, identity string) bool {
		return slices.ContainsFunc(s.Inputs.Get("readers").AsArray().AsSlice(), func(v property.Value) bool {
			return v.AsString() == identity || v.AsString() == "*"
		})
	},
	Recoverable: func(_ *plan.Graph, s plan.Resource) bool { return s.Inputs.Get("days").AsNumber() > 0 },
	Starter: func(g *plan.Graph, s plan.Resource) (plan.Resource, bool) {
		all := g.Of("toy:index:Clock")
		i := slices.IndexFunc(all, func(r plan.Resource) bool { return r.Parent == s.Parent })
		if i < 0 {
			return plan.Resource{}, false
		}
		return all[i], true
	},
	RotationNeeds: []string{"toy:index:Secret", "toy:index:Rotator"},
	WatcherTypes:  []string{"toy:index:Alarm"},
	Hears: func(_ *plan.Graph, w plan.Resource) []string {
		return []string{w.Inputs.Get("tells").AsString()}
	},
	AlertGaps: map[alert.ID]string{alert.ReadByNewcomer: "the toy remembers nothing"},
}

// toyAlerts makes an alarm for each alert.
func toyAlerts(ctx *pulumi.Context) error {
	c := &pulumi.ResourceState{}
	if err := ctx.RegisterComponentResource("secretstack:toy:Alerts", "toy", c); err != nil {
		return err
	}
	for _, a := range alert.Catalogue {
		if a.ID == alert.ReadByNewcomer {
			continue
		}
		err := ctx.RegisterResource("toy:index:Alarm", "toy-"+string(a.ID), pulumi.Map{"tells": pulumi.String(OnCall)},
			&pulumi.CustomResourceState{}, pulumi.Parent(c))
		if err != nil {
			return err
		}
	}
	return nil
}

// toyRotation makes a rotator, and a clock that depends on it.
func toyRotation(ctx *pulumi.Context, name string, parent, secret pulumi.Resource) error {
	rotator := &pulumi.CustomResourceState{}
	if err := ctx.RegisterResource("toy:index:Rotator", name, pulumi.Map{}, rotator, pulumi.Parent(parent), pulumi.DependsOn([]pulumi.Resource{secret})); err != nil {
		return err
	}
	return ctx.RegisterResource("toy:index:Clock", name, pulumi.Map{}, &pulumi.CustomResourceState{}, pulumi.Parent(parent),
		pulumi.DependsOn([]pulumi.Resource{rotator}))
}

func TestKeptPromises(t *testing.T) { Run(t, toy) }

// TestBrokenPromises breaks one promise after the other in the graph, and nothing else may be blamed.
func TestBrokenPromises(t *testing.T) {
	set := func(key string, v property.Value) func(*world) {
		return func(w *world) {
			for i, r := range w.graph.Resources {
				if r.Custom {
					w.graph.Resources[i].Inputs = r.Inputs.Set(key, v)
				}
			}
			w.again = w.graph
		}
	}
	list := func(s ...string) property.Value {
		var values []property.Value
		for _, v := range s {
			values = append(values, property.New(v))
		}
		return property.New(values)
	}
	for name, c := range map[string]struct {
		breaks []Promise
		how    func(*world)
	}{
		"another key":            {[]Promise{OwnKey}, set("key", property.New("shared"))},
		"a reader too many":      {[]Promise{ExactReaders}, set("readers", list("checkout@toy", "reports@toy"))},
		"a reader too few":       {[]Promise{ExactReaders}, set("readers", list("checkout@toy"))},
		"everybody":              {[]Promise{ExactReaders}, set("readers", list("*"))},
		"a value":                {[]Promise{NoValue, NoDrift}, set("value", property.New("hunter2"))},
		"no time to recover":     {[]Promise{Recoverable}, set("days", property.New(0.0))},
		"a second run differs":   {[]Promise{Descent}, func(w *world) { w.again = w.throwaway }},
		"never protected":        {[]Promise{Undestroyable}, func(w *world) { unprotect(w.graph); unprotect(w.again) }},
		"protected for ever":     {[]Promise{Undestroyable}, func(w *world) { w.throwaway = w.graph }},
		"rotation too early":     {[]Promise{RotationReady}, func(w *world) { forget(w, "toy:index:Clock", func(r *plan.Resource) { r.Dependencies = nil }) }},
		"no rotation":            {[]Promise{RotationReady}, func(w *world) { forget(w, "toy:index:Clock", func(r *plan.Resource) { r.Type = "toy:index:Watch" }) }},
		"told to nobody":         {[]Promise{Heard}, set("tells", property.New(""))},
		"no alarm when it fails": {[]Promise{Watched, Heard}, func(w *world) { unwatch(w, alert.RotationFailed) }},
		"no dead man's switch":   {[]Promise{Watched, Heard}, func(w *world) { unwatch(w, alert.RotationOverdue) }},
		"deletion is not heard":  {[]Promise{Heard}, func(w *world) { unwatch(w, alert.SecretDeleted) }},
		"an orphan":              {[]Promise{Descent}, func(w *world) { orphan(w, plan.Resource{Type: "toy:index:Key", Custom: true}) }},
		"a secret tag":           {[]Promise{NoValue}, set("tag", property.New("hunter2").WithSecret(true))},
		"a version with a value": {[]Promise{NoValue, NoDrift, Descent}, func(w *world) { orphan(w, plan.Resource{Type: "toy:index:Version", Custom: true}) }},
	} {
		t.Run(name, func(t *testing.T) {
			w, err := newWorld(toy)
			if err != nil {
				t.Fatal(err)
			}
			c.how(w)
			for _, p := range Promises {
				wrong := checks[p](w)
				if broken := slices.Contains(c.breaks, p); broken != (len(wrong) > 0) {
					t.Errorf("%s: broken %v, reported %q", p, broken, wrong)
				}
			}
		})
	}
}

func unprotect(g *plan.Graph) {
	for i := range g.Resources {
		g.Resources[i].Protect = false
	}
}

func unwatch(w *world, id alert.ID) {
	forget(w, "toy:index:Alarm", func(r *plan.Resource) {
		if r.Name == "toy-"+string(id) {
			r.Type = "toy:index:Bell"
		}
	})
}

func forget(w *world, typ string, what func(*plan.Resource)) {
	for i := range w.graph.Resources {
		if w.graph.Resources[i].Type == typ {
			what(&w.graph.Resources[i])
		}
	}
	w.again = w.graph
}

func orphan(w *world, r plan.Resource) {
	w.graph.Resources = append(w.graph.Resources, r)
	w.again = w.graph
}

// TestMissingSecret: a promise about secrets that are not there is not kept.
func TestMissingSecret(t *testing.T) {
	w, err := newWorld(toy)
	if err != nil {
		t.Fatal(err)
	}
	w.graph = &plan.Graph{}
	for _, p := range []Promise{OwnKey, ExactReaders, RotationReady, Watched, Heard, NoValue, NoDrift, Recoverable} {
		if len(checks[p](w)) == 0 {
			t.Errorf("%s holds for secrets that do not exist", p)
		}
	}
}
