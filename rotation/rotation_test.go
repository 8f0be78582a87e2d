package rotation_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/secretstack/secretstack/rotation"
)

// A memory is a Store whose versions a test can set, and a Revoker. It notes what is called.
type memory struct {
	rotation.Versions
	values map[string]string
	calls  []string
	fails  map[string]error // by call
}

func (m *memory) call(format string, args ...any) error {
	call := fmt.Sprintf(format, args...)
	m.calls = append(m.calls, call)
	name, _, _ := strings.Cut(call, " ")
	return m.fails[name]
}

type store struct{ *memory }

func (s store) Versions(context.Context) (rotation.Versions, error) {
	return s.memory.Versions, s.fails["versions"]
}

func (s store) Value(_ context.Context, id string) (rotation.Value, error) {
	if s.values[id] == "" {
		return rotation.Value{}, fmt.Errorf("version %s: %w", id, rotation.ErrNoValue)
	}
	return rotation.NewValue(s.values[id]), nil
}

func (s store) Stage(_ context.Context, token string, v rotation.Value) (string, error) {
	s.Pending.ID, s.values[token] = token, v.Reveal()
	return token, s.call("stage %s", token)
}

func (s store) Promote(_ context.Context, id string) error {
	s.memory.Versions = rotation.Versions{Current: rotation.Version{ID: id}, Previous: s.Current}
	return s.call("promote %s", id)
}

func (s store) Schedule(_ context.Context, id string, at time.Time) error {
	s.Previous.RetireAfter = at
	return s.call("schedule %s in %s", id, at.Sub(noon))
}

func (s store) Retire(_ context.Context, id string) error {
	s.Previous = rotation.Version{}
	return s.call("retire %s", id)
}

type leased struct {
	store
	busy error
}

func (l leased) Lease(_ context.Context, until time.Time) (func(context.Context) error, error) {
	return func(context.Context) error { return l.call("release") },
		errors.Join(l.busy, l.call("lease for %s", until.Sub(noon).Round(time.Second)))
}

type target struct{ *memory }

func (t target) Mint(_ context.Context, _ string, current rotation.Value) (rotation.Value, error) {
	return rotation.NewValue(canary), t.call("mint after %s", current.Reveal())
}

func (t target) Apply(_ context.Context, pending, current rotation.Value) error {
	return t.call("apply %s after %s", pending.Reveal(), current.Reveal())
}

func (t target) Verify(_ context.Context, v rotation.Value) error {
	return t.call("verify %s", v.Reveal())
}

type revoker struct{ target }

func (t revoker) Revoke(_ context.Context, previous, current rotation.Value) error {
	return t.call("revoke %s, not %s", previous.Reveal(), current.Reveal())
}

const canary = "can'ary +/%\"1\""

var (
	noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	v    = func(id string) rotation.Version { return rotation.Version{ID: id} }
	due  = rotation.Version{ID: "1", RetireAfter: noon}
	soon = rotation.Version{ID: "1", RetireAfter: noon.Add(time.Second)}
)

