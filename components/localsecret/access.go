package localsecret

import "github.com/pulumi/pulumi/sdk/v3/go/pulumi"

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
