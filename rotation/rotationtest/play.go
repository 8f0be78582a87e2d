package rotationtest

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/secretstack/secretstack/rotation"
)

// A plan says what is to happen in one world.
type plan struct {
	fates  map[int]Fate
	lag    map[int]int
	allLag int              // until the first process has ended
	skews  [2]time.Duration // of the processes that rotate, of those that retire
	// rotate and retire, where not nil, say for two rotators at once which makes the next call.
	rotate, retire func() int
	mixed          bool // beside the rotator that retires is one that rotates, not another such
	twice          bool // the rotation is delivered twice
	abandon        int  // after so many steps, the cloud begins a round with another token; only where it drives
	more           int  // rotations afterwards
}

// A rotator is a *rotation.Rotator, or a broken one.
type rotator interface {
	Create(ctx context.Context, token string) error
	Set(ctx context.Context, token string) error
	Test(ctx context.Context, token string) error
	Finish(ctx context.Context, token string) error
	Rotate(ctx context.Context) error
	Retire(ctx context.Context) error
}

// An actor plays plans, each in a new world.
type actor struct {
	harness Harness
	rotator func(*rotation.Rotator) rotator // nil: as it is
}

// A scene is a plan being played.
type scene struct {
	actor
	world    World
	calls    *Calls
	sched    *schedule
	overlaps bool // the target is a Revoker
	log      bytes.Buffer
	current  rotation.Value
	promoted time.Time // when it became so
	cached   []cached
	seen     map[rotation.Value][]string // each value, and the forms in which it must not be printed
	trace    []call
	broken   error // the first broken promise
}

// A call is one that was made, or the end of a try.
type call struct {
	name string
	fate Fate
	lag  int
	err  error
}

// cached is a value that a reader has read, and goes on using.
type cached struct {
	value rotation.Value
	until time.Time
}

const (
	tries = 40
	// Longer than a lease, and shorter than any grace.
	pause = 16 * time.Minute
	// As long after a grace as any clock needs to see that it is over.
	late = 25 * time.Minute
)

// outcome of a plan.
type outcome struct {
	rotation int    // how many calls the rotation made
	calls    int    // and with the retirement of the credential before
	stale    bool   // the store has stale reads
	err      error  // the broken promise
	trace    string // what had been called by then
}

func (a actor) play(t *testing.T, p plan) outcome {
	calls := &Calls{clock: time.Now().Truncate(time.Second)}
	s := &scene{
		actor: a, calls: calls, world: a.harness.New(t, calls),
		sched: &schedule{fates: p.fates, lag: p.lag, allLag: p.allLag, running: &process{}},
		seen:  map[rotation.Value][]string{},
	}
	if s.world.Grace == 0 {
		s.world.Grace = time.Hour
	}
	s.sched.after = s.check
	s.calls.sched = s.sched
	s.sched.quietly(func() {
		_, target := s.world.Open()
		_, s.overlaps = target.(rotation.Revoker)
		s.check("the beginning")
	})
	o := s.perform(p)
	o.stale, o.err = s.sched.read, s.broken
	if s.broken != nil {
		o.trace = s.story()
	}
	return o
}

// story tells what was called until the promise was broken.
func (s *scene) story() string {
	var b strings.Builder
	n := -1 // the first is the beginning
	for _, c := range s.trace {
		if c.err != nil {
			fmt.Fprintf(&b, "    %s: %v\n", c.name, c.err)
			continue
		}
		fmt.Fprintf(&b, "%3d %s %s", n, c.name, c.fate)
		if c.lag > 0 {
			fmt.Fprintf(&b, ", %d behind", c.lag)
		}
		b.WriteString("\n")
		n++
	}
	return b.String()
}

// perform plays the plan: its faults are in one rotation and in one retirement.
func (s *scene) perform(p plan) (o outcome) {
	s.rotation(p)
	o.rotation = s.sched.next
	if p.twice {
		s.again(p)
	}
	s.settled()
	s.retirement(p)
	o.calls = s.sched.next
	s.sched.fates, s.sched.lag = nil, nil
	s.settled()
	for range p.more {
		s.rotation(plan{})
		s.settled()
		s.retirement(plan{})
	}
	return o
}

// rotation rotates until it is done.
func (s *scene) rotation(p plan) {
	token := uuid.NewString()
	before := s.current
	if p.abandon > 0 {
		r := &process{skew: p.skews[0]}
		s.sched.running = r
		s.leaks(s.steps(context.Background(), r, uuid.NewString(), p.abandon))
	}
	if p.rotate != nil {
		rotate := func(r *process) error { return s.rotate(r, token) }
		s.together(p.skews, [2]func(*process) error{rotate, rotate}, p.rotate)
	}
	s.rotates(p.skews[0], token, before)
	if s.current == before {
		s.breaks("the rotation was done, and the current value is as before")
	}
}

