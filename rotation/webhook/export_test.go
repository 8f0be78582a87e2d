package webhook

import (
	"net/http"
	"time"

	"golang.org/x/time/rate"
)

// Through lets each request pass a transport.
func (t *Target) Through(wrap func(http.RoundTripper) http.RoundTripper) {
	t.client.Transport = wrap(t.client.Transport)
}

// Hurry takes the pauses out, and limits a try and all tries.
func (t *Target) Hurry(each, overall time.Duration) {
	t.limiter = rate.NewLimiter(rate.Inf, 0)
	t.pace.pause, t.pace.each, t.pace.overall = time.Nanosecond, each, overall
}

// RetryAfter reads the header.
var RetryAfter = retryAfter
