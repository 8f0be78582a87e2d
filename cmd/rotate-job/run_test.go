package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	azfake "github.com/Azure/azure-sdk-for-go/sdk/azcore/fake"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/google/go-cmp/cmp"

	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/rotation"
	"github.com/secretstack/secretstack/rotation/azurestore"
	"github.com/secretstack/secretstack/rotation/azurestore/keyvaulttest"
)

const month = 30 * 24 * time.Hour

// stage is a vault, seen by a job in virtual time.
type stage struct {
	t     *testing.T
	vault *keyvaulttest.Vault
	log   bytes.Buffer

	verdict string // of the last run: its step, its outcome and how many secrets are on time
}

func generated(name string) secret.Job {
	return secret.Job{Secret: name, ID: name, Rotation: secret.Rotation{Every: secret.Every(month), Generated: &secret.Generated{}}}
}

func (s *stage) declare(jobs ...secret.Job) {
	for _, job := range jobs {
		s.vault.Declare(job.ID)
		s.vault.Declare(job.ID + secret.CompanionSuffix)
	}
}

// run gives the counts of the summary, and its verdict in s.
func (s *stage) run(ctx context.Context, c config, transport policy.Transporter) (map[string]any, error) {
	s.t.Helper()
	client, err := newClient(keyvaulttest.URL, &azfake.TokenCredential{}, transport)
	if err != nil {
		s.t.Fatal(err)
	}
	s.log.Reset()
	err = run(ctx, c, client, slog.New(slog.NewJSONHandler(&s.log, nil)))
	lines := strings.Split(strings.TrimSpace(s.log.String()), "\n")
	var summary map[string]any
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &summary); err != nil {
		s.t.Fatal(err)
	}
	s.verdict = fmt.Sprint(summary["step"], " ", summary["outcome"], " ", summary["on_time"])
	for _, attr := range []string{"time", "level", "msg", "duration_ms", "step", "outcome", "on_time"} {
		delete(summary, attr)
	}
	for o, n := range summary {
		if n == float64(0) {
			delete(summary, o)
		}
	}
	return summary, err
}

func (s *stage) expect(c config, want map[string]any) {
	s.t.Helper()
	got, err := s.run(s.t.Context(), c, s.vault)
	if err != nil || cmp.Diff(want, got) != "" {
		s.t.Errorf("summary %v, error %v; want %v\n%s", got, err, want, s.log.String())
	}
}

func counts(pairs ...any) map[string]any {
	m := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		m[fmt.Sprint(pairs[i])] = float64(pairs[i+1].(int))
	}
	return m
}

func (s *stage) reads(name string) string {
	v, err := azurestore.Read(s.t.Context(), keyvaulttest.Client(s.vault), name)
	if err != nil {
		s.t.Fatal(err)
	}
	return v.Reveal()
}

// TestLife is two months of a vault.
func TestLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stage{t: t, vault: &keyvaulttest.Vault{}}
		byHand := generated("by-hand")
		byHand.Rotation.Every = secret.Manual
		c := config{jobs: []secret.Job{generated("a"), generated("b"), byHand}}
		s.declare(c.jobs...)

		s.expect(c, counts(rotated, 2, nothing, 1))
		first := s.reads("a")
		time.Sleep(time.Hour)
		s.expect(c, counts(nothing, 3))
		time.Sleep(month - time.Hour - time.Minute)
		s.expect(c, counts(nothing, 3))
		time.Sleep(time.Hour)
		s.expect(c, counts(rotated, 2, nothing, 1))
		if s.reads("a") == first {
			t.Error("the value was not rotated")
		}
		time.Sleep(time.Hour)
		s.expect(c, counts(nothing, 3))
		time.Sleep(24 * time.Hour)
		s.expect(c, counts(retired, 2, nothing, 1))
		for _, v := range s.vault.Versions("a") {
			if *v.Value == first && *v.Attributes.Enabled {
				t.Error("the first value can still be read after its grace")
			}
		}
		c.only = "by-hand"
		s.expect(c, counts(rotated, 1))
		value := s.reads("by-hand")
		s.expect(c, counts(rotated, 1))
		if s.reads("by-hand") == value {
			t.Error("what a person asked for was not done")
		}
		if strings.Contains(s.log.String(), value) {
			t.Error("a value is in the log")
		}
	})
}

