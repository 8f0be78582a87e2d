package generated

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/secretstack/secretstack/components/secret"
)

// Config says what values look like.
type Config secret.Generated

const (
	lower  = "abcdefghijklmnopqrstuvwxyz"
	upper  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digit  = "0123456789"
	symbol = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~" // the rest of printable ASCII, without the space
)

var classes = map[string]string{"lower": lower, "upper": upper, "digit": digit, "symbol": symbol}

// Check gives an error that names each field, as in secrets.yaml, that cannot be used.
func (c Config) Check() error {
	var errs []error
	for _, p := range (secret.Rotation{Generated: (*secret.Generated)(&c)}).Check() {
		errs = append(errs, fmt.Errorf("%s: %s", strings.TrimPrefix(p.Field, "generated."), p.Rule))
	}
	return errors.Join(errs...)
}

func (c Config) alphabet() string {
	if c.Alphabet == "" {
		return lower + upper + digit
	}
	return c.Alphabet
}

func (c Config) length() int {
	if c.Length == 0 {
		return 32
	}
	return c.Length
}

// required gives the characters of each required class.
func (c Config) required() []string {
	var sets []string
	if len(c.Require) == 0 {
		for _, set := range []string{lower, upper, digit} {
			if strings.ContainsAny(c.alphabet(), set) {
				sets = append(sets, set)
			}
		}
	}
	for _, name := range c.Require {
		sets = append(sets, classes[name])
	}
	return sets
}

// Password makes a password. Its error is that of Check, or says that the kind is another.
func Password(c Config) (string, error) {
	if c.Kind != "" && c.Kind != "password" {
		return "", fmt.Errorf("kind: is %s; it must be password", c.Kind)
	}
	if err := c.Check(); err != nil {
		return "", err
	}
	return c.generate(), nil
}

// generate uses crypto/rand, which never fails: https://pkg.go.dev/crypto/rand#Read
func (c Config) generate() string {
	switch c.Kind {
	case "uuid":
		return uuid.NewString()
	case "hex":
		return hex.EncodeToString(c.bytes())
	case "base64":
		return base64.StdEncoding.EncodeToString(c.bytes())
	}
	// Drawing again until each class is there makes every password with these classes equally likely, which
	// putting characters of the classes into place would not. Even the least likely configuration that
	// Check lets pass needs some 160 draws on average.
	for {
		password := c.draw()
		lacks := func(class string) bool { return !strings.ContainsAny(password, class) }
		if !slices.ContainsFunc(c.required(), lacks) {
			return password
		}
	}
}

func (c Config) draw() string {
	alphabet := c.alphabet()
	size := big.NewInt(int64(len(alphabet)))
	password := make([]byte, c.length())
	for i := range password {
		n, _ := rand.Int(rand.Reader, size)
		password[i] = alphabet[n.Int64()]
	}
	return string(password)
}

func (c Config) bytes() []byte {
	b := make([]byte, c.length())
	_, _ = rand.Read(b)
	return b
}
