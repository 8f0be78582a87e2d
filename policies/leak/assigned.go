package leak

import (
	"regexp"
	"slices"
	"strings"
	"sync"
)

const named = `([\w.-]*(?:pass|passw(?:or)?d|passphrase|pwd|secret|token|key|credentials?)[\w.-]*)`

// form is a way to give a value to a name. Each match has the name first, then the value, in one of the groups.
type form struct {
	signs   []string // a text with this form has one character of each
	literal bool     // the value is one for sure: code cannot stand there
	pattern func() *regexp.Regexp
}

var forms = []form{
	// In code and documents: password = "…", "password": "…", :password => '…'.
	{[]string{"\"'`", ":="}, true, lazy(`(?i)` + named + "[\"'\\]]{0,3}\\s{0,3}(?::=|=>|[=:])\\s{0,3}(?:\"([^\"\\n]{4,300})\"|'([^'\\n]{4,300})'|`([^`\\n]{4,300})`)")},
	// In YAML: a line of its own.
	{[]string{":", " \t"}, true, lazy(`(?im)^[\s-]*` + named + `:[ \t]+([^\s"']{4,300})[ \t]*\r?$`)},
	// In connection strings, scripts and queries: Password=…; PGPASSWORD=… ?token=….
	{[]string{"="}, false, lazy(`(?i)` + named + `\s?=\s?([^\s"'` + "`" + `;]{4,300})`)},
	// In commands: --password …, -AdminPassword ….
	{[]string{"-", " \t\n"}, false, lazy(`(?i)(?:^|[\s"'])--?` + named + `[ \t]+["']?([^\s"';]{4,300})`)},
}

var (
	userinfo = lazy(`(?i)(?:\b[a-z][a-z0-9+.-]*://[^\s/:@"'<>?#]*:|\bjdbc:oracle:thin:[^\s/]+/)([^\s/"'<>]+?)@`)
	sas      = lazy(`[?&]sig=[\w%/+-]{20,}={0,2}`)
	header   = lazy(`(?i)\b(?:bearer|basic)\s+([\w.~+/-]{16,}=*)`)
	// short are commands that take a password with -p.
	short = lazy(`\b(?:mysql|mysqldump|mysqladmin|sshpass)\b[^\n|;&]*?\s-p ?'?"?([^\s"']{4,100})`)
)

// code are expressions that stand where a bare credential could.
var code = lazy(`^(?:[A-Za-z_$][\w$]*(?:\.[A-Za-z_$]\w*)+\W*|[A-Za-z_$][\w.$]*[(\[{].*|[\[({&*!].*|[A-Za-z_]+[,)\]}]*)$`)

// dsn is a word of connection strings, in which a bare word is a value.
var dsn = lazy(`(?i)\b(?:host|server|data source|user|user id|uid|dbname|database|addr)\s?=\s?[^=\s]`)

// assigned gives the kind of the first credential that a text gives to a name for one, or has in a URL.
func assigned(text string) string {
	if strings.Contains(text, "@") && (strings.Contains(text, "://") || strings.Contains(text, "jdbc:")) {
		for _, m := range userinfo().FindAllStringSubmatch(text, -1) {
			if !reference(m[1]) {
				return url
			}
		}
	}
	if strings.Contains(text, "sig=") && sas().MatchString(text) {
		return signature
	}
	if strings.Contains(text, "earer ") || strings.Contains(text, "asic ") {
		for _, m := range header().FindAllStringSubmatch(text, -1) {
			if !wordy(m[1]) && !reference(m[1]) {
				return authorization
			}
		}
	}
	if strings.Contains(text, " -p") {
		for _, m := range short().FindAllStringSubmatch(text, -1) {
			if password.fits(m[1]) {
				return password.kind()
			}
		}
	}
	if !mentions(text) {
		return ""
	}
	inDSN := sync.OnceValue(func() bool { return dsn().MatchString(text) && !strings.Contains(text, "(") })
	for _, f := range forms {
		if slices.ContainsFunc(f.signs, func(any string) bool { return !strings.ContainsAny(text, any) }) {
			continue
		}
		for _, m := range f.pattern().FindAllStringSubmatch(text, -1) {
			value := strings.Join(m[2:], "")
			if first, next, query := strings.Cut(value, "&"); query && strings.Contains(next, "=") {
				value = first // of ?password=…&ssl=true; otherwise the ampersand is part of it
			}
			if n := nounOf(m[1]); n != "" && n.fits(value) && (f.literal || !code().MatchString(value) || inDSN()) {
				return n.kind()
			}
		}
	}
	return ""
}
