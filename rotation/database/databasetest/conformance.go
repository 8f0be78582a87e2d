package databasetest

import (
	"context"
	"strings"
	"testing"

	"github.com/secretstack/secretstack/rotation"
	"github.com/secretstack/secretstack/rotation/credential"
	"github.com/secretstack/secretstack/rotation/database"
	"github.com/secretstack/secretstack/rotation/rotationtest"
)

func (h Harness) conformance(t *testing.T) {
	for name, config := range map[string]func(*World) database.Config{
		"one user":               (*World).One,
		"one user with an admin": (*World).OneByAdmin,
		"two users":              (*World).Two,
	} {
		t.Run(name, func(group *testing.T) {
			group.Parallel()
			rotationtest.Run(group, rotationtest.Harness{
				Exclusive: name != "two users",
				Slow:      true,
				New: func(t *testing.T, calls *rotationtest.Calls) rotationtest.World {
					if t != group { // each world but the first has a test of its own
						t.Parallel()
					}
					w := h.World(t)
					store := rotationtest.NewStore(calls, w.First)
					target, err := h.Faulty(config(w), calls)
					if err != nil {
						t.Fatal(err)
					}
					return rotationtest.World{
						Open:    func() (rotation.Store, rotation.Target) { return store, target },
						Current: store.Current,
						Works:   w.remembering(),
					}
				},
			})
		})
	}
}

// remembering is Works, which logs in again only where the server keeps something else of the user than it did at that
// value's last login: a login takes a server a hundred times as long as a look.
func (w *World) remembering() func(rotation.Value) error {
	type login struct {
		value rotation.Value
		state string
	}
	known := map[login]error{}
	return func(v rotation.Value) error {
		c, err := credential.Parse(v)
		if err != nil {
			return err
		}
		l := login{v, w.state(c.Username)}
		if _, ok := known[l]; !ok {
			known[l] = w.Works(v)
		}
		return known[l]
	}
}

func (w *World) state(user string) string { return w.Exec(w.harness.State(w.Server, user)) }

// Login logs in through the calls.
func Login[S database.Session](
	ctx context.Context, calls *rotationtest.Calls, l database.Login, connect func(context.Context, database.Login) (S, error),
) (s S, err error) {
	there := false
	err = calls.Do("connect as "+l.User, func() (err error) {
		s, err = connect(ctx, l)
		there = err == nil
		return err
	})
	if err != nil && there {
		s.Close() // the answer was lost
	}
	return s, err
}

// Statement runs one through the calls.
func Statement(calls *rotationtest.Calls, sql string, exec func() ([][]string, error)) (rows [][]string, err error) {
	verb, _, _ := strings.Cut(sql, " ")
	err = calls.Do(verb, func() (err error) {
		rows, err = exec()
		return err
	})
	return rows, err
}
