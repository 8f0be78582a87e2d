package azurestore_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/secretstack/secretstack/rotation"
	"github.com/secretstack/secretstack/rotation/azurestore"
	"github.com/secretstack/secretstack/rotation/azurestore/keyvaulttest"
	"github.com/secretstack/secretstack/rotation/rotationtest"
)

const races = 1000

// slow takes up to most of a time for each request, before its effect and again after it.
type slow struct {
	vault  *keyvaulttest.Vault
	random *rand.Rand
	most   time.Duration
}

func (s slow) Do(r *http.Request) (*http.Response, error) {
	before, after := s.random.Int64N(int64(s.most)), s.random.Int64N(int64(s.most))
	time.Sleep(time.Duration(before))
	defer time.Sleep(time.Duration(after))
	return s.vault.Do(r)
}

// race lets rotators stage values at about the same time, in virtual time, and gives the claims they adopted.
func race(t *testing.T, seed uint64, settle time.Duration) map[string]bool {
	adopted := map[string]bool{}
	synctest.Test(t, func(t *testing.T) {
		vault := declared()
		time.Sleep(time.Minute)
		random := rand.New(rand.NewPCG(seed, 0))
		most := time.Duration(1+random.Int64N(1500)) * time.Millisecond
		var mu sync.Mutex
		var wait sync.WaitGroup
		for i := range 2 + random.IntN(3) {
			start := time.Duration(random.Int64N(int64(8 * most)))
			store := &azurestore.Store{
				Client: keyvaulttest.Client(slow{vault, rand.New(rand.NewPCG(seed, uint64(i+1))), most}), Name: name, Settle: settle,
			}
			wait.Go(func() {
				time.Sleep(start)
				id, err := adopt(t.Context(), store, fmt.Sprint("value ", i))
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				adopted[id] = true
			})
		}
		wait.Wait()
	})
	return adopted
}

// adopt does what a rotator does, which stages a value only where it finds none.
func adopt(ctx context.Context, s *azurestore.Store, value string) (string, error) {
	v, err := s.Versions(ctx)
	if err != nil || v.Pending.ID != "" {
		return v.Pending.ID, err
	}
	return s.Stage(ctx, "token", rotation.NewValue(value))
}

func TestRotatorsAdoptTheSameClaim(t *testing.T) {
	for seed := range uint64(races) {
		if adopted := race(t, seed, 0); len(adopted) != 1 {
			t.Fatalf("seed %d: rotators adopted %d claims", seed, len(adopted))
		}
	}
}

// Without it the test above would show nothing.
func TestWithoutSettlingTheyDoNot(t *testing.T) {
	for seed := range uint64(races) {
		if len(race(t, seed, time.Nanosecond)) > 1 {
			return
		}
	}
	t.Errorf("%d races without settling time, and the rotators agreed in each", races)
}

// However slow the vault is, two rotators never have the lease; where it answers in time, one has.
func TestOneLeaseAtATime(t *testing.T) {
	const settle = 5 * time.Second
	for seed := range uint64(races) {
		synctest.Test(t, func(t *testing.T) {
			vault := declared()
			random := rand.New(rand.NewPCG(seed, 0))
			most := time.Duration(1+random.Int64N(5000)) * time.Millisecond
			var held atomic.Int32
			var wait sync.WaitGroup
			for i := range 3 {
				start := time.Duration(random.Int64N(int64(8 * most)))
				store := &azurestore.Store{
					Client: keyvaulttest.Client(slow{vault, rand.New(rand.NewPCG(seed, uint64(i+1))), most}), Name: name,
				}
				wait.Go(func() {
					time.Sleep(start)
					switch _, err := store.Lease(t.Context(), time.Now().Add(time.Hour)); {
					case err == nil:
						held.Add(1)
					case !errors.Is(err, rotation.ErrBusy):
						t.Error(err)
					}
				})
			}
			wait.Wait()
			inTime := 6*most <= settle/2 // a challenge, a list and an update, there and back
			if n := held.Load(); n > 1 || n == 0 && inTime {
				t.Errorf("seed %d: %d rotators have the lease", seed, n)
			}
		})
	}
}

// TestRotatorsAtOnce lets whole rotations race, with the lease and without.
func TestRotatorsAtOnce(t *testing.T) {
	for leased, most := range map[bool]time.Duration{
		true:  400 * time.Millisecond, // so that somebody has the lease
		false: 1500 * time.Millisecond,
	} {
		for seed := range uint64(races / 10) {
			synctest.Test(t, func(t *testing.T) {
				vault := declared()
				user, first := rotationtest.NewUser(nil)
				time.Sleep(time.Minute)
				vault.Put(name, first.Reveal(), true)
				time.Sleep(time.Minute)
				random := rand.New(rand.NewPCG(seed, 0))
				var wait sync.WaitGroup
				var target sync.Mutex
				done := make([]error, 3)
				for i := range done {
					start := time.Duration(random.Int64N(int64(15 * time.Second)))
					var store rotation.Store = &azurestore.Store{
						Client: keyvaulttest.Client(slow{vault, rand.New(rand.NewPCG(seed, uint64(i+1))), most}), Name: name,
					}
					if !leased {
						store = struct{ rotation.Store }{store}
					}
					r := &rotation.Rotator{
						Secret: name, Store: store, Target: locked{user, &target}, Grace: time.Hour,
						Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
					}
					wait.Go(func() {
						time.Sleep(start)
						done[i] = r.Rotate(t.Context())
					})
				}
				wait.Wait()
				won := 0
				for _, err := range done {
					if class := rotation.ClassOf(err); class == "" {
						won++
					} else if class != rotation.Busy {
						t.Errorf("seed %d: %v", seed, err)
					}
				}
				current, err := azurestore.Read(t.Context(), keyvaulttest.Client(vault), name)
				if err != nil || user.Works(current) != nil {
					t.Errorf("seed %d: the current version does not work (%v)", seed, err)
				}
				if won == 0 || current == first {
					t.Errorf("seed %d: %d rotators finished", seed, won)
				}
			})
		}
	}
}

// locked is a target in memory that several goroutines use.
type locked struct {
	rotation.Target
	mu *sync.Mutex
}

func (l locked) Mint(ctx context.Context, token string, current rotation.Value) (rotation.Value, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Target.Mint(ctx, token, current)
}

func (l locked) Apply(ctx context.Context, pending, current rotation.Value) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Target.Apply(ctx, pending, current)
}

func (l locked) Verify(ctx context.Context, v rotation.Value) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Target.Verify(ctx, v)
}

func declared() *keyvaulttest.Vault {
	vault := &keyvaulttest.Vault{}
	vault.Declare(name)
	vault.Declare(companion)
	return vault
}
