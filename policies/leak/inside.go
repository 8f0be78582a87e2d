package leak

import (
	"bytes"
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
	privatePEM = lazy(`-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----(?:\\r|\\n|\s)*[\w+/=:. ,-]{16,}`)
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
	variable := "" // {"name": "DB_PASSWORD", "value": "…"}
	if v.IsObject() {
		variable = v.Get("name").String()
	}
	v.ForEach(func(key, item gjson.Result) bool {
		inner := name // of a list, what the list is called
		if v.IsObject() {
			inner = key.String()
		}
		if inner == "value" && variable != "" {
			inner = variable
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
	return data, true
}

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