// rotates until what was current before is no more, and nothing is pending. With late reads, a rotator may
// take a round for done, or for too early, that is not.
func (s *scene) rotates(skew time.Duration, token string, before rotation.Value) {
	s.until("rotate", skew, func(r *process) error { return s.rotate(r, token) }, func(err error) bool {
		return s.current != before && (err == nil || rotation.ClassOf(err) == rotation.InGrace) && s.versions().Pending.ID == ""
	})
}

// again has the same rotation delivered once more, when it is done.
func (s *scene) again(p plan) {
	before, inGrace := s.current, len(s.cached) > 0 && s.calls.clock.Before(s.cached[0].until)
	if !inGrace {
		s.rotates(p.skews[0], uuid.NewString(), before)
		return
	}
	s.until("rotate again", p.skews[0], func(r *process) error { return s.rotate(r, uuid.NewString()) },
		func(err error) bool { return rotation.ClassOf(err) == rotation.InGrace })
	if s.current != before {
		s.breaks("it was rotated again before the grace of the previous value had passed")
	}
}

// retirement tries to retire the previous credential just before its grace ends, and then when it is due.
func (s *scene) retirement(p plan) {
	s.wait(s.promoted.Add(s.world.Grace - time.Second))
	s.retires(p.skews[1])
	s.wait(s.promoted.Add(s.world.Grace + late))
	if p.retire != nil {
		before, token, second := s.current, uuid.NewString(), s.retire
		if p.mixed {
			second = func(r *process) error { return s.rotate(r, token) }
		}
		s.together(p.skews, [2]func(*process) error{s.retire, second}, p.retire)
		if p.mixed {
			s.rotates(p.skews[1], token, before)
		}
		s.wait(s.promoted.Add(s.world.Grace + late))
	}
	// More than once, where it is scheduled only now, or reads are late.
	for range 5 {
		s.retires(p.skews[1])
		if s.versions().Previous.ID == "" {
			break
		}
		s.wait(s.calls.clock.Add(s.world.Grace + late))
	}
	if v := s.versions(); v.Previous.ID != "" {
		s.breaks("version %s was not retired", v.Previous.ID)
	}
}

func (s *scene) wait(until time.Time) {
	if until.After(s.calls.clock) {
		s.calls.clock = until
	}
}

func (s *scene) retires(skew time.Duration) {
	s.until("retire", skew, s.retire, succeeded)
}

// until has one process after another do something, until it is done.
func (s *scene) until(what string, skew time.Duration, do func(*process) error, done func(error) bool) {
	var err error
	for range tries {
		p := &process{skew: skew}
		s.sched.running = p
		err = do(p)
		s.sched.allLag = 0
		s.leaks(err)
		if s.broken != nil || done(err) {
			return
		}
		s.trace = append(s.trace, call{name: what, err: err})
		switch rotation.ClassOf(err) {
		case rotation.Busy:
			s.wait(s.calls.clock.Add(pause))
		case rotation.InGrace:
			s.wait(s.calls.clock.Add(s.world.Grace + late))
		}
	}
	s.breaks("%s: not done after %d tries: %w", what, tries, err)
}

func succeeded(err error) bool { return err == nil }

// together has two processes work at once.
func (s *scene) together(skews [2]time.Duration, do [2]func(*process) error, which func() int) {
	processes := [2]*process{{skew: skews[0]}, {skew: skews[1]}}
	var errs [2]error
	s.sched.together(processes, [2]func(){
		func() { errs[0] = do[0](processes[0]) },
		func() { errs[1] = do[1](processes[1]) },
	}, which)
	s.leaks(errs[0])
	s.leaks(errs[1])
}

func (s *scene) rotate(p *process, token string) error {
	ctx, cancel := s.context()
	defer cancel()
	if !s.harness.Steps {
		return s.open(p).Rotate(ctx)
	}
	return s.steps(ctx, p, token, 4)
}

func (s *scene) steps(ctx context.Context, p *process, token string, n int) error {
	for _, step := range []func(rotator, context.Context, string) error{
		rotator.Create, rotator.Set, rotator.Test, rotator.Finish,
	}[:n] {
		if err := step(s.open(p), ctx, token); err != nil {
			return err
		}
	}
	return nil
}

func (s *scene) retire(p *process) error {
	ctx, cancel := s.context()
	defer cancel()
	return s.open(p).Retire(ctx)
}

// context ends in time where one rotator waits for a lock that another holds which waits for its turn.
func (s *scene) context() (context.Context, context.CancelFunc) {
	if s.sched.turns != nil && s.harness.Slow {
		return context.WithTimeout(context.Background(), 2*time.Second)
	}
	return context.Background(), func() {}
}

