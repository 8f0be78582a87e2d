package targets_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/rotation"
	"github.com/secretstack/secretstack/rotation/targets"
)

func TestNew(t *testing.T) {
	for name, tt := range map[string]struct {
		job     string
		revokes bool
		want    string // what the error says
	}{
		"generated":     {job: `{"rotation": {"every": "30d", "generated": {}}}`},
		"of all fields": {job: `{"rotation": {"every": "manual", "generated": {"length": 12, "alphabet": "0123456789abcdef", "require": ["digit"]}}}`},
		"webhook":       {job: `{"rotation": {"every": "30d", "webhook": {"key": "k"}}, "address": {"url": "https://example.com"}, "reads": {"k": "id"}}`, revokes: true},
		"one user":      {job: `{"rotation": {"every": "30d", "postgres": {"users": ["u"]}}, "address": {"host": "db"}}`},
		"two users": {
			job:     `{"rotation": {"every": "30d", "postgres": {"users": ["u", "v"], "admin": "a"}}, "address": {"host": "db"}, "reads": {"a": "id"}}`,
			revokes: true,
		},
		"plain":          {job: `{"rotation": {"every": "30d", "mysql": {"users": ["u"], "format": "plain"}}, "address": {"host": "db"}}`},
		"two users of b": {job: `{"rotation": {"every": "30d", "mysql": {"users": ["u", "v"], "admin": "a"}}, "address": {"host": "db"}, "reads": {"a": "id"}}`, revokes: true},

		"none":      {job: `{"rotation": {"every": "30d"}}`, want: "rotation: must have one of"},
		"two":       {job: `{"rotation": {"every": "30d", "generated": {}, "webhook": {"key": "k"}}}`, want: "rotation: must have one of"},
		"length":    {job: `{"rotation": {"every": "30d", "generated": {"length": 1}}}`, want: "rotation.generated: length: "},
		"no URL":    {job: `{"rotation": {"every": "30d", "webhook": {"key": "k"}}, "reads": {"k": "id"}}`, want: "rotation.webhook: url: "},
		"no key":    {job: `{"rotation": {"every": "30d", "webhook": {"key": "k"}}, "address": {"url": "https://example.com"}}`, want: `rotation.webhook: key: the rotator was not told where the secret "k" is`},
		"no host":   {job: `{"rotation": {"every": "30d", "postgres": {"users": ["u"]}}}`, want: "rotation.postgres: host: "},
		"no admin":  {job: `{"rotation": {"every": "30d", "mysql": {"users": ["u"], "admin": "a"}}, "address": {"host": "db"}}`, want: "rotation.mysql: admin: "},
		"no format": {job: `{"rotation": {"every": "30d", "mysql": {"users": ["u"], "format": "xml"}}, "address": {"host": "db"}}`, want: "rotation.mysql: format: "},
	} {
		t.Run(name, func(t *testing.T) {
			job := parse(t, tt.job)
			target, err := targets.New(job, func(context.Context, string) (rotation.Value, error) {
				t.Error("read before the target needs it")
				return rotation.Value{}, nil
			})
			if tt.want == "" {
				if _, revokes := target.(rotation.Revoker); err != nil || revokes != tt.revokes {
					t.Errorf("a Revoker: %t, %v", revokes, err)
				}
				return
			}
			if err == nil || rotation.ClassOf(err) != rotation.Invalid || target != nil ||
				!strings.HasPrefix(err.Error(), "set up the rotation of orders-db: "+tt.want) {
				t.Errorf("%v, %v", target, err)
			}
		})
	}
}

// TestRead reads the signing key by the cloud's id, each time.
func TestRead(t *testing.T) {
	issuer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"valid": true}`))
	}))
	defer issuer.Close()
	job := parse(t, `{"rotation": {"every": "30d", "webhook": {"key": "k"}}, "reads": {"k": "the id"}}`)
	job.Address.URL = issuer.URL
	reads, fails := 0, error(nil)
	target, err := targets.New(job, func(_ context.Context, id string) (rotation.Value, error) {
		if reads++; id != "the id" {
			t.Error(id)
		}
		return rotation.NewValue("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), fails
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := target.Verify(t.Context(), rotation.NewValue("v")); err != nil {
			t.Error(err)
		}
	}
	if reads != 2 {
		t.Errorf("read %d times", reads)
	}
	fails = rotation.ErrNoValue
	err = target.Verify(t.Context(), rotation.NewValue("v"))
	if rotation.ClassOf(err) != rotation.Invalid || err.Error() != "read the secret k: the version has no value; put its value first" {
		t.Error(err)
	}
	fails = &rotation.Error{Class: rotation.Refused, Op: "GetSecretValue", Err: errors.New("AccessDenied")}
	err = target.Verify(t.Context(), rotation.NewValue("v"))
	if rotation.ClassOf(err) != rotation.Refused || !strings.HasPrefix(err.Error(), "read the secret k: ") {
		t.Error(err)
	}
}

func parse(t *testing.T, text string) secret.Job {
	t.Helper()
	job := secret.Job{Secret: "orders-db"}
	if err := json.Unmarshal([]byte(text), &job); err != nil {
		t.Fatal(err)
	}
	return job
}

// What the declaration says of passwords reaches the target.
func TestPassword(t *testing.T) {
	target, err := targets.New(secret.Job{
		Secret: "orders-db",
		Rotation: secret.Rotation{Postgres: &secret.Database{
			Users: []string{"orders"}, Format: "plain", Password: &secret.Generated{Length: 12, Alphabet: "0123456789#", Require: []string{"symbol"}},
		}},
		Address: secret.Address{Host: "localhost"},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	v, err := target.Mint(t.Context(), "token", rotation.NewValue("the present one"))
	if err != nil || len(v.Reveal()) != 12 || !strings.Contains(v.Reveal(), "#") {
		t.Errorf("the password has %d characters: %v", len(v.Reveal()), err)
	}
}
