package secret

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestGraceOrDefault(t *testing.T) {
	for _, c := range []struct {
		every Every
		grace Duration
		want  time.Duration
	}{
		{Every(30 * day), 0, day},
		{Every(48 * time.Hour), 0, day},
		{Every(47 * time.Hour), 0, 47 * time.Hour / 2},
		{Every(time.Hour), 0, 30 * time.Minute},
		{Manual, 0, day},
		{Every(30 * day), Duration(7 * day), 7 * day},
		{Manual, Duration(time.Hour), time.Hour},
	} {
		if got := (Rotation{Every: c.every, Grace: c.grace}).GraceOrDefault(); got != c.want {
			t.Errorf("every %s, grace %s: %s, want %s", c.every, c.grace, got, c.want)
		}
	}
}

// TestWholeHours: what a program can say and a Job cannot.
func TestWholeHours(t *testing.T) {
	for _, c := range []struct {
		every Every
		grace Duration
		want  string
	}{
		{Every(5 * time.Hour), Duration(time.Hour), ""},
		{Every(90 * time.Minute), 0, "every"},
		{Every(-time.Hour), 0, "every"},
		{Every(day), Duration(90 * time.Minute), "grace"},
		{Manual, Duration(-time.Hour), "grace"},
	} {
		got := ""
		for _, p := range (Rotation{Every: c.every, Grace: c.grace, Generated: &Generated{}}).Check() {
			got += p.Field
		}
		if got != c.want {
			t.Errorf("every %s, grace %s: %q is wrong, want %q", c.every, c.grace, got, c.want)
		}
	}
}

func TestCheckEvery(t *testing.T) {
	c := Cloud{Name: "aws", MinEvery: 4 * time.Hour, MaxEvery: 999 * day}
	for e, ok := range map[Every]bool{
		Manual: true, Every(4 * time.Hour): true, Every(999 * day): true, Every(3 * time.Hour): false, Every(1000 * day): false,
	} {
		if err := c.CheckEvery(e); (err == nil) != ok {
			t.Errorf("%s: %v", e, err)
		}
	}
}

func TestAddressCheck(t *testing.T) {
	postgres, webhook := Rotation{Postgres: &Database{}}, Rotation{Webhook: &Webhook{}}
	for _, c := range []struct {
		rotation Rotation
		address  Address
		want     string // of the fields that are wrong
	}{
		{postgres, Address{Host: "db.example.com"}, ""},
		{postgres, Address{Host: "localhost", Port: 65535, Database: "Orders 2", TLS: "off"}, ""},
		{postgres, Address{Host: "10.0.0.7", TLS: "verify"}, ""},
		{postgres, Address{Host: "2001:db8::7"}, ""},
		{postgres, Address{Host: "orders_db.internal."}, ""},
		{postgres, Address{}, "host"},
		{postgres, Address{Host: "[2001:db8::7]:5432"}, "host"},
		{postgres, Address{Host: "orders@db"}, "host"},
		{postgres, Address{Host: "db..example.com"}, "host"},
		{postgres, Address{Host: strings.Repeat("a", 64)}, "host"},
		{postgres, Address{Host: strings.Repeat("a.", 127)}, "host"},
		{postgres, Address{Host: "db", Port: -1, Database: strings.Repeat("d", 64), TLS: "no", URL: "https://a"}, "database tls url port"},
		{postgres, Address{Host: "db", CA: "certificate"}, "ca"},
		{webhook, Address{URL: "https://issuer.example.com"}, ""},
		{webhook, Address{URL: "https://issuer.example.com:8443/rotate/"}, ""},
		{webhook, Address{}, "url"},
		{webhook, Address{URL: "issuer.example.com"}, "url"},
		{webhook, Address{URL: "http://localhost:8080/rotate"}, ""},
		{webhook, Address{URL: "http://127.0.0.1"}, ""},
		{webhook, Address{URL: "http://[::1]:8080"}, ""},
		{webhook, Address{URL: "http://issuer.example.com"}, "url"},
		{webhook, Address{URL: "http://localhost.example.com"}, "url"},
		{webhook, Address{URL: "http://10.0.0.7"}, "url"},
		{webhook, Address{URL: "http://0.0.0.0"}, "url"},
		{webhook, Address{URL: "http://key@localhost"}, "url"},
		{webhook, Address{URL: "ftp://localhost"}, "url"},
		{webhook, Address{URL: "https://"}, "url"},
		{webhook, Address{URL: "https://key@issuer.example.com"}, "url"},
		{webhook, Address{URL: "https://issuer.example.com#key"}, "url"},
		{webhook, Address{URL: "https://a", Host: "a", Port: 443, Database: "d", TLS: "verify"}, "host database tls port"},
		{Rotation{Generated: &Generated{}}, Address{}, ""},
		{Rotation{Generated: &Generated{}}, Address{Host: "db"}, "-"},
		{Rotation{}, Address{Host: "db:5432"}, ""}, // what is wrong is the rotation
	} {
		var fields []string
		for _, p := range c.address.Check(c.rotation) {
			if p.Field == "" {
				p.Field = "-"
			}
			fields = append(fields, p.Field)
		}
		if got := strings.Join(fields, " "); got != c.want {
			t.Errorf("%+v: %q is wrong, want %q", c.address, got, c.want)
		}
	}
}

