// Package target is what the rotators of all clouds share: where the targets of rotations are, and what a
// rotator is told of its secrets.
//
// Unlike secret.Address, Args take outputs: a database's host is often another resource's. Do not use it to
// reach a target: that is what rotation/targets is for.
package target

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/components/secret"
)

// Args are where the target of a rotation is: a database's Host, or a webhook's URL. A generated value
// has no target.
type Args struct {
	// Host is the name or address of a database's server, without a port. Required for a database.
	Host pulumi.StringInput
	// Port is the database's. Zero: 5432 for PostgreSQL, 3306 for MySQL.
	Port int
	// Database is the name of the database to connect to. Zero: the user's name for PostgreSQL, none for MySQL.
	Database string
	// TLS is "verify" (the certificate is for the host and by a known authority) or "off". Zero: verify.
	TLS string
	// CA are certificates in PEM of the authorities to trust. Nil: the system's.
	CA pulumi.StringInput
	// URL is a webhook's, with https. Required for one.
	URL pulumi.StringInput
}

// At gives Args for an address that is known.
func At(a secret.Address) Args {
	args := Args{Port: a.Port, Database: a.Database, TLS: a.TLS}
	for _, field := range []struct {
		to   *pulumi.StringInput
		text string
	}{{&args.Host, a.Host}, {&args.CA, a.CA}, {&args.URL, a.URL}} {
		if field.text != "" {
			*field.to = pulumi.String(field.text)
		}
	}
	return args
}

// Check gives every mistake in what a rotator is given: in the rotations of its secrets, in their
// periods, and in their targets. Secrets without Rotation are allowed. What other resources give is not
// known yet: Jobs checks it.
func Check(cloud secret.Cloud, specs []secret.Spec, targets map[string]Args) []error {
	var errs []error
	wrong := func(format string, values ...any) { errs = append(errs, fmt.Errorf("  "+format, values...)) }
	rotated := map[string]bool{}
	for _, s := range specs {
		if s.Rotation == nil {
			continue
		}
		rotated[s.Name] = true
		for _, p := range s.Rotation.Check() {
			wrong("Secrets[%s].Rotation%s", s.Name, text(p))
		}
		if err := cloud.CheckEvery(s.Rotation.Every); err != nil {
			wrong("Secrets[%s].Rotation.every: %w", s.Name, err)
		}
		args, given := targets[s.Name]
		if at := s.Rotation.Target(); !given && at != "generated" && at != "" {
			wrong("Targets: has none for %s, which is rotated at one", s.Name)
			continue
		}
		known, unknown := args.known()
		for _, p := range known.Check(*s.Rotation) {
			if !slices.Contains(unknown, p.Field) {
				wrong("Targets[%s]%s", s.Name, text(p))
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(targets)) {
		if !rotated[name] {
			wrong("Targets[%s]: is for no secret that is rotated here", name)
		}
	}
	return errs
}

func text(p secret.Problem) string {
	if p.Field == "" {
		return ": " + p.Rule
	}
	return "." + p.Field + ": " + p.Rule
}

// known gives what can be said now, and the fields that are said later.
func (args Args) known() (a secret.Address, later []string) {
	a = secret.Address{Port: args.Port, Database: args.Database, TLS: args.TLS}
	for _, field := range []struct {
		name string
		to   *string
		from pulumi.StringInput
	}{{"host", &a.Host, args.Host}, {"ca", &a.CA, args.CA}, {"url", &a.URL, args.URL}} {
		if plain, ok := field.from.(pulumi.String); ok {
			*field.to = string(plain)
		} else if field.from != nil {
			later = append(later, field.name)
		}
	}
	return a, later
}

// Jobs gives the secret.Job of each secret that has a Rotation, as JSON, by its name. id gives a secret's
// ID in the cloud by its name. A target that turns out to be wrong when it is known stops the update.
func Jobs(specs []secret.Spec, targets map[string]Args, id func(name string) pulumi.StringInput) map[string]pulumi.StringOutput {
	jobs := map[string]pulumi.StringOutput{}
	for _, s := range specs {
		if s.Rotation != nil {
			jobs[s.Name] = targets[s.Name].job(s, id)
		}
	}
	return jobs
}

func (args Args) job(s secret.Spec, id func(name string) pulumi.StringInput) pulumi.StringOutput {
	names := append([]string{s.Name}, s.Rotation.Reads()...)
	inputs := []any{orEmpty(args.Host), orEmpty(args.CA), orEmpty(args.URL)}
	for _, name := range names {
		inputs = append(inputs, id(name))
	}
	return pulumi.All(inputs...).ApplyT(func(v []any) (string, error) {
		address := secret.Address{
			Host: v[0].(string), Port: args.Port, Database: args.Database, TLS: args.TLS, CA: v[1].(string), URL: v[2].(string),
		}
		var errs []error
		for _, p := range address.Check(*s.Rotation) {
			errs = append(errs, fmt.Errorf("the target of the secret %q%s", s.Name, text(p)))
		}
		if len(errs) > 0 {
			return "", errors.Join(errs...)
		}
		job, err := json.Marshal(secret.NewJob(s, address, func(name string) string {
			return v[3+slices.Index(names, name)].(string)
		}))
		return string(job), err
	}).(pulumi.StringOutput)
}

func orEmpty(s pulumi.StringInput) pulumi.StringInput {
	if s == nil {
		return pulumi.String("")
	}
	return s
}

var image = regexp.MustCompile(`^[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9._-]+)+(:[A-Za-z0-9_.-]+)?@sha256:[0-9a-f]{64}$`)

// CheckImage gives the rule that the reference of a rotator's image breaks, or nil. A tag alone is refused:
// it can be moved to another image, which would run with the rotator's rights.
func CheckImage(reference string) error {
	if !image.MatchString(reference) {
		return errors.New("must be an image in a registry with its digest, such as registry.example.com/rotator@sha256:…, " +
			"as make image prints it; a tag alone could be moved to another image")
	}
	return nil
}
