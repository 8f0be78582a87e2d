package leak

import (
	"regexp"
	"slices"
	"strings"
	"sync"
)

// A name for a credential, and a value in quotes, which may have a backslash before them as in JSON in JSON.
const (
	named  = `([\w.-]*(?:pass|passw(?:or)?d|passphrase|pwd|secret|token|key|credentials?)[\w.-]*)`
	quoted = `(?:u?\\{0,3}"((?:[^"\\\n]|\\.){4,300}?)\\{0,3}"|u?'((?:[^'\\\n]|\\.|''){4,300})'|` + "`([^`\\n]{4,300})`)"
	bare   = `([^\s"'` + "`" + `;]{4,300})`
)

// form is a way to give a value to a name. Each match has the name first, then the value, in one of the groups.
type form struct {
	signs []string // a text with this form has one character of each
	// code are expressions that stand where a value could. Nil: none do.
	code    func() *regexp.Regexp
	pattern func() *regexp.Regexp
}

var forms = []form{
	// In code and documents: password = "…", "password": "…", :password => '…', process.env.DB_PASSWORD || '…'.
	{[]string{"\"'`", ":=|?"}, nil, lazy(`(?i)` + named + `[\\"'\]]{0,5}\s{0,3}(?::=|=>|\|\||\?\?|[=:])\s{0,3}` + quoted)},
	// os.Setenv("DB_PASSWORD", "…").
	{[]string{"(", ","}, nil, lazy(`(?i)env\w*\(\s*["']` + named + `["']\s*,\s*` + quoted)},
	// In YAML: a line of its own, or a block; and the variables of a container, in two lines.
	{[]string{":", " \t"}, member, lazy(`(?im)^[\s-]*` + named + `:[ \t]+(?:[|>][+-]?[ \t]*\r?\n[ \t]+)?([^\s"']{3,300}[^\s"',])[ \t]*(?:#.*)?\r?$`)},
	{[]string{":", "\n"}, nil, lazy(`(?im)^[\s-]*name:[ \t]+["']?` + named + `["']?[ \t]*\r?\n[ \t]+value:[ \t]+["']?([^\s"']{4,300})`)},
	// In headers: 'X-Token: …'.
	{[]string{"\"'", ":"}, nil, lazy(`(?i)["']` + named + `:[ \t]*([^\s"']{4,300})["']`)},
	// In scripts: the names of variables are in capitals there, and what is no expansion is a text.
	{[]string{"="}, nil, lazy(`(?m)(?:^|[\s"'])([A-Z0-9_]*(?:PASS|PWD|SECRET|TOKEN|KEY|CREDENTIAL)[A-Z0-9_]*)=([^\s"'` + "`" + `;$(){}<>\[\]]{4,300})`)},
	{[]string{"{", "-="}, nil, lazy(`(?i)\$\{` + named + `:?[-=]([^}\s$]{4,300})\}`)},
	// In Dockerfiles.
	{[]string{" "}, nil, lazy(`(?im)^[ \t]*(?:ENV|ARG|setx)[ \t]+` + named + `[ \t]+["']?` + bare)},
	// In XML: <password>…</password>, <add key="DbPassword" value="…"/>.
	{[]string{"<", ">"}, nil, lazy(`(?i)<` + named + `>\s*([^\s<>]{4,300})\s*</`)},
	{[]string{"<", ">"}, nil, lazy(`(?i)\b(?:key|name)="` + named + `"\s+value="([^"\n]{4,300})"`)},
	// In connection strings, scripts and queries: Password=…; PGPASSWORD=… ?token=….
	{[]string{"="}, code, lazy(`(?i)` + named + `[ \t]?=[ \t]?` + bare)},
	// In commands: --password …, -AdminPassword ….
	{[]string{"-", " \t\n"}, code, lazy(`(?i)(?:^|[\s"'])--?` + named + `[ \t]+["']?` + bare)},
}

