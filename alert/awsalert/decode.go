package awsalert

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

// Decode reads one record: of CloudTrail, also as the detail of an EventBridge event, or of the rotator. The zero
// Event: it has no action of the catalogue, or is about another account or region. An error: it is no JSON object, or
// has no time.
func (s *Store) Decode(record []byte) (alert.Event, error) {
	object := gjson.ParseBytes(record)
	r := read(object)
	op := byName[r.source][r.name]
	if op == nil && r.source != "" { // as most are; read has not read them to their end
		return alert.Event{}, nil
	}
	if !object.IsObject() || !gjson.ValidBytes(record) {
		return alert.Event{}, errors.New("the record is no JSON object")
	}
	if op == nil || op.source == rotator && op.action == alert.Rotate && r.step == look {
		return alert.Event{}, nil
	}
	return s.event(op, &r)
}

// record are the fields of a record that matter.
type record struct {
	source, name                    string
	time, id                        string
	region, account                 string
	errorCode, errorMessage, from   string
	identity, parameters, data, arn gjson.Result
	step, secret, outcome           string // of the rotator
}

func (s *Store) event(op *operation, r *record) (e alert.Event, err error) {
	e = alert.Event{Action: op.action, Outcome: op.outcome, Operation: op.name, ID: r.id}
	if e.Time, err = time.Parse(time.RFC3339, r.time); err != nil {
		return alert.Event{}, fmt.Errorf("the record of %s has the time %.40q, which is none as in 2006-01-02T15:04:05Z", op.name, r.time)
	}
	if op.source == rotator {
		e.Outcome, e.Secret = outcomes[r.outcome], strings.TrimPrefix(r.secret, s.Prefix)
		return e, nil
	}
	if !s.concerns(op, r, &e) {
		return alert.Event{}, nil
	}
	if e.Outcome == "" {
		e.Outcome = r.ended()
	}
	e.Who = s.who(r.identity)
	e.From, _ = netip.ParseAddr(r.from) // the name of a service is no address
	e.From = e.From.Unmap()
	return e, nil
}

// look is the step of the rotator that rotates nothing.
const look = "look"

// read takes the fields in one pass, which ends where nothing in the record can matter.
func read(object gjson.Result) (r record) {
	if !object.IsObject() {
		return r
	}
	object.ForEach(func(key, value gjson.Result) bool {
		switch key.Str {
		case "eventSource":
			r.source = value.Str
			return byName[r.source] != nil
		case "eventName":
			r.name = value.Str
			return r.source == "" || byName[r.source][r.name] != nil
		case "eventTime", "time":
			r.time = value.Str
		case "eventID", "request_id":
			r.id = value.Str
		case "awsRegion":
			r.region = value.Str
		case "recipientAccountId":
			r.account = value.Str
		case "errorCode":
			r.errorCode = value.Str
		case "errorMessage":
			r.errorMessage = value.Str
		case "sourceIPAddress":
			r.from = value.Str
		case "userIdentity":
			r.identity = value
		case "requestParameters":
			r.parameters = value
		case "additionalEventData":
			r.data = value
		case "resources":
			r.arn = value
		case "detail":
			r = read(value)
			return false
		case "msg":
			if r.source == "" {
				r.source, r.name = rotator, value.Str
			}
		case "step":
			r.step = value.Str
		case "secret":
			r.secret = value.Str
		case "outcome":
			r.outcome = value.Str
		}
		return true
	})
	return r
}

// concerns tells whether an operation is about something that the store watches, and says in the event what.
// Reads, changes and keys of others are events too, about no secret and no key of the store.
func (s *Store) concerns(op *operation, r *record, e *alert.Event) bool {
	if r.account != s.Account || op.source == secretsManager && !slices.Contains(s.regions(), r.region) ||
		op.direct() && r.identity.Get("invokedBy").Exists() {
		return false
	}
	_, name, _ := strings.Cut(string(op.about), ".")
	field := func(object gjson.Result) string { return object.Get(name).Str }
	switch op.about {
	case secretCalled:
		e.Secret = s.secret(field(r.parameters))
	case secretRotated:
		e.Secret = s.secret(field(r.data))
		return e.Secret != ""
	case theKey:
		r.arn.ForEach(func(_, resource gjson.Result) bool {
			e.Key = slices.Contains(s.Keys, field(resource))
			return !e.Key
		})
	case nothing:
	default:
		watched := s.watched(op)
		return watched == nil || slices.ContainsFunc(r.parameters.Get(name).Array(), func(called gjson.Result) bool {
			return slices.ContainsFunc(watched, func(m match) bool { return m.holds(called.Str) })
		})
	}
	return true
}

// watched are the names by which a call names what the store watches besides secrets and keys. Nil: any.
func (s *Store) watched(o *operation) []match {
	alerts := "arn:" + s.partition() + ":sns:" + s.Region + ":" + s.Account + ":" + s.Alerts
	switch {
	case o.source == cloudTrail && s.Trail == "":
		return nil
	case o.source == cloudTrail:
		return all([]string{s.Trail, s.Trail[strings.LastIndexByte(s.Trail, '/')+1:]})
	case o.about == logGroup:
		return append([]match{}, all(s.LogGroups)...)
	case o.about == bucket && s.Bucket != "":
		return []match{is(s.Bucket)}
	case o.about == bucket || s.Alerts == "":
		return []match{}
	case o.about == topic:
		return []match{is(alerts)}
	case o.about == subscription:
		return []match{{begins, []string{alerts + ":"}}}
	}
	return []match{{begins, []string{s.Alerts + "-"}}}
}

func (r *record) ended() alert.Outcome {
	switch {
	case r.errorCode == "":
		return alert.OK
	case strings.HasPrefix(r.errorCode, denied):
		return alert.Denied
	case r.errorCode == deletedCode && strings.HasPrefix(r.errorMessage, deletedMessage):
		return alert.Gone
	}
	return alert.Failed
}

// who gives the ARN of a user, or of the role whose session it is; a whole account, where that is all that CloudTrail
// tells; or the name of a service.
func (s *Store) who(identity gjson.Result) string {
	var kind, arn, account, service, role string
	identity.ForEach(func(key, value gjson.Result) bool {
		switch key.Str {
		case "type":
			kind = value.Str
		case "arn":
			arn = value.Str
		case "accountId":
			account = value.Str
		case "invokedBy":
			service = value.Str
		case "sessionContext":
			role = value.Get("sessionIssuer.arn").Str
		}
		return true
	})
	switch {
	case kind == "AssumedRole" && role != "": // a federated user's session has an issuer too, and other rights
		return role
	case arn != "":
		return arn
	case kind == "AWSAccount":
		return alone + account
	}
	return service
}
