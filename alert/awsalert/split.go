package awsalert

import (
	"slices"
	"sort"

	"github.com/secretstack/secretstack/alert"
)

// Part is what one of several event patterns covers.
type Part struct {
	Secrets []string // their names, where the condition names secrets. Nil: all
	Calls   []string // operations of AWS, as eventSource:eventName. Nil: all
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
	for _, secret := range worst.Secrets {
		worst.ARNs[secret.Name] = s.arn(s.Region) + s.Prefix + secret.Name + "-??????"
	}
	whole, err := worst.eventPattern(c)
	if err != nil || len(whole) <= MaxEventPattern {
		return []Part{{}}, err
	}
	names, part, err := worst.divide(c)
	if err != nil {
		return nil, err
	}
	var parts []Part
	for len(names) > 0 {
		tooMany := func(n int) bool {
			pattern, err := worst.Only(part(names[:n+1])).eventPattern(c)
			return err != nil || len(pattern) > MaxEventPattern
		}
		most := 1 // a few of thousands fit: to try half of them first would take the square of the time
		for most < len(names) && !tooMany(most) {
			most *= 2
		}
		n := sort.Search(min(most, len(names)), tooMany)
		if n == 0 {
			_, err := worst.Only(part(names[:1])).EventPattern(c)
			return nil, err
		}
		parts = append(parts, part(names[:n]))
		names = names[n:]
	}
	return parts, nil
}

// divide gives what a condition is split by, and makes a part of some of it: secrets where it names them, or else calls.
func (s *Store) divide(c alert.Condition) (names []string, part func([]string) Part, err error) {
	all, err := terms(c)
	if err != nil {
		return nil, nil, err
	}
	if slices.ContainsFunc(all, func(t term) bool { return slices.Contains(t.in, alert.Declared) }) {
		for _, secret := range s.Secrets {
			names = append(names, secret.Name)
		}
		return names, func(names []string) Part { return Part{Secrets: names} }, nil
	}
	for _, t := range all {
		for _, group := range s.groups(t, onBus) {
			branches, err := s.branchesOf(t, group)
			if err != nil {
				return nil, nil, err
			}
			for _, o := range group {
				if len(branches) > 0 && !slices.Contains(names, o.call()) {
					names = append(names, o.call())
				}
			}
		}
	}
	return names, func(names []string) Part { return Part{Calls: names} }, nil
}

// Only is the Store with the secrets and the calls of a part.
func (s *Store) Only(p Part) *Store {
	only := *s
	if p.Secrets != nil {
		wanted := map[string]bool{}
		for _, name := range p.Secrets {
			wanted[name] = true
		}
		only.Secrets = nil
		for _, secret := range s.Secrets {
			if wanted[secret.Name] {
				only.Secrets = append(only.Secrets, secret)
			}
		}
	}
	only.calls = p.Calls
	return &only
}
