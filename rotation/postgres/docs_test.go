package postgres

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestDocs runs the SQL of the page: its admin, who is no superuser, can rotate, and revoke as the page says.
func TestDocs(t *testing.T) {
	page, err := os.ReadFile("../../docs/targets/postgres.md")
	if err != nil {
		t.Fatal(err)
	}
	sql := regexp.MustCompile("(?s)```sql\n(.*?)```").FindAllStringSubmatch(string(page), -1)
	if len(sql) != 3 {
		t.Fatalf("the page has %d pieces of SQL", len(sql))
	}
	w := newWorld(t)
	names := strings.NewReplacer("orders_a", w.users[0], "rotator", w.users[0]+"_rotator")
	run := func(i int) { w.exec(names.Replace(sql[i][1])) }
	run(0)
	if w.exec("SELECT current_setting('server_version_num')::int >= 160000") == "t" {
		run(1)
	}
	c := w.by(w.two(), w.users[0]+"_rotator", "its password")
	second := w.apply(w.target(c), w.first)
	w.revoke(w.target(c), w.first, second)
	third := w.apply(w.target(c), second)
	w.wantWorks(true, "second", second)
	w.wantWorks(true, "third", third)

	run(2)
	w.wantWorks(false, "third", third)
	w.revoke(w.target(c), third, second)

	one := w.by(w.one(), w.users[0]+"_rotator", "its password")
	w.wantWorks(true, "fourth", w.apply(w.target(one), third))
}
