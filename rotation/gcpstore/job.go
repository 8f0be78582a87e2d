package gcpstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"time"

	secretmanager "cloud.google.com/go/secretmanager/apiv1"
	pb "cloud.google.com/go/secretmanager/apiv1/secretmanagerpb"

	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/rotation"
)

// JobAnnotation is the annotation of a secret that holds its secret.Job, as JSON. It is the infrastructure's.
const JobAnnotation = "secretstack-rotation"

// An Order is what a rotator is told of a secret.
type Order struct {
	secret.Job
	// Life is the Rotator's: the time when the secret was made, since the versions of one that is deleted and made
	// again are numbered from 1 again.
	Life string
}

// Job reads the order of the secret with a resource name. Its error says so where there is none, or it is of
// another secret.
func Job(ctx context.Context, client *secretmanager.Client, name string) (Order, error) {
	s := New(client, name)
	got, err := client.GetSecret(ctx, &pb.GetSecretRequest{Name: name}, again)
	if err != nil {
		return Order{}, s.explain(ctx, "get", name, err)
	}
	order := Order{Life: got.CreateTime.AsTime().Format(time.RFC3339Nano)}
	text, ok := got.Annotations[JobAnnotation]
	switch {
	case !ok:
		err = errors.New("there is none, so the secret is not to be rotated")
	default:
		err = json.Unmarshal([]byte(text), &order.Job)
	}
	// A project has an id and a number, and either may be in a name.
	if err == nil && path.Base(order.ID) != path.Base(name) {
		err = fmt.Errorf("it is of another secret, %s", order.ID)
	}
	if err != nil {
		return Order{}, &rotation.Error{
			Class: rotation.Invalid, Op: fmt.Sprintf("read the annotation %s of %s", JobAnnotation, name), Err: err,
			Do: "declare the secret's rotation in secrets.yaml and update the stack, or delete its Cloud Scheduler job",
		}
	}
	return order, nil
}