func TestJobJSON(t *testing.T) {
	id := func(name string) string { return "shop/dev/" + name }
	for _, c := range []struct {
		spec    Spec
		address Address
		want    string
	}{
		{
			Spec{Name: "signing-key", Rotation: &Rotation{Generated: &Generated{}}},
			Address{},
			`{"secret":"signing-key","id":"shop/dev/signing-key","rotation":{"every":"manual","generated":{}}}`,
		},
		{
			Spec{Name: "orders-db", Readers: []string{"checkout"}, Rotation: &Rotation{
				Every: Every(30 * day), Grace: Duration(36 * time.Hour),
				Postgres: &Database{Users: []string{"a", "b"}, Admin: "admin"},
			}},
			Address{Host: "db.example.com", Port: 5433, Database: "orders", TLS: "verify", CA: "certificates"},
			`{"secret":"orders-db","id":"shop/dev/orders-db",` +
				`"rotation":{"every":"30d","grace":"36h","postgres":{"users":["a","b"],"admin":"admin"}},` +
				`"address":{"host":"db.example.com","port":5433,"database":"orders","tls":"verify","ca":"certificates"},` +
				`"reads":{"admin":"shop/dev/admin"}}`,
		},
		{
			Spec{Name: "token", Rotation: &Rotation{Every: Every(5 * time.Hour), Webhook: &Webhook{Key: "key"}}},
			Address{URL: "https://issuer.example.com"},
			`{"secret":"token","id":"shop/dev/token","rotation":{"every":"5h","webhook":{"key":"key"}},` +
				`"address":{"url":"https://issuer.example.com"},"reads":{"key":"shop/dev/key"}}`,
		},
	} {
		job := NewJob(c.spec, c.address, id)
		text, err := json.Marshal(job)
		if err != nil || string(text) != c.want {
			t.Errorf("%s is\n%s, %v, want\n%s", c.spec.Name, text, err, c.want)
		}
		var back Job
		if err := json.Unmarshal(text, &back); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(job, back); diff != "" {
			t.Errorf("%s (-made +read):\n%s", c.spec.Name, diff)
		}
	}
}

func TestRotated(t *testing.T) {
	d, err := Parse("secrets.yaml", []byte(`
secrets:
  admin:
    rotation: {every: manual, mysql: {users: [root]}}
  orders-db:
    readers: [checkout]
    rotation: {every: 30d, mysql: {users: [a, b], admin: admin}}
  token:
    readers: [checkout]
    rotation: {every: 90d, grace: 7d, webhook: {key: key}}
  key:
    rotation: {every: 2w, webhook: {key: first-key}}
  first-key: {}
  by-hand:
    readers: [checkout]
`), nil)
	if err != nil {
		t.Fatal(err)
	}
	var rotated, read []string
	for _, s := range d.Rotated() {
		rotated = append(rotated, s.Name)
	}
	for _, s := range d.Secrets {
		if d.ReadByRotator(s.Name) {
			read = append(read, s.Name)
		}
	}
	if got := fmt.Sprint(rotated); got != "[admin key orders-db token]" {
		t.Errorf("rotated: %s", got)
	}
	if got := fmt.Sprint(read); got != "[admin first-key key]" {
		t.Errorf("read by the rotator: %s", got)
	}
}

func TestOverdueAfter(t *testing.T) {
	const hour = time.Hour
	for every, want := range map[time.Duration]time.Duration{
		0: 0, 4 * hour: 7 * hour, 20 * hour: 25 * hour, 8 * day: 10 * day, 30 * day: 37 * day, 365 * day: 372 * day,
	} {
		if got := (Rotation{Every: Every(every)}).OverdueAfter(); got != want {
			t.Errorf("every %s: overdue after %s, want %s", every, got, want)
		}
	}
}
