package aws_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/jackc/pgx/v5"

	"github.com/secretstack/secretstack/e2e/dbserver"
	"github.com/secretstack/secretstack/e2e/lambdaruntime"
	"github.com/secretstack/secretstack/e2e/needs"
)

// TestRotation rotates the dev stack's secrets with the function that it deploys, as Secrets Manager does, and the
// password of the orders database at a real server. For Pulumi there is never anything to do.
func TestRotation(t *testing.T) {
	db := &database{T: t, Server: dbserver.Postgres(t), user: "orders"}
	s, c := newStack(t, "dev")
	t.Parallel()
	s.Write("go.mod", []byte("module example.com/shop\n\ngo 1.26.0\n\nrequire github.com/secretstack/secretstack v0.0.0\n\n"+
		"replace github.com/secretstack/secretstack => "+needs.Root(t)+"\n"))
	s.Write("certs/orders-db.pem", []byte(db.CA))
	s.Configure(func(config map[string]any) {
		configured(config, "secretstack:identities")["reports"] = reports
		configured(config, "secretstack:targets")["orders-db"] = map[string]any{
			"host": db.Host, "port": db.Port, "database": "postgres", "ca": "certs/orders-db.pem",
		}
	})
	s.WantEach(s.Up, "create", 82)
	s.Want(s.Preview)
	f := c.function("shop-dev-rotator")
	prebuilt(t, s) // the same bytes
	s.Want(s.Preview)

	r := rotations{cloud: c, function: f, db: db, best: map[string]time.Duration{}}
	first := r.newPassword()
	db.exec("CREATE ROLE orders LOGIN PASSWORD '" + first + "'")
	c.put("orders-db", first)
	r.wantFailure("orders-db", "orders-db-admin") // there is nobody who could change the password
	c.put("orders-db-admin", db.superuser())
	r.values = append(r.values, db.Password)

	for range 4 {
		r.rotate("orders-db")
		r.rotate("session-signing-key")
		s.Want(s.Preview)
		s.Want(s.Refresh)
		r.endGrace()
		s.Want(s.Preview)
	}

	// An operator changes the password in between.
	byHand := r.newPassword()
	db.exec("ALTER ROLE orders PASSWORD '" + byHand + "'")
	c.put("orders-db", byHand)
	s.Want(s.Preview)
	s.Declare("orders-db", map[string]any{"description": "Another description"})
	s.Want(s.Up, "update aws:secretsmanager/secret:Secret orders-db description")
	c.wantValue("orders-db", byHand)
	db.wantLogin(byHand, true)
	r.rotate("orders-db")
	latest, key := c.value("orders-db", "AWSCURRENT"), c.value("session-signing-key", "AWSCURRENT")
	s.Declare("orders-db", map[string]any{"description": "Yet another description"})
	s.Want(s.Up, "update aws:secretsmanager/secret:Secret orders-db description")
	s.Want(s.Refresh)
	c.wantValue("orders-db", latest)
	c.wantValue("session-signing-key", key)
	db.wantLogin(latest, true)

	s.RequireNowhere(r.values...)
	r.requireNowhere()
	t.Logf("a rotation takes, at best: %v", r.best)
}

// rotations are those of one stack.
type rotations struct {
	*cloud
	function *lambdaruntime.Function
	db       *database
	values   []string                 // all that there ever were
	best     map[string]time.Duration // by secret
}

func (r *rotations) newPassword() string {
	password := "canary-" + rand.Text()
	r.values = append(r.values, password)
	return password
}

// rotate checks that the application, which reads the current value, gets a new one that works.
func (r *rotations) rotate(name string) {
	r.Helper()
	before := r.value(name, "AWSCURRENT")
	began := time.Now()
	if err := r.function.Rotate(r.Context(), r.secrets, r.prefix+name); err != nil {
		r.Fatalf("%s: %v\n%s", name, err, r.function.Output())
	}
	if took, best := time.Since(began), r.best[name]; best == 0 || took < best {
		r.best[name] = took
	}
	after := r.value(name, "AWSCURRENT")
	if after == "" || after == before {
		r.Fatalf("%s has no new value", name)
	}
	if previous := r.value(name, "AWSPREVIOUS"); previous != before {
		r.Errorf("the previous value of %s is not the one before", name)
	}
	if pending := r.value(name, "AWSPENDING"); pending != "" {
		r.Errorf("%s has a pending value", name)
	}
	if name == "orders-db" {
		r.db.wantLogin(after, true)
		r.db.wantLogin(before, false) // of one user, whose password is changed in place
	}
	r.values = append(r.values, after)
}

