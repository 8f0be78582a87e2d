package alert

import (
	"fmt"
	"net/netip"
	"slices"
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

func lookAt(after time.Duration, secret string) Event {
	return Event{Time: start.Add(after), Action: Look, Outcome: OK, Secret: secret}
}

func looksAt(hours ...float64) []Event { return looksOf("", hours...) }

func looksOf(secret string, hours ...float64) []Event {
	var events []Event
	for _, h := range hours {
		events = append(events, lookAt(time.Duration(h*float64(time.Hour)), secret))
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
		looks  []string
		clock  time.Duration
		from   time.Duration
		events [][]Event
		until  time.Duration
		want   []string // when, how many, since when and, of silence, about what
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
		{
			name: "a quarter of an hour late", id: ReadBurst,
			events: [][]Event{reads(50, 0, 0), reads(1, 20*time.Minute-time.Second, 0), reads(51, 5*time.Minute-time.Second, 0)},
			want:   []string{"4m59s 101 since 0s"},
		},
		{name: "less than a window later", id: ReadBurst, events: [][]Event{reads(101, 0, 0), reads(101, 5*time.Minute-time.Second, 0)}, want: []string{"0s 101 since 0s"}},
		{
			name: "a window later", id: ReadBurst, events: [][]Event{reads(101, 0, 0), reads(101, 5*time.Minute, 0)},
			want: []string{"0s 101 since 0s", "5m0s 101 since 5m0s"},
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
		{
			name: "one of two secrets for two days", id: RotationOverdue, looks: []string{"orders-db", "session-signing-key"},
			events: [][]Event{looksOf("session-signing-key", 0), looksOf("orders-db", everyHour(46)...), looksOf("session-signing-key", 46)},
			want:   []string{"46h0m0s 0 since 0s of session-signing-key"},
		},
		{
			name: "at each in turn", id: RotationOverdue, looks: []string{"orders-db", "session-signing-key"},
			events: [][]Event{looksOf("orders-db", 0), looksOf("session-signing-key", 2), looksOf("orders-db", 3), looksOf("session-signing-key", 5)},
		},
		{
			name: "at none until the end", id: RotationOverdue, looks: []string{"orders-db", "session-signing-key"}, until: 4 * time.Hour,
			events: [][]Event{{tick(0)}, looksOf("orders-db", 2)},
			want:   []string{"4h0m0s 0 since 0s of session-signing-key"},
		},
		{
			name: "at another secret only", id: RotationOverdue, looks: []string{"orders-db"},
			events: [][]Event{looksOf("orders-db", 0), looksOf("session-signing-key", 0, 4), looksOf("", everyHour(4)...)},
			want:   []string{"4h0m0s 0 since 0s of orders-db"},
		},
		{name: "of each, where a look is at all", id: RotationOverdue, events: [][]Event{looksOf("orders-db", 0), looksOf("session-signing-key", 2), looksOf("orders-db", 5)}},
		{name: "a slow clock", id: RotationOverdue, clock: 4 * time.Hour, events: [][]Event{looksAt(0, 4, 8, 20)}},
		{name: "a slow clock stops", id: RotationOverdue, clock: 4 * time.Hour, events: [][]Event{looksAt(0, 4, 8, 20.1)}, want: []string{"20h6m0s 0 since 8h0m0s"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := &Watch{Looks: tt.looks, Clock: tt.clock, Secrets: []Secret{{Name: "orders-db", Readers: []string{"checkout"}, Burst: tt.burst}, {Name: "session-signing-key"}}}
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
				line := fmt.Sprintf("%v %d since %v", f.Event.Time.Sub(start), f.Count, f.Since.Sub(start))
				if f.Count == 0 && f.Event.Secret != "" {
					line += " of " + f.Event.Secret
				}
				got = append(got, line)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func everyHour(until int) []float64 {
	var hours []float64
	for h := range until + 1 {
		hours = append(hours, float64(h))
	}
	return hours
}

// TestBoundaries: what is just normal, and what is just not.
func TestBoundaries(t *testing.T) {
	w := &Watch{Secrets: []Secret{{Name: "orders-db", Burst: 7}}}
	at := func(a Action, o Outcome, times ...time.Duration) (events []Event) {
		for _, after := range times {
			events = append(events, Event{Time: start.Add(after), Action: a, Outcome: o, Secret: "session-signing-key", Who: "mallory"})
		}
		return events
	}
	instants := func(n int) []time.Duration { return make([]time.Duration, n) }
	fires := func(a Alert, from time.Duration, events ...Event) bool {
		r := NewReplay(w, []Alert{a})
		if from > 0 {
			r.From = start.Add(from)
		}
		fired := false
		for _, e := range events {
			fired = len(r.Add(e)) > 0 || fired
		}
		return len(r.End(time.Time{})) > 0 || fired
	}
	check := func(name string, got, want bool) {
		t.Helper()
		if got != want {
			t.Errorf("%s: fires: %v", name, got)
		}
	}
	const day = 24 * time.Hour

	counting := map[ID]Event{
		ReadBurst: at(Read, OK, 0)[0], ReadInBulk: at(Read, OK, 0)[0], DeniedBurst: at(Read, Denied, 0)[0], ListedInBulk: at(List, OK, 0)[0],
	}
	for _, a := range Catalogue {
		if a.Count == nil {
			continue
		}
		e, over := counting[a.ID], a.Count.Over
		many := at(e.Action, e.Outcome, instants(over+1)...)
		check(string(a.ID)+": as many as is normal", fires(a, 0, many[1:]...), false)
		check(string(a.ID)+": one more", fires(a, 0, many...), true)
		own := Settings{Thresholds: map[ID]int{a.ID: 1}}.Active(nil, true)
		own = slices.DeleteFunc(own, func(other Alert) bool { return other.ID != a.ID })
		check(string(a.ID)+": the stack's threshold", fires(own[0], 0, many[:1]...), false)
		check(string(a.ID)+": one more than the stack's threshold", fires(own[0], 0, many[:2]...), true)

		// A window has buckets of five seconds, and begins with one.
		for offset, longest := range map[time.Duration]time.Duration{0: fiveMinutes - time.Second, 4 * time.Second: fiveMinutes - 5*time.Second} {
			for _, apart := range []time.Duration{longest - time.Second, longest, longest + time.Second, fiveMinutes, fiveMinutes + time.Second} {
				times := instants(over + 1)
				for i := range times {
					times[i] = offset
				}
				times[over] += apart
				name := fmt.Sprintf("%s: the last of %d, %v after the others", a.ID, over+1, apart)
				check(name, fires(a, 0, at(e.Action, e.Outcome, times...)...), apart <= longest)
				slices.Reverse(times)
				check(name+", in the wrong order", fires(a, 0, at(e.Action, e.Outcome, times...)...), apart <= longest)
			}
		}
	}
	burst := make([]Event, 8)
	for i := range burst {
		burst[i] = read(0, "orders-db", "checkout", home)
	}
	check("a secret's own burst", fires(*ByID(ReadBurst), 0, burst[1:]...), false)
	check("one more than a secret's own burst", fires(*ByID(ReadBurst), 0, burst...), true)

	overdue := *ByID(RotationOverdue)
	for _, hours := range []time.Duration{1, 4} {
		w.Clock = hours * time.Hour
		quiet := 3 * w.Clock
		for _, off := range []time.Duration{-time.Minute, -time.Second, 0, time.Second, time.Minute} {
			name := fmt.Sprintf("a clock of %v, silence of %v: ", w.Clock, quiet+off)
			check(name+"between looks", fires(overdue, 0, lookAt(0, ""), lookAt(quiet+off, "")), off > 0)
			check(name+"at the end", fires(overdue, 0, append(at(List, OK, quiet+off), lookAt(0, ""))...), off > 0)
			check(name+"at the beginning", fires(overdue, 0, append(at(List, OK, 0), lookAt(quiet+off, ""))...), off > 0)
		}
	}
	w.Clock = 0
	for _, after := range []time.Duration{Late - time.Second, Late} { // what comes later is no longer awaited
		late := append(looksAt(0, 4), lookAt(4*time.Hour+after, ""), lookAt(2*time.Hour, ""))
		check(fmt.Sprintf("a record %v late", after), fires(overdue, 0, late...), after == Late)
	}

	newcomer := *ByID(ReadByNewcomer)
	known := func(after time.Duration) Event { return read(after, "orders-db", "checkout", home) }
	check("two weeks later it is remembered", fires(newcomer, time.Hour, known(0), known(14*day)), false)
	check("a second more, and it is not", fires(newcomer, time.Hour, known(0), known(14*day+time.Second)), true)
	stranger := func(after time.Duration) Event { return read(after, "orders-db", "mallory", home) }
	check("a second before two weeks nobody is new", fires(newcomer, 0, known(0), stranger(14*day-time.Second)), false)
	check("after two weeks somebody is", fires(newcomer, 0, known(0), stranger(14*day)), true)
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
