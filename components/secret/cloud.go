package secret

import (
	"fmt"
	"strings"
	"time"
)

// Cloud is what one cloud demands of a declaration. Each cloud's package has one, as Limits.
type Cloud struct {
	// Name is the word that selects the cloud in a stack's configuration, such as "aws".
	Name string
	// SecretName is the name by which the cloud knows a secret, or the rule that forbids it.
	// The prefix is the store's, in the cloud's own characters.
	SecretName func(prefix, name string) (string, error)
	// FoldsCase says that names which differ in upper and lower case only are one name to the cloud.
	FoldsCase bool
	// CheckIdentity gives the rule that the identity of a reader breaks, or nil.
	CheckIdentity func(identity string) error
	// Canonical writes an identity that CheckIdentity accepts in the one form by which it is compared
	// with others. Nil: it has only one.
	Canonical func(identity string) string
	// MakesIdentities says that a reader needs no identity in the stack: the store makes one.
	MakesIdentities bool
	// MinRecovery and MaxRecovery bound the time in which a deleted secret can be recovered.
	MinRecovery, MaxRecovery time.Duration
	// MinEvery and MaxEvery bound the time from one rotation to the next.
	MinEvery, MaxEvery time.Duration
}

// Same tells whether two identities that CheckIdentity accepts are one.
func (c Cloud) Same(a, b string) bool {
	if c.Canonical != nil {
		a, b = c.Canonical(a), c.Canonical(b)
	}
	return a == b
}

// CheckRecovery gives the rule that a recovery period breaks, or nil. Zero is allowed: see
// RecoveryOrDefault.
func (c Cloud) CheckRecovery(d time.Duration) error {
	if d == 0 || d >= c.MinRecovery && d <= c.MaxRecovery && d%day == 0 {
		return nil
	}
	return fmt.Errorf("must be whole days from %s to %s on %s, not %s",
		Duration(c.MinRecovery), Duration(c.MaxRecovery), c.Name, Duration(d))
}

// CheckEvery gives the rule that the time between two rotations breaks, or nil. Manual is allowed.
func (c Cloud) CheckEvery(e Every) error {
	if e == Manual || time.Duration(e) >= c.MinEvery && time.Duration(e) <= c.MaxEvery {
		return nil
	}
	return fmt.Errorf("must be %s to %s on %s, or manual, not %s", Duration(c.MinEvery), Duration(c.MaxEvery), c.Name, e)
}

// DefaultRecovery is how long a deleted secret can be recovered unless the stack says otherwise.
const DefaultRecovery = 30 * day

// RecoveryOrDefault is the time in which a deleted secret can be recovered: d; or, where d is zero,
// 30 days, and nothing at all in a stack whose secrets may be destroyed.
func RecoveryOrDefault(d time.Duration, allowDestroy bool) time.Duration {
	if d == 0 && !allowDestroy {
		return DefaultRecovery
	}
	return d
}

// UnsupportedError says that a cloud cannot do what a field asks for.
type UnsupportedError struct {
	Cloud  string // such as "azure"
	Field  string // such as "a customer-managed key for secrets"
	Reason string // why, and what there is instead
}

func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("%s does not support %s: %s", e.Cloud, e.Field, e.Reason)
}

// escapes are the letters that stand for a character after two hyphens.
var escapes = map[byte]byte{'/': 's', '_': 'u', '-': 'h'}

// Escape writes a name with letters, digits, hyphens and the extra characters only. It is reversible:
// a character that has no place is written as two hyphens and a letter (/ as --s, _ as --u), and so is
// a hyphen (--h) where it would touch such a pair or another hyphen. Other names stay as they are.
func Escape(name, extra string) string {
	var b strings.Builder
	escaped := func(i int) bool { // whether the character at i starts an escape, its neighbours aside
		return i < len(name) && escapes[name[i]] != 0 && name[i] != '-' && !strings.ContainsRune(extra, rune(name[i]))
	}
	hyphen := func(i int) bool { return i >= 0 && i < len(name) && name[i] == '-' }
	for i := range len(name) {
		switch {
		case escaped(i), hyphen(i) && (hyphen(i-1) || hyphen(i+1) || escaped(i+1)):
			b.WriteString("--" + string(escapes[name[i]]))
		default:
			b.WriteByte(name[i])
		}
	}
	return b.String()
}

// Unescape gives the name from which Escape made text.
func Unescape(text string) string {
	return strings.NewReplacer("--s", "/", "--u", "_", "--h", "-").Replace(text)
}
