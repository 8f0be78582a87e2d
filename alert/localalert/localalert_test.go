package localalert_test

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/secretstack/secretstack/alert"
	"github.com/secretstack/secretstack/alert/alerttest"
	"github.com/secretstack/secretstack/alert/localalert"
	"github.com/secretstack/secretstack/internal/accesslog"
)

const rotator = "rotator.local"

func store() *localalert.Store {
	return &localalert.Store{
		Watch: alert.Watch{
			Secrets: []alert.Secret{
				{Name: "orders-db", Readers: []string{"checkout", "reports"}},
				{Name: "orders-db-admin", Readers: []string{rotator}},
				{Name: "session-signing-key", Readers: []string{"checkout"}},
				{Name: "stripe-api-key", Readers: []string{"checkout"}},
				{Name: "warehouse/api-token", Readers: []string{"reports"}},
				{Name: "warehouse/rotation-key", Readers: []string{rotator}},
			},
			Rotators:  []string{rotator},
			Deployers: []string{"alice"},
		},
		Keys: map[string]string{
			"age1yw6y68ce7kpddn826tywa94xnhrjffr0mrrvcqn87rqcu6mjtugsxfwgsf":                   "checkout",
			"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJjxsQX5pO3B4YUCPQNlikoMDO1q6sEMccGz8C01fl9b": "reports",
		},
	}
}

// Conditions are written in no other language here: Native is nil.
func TestAlerts(t *testing.T) {
	s := store()
	const ofStore = "alert.Inof-store"
	each := "each entry of the log is about the stack that has the log"
	rewired := "the log is a file that all changes are added to: nothing says what it records, and nothing watches it"
	alerttest.Run(t, alerttest.Cloud{
		Watch: &s.Watch, Decode: s.Decode, Gaps: localalert.Gaps,
		Unseen: map[string]string{
			"read-by-newcomer: " + ofStore:                     each,
			"read-burst: " + ofStore:                           each,
			"denied-burst: " + ofStore:                         each,
			"read-in-bulk: " + ofStore:                         each,
			"secret-deleted: " + ofStore:                       each,
			"secret-changed: " + ofStore:                       each,
			"secret-deleted: alert.Ends[ok]":                   "a deletion that fails is not recorded",
			"secret-changed: alert.Not{by-rotator}":            "a rotation is no change but an operation of its own",
			"audit-changed: alert.Ends[ok]":                    "nobody tries to break the log, and fails, with a record of it",
			"audit-changed: alert.All[[rewire] {by-deployer}]": rewired,
			"audit-changed: alert.Not{by-deployer}":            rewired,
		},
	})
}

// The records are what accesslog writes: each case's are a whole log.
func TestRecords(t *testing.T) {
	files, err := filepath.Glob("testdata/*/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	t.Setenv("HOME", t.TempDir())
	t.Setenv("XDG_CONFIG_HOME", "")
	log, err := accesslog.Open(t.TempDir(), "local")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Dir(log.File), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var c alerttest.Case
		if err := json.Unmarshal(data, &c); err != nil {
			t.Fatal(err)
		}
		var lines bytes.Buffer
		for _, record := range append(c.Before, c.Records...) {
			lines.Write(append(record, '\n'))
		}
		if err := os.WriteFile(log.File, lines.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		chain, err := log.Check(func(line []byte, e accesslog.Entry) error {
			again, err := json.Marshal(e)
			if diff := cmp.Diff(string(line), string(again)); diff != "" {
				t.Errorf("%s: the log writes it in another way (-case +log):\n%s", file, diff)
			}
			return err
		})
		if err != nil || len(chain.Breaks) > 0 {
			t.Errorf("%s: %v, %v", file, chain.Breaks, err)
		}
	}
}

func TestDecode(t *testing.T) {
	noon := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	here := func(user string) netip.Addr { return netip.MustParseAddr("::1").WithZone(user) }
	for name, c := range map[string]struct {
		line string
		want alert.Event
	}{
		"read": {
			`"operation":"run","outcome":"ok","secret":"orders-db","user":"alice","reader":"reports","key":"age1yw6y68ce7kpddn826tywa94xnhrjffr0mrrvcqn87rqcu6mjtugsxfwgsf"`,
			alert.Event{Action: alert.Read, Outcome: alert.OK, Secret: "orders-db", Who: "checkout", From: here("alice"), Operation: "run"},
		},
		"unknown key": {
			`"operation":"run","outcome":"denied","secret":"orders-db","user":"alice","reader":"reports","key":"age1other"`,
			alert.Event{Action: alert.Read, Outcome: alert.Denied, Secret: "orders-db", Who: "age1other", From: here("alice"), Operation: "run"},
		},
		"no key": {
			`"operation":"rotation-read","outcome":"ok","secret":"orders-db","user":"alice","reader":"rotator.local"`,
			alert.Event{Action: alert.Read, Outcome: alert.OK, Secret: "orders-db", Who: rotator, From: here("alice"), Operation: "rotation-read"},
		},
		"no reader": {
			`"operation":"put","outcome":"ok","secret":"orders-db","user":"root"`,
			alert.Event{Action: alert.Change, Outcome: alert.OK, Secret: "orders-db", Who: "root", From: here("root"), Operation: "put"},
		},
	} {
		c.want.Time, c.want.ID = noon, "7"
		got, err := store().Decode([]byte(`{"seq":7,"time":"2026-03-02T12:00:00Z",` + c.line + `}`))
		if got != c.want || err != nil {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	for _, line := range []string{``, `[]`, `{}`, `{"seq":7,"time":"2026-03-02T12:00:00Z","operation":"look"}`, `{"operation":"run"}`} {
		if e, err := store().Decode([]byte(line)); err == nil {
			t.Errorf("%q gives %+v", line, e)
		}
	}
}

func TestBroken(t *testing.T) {
	noon := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	s := store()
	s.Index()
	e := localalert.Broken(accesslog.Break{Line: 3}, noon)
	if when := alert.ByID(alert.AuditChanged).When; !alert.Match(when, e, &s.Watch, nil) || e.Time != noon || e.ID != "line 3" {
		t.Errorf("%+v", e)
	}
}
