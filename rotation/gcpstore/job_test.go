package gcpstore_test

import (
	"strings"
	"testing"

	pb "cloud.google.com/go/secretmanager/apiv1/secretmanagerpb"

	"github.com/secretstack/secretstack/rotation"
	"github.com/secretstack/secretstack/rotation/gcpstore"
)

func TestJob(t *testing.T) {
	for annotation, say := range map[string]string{
		"":                                  "there is none",
		"{":                                 "unexpected end of JSON input",
		`{"id":"projects/p/secrets/other"}`: "it is of another secret, projects/p/secrets/other",
		`{"secret":"orders-db","id":"projects/shop-prod/secrets/` + id + `","rotation":{"every":"30d","generated":{}}}`: "",
	} {
		w := newWorld(t)
		if annotation != "" {
			w.MustUpdate(t, name, func(s *pb.Secret) []string {
				s.Annotations = map[string]string{gcpstore.JobAnnotation: annotation}
				return []string{"annotations"}
			})
		}
		job, err := gcpstore.Job(t.Context(), w.client, name)
		switch {
		case say == "" && (err != nil || job.Secret != "orders-db" || job.Rotation.Generated == nil || job.Rotation.Every.String() != "30d"):
			t.Errorf("%q: %+v, %v", annotation, job, err)
		case say != "" && (rotation.ClassOf(err) != rotation.Invalid || !strings.Contains(err.Error(), say)):
			t.Errorf("%q: %v does not say %q", annotation, err, say)
		}
	}
	if _, err := gcpstore.Job(t.Context(), newWorld(t).client, name+"x"); rotation.ClassOf(err) != rotation.Invalid {
		t.Errorf("of no secret: %v", err)
	}
}
