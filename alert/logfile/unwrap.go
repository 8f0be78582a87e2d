package logfile

import (
	"bytes"
	"encoding/json"
	"errors"
)

// unwrap takes a record out of what the AWS command line prints: the CloudTrailEvent of lookup-events, the message of
// filter-log-events. Not ok: it is a line of text.
func unwrap(text []byte) (inner []byte, ok bool) {
	var event struct {
		CloudTrailEvent string `json:"CloudTrailEvent"`
		Message         string `json:"message"`
	}
	if err := json.Unmarshal(text, &event); err != nil {
		return text, true // the decoder says what is wrong
	}
	if event.CloudTrailEvent != "" {
		return []byte(event.CloudTrailEvent), true
	}
	message := bytes.TrimSpace([]byte(event.Message))
	return message, bytes.HasPrefix(message, []byte("{"))
}

// problem says what is wrong with a record, without any of it.
func problem(err error) string {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return "it is not valid JSON"
	case errors.As(err, &kind) && kind.Field != "":
		return kind.Field + " is a " + kind.Value
	}
	return "it lacks what the cloud's documentation gives each record"
}
