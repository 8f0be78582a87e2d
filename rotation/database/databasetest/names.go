package databasetest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/secretstack/secretstack/rotation/database"
	"github.com/secretstack/secretstack/rotation/generated"
)

// printable is all of ASCII that a password may have.
const printable = "!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~"

// oddNames are such that a mistake in quoting would break out, and some at random.
func (h Harness) oddNames() []string {
	names := slices.Concat(h.Names, []string{
		`"`, `'`, `\`, `\'`, "a b", "$1", "$user", "%I", "Upper", "select", "public", "naïve", "ü'\"\\é", "日本",
		"-- ", "/*", "a.b", "e'x'",
	})
	random := rand.New(rand.NewPCG(1, 2))
	pieces := []string{`"`, `'`, `\`, ";", "-", "$", "%", " ", "`", "é", "日", "a", "B", "0", "@", "."}
	for range 20 {
		var name strings.Builder
		for range 1 + random.IntN(8) {
			name.WriteString(pieces[random.IntN(len(pieces))])
		}
		names = append(names, "r"+name.String())
	}
	return names
}

// names rotates users with odd names, whose passwords have all printable characters.
func (h Harness) names(t *testing.T) {
	w := h.World(t)
	before := w.Exec(h.CountUsers)
	for _, name := range h.oddNames() {
		w.rotateNamed(name)
	}
	if after := w.Exec(h.CountUsers); after != before {
		t.Errorf("%s users, %s before", after, before)
	}
}

// FuzzNames rotates users with whatever names there may be.
func (h Harness) FuzzNames(f *testing.F) {
	f.Add("orders'\"\\")
	f.Fuzz(func(t *testing.T, name string) {
		if _, err := h.New(database.Config{Users: []string{name + "2"}, Host: "x"}); err != nil {
			return // refused
		}
		h.World(t).rotateNamed(name)
	})
}

func (w *World) rotateNamed(name string) {
	w.t.Helper()
	w.Users = []string{name + "1", name + "2"}
	w.First = w.Value(w.Users[0], printable)
	w.Exec(w.harness.CreateUser(w.Users[0], printable)...)
	where, check, undo := w.harness.Named(w.t, w, name)
	odd := func(c database.Config) database.Config {
		c.Database = where
		c.Password = generated.Config{Alphabet: printable, Length: 64}
		return c
	}
	two := w.Target(odd(w.Two()))
	second := w.Apply(two, w.First)
	w.Revoke(two, w.First, second)
	w.WantWorks(false, "first", w.First)
	check(second)
	third := w.Apply(two, second)
	fourth := w.Apply(w.Target(odd(w.One())), third)
	w.WantWorks(true, "second", second)
	w.WantWorks(false, "third", third)
	w.WantWorks(true, "fourth", fourth)
	w.Exec("DROP USER "+w.harness.Quote(w.Users[1]), "DROP USER "+w.harness.Quote(w.Users[0]))
	w.Exec(undo...)
}

// foreignPasswords takes over passwords that an operator made.
func (h Harness) foreignPasswords(t *testing.T) {
	w := h.World(t)
	for i, password := range []string{"naïve 日本", `' OR ''='`, `\`, strings.Repeat("x", 200), strings.Repeat("x", 500)} {
		user := fmt.Sprintf("%s_%d", w.Users[0], i)
		w.Exec(h.CreateUser(user, password)...)
		c := w.One()
		c.Users = []string{user}
		w.WantWorks(true, "next", w.Apply(w.Target(c), w.Value(user, password)))
	}
}
