package secret

import "time"

// Rotation is how a secret's value is changed: how often, and at which target. Exactly one of Generated,
// Postgres, MySQL and Webhook is given. Where the target is, the stack says: see Address.
type Rotation struct {
	// Every is the time from one rotation to the next. Manual: only when a person starts one.
	Every Every `yaml:"every" json:"every" jsonschema:"type=string,pattern=^(manual|[0-9]+[hdw])$,description=The time from one rotation to the next\\, in hours (h)\\, days (d) or weeks (w). manual: only when a person starts one"`
	// Grace is how long the previous value goes on working after a new one is current.
	// Zero: 24 hours, or half of Every where that is shorter.
	Grace Duration `yaml:"grace" json:"grace,omitzero" jsonschema:"type=string,pattern=^[0-9]+[hdw]$,description=How long the previous value goes on working after a new one is current; shorter than every. Without it: 24h\\, or half of every where that is shorter"`

	Generated *Generated `yaml:"generated" json:"generated,omitempty" jsonschema:"oneof_required=generated,description=A random value that no target has to know\\, such as a signing key. {} takes the defaults"`
	Postgres  *Database  `yaml:"postgres" json:"postgres,omitempty" jsonschema:"oneof_required=postgres,description=A user of PostgreSQL and its password"`
	MySQL     *Database  `yaml:"mysql" json:"mysql,omitempty" jsonschema:"oneof_required=mysql,description=A user of MySQL or MariaDB and its password"`
	Webhook   *Webhook   `yaml:"webhook" json:"webhook,omitempty" jsonschema:"oneof_required=webhook,description=An issuer of credentials that speaks the protocol of rotation/webhook"`
}

// Generated is a random value that no target has to know: a signing key, the password of a new user.
type Generated struct {
	// Kind is password, uuid (version 4), hex or base64. Zero: password.
	Kind string `yaml:"kind" json:"kind,omitempty" jsonschema:"enum=password,enum=uuid,enum=hex,enum=base64,description=Without it: password"`
	// Length is in characters for a password (8 to 256; zero: 32), in bytes of key material for hex and
	// base64 (16 to 1,024; zero: 32).
	Length int `yaml:"length" json:"length,omitempty" jsonschema:"minimum=8,maximum=1024,description=Characters of a password (8 to 256) or bytes of key material for hex and base64 (16 to 1024). Without it: 32"`
	// Alphabet are the characters of a password. Zero: letters and digits.
	Alphabet string `yaml:"alphabet" json:"alphabet,omitempty" jsonschema:"minLength=10,description=The characters of a password. Without it: letters and digits"`
	// Require are the classes of which a password has at least one character each: lower, upper, digit,
	// symbol. Zero: lower, upper and digit, as far as the alphabet has them.
	Require []string `yaml:"require" json:"require,omitempty" jsonschema:"enum=lower,enum=upper,enum=digit,enum=symbol,minItems=1,uniqueItems=true,description=The classes of which a password has at least one character each. Without it: lower\\, upper and digit\\, as far as the alphabet has them"`
}

// Database is a user of PostgreSQL or of MySQL and MariaDB, and its password.
type Database struct {
	// Users is one user, whose password is changed in place; or two, which take turns, so that readers
	// with a cached value keep working until the grace has passed.
	Users []string `yaml:"users" json:"users" jsonschema:"minItems=1,maxItems=2,uniqueItems=true,description=One user\\, whose password is changed in place; or two that take turns\\, so that readers with a cached value keep working during the grace"`
	// Admin names the secret of this declaration that holds a user who may alter Users, in the same JSON
	// form. Zero: the one user alters itself. Two users need it.
	Admin string `yaml:"admin" json:"admin,omitempty" jsonschema:"description=The secret of this file that holds a user who may alter the users\\, in the JSON form. Without it: the one user alters itself"`
	// Format is json (engine, host, port, username, password, dbname: as the clouds' own rotation has it)
	// or plain, the password alone, for one user only. Zero: json.
	Format string `yaml:"format" json:"format,omitempty" jsonschema:"enum=json,enum=plain,description=json (engine\\, host\\, port\\, username\\, password\\, dbname) or plain\\, the password alone\\, for one user only. Without it: json"`
	// Password is what new passwords look like, where the server has rules. Its Kind is password. Zero: 32
	// letters and digits.
	Password *Generated `yaml:"password" json:"password,omitempty" jsonschema:"description=What new passwords look like\\, where the server has rules. Without it: 32 letters and digits"`
}

// Webhook is any issuer of credentials that speaks the protocol of rotation/webhook.
type Webhook struct {
	// Key names the secret of this declaration with which requests are signed.
	Key string `yaml:"key" json:"key" jsonschema:"description=The secret of this file with which requests are signed"`
}

// GraceOrDefault is how long the previous value goes on working: Grace or, where that is zero, 24 hours,
// and half of Every where that is shorter.
func (r Rotation) GraceOrDefault() time.Duration {
	switch half := time.Duration(r.Every) / 2; {
	case r.Grace != 0:
		return time.Duration(r.Grace)
	case r.Every != Manual && half < day:
		return half
	}
	return day
}

// OverdueAfter is how old a value is when its rotation is overdue: Every and a quarter of it, which is at least 3
// hours and at most 7 days. Zero: never, as somebody starts each rotation.
func (r Rotation) OverdueAfter() time.Duration {
	if r.Every == Manual {
		return 0
	}
	every := time.Duration(r.Every)
	return every + min(max(every/4, 3*time.Hour), 7*day)
}

// Target is the word for where the value is used: generated, postgres, mysql or webhook; empty where none
// is given, or several are.
func (r Rotation) Target() string {
	if targets := r.targets(); len(targets) == 1 {
		return targets[0]
	}
	return ""
}

func (r Rotation) targets() []string {
	var targets []string
	for _, t := range []struct {
		word  string
		given bool
	}{{"generated", r.Generated != nil}, {"postgres", r.Postgres != nil}, {"mysql", r.MySQL != nil}, {"webhook", r.Webhook != nil}} {
		if t.given {
			targets = append(targets, t.word)
		}
	}
	return targets
}

// Database is Postgres or MySQL, whichever is given; nil: neither.
func (r Rotation) Database() *Database {
	if r.Postgres != nil {
		return r.Postgres
	}
	return r.MySQL
}

// Reads gives the names of the other secrets that the rotation reads: Database.Admin, Webhook.Key.
func (r Rotation) Reads() []string {
	var names []string
	for _, ref := range r.references() {
		names = append(names, ref.name)
	}
	return names
}

// reference is a field that names another secret.
type reference struct{ field, name string }

func (r Rotation) references() []reference {
	var refs []reference
	if r.Postgres != nil && r.Postgres.Admin != "" {
		refs = append(refs, reference{"postgres.admin", r.Postgres.Admin})
	}
	if r.MySQL != nil && r.MySQL.Admin != "" {
		refs = append(refs, reference{"mysql.admin", r.MySQL.Admin})
	}
	if r.Webhook != nil && r.Webhook.Key != "" {
		refs = append(refs, reference{"webhook.key", r.Webhook.Key})
	}
	return refs
}
