package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/secretstack/secretstack/alert"
	"github.com/secretstack/secretstack/internal/stack"
)

// BenchmarkAlertsTest replays a log of a million records, two cores at work:
//
//	go test ./cmd/secretstack -run '^$' -bench AlertsTest -benchtime 1000000x
func BenchmarkAlertsTest(b *testing.B) {
	for name, cloud := range map[string]string{"prod": "aws", "gcp": "gcp", "azure": "azure"} {
		b.Run(cloud, func(b *testing.B) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
			file := filepath.Join(b.TempDir(), "log.json")
			f, err := os.Create(file)
			if err != nil {
				b.Fatal(err)
			}
			size, err := io.Copy(f, newSyntheticLog(b, cloud, b.N))
			if err := errors.Join(err, f.Close()); err != nil {
				b.Fatal(err)
			}
			t := replayOf(b, name, nil)
			b.ReportAllocs()
			b.SetBytes(size / int64(b.N))
			b.ResetTimer()
			if err := t.run(b.Context(), []string{file}); err != nil && b.N > 1 { // the first record alone may be another's
				b.Fatal(err)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
			b.ReportMetric(100*float64(t.about)/float64(b.N), "%of-store")
		})
	}
}

// TestAlertsTestInConstantMemory: beyond what is held back to be put in order, the length of a log does not matter.
func TestAlertsTestInConstantMemory(t *testing.T) {
	for name, cloud := range map[string]string{"prod": "aws", "gcp": "gcp", "azure": "azure"} {
		var heaps []uint64
		log := newSyntheticLog(t, cloud, 450_000)
		log.each = func(n int) {
			if n%150_000 == 0 {
				runtime.GC()
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				heaps = append(heaps, m.HeapAlloc>>20)
			}
		}
		r := replayOf(t, name, log)
		if err := r.run(t.Context(), []string{"-"}); err != nil {
			t.Fatal(err)
		}
		if r.about < 150_000 {
			t.Errorf("%s: only %d events are about the store", cloud, r.about)
		}
		t.Logf("%s: %d MiB", cloud, heaps)
		if len(heaps) != 3 || heaps[2] > heaps[1]+16 { // 150,000 records have 160 MiB
			t.Errorf("%s: the heap was %d MiB, after each 150,000 records", cloud, heaps)
		}
	}
}

// TestFiringText: what several events have fired names the last of them as that, and only as far as they may differ.
func TestFiringText(t *testing.T) {
	at := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		id    alert.ID
		event alert.Event
		count int
		want  string
	}{
		{
			alert.SecretDeleted,
			alert.Event{Secret: "*", Who: "7b1c", Operation: "VaultDelete"},
			1,
			"2026-03-02T10:00:00Z  critical  secret-deleted of the whole vault by 7b1c: VaultDelete",
		},
		{
			alert.DeniedBurst,
			alert.Event{Secret: "*", Who: "7b1c", Operation: "SecretGet"},
			6,
			"2026-03-02T10:00:00Z  high      denied-burst, last of the whole vault by 7b1c: 6 times since 2026-03-02T09:59:00Z, at last SecretGet",
		},
		{
			alert.ReadBurst,
			alert.Event{Secret: "db", Who: "7b1c", Operation: "SecretGet"},
			101,
			"2026-03-02T10:00:00Z  high      read-burst of db, last by 7b1c: 101 times since 2026-03-02T09:59:00Z, at last SecretGet",
		},
		{
			alert.ListedInBulk,
			alert.Event{Who: "7b1c", Operation: "SecretList"},
			21,
			"2026-03-02T10:00:00Z  medium    listed-in-bulk, last by 7b1c: 21 times since 2026-03-02T09:59:00Z, at last SecretList",
		},
	} {
		var out strings.Builder
		r := &alertsTest{out: &out, fired: map[alert.ID]*firedAlert{}}
		tt.event.Time = at
		r.print([]alert.Firing{{Alert: *alert.ByID(tt.id), Event: tt.event, Since: at.Add(-time.Minute), Count: tt.count}})
		if got := strings.TrimSpace(out.String()); got != tt.want {
			t.Errorf("got  %s\nwant %s", got, tt.want)
		}
	}
}

