// Package targets builds the Target that a Job asks for.
package targets

import (
	"context"
	"errors"
	"fmt"

	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/rotation"
	"github.com/secretstack/secretstack/rotation/database"
	"github.com/secretstack/secretstack/rotation/generated"
	"github.com/secretstack/secretstack/rotation/mysql"
	"github.com/secretstack/secretstack/rotation/postgres"
	"github.com/secretstack/secretstack/rotation/webhook"
)

// Read gives the current value of another secret by the cloud's id.
type Read = func(ctx context.Context, id string) (rotation.Value, error)

// New builds the target of a job. It calls read when the target needs a value, not before, so that a rotation of
// that other secret is noticed. The error names the secret and the field that cannot be used.
func New(job secret.Job, read Read) (rotation.Target, error) {
	target, err := build(job, read)
	if err != nil {
		return nil, &rotation.Error{
			Class: rotation.Invalid, Op: "set up the rotation of " + job.Secret, Err: err,
			Do: "correct secrets.yaml or the stack's file, and deploy again",
		}
	}
	return target, nil
}

func build(job secret.Job, read Read) (target rotation.Target, err error) {
	kind := job.Rotation.Target()
	switch kind {
	case "generated":
		target, err = generated.New(generated.Config(*job.Rotation.Generated))
	case "postgres":
		target, err = newDatabase(postgres.New, job, read)
	case "mysql":
		target, err = newDatabase(mysql.New, job, read)
	case "webhook":
		target, err = newWebhook(job, read)
	default:
		return nil, errors.New("rotation: must have one of generated, postgres, mysql and webhook")
	}
	if err != nil {
		return nil, fmt.Errorf("rotation.%s: %w", kind, err)
	}
	return target, nil
}

func newDatabase(build func(database.Config) (rotation.Target, error), job secret.Job, read Read) (rotation.Target, error) {
	d, a := job.Rotation.Database(), job.Address
	if d.Format != "" && d.Format != "json" && d.Format != "plain" {
		return nil, fmt.Errorf("format: is %q; it must be json or plain", d.Format)
	}
	config := database.Config{
		Secret: job.Secret, Users: d.Users, Plain: d.Format == "plain", AdminName: d.Admin,
		Host: a.Host, Port: a.Port, Database: a.Database, TLS: a.TLS, CA: a.CA,
	}
	if d.Password != nil {
		config.Password = generated.Config(*d.Password)
	}
	if d.Admin != "" {
		admin, err := other(job, "admin", d.Admin, read)
		if err != nil {
			return nil, err
		}
		config.Admin = admin
	}
	return build(config)
}

func newWebhook(job secret.Job, read Read) (rotation.Target, error) {
	key, err := other(job, "key", job.Rotation.Webhook.Key, read)
	if err != nil {
		return nil, err
	}
	return webhook.New(webhook.Config{Secret: job.Secret, URL: job.Address.URL, Key: key, CA: job.Address.CA})
}

// other reads the secret that a field names.
func other(job secret.Job, field, name string, read Read) (func(context.Context) (rotation.Value, error), error) {
	id := job.Reads[name]
	if id == "" {
		return nil, fmt.Errorf("%s: the rotator was not told where the secret %q is", field, name)
	}
	return func(ctx context.Context) (rotation.Value, error) {
		v, err := read(ctx, id)
		if errors.Is(err, rotation.ErrNoValue) {
			return v, &rotation.Error{Class: rotation.Invalid, Op: "read the secret " + name, Err: err, Do: "put its value first"}
		}
		if err != nil {
			return v, fmt.Errorf("read the secret %s: %w", name, err)
		}
		return v, nil
	}, nil
}
