package main

import (
	"strings"
	"testing"

	"github.com/secretstack/secretstack/rotation"
)

func TestParseEvent(t *testing.T) {
	const rest = `, "SecretId": "orders-db", "ClientRequestToken": "token", "RotationToken": "canary"}`
	tests := map[string]struct {
		payload string
		want    event
		err     string
	}{
		"create":                 {payload: `{"Step": "createSecret"` + rest, want: event{create, "orders-db", "token"}},
		"set":                    {payload: `{"Step": "setSecret"` + rest, want: event{set, "orders-db", "token"}},
		"test":                   {payload: `{"Step": "testSecret"` + rest, want: event{test, "orders-db", "token"}},
		"finish":                 {payload: `{"Step": "finishSecret"` + rest, want: event{finish, "orders-db", "token"}},
		"create, as documented":  {payload: `{"Step": "create_secret"` + rest, want: event{create, "orders-db", "token"}},
		"finish, as documented":  {payload: `{"Step": "finish_secret"` + rest, want: event{finish, "orders-db", "token"}},
		"rotate, by a person":    {payload: `{"step": "rotate", "secretId": "orders-db"}`, want: event{whole, "orders-db", ""}},
		"rotate, of no secret":   {payload: `{"step": "rotate"}`, err: "lacks SecretId"},
		"retire, of a schedule":  {payload: `{"step": "retire"}`, want: event{step: retire}},
		"unknown step":           {payload: `{"Step": "CREATESECRET"` + rest, err: `has the step "CREATESECRET"; give createSecret, setSecret, testSecret, finishSecret, rotate or retire`},
		"long step":              {payload: `{"Step": "` + strings.Repeat("x", 1000) + `"}`, err: `"` + strings.Repeat("x", 40) + `"`},
		"no step":                {payload: `{"SecretId": "orders-db"}`, err: `has the step ""`},
		"no secret":              {payload: `{"Step": "createSecret", "ClientRequestToken": "token"}`, err: "lacks SecretId"},
		"no token":               {payload: `{"Step": "createSecret", "SecretId": "orders-db"}`, err: "lacks ClientRequestToken"},
		"no object":              {payload: `["createSecret"]`, err: "no JSON object"},
		"another type":           {payload: `{"Step": 1}`, err: "no JSON object"},
		"nothing":                {err: "no JSON object"},
		"of another AWS service": {payload: `{"version": "0", "detail-type": "Scheduled Event"}`, err: `has the step ""`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := parseEvent([]byte(tt.payload))
			if got != tt.want || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("the event is %+v, error %v; want %+v, %q", got, err, tt.want, tt.err)
			}
			if err != nil && (rotation.ClassOf(err) != rotation.Invalid || len(err.Error()) > 300) {
				t.Errorf("the error is of class %s: %v", rotation.ClassOf(err), err)
			}
		})
	}
}

func FuzzParseEvent(f *testing.F) {
	f.Add([]byte(`{"Step": "createSecret", "SecretId": "orders-db", "ClientRequestToken": "token", "RotationToken": "r"}`))
	f.Add([]byte(`{"step": "retire"}`))
	f.Add([]byte(`{"Step": "set_secret", "secretid": "\ud800", "CLIENTREQUESTTOKEN": null}`))
	f.Add([]byte(`[`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		e, err := parseEvent(payload)
		switch {
		case err != nil:
			if e != (event{}) || len(err.Error()) > 500 {
				t.Errorf("the error %v beside the event %+v", err, e)
			}
		case e.step == retire:
		case steps[string(e.step)] != e.step || e.secretID == "" || e.token == "":
			t.Errorf("the event is %+v", e)
		}
	})
}
