package secret

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"unicode"
)

// Address is where a rotation's target is in one environment.
type Address struct {
	// Host, Port and Database are a database's. Port zero: 5432 for PostgreSQL, 3306 for MySQL.
	// Database zero: the user's name for PostgreSQL, none for MySQL.
	Host     string `json:"host,omitempty"`
	Port     int    `json:"port,omitempty"`
	Database string `json:"database,omitempty"`
	// TLS is verify (the certificate is for the host and by a known authority) or off. Zero: verify.
	TLS string `json:"tls,omitempty"`
	// CA are certificates in PEM of the authorities to trust. Zero: the system's.
	CA string `json:"ca,omitempty"`
	// URL is a webhook's, with https; or with http to this machine itself.
	URL string `json:"url,omitempty"`
}

// Check gives every rule that an address breaks as that of the rotation's target, without a file; each
// Field is that of the address in the stack's configuration, such as "host".
func (a Address) Check(r Rotation) Problems {
	var m mistakes
	target := r.Target()
	webhook, database := target == "webhook", target == "postgres" || target == "mysql"
	if !webhook && !database {
		if target == "generated" && a != (Address{}) {
			m.add("", "has no use: a generated value has no target; take it away")
		}
		return Problems(m)
	}
	check := func(field, value string, belongs bool, check func(string) error) {
		switch {
		case value != "" && !belongs:
			m.add(field, "does not belong to a %s target; take it away", target)
		case value != "" && check != nil:
			if err := check(value); err != nil {
				m.add(field, "%s", err)
			}
		}
	}
	check("host", a.Host, database, checkHost)
	check("database", a.Database, database, checkDatabase)
	check("tls", a.TLS, database, checkTLS)
	check("ca", a.CA, database || webhook, checkCA)
	check("url", a.URL, webhook, checkURL)
	switch {
	case a.Port != 0 && !database:
		m.add("port", "does not belong to a %s target; take it away", target)
	case a.Port < 0 || a.Port > 65535:
		m.add("port", "must be 1 to 65535")
	}
	if database && a.Host == "" {
		m.add("host", "is missing; give the name or address of the database's server")
	}
	if webhook && a.URL == "" {
		m.add("url", "is missing; give the webhook's address, which begins with https://")
	}
	if a.TLS == "off" && a.CA != "" {
		m.add("ca", "has no use with tls: off; take one of them away")
	}
	return Problems(m)
}

var hostname = regexp.MustCompile(`^([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.)*[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.?$`)

func checkHost(host string) error {
	if _, err := netip.ParseAddr(host); err == nil || len(host) <= 253 && hostname.MatchString(host) {
		return nil
	}
	return errors.New("must be the name or the address of a server alone, such as db.example.com, without port, user or scheme")
}

func checkDatabase(name string) error {
	if len(name) > 63 || strings.ContainsFunc(name, unicode.IsControl) {
		return errors.New("must be the name of a database: at most 63 characters, none of them a control character")
	}
	return nil
}

func checkTLS(word string) error {
	if word != "verify" && word != "off" {
		return errors.New("must be verify or off")
	}
	return nil
}

// checkURL refuses what could hold a credential: an address is in the stack's state. It does not repeat it.
func checkURL(text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) || checkHost(u.Hostname()) != nil:
		return errors.New("must be an address that begins with https://, such as https://issuer.example.com/rotate, " +
			"or with http:// for this machine itself, such as http://127.0.0.1:8080")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return errors.New("must have no user, no query (?) and no fragment (#): an address is no place for a credential. Requests are signed")
	}
	return nil
}

func loopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}

// checkCA demands certificates alone.
func checkCA(text string) error {
	found, rest := 0, []byte(text)
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		found++
		if strings.Contains(block.Type, "PRIVATE KEY") {
			return errors.New("has a private key; keep certificates alone, and replace the key if it was shared")
		}
		if _, err := x509.ParseCertificate(block.Bytes); err != nil || block.Type != "CERTIFICATE" {
			return errors.New("has a PEM block that is no certificate")
		}
	}
	if found == 0 || strings.Contains(string(rest), "-----BEGIN") {
		return errors.New("must have certificates in PEM, each between -----BEGIN CERTIFICATE----- and -----END CERTIFICATE-----")
	}
	return nil
}
