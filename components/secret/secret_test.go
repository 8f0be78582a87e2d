package secret

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestEscape(t *testing.T) {
	for name, want := range map[string]string{
		"orders-db":           "orders-db",
		"orders_db":           "orders--udb",
		"shop/orders":         "shop--sorders",
		"a--b":                "a--h--hb",
		"a-_b":                "a--h--ub",
		"a_-b":                "a--u-b",
		"shop/orders-db_main": "shop--sorders-db--umain",
	} {
		if got := Escape(name, ""); got != want {
			t.Errorf("Escape(%q) = %q, want %q", name, got, want)
		}
	}
	if got := Escape("shop/orders_db", "_"); got != "shop--sorders_db" {
		t.Errorf("an underscore that is allowed was escaped: %q", got)
	}
}

func FuzzEscape(f *testing.F) {
	for _, name := range []string{"a-_/b", "a---b", "a--sb", "a-", "a_-_-/-/b"} {
		f.Add(name)
	}
	letters := regexp.MustCompile(`^[A-Za-z0-9-]*$`)
	f.Fuzz(func(t *testing.T, name string) {
		if !nameRegexp.MatchString(name) {
			return
		}
		text := Escape(name, "")
		if !letters.MatchString(text) {
			t.Errorf("Escape(%q) = %q has other characters", name, text)
		}
		if back := Unescape(text); back != name {
			t.Errorf("Unescape(Escape(%q)) = %q", name, back)
		}
		if back := Unescape(Escape(name, "_")); back != name {
			t.Errorf("with _ allowed, Unescape(Escape(%q)) = %q", name, back)
		}
	})
}

func TestDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{"30d": 30 * day, "4h": 4 * time.Hour, "2w": 14 * day, "0d": 0} {
		var d Duration
		if err := d.UnmarshalText([]byte(text)); err != nil || time.Duration(d) != want {
			t.Errorf("%s is %v, %v, want %v", text, time.Duration(d), err, want)
		}
	}
	for _, text := range []string{"", "d", "30", "-1d", "1.5d", "30 d", "30m", "99999999999d", "4000000000w", "d30"} {
		d := Duration(1)
		if err := d.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is accepted as %v", text, time.Duration(d))
		}
		if d != 1 {
			t.Errorf("%q changed the duration", text)
		}
	}
	for d, want := range map[Duration]string{Duration(day): "1d", Duration(90 * time.Minute): "1.5h", 0: "0d"} {
		if d.String() != want {
			t.Errorf("%v is written %s, want %s", time.Duration(d), d, want)
		}
	}
}

func TestCheckRecovery(t *testing.T) {
	c := Cloud{Name: "aws", MinRecovery: 7 * day, MaxRecovery: 30 * day}
	for d, ok := range map[time.Duration]bool{
		0: true, 7 * day: true, 30 * day: true, 6 * day: false, 31 * day: false, 8*day + time.Hour: false, -day: false,
	} {
		if err := c.CheckRecovery(d); (err == nil) != ok {
			t.Errorf("%v: %v", d, err)
		}
	}
}

func TestRecoveryOrDefault(t *testing.T) {
	for _, c := range []struct {
		given        time.Duration
		allowDestroy bool
		want         time.Duration
	}{{0, false, 30 * day}, {0, true, 0}, {7 * day, false, 7 * day}, {7 * day, true, 7 * day}} {
		if got := RecoveryOrDefault(c.given, c.allowDestroy); got != c.want {
			t.Errorf("RecoveryOrDefault(%v, %v) = %v, want %v", c.given, c.allowDestroy, got, c.want)
		}
	}
}

func TestEnvName(t *testing.T) {
	for _, c := range []struct {
		spec Spec
		want string
	}{
		{Spec{Name: "stripe-api-key"}, "STRIPE_API_KEY"},
		{Spec{Name: "shop/orders-db_main"}, "SHOP_ORDERS_DB_MAIN"},
		{Spec{Name: "orders-db", Env: "ORDERS_DB_PASSWORD"}, "ORDERS_DB_PASSWORD"},
	} {
		if got := c.spec.EnvName(); got != c.want {
			t.Errorf("%+v: %s, want %s", c.spec, got, c.want)
		}
	}
}

func TestDeclarationReads(t *testing.T) {
	d, err := Parse("secrets.yaml", []byte("secrets:\n  b: {readers: [x, y]}\n  a: {readers: [y]}\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(d.Readers()); got != "[x y]" {
		t.Errorf("readers are %s", got)
	}
	if got := d.Reads("x"); len(got) != 1 || got[0].Name != "b" {
		t.Errorf("x reads %v", got)
	}
	if got := d.Reads("y"); len(got) != 2 || got[0].Name != "a" {
		t.Errorf("y reads %v", got)
	}
}

// FuzzParse feeds the parser anything: it must neither panic nor repeat what may be a credential.
func FuzzParse(f *testing.F) {
	const canary = "sk_live_4eC39HqLyjWDarjtT1zdp7dc"
	for _, text := range []string{
		"secrets:\n  %s: {}\n", "secrets:\n  a: %s\n", "secrets: [%s]", "%s", "secrets:\n  a: {readers: [%s]}", "a: &%s b",
		"secrets:\n  a: {value: %s}", "*%s", "secrets: {a: {env: '%s}}", "? %s\n: b", "- %s: [", "!%s a", "%%%s a\n---\n",
		"secrets:\n  a: {rotation: {every: %s, grace: %[1]s, generated: {kind: %[1]s, length: %[1]s, alphabet: %[1]s, require: [%[1]s]}}}",
		"secrets:\n  a: {rotation: {every: 30d, postgres: {users: [%s, a], admin: %[1]s, format: %[1]s}}, readers: [r]}",
		"secrets:\n  a: {rotation: {every: 30d, mysql: {users: [a, b, c], admin: a, password: %s}}}",
		"secrets:\n  a: {rotation: {every: manual, webhook: {key: %s}}}\n  b: {rotation: {webhook: {key: b}}}",
		"secrets:\n  a: {rotation: {every: 1d, grace: 2d, generated: {alphabet: '%s and the rest'}, webhook: }}",
	} {
		f.Add(fmt.Sprintf(text, canary))
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, err := Parse("secrets.yaml", []byte(text), &Target{Cloud: Cloud{
			Name: "test", SecretName: func(_, name string) (string, error) { return name, nil },
		}})
		if err != nil && strings.Contains(err.Error(), canary) {
			t.Errorf("the message repeats a credential:\n%s", err)
		}
	})
}
