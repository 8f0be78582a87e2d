package azurestore_test

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/secretstack/secretstack/rotation"
	"github.com/secretstack/secretstack/rotation/azurestore"
	"github.com/secretstack/secretstack/rotation/azurestore/keyvaulttest"
	"github.com/secretstack/secretstack/rotation/rotationtest"
)

const (
	name      = "orders-db"
	companion = "orders-db--rotation"
)

// faulty passes a client's requests through the fates of a schedule.
type faulty struct {
	calls *rotationtest.Calls
	vault policy.Transporter
}

func (f faulty) Do(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	if err := f.calls.Do(r.Method+" "+r.URL.Path, func() error {
		answer, err := f.vault.Do(r)
		if err != nil {
			return err
		}
		defer func() { _ = answer.Body.Close() }()
		maps.Copy(w.Header(), answer.Header)
		w.WriteHeader(answer.StatusCode)
		_, err = io.Copy(w, answer.Body)
		return err
	}); err != nil {
		return nil, err
	}
	return w.Result(), nil
}

// clock is the vault's. It goes on when a rotator settles or the world's clock does, and never back.
type clock struct{ now time.Time }

func (c *clock) sleep(_ context.Context, d time.Duration) error {
	c.now = c.now.Add(d)
	return nil
}

// target is one kind of Target, with the value that works there at first.
type target struct {
	rotation.Target
	first rotation.Value
	works func(rotation.Value) error
	live  func() []rotation.Value
}

var targets = map[string]func(*rotationtest.Calls) target{
	"two users": func(calls *rotationtest.Calls) target {
		users, first := rotationtest.NewUsers(calls)
		return target{users, first, users.Works, users.Live}
	},
	"one user": func(calls *rotationtest.Calls) target {
		user, first := rotationtest.NewUser(calls)
		return target{user, first, user.Works, nil}
	},
	"an issuer": func(calls *rotationtest.Calls) target {
		issuer, first := rotationtest.NewIssuer(calls)
		return target{issuer, first, issuer.Works, issuer.Live}
	},
}

// TestConformance has the lease taken away in a third of the worlds: it only makes rotators at once rare, and
// they are to be harmless.
func TestConformance(t *testing.T) {
	for kind, made := range targets {
		for _, way := range []struct{ leased, fake bool }{{true, false}, {false, false}, {true, true}} {
			t.Run(fmt.Sprintf("%s, leased: %v, SDK fake: %v", kind, way.leased, way.fake), func(t *testing.T) {
				t.Parallel()
				rotationtest.Run(t, rotationtest.Harness{
					Exclusive: kind == "one user",
					Slow:      true,
					New: func(t *testing.T, calls *rotationtest.Calls) rotationtest.World {
						return world(t, calls, made(calls), way.leased, way.fake)
					},
				})
			})
		}
	}
}

func world(t *testing.T, calls *rotationtest.Calls, target target, leased, fake bool) rotationtest.World {
	c := &clock{now: calls.Now()}
	vault := &keyvaulttest.Vault{
		Now: func() time.Time {
			if now := calls.Now(); now.After(c.now) {
				c.now = now
			}
			return c.now
		},
		Behind: calls.Behind,
		Lag:    5 * time.Second,
	}
	vault.Declare(name)
	vault.Declare(companion)
	_ = c.sleep(t.Context(), time.Minute)
	vault.Put(name, target.first.Reveal(), true)
	_ = c.sleep(t.Context(), time.Minute)
	front := func() policy.Transporter {
		if fake {
			return vault.Fake()
		}
		return vault
	}
	return rotationtest.World{
		Open: func() (rotation.Store, rotation.Target) {
			store := &azurestore.Store{
				Client: keyvaulttest.Client(faulty{calls, front()}), Name: name,
				Lifetime: 90 * 24 * time.Hour, Now: calls.Now, Sleep: c.sleep,
			}
			if !leased {
				return struct{ rotation.Store }{store}, target.Target
			}
			return store, target.Target
		},
		Current: func() (rotation.Value, error) {
			return azurestore.Read(context.Background(), keyvaulttest.Client(front()), name)
		},
		Works: target.works,
		Live:  target.live,
	}
}
