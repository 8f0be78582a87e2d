package postgres

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
)

// verifier is what PostgreSQL stores of a password, made here as psql's \password makes it:
// https://www.postgresql.org/docs/current/catalog-pg-authid.html and RFC 5803. Passwords are ASCII, which
// the RFC's normalization leaves as it is.
func verifier(password string) (string, error) {
	const iterations = 4096 // the server's default
	salt := make([]byte, 16)
	_, _ = rand.Read(salt) // never fails: https://pkg.go.dev/crypto/rand#Read
	salted, err := pbkdf2.Key(sha256.New, password, salt, iterations, sha256.Size)
	if err != nil {
		return "", err
	}
	stored := sha256.Sum256(mac(salted, "Client Key"))
	text := base64.StdEncoding.EncodeToString
	return fmt.Sprintf("SCRAM-SHA-256$%d:%s$%s:%s",
		iterations, text(salt), text(stored[:]), text(mac(salted, "Server Key"))), nil
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}
