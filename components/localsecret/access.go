package localsecret

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/components/secret"
)

// Rotator is whose key opens the secrets that have no readers, because only a rotation reads them. It has
// a dot, so no reader in a declaration is called that.
const Rotator = "rotator.local"

// Recipients gives the names of those to whom a secret is encrypted: its readers or, if there are none, Rotator.
func Recipients(s secret.Spec) []string {
	if len(s.Readers) == 0 {
		return []string{Rotator}
	}
	return s.Readers
}

// recipients gives each reader's public key: its own, or that of the key which
// the store makes for it. Being encrypted to it is the whole grant.
func (s *Store) recipients(ctx *pulumi.Context, readers []string, given map[string]pulumi.StringInput) (pulumi.StringMap, error) {
	recipients := pulumi.StringMap{}
	for _, reader := range readers {
		if own := given[reader]; own != nil {
			recipients[reader] = own
			continue
		}
		key, err := s.key(ctx, reader)
		if err != nil {
			return nil, err
		}
		recipients[reader] = key.Recipient
	}
	return recipients, nil
}

func (s *Store) key(ctx *pulumi.Context, reader string) (*Key, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.Keys[reader] == nil {
		key, err := newKey(ctx, s.name+"-"+reader, reader, pulumi.Parent(s))
		if err != nil {
			return nil, err
		}
		s.Keys[reader] = key
	}
	return s.Keys[reader], nil
}
