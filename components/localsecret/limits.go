package localsecret

import (
	"time"

	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/internal/agefile"
)

// Limits are the local cloud's demands on a declaration.
var Limits = secret.Cloud{
	Name:            "local",
	SecretName:      secretName,
	CheckIdentity:   checkIdentity,
	Canonical:       canonical,
	MakesIdentities: true,
	MinRecovery:     24 * time.Hour,
	MaxRecovery:     365 * 24 * time.Hour,
	MinEvery:        time.Hour,
	MaxEvery:        100 * 365 * 24 * time.Hour,
}

func secretName(prefix, name string) (string, error) {
	return prefix + name, agefile.CheckName(prefix + name)
}

func checkIdentity(recipient string) error {
	_, err := agefile.CanonicalRecipient(recipient)
	return err
}

// canonical is a public key without its comment.
func canonical(recipient string) string {
	if c, err := agefile.CanonicalRecipient(recipient); err == nil {
		return c
	}
	return recipient
}
