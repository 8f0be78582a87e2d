package rotation

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// scrub takes values out of a text, and what is secret within values in JSON: also where they are
// escaped (in an URL, a quoted string, JSON, SQL) or in base64, even amid other text.
func scrub(text string, values []Value) string {
	var list []string
	for _, v := range values {
		list = append(list, secrets(v)...)
	}
	// The longest first: what is left of one that holds another would give the rest away.
	slices.SortFunc(list, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	for _, s := range slices.Compact(list) {
		pattern, err := regexp.Compile(pattern(s))
		if err != nil || !utf8.ValidString(s) {
			return redacted // too long for an expression, or escaped in ways that cannot be foreseen
		}
		text = pattern.ReplaceAllLiteralString(text, redacted)
	}
	return text
}

// secrets gives the value, and of a JSON object each text or number that is not known to be public. One of less than
// four characters is a version or a count, and would be found everywhere, unless its name says that it is secret.
func secrets(v Value) []string {
	if v.IsZero() {
		return nil
	}
	list := []string{v.text}
	var fields map[string]any
	decoder := json.NewDecoder(strings.NewReader(v.text))
	decoder.UseNumber()
	if decoder.Decode(&fields) != nil {
		return list
	}
	for _, name := range []string{"engine", "host", "port", "username", "dbname"} {
		delete(fields, name)
	}
	return leaves(list, "", fields)
}

var secretName = regexp.MustCompile(`(?i)(pass|password|passwd|passphrase|pwd|pin|secret|token|key)s?$`)

func leaves(list []string, name string, node any) []string {
	var leaf string
	switch node := node.(type) {
	case map[string]any:
		for name, child := range node {
			list = leaves(list, name, child)
		}
	case []any:
		for _, child := range node {
			list = leaves(list, name, child)
		}
	case json.Number:
		leaf = node.String()
	case string:
		leaf = node
	}
	if len(leaf) >= 4 || leaf != "" && secretName.MatchString(name) {
		list = append(list, leaf)
	}
	return list
}

// pattern finds a secret in each of its forms.
func pattern(secret string) string {
	var escaped strings.Builder
	for _, c := range secret {
		escaped.WriteString(char(c))
	}
	forms := []string{escaped.String()}
	// In base64 three bytes are four characters, so a text looks different after one or two others. The
	// characters at its ends may hold bits of its neighbours.
	for before := range 3 {
		encoded := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("\x00", before) + secret))
		if inner := encoded[(before*8+5)/6 : (before+len(secret))*8/6]; len(inner) >= 4 {
			forms = append(forms, base64Alphabets.Replace(inner))
		}
	}
	return strings.Join(forms, "|")
}

var base64Alphabets = strings.NewReplacer("+", `(?:[+-]|%2[Bb])`, "/", "(?:[/_]|%2[Ff])")

// char finds one character.
func char(c rune) string {
	if '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' {
		return string(c) // which nothing escapes
	}
	char := regexp.QuoteMeta(string(c))
	var percent strings.Builder
	for _, b := range []byte(string(c)) {
		fmt.Fprintf(&percent, "%%%02x", b)
	}
	forms := fmt.Sprintf(`\\{0,3}%s|(?i:%s|\\+[ux]0*%x)`, char, percent.String(), c)
	switch c {
	case ' ':
		forms += `|\+`
	case '\'', '"':
		forms += "|" + char + char
	}
	if quoted := strconv.QuoteRune(c); len(quoted) == 4 && quoted[1] == '\\' { // such as \n
		forms += `|\\+` + regexp.QuoteMeta(quoted[2:3])
	}
	return "(?:" + forms + ")"
}
