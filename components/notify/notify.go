// Package notify is who hears of a store's alerts, in the words that all clouds share.
package notify

import (
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/alert"
)

// Args are who hears of alerts. At least one, or Nobody.
type Args struct {
	// Email are addresses. Each has to confirm, where the cloud asks for it.
	Email []string
	// Webhooks are where the cloud posts its own form of an alert. Slack and Teams are incoming webhooks of a
	// channel, PagerDuty integration URLs. Who knows such a URL can post there, so give secret outputs, such as
	// config.RequireSecret: then the state has them encrypted.
	Webhooks, Slack, Teams, PagerDuty []pulumi.StringInput
	// Nobody says why nobody hears of the alerts, in ten characters or more. Zero: somebody does.
	Nobody string
}

// Channel is a field of Args that a cloud may not have.
type Channel string

// The channels that not every cloud has.
const (
	Webhooks  Channel = "Webhooks"
	Slack     Channel = "Slack"
	Teams     Channel = "Teams"
	PagerDuty Channel = "PagerDuty"
)

// Check gives every mistake. unsupported says of the channels that the cloud has not, why, and what to do instead.
func (a Args) Check(unsupported map[Channel]string) (errs []error) {
	wrong := func(format string, values ...any) { errs = append(errs, fmt.Errorf("  Notify."+format, values...)) }
	for i, address := range a.Email {
		if err := CheckEmail(address); err != nil {
			wrong("Email[%d]: %q %w", i, address, err)
		} else if slices.Contains(a.Email[:i], address) {
			wrong("Email[%d]: names %s twice", i, address)
		}
	}
	somebody := len(a.Email) > 0
	for _, c := range a.channels() {
		somebody = somebody || len(c.urls) > 0
		if why := unsupported[c.channel]; why != "" && len(c.urls) > 0 {
			wrong("%s: %s", c.channel, why)
		}
		for i, u := range c.urls {
			if u == nil {
				wrong("%s[%d]: is nil", c.channel, i)
			} else if plain, ok := u.(pulumi.String); ok {
				if err := CheckURL(string(plain)); err != nil {
					wrong("%s[%d]: %w", c.channel, i, err)
				}
			}
		}
	}
	switch reason := strings.TrimSpace(a.Nobody); {
	case somebody && reason != "":
		wrong("Nobody: gives a reason why nobody hears of the alerts, and somebody does; take one away")
	case !somebody && reason == "":
		errs = append(errs, errors.New("  Notify: names nobody; an alert that reaches nobody is none. Give Email or another channel, "+
			"or say in Nobody why not"))
	case !somebody && len(reason) < alert.MinReason:
		wrong("Nobody: say why, in at least %d characters", alert.MinReason)
	}
	return errs
}

// channelURLs are the URLs of one channel.
type channelURLs struct {
	channel Channel
	urls    []pulumi.StringInput
}

func (a Args) channels() []channelURLs {
	return []channelURLs{{Webhooks, a.Webhooks}, {Slack, a.Slack}, {Teams, a.Teams}, {PagerDuty, a.PagerDuty}}
}

// CheckEmail gives the rule that an e-mail address breaks, or nil.
func CheckEmail(address string) error {
	if parsed, err := mail.ParseAddress(address); err != nil || parsed.Address != address {
		return errors.New("is no e-mail address")
	}
	return nil
}

// CheckURL gives the rule that a webhook's URL breaks, or nil; without the URL, which is a credential.
func CheckURL(u string) error {
	parsed, err := url.Parse(u)
	if err != nil || parsed.Scheme != "https" || parsed.Hostname() == "" {
		return errors.New("is no URL that begins with https://")
	}
	return nil
}
