package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"testing"
	"time"

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
			if err := t.run(b.Context(), []string{file}); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
			b.ReportMetric(100*float64(t.events)/float64(b.N), "%of-store")
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
		if r.events < 200_000 {
			t.Errorf("%s: only %d events are about the store", cloud, r.events)
		}
		t.Logf("%s: %d MiB", cloud, heaps)
		if len(heaps) != 3 || heaps[2] > heaps[1]+16 { // 150,000 records have 160 MiB
			t.Errorf("%s: the heap was %d MiB, after each 150,000 records", cloud, heaps)
		}
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
		watched: watched, alerts: s.AlertSettings().Active(s.AlertGaps(), true), in: log, out: io.Discard, err: io.Discard,
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
