package gcpalert_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/secretstack/secretstack/alert"
	"github.com/secretstack/secretstack/alert/gcpalert"
	"github.com/secretstack/secretstack/alert/logfile"
)

func TestDecode(t *testing.T) {
	const entry = `{"insertId": "x1", "logName": "projects/shop-prod/logs/LOG", PAYLOAD, "timestamp": "2026-03-02T09:00:07.5Z"}`
	audit := func(log, payload string) string {
		return strings.NewReplacer("LOG", "cloudaudit.googleapis.com%2F"+log, "PAYLOAD", `"protoPayload": {"authenticationInfo": {"principalEmail": "alice@example.com"}, `+
			`"requestMetadata": {"callerIp": "203.0.113.24"}, `+payload+`}`).Replace(entry)
	}
	rotator := func(payload string) string {
		return strings.NewReplacer("LOG", "run.googleapis.com%2Fstdout", "PAYLOAD",
			`"resource": {"labels": {"service_name": "shop-rotator"}}, "jsonPayload": {"message": "rotation", "secret": "projects/shop-prod/secrets/shop-prod-orders-db", `+payload+`}`).Replace(entry)
	}
	event := func(e alert.Event) alert.Event {
		e.ID, e.Time = "x1", time.Date(2026, 3, 2, 9, 0, 7, 500_000_000, time.UTC)
		if e.Operation != "" && e.Action != alert.Rotate && e.Action != alert.Look && e.Action != alert.Abandon {
			e.Who, e.From = "user:alice@example.com", netip.MustParseAddr("203.0.113.24")
		}
		return e
	}
	const secretManager, kms = `"serviceName": "secretmanager.googleapis.com", `, `"serviceName": "cloudkms.googleapis.com", `
	for name, c := range map[string]struct {
		record string
		want   alert.Event
	}{
		"a read": {
			audit("data_access", secretManager+`"methodName": "google.cloud.secretmanager.v1.SecretManagerService.AccessSecretVersion", "resourceName": "projects/1/secrets/x/versions/1"`),
			event(alert.Event{Action: alert.Read, Outcome: alert.OK, Operation: "AccessSecretVersion"}),
		},
		"a read that fails": {
			audit("data_access", secretManager+`"status": {"code": 5}, "methodName": "AccessSecretVersion", "resourceName": "projects/shop-prod/secrets/shop-prod-warehouse--sapi-token/versions/9"`),
			event(alert.Event{Action: alert.Read, Outcome: alert.Failed, Operation: "AccessSecretVersion", Secret: "warehouse/api-token"}),
		},
		"of a companion": {
			audit("activity", secretManager+`"status": {"code": 7}, "methodName": "AddSecretVersion", "resourceName": "projects/123456789012/secrets/shop-prod-warehouse--sapi-token--rotation"`),
			event(alert.Event{Action: alert.Change, Outcome: alert.Denied, Operation: "AddSecretVersion", Secret: "warehouse/api-token.rotation"}),
		},
		"a version of a key": {
			audit("activity", kms+`"methodName": "DestroyCryptoKeyVersion", "resourceName": "`+sample().Keys[1]+`/cryptoKeyVersions/1"`),
			event(alert.Event{Action: alert.UnmakeKey, Outcome: alert.OK, Operation: "DestroyCryptoKeyVersion", Key: true}),
		},
		"a step of a rotation": {
			rotator(`"step": "set", "outcome": "skipped"`),
			event(alert.Event{Action: alert.Rotate, Outcome: alert.Skipped, Operation: "set", Secret: "orders-db"}),
		},
		"a method in the wrong log":  {record: audit("activity", secretManager+`"methodName": "AccessSecretVersion"`)},
		"another method":             {record: audit("data_access", secretManager+`"methodName": "GetSecret"`)},
		"another service":            {record: audit("data_access", kms+`"methodName": "AccessSecretVersion"`)},
		"another log":                {record: audit("policy", secretManager+`"methodName": "AccessSecretVersion"`)},
		"an entry of an application": {record: `{"logName": "projects/shop-prod/logs/stdout", "textPayload": "x"}`},
		"no entry":                   {record: `{}`},
	} {
		got, err := sample().Decode([]byte(c.record))
		if diff := cmp.Diff(c.want, got, cmpopts.EquateComparable(netip.Addr{})); err != nil || diff != "" {
			t.Errorf("%s: %v, -want +got\n%s", name, err, diff)
		}
	}
	whole := rotator(`"step": "look", "outcome": "ok"`)
	for _, record := range []string{"", "x", "[]", `"x"`, whole[:len(whole)-4], whole[:len(whole)/2], strings.Replace(whole, "2026-03", "March", 1)} {
		if e, err := sample().Decode([]byte(record)); err == nil {
			t.Errorf("%q: no error: %+v", record, e)
		}
	}
}

