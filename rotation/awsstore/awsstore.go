// Package awsstore keeps the versions of one secret in AWS Secrets Manager.
//
// A version is current, pending or previous by its staging labels: AWSCURRENT, AWSPENDING, AWSPREVIOUS. The
// id of a pending version is the ClientRequestToken of its rotation. When the previous version is to be
// retired is a label of its own: secretstack:retire-after: and the time in Unix seconds.
//
// Secrets Manager runs one rotation of a secret at a time and keeps its token until it has succeeded, so a
// [Store] is no rotation.Leaser. See
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html
package awsstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"github.com/secretstack/secretstack/rotation"
)

const (
	current     = "AWSCURRENT"
	pending     = "AWSPENDING"
	previous    = "AWSPREVIOUS"
	retireAfter = "secretstack:retire-after:"
)

// Client is what a Store needs of *secretsmanager.Client.
type Client interface {
	DescribeSecret(context.Context, *secretsmanager.DescribeSecretInput, ...func(*secretsmanager.Options)) (*secretsmanager.DescribeSecretOutput, error)
	GetSecretValue(context.Context, *secretsmanager.GetSecretValueInput, ...func(*secretsmanager.Options)) (*secretsmanager.GetSecretValueOutput, error)
	PutSecretValue(context.Context, *secretsmanager.PutSecretValueInput, ...func(*secretsmanager.Options)) (*secretsmanager.PutSecretValueOutput, error)
	UpdateSecretVersionStage(context.Context, *secretsmanager.UpdateSecretVersionStageInput, ...func(*secretsmanager.Options)) (*secretsmanager.UpdateSecretVersionStageOutput, error)
	ListSecretVersionIds(context.Context, *secretsmanager.ListSecretVersionIdsInput, ...func(*secretsmanager.Options)) (*secretsmanager.ListSecretVersionIdsOutput, error)
}

// Store is a rotation.Store, and a rotation.Historian. It remembers nothing between calls.
type Store struct {
	client Client
	secret string
}

var _ rotation.Historian = (*Store)(nil)

// New makes a Store of the secret with a name or an ARN.
func New(client Client, secret string) *Store { return &Store{client, secret} }

// Read gives the current value of a secret that is not rotated here, such as an administrator's. Its error
// is rotation.ErrNoValue where there is none.
func Read(ctx context.Context, client Client, secret string) (rotation.Value, error) {
	return New(client, secret).read(ctx, &secretsmanager.GetSecretValueInput{VersionStage: aws.String(current)})
}

// Begun checks what AWS's own rotation functions check before each step: rotation is turned on, and the token
// is of a version that is pending or, when a step comes again, current. A secret without any version may be
// at its first rotation.
func (s *Store) Begun(ctx context.Context, token string) error {
	out, err := s.client.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: &s.secret})
	if err != nil {
		return s.explain(ctx, "DescribeSecret", err)
	}
	if out.RotationEnabled != nil && !*out.RotationEnabled {
		return &rotation.Error{
			Class: rotation.Refused, Op: "rotate " + s.secret,
			Err: errors.New("its rotation is turned off"), Do: "turn it on with RotateSecret",
		}
	}
	if len(out.VersionIdsToStages) > 0 {
		return s.inRound(out.VersionIdsToStages, token)
	}
	return nil
}

// Versions implements rotation.Store.
func (s *Store) Versions(ctx context.Context) (rotation.Versions, error) {
	all, err := s.labels(ctx)
	if err != nil {
		return rotation.Versions{}, err
	}
	v := rotation.Versions{
		Current:  rotation.Version{ID: all.with(current)},
		Pending:  rotation.Version{ID: all.with(pending)},
		Previous: rotation.Version{ID: all.with(previous)},
	}
	for _, label := range all[v.Previous.ID] {
		// Where a rotator was killed between adding a label and removing the older one, the later time is safe.
		if at, ok := parseRetireAfter(label); ok && at.After(v.Previous.RetireAfter) {
			v.Previous.RetireAfter = at
		}
	}
	if v.Pending == v.Current {
		if v.Previous.ID == "" {
			// Secrets Manager makes the first version of a secret current by itself
			// (https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html).
			// It was not applied yet.
			v.Current = rotation.Version{}
		} else {
			v.Pending = rotation.Version{} // Promote was interrupted, or the AWS rotation template made it
		}
	}
	return v, nil
}

