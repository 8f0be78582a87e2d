package main

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/secretstack/secretstack/rotation"
)

// A step is what an event asks for.
type step string

const (
	create step = "createSecret"
	set    step = "setSecret"
	test   step = "testSecret"
	finish step = "finishSecret"
	whole  step = "rotate"
	retire step = "retire"
)

// AWS documents one spelling and sends the other.
var steps = map[string]step{
	"createSecret": create, "create_secret": create,
	"setSecret": set, "set_secret": set,
	"testSecret": test, "test_secret": test,
	"finishSecret": finish, "finish_secret": finish,
	"rotate": whole, "retire": retire,
}

// event is what the function is invoked with. Secrets Manager's RotationToken is for rotations in another account.
type event struct {
	step     step
	secretID string // an ARN, or a name
	token    string // the id of the version that is to become current; of a whole rotation the request's
}

func parseEvent(payload []byte) (event, error) {
	var in struct{ Step, SecretID, ClientRequestToken string }
	if err := json.Unmarshal(payload, &in); err != nil {
		return event{}, refuse(errors.New("it is no JSON object with text in it"), "invoke the function through Secrets Manager")
	}
	s, known := steps[in.Step]
	if !known {
		return event{}, refuse(fmt.Errorf("it has the step %.40q", in.Step),
			"give createSecret, setSecret, testSecret, finishSecret, rotate or retire as its Step")
	}
	switch {
	case s == retire:
	case in.SecretID == "":
		return event{}, refuse(errors.New("it lacks SecretId"), "name the secret, or invoke the function through Secrets Manager")
	case s != whole && in.ClientRequestToken == "":
		return event{}, refuse(errors.New("it lacks ClientRequestToken"), "invoke the function through Secrets Manager")
	}
	return event{s, in.SecretID, in.ClientRequestToken}, nil
}

func refuse(err error, do string) error {
	return &rotation.Error{Class: rotation.Invalid, Op: "read the event", Err: err, Do: do}
}