// broken answers 403 to all that is about one secret.
type broken struct {
	*keyvaulttest.Vault
	name string
}

func (b broken) Do(r *http.Request) (*http.Response, error) {
	if strings.Contains(r.URL.Path, "/"+b.name+"/") && r.Header.Get("Authorization") != "" {
		return nil, errors.New("connection reset")
	}
	return b.Vault.Do(r)
}

func TestOneFailureStopsNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stage{t: t, vault: &keyvaulttest.Vault{}}
		unusable := generated("unusable")
		unusable.Rotation.Generated.Kind = "poem"
		c := config{jobs: []secret.Job{generated("a"), generated("b"), generated("c"), unusable, generated("not-deployed")}}
		s.declare(c.jobs[:4]...)
		got, err := s.run(t.Context(), c, broken{s.vault, "b"})
		if err == nil || cmp.Diff(counts(rotated, 2, failed, 3), got) != "" {
			t.Errorf("summary %v, error %v", got, err)
		}
		if s.verdict != "look failed 2" {
			t.Errorf("the verdict is %q, though three secrets are not known to be on time", s.verdict)
		}
		for _, want := range []string{"unusable", "is no kind of value", "connection reset", "deploy the stack"} {
			if !strings.Contains(s.log.String(), want) {
				t.Errorf("no record says %q:\n%s", want, s.log.String())
			}
		}
	})
}

// dying is a job's network, which it loses when it promotes.
type dying struct{ *keyvaulttest.Vault }

func (d dying) Do(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodPut && !strings.HasSuffix(r.URL.Path, secret.CompanionSuffix) {
		return nil, errors.New("connection reset")
	}
	return d.Vault.Do(r)
}

// Whatever began a round, the next look finishes it.
func TestInterrupted(t *testing.T) {
	for _, every := range []secret.Every{secret.Manual, secret.Every(month)} {
		synctest.Test(t, func(t *testing.T) {
			s := &stage{t: t, vault: &keyvaulttest.Vault{}}
			job := generated("a")
			job.Rotation.Every = every
			asked := config{jobs: []secret.Job{job, generated("b")}, only: "a"}
			s.declare(asked.jobs...)
			s.expect(asked, counts(rotated, 1))
			if s.verdict != "rotate ok 1" {
				t.Errorf("the verdict is %q; a rotation by hand says nothing of the others", s.verdict)
			}
			before := s.reads("a")
			time.Sleep(48 * time.Hour)
			got, err := s.run(t.Context(), asked, dying{s.vault})
			if cmp.Diff(counts(failed, 1), got) != "" || err == nil || !strings.Contains(err.Error(), "1 of 1 secrets") {
				t.Errorf("a run that died: %v, error %v", got, err)
			}
			time.Sleep(time.Hour)
			s.expect(config{jobs: asked.jobs[:1]}, counts(rotated, 1))
			if s.verdict != "look ok 1" {
				t.Errorf("the verdict is %q", s.verdict)
			}
			if s.reads("a") == before {
				t.Error("the pending value was not promoted")
			}
		})
	}
}

func TestAnotherRotatorIsNoFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stage{t: t, vault: &keyvaulttest.Vault{}}
		c := config{jobs: []secret.Job{generated("a")}}
		s.declare(c.jobs...)
		store := &azurestore.Store{Client: keyvaulttest.Client(s.vault), Name: "a"}
		if _, err := store.Lease(t.Context(), time.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		s.expect(c, counts(nothing, 1))
		c.only = "a"
		if got, err := s.run(t.Context(), c, s.vault); err == nil || cmp.Diff(counts(failed, 1), got) != "" {
			t.Errorf("asked for, and another rotator has it: %v, error %v", got, err)
		}
	})
}

func TestNothingIsBegunWithoutTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stage{t: t, vault: &keyvaulttest.Vault{}}
		var c config
		for i := range 10 * parallel {
			c.jobs = append(c.jobs, generated(fmt.Sprint("a", i)))
		}
		s.declare(c.jobs...)
		ctx, cancel := context.WithTimeout(t.Context(), enough+25*time.Second)
		defer cancel()
		got, err := s.run(ctx, c, s.vault)
		if n, _ := got["left"].(float64); err != nil || n == 0 || n+got["rotated"].(float64) != float64(len(c.jobs)) {
			t.Errorf("summary %v, error %v", got, err)
		}
		if t.Failed() {
			t.Log(s.log.String())
		}
	})
}

// meter counts what a vault is asked for in each 10 seconds.
type meter struct {
	*keyvaulttest.Vault
	mu     sync.Mutex
	weight map[int64]int
	calls  int
}

func (m *meter) Do(r *http.Request) (*http.Response, error) {
	time.Sleep(20 * time.Millisecond)
	m.mu.Lock()
	n := 1
	if r.Method == http.MethodPut {
		n = 14 // 4,000 / 300
	}
	m.weight[time.Now().Unix()/10] += n
	m.calls++
	m.mu.Unlock()
	return m.Vault.Do(r)
}

// A whole vault that is due at once, as after a deployment, stays within Key Vault's limits and a run's time.
func TestManyAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stage{t: t, vault: &keyvaulttest.Vault{}}
		var c config
		for i := range 2000 {
			c.jobs = append(c.jobs, generated(fmt.Sprint("secret-", i)))
		}
		s.declare(c.jobs...)
		start := time.Now()
		m := &meter{Vault: s.vault, weight: map[int64]int{}}
		got, err := s.run(t.Context(), c, m)
		if err != nil || cmp.Diff(counts(rotated, 2000), got) != "" {
			t.Fatalf("summary %v, error %v", got, err)
		}
		most := 0
		for _, n := range m.weight {
			most = max(most, n)
		}
		took := time.Since(start)
		t.Logf("2,000 rotations: %s, %d calls, in 10 seconds at most the equal of %d of 4,000", took, m.calls, most)
		if took > 45*time.Minute || most > 2000 {
			t.Error("that is too much")
		}
	})
}

// A secret of the same name in another vault may have the same issuer: their first rounds need different tokens.
func TestLives(t *testing.T) {
	lives := map[string]bool{}
	for n := range 2 {
		vault := &keyvaulttest.Vault{}
		for range n {
			vault.Declare("another")
		}
		s := &stage{t: t, vault: vault}
		s.declare(generated("a"))
		r, err := task{job: generated("a"), client: keyvaulttest.Client(vault)}.rotator(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		lives[r.Life] = true
	}
	if len(lives) != 2 {
		t.Errorf("the lives of two secrets are %v", lives)
	}
}

func TestLifetime(t *testing.T) {
	if got := lifetime(generated("a").Rotation); got != month+24*time.Hour+overdue {
		t.Errorf("a version lives for %s", got)
	}
	if got := lifetime(secret.Rotation{}); got != 0 {
		t.Errorf("a version that nobody rotates lives for %s", got)
	}
}

type noIdentity struct{}

func (noIdentity) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{}, errors.New("no such identity")
}

func TestNoToken(t *testing.T) {
	client, err := newClient(keyvaulttest.URL, noIdentity{}, &keyvaulttest.Vault{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = azurestore.Read(t.Context(), client, "a")
	if rotation.ClassOf(err) != rotation.Refused || !strings.Contains(err.Error(), "no such identity; assign the user-assigned identity") {
		t.Errorf("%s: %v", rotation.ClassOf(err), err)
	}
}
