package mysql

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestDocs runs the SQL of the page: its admin can rotate, and revoke as the page says.
func TestDocs(t *testing.T) {
	page, err := os.ReadFile("../../docs/targets/mysql.md")
	if err != nil {
		t.Fatal(err)
	}
	sql := regexp.MustCompile("(?s)```sql\n(.*?)```").FindAllStringSubmatch(string(page), -1)
	if len(sql) != 3 {
		t.Fatalf("the page has %d pieces of SQL", len(sql))
	}
	for name, granted := range map[string]bool{"rights by the admin": true, "rights by hand": false} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			a, b, rotator := w.users[0], w.users[1], w.users[0]+"_rotator"
			names := strings.NewReplacer("orders_a", a, "rotator", rotator)
			run := func(i int) {
				for _, statement := range strings.Split(names.Replace(strings.TrimSpace(sql[i][1])), "\n") {
					w.exec(statement)
				}
			}
			run(0)
			if granted {
				run(1)
			} else {
				w.exec("CREATE USER "+b+" IDENTIFIED BY 'a canary'", "GRANT SELECT, INSERT ON shop.* TO "+b)
			}
			c := w.by(w.two(), rotator, "its password")
			second := w.apply(w.target(c), w.first)
			w.revoke(w.target(c), w.first, second)
			third := w.apply(w.target(c), second)
			w.wantWorks(true, "second", second)
			w.wantWorks(true, "third", third)

			run(2)
			w.wantWorks(false, "third", third)
			w.revoke(w.target(c), third, second)
			w.exec("ALTER USER " + a + " ACCOUNT UNLOCK")

			one := w.by(w.one(), rotator, "its password")
			w.wantWorks(true, "fourth", w.apply(w.target(one), third))
		})
	}
}
