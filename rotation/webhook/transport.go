package webhook

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/url"
	"sync"

	"golang.org/x/time/rate"
)

// checkURL gives errors that do not repeat the URL, into which people put credentials.
func checkURL(text string) (*url.URL, error) {
	address, err := url.Parse(text)
	if err != nil || address.Host == "" {
		return nil, errors.New("must be a URL with a host, such as https://issuer.example.com/rotate")
	}
	if address.User != nil || address.RawQuery != "" || address.Fragment != "" {
		return nil, errors.New("must have no user, no query (?) and no fragment (#): requests are signed instead")
	}
	if address.Scheme != "https" && (address.Scheme != "http" || !loopback(address.Hostname())) {
		return nil, errors.New("must begin with https://, or with http:// for this machine itself, as 127.0.0.1")
	}
	return address, nil
}

func loopback(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

func newTransport(ca string) (http.RoundTripper, error) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	// A rotator makes a few requests in a row, and then none for weeks.
	transport.DisableKeepAlives = true
	if ca != "" {
		transport.TLSClientConfig.RootCAs = x509.NewCertPool()
		if !transport.TLSClientConfig.RootCAs.AppendCertsFromPEM([]byte(ca)) {
			return nil, errors.New("has no certificate in PEM")
		}
	}
	return transport, nil
}

// limiters are of the whole process, since it has a Target for each secret, and many may be one issuer's.
var limiters sync.Map

func limiterOf(host string) *rate.Limiter {
	limiter, _ := limiters.LoadOrStore(host, rate.NewLimiter(10, 10))
	return limiter.(*rate.Limiter)
}
