package gcpalert

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/secretstack/secretstack/alert"
)

// Decode reads one LogEntry of the store's project, as JSON. The zero Event: it has no action of the catalogue. An error:
// it is no JSON object, or has no time.
func (s *Store) Decode(record []byte) (alert.Event, error) {
	object := gjson.ParseBytes(record)
	r := read(object)
	e := s.event(r)
	if e.Action == "" {
		if !object.IsObject() || !gjson.ValidBytes(record) {
			return alert.Event{}, errors.New("the record is no LogEntry: it is no JSON object, or not the whole of it")
		}
		return alert.Event{}, nil
	}
	// In an entry of Google's the time comes after what was done, so one that has it was read to there.
	var err error
	if e.Time, err = time.Parse(time.RFC3339, r.time); err != nil {
		err = fmt.Errorf("the LogEntry %q has no timestamp as in 2006-01-02T15:04:05Z: %.40q", r.id, r.time)
	}
	e.ID, e.Secret = strings.Clone(r.id), strings.Clone(e.Secret) // not the whole record with them
	return e, err
}

func (s *Store) event(r logEntry) alert.Event {
	project, log, _ := strings.Cut(strings.TrimPrefix(r.log, "projects/"), "/logs/")
	switch {
	case project != s.Project:
	case log == dataAccess, log == activity:
		return s.audited(log, r.audit)
	case log == stdout && s.Service != "" && r.resource.Get("labels.service_name").Str == s.Service:
		return s.rotated(r.payload)
	}
	return alert.Event{}
}

// logEntry is what is read of one: https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry.
type logEntry struct {
	log, id, time            string
	resource, audit, payload gjson.Result
}

func read(object gjson.Result) (r logEntry) {
	object.ForEach(func(key, value gjson.Result) bool {
		switch key.Str {
		case "logName":
			r.log = value.Str
		case "insertId":
			r.id = value.Str
		case "timestamp":
			r.time = value.Str
		case "resource":
			r.resource = value
		case "protoPayload":
			r.audit = value
		case "jsonPayload":
			r.payload = value
		}
		return true
	})
	return r
}

// audited is the event of an AuditLog: https://cloud.google.com/logging/docs/reference/audit/auditlog/rest/Shared.Types/AuditLog.
func (s *Store) audited(log string, audit gjson.Result) (e alert.Event) {
	var service, method, email, subject, from, on string
	var code int64
	audit.ForEach(func(key, value gjson.Result) bool {
		switch key.Str {
		case "serviceName":
			service = value.Str
		case "methodName":
			method = value.Str
		case "resourceName":
			on = value.Str
		case "status":
			code = value.Get("code").Int()
		case "requestMetadata":
			from = value.Get("callerIp").Str
		case "authenticationInfo":
			value.ForEach(func(key, value gjson.Result) bool {
				switch key.Str {
				case "principalEmail":
					email = value.Str
				case "principalSubject":
					subject = value.Str
				}
				return true
			})
		}
		return true
	})
	method = method[strings.LastIndexByte(method, '.')+1:]
	for _, o := range byMethod[serviceMethod{service, method}] {
		if log == logOf(o.action) && (len(o.only) == 0 || s.oneOf(o.only, audit)) && !s.oneOf(o.unless, audit) {
			e.Action = o.action
		}
	}
	if e.Action == "" {
		return e
	}
	switch code {
	case 0:
		e.Outcome = alert.OK
	case permissionDenied:
		e.Outcome = alert.Denied
	default:
		e.Outcome = alert.Failed
	}
	e.Operation = method
	e.Secret, e.Key = s.secretName(on), s.key(on)
	e.Who, e.From = caller(email, subject), address(from)
	return e
}

type serviceMethod struct{ service, method string }

var byMethod = func() map[serviceMethod][]operation {
	all := map[serviceMethod][]operation{}
	for _, o := range operations {
		for _, m := range o.methods {
			all[serviceMethod{o.service, m}] = append(all[serviceMethod{o.service, m}], o)
		}
	}
	return all
}()

func (s *Store) oneOf(traits []trait, audit gjson.Result) bool {
	return slices.ContainsFunc(traits, func(t trait) bool { return s.has(t, audit, t.field) })
}

// has looks into each element of a list, as the Logging query language does.
func (s *Store) has(t trait, value gjson.Result, path string) bool {
	switch {
	case value.IsArray():
		return slices.ContainsFunc(value.Array(), func(element gjson.Result) bool { return s.has(t, element, path) })
	case path != "":
		name, rest, _ := strings.Cut(path, ".")
		return s.has(t, value.Get(name), rest)
	case t.detector:
		return s.detector(value.Str)
	}
	return value.Exists() && (t.matches == nil || t.matches.MatchString(value.String()))
}

// foreign is the address of a machine in another organisation, which Google does not tell. It is in no network.
const foreign = "gce-internal-ip"

// address is that of the caller; not valid: a service of Google's, for which "private" stands.
func address(callerIP string) netip.Addr {
	if callerIP == foreign {
		return netip.IPv4Unspecified()
	}
	a, err := netip.ParseAddr(callerIP)
	if err != nil {
		return netip.Addr{}
	}
	return a
}

// rotated is the event of a record of the rotator.
func (s *Store) rotated(record gjson.Result) (e alert.Event) {
	var message, step, outcome, secret string
	attempt := 0
	record.ForEach(func(key, value gjson.Result) bool {
		switch key.Str {
		case "message":
			message = value.Str
		case "step":
			step = value.Str
		case "outcome":
			outcome = value.Str
		case "secret":
			secret = value.Str
		case "attempt":
			attempt = int(value.Int())
		}
		return true
	})
	e.Operation, e.Outcome, e.Secret = step, alert.Outcome(outcome), s.secretName(secret)
	switch {
	case message != rotationMessage:
		return alert.Event{}
	case step == lookStep:
		e.Action = alert.Look
	case e.Outcome == alert.Failed && s.Deliveries > 0 && attempt >= s.Deliveries:
		e.Action = alert.Abandon
	default:
		e.Action = alert.Rotate
	}
	return e
}
