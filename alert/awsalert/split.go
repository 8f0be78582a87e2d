package awsalert

import (
	"slices"
	"sort"

	"github.com/secretstack/secretstack/alert"
)

// Part is what one of several event patterns covers.
type Part struct {
	Secrets []string // their names, where the condition names secrets. Nil: all
}

// Split gives the parts whose event patterns together are the condition, each with MaxEventPattern characters or less:
// an event that matches the condition matches one of them. It needs no ARNs. What else is not known yet (an account, a region,
// a reader) can be any text that is at least as long; then the patterns that Only gives when all is known are not too long.
func (s *Store) Split(c alert.Condition) ([]Part, error) {
	worst := *s
	worst.ARNs, worst.Secrets = map[string]string{}, nil
	for _, same := range s.byReaders() { // so each pattern names few readers
		worst.Secrets = append(worst.Secrets, same...)
	}
	var names []string
	for _, secret := range worst.Secrets {
		names = append(names, secret.Name)
		worst.ARNs[secret.Name] = s.arn(s.Region) + s.Prefix + secret.Name + "-??????"
	}
	whole, err := worst.eventPattern(c)
	if err != nil || len(whole) <= MaxEventPattern {
		return []Part{{}}, err
	}
	var parts []Part
	for from := 0; from < len(names); {
		part := func(n int) Part { return Part{names[from : from+n]} }
		n := sort.Search(len(names)-from, func(n int) bool {
			pattern, err := worst.Only(part(n + 1)).eventPattern(c)
			return err != nil || len(pattern) > MaxEventPattern
		})
		if n == 0 {
			_, err := worst.Only(part(1)).EventPattern(c)
			return nil, err
		}
		parts = append(parts, part(n))
		from += n
	}
	return parts, nil
}

// Only is the Store with the secrets of a part.
func (s *Store) Only(p Part) *Store {
	only := *s
	if p.Secrets != nil {
		only.Secrets = slices.DeleteFunc(slices.Clone(s.Secrets), func(secret alert.Secret) bool { return !slices.Contains(p.Secrets, secret.Name) })
	}
	return &only
}
