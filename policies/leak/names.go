package leak

import (
	"strings"
	"unicode"
)

// noun is what a name says that its value is; zero: no credential.
type noun string

const (
	password noun = "password"
	token    noun = "token"
	secret   noun = "secret"
	key      noun = "key"
	apiKey   noun = "API key"
)

func (n noun) kind() string { return article(string(n)) }

// nouns are the endings of words that name a credential.
var nouns = []struct {
	ending string
	noun   noun
}{
	{"password", password},
	{"passwd", password},
	{"passphrase", password},
	{"pwd", password},
	{"passcode", password},
	{"token", token},
	{"secret", secret},
	{"credential", secret},
	{"apikey", apiKey},
	{"accesskey", key},
	{"secretkey", key},
	{"privatekey", key},
	{"accountkey", key},
	{"authkey", key},
}

// keyed are the words before "key" with which it is a credential: a partition key, a public key or a KMS key is none.
var keyed = words("access secret private account shared encryption signing auth master service jwt hmac deploy license storage client app application webhook admin ingest")

// decor are words after the noun which change nothing: "password_old", "secretString", "API_KEY_PROD".
var decor = words("old new current previous prod production dev staging test qa value string data text plaintext plain b base encoded raw env var wo pem primary secondary main default live")

// otherPasses are words that end as "dbpass" does.
var otherPasses = words("bypass compass encompass overpass surpass trespass underpass")

// tokens of protocols, which open nothing: idempotencyToken.
var harmlessTokens = words("client request idempotency next page continuation creation csrf xsrf pagination sync resume")

// neutral are words of names whose value is random, but no credential.
var neutralWords = words("hash digest sha sha1 sha256 sha512 md5 checksum crc etag fingerprint thumbprint integrity version id ids arn nonce cursor verification ciphertext encrypted cipher public certificate cert certificates chain ca csr dkim signature salt iv kid serial commit revision etags code site metadata saml der n x y")

func words(list string) map[string]bool {
	set := map[string]bool{}
	for word := range strings.FieldsSeq(list) {
		set[word] = true
	}
	return set
}

// mentions tells cheaply that a name may name a credential, or that a text has such a name.
func mentions(text string) bool {
	for i := range len(text) - 1 {
		var word string
		switch text[i] | 0x20 {
		case 'p':
			if hasFold(text[i:], "pass") || hasFold(text[i:], "pw") || hasFold(text[i:], "psk") {
				return true
			}
			continue
		case 't':
			word = "token"
		case 's':
			word = "secret"
		case 'c':
			word = "cred"
		case 'k':
			word = "key"
		default:
			continue
		}
		if hasFold(text[i:], word) {
			return true
		}
	}
	return false
}

// hasFold tells that a text begins with a word, which is in small letters.
func hasFold(text, word string) bool {
	return len(text) >= len(word) && strings.EqualFold(text[:len(word)], word)
}

// Labels are the properties that name what is in another one beside them: {"name": "DB_PASSWORD", "value": "…"}.
var Labels = map[string]string{
	"name": "value", "Name": "Value", "key": "value", "Key": "Value", "optionName": "value", "OptionName": "Value",
	"parameterKey": "parameterValue", "ParameterKey": "ParameterValue", "parameterName": "parameterValue", "ParameterName": "ParameterValue",
}

// Argument gives the name of an item of a list, before which another one stands: that of an option of a command, as in
// ["--password", "…"], or else that of the list.
func Argument(list, before, item string) string {
	if option := strings.TrimLeft(before, "-"); option != before && !strings.HasPrefix(item, "-") && Named(option) {
		return option
	}
	return list
}

// Named tells that the value of a property or variable of this name is a credential, whatever it is: of "DB_PASSWORD",
// but neither of "passwordLength" nor of "tokenUrl".
func Named(name string) bool { return nounOf(name) != "" }

// nounOf gives what a name says that its value is. The noun comes last: a passwordLength and a tokenUrl are none.
func nounOf(name string) noun {
	if !mentions(name) && !strings.HasSuffix(strings.ToLower(name), "pat") {
		return ""
	}
	list := split(name)
	for len(list) > 1 && decor[list[len(list)-1]] {
		list = list[:len(list)-1]
	}
	if len(list) == 0 {
		return ""
	}
	last, before := list[len(list)-1], ""
	if len(list) > 1 {
		before = list[len(list)-2]
	}
	if strings.HasSuffix(last, "pass") && !otherPasses[last] {
		return password
	}
	last = strings.TrimSuffix(last, "s") // of several
	switch {
	case strings.HasSuffix(last, "pw"), last == "psk", last == "key" && before == "preshared":
		return password
	case last == "pat": // a personal access token
		return token
	case last == "key" && before == "api":
		return apiKey
	case last == "key" && keyed[before]:
		return key
	case strings.HasSuffix(last, "token") && harmlessTokens[before]:
		return ""
	}
	for _, n := range nouns {
		if strings.HasSuffix(last, n.ending) {
			return n.noun
		}
	}
	return ""
}

// neutral tells that the value of a name may look like a credential without being one.
func neutral(name string) bool {
	for _, word := range split(name) {
		if neutralWords[word] {
			return true
		}
	}
	return false
}

// split gives the words of a name in small letters, without numbers: "DB_Password2" and "dbPassword" have two.
func split(name string) []string {
	var list []string
	var word strings.Builder
	end := func() {
		if word.Len() > 0 {
			list = append(list, word.String())
			word.Reset()
		}
	}
	last := ' '
	for _, r := range name {
		if unicode.IsUpper(r) && unicode.IsLower(last) || !unicode.IsLetter(r) {
			end()
		}
		if unicode.IsLetter(r) {
			word.WriteRune(unicode.ToLower(r))
		}
		last = r
	}
	end()
	return list
}
