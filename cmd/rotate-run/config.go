package main

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// config is what the environment says.
type config struct {
	port     string
	prefixes []string
	push     caller
}

var prefixRegexp = regexp.MustCompile(`^projects/[^/]+/secrets/[A-Za-z0-9_-]*$`)

// parseConfig gives all the mistakes.
func parseConfig(env func(string) string) (config, error) {
	c := config{
		port:     cmp.Or(env("PORT"), "8080"),
		prefixes: strings.Split(env("SECRETSTACK_SECRETS"), ","),
		push: caller{
			audience: env("SECRETSTACK_PUSH_AUDIENCE"),
			account:  env("SECRETSTACK_PUSH_ACCOUNT"),
		},
	}
	var errs []error
	wrong := func(name, why string) { errs = append(errs, fmt.Errorf("the environment variable %s %s", name, why)) }
	for _, p := range c.prefixes {
		if !prefixRegexp.MatchString(p) {
			wrong("SECRETSTACK_SECRETS", fmt.Sprintf("has %q: it must have beginnings of secrets' resource names, "+
				"projects/PROJECT/secrets/…, separated by commas", p))
		}
	}
	if c.push.audience == "" {
		wrong("SECRETSTACK_PUSH_AUDIENCE", "is not set: it must be the audience of the push subscription's token")
	}
	if !strings.Contains(c.push.account, "@") {
		wrong("SECRETSTACK_PUSH_ACCOUNT", "must be the e-mail of the push subscription's service account")
	}
	switch v := env("SECRETSTACK_INVOKER_CHECKED"); v {
	case "true":
		c.push.checked = true
	case "", "false":
	default:
		wrong("SECRETSTACK_INVOKER_CHECKED", fmt.Sprintf("is %q: it must be true or false", v))
	}
	return c, errors.Join(errs...)
}
