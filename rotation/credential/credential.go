// Package credential reads and writes the JSON in which the clouds' own database rotation keeps a user:
//
//	{"engine": "postgres", "host": "db.example.com", "port": 5432, "username": "orders", "password": "...", "dbname": "shop"}
//
// as AWS has it on https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_secret_json_structure.html
// so that a secret that AWS rotated before can be taken over as it is.
package credential

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"unicode/utf8"

	"github.com/secretstack/secretstack/rotation"
)

// Credential is a user of a database. Printed, logged or marshalled it is redacted, as a Value is.
// A copy with another Password, say, keeps the fields that this package does not know.
type Credential struct {
	Engine             string // such as postgres, mysql or mariadb; empty: not said
	Host               string // empty: not said
	Port               int    // 0: not said; in JSON it may be a number or a string
	Username, Password string // never empty in what Parse gives
	DBName             string // empty: not said

	parsed map[string]json.RawMessage // not written to: copies share it
}

// Parse reads a value. Its error, of the class Invalid, says what is wrong and where, and nothing of what the value holds.
func Parse(v rotation.Value) (Credential, error) {
	c, err := parse(v.Reveal())
	if err != nil {
		return Credential{}, &rotation.Error{
			Class: rotation.Invalid, Op: "read the credential", Err: err,
			Do: "put a JSON object with username and password, and engine, host, port, dbname as needed",
		}
	}
	return c, nil
}

func parse(text string) (Credential, error) {
	// encoding/json would put another character in place of what is not UTF-8: another password.
	if !utf8.ValidString(text) {
		return Credential{}, errors.New("it is not UTF-8")
	}
	var c Credential
	if err := json.Unmarshal([]byte(text), &c.parsed); err != nil {
		// The text of a syntax error quotes the value.
		if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) {
			return Credential{}, fmt.Errorf("it is no JSON, see byte %d", syntax.Offset)
		}
		return Credential{}, errors.New("it is JSON, but no object")
	}
	if c.parsed == nil {
		return Credential{}, errors.New("it is JSON, but no object")
	}
	for _, field := range c.fields() {
		if raw, there := c.parsed[field.name]; there && !field.read(raw) {
			return Credential{}, fmt.Errorf("the field %s must be %s", field.name, field.want)
		}
	}
	if c.Username == "" {
		return Credential{}, errors.New("the field username is missing or empty")
	}
	if c.Password == "" {
		return Credential{}, errors.New("the field password is missing or empty")
	}
	return c, nil
}

// Value writes the credential, with the fields that Parse did not know. What has not changed since is written as it was read.
func (c Credential) Value() rotation.Value {
	object := map[string]any{}
	for name, raw := range c.parsed {
		object[name] = raw
	}
	was := Credential{}
	for i, field := range c.fields() {
		before := was.fields()[i]
		if raw, there := c.parsed[field.name]; there {
			before.read(raw)
		}
		if field.get() != before.get() {
			object[field.name] = field.get()
		}
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	// Strings, numbers and what was JSON already: nothing that cannot be written.
	_ = encoder.Encode(object)
	return rotation.NewValue(string(bytes.TrimSuffix(text.Bytes(), []byte("\n"))))
}

// field is one that this package knows, of one Credential.
type field struct {
	name, want string
	read       func(json.RawMessage) bool // tells whether the JSON is what the field takes; null is like nothing
	get        func() any
}

func (c *Credential) fields() []field {
	text := func(name string, to *string) field {
		return field{
			name, "a string",
			func(raw json.RawMessage) bool { return json.Unmarshal(raw, to) == nil },
			func() any { return *to },
		}
	}
	return []field{
		text("engine", &c.Engine),
		text("host", &c.Host),
		{
			"port", "a number, or a string of one, from 1 to 65535",
			func(raw json.RawMessage) bool { return readPort(raw, &c.Port) },
			func() any { return c.Port },
		},
		text("username", &c.Username),
		text("password", &c.Password),
		text("dbname", &c.DBName),
	}
}

func readPort(raw json.RawMessage, to *int) bool {
	if string(raw) == "null" {
		return true
	}
	digits := string(raw)
	if raw[0] == '"' && json.Unmarshal(raw, &digits) != nil {
		return false
	}
	port, err := strconv.ParseUint(digits, 10, 16)
	*to = int(port)
	return err == nil && port > 0
}

// Format is called for each verb of package fmt.
func (c Credential) Format(s fmt.State, verb rune) { rotation.Value{}.Format(s, verb) }

// LogValue is what package slog logs.
func (c Credential) LogValue() slog.Value { return rotation.Value{}.LogValue() }

// MarshalText is what encoders such as encoding/json write.
func (c Credential) MarshalText() ([]byte, error) { return rotation.Value{}.MarshalText() }