func (s *scene) open(p *process) rotator {
	r := &rotation.Rotator{
		Secret: "orders-db",
		Grace:  s.world.Grace,
		Margin: time.Nanosecond,
		Log:    slog.New(slog.NewJSONHandler(&s.log, nil)),
		Now:    func() time.Time { return s.calls.clock.Add(p.skew) },
	}
	s.sched.quietly(func() { r.Store, r.Target = s.world.Open() })
	r.Target = s.watch(r.Target)
	if s.rotator != nil {
		return s.rotator(r)
	}
	return r
}

// check is made after each call, past the faults.
func (s *scene) check(name string) {
	if s.broken != nil {
		return
	}
	s.trace = append(s.trace, call{name: name, fate: s.sched.fates[s.sched.next-1], lag: s.sched.lag[s.sched.next-1]})
	current, err := s.world.Current()
	if err != nil {
		if !errors.Is(err, rotation.ErrNoValue) || !s.current.IsZero() {
			s.breaks("no current value can be read: %w", err)
		}
		return
	}
	if current != s.current {
		s.see(current)
		if s.overlaps && !s.current.IsZero() {
			s.cached = append(s.cached, cached{s.current, s.calls.clock.Add(s.world.Grace)})
		}
		s.current, s.promoted = current, s.calls.clock
	}
	if err := s.world.Works(current); err != nil && (!s.harness.Exclusive || !s.pendingWorks()) {
		s.breaks("the current value does not work: %w", err)
	}
	for _, c := range s.cached {
		if s.calls.clock.Before(c.until) {
			if err := s.world.Works(c.value); err != nil {
				s.breaks("the previous value does not work, and its grace has not passed: %w", err)
			}
		}
	}
}

func (s *scene) pendingWorks() bool {
	store, _ := s.world.Open()
	v, err := store.Versions(context.Background())
	if err != nil {
		return false
	}
	pending, err := store.Value(context.Background(), v.Pending.ID)
	return err == nil && s.world.Works(pending) == nil
}

// settled checks that everything the target accepts is known to the store.
func (s *scene) settled() {
	s.sched.quietly(func() {
		if s.broken != nil {
			return
		}
		v := s.versions()
		if !s.overlaps {
			return
		}
		known := []rotation.Value{s.current}
		if v.Previous.ID != "" {
			store, _ := s.world.Open()
			previous, err := store.Value(context.Background(), v.Previous.ID)
			if err != nil {
				s.breaks("the previous value cannot be read: %w", err)
			}
			known = append(known, previous)
		}
		if s.world.Live != nil {
			for _, live := range s.world.Live() {
				if !slices.Contains(known, live) {
					s.breaks("the target accepts a credential that is neither current nor previous")
				}
			}
			return
		}
		for value := range s.seen {
			if !slices.Contains(known, value) && s.world.Works(value) == nil {
				s.breaks("the target accepts a credential that is neither current nor previous")
			}
		}
	})
}

func (s *scene) versions() (v rotation.Versions) {
	s.sched.quietly(func() {
		store, _ := s.world.Open()
		var err error
		if v, err = store.Versions(context.Background()); err != nil {
			s.breaks("the versions cannot be read: %w", err)
		}
	})
	return v
}

// leaks looks for values in what was logged and in an error.
func (s *scene) leaks(err error) {
	text := s.log.String()
	if err != nil {
		text += err.Error()
	}
	s.log.Reset()
	for _, forms := range s.seen {
		for _, form := range forms {
			if strings.Contains(text, form) {
				s.breaks("a record or an error holds a value")
			}
		}
	}
}

func (s *scene) see(v rotation.Value) {
	if _, ok := s.seen[v]; ok || v.IsZero() {
		return
	}
	secret := v.Reveal()
	var fields struct{ Password string }
	if json.Unmarshal([]byte(secret), &fields) == nil && fields.Password != "" {
		secret = fields.Password
	}
	quoted, _ := json.Marshal(secret)
	s.seen[v] = []string{
		secret, strings.Trim(string(quoted), `"`), url.QueryEscape(secret), url.PathEscape(secret),
		base64.RawStdEncoding.EncodeToString([]byte(secret)),
	}
}

func (s *scene) breaks(format string, args ...any) {
	if s.broken == nil {
		s.broken = fmt.Errorf(format, args...)
	}
}

// watch sees each value that is minted.
func (s *scene) watch(t rotation.Target) rotation.Target {
	if r, ok := t.(rotation.Revoker); ok {
		return watchedRevoker{r, s}
	}
	return watched{t, s}
}

type watched struct {
	rotation.Target
	scene *scene
}

func (w watched) Mint(ctx context.Context, token string, current rotation.Value) (rotation.Value, error) {
	v, err := w.Target.Mint(ctx, token, current)
	w.scene.see(v)
	return v, err
}

type watchedRevoker struct {
	rotation.Revoker
	scene *scene
}

func (w watchedRevoker) Mint(ctx context.Context, token string, current rotation.Value) (rotation.Value, error) {
	return watched{w.Revoker, w.scene}.Mint(ctx, token, current)
}
