package azurealert

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/secretstack/secretstack/alert"
)

// What the rotator's records say: see rotation.Rotator.Log, and the documentation of cmd/rotate-job.
const (
	aRotation = "rotation"  // the message of a step
	aRun      = "rotations" // the message of a run
	look      = "look"      // the step of a run at all that is due
)

func (s *Store) fromRotator(r *record) (e alert.Event) {
	if s.Job == "" || !strings.EqualFold(r.job, s.Job) {
		return alert.Event{}
	}
	log := gjson.Parse(r.log)
	message, step, outcome := log.Get("msg").Str, log.Get("step").Str, log.Get("outcome").Str
	switch {
	case message == aRotation, message == aRun && outcome == "": // it did not come to looking
		e.Action = alert.Rotate
	case message == aRun && step == look:
		e.Action = alert.Look
	default:
		return alert.Event{}
	}
	e.Outcome = alert.Outcome(cmp.Or(outcome, string(alert.Failed)))
	e.Secret = log.Get("secret").Str
	r.operation = step
	return e
}

// rotatorRows are the events of the table of what containers write.
func (s *Store) rotatorRows(actions []alert.Action) string {
	if s.Job == "" || !slices.Contains(actions, alert.Rotate) && !slices.Contains(actions, alert.Look) {
		return ""
	}
	return fmt.Sprintf(`(ContainerAppConsoleLogs
    | where JobName =~ %s
    | extend Record = parse_json(Log)
    | extend Message = tostring(Record.msg), Step = tostring(Record.step), Result = tostring(Record.outcome)
    | project Time = TimeGenerated,
        Action = case(Message == "%s" or Message == "%s" and isempty(Result), "%s", Message == "%[3]s" and Step == "%[5]s", "%[6]s", ""),
        Outcome = iff(isempty(Result), "failed", Result),
        Secret = tostring(Record.secret),
        Who = "",
        From = "")`,
		quote(s.Job), aRotation, aRun, alert.Rotate, look, alert.Look)
}
