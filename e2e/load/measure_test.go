package load_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/smithy-go/middleware"
	"github.com/google/uuid"
	"google.golang.org/grpc"

	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/e2e/motoserver"
	"github.com/secretstack/secretstack/rotation"
	"github.com/secretstack/secretstack/rotation/awsstore"
	"github.com/secretstack/secretstack/rotation/azurestore"
	"github.com/secretstack/secretstack/rotation/azurestore/keyvaulttest"
	"github.com/secretstack/secretstack/rotation/gcpstore"
	"github.com/secretstack/secretstack/rotation/gcpstore/secretmanagertest"
)

// tape records the calls that a rotator makes.
type tape struct {
	*testing.T
	calls []call
	now   time.Time
}

func newTape(t *testing.T) *tape {
	return &tape{T: t, now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
}

func (t *tape) clock() time.Time { return t.now }

func (t *tape) made(c call) { t.calls = append(t.calls, c) }

// of gives the calls of one piece of work.
func (t *tape) of(do func() error) []call {
	t.Helper()
	t.calls = nil
	if err := do(); err != nil {
		t.Fatal(err)
	}
	return slices.Clone(t.calls)
}

// database is the target that costs most: two users, so that there is one to revoke, and each time an
// administrator whose credential is read from another secret.
type database struct {
	*tape
	admin  func(context.Context) error
	minted int
}

func (d *database) call(ctx context.Context) error {
	d.made(target)
	return d.admin(ctx)
}

func (d *database) Mint(ctx context.Context, _ string, _ rotation.Value) (rotation.Value, error) {
	d.minted++
	return rotation.NewValue(fmt.Sprint("value-", d.minted)), d.call(ctx)
}

func (d *database) Apply(ctx context.Context, _, _ rotation.Value) error  { return d.call(ctx) }
func (d *database) Verify(ctx context.Context, _ rotation.Value) error    { return d.call(ctx) }
func (d *database) Revoke(ctx context.Context, _, _ rotation.Value) error { return d.call(ctx) }

const (
	every = 30 * day
	grace = day
)

// awsTraces are those of cmd/rotate-lambda: of the four steps of a rotation, and of the sweep's.
type awsTraces struct {
	steps        [4][]call
	look, retire []call
}

func (t awsTraces) rotate() []call { return slices.Concat(t.steps[:]...) }

func measureAWS(t *testing.T) awsTraces {
	tape := newTape(t)
	moto := motoserver.Start(t).SecretsManager("eu-west-1")
	kinds := map[string]call{
		"DescribeSecret": read, "GetSecretValue": read, "PutSecretValue": create, "UpdateSecretVersionStage": write,
	}
	client := secretsmanager.New(moto.Options(), func(o *secretsmanager.Options) {
		o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
			return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("count", func(
				ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
			) (middleware.InitializeOutput, middleware.Metadata, error) {
				kind, known := kinds[awsmiddleware.GetOperationName(ctx)]
				if !known {
					t.Errorf("%s counts for no limit that is known here", awsmiddleware.GetOperationName(ctx))
				}
				tape.made(kind)
				return next.HandleInitialize(ctx, in)
			}), middleware.After)
		})
	})
	for _, name := range []string{"orders-db", "admin"} {
		if _, err := moto.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: &name, SecretString: aws.String("first")}); err != nil {
			t.Fatal(err)
		}
	}
	store := awsstore.New(client, "orders-db")
	r := &rotation.Rotator{Secret: "orders-db", Store: store, Grace: grace, Now: tape.clock, Log: slog.New(slog.DiscardHandler), Target: &database{tape: tape, admin: func(ctx context.Context) error {
		_, err := awsstore.Read(ctx, client, "admin")
		return err
	}}}
	var traces awsTraces
	for range 3 { // the first ones have less to clear away
		token := uuid.NewString()
		if _, err := moto.RotateSecret(t.Context(), &secretsmanager.RotateSecretInput{
			SecretId: aws.String("orders-db"), ClientRequestToken: &token,
			RotationLambdaARN: aws.String("arn:aws:lambda:eu-west-1:123456789012:function:rotator"),
		}); err != nil {
			t.Fatal(err)
		}
		for i, step := range []func(context.Context, string) error{r.Create, r.Set, r.Test, r.Finish} {
			invoke := func() error {
				if err := store.Begun(t.Context(), token); err != nil {
					return err
				}
				return step(t.Context(), token)
			}
			traces.steps[i] = tape.of(invoke)
			if again := tape.of(invoke); slices.Contains(again, create) {
				t.Errorf("a step that is tried again puts the value again: %v", again)
			}
		}
		tape.now = tape.now.Add(grace + time.Hour)
		traces.look = tape.of(func() error {
			_, err := store.Versions(t.Context())
			return err
		})
		traces.retire = tape.of(func() error { return r.Retire(t.Context()) })
		tape.now = tape.now.Add(every)
	}
	return traces
}

