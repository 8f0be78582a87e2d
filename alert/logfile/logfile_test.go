package logfile_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/secretstack/secretstack/alert/logfile"
)

// id is a decoder for records that have an id.
func id(record []byte) (string, error) {
	var r struct{ ID string }
	if err := json.Unmarshal(record, &r); err != nil {
		return "", err
	}
	if r.ID == "" {
		return "", fmt.Errorf("no id in %s", record)
	}
	return r.ID, nil
}

func readAll(t *testing.T, log io.Reader) ([]string, error) {
	t.Helper()
	var ids []string
	err := logfile.Read(t.Context(), log, id, func(id string) { ids = append(ids, id) })
	return ids, err
}

func TestRead(t *testing.T) {
	for _, tt := range []struct{ name, log string }{
		{"JSON lines", `{"id":"a"}` + "\n" + `{"id":"b"}` + "\n"},
		{"a CloudTrail file", `{"Records":[{"id":"a"},{"id":"b"}]}`},
		{"the same, indented", "{\n  \"Records\": [\n    {\n      \"id\": \"a\"\n    },\n    {\"id\": \"b\"}\n  ]\n}\n"},
		{"two such files, one after the other", `{"Records":[{"id":"a"}]}{"Records":[{"id":"b"}]}`},
		{"what Azure writes to a storage account", `{"records":[{"id":"a"},{"id":"b"}]}`},
		{"what gcloud and az print", "[\n  {\n    \"id\": \"a\"\n  },\n  {\n    \"id\": \"b\"\n  }\n]\n"},
		{"an array in one line", `[{"id":"a"},{"id":"b"}]`},
		{
			"lookup-events",
			`{"Events":[{"EventId":"1","CloudTrailEvent":"{\"id\":\"a\"}"},{"EventId":"2","CloudTrailEvent":"{\"id\":\"b\"}"}],"NextToken":"x"}`,
		},
		{
			"filter-log-events",
			`{"events":[{"message":"START RequestId: 1","ingestionTime":1},{"message":"{\"id\":\"a\"}\n","ingestionTime":2},` +
				`{"message":"{\"id\":\"b\"}","ingestionTime":3}],"searchedLogStreams":[]}`,
		},
		{
			"an export of CloudWatch Logs",
			"2026-03-02T12:00:00.000Z START RequestId: 1\n2026-03-02T12:00:00.100Z {\"id\":\"a\"}\n2026-03-02T12:00:00.200Z {\"id\":\"b\"}\n" +
				"2026-03-02T12:00:00.300Z END RequestId: 1",
		},
		{"braces, quotes and words in strings", `{"x":"}\\\"{[\\","detail":{"y":["]"]},"z":"\"detail-type\"","id":"a"}` + "\r\n" + `{"id":"b"}`},
		{"indented objects", "{\n\"id\": \"a\", \"y\": {\"z\": {}\n}}\n{\"id\":\n\"b\"\n}"},
		{"a mark of the byte order", "\ufeff" + `{"id":"a"}` + "\n" + `{"id":"b"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for name, log := range map[string]io.Reader{
				"plain": strings.NewReader(tt.log), "gzip": zipped(t, tt.log), "byte by byte": oneByte{strings.NewReader(tt.log)},
			} {
				got, err := readAll(t, log)
				if err != nil {
					t.Errorf("%s: %v", name, err)
				}
				if diff := cmp.Diff([]string{"a", "b"}, got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", name, diff)
				}
			}
		})
	}
}

func zipped(t *testing.T, text string) io.Reader {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return &b
}

type oneByte struct{ io.Reader }

func (r oneByte) Read(p []byte) (int, error) { return r.Reader.Read(p[:1]) }

func TestEmpty(t *testing.T) {
	for _, log := range []string{"", "\n", "[]", `{"Records":[]}`} {
		if got, err := readAll(t, strings.NewReader(log)); err != nil || len(got) > 0 {
			t.Errorf("%q: %v %v", log, got, err)
		}
	}
}

func TestErrors(t *testing.T) {
	const value = "hunter2"
	short := zipped(t, strings.Repeat(`{"id":"a"}`+"\n", 1000)).(*bytes.Buffer)
	short.Truncate(short.Len() - 10)
	for _, tt := range []struct {
		name string
		log  io.Reader
		want string
		read int // records before it
	}{
		{"text", strings.NewReader("hunter2 is a password\n"), "line 1, after 0 records, is not in a form of audit logs", 0},
		{"text later", strings.NewReader("{\"id\":\"a\"}\n\nhunter2"), "line 3, after 1 records, is not in", 1},
		{"CSV", strings.NewReader("time,hunter2\n"), "line 1,", 0},
		{"a list of no records", strings.NewReader(`["hunter2"]`), "line 1, after 0 records, is not in", 0},
		{"cut off in a record", strings.NewReader("{\"id\":\"a\"}\n{\"id\":\"hunter2"), "the file ends within record 2, which begins in line 2", 1},
		{"cut off in the list", strings.NewReader(`{"Records":[{"id":"a"},`), "the file ends within its list, after record 1, in line 1", 1},
		{"no JSON", strings.NewReader("{\"id\":\"a\"}\n{\"hunter2\"}"), "record 2, in line 2, is no record of an audit log: it is not valid JSON", 1},
		{"another kind", strings.NewReader(`{"id":7,"x":"hunter2"}`), "record 1, in line 1, is no record of an audit log: ID is a number", 0},
		{"without an id", strings.NewReader(`{"x":"hunter2"}`), "it lacks what the cloud's documentation gives each record", 0},
		{"no gzip", strings.NewReader("\x1f\x8bhunter2 and more"), "the file begins as gzip does, but is none", 0},
		{"gzip cut off", short, ", the compressed data ends early", -1},
		{"gzip cut off in its header", strings.NewReader("\x1f\x8b\x08"), "the compressed data ends early", 0},
		{"a record without an end", io.MultiReader(strings.NewReader(`{"id":"`), endless{}), "record 1, in line 1, is longer than any record", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := readAll(t, tt.log)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("got %v, want %s", err, tt.want)
			}
			if strings.Contains(err.Error(), value) {
				t.Errorf("shows what is in the log: %v", err)
			}
			if tt.read >= 0 && len(got) != tt.read {
				t.Errorf("%d records before it, want %d", len(got), tt.read)
			}
		})
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return copy(p, bytes.Repeat([]byte("x"), len(p))), nil }

// TestOrder: however many cores decode, the results come in the log's order, and what is read ahead is bounded.
func TestOrder(t *testing.T) {
	const records = 300_000
	log, w := io.Pipe()
	go func() {
		for i := range records {
			if _, err := fmt.Fprintf(w, "{\"id\":\"%d\",\"x\":%q}\n", i, strings.Repeat("y", 500)); err != nil {
				return
			}
		}
		_ = w.Close()
	}()
	var heap, first uint64
	next := 0
	err := logfile.Read(t.Context(), log, id, func(id string) {
		if want := fmt.Sprint(next); id != want {
			t.Fatalf("got %s, want %s", id, want)
		}
		if next++; next%30_000 == 0 {
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			if heap = m.HeapAlloc; first == 0 {
				first = heap
			}
		}
	})
	if err != nil || next != records {
		t.Fatal(next, err)
	}
	if heap > first+8<<20 {
		t.Errorf("the heap has grown from %d to %d bytes", first, heap)
	}
}

// TestStops: an error ends the reading, though the log goes on.
func TestStops(t *testing.T) {
	log := io.MultiReader(strings.NewReader("{\"id\":\"a\"}\n{\"no\":\"id\"}\n"), forever{})
	_, err := readAll(t, log)
	var wrong *logfile.RecordError
	if !errors.As(err, &wrong) || wrong.Record != 2 || wrong.Line != 2 {
		t.Error(err)
	}
}

type forever struct{}

func (forever) Read(p []byte) (int, error) { return copy(p, "{\"id\":\"z\"}\n"), nil }
