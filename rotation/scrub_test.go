package rotation

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"testing"
)

// forms are what a secret may look like in an error.
var forms = map[string]func(string) string{
	"plain":        func(s string) string { return s },
	"quoted":       strconv.Quote,
	"quoted twice": func(s string) string { return strconv.Quote(strconv.Quote(s)) },
	"JSON": func(s string) string {
		b, _ := json.Marshal(s)
		return string(b)
	},
	"query":         url.QueryEscape,
	"path":          url.PathEscape,
	"user":          func(s string) string { return url.UserPassword("app", s).String() },
	"SQL":           func(s string) string { return strings.ReplaceAll(s, "'", "''") },
	"base64":        func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
	"base64 in URL": func(s string) string { return url.QueryEscape(base64.URLEncoding.EncodeToString([]byte(s))) },
	"basic":         func(s string) string { return base64.StdEncoding.EncodeToString([]byte("app:" + s)) },
	"amid":          func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte("to " + s + " and more")) },
	"log":           func(s string) string { return fmt.Sprintf("%q", fmt.Sprintf("connect with %q", s)) },
}

func TestScrub(t *testing.T) {
	for _, secret := range []string{
		"correct-horse", `can'ary +/%"1"`, "a\\b\\\\c&d=e;f", "tab\tand\r\nline", "grüße, 世界!", "p@ss:w0rd/?#[]", "<&=>",
	} {
		for name, form := range forms {
			text := "connect: " + form(secret) + " was rejected"
			got := scrub(text, []Value{NewValue(secret)})
			if !strings.Contains(got, redacted) || !strings.HasPrefix(got, "connect: ") || !strings.HasSuffix(got, " was rejected") {
				t.Errorf("%s of %q: %s", name, secret, got)
			}
			for _, word := range strings.FieldsFunc(secret, func(c rune) bool { return c < 'A' || c > 'z' }) {
				if len(word) > 3 && strings.Contains(got, word) {
					t.Errorf("%s of %q leaves %s", name, secret, got)
				}
			}
		}
	}
}

func TestScrubWhatIsSecret(t *testing.T) {
	value := NewValue(`{"engine":"postgres","host":"db","port":5432,"username":"app","password":"hunter","dbname":"orders",
		"keys":[{"pin":123}],"on":true,"v":1,"ttl":"10s","serial":4711,"db_passwords":["x#1"]}`)
	for text, want := range map[string]string{
		"connect to db:5432 as app: hunter is wrong": "connect to db:5432 as app: [redacted] is wrong",
		"pin 123":             "pin [redacted]",
		"is true":             "is true",
		"no answer after 10s": "no answer after 10s",
		"serial 4711, x#1":    "serial [redacted], [redacted]",
	} {
		if got := scrub(text, []Value{value}); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if got := scrub("x\xff\xfey was rejected", []Value{NewValue("x\xff\xfey")}); got != redacted {
		t.Errorf("bytes that are no text: %q", got)
	}
	if got := scrub("abc abcdef", []Value{NewValue("abc"), {}, NewValue("abcdef")}); got != "[redacted] [redacted]" {
		t.Errorf("one value within another: %q", got)
	}
}

func FuzzScrub(f *testing.F) {
	f.Add("correct-horse", "connect to db as app")
	f.Add(`can'ary +/%"1"`, `{"password": "x"}`)
	f.Add("\\\\''\"\"  \n", "")
	f.Fuzz(func(t *testing.T, secret, around string) {
		value := NewValue(secret)
		if len(secret) < 4 || strings.Contains(redacted, secret) {
			return
		}
		for name, form := range forms {
			if got := scrub(around+form(secret)+around, []Value{value}); strings.Contains(got, secret) || !strings.Contains(got, redacted) {
				t.Errorf("%s of %q: %q", name, secret, got)
			}
		}
	})
}