// TestSteps has each step alone, as AWS calls them.
func TestSteps(t *testing.T) {
	create, set, test, finish, retire := "create", "set", "test", "finish", "retire"
	for _, c := range []struct {
		name     string
		step     string
		versions rotation.Versions
		single   bool // the target is no Revoker
		same     bool // version 1 has the same value as 2
		margin   time.Duration
		fails    map[string]error
		want     []string
		outcome  string // ok if empty
		class    rotation.Class
	}{
		{name: "first", step: create, want: []string{"mint after ", "stage T"}},
		{name: "next", step: create, versions: rotation.Versions{Current: v("2")}, want: []string{"mint after two", "stage T"}},
		{
			name: "a pending version without a value", step: create,
			versions: rotation.Versions{Current: v("2"), Pending: v("T")}, want: []string{"mint after two", "stage T"},
		},
		{
			name: "staged already", step: create,
			versions: rotation.Versions{Current: v("2"), Pending: v("3")}, outcome: "skipped",
		},
		{name: "current already", step: create, versions: rotation.Versions{Current: v("T")}, outcome: "skipped"},
		{
			name: "the one before is due", step: create, versions: rotation.Versions{Current: v("2"), Previous: due},
			want: []string{"revoke one, not two", "retire 1", "mint after two", "stage T"},
		},
		{
			name: "the one before is not due", step: create, versions: rotation.Versions{Current: v("2"), Previous: soon},
			outcome: "skipped", class: rotation.InGrace,
		},
		{
			name: "the one before is not scheduled", step: create, versions: rotation.Versions{Current: v("2"), Previous: v("1")},
			want: []string{"schedule 1 in 1h10m0s"}, outcome: "skipped", class: rotation.InGrace,
		},
		{
			name: "the one before does not matter", step: create, versions: rotation.Versions{Current: v("2"), Previous: soon},
			single: true, want: []string{"mint after two", "stage T"},
		},
		{
			name: "the current one is disabled", step: create, versions: rotation.Versions{Current: v("disabled")},
			outcome: "failed", class: rotation.Invalid,
		},
		{
			name: "minting fails", step: create, fails: map[string]error{"mint": errors.New(canary)},
			want: []string{"mint after "}, outcome: "failed", class: rotation.Internal,
		},

		{
			name: "apply", step: set, versions: rotation.Versions{Current: v("2"), Pending: v("3")},
			want: []string{"apply three after two"},
		},
		{name: "the first is applied", step: set, versions: rotation.Versions{Pending: v("3")}, want: []string{"apply three after "}},
		{name: "done already", step: set, versions: rotation.Versions{Current: v("T")}, outcome: "skipped"},
		{
			name: "nothing is pending", step: set, versions: rotation.Versions{Current: v("2")},
			outcome: "skipped", class: rotation.Busy,
		},
		{
			name: "the current one is disabled", step: set,
			versions: rotation.Versions{Current: v("disabled"), Pending: v("3")}, outcome: "failed", class: rotation.Invalid,
		},
		{
			name: "what is pending has no value", step: set, versions: rotation.Versions{Current: v("2"), Pending: v("T")},
			outcome: "failed", class: rotation.Internal,
		},
		{
			name: "refused", step: set, versions: rotation.Versions{Current: v("2"), Pending: v("3")},
			fails: map[string]error{"apply": &rotation.Error{Class: rotation.Refused, Op: "log in", Err: errors.New("with three")}},
			want:  []string{"apply three after two"}, outcome: "failed", class: rotation.Refused,
		},

		{name: "verify", step: test, versions: rotation.Versions{Current: v("2"), Pending: v("3")}, want: []string{"verify three"}},
		{
			name: "of a configuration", step: test, versions: rotation.Versions{Current: v("2"), Pending: v("T")},
			want: []string{"verify two"},
		},
		{
			name: "of a configuration, and the current one is disabled", step: test,
			versions: rotation.Versions{Current: v("disabled"), Pending: v("T")}, outcome: "failed", class: rotation.Invalid,
		},
		{name: "of a configuration, without any value", step: test, versions: rotation.Versions{Pending: v("T")}, outcome: "skipped"},

		{
			name: "promote", step: finish, versions: rotation.Versions{Current: v("2"), Pending: v("3")},
			want: []string{"verify three", "promote 3", "schedule 2 in 1h10m0s"},
		},
		{
			name: "promote the first", step: finish, versions: rotation.Versions{Pending: v("3")},
			want: []string{"verify three", "promote 3"},
		},
		{
			name: "killed within the promotion", step: finish,
			versions: rotation.Versions{Current: v("3"), Pending: v("3"), Previous: v("2")},
			want:     []string{"verify three", "promote 3", "schedule 2 in 1h10m0s"},
		},
		{
			name: "killed before the schedule", step: finish, versions: rotation.Versions{Current: v("T"), Previous: v("2")},
			want: []string{"schedule 2 in 1h10m0s"},
		},
		{
			name: "finished already", step: finish, versions: rotation.Versions{Current: v("T"), Previous: soon},
			outcome: "skipped",
		},
		{
			name: "what does not work is not promoted", step: finish,
			versions: rotation.Versions{Current: v("2"), Pending: v("3")}, fails: map[string]error{"verify": context.DeadlineExceeded},
			want: []string{"verify three"}, outcome: "failed", class: rotation.Deadline,
		},

		{
			name: "due", step: retire, versions: rotation.Versions{Current: v("2"), Previous: due},
			want: []string{"revoke one, not two", "retire 1"},
		},
		{name: "not due", step: retire, versions: rotation.Versions{Current: v("2"), Previous: soon}, outcome: "skipped"},
		{name: "nothing to retire", step: retire, versions: rotation.Versions{Current: v("2")}, outcome: "skipped"},
		{
			name: "the same value", step: retire, versions: rotation.Versions{Current: v("2"), Previous: due}, same: true,
			want: []string{"retire 1"},
		},
		{
			name: "retired half", step: retire,
			versions: rotation.Versions{Current: v("2"), Previous: rotation.Version{ID: "gone", RetireAfter: noon}},
			want:     []string{"retire gone"},
		},
		{
			name: "no Revoker", step: retire, versions: rotation.Versions{Current: v("2"), Previous: due}, single: true,
			want: []string{"retire 1"},
		},
		{
			name: "rolled back by hand", step: retire, versions: rotation.Versions{Current: due, Previous: v("2")},
			want: []string{"schedule 2 in 1h10m0s"}, outcome: "skipped",
		},
		{
			name: "rolled back an hour ago", step: retire,
			versions: rotation.Versions{Current: v("1"), Previous: rotation.Version{ID: "2", RetireAfter: noon}},
			want:     []string{"revoke two, not one", "retire 2"},
		},
		{
			name: "too late to mint", step: create, margin: time.Hour, outcome: "failed", class: rotation.Deadline,
		},
		{
			name: "too late to apply", step: set, versions: rotation.Versions{Pending: v("3")},
			margin: time.Hour, outcome: "failed", class: rotation.Deadline,
		},
		{
			name: "too late to verify", step: finish, versions: rotation.Versions{Pending: v("3")},
			margin: time.Hour, outcome: "failed", class: rotation.Deadline,
		},
		{
			name: "too late to revoke", step: retire, versions: rotation.Versions{Current: v("2"), Previous: due},
			margin: time.Hour, outcome: "failed", class: rotation.Deadline,
		},
	} {
		t.Run(c.step+": "+c.name, func(t *testing.T) {
			m := &memory{Versions: c.versions, values: map[string]string{"1": "one", "2": "two", "3": "three"}, fails: c.fails}
			if c.same {
				m.values["1"] = m.values["2"]
			}
			r, log := rotator(store{m}, revoker{target{m}})
			if r.Margin = c.margin; c.single {
				r.Target = target{m}
			}
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Minute)
			defer cancel()
			err := map[string]func(context.Context, string) error{
				create: r.Create, set: r.Set, test: r.Test, finish: r.Finish,
				retire: func(ctx context.Context, _ string) error { return r.Retire(ctx) },
			}[c.step](ctx, "T")
			if class := rotation.ClassOf(err); class != c.class {
				t.Errorf("class %q (%v), want %q", class, err, c.class)
			}
			if !slices.Equal(m.calls, c.want) {
				t.Errorf("calls\n%q, want\n%q", m.calls, c.want)
			}
			record := decode(t, log)[0]
			if c.outcome == "" {
				c.outcome = "ok"
			}
			if record["msg"] != "rotation" || record["secret"] != "orders-db" || record["step"] != c.step || record["outcome"] != c.outcome {
				t.Errorf("record %v, want outcome %s", record, c.outcome)
			}
			if err != nil && (record["class"] != string(c.class) || record["error"] != err.Error()) {
				t.Errorf("record %v of %v", record, err)
			}
			if err != nil && (strings.Contains(err.Error(), "ary") || strings.Contains(err.Error(), "three")) {
				t.Errorf("the error holds a value: %v", err)
			}
		})
	}
}

