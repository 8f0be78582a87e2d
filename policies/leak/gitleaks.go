package leak

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	ahocorasick "github.com/BobuSumisu/aho-corasick"
	"github.com/pelletier/go-toml/v2"
	"github.com/zricethezav/gitleaks/v8/config"
)

// skipped are rules of gitleaks that are not used.
var skipped = map[string]bool{
	"generic-api-key": true, // names and randomness are judged here, with less noise
	"private-key":     true, // found by its PEM block
	// What identifies a client, or is public.
	"adobe-client-id": true, "asana-client-id": true, "bitbucket-client-id": true, "discord-client-id": true, "linkedin-client-id": true,
	"looker-client-id": true, "messagebird-client-id": true, "new-relic-user-api-id": true, "plaid-client-id": true,
	"sendbird-access-id": true, "sumologic-access-id": true,
	"flutterwave-public-key": true, "lob-pub-api-key": true, "mailgun-pub-key": true,
}

// keywords are those of rules that have none, or one that is in too many texts.
var keywords = map[string][]string{
	"facebook-access-token": {"|", "%"},
	"jwt":                   {"eyj"},
	"vault-service-token":   {"hvs.", `"s.`, "'s.", " s.", "=s."},
}

// more are rules that gitleaks does not have.
var more = []*rule{
	{ID: "discord-webhook-url", Regex: `discord(?:app)?\.com/api/webhooks/\d{17,20}/[\w-]{60,}`, Keywords: []string{"/api/webhooks/"}},
	{ID: "telegram-bot-token", Regex: `\b(?:bot)?\d{8,10}:(AA[\w-]{33})\b`, Keywords: []string{":aa"}},
	{ID: "google-access-token", Regex: `\bya29\.[\w-]{30,}`, Keywords: []string{"ya29."}},
	{ID: "openrouter-API-key", Regex: `\bsk-or-v1-[0-9a-f]{64}\b`, Keywords: []string{"sk-or-v1-"}},
	{ID: "stripe-webhook-secret", Regex: `\bwhsec_[A-Za-z0-9+/]{24,}`, Keywords: []string{"whsec_"}},
	{ID: "putty-private-key", Regex: `Private-Lines: \d+\s+[\w+/=]{16,}`, Keywords: []string{"private-lines"}},
}

// rule is one of gitleaks, or of more.
type rule struct {
	ID, Regex, Path string
	SecretGroup     int
	Entropy         float64
	Keywords        []string
	Allowlists      []struct{ Regexes []string }

	compiled func() compiled
	// contextual tells that it knows the credential by a word before it, as in "datadog_token = …".
	contextual bool
}

type compiled struct {
	pattern *regexp.Regexp
	allowed []*regexp.Regexp
}

// ruleset is gitleaks' rules, and where their keywords are.
type ruleset struct {
	rules     []*rule
	trie      *ahocorasick.Trie
	byKeyword [][]int // indexes of rules, by the keyword's number in the trie
}

// gitleaks parses the rules when they are first needed; each is compiled when a text first has one of its keywords.
var gitleaks = sync.OnceValue(func() ruleset {
	var file struct{ Rules []*rule }
	if err := toml.Unmarshal([]byte(config.DefaultConfig), &file); err != nil {
		panic("the rules of gitleaks cannot be read: " + err.Error())
	}
	var set ruleset
	var words []string
	for _, r := range slices.Concat(file.Rules, more) {
		if skipped[r.ID] || r.Regex == "" || r.Path != "" {
			continue // a rule with a path is for files of that name
		}
		r.contextual = strings.Contains(r.Regex, `(?:=|>|:{1,3}=|`)
		r.compiled = sync.OnceValue(func() compiled {
			c := compiled{pattern: regexp.MustCompile(r.Regex)}
			for _, list := range r.Allowlists {
				for _, regex := range list.Regexes {
					c.allowed = append(c.allowed, regexp.MustCompile(regex))
				}
			}
			return c
		})
		if better := keywords[r.ID]; better != nil {
			r.Keywords = better
		}
		for _, word := range r.Keywords {
			i := slices.Index(words, strings.ToLower(word))
			if i < 0 {
				i = len(words)
				words, set.byKeyword = append(words, strings.ToLower(word)), append(set.byKeyword, nil)
			}
			set.byKeyword[i] = append(set.byKeyword[i], len(set.rules))
		}
		set.rules = append(set.rules, r)
	}
	set.trie = ahocorasick.NewTrieBuilder().AddStrings(words).Build()
	return set
})

