package leak

import (
	"math"
	"strings"
)

// references are texts that say where a credential is, that one is to be put there, or that nobody can use: for what is
// to be judged as a credential, not for texts that may have one in them.
var references = lazy(`(?is)^(?:` + strings.Join([]string{
	`(?:arn|urn|projects/|/subscriptions/).*`,
	`.*(?:\$\{|\$\(|\{\{|<[a-z][\w .:/-]*>|%[a-z_]{3,}%|%\(|\{[a-z_][\w.]*\}).*`, `\$[a-z_]\w*`, `%[sdvq]`, // what a template puts in
	`@microsoft\.keyvault\(.*`, `!(?:ref|sub|getatt|importvalue)\b.*`,
	`(?:op|vault|ref\+\w+|secretref|secrets?|env|file|ssm|\w*sm|\w*keyvault|doppler|sops|parameter|resolve|keychain):[\w/.:@#+-]*`,
	`enc\[.*`, `v1:[\w+/=]+:[\w+/=]+`, `\$(?:2[aby]|5|6|y|argon2\w*|pbkdf2[\w-]*)\$.*`, // encrypted, or the hash of a password
	`(?:~|@|\.\.?)/.*`,                                                        // a path
	`pk_(?:live|test)_.*`, `v=dkim1.*`, `nonce-.*`, `[\w-]*verif[a-z]*[=:].*`, // what is to be published
	`id=.*`,                 // of BuildKit's --secret
	`aq[ei]cah.*`, `ciqa.*`, // ciphertexts of AWS KMS and Cloud KMS
	`ssh-.*`, `ecdsa-.*`, `aaaa[bce][23][nv].*`, `age1[0-9a-z]{58}`, // public keys
	`[\w.%+-]+@[\w-]+(?:\.[\w-]+)+`, // an e-mail address
	`\(.*\)`, `\[.*\]`,
}, "|") + `)$`)

// placeholder are words that make any text a stand-in for a credential.
var placeholder = words("changeme changeit replaceme replace placeholder example dummy redacted todo tbd fixme your yourpassword insert xxx xxxx xxxxx xxxxxx xxxxxxxx")

// plain are words of which no credential consists alone.
var plain = words("change me it please here goes the a my this with from in to of set via is none null nil undefined empty unset true false yes no enabled disabled " +
	"required optional random generated managed rotated auto automatic hidden masked sensitive password passwd pass pwd secret token key api db credential credentials user username " +
	"test testing foo bar baz foobar string value default text plaintext fake sample")

// reference tells that a text is no credential itself.
func reference(text string) bool {
	if references().MatchString(text) || strings.Contains(text, "EXAMPLE") || strings.Trim(text, text[:min(1, len(text))]) == "" {
		return true
	}
	if len(text) > 100 {
		return false
	}
	standIn, onlyPlain := false, !strings.ContainsAny(text, "0123456789")
	for _, word := range split(text) {
		standIn = standIn || placeholder[word]
		onlyPlain = onlyPlain && (plain[word] || placeholder[word])
	}
	return onlyPlain || standIn && wordy(text)
}

var (
	hex       = lazy(`^(?:sha\d+[:-])?[0-9a-fA-F]{32,}$`)
	digest64  = lazy(`^(?:sha\d+[:-])?(?:[\w+/-]{43}=|[\w+/-]{86}==|[\w+/-]{27}=)$`)
	uuid      = lazy(`^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	separator = lazy(`[-_./: \\]+`)
	segment   = lazy(`^(?:[0-9A-Za-z]{1,3}|(?:[a-z]+|[A-Z]+|(?:[A-Z]?[a-z]{2,})+|[A-Z]?[a-z]+(?:[A-Z]{1,4}[a-z]{2,})*)?V?[0-9]*)$`)
	suffix    = lazy(`^(?:[0-9a-f]{7,8}|[0-9A-Za-z]{6}|[0-9a-z]{5})$`) // of the names of Pulumi, AWS's secrets, Kubernetes
)

// hash tells that a text has the form of a digest or an id.
func hash(text string) bool {
	return hex().MatchString(text) || digest64().MatchString(text) || uuid().MatchString(text)
}

// wordy tells that a text consists of words and numbers, as names and paths do.
func wordy(text string) bool {
	segments := separator().Split(text, -1)
	for i, s := range segments {
		if !segment().MatchString(s) && (i == 0 || i < len(segments)-1 || !suffix().MatchString(s)) {
			return false
		}
	}
	return true
}

// fits tells that a text may be what its name says that it is.
func (n noun) fits(text string) bool {
	return len(text) >= 4 && len(text) <= 4096 && !strings.Contains(text, "://") && n.formed(text) && !reference(text)
}

// formed tells that a text has the form of what its name says that it is.
func (n noun) formed(text string) bool {
	digits, letters, others := 0, 0, 0
	for _, r := range text {
		switch {
		case '0' <= r && r <= '9':
			digits++
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z':
			letters++
		default:
			others++
		}
	}
	spaced := strings.ContainsAny(text, " \t\n")
	switch {
	case n == password && letters == 0:
		return digits >= 6 && (others == 0 || !wordy(text)) // but no port, date or address
	case n == password && spaced: // a phrase, or a sentence about passwords
		return digits > 0 && len(text) <= 64
	case n == password: // otherwise the name of one, as "shop-db-password1" is
		return !wordy(text) || !strings.Contains(text, "/") && (!mentions(text) || digits > 0 && len(split(text)) == 1)
	case n == key && uuid().MatchString(text):
		return false // that of a key in a key store
	}
	return len(text) >= 8 && !spaced && digits > 0 && letters > 0 && !wordy(text) && entropy(text) > 2.5
}

// spelled are two words in a name: chance seldom gives six small letters in a row.
var spelled = lazy(`[a-z]{6}.*[^a-z].*[a-z]{6}`)

// jumble tells that small letters, capitals and digits follow each other as they do by chance. In a name made of words
// they change seldom: PaymentsServiceApiKeyV2.
func jumble(word string) bool {
	if spelled().MatchString(word) {
		return false
	}
	seen, changes, last := [4]bool{}, 0, 0
	for i := range len(word) {
		class := 0 // another character, which begins a new word
		switch c := word[i]; {
		case 'a' <= c && c <= 'z':
			class = 1
		case 'A' <= c && c <= 'Z':
			class = 2
		case '0' <= c && c <= '9':
			class = 3
		case !strings.ContainsRune("+/=_-", rune(c)):
			return false
		}
		if class != 0 && last != 0 && class != last {
			changes++
		}
		seen[class], last = true, class
	}
	return seen[1] && seen[2] && seen[3] && 100*changes >= 40*(len(word)-1) && entropy(word) >= 3.7
}

// entropy is Shannon's, in bits for each byte.
func entropy(text string) float64 {
	var counts [256]int
	for i := range len(text) {
		counts[text[i]]++
	}
	sum := 0.0
	for _, n := range counts {
		if n > 0 {
			p := float64(n) / float64(len(text))
			sum -= p * math.Log2(p)
		}
	}
	return sum
}
