// Package awsstore keeps the versions of one secret in AWS Secrets Manager.
//
// A version is current, pending or previous by its staging labels: AWSCURRENT, AWSPENDING, AWSPREVIOUS. The
// id of a pending version is the ClientRequestToken of its rotation. Two labels are this package's own:
//
//   - secretstack:retire-after: and a time in Unix seconds says when a version is to be retired. It stays when
//     AWSPREVIOUS moves on, as it does with each value that is put by hand.
//   - secretstack:rotated is on the version that was promoted last until that is retired, and then on the one that
//     took its place. Without it the secret has never been rotated, and its AWSPREVIOUS is not the rotator's.
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
	"maps"
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
	rotated     = "secretstack:rotated"
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
// is rotation.ErrNoValue where the secret is there without one.
func Read(ctx context.Context, client Client, secret string) (rotation.Value, error) {
	s := New(client, secret)
	v, err := s.read(ctx, &secretsmanager.GetSecretValueInput{VersionStage: aws.String(current)})
	if errors.Is(err, rotation.ErrNoValue) { // GetSecretValue has one error code for a missing value and a missing secret
		if _, missing := s.labels(ctx); missing != nil {
			err = missing
		}
	}
	return v, err
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
		Previous: all.replaced(),
	}
	if v.Pending == v.Current {
		if all.with(previous) == "" {
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
	now := all.with(current)
	if now != id && !all.has(id, pending) {
		return s.notPending(id)
	}
	// Where another version has the mark and is not current, it waits to be retired, and the mark tells so.
	if from := all.with(rotated); from == "" || from == now && now != id {
		if err := s.move(ctx, rotated, from, id); err != nil {
			return err
		}
	}
	if now != id {
		if err := s.unschedule(ctx, all, now, ""); err != nil { // it was rolled back to
			return err
		}
		// Secrets Manager compares and moves in one step, and moves AWSPREVIOUS along
		// (https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecretVersionStage.html).
		if err := s.move(ctx, current, now, id); err != nil {
			return err
		}
	}
	return s.strip(ctx, all, id, pending)
}

// Schedule implements rotation.Store. A current version that was rolled back to is scheduled no more.
func (s *Store) Schedule(ctx context.Context, id string, at time.Time) error {
	all, err := s.labels(ctx)
	if err != nil {
		return err
	}
	if err := s.unschedule(ctx, all, all.with(current), ""); err != nil {
		return err
	}
	if !all.waits(id) {
		return nil
	}
	label := scheduled(at)
	for ; all.with(label) != "" && !all.has(id, label); label = scheduled(at) { // one version at most has it
		at = at.Add(time.Second)
	}
	if !all.has(id, label) {
		if err := s.move(ctx, label, "", id); err != nil {
			return err
		}
	}
	return s.unschedule(ctx, all, id, label)
}

// Retire implements rotation.Store. Without a label, Secrets Manager deletes a version in its own time. Its
// schedule goes last: until then, what was interrupted is due still.
func (s *Store) Retire(ctx context.Context, id string) error {
	all, err := s.labels(ctx)
	if err != nil {
		return err
	}
	now := all.with(current)
	if id == now || id == all.with(pending) {
		return nil
	}
	if all.has(id, previous) && all.has(now, pending) {
		// What an interrupted Promote left would look like the first version of a secret: see Versions.
		if err := s.strip(ctx, all, now, pending); err != nil {
			return err
		}
	}
	if err := s.strip(ctx, all, id, previous); err != nil {
		return err
	}
	if all.has(id, rotated) {
		if err := s.move(ctx, rotated, id, now); err != nil {
			return err
		}
	}
	return s.unschedule(ctx, all, id, "")
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

func state(own []string) string {
	has := func(label string) bool { return slices.Contains(own, label) }
	switch {
	case has(current):
		return "current"
	case has(pending):
		return "pending"
	case has(previous), has(rotated), !retirement(own).IsZero():
		return "previous"
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

// waits tells whether a version was replaced and is to be retired: it is scheduled, it was promoted, or it is
// AWSPREVIOUS of a secret that has been rotated. What was replaced before the first rotation is left alone.
func (l labels) waits(id string) bool {
	if l.has(id, current) || l.has(id, pending) {
		return false
	}
	mark := l.with(rotated)
	promoted := mark != "" && (l.has(mark, current) || !l.has(mark, pending)) // not about to be
	return mark == id || promoted && l.has(id, previous) || !retirement(l[id]).IsZero()
}

// replaced gives the version that waits to be retired. Of several it is the one that is due first, but before that
// one that is not scheduled yet: AWSPREVIOUS may move on from it.
func (l labels) replaced() (first rotation.Version) {
	for _, id := range slices.Sorted(maps.Keys(l)) {
		v := rotation.Version{ID: id, RetireAfter: retirement(l[id])}
		sooner := v.RetireAfter.Compare(first.RetireAfter)
		if l.waits(id) && (first.ID == "" || sooner < 0 || sooner == 0 && l.has(id, previous)) {
			first = v
		}
	}
	return first
}

func (s *Store) labels(ctx context.Context) (labels, error) {
	out, err := s.client.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: &s.secret})
	if err != nil {
		return nil, s.explain(ctx, "DescribeSecret", err)
	}
	return out.VersionIdsToStages, nil
}

// move takes a label from one version to another; either may be "". Another rotator may have done so already.
func (s *Store) move(ctx context.Context, label, from, to string) error {
	in := &secretsmanager.UpdateSecretVersionStageInput{SecretId: &s.secret, VersionStage: &label}
	if from != "" {
		in.RemoveFromVersionId = &from
	}
	if to != "" {
		in.MoveToVersionId = &to
	}
	_, err := s.client.UpdateSecretVersionStage(ctx, in)
	if err == nil {
		return nil
	}
	if again, readErr := s.labels(ctx); readErr == nil {
		if at := again.with(label); at == to || to == "" && at != from {
			return nil
		}
	}
	return s.explain(ctx, "UpdateSecretVersionStage", err)
}

// strip takes a label from a version if it has it.
func (s *Store) strip(ctx context.Context, all labels, id, label string) error {
	if !all.has(id, label) {
		return nil
	}
	return s.move(ctx, label, id, "")
}

// unschedule strips a version of the times at which it was to be retired, but for one.
func (s *Store) unschedule(ctx context.Context, all labels, id, keep string) error {
	for _, label := range all[id] {
		if _, ours := parseRetireAfter(label); ours && label != keep {
			if err := s.strip(ctx, all, id, label); err != nil {
				return err
			}
		}
	}
	return nil
}

func scheduled(at time.Time) (label string) { return retireAfter + strconv.FormatInt(at.Unix(), 10) }

// retirement gives the time that a version's labels say; zero for none. Where a rotator was killed between adding
// a label and removing the older one, the later time is safe.
func retirement(own []string) (latest time.Time) {
	for _, label := range own {
		if at, ok := parseRetireAfter(label); ok && at.After(latest) {
			latest = at
		}
	}
	return latest
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