// traces are those of a clock's visit to a secret: nothing is due, or a rotation, or the end of a grace.
type traces struct{ look, rotate, retire []call }

// visits takes a secret through three rounds, and gives what each visit costs in the last of them.
func visits(tape *tape, visit func() (rotation.Done, error)) (found traces) {
	tape.Helper()
	want := func(want rotation.Done) []call {
		tape.Helper()
		return tape.of(func() error {
			done, err := visit()
			if err == nil && done != want {
				err = fmt.Errorf("the visit came to %q, not to %q", done, want)
			}
			return err
		})
	}
	for range 3 {
		tape.now = tape.now.Add(every)
		found.rotate = want(rotation.Rotated)
		tape.now = tape.now.Add(time.Hour)
		found.look = want(rotation.Nothing)
		tape.now = tape.now.Add(grace)
		found.retire = want(rotation.Retired)
	}
	return found
}

func measureGCP(t *testing.T) traces {
	tape := newTape(t)
	server := secretmanagertest.New()
	server.Now = tape.clock
	client := server.Client(t, grpc.WithUnaryInterceptor(func(ctx context.Context, method string, in, out any,
		conn *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption,
	) error {
		// As in https://cloud.google.com/secret-manager/quotas.
		switch operation := method[strings.LastIndex(method, "/")+1:]; {
		case operation == "AccessSecretVersion":
			tape.made(access)
		case strings.HasPrefix(operation, "Get"), strings.HasPrefix(operation, "List"):
			tape.made(read)
		default:
			tape.made(write)
		}
		return invoke(ctx, method, in, out, conn, opts...)
	}))
	name, admin := secretmanagertest.SecretName("orders-db"), secretmanagertest.SecretName("admin")
	job, err := json.Marshal(secret.Job{Secret: "orders-db", ID: name})
	if err != nil {
		t.Fatal(err)
	}
	server.MustCreate(t, "orders-db", map[string]string{gcpstore.JobAnnotation: string(job)})
	server.MustCreate(t, "orders-db"+secret.CompanionSuffix, nil)
	server.MustCreate(t, "admin", nil)
	server.MustAdd(t, name, "first")
	server.MustAdd(t, admin, "first")
	db := &database{tape: tape, admin: func(ctx context.Context) error {
		_, err := gcpstore.Read(ctx, client, admin)
		return err
	}}
	found := visits(tape, func() (rotation.Done, error) {
		if _, err := gcpstore.Job(t.Context(), client, name); err != nil {
			return "", err
		}
		store := gcpstore.New(client, name)
		store.Now = tape.clock
		r := &rotation.Rotator{Secret: name, Store: store, Target: db, Grace: grace, Now: tape.clock, Log: slog.New(slog.DiscardHandler)}
		tended, err := r.Tend(t.Context(), every, false)
		return tended.Did, err
	})
	// What gcpstore says itself is of a target that reads no other secret.
	all := slices.Concat(found.rotate, found.retire)
	got := [4]int{count(all, access) - count(all, target), count(all, read), count(all, write), count(found.look, read)}
	if want := [4]int{gcpstore.AccessCalls, gcpstore.ReadCalls, gcpstore.WriteCalls, gcpstore.IdleReadCalls}; got != want {
		t.Errorf("the calls of a rotation, and of a look, are %v, and gcpstore says %v", got, want)
	}
	return found
}

// counted is a vault whose calls are on a tape.
type counted struct {
	*keyvaulttest.Vault
	*tape
}

func (c counted) Do(r *http.Request) (*http.Response, error) {
	c.made(map[string]call{http.MethodGet: read, http.MethodPatch: write, http.MethodPut: create}[r.Method])
	return c.Vault.Do(r)
}

func measureAzure(t *testing.T) traces {
	tape := newTape(t)
	vault := &keyvaulttest.Vault{Now: tape.clock}
	for _, name := range []string{"orders-db", "orders-db" + secret.CompanionSuffix} {
		vault.Declare(name)
	}
	tape.now = tape.now.Add(time.Hour)
	for _, name := range []string{"orders-db", "admin"} {
		vault.Put(name, "first", true)
	}
	client := keyvaulttest.Client(counted{vault, tape})
	db := &database{tape: tape, admin: func(ctx context.Context) error {
		_, err := azurestore.Read(ctx, client, "admin")
		return err
	}}
	return visits(tape, func() (rotation.Done, error) {
		store := &azurestore.Store{Client: client, Name: "orders-db", Now: tape.clock, Sleep: func(_ context.Context, d time.Duration) error {
			tape.made(settle)
			tape.now = tape.now.Add(d)
			return nil
		}}
		life, err := store.Life(t.Context())
		if err != nil {
			return "", err
		}
		r := &rotation.Rotator{Secret: "orders-db", Life: life, Store: store, Target: db, Grace: grace, Now: tape.clock, Log: slog.New(slog.DiscardHandler)}
		tended, err := r.Tend(t.Context(), every, false)
		return tended.Did, err
	})
}
