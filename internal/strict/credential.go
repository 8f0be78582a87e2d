package strict

import (
	"math"
	"regexp"
	"strings"
)

// known are the beginnings by which issuers make their keys recognizable.
var known = regexp.MustCompile(strings.Join([]string{
	`(?:sk|rk|pk)_(?:live|test)_[0-9A-Za-z]{8,}`, `whsec_[0-9A-Za-z+/]{8,}`, // Stripe
	`\b(?:AKIA|ASIA)[0-9A-Z]{16}\b`,                      // AWS
	`\bgh[opusr]_[0-9A-Za-z]{20,}`, `github_pat_\w{20,}`, // GitHub
	`glpat-[\w-]{20,}`,                        // GitLab
	`xox[abeoprs]-[0-9A-Za-z-]{10,}`,          // Slack
	`AIza[\w-]{35}`,                           // Google
	`SG\.[\w-]{16,}\.[\w-]{16,}`,              // SendGrid
	`npm_[0-9A-Za-z]{30,}`, `pypi-[\w-]{16,}`, // package registries
	`-----BEGIN [A-Z ]*PRIVATE KEY`, `AGE-SECRET-KEY-1\w{8,}`, // key files
	`eyJ[\w-]{10,}\.eyJ[\w-]{10,}`,          // JSON web tokens
	`[a-z][a-z0-9+]*://[^/\s:@]+:[^/\s@]+@`, // URLs with a password
}, "|"))

var (
	token = regexp.MustCompile(`^[0-9A-Za-z+/=_-]{20,}$`)
	hex   = regexp.MustCompile(`^[0-9a-fA-F]{32,}$`)
	lower = regexp.MustCompile(`[a-z]`)
	upper = regexp.MustCompile(`[A-Z]`)
	digit = regexp.MustCompile(`[0-9]`)
)

// LooksLikeCredential tells whether text has a part that is more likely a credential than a name or
// a sentence. It errs towards letting text pass: the files it guards hold names, ARNs and addresses.
func LooksLikeCredential(text string) bool {
	if known.MatchString(text) {
		return true
	}
	words := strings.Fields(text)
	if len(words) > 1 && strings.HasPrefix(words[0], "ssh-") {
		return false // a public key
	}
	for _, word := range words {
		if hex.MatchString(word) {
			return true
		}
		mixed := lower.MatchString(word) && upper.MatchString(word) && digit.MatchString(word)
		if token.MatchString(word) && mixed && entropy(word) > 3.7 {
			return true
		}
	}
	return false
}

// entropy is Shannon's, in bits a character.
func entropy(s string) float64 {
	counts := map[rune]float64{}
	for _, r := range s {
		counts[r]++
	}
	var bits float64
	n := float64(len([]rune(s)))
	for _, c := range counts {
		bits -= c / n * math.Log2(c/n)
	}
	return bits
}
