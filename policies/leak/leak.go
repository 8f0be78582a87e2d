// Package leak finds credentials in texts that were written down: properties of resources, environment variables,
// scripts, documents.
//
// It uses the rules of gitleaks for what issuers make recognizable. What has no form of its own (passwords, keys of
// unknown issuers) is recognized by the name that it is given to, in the property itself, in JSON, in a script, in a
// connection string or in a URL; and by its randomness. Names of secrets, references to them, placeholders, hashes, ids,
// ARNs, public keys and certificates are no credentials.
package leak

import (
	"regexp"
	"strings"
	"sync"
	"unicode"
)

// Kinds of what gitleaks has no rule for.
const (
	url           = "a URL with a password"
	signature     = "a shared access signature"
	authorization = "an authorization header"
	privateKey    = "a private key"
	random        = "a random text, as keys are"
)

// maxDepth is how deep texts are opened that hold others: JSON in JSON, base64 once. What is deeper is one text.
const maxDepth = 4

// Find tells whether text is or has a credential in clear, and of which kind, as in "a password" or "an AWS access token";
// never what it is. The name is that of the property or variable whose value the text is, as in "DB_PASSWORD"; it may be
// empty. Find is safe for concurrent use, and its time is linear in the length of the text. The first call for each rule
// of gitleaks compiles it.
func Find(name, text string) (kind string, found bool) {
	return find(name, text, maxDepth)
}

func find(name, text string, depth int) (kind string, found bool) {
	text = strings.TrimSpace(text)
	if len(text) < 4 || strings.HasPrefix(text, "arn:") {
		return "", false
	}
	if depth > 0 && strings.IndexByte(`{["`, text[0]) >= 0 {
		if kind, found, isJSON := inJSON(name, text, depth); isJSON {
			return kind, found
		}
	}
	if kind := plainly(name, text); kind != "" {
		return kind, true
	}
	if strings.Contains(text, "-----BEGIN") {
		text = publicPEM().ReplaceAllString(text, "")
	}
	if data, ok := unbase64(text); ok && depth > 0 {
		switch is, private := der(data); {
		case private:
			return privateKey, true
		case is:
			return "", false
		case readable(data):
			if login(name, string(data)) {
				return password.kind() + " in base64", true
			}
			if kind, found = find(name, string(data), min(depth-1, 1)); found {
				kind += " in base64"
			}
			return kind, found
		}
	} else if depth > 0 {
		if kind, found = inBase64(text, min(depth-1, 1)); found {
			return kind, true
		}
	}
	noun := nounOf(name)
	switch {
	case noun != "" && noun.fits(text):
		return noun.kind(), true
	case noun == "" && len(text) <= maxProse && randomIn(text) && !neutral(name) && !reference(text):
		return random, true
	}
	return "", false
}

// plainly gives the kind of credential that stands in a text as such.
func plainly(name, text string) string {
	if strings.Contains(text, "-----BEGIN") && privatePEM().MatchString(text) {
		return privateKey
	}
	if kind := known(name, text); kind != "" {
		return kind
	}
	return assigned(text)
}

// lazy gives a regular expression that is compiled when it is first needed: most commands of a program need none of them.
func lazy(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}

// maxProse is how long a text may be in which words are judged by their randomness alone: in a longer one (minified
// code, data) there is always one that looks random.
const maxProse = 2048

// randomIn tells that one of the words of a text looks random, as the keys of clouds do.
func randomIn(text string) bool {
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool {
		return unicode.IsSpace(r) || strings.ContainsRune("\"'`,;()<>[]{}|", r)
	}) {
		if len(word) >= 20 && jumble(word) && !strings.Contains(word, "://") && !hash(word) && !reference(word) {
			return true
		}
	}
	return false
}
