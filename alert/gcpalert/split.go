package gcpalert

import (
	"cmp"
	"errors"
	"slices"
	"sort"
	"strings"

	"github.com/secretstack/secretstack/alert"
)

// Split gives stores that have the Secrets among them, few enough in each that its Filter holds. An entry matches the
// condition where it matches one of their filters. It fails where the condition is not about declared secrets, or a single
// secret is too much.
func (s *Store) Split(c alert.Condition) ([]*Store, error) {
	_, err := s.Filter(c)
	var long tooLong
	if !errors.As(err, &long) || !aboutDeclared(c) {
		return []*Store{s}, err
	}
	var parts []*Store
	for rest := slices.Concat(byReaders(s.Secrets)...); len(rest) > 0; {
		part := *s
		tooMany := func(n int) bool {
			part.Secrets = rest[:n+1]
			_, err = part.Filter(c)
			return err != nil
		}
		most := 1 // some of thousands fit: to try half of them first would take the square of the time
		for most < len(rest) && !tooMany(most) {
			most *= 2
		}
		fits := sort.Search(min(most, len(rest)), tooMany)
		if fits == 0 {
			part.Secrets = rest[:1]
			_, err = part.Filter(c)
			return nil, err
		}
		part.Secrets, rest = rest[:fits], rest[fits:]
		parts = append(parts, &part)
	}
	return parts, nil
}

// aboutDeclared tells whether a condition only holds for declared secrets.
func aboutDeclared(c alert.Condition) bool {
	all, ok := c.(alert.All)
	return ok && slices.Contains(all, alert.Condition(alert.In(alert.Declared)))
}

// byReaders groups secrets that have the same readers.
func byReaders(secrets []alert.Secret) [][]alert.Secret {
	groups := map[string][]alert.Secret{}
	var keys []string
	for _, secret := range secrets {
		readers := slices.Clone(secret.Readers)
		slices.Sort(readers)
		key := strings.Join(slices.Compact(readers), "\n")
		if groups[key] == nil {
			keys = append(keys, key)
		}
		groups[key] = append(groups[key], secret)
	}
	slices.Sort(keys)
	var sorted [][]alert.Secret
	for _, key := range keys {
		slices.SortFunc(groups[key], func(a, b alert.Secret) int { return cmp.Compare(a.Name, b.Name) })
		sorted = append(sorted, groups[key])
	}
	return sorted
}
