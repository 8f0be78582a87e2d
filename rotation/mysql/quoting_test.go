package mysql

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/secretstack/secretstack/rotation/generated"
)

// printable is all of ASCII that a password may have.
const printable = "!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~"

// names are such that a mistake in quoting would break out, and some at random.
func names() []string {
	names := []string{
		`"`, "``@`%`; DROP USER x; -- ", "x` TO `y", `'`, `\`, `\'`, "a b", "$1", "$user", "%I", "Upper", "select", "public", "naïve", "x TO ", "IDENTIFIED BY PASSWORD '*'", "ü'\"\\é", "日本",
		"-- ", "/*", "a.b", "e'x'", strings.Repeat("x", 30),
	}
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

// TestNames rotates users with odd names, whose passwords have all printable characters.
func TestNames(t *testing.T) {
	w := newWorld(t)
	before := w.exec("SELECT COUNT(*) FROM mysql.user")
	for _, name := range names() {
		rotateNamed(t, w, name)
	}
	if after := w.exec("SELECT COUNT(*) FROM mysql.user"); after != before {
		t.Errorf("%s accounts, %s before", after, before)
	}
}

func FuzzNames(f *testing.F) {
	f.Add("orders'\"\\")
	f.Fuzz(func(t *testing.T, name string) {
		if _, err := New(Config{Users: []string{name + "2"}, Host: "x"}); err != nil {
			t.Skip("refused")
		}
		rotateNamed(t, newWorld(t), name)
	})
}

// pattern makes a pattern that matches one database: https://mariadb.com/docs/server/reference/sql-statements/account-management-sql-statements/grant
var pattern = strings.NewReplacer(`\`, `\\`, `_`, `\_`, `%`, `\%`)

func rotateNamed(t *testing.T, w *world, name string) {
	t.Helper()
	w.users = []string{name + "1", name + "2"}
	w.first = w.value(w.users[0], printable)
	database := "db " + name + "."
	w.exec("CREATE USER "+quoteName(w.users[0])+" IDENTIFIED BY "+quote(printable),
		"CREATE DATABASE "+quoteName(database), "GRANT SELECT ON "+quoteName(pattern.Replace(database))+".* TO "+quoteName(w.users[0]))
	c := w.two()
	c.Database = database
	c.Password = generated.Config{Alphabet: printable, Length: 64}
	second := w.apply(w.target(c), w.first)
	w.revoke(w.target(c), w.first, second)
	w.wantWorks(false, "first", w.first)
	if got := w.as(second, "USE "+quoteName(database), "SELECT CURRENT_USER()"); got != w.users[1]+"@%" {
		t.Errorf("%q: the second user is %q", name, got)
	}
	third := w.apply(w.target(c), second)
	own := w.one()
	own.Database = database
	own.Password = c.Password
	fourth := w.apply(w.target(own), third)
	w.wantWorks(true, "second", second)
	w.wantWorks(false, "third", third)
	w.wantWorks(true, "fourth", fourth)
	w.exec("DROP USER "+quoteName(w.users[0])+", "+quoteName(w.users[1]), "DROP DATABASE "+quoteName(database))
}

// TestForeignPasswords takes over passwords that an operator made.
func TestForeignPasswords(t *testing.T) {
	w := newWorld(t)
	for _, password := range []string{"naïve 日本", `' OR ''='`, `\`, strings.Repeat("x", 200)} {
		w.exec("ALTER USER " + w.users[0] + " IDENTIFIED BY " + quote(password))
		w.wantWorks(true, "next", w.apply(w.target(w.one()), w.value(w.users[0], password)))
	}
}