// Value implements rotation.Store.
func (s *Store) Value(ctx context.Context, id string) (rotation.Value, error) {
	return s.read(ctx, &secretsmanager.GetSecretValueInput{VersionId: &id})
}

func (s *Store) read(ctx context.Context, in *secretsmanager.GetSecretValueInput) (rotation.Value, error) {
	in.SecretId = &s.secret
	out, err := s.client.GetSecretValue(ctx, in)
	var missing *types.ResourceNotFoundException
	switch {
	case errors.As(err, &missing):
		return rotation.Value{}, fmt.Errorf("read %s: %w", s.secret, rotation.ErrNoValue)
	case err != nil:
		return rotation.Value{}, s.explain(ctx, "GetSecretValue", err)
	case out.SecretBinary != nil:
		return rotation.Value{}, &rotation.Error{
			Class: rotation.Invalid, Op: "read " + s.secret,
			Err: errors.New("the value is binary"), Do: "store it as text, with SecretString",
		}
	case aws.ToString(out.SecretString) == "":
		return rotation.Value{}, fmt.Errorf("read %s: %w", s.secret, rotation.ErrNoValue)
	}
	return rotation.NewValue(*out.SecretString), nil
}

// Stage implements rotation.Store.
func (s *Store) Stage(ctx context.Context, token string, v rotation.Value) (string, error) {
	all, err := s.labels(ctx)
	if err != nil {
		return "", err
	}
	// The service adds a version without a value at the start of a rotation. Another one with a value stays.
	if id := all.with(pending); id != "" && id != token && id != all.with(current) {
		if _, err := s.Value(ctx, id); !errors.Is(err, rotation.ErrNoValue) {
			return id, err
		}
	}
	_, err = s.client.PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{
		SecretId:           &s.secret,
		ClientRequestToken: &token,
		SecretString:       aws.String(v.Reveal()),
		VersionStages:      []string{pending},
	})
	var exists *types.ResourceExistsException
	if errors.As(err, &exists) { // with another value, which came first
		if all, err = s.labels(ctx); err == nil {
			err = s.inRound(all, token)
		}
		return token, err
	}
	if err != nil {
		return "", s.explain(ctx, "PutSecretValue", err)
	}
	return token, nil
}

// Promote implements rotation.Store.
func (s *Store) Promote(ctx context.Context, id string) error {
	all, err := s.labels(ctx)
	if err != nil {
		return err
	}
	if now := all.with(current); now != id {
		if !all.has(id, pending) {
			return s.notPending(id)
		}
		// Secrets Manager compares and moves in one step, and moves AWSPREVIOUS along
		// (https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecretVersionStage.html).
		if err := s.move(ctx, current, now, id); err != nil {
			again, readErr := s.labels(ctx)
			if readErr != nil || again.with(current) != id {
				return err
			}
			all = again // another rotator has promoted it
		}
	}
	return s.strip(ctx, all, id, pending)
}

// Schedule implements rotation.Store. It also clears the labels that versions of earlier rotations still
// have, since Secrets Manager keeps each version that has a label.
func (s *Store) Schedule(ctx context.Context, id string, at time.Time) error {
	all, err := s.labels(ctx)
	if err != nil {
		return err
	}
	label := retireAfter + strconv.FormatInt(at.Unix(), 10)
	if err := s.unschedule(ctx, all, func(version, _ string) bool { return version != id }); err != nil {
		return err
	}
	if all.has(id, previous) && !all.has(id, label) {
		if err := s.move(ctx, label, "", id); err != nil {
			again, readErr := s.labels(ctx)
			if readErr != nil || !again.has(id, label) {
				return err
			}
		}
	}
	return s.unschedule(ctx, all, func(version, other string) bool { return version == id && other != label })
}

