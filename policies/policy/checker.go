package policy

import (
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"time"
)

// Checker runs rules over the resources of one stack: Look at each resource, then Finish. It must not be used by two
// goroutines at once.
type Checker struct {
	now       time.Time
	single    selection // of the rules that need one resource only
	whole     []bound
	wanted    map[string]bool // the types that rules of the whole stack look at
	resources []*Resource
	asked     map[string]int
}

// bound is a rule with all its settings.
type bound struct {
	Rule
	settings map[string]any
}

// selection finds the rules that look at a type.
type selection struct {
	byType map[string][]bound
	any    []bound
}

// NewChecker makes a checker for the rules that were chosen, without the disabled ones.
func NewChecker(chosen []Chosen, now time.Time) *Checker {
	c := &Checker{
		now: now, single: selection{byType: map[string][]bound{}},
		wanted: map[string]bool{}, asked: map[string]int{},
	}
	for _, rule := range chosen {
		if rule.Level == Disabled || rule.Check == nil {
			continue
		}
		b := bound{rule.Rule, map[string]any{}}
		for _, s := range rule.Settings {
			b.settings[s.Name] = s.Default
		}
		maps.Copy(b.settings, rule.Values)
		switch {
		case len(rule.Joins) > 0:
			c.whole = append(c.whole, b)
			for _, typ := range slices.Concat(rule.Types, rule.Joins) {
				c.wanted[typ] = true
			}
		case len(rule.Types) == 0:
			c.single.any = append(c.single.any, b)
		default:
			for _, typ := range rule.Types {
				c.single.byType[typ] = append(c.single.byType[typ], b)
			}
		}
	}
	return c
}

// Look gives the findings of the rules that need no other resource, and keeps it, as Keep
// does.
func (c *Checker) Look(r *Resource) []Finding {
	c.Keep(r)
	var findings []Finding
	for _, b := range c.single.byType[r.Type] {
		findings = append(findings, c.ask(b, r, nil)...)
	}
	for _, b := range c.single.any {
		findings = append(findings, c.ask(b, r, nil)...)
	}
	return Sort(findings)
}

// Keep keeps a resource for Finish, where a rule of the whole stack wants it.
func (c *Checker) Keep(r *Resource) {
	if c.wanted[r.Type] {
		c.resources = append(c.resources, r)
	}
}

// Finish gives the findings of the rules that look at the whole stack.
func (c *Checker) Finish() []Finding {
	graph := NewGraph(c.resources...)
	var findings []Finding
	for _, b := range c.whole {
		for _, typ := range b.Types {
			for _, r := range graph.Of(typ) {
				findings = append(findings, c.ask(b, r, graph)...)
			}
		}
	}
	return Sort(findings)
}

// Asked is how many resources each rule has looked at.
func (c *Checker) Asked() map[string]int { return c.asked }

// ask runs a rule on a resource. A rule that panics is a finding of its own: the others still count.
func (c *Checker) ask(b bound, r *Resource, graph *Graph) (findings []Finding) {
	c.asked[b.Name]++
	defer func() {
		if p := recover(); p != nil {
			findings = []Finding{{URN: r.URN, Verdict: Broken, Message: "The rule failed itself, so nothing is known: " + fault(p)}}
		}
		for i := range findings {
			findings[i].Rule = b.Name
		}
	}()
	return b.Check(Subject{Resource: r, Graph: graph, Now: c.now, settings: b.settings})
}

// fault says where a rule panicked. What it panicked with is said only of the runtime's own errors, as others may hold
// a value of the resource.
func fault(p any) string {
	what := "panic"
	if err, ok := p.(runtime.Error); ok {
		what = err.Error()
	}
	callers := make([]uintptr, 32)
	frames := runtime.CallersFrames(callers[:runtime.Callers(3, callers)])
	for {
		frame, more := frames.Next()
		if !strings.HasPrefix(frame.Function, "runtime.") || !more {
			return fmt.Sprintf("%s, in %s.", what, frame.Function)
		}
	}
}
