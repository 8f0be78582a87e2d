package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/auto/debug"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/events"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optdestroy"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optpreview"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optrefresh"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optup"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// Step is something that the engine does. It gives what has changed, or would: sorted lines such as
// "create gcp:kms/keyRing:KeyRing shop-gcp-global"; an update ends with the inputs that differ.
type Step = func() (changes []string, err error)

// Preview is pulumi preview.
func (s *Stack) Preview() ([]string, error) {
	return s.record(func(ch chan<- events.EngineEvent) error {
		_, err := s.stack.Preview(s.t.Context(), optpreview.EventStreams(ch), optpreview.DebugLogging(everything()),
			optpreview.ProgressStreams(&s.output), optpreview.ErrorProgressStreams(&s.logs))
		return err
	})
}

// Up is pulumi up, without its preview.
func (s *Stack) Up() ([]string, error) {
	return s.record(func(ch chan<- events.EngineEvent) error {
		_, err := s.stack.Up(s.t.Context(), optup.EventStreams(ch), optup.DebugLogging(everything()),
			optup.ProgressStreams(&s.output), optup.ErrorProgressStreams(&s.logs))
		return err
	})
}

// Refresh is pulumi refresh.
func (s *Stack) Refresh() ([]string, error) {
	return s.record(func(ch chan<- events.EngineEvent) error {
		_, err := s.stack.Refresh(s.t.Context(), optrefresh.EventStreams(ch), optrefresh.DebugLogging(everything()),
			optrefresh.ProgressStreams(&s.output), optrefresh.ErrorProgressStreams(&s.logs))
		return err
	})
}

// Destroy is pulumi destroy, which stops where its preview fails.
func (s *Stack) Destroy() ([]string, error) {
	preview := func(ch chan<- events.EngineEvent) error {
		_, err := s.stack.PreviewDestroy(s.t.Context(), optdestroy.EventStreams(ch), optdestroy.DebugLogging(everything()),
			optdestroy.ProgressStreams(&s.output), optdestroy.ErrorProgressStreams(&s.logs))
		return err
	}
	if _, err := s.record(preview); err != nil {
		return nil, err
	}
	return s.record(func(ch chan<- events.EngineEvent) error {
		_, err := s.stack.Destroy(s.t.Context(), optdestroy.EventStreams(ch), optdestroy.DebugLogging(everything()),
			optdestroy.ProgressStreams(&s.output), optdestroy.ErrorProgressStreams(&s.logs))
		return err
	})
}

// everything is as much as the engine and its plugins can be made to say.
func everything() debug.LoggingOptions {
	level := uint(11)
	return debug.LoggingOptions{LogToStdErr: true, LogLevel: &level, FlowToPlugins: true, Debug: true}
}

// record keeps the events of a step. What the engine reports as errors is in the error.
func (s *Stack) record(do func(chan<- events.EngineEvent) error) ([]string, error) {
	var changes []string
	var problems strings.Builder
	ch, done := make(chan events.EngineEvent), make(chan struct{})
	go func() {
		defer close(done)
		encoder := json.NewEncoder(&s.events)
		for e := range ch {
			if err := errors.Join(e.Error, encoder.Encode(e)); err != nil {
				fmt.Fprintln(&problems, "recording the engine's events:", err)
			}
			if o := e.ResOutputsEvent; o != nil && o.Metadata.Op != apitype.OpSame {
				changes = append(changes, change(o.Metadata))
			}
			if d := e.DiagnosticEvent; d != nil && d.Severity == "error" {
				fmt.Fprintln(&problems, d.URN, d.Message)
			}
		}
	}()
	err := do(ch)
	<-done
	if err != nil || problems.Len() > 0 {
		what, _, _ := strings.Cut(fmt.Sprint(err), "\n") // the rest is all that the engine printed
		return nil, fmt.Errorf("%s\n%s", what, &problems)
	}
	slices.Sort(changes)
	return slices.Compact(changes), nil // components come twice
}

func change(m apitype.StepEventMetadata) string {
	return strings.Join(append([]string{string(m.Op), m.Type, resource.URN(m.URN).Name()}, m.Diffs...), " ")
}
