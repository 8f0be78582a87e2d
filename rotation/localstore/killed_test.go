package localstore_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/secretstack/secretstack/e2e/needs"
	"github.com/secretstack/secretstack/internal/agefile"
	"github.com/secretstack/secretstack/rotation"
	"github.com/secretstack/secretstack/rotation/localstore"
)

// TestMain lets the test binary be the process that is killed: it makes all the changes of a rotation, or
// what is missing of them.
func TestMain(m *testing.M) {
	file := os.Getenv("LOCALSTORE_TEST_FILE")
	if file == "" {
		os.Exit(m.Run())
	}
	runtime.LockOSThread() // faults are counted by thread
	if err := rotate(context.Background(), file, rotation.NewValue(os.Getenv("LOCALSTORE_TEST_VALUE"))); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func rotate(ctx context.Context, file string, next rotation.Value) error {
	ids, err := agefile.LoadIdentities(filepath.Join(filepath.Dir(file), "key"))
	if err != nil {
		return err
	}
	s := &localstore.Store{File: file, Secret: name, Identities: ids}
	release, err := s.Lease(ctx, time.Time{})
	if err != nil {
		return err
	}
	defer func() { _ = release(ctx) }()
	id, err := s.Stage(ctx, "one round", next)
	if err != nil {
		return err
	}
	if err := s.Promote(ctx, id); err != nil {
		return err
	}
	v, err := s.Versions(ctx)
	if err != nil || v.Previous.ID == "" {
		return err
	}
	if err := s.Schedule(ctx, v.Previous.ID, time.Now()); err != nil {
		return err
	}
	return s.Retire(ctx, v.Previous.ID)
}

const first, second, third = "canary-1", "canary-2", "canary-3"

// TestKilledAtEachStep kills the process before each system call that touches a file, or has that call
// fail. The file is then as it was before one change or after it, and the next process finishes the rotation.
func TestKilledAtEachStep(t *testing.T) {
	strace := needs.Program(t, "strace", "It injects the faults. Install it with the system's packages: apt-get install strace.")
	for _, call := range []string{"openat", "flock", "write", "fsync", "renameat"} {
		for _, fault := range []string{"signal=KILL", "error=EIO"} {
			t.Run(call+" "+fault, func(t *testing.T) {
				t.Parallel()
				log := filepath.Join(t.TempDir(), "calls")
				trace := []string{strace, "-f", "-qq", "-o", log, "-e", "trace=" + call}
				if err := newVictim(t).run(second, trace...); err != nil {
					t.Fatal(err)
				}
				calls, err := os.ReadFile(log)
				if err != nil {
					t.Fatal(err)
				}
				hit := 0
				for n := range strings.Count(string(calls), call+"(") {
					v := newVictim(t)
					inject := fmt.Sprintf("inject=%s:%s:when=%d", call, fault, n+1)
					if v.run(second, append(trace, "-e", inject)...) != nil {
						hit++
					}
					v.finish()
				}
				if hit < 4 {
					t.Errorf("%d faults; a rotation changes the file four times", hit)
				}
			})
		}
	}
}

// victim is a file with a secret, and processes that rotate it.
type victim struct {
	*testing.T
	store *localstore.Store
}

func newVictim(t *testing.T) victim {
	t.Helper()
	file := filepath.Join(t.TempDir(), "secrets.age.yaml")
	key := filepath.Join(filepath.Dir(file), "key")
	recipient, err := agefile.EnsureKey(key)
	if err != nil {
		t.Fatal(err)
	}
	ids, err := agefile.LoadIdentities(key)
	if err != nil {
		t.Fatal(err)
	}
	v := victim{t, &localstore.Store{File: file, Secret: name, Identities: ids}}
	put(t, v.store, first, recipient)
	return v
}

// run has a process, in a wrapper, rotate to a value.
func (v victim) run(value string, wrapper ...string) error {
	args := append(slices.Clone(wrapper), os.Args[0])
	cmd := exec.CommandContext(v.Context(), args[0], args[1:]...)
	cmd.Env = append(os.Environ(), "LOCALSTORE_TEST_FILE="+v.store.File, "LOCALSTORE_TEST_VALUE="+value)
	out, err := cmd.CombinedOutput()
	if strings.Contains(string(out), "canary") {
		v.Error("a value in the output")
	}
	return err
}

// finish has another process end the rotation. What is staged stays; if nothing is, it rotates to third.
func (v victim) finish() {
	v.Helper()
	want := third
	switch now := v.versions(); {
	case now.Pending.ID != "":
		want = second
		if v.value(now.Current.ID) != first || v.value(now.Pending.ID) != second {
			v.Error("after staging, the values are others")
		}
	case v.value(now.Current.ID) != first:
		want = second
	}
	if err := v.run(third); err != nil {
		v.Fatalf("the next process: %v", err)
	}
	if now := v.versions(); v.value(now.Current.ID) != want || now.Pending.ID != "" || now.Previous.ID != "" {
		v.Errorf("the rotation was not finished: %+v", now)
	}
}

func (v victim) versions() rotation.Versions {
	v.Helper()
	versions, err := v.store.Versions(v.Context())
	if err != nil {
		v.Fatal(err)
	}
	return versions
}

func (v victim) value(id string) string {
	v.Helper()
	value, err := v.store.Value(v.Context(), id)
	if err != nil {
		v.Fatal(err)
	}
	return value.Reveal()
}