// Retire implements rotation.Store. Without a label, Secrets Manager deletes a version in its own time.
func (s *Store) Retire(ctx context.Context, id string) error {
	all, err := s.labels(ctx)
	if err != nil {
		return err
	}
	if id == all.with(current) || id == all.with(pending) {
		return nil
	}
	if now := all.with(current); all.has(id, previous) && all.has(now, pending) {
		// What an interrupted Promote left would look like the first version of a secret: see Versions.
		if err := s.strip(ctx, all, now, pending); err != nil {
			return err
		}
	}
	if err := s.strip(ctx, all, id, previous); err != nil {
		return err
	}
	return s.unschedule(ctx, all, func(version, _ string) bool { return version == id })
}

// History implements rotation.Historian. Secrets Manager knows the last 100 versions, and all of the last 24 hours.
func (s *Store) History(ctx context.Context) ([]rotation.Event, error) {
	var events []rotation.Event
	pages := secretsmanager.NewListSecretVersionIdsPaginator(s.client, &secretsmanager.ListSecretVersionIdsInput{
		SecretId: &s.secret, IncludeDeprecated: aws.Bool(true),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, s.explain(ctx, "ListSecretVersionIds", err)
		}
		for _, v := range page.Versions {
			events = append(events, rotation.Event{
				Version: aws.ToString(v.VersionId), Created: aws.ToTime(v.CreatedDate).UTC(), State: state(v.VersionStages),
			})
		}
	}
	slices.SortStableFunc(events, func(a, b rotation.Event) int {
		return cmp.Compare(b.Created.UnixNano(), a.Created.UnixNano())
	})
	return events, nil
}

func state(labels []string) string {
	for _, s := range []struct{ label, state string }{
		{current, "current"}, {pending, "pending"}, {previous, "previous"},
	} {
		if slices.Contains(labels, s.label) {
			return s.state
		}
	}
	return "retired"
}

// labels are those of each version.
type labels map[string][]string

// with gives the version that has a label, or "". Secrets Manager attaches each to one version at most.
func (l labels) with(label string) string {
	for id, own := range l {
		if slices.Contains(own, label) {
			return id
		}
	}
	return ""
}

func (l labels) has(id, label string) bool { return slices.Contains(l[id], label) }

func (s *Store) labels(ctx context.Context) (labels, error) {
	out, err := s.client.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: &s.secret})
	if err != nil {
		return nil, s.explain(ctx, "DescribeSecret", err)
	}
	return out.VersionIdsToStages, nil
}

// move takes a label from one version to another; either may be "".
func (s *Store) move(ctx context.Context, label, from, to string) error {
	in := &secretsmanager.UpdateSecretVersionStageInput{SecretId: &s.secret, VersionStage: &label}
	if from != "" {
		in.RemoveFromVersionId = &from
	}
	if to != "" {
		in.MoveToVersionId = &to
	}
	if _, err := s.client.UpdateSecretVersionStage(ctx, in); err != nil {
		return s.explain(ctx, "UpdateSecretVersionStage", err)
	}
	return nil
}

// strip takes a label from a version that has it, or had it a moment ago.
func (s *Store) strip(ctx context.Context, all labels, id, label string) error {
	if !all.has(id, label) {
		return nil
	}
	err := s.move(ctx, label, id, "")
	if err == nil {
		return nil
	}
	if again, readErr := s.labels(ctx); readErr == nil && !again.has(id, label) {
		return nil // another rotator has taken it
	}
	return err
}

// unschedule strips the labels of ours that are to go.
func (s *Store) unschedule(ctx context.Context, all labels, goes func(version, label string) bool) error {
	for id, own := range all {
		for _, label := range own {
			if _, ours := parseRetireAfter(label); ours && goes(id, label) {
				if err := s.strip(ctx, all, id, label); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func parseRetireAfter(label string) (at time.Time, ok bool) {
	text, ok := strings.CutPrefix(label, retireAfter)
	if !ok {
		return time.Time{}, false
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	return time.Unix(seconds, 0).UTC(), err == nil
}

// inRound checks that a version is pending, or current already.
func (s *Store) inRound(all labels, id string) error {
	if all.has(id, pending) || all.has(id, current) {
		return nil
	}
	return s.notPending(id)
}

func (s *Store) notPending(id string) error {
	return &rotation.Error{
		Class: rotation.Refused, Op: "rotate " + s.secret,
		Err: fmt.Errorf("the version %.64q is neither pending nor current", id),
		Do:  "begin a rotation with RotateSecret",
	}
}
