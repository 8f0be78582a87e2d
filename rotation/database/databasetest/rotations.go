package databasetest

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/secretstack/secretstack/rotation"
	"github.com/secretstack/secretstack/rotation/credential"
	"github.com/secretstack/secretstack/rotation/database"
)

func (h Harness) oneUser(t *testing.T) {
	for name, config := range map[string]func(*World) database.Config{"by itself": (*World).One, "by an admin": (*World).OneByAdmin} {
		t.Run(name, func(t *testing.T) {
			w := h.World(t)
			target := w.Target(config(w))
			if _, ok := target.(rotation.Revoker); ok {
				t.Error("one user has no previous credential to revoke")
			}
			second := w.Apply(target, w.First)
			w.WantWorks(false, "first", w.First)
			w.WantWorks(true, "second", second)
			third := w.Apply(target, second)
			w.WantWorks(false, "second", second)
			w.WantWorks(true, "third", third)
		})
	}
}

// noValue has an admin bring a secret to life.
func (h Harness) noValue(t *testing.T) {
	w := h.World(t)
	if _, err := w.Target(w.One()).Mint(t.Context(), "", rotation.Value{}); rotation.ClassOf(err) != rotation.Invalid {
		t.Error("a user that nobody knows the password of altered itself: ", err)
	}
	next := w.Apply(w.Target(w.OneByAdmin()), rotation.Value{})
	w.WantWorks(true, "next", next)
	next = w.Apply(w.Target(w.Two()), rotation.Value{})
	w.WantWorks(true, "next", next)
}

func (h Harness) plain(t *testing.T) {
	w := h.World(t)
	c := w.One()
	c.Plain = true
	next := w.Apply(w.Target(c), rotation.NewValue("first canary of "+w.Users[0]))
	w.WantWorks(true, "next", w.Value(w.Users[0], next.Reveal()))
}

// adopted keeps what the package does not know in a secret that another rotator made.
func (h Harness) adopted(t *testing.T) {
	w := h.World(t)
	value := rotation.NewValue(strings.Replace(w.First.Reveal(), "{", `{"masterarn":"arn:aws:x", `, 1))
	next := w.Apply(w.Target(w.One()), value).Reveal()
	if !strings.Contains(next, `"masterarn":"arn:aws:x"`) || !strings.Contains(next, `"dbname":"`+h.Database+`"`) {
		cred, _ := credential.Parse(rotation.NewValue(next))
		t.Error("fields are missing: ", strings.ReplaceAll(next, cred.Password, ""))
	}
}

// lateRevocation has a Revoke that waits for another's Apply, and must notice it.
func (h Harness) lateRevocation(t *testing.T) {
	w := h.World(t)
	target := w.Target(w.Two())
	second := w.Apply(target, w.First)
	other := w.Open(w.Value(w.User, w.Password))
	defer other.Close()
	change := h.Hold(t, other, w.Users[0])
	var wait sync.WaitGroup
	wait.Go(func() {
		if err := target.(rotation.Revoker).Revoke(t.Context(), w.First, second); err != nil {
			t.Error(err)
		}
	})
	for end := time.Now().Add(10 * time.Second); w.Exec(h.CountWaiting) != "1"; {
		if time.Now().After(end) {
			t.Fatal("the revocation does not wait")
		}
	}
	change("third canary")
	other.Close()
	wait.Wait()
	w.WantWorks(true, "third", w.Value(w.Users[0], "third canary"))
}

// severalAtOnce has several rotators apply at once: the server by itself would fail some of them.
func (h Harness) severalAtOnce(t *testing.T) {
	w := h.World(t)
	for name, c := range map[string]database.Config{"two": w.Two(), "admin": w.OneByAdmin()} {
		target := w.Target(c)
		pending, err := target.Mint(t.Context(), "", w.First)
		if err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				err := target.Apply(t.Context(), pending, w.First)
				if giveUp := h.Crowded && rotation.ClassOf(err) == rotation.Busy; err != nil && !giveUp {
					t.Error(name, err)
				}
			})
		}
		all.Wait()
		w.WantWorks(true, name, pending)
	}
}

// busy has another rotator at work that does not end in time.
func (h Harness) busy(t *testing.T) {
	w := h.World(t)
	other := w.Open(w.Value(w.User, w.Password))
	defer other.Close()
	h.Hold(t, other, w.Users[0])
	err := w.Target(w.One()).Apply(t.Context(), w.Value(w.Users[0], "canary"), w.First)
	if rotation.ClassOf(err) != rotation.Busy {
		t.Error("want busy, got ", err)
	}
}
