package mysql

import (
	"context"
	"strings"
	"testing"

	"github.com/secretstack/secretstack/rotation"
	"github.com/secretstack/secretstack/rotation/database"
	"github.com/secretstack/secretstack/rotation/rotationtest"
)

func TestConformance(t *testing.T) {
	for name, config := range map[string]func(*world) Config{
		"one user":               (*world).one,
		"one user with an admin": func(w *world) Config { return w.by(w.one(), w.User, w.Password) },
		"two users":              (*world).two,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rotationtest.Run(t, rotationtest.Harness{
				Exclusive: name != "two users",
				Slow:      true,
				New: func(t *testing.T, calls *rotationtest.Calls) rotationtest.World {
					w := newWorld(t)
					store := rotationtest.NewStore(calls, w.first)
					accepted := map[rotation.Value]error{} // since the last call of the server
					target, err := database.New(engine{faulty(calls, func() { clear(accepted) })}, config(w))
					if err != nil {
						t.Fatal(err)
					}
					return rotationtest.World{
						Open:    func() (rotation.Store, rotation.Target) { return store, target },
						Current: store.Current,
						Works: func(v rotation.Value) error {
							err, known := accepted[v]
							if !known {
								err = w.works(v)
								accepted[v] = err
							}
							return err
						},
					}
				},
			})
		})
	}
}

// faulty connects so that each login and each statement goes through calls, and called is told of it.
func faulty(calls *rotationtest.Calls, called func()) func(context.Context, database.Login) (*session, error) {
	return func(ctx context.Context, l database.Login) (*session, error) {
		var s *session
		err := calls.Do("connect as "+l.User, func() (err error) {
			called()
			s, err = connect(ctx, l)
			return err
		})
		if err != nil {
			if s != nil {
				s.Close()
			}
			return nil, err
		}
		exec := s.exec
		s.exec = func(ctx context.Context, sql string) (rows [][]string, err error) {
			verb, _, _ := strings.Cut(sql, " ")
			err = calls.Do(verb, func() (err error) {
				called()
				rows, err = exec(ctx, sql)
				return err
			})
			return rows, err
		}
		return s, nil
	}
}
