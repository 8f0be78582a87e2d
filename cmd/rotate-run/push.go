package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"github.com/secretstack/secretstack/components/secret"
)

// rotate is the type of the events that matter: https://cloud.google.com/secret-manager/docs/event-notifications.
const rotate = "SECRET_ROTATE"

// event is what a delivery says.
type event struct {
	id        string
	kind      string
	published time.Time
	secret    string // a resource name, of a secret and not of its companion
	companion bool   // it was of the companion
	attempt   int    // 0: the subscription has no dead-letter topic
}

var secretName = regexp.MustCompile(`^projects/[a-z0-9.:-]+/secrets/[A-Za-z0-9_-]{1,255}$`)

// parsePush reads the wrapped form of https://cloud.google.com/pubsub/docs/push. The attributes say it all; data
// would be the secret once more.
func parsePush(r io.Reader) (event, error) {
	var push struct {
		Message *struct {
			Attributes  map[string]string `json:"attributes"`
			MessageID   string            `json:"messageId"`
			PublishTime time.Time         `json:"publishTime"`
		} `json:"message"`
		DeliveryAttempt int `json:"deliveryAttempt"`
	}
	d := json.NewDecoder(r)
	if err := d.Decode(&push); err != nil {
		return event{}, fmt.Errorf("the push is not the JSON that Pub/Sub sends: %w", err)
	}
	if push.Message == nil {
		return event{}, errors.New("the push has no message: the subscription must not unwrap its payload")
	}
	m := push.Message
	e := event{id: m.MessageID, kind: m.Attributes["eventType"], published: m.PublishTime, attempt: push.DeliveryAttempt}
	if e.kind != rotate {
		return e, nil
	}
	e.secret, e.companion = strings.CutSuffix(m.Attributes["secretId"], secret.CompanionSuffix)
	switch {
	case !secretName.MatchString(e.secret):
		return event{}, fmt.Errorf("the event's attribute secretId, %.300q, is no resource name of a secret", m.Attributes["secretId"])
	case e.published.IsZero():
		return event{}, errors.New("the push does not say when its message was published")
	}
	return e, nil
}