func rotator(s rotation.Store, t rotation.Target) (*rotation.Rotator, *bytes.Buffer) {
	var log bytes.Buffer
	return &rotation.Rotator{
		Secret: "orders-db", Store: s, Target: t, Grace: time.Hour,
		Log: slog.New(slog.NewJSONHandler(&log, nil)), Now: func() time.Time { return noon },
	}, &log
}

func decode(t *testing.T, log *bytes.Buffer) (records []map[string]any) {
	t.Helper()
	for line := range strings.Lines(log.String()) {
		var record map[string]any
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			t.Fatal(err)
		}
		records = append(records, record)
	}
	return records
}

func TestRotate(t *testing.T) {
	m := &memory{values: map[string]string{}}
	r, log := rotator(leased{store: store{m}}, revoker{target{m}})
	if err := r.Rotate(t.Context()); err != nil {
		t.Fatal(err)
	}
	token := m.Current.ID
	want := []string{
		"lease for 15m0s", "mint after ", "stage " + token, "apply " + canary + " after ", "verify " + canary,
		"promote " + token, "release",
	}
	if !slices.Equal(m.calls, want) {
		t.Errorf("calls\n%q, want\n%q", m.calls, want)
	}
	var steps []any
	for _, record := range decode(t, log) {
		steps = append(steps, record["step"])
		if record["version"] != token && record["step"] != "lease" {
			t.Errorf("record %v without its version", record)
		}
	}
	if want := []any{"lease", "create", "set", "finish"}; !slices.Equal(steps, want) {
		t.Errorf("steps %v, want %v", steps, want)
	}
	if strings.Contains(log.String(), "ary") {
		t.Errorf("the records hold a value: %s", log)
	}

	// A round has the same token whoever begins it, and the next round another one.
	again := &memory{values: map[string]string{}, fails: map[string]error{"stage": errors.New("lost")}}
	r, _ = rotator(store{again}, target{again})
	if err := r.Rotate(t.Context()); err == nil || again.Pending.ID != token {
		t.Errorf("staged %q (%v), want %q", again.Pending.ID, err, token)
	}
	r.Store = store{m}
	if err := r.Rotate(t.Context()); err != nil || m.Current.ID == token {
		t.Errorf("the next round has the token of the one before (%v)", err)
	}
}