// TestAlertsTestListsOnly: what has fired is said, though no record is about the store alone.
func TestAlertsTestListsOnly(t *testing.T) {
	record := `{"eventVersion":"1.08","userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::444455556666:user/mallory"},` +
		`"eventTime":"2026-03-02T10:00:00Z","eventSource":"secretsmanager.amazonaws.com","eventName":"ListSecrets","awsRegion":"eu-west-1",` +
		`"sourceIPAddress":"198.51.100.7","eventID":"%d","recipientAccountId":"444455556666"}` + "\n"
	for records, fires := range map[int]bool{20: false, 21: true} {
		var log strings.Builder
		for i := range records {
			fmt.Fprintf(&log, record, i)
		}
		r := replayOf(t, "prod", strings.NewReader(log.String()))
		err := r.run(t.Context(), []string{"-"})
		if fired := r.fired[alert.ListedInBulk] != nil; fired != fires || (err == nil) != fires || err != nil && !errors.As(err, &inputError{}) {
			t.Errorf("%d records: fired %v, %v", records, fired, err)
		}
	}
}

// TestUnreadable: a user reads no names of system calls.
func TestUnreadable(t *testing.T) {
	if _, err := filesOf([]string{"-", "absent"}); err == nil || err.Error() != "absent is not there" {
		t.Error(err)
	}
	err := unreadable(&fs.PathError{Op: "lstat", Path: "trail", Err: syscall.EACCES})
	if err.Error() != "trail cannot be read: permission denied" {
		t.Error(err)
	}
}

func replayOf(t testing.TB, stackName string, log io.Reader) *alertsTest {
	t.Helper()
	dir := t.TempDir()
	if err := copySample(dir); err != nil {
		t.Fatal(err)
	}
	// The records are about stacks called prod.
	if err := os.Rename(filepath.Join(dir, "Pulumi."+stackName+".yaml"), filepath.Join(dir, "Pulumi.prod.yaml")); err != nil {
		t.Fatal(err)
	}
	selected := &selection{dir: dir, stack: "prod"}
	s, err := selected.open()
	if err != nil {
		t.Fatal(err)
	}
	watched, err := selected.watchedBy(s, subscription(s))
	if err != nil {
		t.Fatal(err)
	}
	return &alertsTest{
		watched: watched, known: known{s, nil}, alerts: s.AlertSettings().Active(s.AlertGaps(), true), in: log, out: io.Discard, err: io.Discard,
	}
}

// subscription is a state that tells the one of the records, which only Azure needs.
func subscription(s *stack.Stack) state {
	known := state{}
	for _, r := range s.Plan.Of("azure-native:keyvault:Vault") {
		known[r.URN] = map[string]any{"id": "/subscriptions/8f3b6c1e-0d47-4a92-b5e8-2c9f7a1d6e04"}
	}
	return known
}

// syntheticLog has the records that nearly fire a cloud's alerts, again and again, with times that go on.
type syntheticLog struct {
	records [][2][]byte // what is before and after the time
	left    int
	written int
	at      time.Time
	buffer  bytes.Buffer
	each    func(n int)
}

// recordTimes find the time of a record. The later ones may be in others for something else.
var recordTimes = []*regexp.Regexp{
	regexp.MustCompile(`"eventTime":"([^"]+)"`), regexp.MustCompile(`"timestamp":"([^"]+)"`),
	regexp.MustCompile(`"TimeGenerated":"([^"]+)"`), regexp.MustCompile(`"time":"([^"]+)"`),
}

func newSyntheticLog(t testing.TB, cloud string, records int) *syntheticLog {
	t.Helper()
	l := &syntheticLog{left: records, at: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)}
	files, err := filepath.Glob(filepath.Join("..", "..", "alert", cloud+"alert", "testdata", "*-*", "quiet-*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var log struct{ Records []json.RawMessage }
		if err := json.Unmarshal(data, &log); err != nil {
			t.Fatal(err)
		}
		for _, r := range log.Records {
			var line bytes.Buffer
			if err := json.Compact(&line, r); err != nil {
				t.Fatal(err)
			}
			for _, at := range recordTimes {
				if m := at.FindSubmatchIndex(line.Bytes()); m != nil {
					l.records = append(l.records, [2][]byte{line.Bytes()[:m[2]], line.Bytes()[m[3]:]})
					break
				}
			}
		}
	}
	if len(l.records) < 50 {
		t.Fatalf("there are only %d records of %s", len(l.records), cloud)
	}
	return l
}

func (l *syntheticLog) Read(p []byte) (int, error) {
	for l.buffer.Len() < len(p) && l.left > 0 {
		r := l.records[l.written%len(l.records)]
		l.buffer.Write(r[0])
		l.buffer.Write(l.at.AppendFormat(l.buffer.AvailableBuffer(), time.RFC3339))
		l.buffer.Write(r[1])
		l.buffer.WriteByte('\n')
		l.at = l.at.Add(700 * time.Millisecond)
		l.left--
		if l.written++; l.each != nil {
			l.each(l.written)
		}
	}
	return l.buffer.Read(p)
}
