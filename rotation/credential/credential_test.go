package credential_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/secretstack/secretstack/rotation"
	"github.com/secretstack/secretstack/rotation/credential"
)

const canary = "canary-5f1c0"

func TestParse(t *testing.T) {
	for _, tt := range []struct {
		text string
		want credential.Credential
	}{
		{
			`{"engine": "postgres", "host": "db.example.com", "port": 5432, "username": "u", "password": "p", "dbname": "d"}`,
			credential.Credential{Engine: "postgres", Host: "db.example.com", Port: 5432, Username: "u", Password: "p", DBName: "d"},
		},
		{`{"username": "u", "password": "p"}`, credential.Credential{Username: "u", Password: "p"}},
		{`{"username": "u", "password": "p", "port": "3306"}`, credential.Credential{Port: 3306, Username: "u", Password: "p"}},
		{`{"username": "u", "password": "p", "port": null, "dbname": null}`, credential.Credential{Username: "u", Password: "p"}},
		{` {"username": "u", "password": "\u0070\"<&>é"} `, credential.Credential{Username: "u", Password: `p"<&>é`}},
		// Names are case-sensitive, as AWS says.
		{`{"username": "u", "password": "p", "Password": "q", "Port": true}`, credential.Credential{Username: "u", Password: "p"}},
	} {
		got, err := credential.Parse(rotation.NewValue(tt.text))
		if err != nil || !same(got, tt.want) {
			t.Errorf("%s: %v", tt.text, err)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                               "it is no JSON, see byte 0",
		canary:                           "it is no JSON, see byte 1",
		`{"password": "` + canary:        "it is no JSON",
		`{"password": ` + canary:         "it is no JSON, see byte 14",
		`{"` + canary + `": 1}x`:         "it is no JSON",
		`"` + canary + `"`:               "it is JSON, but no object",
		`["` + canary + `"]`:             "it is JSON, but no object",
		`null`:                           "it is JSON, but no object",
		"{\"password\": \"\xff\"}":       "it is not UTF-8",
		`{"password": "` + canary + `"}`: "the field username is missing or empty",
		`{"username": "` + canary + `"}`: "the field password is missing or empty",
		`{"username": "u", "password": 12345` + `}`:                                 "the field password must be a string",
		`{"username": {"` + canary + `": 1}, "password": "p"}`:                      "the field username must be a string",
		`{"username": "u", "password": "` + canary + `", "port": "` + canary + `"}`: "the field port must be a number",
		`{"username": "u", "password": "p", "port": 0}`:                             "the field port must be",
		`{"username": "u", "password": "p", "port": 65536}`:                         "the field port must be",
		`{"username": "u", "password": "p", "port": -1}`:                            "the field port must be",
		`{"username": "u", "password": "p", "port": 5432.5}`:                        "the field port must be",
		`{"username": "u", "password": "p", "port": ""}`:                            "the field port must be",
		`{"username": "u", "password": "p", "port": [` + `5432]}`:                   "the field port must be",
	} {
		got, err := credential.Parse(rotation.NewValue(text))
		var failure *rotation.Error
		if !errors.As(err, &failure) || failure.Class != rotation.Invalid || !strings.HasPrefix(failure.Err.Error(), want) {
			t.Errorf("%s: the error is %v, want %s", text, err, want)
		}
		if err != nil && (strings.Contains(err.Error(), canary) || strings.Contains(err.Error(), "12345")) {
			t.Errorf("the error repeats the value: %v", err)
		}
		if !same(got, credential.Credential{}) {
			t.Errorf("%s: a credential beside the error", text)
		}
	}
}

// TestRewrite changes the password of a secret that AWS rotated.
func TestRewrite(t *testing.T) {
	before := `{"engine":"mysql","host":"db<1>","port":"3306","username":"u","password":"old","dbname":null,` +
		`"masterarn":"arn:aws:secretsmanager:…","dbInstanceIdentifier":"shop","weight":1.10,"big":12345678901234567890,"replicas":[{"host":"r"}]}`
	c, err := credential.Parse(rotation.NewValue(before))
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Value().Reveal(); !sameJSON(t, got, before) {
		t.Errorf("nothing was changed, but: %s", got)
	}
	changed := c
	changed.Password, changed.Username = `new"<&>`, "v"
	want := strings.NewReplacer(`"password":"old"`, `"password":"new\"<&>"`, `"username":"u"`, `"username":"v"`).Replace(before)
	if got := changed.Value().Reveal(); !sameJSON(t, got, want) || !strings.Contains(got, "1.10") || !strings.Contains(got, `"new\"<&>"`) {
		t.Errorf("is  %s\nnot %s", got, want)
	}
	if first, second := changed.Value(), changed.Value(); first != second {
		t.Error("twice the same is written in two ways")
	}
	if c.Password != "old" || !sameJSON(t, c.Value().Reveal(), before) {
		t.Error("the change of a copy changed the original")
	}
	changed.Port, changed.DBName, changed.Host = 3307, "d", ""
	if got := changed.Value().Reveal(); !strings.Contains(got, `"port":3307`) || !strings.Contains(got, `"dbname":"d"`) || !strings.Contains(got, `"host":""`) {
		t.Error(got)
	}
}

func TestValueOfNew(t *testing.T) {
	c := credential.Credential{Engine: "postgres", Host: "h", Port: 5432, Username: "u", Password: "p"}
	if got, want := c.Value().Reveal(), `{"engine":"postgres","host":"h","password":"p","port":5432,"username":"u"}`; got != want {
		t.Errorf("is  %s\nnot %s", got, want)
	}
}

func TestRedacted(t *testing.T) {
	c, err := credential.Parse(rotation.NewValue(`{"username": "u", "password": "` + canary + `"}`))
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("text", "c", c, "p", &c)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("JSON", "c", c, "p", &c)
	encoded, err := json.Marshal([]any{c, &c})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{fmt.Sprintf("%v %+v %#v %s %q %x %d", c, c, c, c, c, c, &c), fmt.Sprint(&c), log.String(), string(encoded)} {
		if strings.Contains(text, canary) || !strings.Contains(text, "[redacted]") {
			t.Error(text)
		}
	}
}

// FuzzParse demands that what was read is written as it was, and that errors repeat nothing.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`{"engine":"postgres","host":"h","port":5432,"username":"u","password":"p","dbname":"d"}`,
		`{"username":"u","password":"p","port":"5432","masterarn":"a"}`,
		`{"username":"u","password":"\ud800"}`, `{"username":"u","password":"p","port":null}`, `{"":`, `[]`, `null`,
		`{"username":"u","username":"v","password":"p"}`,
	} {
		f.Add(seed, "new")
	}
	f.Fuzz(func(t *testing.T, text, password string) {
		c, err := credential.Parse(rotation.NewValue(text))
		if err != nil {
			if !known.MatchString(err.Error()) {
				t.Errorf("%q: the error may repeat the value: %v", text, err)
			}
			return
		}
		again, err := credential.Parse(c.Value())
		if err != nil || !same(again, c) {
			t.Fatalf("%q is written as %q: %v", text, c.Value().Reveal(), err)
		}
		if again.Value() != c.Value() {
			t.Errorf("%q, then %q", c.Value().Reveal(), again.Value().Reveal())
		}
		if password == "" || strings.ToValidUTF8(password, "") != password {
			return
		}
		c.Password = password
		if again, err := credential.Parse(c.Value()); err != nil || !same(again, c) {
			t.Errorf("with another password, %q is written as %q: %v", text, c.Value().Reveal(), err)
		}
	})
}

// known are all of Parse's errors.
var known = regexp.MustCompile(`^read the credential: (it is no JSON, see byte \d+|it is JSON, but no object|it is not UTF-8|` +
	`the field (username|password) is missing or empty|the field (engine|host|username|password|dbname) must be a string|` +
	`the field port must be a number, or a string of one, from 1 to 65535); put a JSON object with username and password, .*$`)

// same compares what is exported.
func same(a, b credential.Credential) bool {
	return a.Engine == b.Engine && a.Host == b.Host && a.Port == b.Port && a.Username == b.Username && a.Password == b.Password && a.DBName == b.DBName
}

func sameJSON(t *testing.T, a, b string) bool {
	t.Helper()
	var x, y map[string]any
	if err := errors.Join(json.Unmarshal([]byte(a), &x), json.Unmarshal([]byte(b), &y)); err != nil {
		t.Fatal(err)
	}
	return reflect.DeepEqual(x, y)
}
