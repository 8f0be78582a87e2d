package gcpstore

import (
	"context"
	"fmt"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/secretstack/secretstack/rotation"
)

// explain says what to do about an error of a call. Secret Manager's messages hold no value.
func (s *Store) explain(ctx context.Context, action, name string, err error) error {
	e := &rotation.Error{Class: rotation.Internal, Op: action + " " + name, Err: err}
	st, isStatus := status.FromError(err)
	switch {
	case ctx.Err() != nil:
		e.Class, e.Err = rotation.Deadline, fmt.Errorf("the time ran out: %w", ctx.Err())
	case !isStatus:
		e.Class, e.Do = rotation.Unreachable, "see that secretmanager.googleapis.com can be reached from here: from a VPC without a way out, by Private Google Access"
	default:
		e.Err = fmt.Errorf("%s: %s", st.Code(), st.Message())
		e.Class, e.Do = classify(st.Code(), name)
	}
	return e
}

// classify knows the codes of https://cloud.google.com/apis/design/errors.
func classify(c codes.Code, name string) (class rotation.Class, do string) {
	switch c {
	case codes.PermissionDenied:
		return rotation.Refused, fmt.Sprintf("see that %s exists and that this identity has a role on it: a rotator gets its own when the stack is updated; a new grant takes some minutes", name)
	case codes.Unauthenticated:
		return rotation.Refused, "see to the credentials of Google Cloud here: those of the service account, or of \"gcloud auth application-default login\""
	case codes.NotFound:
		return rotation.Invalid, fmt.Sprintf("see that %s exists: update the stack, which makes secrets and their companions", name)
	case codes.FailedPrecondition:
		return rotation.Refused, "see that the secret's key is enabled, and that Secret Manager's service agent may use it"
	case codes.InvalidArgument:
		return rotation.Invalid, "see that the companion's annotations have less than 16 KiB, " +
			"and that the value has at most 64 KiB"
	case codes.ResourceExhausted:
		return rotation.Throttled, "wait: the project's quota for Secret Manager is used up for this minute; spread the rotations or ask for more"
	case codes.Unavailable, codes.DeadlineExceeded:
		return rotation.Unreachable, "try again; if it lasts, see whether Secret Manager has an outage, or secretmanager.googleapis.com cannot be reached from here"
	case codes.Aborted:
		return rotation.Busy, "try again"
	case codes.Canceled:
		return rotation.Deadline, "try again"
	}
	return rotation.Internal, ""
}
