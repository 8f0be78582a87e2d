package strict

import (
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
		if token.MatchString(word) && jumble(word) {
			return true
		}
	}
	return false
}

// jumble tells whether small letters, capitals and digits follow each other as they do by chance.
// In a name made of words they change seldom: PaymentsServiceApiKeyV2.
func jumble(word string) bool {
	seen, changes, last := map[int]bool{}, 0, 0
	for _, r := range word {
		class := 0 // another character, which begins a new word
		switch {
		case r >= 'a' && r <= 'z':
			class = 1
		case r >= 'A' && r <= 'Z':
			class = 2
		case r >= '0' && r <= '9':
			class = 3
		}
		if class != 0 && last != 0 && class != last {
			changes++
		}
		seen[class], last = true, class
	}
	return seen[1] && seen[2] && seen[3] && 100*changes >= 45*(len(word)-1)
}
