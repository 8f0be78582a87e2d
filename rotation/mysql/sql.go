package mysql

import (
	"crypto/sha1"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"

	"filippo.io/edwards25519"
)

// account is one of a user's.
type account struct{ user, host string }

// String is as the servers quote it in SHOW GRANTS.
func (a account) String() string { return quoteName(a.user) + "@" + quoteName(a.host) }

func quoteName(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

// quote relies on sql_mode NO_BACKSLASH_ESCAPES.
func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// definition is what SHOW CREATE USER says of an account.
type definition struct {
	plugin string // with which its password is checked
	or     string // MariaDB: what else it may log in with
	rest   string // TLS, limits, roles and so on
}

var (
	// https://mariadb.com/docs/server/reference/sql-statements/administrative-sql-statements/show/show-create-user
	mariaDefinition = regexp.MustCompile(`(?s)^ IDENTIFIED (?:BY PASSWORD|VIA (\w+) USING) '[^']*'((?: OR \w+(?: USING '[^']*')?)*)(.*)$`)
	// https://dev.mysql.com/doc/refman/8.4/en/show-create-user.html
	mysqlDefinition = regexp.MustCompile(`(?s)^ IDENTIFIED WITH '(\w+)'(?: AS .*?)?()( (?:DEFAULT ROLE|REQUIRE) .*)$`)
	// MariaDB has what an account logs in with among its rights.
	identity = regexp.MustCompile(` IDENTIFIED (?:BY PASSWORD|VIA \w+ USING) '[^']*'(?: OR \w+(?: USING '[^']*')?)*`)
)

func define(shown string, a account, maria bool) (def definition, ok bool) {
	pattern := mysqlDefinition
	if maria {
		pattern = mariaDefinition
	}
	shown, ok = strings.CutPrefix(shown, "CREATE USER "+a.String())
	m := pattern.FindStringSubmatch(shown)
	if !ok || m == nil {
		return definition{}, false
	}
	if m[1] == "" {
		m[1] = native
	}
	return definition{m[1], m[2], m[3]}, true
}

// regrant makes of a line of SHOW GRANTS the statement that gives the same right to another account.
func regrant(line string, from, to account) (statement string, ok bool) {
	for _, word := range []string{" TO ", " FROM ", " FOR "} { // GRANT, a partial REVOKE, SET DEFAULT ROLE
		if i := strings.LastIndex(line, word+from.String()); i >= 0 {
			tail := line[i+len(word+from.String()):]
			return line[:i] + word + to.String() + identity.ReplaceAllString(tail, ""), true
		}
	}
	return "", false
}

const native = "mysql_native_password"

func hash(def definition, password string) (string, error) {
	make := hashes[def.plugin]
	if make == nil {
		return "", fmt.Errorf("the account logs in with the plugin %s; mysql_native_password and ed25519 can be rotated", def.plugin)
	}
	return make(password), nil
}

// hashes make what MariaDB stores of a password, by the account's plugin.
var hashes = map[string]func(password string) string{
	// https://mariadb.com/docs/server/reference/plugins/authentication-plugins/authentication-plugin-mysql_native_password
	native: func(password string) string {
		once := sha1.Sum([]byte(password))
		return fmt.Sprintf("*%X", sha1.Sum(once[:]))
	},
	// https://mariadb.com/docs/server/reference/plugins/authentication-plugins/authentication-plugin-ed25519
	// The public key of a key whose seed is the password, which package crypto/ed25519 would want to have 32 bytes.
	"ed25519": func(password string) string {
		seed := sha512.Sum512([]byte(password))
		key, err := new(edwards25519.Scalar).SetBytesWithClamping(seed[:32])
		if err != nil {
			panic(err) // the length is right
		}
		return base64.RawStdEncoding.EncodeToString(new(edwards25519.Point).ScalarBaseMult(key).Bytes())
	},
}
