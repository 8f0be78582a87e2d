package azurealert

import (
	"fmt"
	"strings"
	"testing"

	"github.com/secretstack/secretstack/alert"
)

func many(n, readers int, name string) *Store {
	s := sample()
	s.Secrets = nil
	for i := range n {
		w := alert.Secret{Name: fmt.Sprintf(name, i), Readers: []string{rotator}}
		for r := range readers {
			w.Readers = append(w.Readers, fmt.Sprintf("%08x-0000-4000-8000-%012x", r, i))
		}
		s.Secrets = append(s.Secrets, w)
	}
	s.Index()
	return s
}

func TestSplit(t *testing.T) {
	for _, tt := range []struct {
		secrets, readers int
		name             string
		parts            int
	}{
		{0, 0, "", 1},
		{10, 2, "secret-%d", 1},
		{250, 2, "secret-%d", 1},
		{1500, 0, "secret-%d", 1},
		{1000, 2, "secret-%d", 3}, // each with readers of its own, which is the worst
		{3000, 0, "secret-%d", 2},
		{500, 2, strings.Repeat("a", 110) + "-%d", 3},
	} {
		t.Run(fmt.Sprintf("%d secrets, %d readers", tt.secrets, tt.readers), func(t *testing.T) {
			s, a := many(tt.secrets, tt.readers, tt.name), *alert.ByID(alert.ReadByStranger)
			parts := s.Split(a)
			if len(parts) != tt.parts {
				t.Errorf("%d parts, want %d", len(parts), tt.parts)
			}
			seen := map[string]bool{}
			for _, part := range parts {
				query, err := s.Only(part).KQL(a)
				if err != nil {
					t.Error(err)
				}
				for _, name := range part {
					if seen[name] || !strings.Contains(query, quote(name)+":[") {
						t.Errorf("%s is in two parts, or not in the query of its part", name)
					}
					seen[name] = true
				}
			}
			if len(seen) != tt.secrets {
				t.Errorf("%d of %d secrets are in a part", len(seen), tt.secrets)
			}
			if _, err := s.KQL(a); (err != nil) != (tt.parts > 1) {
				t.Errorf("the query of all: %v", err)
			} else if err != nil && !strings.Contains(err.Error(), "a rule takes 45056") {
				t.Errorf("the error does not name the limit: %v", err)
			}
			if n := len(s.Split(*alert.ByID(alert.ReadInBulk))); n != 1 {
				t.Errorf("an alert about the whole vault has %d parts", n)
			}
		})
	}
}

// Before the identities are known there are the readers' names; a thousand secrets of ten applications need one rule.
func TestSplitByNames(t *testing.T) {
	s := many(1000, 0, "secret-%d")
	for i := range s.Secrets {
		s.Secrets[i].Readers = []string{"rotator", fmt.Sprint("application-", i%10), fmt.Sprint("application-", i%7)}
	}
	if parts := s.Split(*alert.ByID(alert.ReadByStranger)); len(parts) != 1 {
		t.Errorf("%d parts", len(parts))
	}
}