func TestLease(t *testing.T) {
	m := &memory{}
	r, log := rotator(leased{store{m}, rotation.ErrBusy}, target{m})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, do := range []func(context.Context) error{r.Rotate, r.Retire} {
		if err := do(ctx); rotation.ClassOf(err) != rotation.Busy {
			t.Errorf("got %v, want class busy", err)
		}
	}
	if want := []string{"lease for 1m0s", "lease for 1m0s"}; !slices.Equal(m.calls, want) {
		t.Errorf("calls %q, want %q", m.calls, want)
	}
	if record := decode(t, log)[0]; record["outcome"] != "skipped" || record["class"] != "busy" {
		t.Errorf("record %v", record)
	}
}

// TestCancelled has a step whose context ends within it: whatever the target says then, time ran out.
func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	m := &memory{Versions: rotation.Versions{Pending: v("3")}, values: map[string]string{"3": "three"}}
	r, _ := rotator(store{m}, cancels{target{m}, cancel})
	if err := r.Set(ctx, "3"); rotation.ClassOf(err) != rotation.Deadline {
		t.Errorf("got %v, want class deadline", err)
	}
}

type cancels struct {
	target
	cancel context.CancelFunc
}

func (c cancels) Apply(context.Context, rotation.Value, rotation.Value) error {
	c.cancel()
	return &rotation.Error{Class: rotation.Unreachable, Op: "connect", Err: errors.New("aborted")}
}

func TestClassOf(t *testing.T) {
	refused := &rotation.Error{Class: rotation.Refused, Op: "connect", Err: context.DeadlineExceeded}
	for _, c := range []struct {
		err  error
		want rotation.Class
	}{
		{nil, ""},
		{errors.New("something"), rotation.Internal},
		{fmt.Errorf("lease: %w", rotation.ErrBusy), rotation.Busy},
		{fmt.Errorf("call: %w", context.DeadlineExceeded), rotation.Deadline},
		{context.Canceled, rotation.Deadline},
		{fmt.Errorf("apply: %w", refused), rotation.Refused},
	} {
		if got := rotation.ClassOf(c.err); got != c.want {
			t.Errorf("class of %v is %q, want %q", c.err, got, c.want)
		}
	}
}

// TestZero rotates with nothing set but what must be.
func TestZero(t *testing.T) {
	m := &memory{Versions: rotation.Versions{Current: v("2"), Pending: v("3")}, values: map[string]string{"3": "three"}}
	r := &rotation.Rotator{Secret: "orders-db", Store: store{m}, Target: target{m}}
	if err := r.Finish(t.Context(), "3"); err != nil {
		t.Fatal(err)
	}
	if in := time.Until(m.Previous.RetireAfter); in < 24*time.Hour || in > 25*time.Hour {
		t.Errorf("the previous version is retired in %s", in)
	}
}
