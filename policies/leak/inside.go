package leak

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tidwall/gjson"
)

var (
	publicPEM  = lazy(`-----BEGIN [A-Z0-9 ]*(?:CERTIFICATE|PUBLIC KEY|PARAMETERS|CRL|SIGNATURE)[A-Z0-9 ]*-----[^-]*`)
	privatePEM = lazy(`-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----(?:\\+[rn]|\s)*[\w+/=:. ,-]{16,}`)
)

// inJSON looks at the texts in a JSON document, each with the name that it has there.
func inJSON(name, text string, depth int) (kind string, found, isJSON bool) {
	if !json.Valid([]byte(text)) {
		return "", false, false
	}
	kind, found = walk(name, gjson.Parse(text), depth, maxNesting)
	return kind, found, true
}

// maxNesting is how deep a document is read with its names; what is deeper is one text.
const maxNesting = 64

func walk(name string, v gjson.Result, depth, nesting int) (kind string, found bool) {
	switch {
	case nesting == 0:
		kind = plainly(name, v.Raw)
		return kind, kind != ""
	case v.Type == gjson.String, v.Type == gjson.Number && nounOf(name) == password:
		return find(name, v.String(), depth-1)
	case !v.IsObject() && !v.IsArray():
		return "", false
	}
	variables := map[string]string{}
	if v.IsObject() {
		for label, value := range Labels {
			if variable := v.Get(label).String(); variable != "" {
				variables[value] = variable
			}
		}
	}
	before := ""
	v.ForEach(func(key, item gjson.Result) bool {
		var inner string
		if v.IsObject() {
			inner = cmp.Or(variables[key.String()], key.String())
		} else {
			inner, before = Argument(name, before, item.String()), item.String()
		}
		kind, found = walk(inner, item, depth, nesting-1)
		return !found
	})
	return kind, found
}

// maxUnpacked is how much is read of a packed text.
const maxUnpacked = 1 << 20

var unwrapped = strings.NewReplacer("\r", "", "\n", "")

// unbase64 gives what a text is the base64 of, unpacked where it was packed with gzip.
func unbase64(text string) ([]byte, bool) {
	if len(text) < 16 || !base64Like(text) {
		return nil, false
	}
	compact := strings.TrimRight(unwrapped.Replace(text), "=")
	form := base64.RawStdEncoding
	if strings.ContainsAny(compact, "-_") {
		form = base64.RawURLEncoding
	}
	data, err := form.DecodeString(compact)
	if err != nil {
		return nil, false
	}
	if bytes.HasPrefix(data, []byte{0x1f, 0x8b}) {
		packed, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			return nil, false
		}
		unpacked, err := io.ReadAll(io.LimitReader(packed, maxUnpacked))
		return unpacked, err == nil
	}
	return narrow(data), true
}

// narrow gives a text in UTF-16 as ASCII, where it is no more: PowerShell takes its commands so.
func narrow(data []byte) []byte {
	if len(data)%2 != 0 {
		return data
	}
	ascii := make([]byte, 0, len(data)/2)
	for i := 0; i < len(data); i += 2 {
		if data[i+1] != 0 {
			return data
		}
		ascii = append(ascii, data[i])
	}
	return ascii
}

// embedded are words of base64 in a text, as in write_files of cloud-init, also in several lines.
var embedded = lazy(`[A-Za-z0-9+/]{60,}(?:\r?\n[ \t]*[A-Za-z0-9+/]+)+={0,2}|[A-Za-z0-9+/]{20,}={0,2}`)

// shortest is how long a word of base64 is that is looked into.
const shortest = 20

// hasWord tells cheaply that a text has a word that long, of the letters of base64.
func hasWord(text string) bool {
	run := 0
	for i := 0; i < len(text) && run < shortest; i++ {
		switch c := text[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '+', c == '/':
			run++
		default:
			run = 0
		}
	}
	return run == shortest
}

// inBase64 looks into the words of base64 that a text has in it.
func inBase64(text string, depth int) (kind string, found bool) {
	if !hasWord(text) {
		return "", false
	}
	for _, word := range embedded().FindAllString(text, -1) {
		data, ok := unbase64(indent().ReplaceAllString(word, ""))
		if !ok || !readable(data) { // the next line may be none of it
			first, _, _ := strings.Cut(word, "\n")
			data, ok = unbase64(first)
		}
		if ok && readable(data) {
			if kind, found = find("", string(data), depth); found {
				return kind + " in base64", true
			}
		}
	}
	return "", false
}

var indent = lazy(`\s+`)

// base64Like tells cheaply that a text has only the letters of base64, small ones and capitals among them.
func base64Like(text string) bool {
	small, capital := false, false
	for i := range len(text) {
		switch c := text[i]; {
		case 'a' <= c && c <= 'z':
			small = true
		case 'A' <= c && c <= 'Z':
			capital = true
		case ('0' > c || c > '9') && strings.IndexByte("+/-_=\r\n", c) < 0:
			return false
		}
	}
	return small && capital
}

var userPassword = lazy(`^[^\s:]+:\S{4,}$`)

// login tells that a text is the name and password of a user, as the configuration of Docker has it in "auth".
func login(name, text string) bool {
	return strings.EqualFold(name, "auth") && userPassword().MatchString(text)
}

// readable tells that bytes are a text, as random ones are not.
func readable(data []byte) bool {
	return utf8.Valid(data) && bytes.IndexFunc(data, func(r rune) bool { return !unicode.IsPrint(r) && !unicode.IsSpace(r) }) < 0
}

// der tells that bytes are a certificate or a key; private that they are a private key.
func der(data []byte) (is, private bool) {
	var whole asn1.RawValue
	if rest, err := asn1.Unmarshal(data, &whole); err != nil || len(rest) > 0 || len(data) < 32 {
		return false, false
	}
	_, pkcs8 := x509.ParsePKCS8PrivateKey(data)
	_, pkcs1 := x509.ParsePKCS1PrivateKey(data)
	_, ec := x509.ParseECPrivateKey(data)
	return true, pkcs8 == nil || pkcs1 == nil || ec == nil
}
