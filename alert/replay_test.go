package alert

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var (
	start = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	home  = netip.MustParseAddr("192.0.2.10")
)

func read(after time.Duration, secret, who string, from netip.Addr) Event {
	return Event{Time: start.Add(after), Action: Read, Outcome: OK, Secret: secret, Who: who, From: from}
}

func reads(n int, from, step time.Duration) []Event {
	var events []Event
	for i := range n {
		events = append(events, read(from+time.Duration(i)*step, "orders-db", "checkout", home))
	}
	return events
}

func looksAt(hours ...float64) []Event {
	var events []Event
	for _, h := range hours {
		events = append(events, Event{Time: start.Add(time.Duration(h * float64(time.Hour))), Action: Look, Outcome: OK})
	}
	return events
}

func TestReplay(t *testing.T) {
	day := 24 * time.Hour
	other := netip.MustParseAddr("203.0.113.7")
	tick := func(after time.Duration) Event { return read(after, "orders-db", "checkout", home) }
	for _, tt := range []struct {
		name   string
		id     ID
		burst  int
		from   time.Duration
		events [][]Event
		until  time.Duration
		want   []string // when, how many, since when
	}{
		{name: "as many as is normal", id: ReadBurst, events: [][]Event{reads(100, 0, time.Second)}},
		{name: "one more", id: ReadBurst, events: [][]Event{reads(101, 0, time.Second)}, want: []string{"1m40s 101 since 0s"}},
		{name: "one more, too slowly", id: ReadBurst, events: [][]Event{reads(150, 0, 3*time.Second)}},
		{name: "a burst goes on", id: ReadBurst, events: [][]Event{reads(10_000, 0, time.Second)}, want: []string{"1m40s 101 since 0s"}},
		{
			name: "one again after it has fallen below", id: ReadBurst,
			events: [][]Event{reads(150, 0, time.Second), reads(150, time.Hour, time.Second)},
			want:   []string{"1m40s 101 since 0s", "1h1m40s 101 since 1h0m0s"},
		},
		{
			name: "out of order, within some minutes", id: ReadBurst,
			events: [][]Event{reads(60, time.Minute, time.Second), reads(1, 12*time.Minute, 0), reads(41, 0, time.Second)},
			want:   []string{"40s 101 since 0s"},
		},
		{
			name: "out of order, too late", id: ReadBurst,
			events: [][]Event{reads(60, time.Minute, time.Second), reads(1, time.Hour, 0), reads(41, 0, time.Second)},
		},
		{name: "the secret's own burst", id: ReadBurst, burst: 10, events: [][]Event{reads(11, 0, time.Second)}, want: []string{"10s 11 since 0s"}},
		{name: "not of other alerts", id: ReadInBulk, burst: 10, events: [][]Event{reads(500, 0, time.Millisecond)}},
		{
			name: "from later on", id: ReadBurst, from: 10 * time.Minute,
			events: [][]Event{reads(150, 0, time.Second), reads(150, time.Hour, time.Second)},
			want:   []string{"1h1m40s 101 since 1h0m0s"},
		},
		{name: "each stranger", id: ReadByStranger, events: [][]Event{{
			read(0, "orders-db", "checkout", home), read(1, "orders-db", "mallory", home), read(2, "orders-db", "mallory", home),
		}}, want: []string{"1ns 1 since 1ns", "2ns 1 since 2ns"}},
		{name: "nobody is new in two weeks", id: ReadByNewcomer, events: [][]Event{{
			read(0, "orders-db", "checkout", home), read(13*day, "orders-db", "mallory", other),
		}}},
		{name: "then who is new fires once", id: ReadByNewcomer, events: [][]Event{{
			read(0, "orders-db", "checkout", home), read(13*day, "orders-db", "checkout", home),
			read(15*day, "orders-db", "checkout", home), read(15*day+1, "orders-db", "mallory", home), read(15*day+2, "orders-db", "mallory", home),
			read(15*day+3, "orders-db", "mallory", other),
		}}, want: []string{"360h0m0.000000001s 1 since 360h0m0.000000001s", "360h0m0.000000003s 1 since 360h0m0.000000003s"}},
		{name: "known of another secret is new", id: ReadByNewcomer, from: time.Hour, events: [][]Event{{
			read(0, "orders-db", "checkout", home), read(time.Hour, "session-signing-key", "checkout", home),
		}}, want: []string{"1h0m0s 1 since 1h0m0s"}},
		{name: "two weeks later it is forgotten", id: ReadByNewcomer, from: time.Hour, events: [][]Event{{
			read(0, "orders-db", "checkout", home), read(15*day, "orders-db", "checkout", home),
		}}, want: []string{"360h0m0s 1 since 360h0m0s"}},
		{name: "a service without an address", id: ReadByNewcomer, from: time.Hour, events: [][]Event{{
			read(0, "orders-db", "checkout", home), read(time.Hour, "orders-db", "checkout", netip.Addr{}),
		}}},
		{name: "a look each hour", id: RotationOverdue, events: [][]Event{looksAt(0, 1, 2, 3, 4)}},
		{name: "a gap", id: RotationOverdue, events: [][]Event{looksAt(0, 1, 5, 6)}, want: []string{"5h0m0s 0 since 1h0m0s"}},
		{name: "a gap that a late record fills", id: RotationOverdue, events: [][]Event{looksAt(0, 3.1, 2.9, 4)}},
		{name: "quiet at the beginning", id: RotationOverdue, events: [][]Event{{tick(0)}, looksAt(4)}, want: []string{"4h0m0s 0 since 0s"}},
		{name: "quiet at the end", id: RotationOverdue, events: [][]Event{looksAt(0), {tick(4 * time.Hour)}}, want: []string{"4h0m0s 0 since 0s"}},
		{name: "quiet until the end", id: RotationOverdue, events: [][]Event{looksAt(0, 1)}, until: 5 * time.Hour, want: []string{"5h0m0s 0 since 1h0m0s"}},
		{name: "never", id: RotationOverdue, events: [][]Event{{tick(0), tick(4 * time.Hour)}}, want: []string{"4h0m0s 0 since 0s"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := &Watch{Secrets: []Secret{{Name: "orders-db", Readers: []string{"checkout"}, Burst: tt.burst}, {Name: "session-signing-key"}}}
			r := NewReplay(w, []Alert{*ByID(tt.id)})
			if tt.from > 0 {
				r.From = start.Add(tt.from)
			}
			var firings []Firing
			for _, events := range tt.events {
				for _, e := range events {
					firings = append(firings, r.Add(e)...)
				}
			}
			until := time.Time{}
			if tt.until > 0 {
				until = start.Add(tt.until)
			}
			var got []string
			for _, f := range append(firings, r.End(until)...) {
				got = append(got, fmt.Sprintf("%v %d since %v", f.Event.Time.Sub(start), f.Count, f.Since.Sub(start)))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// What a log says of time must not stop the replay.
func TestReplayTakesAnyTime(*testing.T) {
	r := NewReplay(&Watch{Secrets: []Secret{{Name: "orders-db"}}}, Catalogue)
	for _, at := range []time.Time{{}, start, time.Unix(0, 0), time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), start} {
		r.Add(Event{Time: at, Action: Read, Outcome: OK, Secret: "orders-db"})
		r.Add(Event{Time: at, Action: Look, Outcome: OK})
	}
	r.End(time.Time{})
}
