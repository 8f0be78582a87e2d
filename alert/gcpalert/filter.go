package gcpalert

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/secretstack/secretstack/alert"
)

// MaxFilter is how many characters a filter may have: https://cloud.google.com/logging/docs/view/logging-query-language.
// https://cloud.google.com/logging/docs/reference/v2/rest/v2/projects.metrics says so too of a log-based metric's; that
// an alerting policy takes as many is not said, and is assumed.
const MaxFilter = 20000

// tooLong is the error of a filter of so many characters.
type tooLong int

func (n tooLong) Error() string {
	return fmt.Sprintf("the Logging filter has %d characters, and %d are allowed: watch fewer secrets, readers or networks in one filter", int(n), MaxFilter)
}

// Filter writes a condition in the Logging query language, for a log-based metric or for an alerting policy that
// matches log entries. The condition says what is done (alert.Does). It fails where the filter would have more than MaxFilter
// characters: see Split.
func (s *Store) Filter(c alert.Condition) (string, error) {
	actions := alert.Actions(c)
	if len(actions) == 0 {
		return "", errors.New("the condition does not say what is done, so no log has it")
	}
	w := writer{s, rotates(actions[0])}
	if slices.ContainsFunc(actions, func(a alert.Action) bool { return rotates(a) != w.rotator }) {
		return "", errors.New("the condition is about an audit log and about a rotator's records, which have no field in common")
	}
	text, err := w.write(c)
	switch {
	case err != nil:
		return "", err
	case text == always || text == never:
		return "", errors.New("no entry of a log in Google Cloud makes a difference to the condition")
	case len(text.text) > MaxFilter:
		return "", tooLong(len(text.text))
	}
	return text.text, nil
}

// rotates tells whether a rotator's records have an action; the others are in audit logs.
func rotates(a alert.Action) bool { return logOf(a) == stdout }

// writer writes for audit logs or for the rotator's records.
type writer struct {
	*Store
	rotator bool
}

func (w writer) write(c alert.Condition) (expr, error) {
	switch c := c.(type) {
	case alert.All:
		parts, err := w.all(c)
		return and(parts...), err
	case alert.Any:
		parts, err := w.all(c)
		return or(parts...), err
	case alert.Not:
		part, err := w.write(c.Condition)
		return not(part), err
	case alert.Does:
		var parts []expr
		for _, log := range []string{dataAccess, activity, stdout} {
			parts = append(parts, w.does(log, c))
		}
		return or(parts...), nil
	case alert.Ends:
		var parts []expr
		for _, o := range c {
			parts = append(parts, w.ends(o))
		}
		return or(parts...), nil
	case alert.In:
		return w.in(alert.Set(c))
	}
	return never, fmt.Errorf("there is no Logging filter for %T", c)
}

