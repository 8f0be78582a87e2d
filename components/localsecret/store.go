package localsecret

import (
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/internal/agefile"
)

// StoreType is the type token of [Store].
const StoreType = "secretstack:local:Store"

// StoreArgs are what one stack's secrets share. The zero value is the stack's
// usual file, protected and recoverable for 30 days.
type StoreArgs struct {
	// File is the encrypted file, relative to the Pulumi program.
	// Zero: "secrets.STACK.age.yaml".
	File string
	// Recovery is how long the file keeps a deleted secret: whole days, from 1 to 365.
	// Zero: 30 days, and with AllowDestroy not at all.
	Recovery time.Duration
	// AllowDestroy makes a throw-away stack: secrets are not protected from pulumi destroy.
	AllowDestroy bool
}

// Store is what one stack's secrets share: the file and the readers' keys.
type Store struct {
	pulumi.ResourceState

	File string
	Keys map[string]*Key // by reader; each made when the first secret needs it

	name string
	args StoreArgs
	mu   sync.Mutex // guards Keys
}

// NewStore makes the store. The file comes with its first secret.
// The error lists every mistake in the arguments; then nothing is registered.
func NewStore(ctx *pulumi.Context, name string, args *StoreArgs, opts ...pulumi.ResourceOption) (*Store, error) {
	s := &Store{name: name, Keys: map[string]*Key{}}
	if args != nil {
		s.args = *args
	}
	s.File = s.args.File
	if s.File == "" {
		s.File = agefile.FileName(ctx.Stack())
	}
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("the local store %q cannot be made:\n%w", name, err)
	}
	if err := ctx.RegisterComponentResource(StoreType, name, s, opts...); err != nil {
		return nil, err
	}
	return s, ctx.RegisterResourceOutputs(s, pulumi.Map{"file": pulumi.String(s.File)})
}

func (s *Store) check() error {
	var m mistakes
	if !filepath.IsLocal(s.File) {
		m.add("File %q is not below the Pulumi program's folder, to which it is relative", s.File)
	}
	if err := Limits.CheckRecovery(s.args.Recovery); err != nil {
		m.add("Recovery %w", err)
	}
	return m.err()
}

func (s *Store) recoveryDays() int {
	return int(secret.RecoveryOrDefault(s.args.Recovery, s.args.AllowDestroy) / (24 * time.Hour))
}

// protected is the option of a child that holds what cannot be made again.
func (s *Store) protected(parent pulumi.Resource) pulumi.ResourceOption {
	if s.args.AllowDestroy {
		return pulumi.Parent(parent)
	}
	return pulumi.Composite(pulumi.Parent(parent), pulumi.Protect(true))
}
