package gcpstore_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	pb "cloud.google.com/go/secretmanager/apiv1/secretmanagerpb"

	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/rotation"
	"github.com/secretstack/secretstack/rotation/gcpstore"
	"github.com/secretstack/secretstack/rotation/gcpstore/secretmanagertest"
	"github.com/secretstack/secretstack/rotation/rotationtest"
)

// A life is that of a secret whose keys an issuer gives, with an operator and a clock.
type life struct {
	*world
	t      *testing.T
	now    time.Time
	issuer *rotationtest.Issuer
}

func newLife(t *testing.T) (l *life, first rotation.Value) {
	l = &life{t: t, now: time.Now()}
	l.issuer, first = rotationtest.NewIssuer(nil)
	l.begin()
	l.put(first.Reveal())
	return l, first
}

// begin makes the secret, or makes it again.
func (l *life) begin() {
	l.t.Helper()
	l.world = newWorld(l.t)
	l.Now = func() time.Time { return l.now }
	job := must(json.Marshal(secret.Job{Secret: "orders-db", ID: name}))(l.t)
	l.MustUpdate(l.t, name, func(s *pb.Secret) []string {
		s.Annotations = map[string]string{gcpstore.JobAnnotation: string(job)}
		return []string{"annotations"}
	})
}

func (l *life) rotator() *rotation.Rotator {
	l.t.Helper()
	order := must(gcpstore.Job(l.t.Context(), l.client, name))(l.t)
	return &rotation.Rotator{
		Secret: order.ID, Life: order.Life, Store: l.store(), Target: l.issuer, Grace: time.Hour, Now: l.Now,
		Log: slog.New(slog.DiscardHandler),
	}
}

func (l *life) rotate() {
	l.t.Helper()
	check(l.t, l.rotator().Rotate(l.t.Context()))
}

// puts has an operator put so many keys.
func (l *life) puts(n int) {
	l.t.Helper()
	for i := range n {
		token := fmt.Sprintf("by hand, %s, %d", l.now, i)
		l.put(must(l.issuer.Mint(l.t.Context(), token, rotation.Value{}))(l.t).Reveal())
	}
}

// pass lets time go by in which the clock strikes.
func (l *life) pass(strikes int) {
	l.t.Helper()
	for range strikes {
		l.now = l.now.Add(90 * time.Minute)
		must(l.rotator().Tend(l.t.Context(), 0, false))(l.t)
	}
}

// Whatever an operator puts and when, in the end only the current key works.
func TestNoKeyIsLeft(t *testing.T) {
	for what, do := range map[string]func(l *life, first rotation.Value){
		"nothing put":    func(l *life, _ rotation.Value) { l.rotate() },
		"rolled back":    func(l *life, first rotation.Value) { l.rotate(); l.put(first.Reveal()) },
		"put in grace":   func(l *life, _ rotation.Value) { l.rotate(); l.puts(1) },
		"put twice":      func(l *life, _ rotation.Value) { l.rotate(); l.pass(1); l.puts(2) },
		"twice in grace": func(l *life, _ rotation.Value) { l.rotate(); l.puts(2) },
		"put in the first round": func(l *life, _ rotation.Value) {
			check(l.t, l.rotator().Create(l.t.Context(), ""))
			l.puts(1)
			l.rotate()
		},
		"put in a later round": func(l *life, _ rotation.Value) {
			l.rotate()
			l.pass(1)
			check(l.t, l.rotator().Create(l.t.Context(), ""))
			l.puts(1)
			l.rotate()
		},
	} {
		t.Run(what, func(t *testing.T) {
			l, first := newLife(t)
			do(l, first)
			for range 2 {
				l.pass(8)
				if current, live := must(l.current())(t), l.issuer.Live(); len(live) != 1 || live[0] != current {
					t.Errorf("%d keys work; the versions are %s", len(live), l.states(name))
				}
				l.rotate()
			}
		})
	}
}

// The versions of a secret that is deleted and made again are numbered from 1 again, and the issuer remembers what
// it gave before.
func TestMadeAgain(t *testing.T) {
	l, _ := newLife(t)
	for range 3 {
		l.rotate()
		l.pass(1)
	}
	l.begin()
	l.puts(1)
	for range 3 {
		l.rotate()
		l.pass(1)
	}
	check(t, l.issuer.Works(must(l.current())(t)))
}

func TestReadOfNothing(t *testing.T) {
	for _, name := range []string{name, secretmanagertest.SecretName("no-such-secret")} {
		_, err := gcpstore.Read(t.Context(), newWorld(t).client, name)
		if !errors.Is(err, rotation.ErrNoValue) || rotation.ClassOf(err) != rotation.Invalid ||
			!strings.Contains(err.Error(), "check that it exists") || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