func (w writer) all(conditions []alert.Condition) (parts []expr, err error) {
	for _, c := range conditions {
		part, err := w.write(c)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	return parts, nil
}

// does holds for the entries of one log that have one of the actions.
func (w writer) does(log string, actions []alert.Action) expr {
	var parts []expr
	for _, a := range actions {
		switch {
		case logOf(a) != log:
		case rotates(a):
			parts = append(parts, w.rotates(a))
		default:
			parts = append(parts, w.audits(a))
		}
	}
	return and(equal("logName", "projects/"+w.Project+"/logs/"+log), or(parts...))
}

func (w writer) audits(a alert.Action) expr {
	var parts []expr
	for _, o := range operations {
		if o.action != a {
			continue
		}
		only := always
		if len(o.only) > 0 {
			only = w.traits(o.only)
		}
		parts = append(parts, and(
			equal("protoPayload.serviceName", o.service),
			matches("protoPayload.methodName", "(^|[.])", o.methods, "$"),
			only, not(w.traits(o.unless)),
		))
	}
	return or(parts...)
}

func (w writer) traits(all []trait) expr {
	var parts []expr
	for _, t := range all {
		switch field := "protoPayload." + t.field; {
		case t.detector:
			parts = append(parts, matches(field, w.projects(), w.detectors(), "$"))
		case t.matches != nil:
			parts = append(parts, matches(field, "", []string{t.matches.String()}, ""))
		default:
			parts = append(parts, has(field))
		}
	}
	return or(parts...)
}

func (w writer) detectors() (names []string) {
	for _, d := range w.Detectors {
		names = append(names, quote(w.local(d)))
	}
	slices.Sort(names)
	return names
}

func (w writer) rotates(a alert.Action) expr {
	if w.Service == "" {
		return never
	}
	look, abandoned := equal("jsonPayload.step", lookStep), never
	if w.Deliveries > 0 {
		abandoned = and(equal("jsonPayload.outcome", string(alert.Failed)), compare("jsonPayload.attempt", ">=", w.Deliveries))
	}
	kind := look
	switch a {
	case alert.Rotate:
		kind = and(not(look), not(abandoned))
	case alert.Abandon:
		kind = and(not(look), abandoned)
	}
	return and(equal("resource.labels.service_name", w.Service), equal("jsonPayload.message", rotationMessage), kind)
}

// ends is what an outcome is called. An audit log has no status where all went well, or an empty one.
func (w writer) ends(o alert.Outcome) expr {
	const code = "protoPayload.status.code"
	if w.rotator {
		return equal("jsonPayload.outcome", string(o))
	}
	failed, denied := compare(code, ">", 0), compare(code, "=", permissionDenied)
	switch o {
	case alert.OK:
		return not(failed)
	case alert.Denied:
		return denied
	case alert.Failed:
		return and(failed, not(denied))
	}
	return never
}

func (w writer) in(set alert.Set) (expr, error) {
	switch set {
	case alert.OfStore:
		return w.ofSecrets(nil), nil
	case alert.Declared:
		return w.ofSecrets(w.Secrets), nil
	case alert.OfKey:
		var names []string
		for _, k := range w.Keys {
			k = w.local(k)
			names = append(names, quote(ring(k))+"$", quote(k)+"(/|$)")
		}
		return matches("protoPayload.resourceName", w.projects(), names, ""), nil
	case alert.ByReader:
		var parts []expr
		for _, group := range byReaders(w.Secrets) {
			parts = append(parts, and(w.ofSecrets(group), is(group[0].Readers)))
		}
		return or(parts...), nil
	case alert.ByDeployer:
		return is(w.Deployers), nil
	case alert.ByRotator:
		return is(w.Rotators), nil
	case alert.Nearby:
		return w.nearby(), nil
	}
	return never, fmt.Errorf("Google Cloud cannot tell whether an entry is %s: %s", set, Gaps[alert.ReadByNewcomer])
}

// ofSecrets holds for an entry about one of these secrets; nil: about any of the store's.
func (w writer) ofSecrets(secrets []alert.Secret) expr {
	before := w.projects() + "secrets/" + quote(w.Prefix)
	ids, after := []string{"[^/]"}, ""
	if secrets != nil {
		ids, after = nil, "(/|$)"
	}
	for _, secret := range secrets {
		ids = append(ids, strings.TrimPrefix(w.SecretID(secret.Name), w.Prefix))
	}
	slices.Sort(ids)
	field := "protoPayload.resourceName"
	if w.rotator {
		field = "jsonPayload.secret"
	}
	return matches(field, before, ids, after)
}

// projects begins the name of a resource in the store's project.
func (w writer) projects() string {
	return "^projects/(" + quote(w.Project) + "|" + quote(w.Number) + ")/"
}

// nearby holds where the address is in one of the networks, or there is none. Only an address has a dot or a colon.
func (w writer) nearby() expr {
	const callerIP = "protoPayload.requestMetadata.callerIp"
	if len(w.Networks) == 0 {
		return always
	}
	parts := []expr{not(matches(callerIP, "", []string{"[.:]", "^" + foreign + "$"}, ""))}
	for _, n := range w.Networks {
		parts = append(parts, expr{text: "ip_in_net(" + callerIP + ", " + strconv.Quote(n.Masked().String()) + ")"})
	}
	return or(parts...)
}
