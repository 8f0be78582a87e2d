package secrettest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/property"

	"github.com/secretstack/secretstack/alert"
	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/internal/plan"
)

// Promise is what each cloud keeps.
type Promise string

// The promises, in the order of the documentation.
const (
	OwnKey        Promise = "values are encrypted under the store's own key"
	ExactReaders  Promise = "each reader reads exactly its secrets, and nothing here lets in anybody else but their rotator"
	Descent       Promise = "each resource descends from its component, under the same name each time"
	RotationReady Promise = "rotation has everything it needs before it starts"
	Watched       Promise = "an alert tells when a rotation fails, and when one does not come"
	Heard         Promise = "each alert reaches somebody"
	NoValue       Promise = "no value is in any input"
	NoDrift       Promise = "a value changed outside leaves no difference"
	Recoverable   Promise = "a deleted secret can be recovered, unless the stack is throw-away"
	Undestroyable Promise = "keys and secrets are protected, unless the stack is throw-away"
)

// Promises are all of them, in the order of the documentation.
var Promises = []Promise{OwnKey, ExactReaders, Descent, RotationReady, Watched, Heard, NoValue, NoDrift, Recoverable, Undestroyable}

// checks give what is wrong in a world.
var checks = map[Promise]func(*world) []string{
	OwnKey:        ownKey,
	ExactReaders:  exactReaders,
	Descent:       descent,
	RotationReady: rotationReady,
	Watched:       watched,
	Heard:         heard,
	NoValue:       noValue,
	NoDrift:       noDrift,
	Recoverable:   recoverable,
	Undestroyable: undestroyable,
}

