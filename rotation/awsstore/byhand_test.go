package awsstore_test

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/google/uuid"

	"github.com/secretstack/secretstack/e2e/motoserver"
	"github.com/secretstack/secretstack/rotation"
	"github.com/secretstack/secretstack/rotation/awsstore"
	"github.com/secretstack/secretstack/rotation/rotationtest"
)

// byHand is a secret with an issuer's key, which is rotated, and which an operator changes meanwhile.
type byHand struct {
	*testing.T
	client *secretsmanager.Client
	name   string
	issuer *rotationtest.Issuer
	now    time.Time
	puts   int
}

func newByHand(t *testing.T, client *secretsmanager.Client) *byHand {
	issuer, first := rotationtest.NewIssuer(nil)
	h := &byHand{T: t, client: client, name: uuid.NewString(), issuer: issuer, now: time.Now()}
	_, err := client.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: &h.name, SecretString: aws.String(first.Reveal())})
	h.must(err)
	return h
}

func (h *byHand) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

func (h *byHand) store() *awsstore.Store { return awsstore.New(h.client, h.name) }

func (h *byHand) rotator() *rotation.Rotator {
	return &rotation.Rotator{
		Secret: "key", Store: h.store(), Target: h.issuer, Grace: time.Hour,
		Now: func() time.Time { return h.now }, Log: slog.New(slog.DiscardHandler),
	}
}

// put makes a new key current. It takes two calls, since moto's PutSecretValue drops the labels of the version
// that was current.
func (h *byHand) put() {
	h.Helper()
	h.puts++
	key, err := h.issuer.Mint(h.Context(), fmt.Sprint("by hand ", h.puts), rotation.Value{})
	h.must(err)
	out, err := h.client.PutSecretValue(h.Context(), &secretsmanager.PutSecretValueInput{
		SecretId: &h.name, SecretString: aws.String(key.Reveal()), VersionStages: []string{"by-hand"},
	})
	h.must(err)
	h.makeCurrent(*out.VersionId)
}

func (h *byHand) makeCurrent(id string) {
	h.Helper()
	is, err := h.store().Versions(h.Context())
	h.must(err)
	_, err = h.client.UpdateSecretVersionStage(h.Context(), &secretsmanager.UpdateSecretVersionStageInput{
		SecretId: &h.name, VersionStage: aws.String("AWSCURRENT"), RemoveFromVersionId: &is.Current.ID, MoveToVersionId: &id,
	})
	h.must(err)
}

// sweep is what the hourly schedule does.
func (h *byHand) sweep(hours int) {
	h.Helper()
	for range hours {
		h.now = h.now.Add(time.Hour)
		h.must(h.rotator().Retire(h.Context()))
	}
}

func (h *byHand) begin() (token string) {
	h.Helper()
	token = uuid.NewString()
	h.must(h.rotator().Create(h.Context(), token))
	h.must(h.rotator().Set(h.Context(), token))
	return token
}

func (h *byHand) rotate() {
	h.Helper()
	h.must(h.rotator().Finish(h.Context(), h.begin()))
}

// wantLive wants so many keys that work, the current one among them.
func (h *byHand) wantLive(want int) {
	h.Helper()
	current, err := awsstore.Read(h.Context(), h.client, h.name)
	h.must(err)
	if err := h.issuer.Works(current); err != nil {
		h.Error("the current key does not work: ", err)
	}
	if got := len(h.issuer.Live()); got != want {
		h.Errorf("%d keys work, want %d", got, want)
	}
}

// Whatever an operator does between rotations, in the end the current credential is the only one.
func TestByHand(t *testing.T) {
	client := motoserver.Start(t).SecretsManager("eu-west-1")
	for name, do := range map[string]func(*byHand){
		"nothing":      func(*byHand) {},
		"put in grace": func(h *byHand) { h.put() },
		"put after grace": func(h *byHand) {
			h.sweep(3)
			h.put()
		},
		"two puts after grace": func(h *byHand) {
			h.sweep(3)
			h.put()
			h.put()
		},
		"puts with a sweep between": func(h *byHand) {
			for range 4 {
				h.put()
				h.sweep(1)
			}
		},
		"put mid-round": func(h *byHand) {
			h.sweep(3)
			token := h.begin()
			h.put()
			h.must(h.rotator().Finish(h.Context(), token))
		},
		"roll back": func(h *byHand) {
			is, err := h.store().Versions(h.Context())
			h.must(err)
			h.makeCurrent(is.Previous.ID)
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newByHand(t, client)
			h.rotate()
			do(h)
			h.sweep(10)
			h.wantLive(1)
			h.rotate()
			h.wantLive(2)
			h.sweep(3)
			h.wantLive(1)
		})
	}
}

// The version that was current before the rollback is forward again; the one that was rolled back to has its whole grace.
func TestForwardAfterRollback(t *testing.T) {
	h := newByHand(t, motoserver.Start(t).SecretsManager("eu-west-1"))
	h.rotate()
	is, err := h.store().Versions(h.Context())
	h.must(err)
	h.makeCurrent(is.Previous.ID)
	h.sweep(1)
	h.makeCurrent(is.Current.ID)
	h.sweep(1) // the first schedule is over
	h.wantLive(2)
	h.sweep(2)
	h.wantLive(1)
}

// What was replaced before the first rotation is somebody else's. What the first rotation replaces is not.
func TestAdoption(t *testing.T) {
	h := newByHand(t, motoserver.Start(t).SecretsManager("eu-west-1"))
	h.put()
	h.sweep(5)
	h.wantLive(2)
	h.rotate()
	h.wantLive(3)
	h.sweep(5)
	h.wantLive(2)
	h.put()
	h.sweep(5)
	h.wantLive(2)
}