var (
	userinfo = lazy(`(?i)(?:\b[a-z][a-z0-9+.-]*://[^\s/:@"'<>?#]*:|\bjdbc:oracle:thin:[^\s/]+/)([^\s/"'<>]+?)@|\b[\w.-]+:([^\s:@/"']+)@(?:tcp|unix)\(`)
	// bearer are URLs whose user's name is a token.
	bearer = lazy(`(?i)\bhttps?://([\w-]{16,})@`)
	sas    = lazy(`[?&;]sig=[\w%/+-]{20,}={0,2}`)
	header = lazy(`(?i)\b(?:bearer|basic)\s+([\w.~+/-]{16,}=*)`)
)

// spoken are commands and statements that take a password without a name for it, or in an order of their own. What they
// have in common is a word.
var spoken = []struct {
	word    string
	pattern func() *regexp.Regexp
}{
	{" -p", lazy(`\b(?:mysql|mysqldump|mysqladmin|mariadb|mariadb-dump)\b[^\n|;&]*?\s-p["']?([^\s"']{4,100})`)},
	{" -p", lazy(`\b(?:sshpass|(?:docker|podman|az|oc|helm registry) login)\b[^\n|;&]*?\s-p[ =]?["']?([^\s"']{4,100})`)},
	{" -a", lazy(`\bredis-cli\b[^\n|;&]*?\s-a ["']?([^\s"']{4,100})`)},
	{"requirepass", lazy(`\brequirepass[ \t]+["']?([^\s"']{4,100})`)},
	{"chpasswd", lazy(`(?s)[\w-]+:([^\s:"']{4,100})["']?\s*\|\s*(?:sudo )?chpasswd|\bchpasswd:.{0,40}?list:\s*\|?\s+(?:- )?["']?\w+:([^\s:"']{4,100})`)},
	{"net user", lazy(`(?i)\bnet user \S+ ["']?([^\s"'/]{4,100})`)},
	{"machine", lazy(`\bmachine\s+\S+\s+login\s+\S+\s+password\s+(\S{4,100})`)},
	{"'", lazy(`(?i)\b(?:password|identified by)\s+'([^'\n]{4,100})'`)},
}

// member is a property of an object in code, and code is that and other expressions.
var (
	member = lazy(`^[A-Za-z_$][\w$]*(?:\.[A-Za-z_$]\w*)+$`)
	code   = lazy(`^(?:[A-Za-z_$][\w$]*(?:\.[A-Za-z_$]\w*)+\W*|[A-Za-z_$][\w.$]*[(\[{].*|[\[({&*!].*|[A-Za-z_]+[,)\]}]*)$`)
)

// dsn is a word of connection strings, in which a bare word is a value.
var dsn = lazy(`(?i)\b(?:host|server|data source|user|user id|uid|dbname|database|addr)\s?=\s?[^=\s]`)

// assigned gives the kind of the first credential that a text gives to a name for one, or has in a URL.
func assigned(text string) string {
	if strings.Contains(text, "@") && strings.ContainsAny(text, "/(") {
		for _, m := range userinfo().FindAllStringSubmatchIndex(text, -1) {
			from, to := secretIn(m, 0)
			if !reference(text[from:to]) && !strings.HasPrefix(text[m[1]:], "sha256:") { // the digest of an image
				return url
			}
		}
		for _, m := range bearer().FindAllStringSubmatch(text, -1) {
			if !hash(m[1]) && token.fits(m[1]) {
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
	for _, f := range spoken {
		if !strings.Contains(text, f.word) {
			continue
		}
		for _, m := range f.pattern().FindAllStringSubmatch(text, -1) {
			if password.fits(strings.Join(m[1:], "")) {
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
			if n := nounOf(m[1]); n != "" && n.fits(value) && (f.code == nil || !f.code().MatchString(value) || inDSN()) {
				return n.kind()
			}
		}
	}
	return ""
}
