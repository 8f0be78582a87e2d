package anyrules

import (
	"regexp"
	"strings"

	"github.com/secretstack/secretstack/policies/leak"
	"github.com/secretstack/secretstack/policies/policy"
)

var noSecretOverHTTP = policy.Rule{
	Name:     "no-secret-over-http",
	Severity: policy.High,
	Profile:  policy.Baseline,
	Summary:  "No secret goes over a connection without TLS",
	Why: "A URL that begins with http://, ws:// or ftp:// goes over the network as it is written, and so does what is sent to it. A credential in it can be read on the way, " +
		"and stands in the logs of every proxy that it passes.",
	Fix:      "Use https://, wss:// or sftp://. Send the credential in a header rather than in the URL, which is logged all the same.",
	Covers:   []string{"CKV2_AWS_36", "Trivy:AWS-0134"},
	Controls: []string{"CWE-319"},
	Sources:  []string{aboutSecrets},
	Check: func(s policy.Subject) []policy.Finding {
		var findings []policy.Finding
		walk("", s.All(), func(name string, v policy.Value) bool {
			switch t := text(v); {
			case v.Unknown() && v.Secret() && address(name):
				findings = append(findings, s.Unknown(v))
			case !strings.Contains(t, "://"):
			case carries(t, v.Secret()):
				findings = append(findings, s.Fail(v, "A secret is in a URL without TLS."))
			}
			return true
		})
		return findings
	},
}

// address tells that the value of a name is a URL.
func address(name string) bool {
	name = strings.ToLower(name)
	return strings.HasSuffix(name, "url") || strings.HasSuffix(name, "uri") || strings.HasSuffix(name, "endpoint")
}

var open = regexp.MustCompile(`(?i)\b(?:http|ws|ftp)://[^\s"'<>` + "`" + `]+`)

// local are hosts that are on the same machine.
var local = regexp.MustCompile(`(?i)^\w+://(?:[^/@]*@)?(?:localhost|127\.\d+\.\d+\.\d+|\[::1\]|169\.254\.169\.254|metadata\.google\.internal)(?:[:/?#]|$)`)

var host = regexp.MustCompile(`^\w+://[^/?#@]+/?$`)

// carries tells that a secret is in a URL without TLS. A text that is such a URL as a whole, and is marked as a secret, has
// one wherever it is in it; but a host alone is none: where one variable is marked, all those beside it often are.
func carries(t string, secret bool) bool {
	for _, url := range open.FindAllString(t, -1) {
		if local.MatchString(url) {
			continue
		}
		if _, found := leak.Find("", url); found || secret && url == t && !host.MatchString(url) {
			return true
		}
	}
	return false
}