// The ids of declared secrets are theirs alone, and read back.
func TestSecretID(t *testing.T) {
	s := sample()
	for name, id := range map[string]string{
		"orders-db":                "shop-prod-orders-db",
		"warehouse/api-token":      "shop-prod-warehouse--sapi-token",
		"a_b":                      "shop-prod-a_b",
		"x--rotation":              "shop-prod-x--h--hrotation",
		"x" + gcpalert.Companion:   "shop-prod-x--rotation",
		"a/b" + gcpalert.Companion: "shop-prod-a--sb--rotation",
		"x--rotation.rotation":     "shop-prod-x--h--hrotation--rotation",
	} {
		if got := s.SecretID(name); got != id {
			t.Errorf("%s: %s, want %s", name, got, id)
		}
	}
	for id, name := range map[string]string{
		"shop-prod-orders-db": "orders-db", "shop-prod-x--h--hrotation": "x--rotation", "shop-prod-a--sb--rotation": "a/b.rotation",
		"shop-prod-a--ub": "a--ub", // not a_b, whose id has no escape
		"shop-prod-x--y":  "x--y", "shop-prod-": "", "shop-test-x": "", "shop-prod": "",
	} {
		e, err := s.Decode([]byte(`{"timestamp": "2026-03-02T09:00:07Z", "logName": "projects/shop-prod/logs/cloudaudit.googleapis.com%2Fdata_access", "protoPayload":
			{"serviceName": "secretmanager.googleapis.com", "methodName": "AccessSecretVersion", "resourceName": "projects/123456789012/secrets/` + id + `/versions/1"}}`))
		if err != nil || e.Secret != name {
			t.Errorf("%s: %q, %v, want %q", id, e.Secret, err, name)
		}
	}
}

func TestCanonical(t *testing.T) {
	const inKubernetes = "serviceAccount:shop-prod.svc.id.goog[shop/reports]"
	for member, want := range map[string]string{
		checkout:                 checkout,
		reports:                  inKubernetes,
		inKubernetes:             inKubernetes,
		pipeline:                 pipeline,
		"user:Alice@Example.com": "user:alice@example.com",
		strings.Replace(reports, "/sa/", "/SA/", 1): strings.Replace(reports, "/sa/", "/SA/", 1),
	} {
		if got := gcpalert.Canonical(member); got != want {
			t.Errorf("%s: %s, want %s", member, got, want)
		}
	}
}

// records are those of all cases.
func records(b *testing.B) (all [][]byte) {
	b.Helper()
	files, err := filepath.Glob("testdata/*-*/*.json")
	if err != nil {
		b.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			b.Fatal(err)
		}
		var c struct{ Records []json.RawMessage }
		if err := json.Unmarshal(data, &c); err != nil {
			b.Fatal(err)
		}
		for _, r := range c.Records {
			var line bytes.Buffer
			if err := json.Compact(&line, r); err != nil {
				b.Fatal(err)
			}
			all = append(all, line.Bytes())
		}
	}
	return slices.Clip(all)
}

func BenchmarkDecode(b *testing.B) {
	s, all := sample(), records(b)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := s.Decode(all[i%len(all)]); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
}

// repeated is a log of so many entries, one in a line, as gcloud logging read --format=json prints without its brackets.
type repeated struct {
	entries [][]byte
	left    int
	rest    []byte
}

func (r *repeated) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		if len(r.rest) == 0 {
			if r.left == 0 {
				return n, io.EOF
			}
			r.left--
			r.rest = append(append(r.rest[:0:0], r.entries[r.left%len(r.entries)]...), '\n')
		}
		copied := copy(p[n:], r.rest)
		n, r.rest = n+copied, r.rest[copied:]
	}
	return n, nil
}

// A log as a file, from its text to what fires.
func BenchmarkReplay(b *testing.B) {
	s := sample()
	replay := alert.NewReplay(&s.Watch, alert.Settings{Networks: s.Networks}.Active(gcpalert.Gaps, true))
	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	log := &repeated{entries: records(b), left: b.N}
	b.ReportAllocs()
	b.ResetTimer()
	if err := logfile.Read(b.Context(), log, s.Decode, func(e alert.Event) {
		at = at.Add(100 * time.Millisecond)
		e.Time = at
		replay.Add(e)
	}); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
}
