package engine

import (
	"cmp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/auto/events"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optpreview"
)

// Violation is what a policy pack says in a preview.
type Violation struct{ Policy, Level, URN, Message string }

// Dir is the folder of the project.
func (s *Stack) Dir() string { return s.dir }

// PreviewWith is pulumi preview with a policy pack, of which it gives all that the pack says. The error says whether
// the preview was refused.
func (s *Stack) PreviewWith(pack string) ([]Violation, error) {
	var all []Violation
	ch, done := make(chan events.EngineEvent), make(chan struct{})
	go func() {
		defer close(done)
		for e := range ch {
			if p := e.PolicyEvent; p != nil {
				all = append(all, Violation{p.PolicyName, p.EnforcementLevel, p.ResourceURN, strings.TrimSpace(p.Message)})
			}
		}
	}()
	_, err := s.stack.Preview(s.t.Context(), optpreview.PolicyPacks(pack), optpreview.EventStreams(ch))
	<-done
	slices.SortFunc(all, func(a, b Violation) int {
		return cmp.Or(cmp.Compare(a.URN, b.URN), cmp.Compare(a.Policy, b.Policy), cmp.Compare(a.Message, b.Message))
	})
	return all, err
}
