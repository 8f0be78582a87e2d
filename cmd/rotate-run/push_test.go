package main

import (
	"strings"
	"testing"
	"time"
)

func FuzzParsePush(f *testing.F) {
	for _, kind := range []string{rotate, "SECRET_UPDATE", ""} {
		for _, secret := range []string{name, name + "--rotation", "--rotation", ""} {
			f.Add(envelope(kind, secret, time.Unix(1, 0)))
		}
	}
	f.Add(`{"message":{"attributes":null,"publishTime":"0001-01-01T00:00:00Z"},"deliveryAttempt":1e3}`)
	f.Fuzz(func(t *testing.T, text string) {
		e, err := parsePush(strings.NewReader(text))
		if err != nil {
			if e != (event{}) {
				t.Errorf("an event beside the error %v", err)
			}
			return
		}
		if e.kind != rotate {
			if e.secret != "" || e.companion {
				t.Errorf("the event %q has a secret", e.kind)
			}
			return
		}
		if !secretName.MatchString(e.secret) || strings.Count(e.secret, "/") != 3 || e.published.IsZero() {
			t.Errorf("%+v", e)
		}
	})
}