// wantFailure begins a rotation that the next one takes up.
func (r *rotations) wantFailure(name, text string) {
	r.Helper()
	err := r.function.Rotate(r.Context(), r.secrets, r.prefix+name)
	if err == nil || !strings.Contains(err.Error(), text) {
		r.Fatalf("the error is %v, without %q", err, text)
	}
}

// endGrace lets the time pass after which the hourly sweep retires the previous values.
func (r *rotations) endGrace() {
	r.Helper()
	const label = "secretstack:retire-after:"
	for name := range r.best {
		for version, labels := range r.describe(name).VersionIdsToStages {
			for _, l := range labels {
				if strings.HasPrefix(l, label) {
					r.move(name, l, &version, nil)
					r.move(name, label+"1700000000", nil, &version)
				}
			}
		}
	}
	if _, err := r.function.Invoke(r.Context(), []byte(`{"step":"retire"}`)); err != nil {
		r.Fatal(err)
	}
	for name := range r.best {
		var left []string
		for _, labels := range r.describe(name).VersionIdsToStages {
			left = append(left, labels...)
		}
		slices.Sort(left)
		if !slices.Equal(left, []string{"AWSCURRENT", "secretstack:rotated"}) {
			r.Errorf("after its grace %s has the labels %v", name, left)
		}
	}
}

func (r *rotations) move(name, label string, from, to *string) {
	r.Helper()
	_, err := r.secrets.UpdateSecretVersionStage(r.Context(), &secretsmanager.UpdateSecretVersionStageInput{
		SecretId: new(r.prefix + name), VersionStage: &label, RemoveFromVersionId: from, MoveToVersionId: to,
	})
	if err != nil {
		r.Fatal(err)
	}
}

// requireNowhere looks for values in what the function has printed and the database's server has logged.
func (r *rotations) requireNowhere() {
	r.Helper()
	records := r.function.Output()
	if n := strings.Count(records, `"secret":"orders-db"`); n < 4*5 { // four steps, five times
		r.Errorf("there are %d records of orders-db", n)
	}
	for i, value := range r.values {
		if strings.Contains(records, value) || strings.Contains(r.db.Log(r.T), value) {
			r.Errorf("a log has value %d", i)
		}
	}
}

// database is the server with the user whose password is rotated.
type database struct {
	*testing.T
	*dbserver.Server
	user string
}

func (d *database) superuser() string {
	d.Helper()
	text, err := json.Marshal(map[string]any{"engine": "postgres", "host": d.Host, "port": d.Port, "username": d.User, "password": d.Password})
	if err != nil {
		d.Fatal(err)
	}
	return string(text)
}

func (d *database) connect(user, password string) (*pgx.Conn, error) {
	config, err := pgx.ParseConfig(fmt.Sprintf("host=%s port=%d dbname=postgres sslmode=require", d.Host, d.Port))
	if err != nil {
		return nil, err
	}
	config.User, config.Password = user, password
	return pgx.ConnectConfig(context.Background(), config)
}

func (d *database) exec(sql string) {
	d.Helper()
	conn, err := d.connect(d.User, d.Password)
	if err == nil {
		_, err = conn.Exec(d.Context(), sql)
		_ = conn.Close(d.Context())
	}
	if err != nil {
		d.Fatal("as the database's superuser: ", err)
	}
}

func (d *database) wantLogin(password string, want bool) {
	d.Helper()
	conn, err := d.connect(d.user, password)
	if (err == nil) != want {
		d.Errorf("logging in works: %t, want %t", err == nil, want)
	}
	if conn != nil {
		_ = conn.Close(d.Context())
	}
}