// Run checks each promise on a cloud. A declared gap that is none any more fails too.
func Run(t *testing.T, c Cloud) {
	w, err := newWorld(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range Promises {
		t.Run(strings.ReplaceAll(string(p), " ", "_"), func(t *testing.T) {
			wrong := checks[p](w)
			reason, gap := c.Gaps[p]
			switch {
			case gap && len(wrong) == 0:
				t.Errorf("%s keeps this promise now; remove the gap (%s)", c.Name, reason)
			case !gap:
				for _, text := range wrong {
					t.Error(text)
				}
			}
		})
	}
}

func ownKey(w *world) []string {
	return w.each(w.graph, func(_ secret.Spec, r plan.Resource) []string {
		return require(w.cloud.OwnKey(w.graph, r), "is not encrypted under a key of the store")
	})
}

func exactReaders(w *world) []string {
	return w.each(w.graph, func(s secret.Spec, r plan.Resource) []string {
		var wrong []string
		for reader, identity := range w.identities {
			may, can := slices.Contains(s.Readers, reader), w.cloud.CanRead(w.graph, r, identity)
			if may != can {
				wrong = append(wrong, fmt.Sprintf("for %s: may read %v, can read %v", reader, may, can))
			}
		}
		return append(wrong, require(!w.cloud.CanRead(w.graph, r, w.cloud.Identity("stranger")), "can be read by a stranger")...)
	})
}

func descent(w *world) []string {
	var wrong []string
	for _, r := range w.graph.Resources {
		provider := strings.HasPrefix(r.Type, "pulumi:providers:")
		component := !r.Custom && strings.HasPrefix(r.Type, "secretstack:"+w.cloud.Name+":")
		parent, _ := w.graph.Get(r.Parent)
		if !component && !provider && !strings.HasPrefix(parent.Type, "secretstack:"+w.cloud.Name+":") {
			wrong = append(wrong, fmt.Sprintf("%s has no component of ours as its parent", r))
		}
	}
	first, second := text(w.graph), text(w.again)
	return append(wrong, require(first == second, "a second run registers something else")...)
}

func rotationReady(w *world) []string {
	return w.each(w.graph, func(s secret.Spec, r plan.Resource) []string {
		var start plan.Resource
		var starts bool
		if w.cloud.Starter != nil {
			start, starts = w.cloud.Starter(w.graph, r)
		}
		if starts != (s.Rotation != nil) {
			return []string{fmt.Sprintf("asks for rotation: %v, and it starts: %v", s.Rotation != nil, starts)}
		}
		if !starts {
			return nil
		}
		before := map[string]bool{}
		for _, b := range beforeIt(w.graph, start) {
			before[b.Type] = true
		}
		var wrong []string
		for _, needed := range w.cloud.RotationNeeds {
			wrong = append(wrong, require(before[needed], "begins to rotate before there is a "+needed)...)
		}
		return wrong
	})
}

// beforeIt gives what is there before a resource: what it depends on, and what that depends on.
func beforeIt(g *plan.Graph, r plan.Resource) []plan.Resource {
	var all []plan.Resource
	seen := map[string]bool{r.URN: true}
	for next := []plan.Resource{r}; len(next) > 0; next = next[1:] {
		for _, urn := range next[0].Dependencies {
			if b, ok := g.Get(urn); ok && !seen[urn] {
				seen[urn] = true
				all, next = append(all, b), append(next, b)
			}
		}
	}
	return all
}

// OnCall hears of all alerts in the stacks that the suite builds.
const OnCall = "oncall@example.com"

// watchers are the resources that fire an alert.
func (w *world) watchers(id alert.ID) []plan.Resource {
	return slices.DeleteFunc(w.allWatchers(), func(r plan.Resource) bool {
		return !strings.Contains("-"+r.Name+"-", "-"+string(id)+"-")
	})
}

func (w *world) allWatchers() (all []plan.Resource) {
	for _, typ := range w.cloud.WatcherTypes {
		all = append(all, w.graph.Of(typ)...)
	}
	return all
}

func watched(w *world) []string {
	var wrong []string
	for _, id := range []alert.ID{alert.RotationFailed, alert.RotationOverdue} {
		wrong = append(wrong, require(len(w.watchers(id)) > 0, "nothing fires "+string(id))...)
	}
	return wrong
}

func heard(w *world) []string {
	var wrong []string
	for _, a := range alert.Catalogue {
		if _, gap := w.cloud.AlertGaps[a.ID]; !gap {
			wrong = append(wrong, require(len(w.watchers(a.ID)) > 0, "nothing fires "+string(a.ID))...)
		}
	}
	for _, r := range w.allWatchers() {
		wrong = append(wrong, require(slices.Contains(w.cloud.Hears(w.graph, r), OnCall), r.String()+" tells nobody")...)
	}
	return wrong
}

func noValue(w *world) []string {
	var wrong []string
	for _, r := range w.graph.Resources {
		wrong = append(wrong, require(!slices.Contains(w.cloud.VersionTypes, r.Type), r.String()+" holds a value")...)
	}
	wrong = append(wrong, w.each(w.graph, func(_ secret.Spec, r plan.Resource) []string {
		v, has := lookup(r.Inputs, w.cloud.ValueProperty)
		return require(!has || v.AsString() == w.cloud.Marker, "has an input for its value")
	})...)
	for _, r := range w.graph.Resources { // what somebody marked as secret is a value, whatever its name
		if marked := countSecrets(property.New(r.Inputs)); marked > 0 && (r.Type != w.cloud.SecretType || marked > 1 || w.cloud.Marker == "") {
			wrong = append(wrong, r.String()+" has an input that is secret")
		}
	}
	return wrong
}

func countSecrets(v property.Value) int {
	n := 0
	if v.Secret() {
		n++
	}
	if v.IsMap() {
		for _, e := range v.AsMap().All {
			n += countSecrets(e)
		}
	}
	if v.IsArray() {
		for _, e := range v.AsArray().All {
			n += countSecrets(e)
		}
	}
	return n
}

func noDrift(w *world) []string {
	var wrong []string
	for _, r := range w.graph.Resources {
		wrong = append(wrong, require(!slices.Contains(w.cloud.VersionTypes, r.Type), r.String()+" would put its value back")...)
	}
	return append(wrong, w.each(w.graph, func(_ secret.Spec, r plan.Resource) []string {
		_, has := lookup(r.Inputs, w.cloud.ValueProperty)
		return require(!has || slices.Contains(r.IgnoreChanges, w.cloud.ValueProperty[0]),
			"has an input that a change outside would differ from")
	})...)
}

func recoverable(w *world) []string {
	return w.each(w.graph, func(_ secret.Spec, r plan.Resource) []string {
		return require(w.cloud.Recoverable(w.graph, r), "is gone when it is deleted")
	})
}

func undestroyable(w *world) []string {
	wrong := w.each(w.graph, func(_ secret.Spec, r plan.Resource) []string {
		return require(r.Protect, "is not protected")
	})
	return append(wrong, w.each(w.throwaway, func(_ secret.Spec, r plan.Resource) []string {
		return require(!r.Protect, "is protected in a throw-away stack")
	})...)
}

func require(ok bool, otherwise string) []string {
	if ok {
		return nil
	}
	return []string{otherwise}
}

// lookup gives the property at a path.
func lookup(m property.Map, path []string) (property.Value, bool) {
	for i, key := range path {
		v, ok := m.GetOk(key)
		if !ok || i == len(path)-1 {
			return v, ok
		}
		if !v.IsMap() {
			return v, false
		}
		m = v.AsMap()
	}
	return property.Value{}, false
}

// text has all that a graph shows of itself.
func text(g *plan.Graph) string {
	b, err := json.Marshal(g)
	if err != nil {
		return err.Error()
	}
	return string(b)
}