// A pattern is tried on what is around its keywords, so that a long text costs little more than reading it once.
const (
	windowBefore = 256
	windowAfter  = 2048
)

// known gives the kind of the first credential that a rule of gitleaks finds.
func known(name, text string) string {
	whole := name + ` = "` + text + `"` // for the rules that know a credential by the word before it
	set := gitleaks()
	windows := map[int][][2]int{} // by rule
	set.trie.Walk(lower(whole), func(end, length, keyword int64) bool {
		from, to := max(0, int(end-length)-windowBefore), min(len(whole), int(end)+windowAfter)
		for _, i := range set.byKeyword[keyword] {
			if last := len(windows[i]) - 1; last >= 0 && windows[i][last][1] >= from {
				windows[i][last][1] = to
			} else {
				windows[i] = append(windows[i], [2]int{from, to})
			}
		}
		return true
	})
	for _, i := range slices.Sorted(maps.Keys(windows)) {
		for _, window := range windows[i] {
			if set.rules[i].finds(whole[window[0]:window[1]]) {
				return set.rules[i].kind()
			}
		}
	}
	return ""
}

// lower has the ASCII letters in small; every other byte is where it was.
func lower(text string) []byte {
	b := []byte(text)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return b
}

func (r *rule) finds(text string) bool {
	c := r.compiled()
	for _, at := range c.pattern.FindAllStringSubmatchIndex(text, -1) {
		from, to := secretIn(at, r.SecretGroup)
		secret := text[from:to]
		switch {
		case entropy(secret) <= r.Entropy, reference(secret):
		case slices.ContainsFunc(c.allowed, func(allowed *regexp.Regexp) bool { return allowed.MatchString(secret) }):
		// Beside the name of the issuer, a hash, an id or a word needs one that says that it is secret.
		case (r.contextual || hash(secret)) && !secretWord().Match(lower(text[at[0]:from])):
		default:
			return true
		}
	}
	return false
}

var secretWord = lazy(`key|token|secret|passw|pwd|auth|cred|bearer`)

// secretIn gives where in a match the credential is: the group that the rule names, or its first one.
func secretIn(at []int, group int) (from, to int) {
	for i := 2 * max(1, group); i < len(at); i += 2 {
		if at[i] >= 0 && at[i] < at[i+1] {
			return at[i], at[i+1]
		}
	}
	return at[0], at[1]
}

// spelling is that of words in the rules' ids which are not written with a capital first letter only.
var spelling = map[string]string{
	"aws": "AWS", "gcp": "Google Cloud", "github": "GitHub", "gitlab": "GitLab", "openai": "OpenAI", "jwt": "JSON web token", "age": "age", "1password": "1Password",
	"npm": "npm", "pypi": "PyPI", "curl": "curl", "api": "API", "url": "URL", "ad": "AD", "pat": "personal access token",
}

// kind is the rule's id in words: "a Slack bot token".
func (r *rule) kind() string {
	words := strings.Split(r.ID, "-")
	for i, word := range words {
		switch written := spelling[word]; {
		case written != "":
			words[i] = written
		case i == 0: // the issuer
			words[i] = strings.ToUpper(word[:1]) + word[1:]
		}
	}
	return article(strings.Join(words, " "))
}

func article(kind string) string {
	if strings.ContainsRune("aeioAEIO", rune(kind[0])) || strings.HasPrefix(kind, "npm") {
		return "an " + kind
	}
	return "a " + kind
}
