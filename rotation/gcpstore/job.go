package gcpstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"

	secretmanager "cloud.google.com/go/secretmanager/apiv1"
	pb "cloud.google.com/go/secretmanager/apiv1/secretmanagerpb"

	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/rotation"
)

// JobAnnotation is the annotation of a secret that holds its secret.Job, as JSON. It is the infrastructure's.
const JobAnnotation = "secretstack-rotation"

// Job reads what a rotator is told of the secret with a resource name. Its error says so where that is nothing,
// or is of another secret.
func Job(ctx context.Context, client *secretmanager.Client, name string) (secret.Job, error) {
	s := New(client, name)
	got, err := client.GetSecret(ctx, &pb.GetSecretRequest{Name: name}, again)
	if err != nil {
		return secret.Job{}, s.explain(ctx, "get", name, err)
	}
	var job secret.Job
	text, ok := got.Annotations[JobAnnotation]
	switch {
	case !ok:
		err = errors.New("there is none, so the secret is not to be rotated")
	default:
		err = json.Unmarshal([]byte(text), &job)
	}
	// A project has an id and a number, and either may be in a name.
	if err == nil && path.Base(job.ID) != path.Base(name) {
		err = fmt.Errorf("it is of another secret, %s", job.ID)
	}
	if err != nil {
		return secret.Job{}, &rotation.Error{
			Class: rotation.Invalid, Op: fmt.Sprintf("read the annotation %s of %s", JobAnnotation, name), Err: err,
			Do: "declare the secret's rotation in secrets.yaml and update the stack, or delete its Cloud Scheduler job",
		}
	}
	return job, nil
}
