package azurealert

import (
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/tidwall/gjson"

	"github.com/secretstack/secretstack/alert"
)

// Decode reads one record: of the vault's audit log or the activity log, as a diagnostic setting writes it to a storage
// account or an event hub; or a row of AZKVAuditLogs, AzureActivity or ContainerAppConsoleLogs, with its Type, as the
// workspace gives it (nested columns as objects or as text). The zero Event: it has no action of the catalogue, or is
// about another store. An error: it is no JSON object, or has no time.
func (s *Store) Decode(data []byte) (alert.Event, error) {
	object := gjson.ParseBytes(data)
	if !object.IsObject() || !gjson.ValidBytes(data) {
		return alert.Event{}, errors.New("the record is no JSON object")
	}
	r := read(object)
	var e alert.Event
	switch r.table {
	case "AuditEvent", "AZKVAuditLogs":
		e = s.fromVault(&r)
	case "Administrative", "AzureActivity":
		e = s.fromActivity(&r)
	case "ContainerAppConsoleLogs":
		e = s.fromRotator(&r)
	}
	if e.Action == "" {
		return alert.Event{}, nil
	}
	e.Operation, e.ID = r.operation, r.id
	e.From, _ = netip.ParseAddr(r.from)
	e.From = e.From.Unmap()
	var err error
	if e.Time, err = time.Parse(time.RFC3339, r.time); err != nil {
		return alert.Event{}, fmt.Errorf("the record of %s has the time %.40q, which is none as in 2006-01-02T15:04:05Z", r.operation, r.time)
	}
	return e, nil
}

// record are the fields of a record that matter, in whichever form it comes.
type record struct {
	table, time, operation, resource, result string
	id, who, caller, from                    string
	code                                     int64
	uri, object                              string // which was called, and which was answered
	job, log                                 string
}

func read(object gjson.Result) (r record) {
	object.ForEach(func(key, value gjson.Result) bool {
		switch key.Str {
		case "category", "Type":
			r.table = value.Str
		case "time", "TimeGenerated":
			r.time = value.Str
		case "operationName", "OperationNameValue":
			r.operation = value.Str
		case "OperationName":
			if r.operation == "" { // a row of AzureActivity has both, and says it for people here
				r.operation = value.Str
			}
		case "resourceId", "_ResourceId":
			if r.resource == "" {
				r.resource = value.Str
			}
		case "resultType", "ActivityStatusValue":
			r.result = value.Str
		case "correlationId", "CorrelationId":
			r.id = value.Str
		case "callerIpAddress", "CallerIpAddress":
			r.from = value.Str
		case "Caller":
			r.caller = value.Str
		case "HttpStatusCode":
			r.code = value.Int()
		case "RequestUri":
			r.uri = value.Str
		case "Id":
			r.object = value.Str
		case "JobName":
			r.job = value.Str
		case "Log":
			r.log = value.Str
		case "identity", "Identity":
			parsed(value).ForEach(func(key, claims gjson.Result) bool {
				if key.Str == "claim" || key.Str == "claims" {
					r.who = caller(claims)
				}
				return true
			})
		case "Claims_d":
			r.who = caller(value)
		case "properties", "Properties_d":
			r.properties(parsed(value))
		}
		return true
	})
	return r
}

func (r *record) properties(object gjson.Result) {
	object.ForEach(func(key, value gjson.Result) bool {
		switch key.Str {
		case "httpStatusCode":
			r.code = value.Int()
		case "requestUri":
			r.uri = value.Str
		case "id":
			r.object = value.Str
		case "entity":
			r.resource = value.Str
		}
		return true
	})
}

// parsed gives what a nested column has, also where it was exported as text.
func parsed(value gjson.Result) gjson.Result {
	if value.Type == gjson.String {
		return gjson.Parse(value.Str)
	}
	return value
}
