package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/secretstack/secretstack/components/secret"
)

// config is what the environment says.
type config struct {
	vault    string
	clientID string
	jobs     []secret.Job // in the order of their names
	only     string       // the one to rotate now; empty: what is due
	timeout  time.Duration
}

const (
	// reserve is the time that a run keeps for its last records. Container Apps would end it without them.
	reserve = 30 * time.Second
	// enough is what one rotation takes at most, but for a slow target; none is begun with less left.
	enough = time.Minute
)

var (
	jobVariable = regexp.MustCompile(`^SECRETSTACK_ROTATION_[0-9]+$`)
	// https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates#object-identifiers,
	// less what the companion's name adds.
	vaultName = regexp.MustCompile(`^[0-9A-Za-z-]{1,117}$`)
)

// parse reads the form of os.Environ. Its error has all the mistakes.
func parse(environ []string) (config, error) {
	c := config{timeout: 30 * time.Minute}
	var errs []error
	wrong := func(variable, format string, args ...any) {
		errs = append(errs, fmt.Errorf("  "+variable+": "+format, args...))
	}
	for _, line := range environ {
		name, value, _ := strings.Cut(line, "=")
		switch {
		case name == "SECRETSTACK_VAULT":
			c.vault = strings.TrimSuffix(value, "/")
		case name == "AZURE_CLIENT_ID":
			c.clientID = value
		case name == "SECRETSTACK_ROTATE":
			c.only = value
		case name == "SECRETSTACK_TIMEOUT":
			var err error
			if c.timeout, err = time.ParseDuration(value); err != nil || c.timeout < reserve+enough {
				wrong(name, "must be a time of at least %s, such as 50m", reserve+enough)
			}
		case jobVariable.MatchString(name):
			job, err := parseJob(value)
			if err != nil {
				wrong(name, "%w; deploy the stack again, with the image of the same version of secretstack", err)
				continue
			}
			c.jobs = append(c.jobs, job)
		}
	}
	slices.SortFunc(c.jobs, func(a, b secret.Job) int { return cmp.Compare(a.Secret, b.Secret) })
	if u, err := url.Parse(c.vault); err != nil || u.Scheme != "https" || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.User != nil {
		wrong("SECRETSTACK_VAULT", "must be the vault's address, https://NAME.vault.azure.net")
	}
	if c.clientID == "" {
		wrong("AZURE_CLIENT_ID", "is missing; it must be the client id of the job's user-assigned identity")
	}
	if len(errs) == 0 {
		errs = checkNames(c)
	}
	if len(errs) > 0 {
		return config{}, fmt.Errorf("the job's environment:\n%w", errors.Join(errs...))
	}
	return c, nil
}

// checkNames looks for what would give one secret two rotations, or none.
func checkNames(c config) (errs []error) {
	ids := map[string]bool{}
	for i, job := range c.jobs {
		if ids[job.ID] || i > 0 && c.jobs[i-1].Secret == job.Secret {
			errs = append(errs, fmt.Errorf("  SECRETSTACK_ROTATION_<n>: two are of the secret %s", job.Secret))
		}
		ids[job.ID] = true
	}
	if c.only != "" && !slices.ContainsFunc(c.jobs, func(job secret.Job) bool { return job.Secret == c.only }) {
		errs = append(errs, fmt.Errorf("  SECRETSTACK_ROTATE: there is no rotation of a secret %q, but of %d others", c.only, len(c.jobs)))
	}
	return errs
}

func parseJob(text string) (secret.Job, error) {
	var job secret.Job
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.DisallowUnknownFields() // an option that is not known here would not be kept
	if err := d.Decode(&job); err != nil {
		return secret.Job{}, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return secret.Job{}, errors.New("there is more after the JSON object")
	}
	if err := secret.CheckName(job.Secret); err != nil {
		return secret.Job{}, err
	}
	if !vaultName.MatchString(job.ID) || strings.HasSuffix(job.ID, secret.CompanionSuffix) {
		return secret.Job{}, fmt.Errorf("the id of %s is not the name of a Key Vault secret", job.Secret)
	}
	return job, nil
}
