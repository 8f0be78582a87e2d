package main

import (
	"testing"
	"time"

	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/internal/agefile"
	"github.com/secretstack/secretstack/internal/stack"
	"github.com/secretstack/secretstack/rotation"
)

func TestTodo(t *testing.T) {
	now := time.Date(2030, 5, 1, 12, 0, 0, 0, time.UTC)
	before := func(d time.Duration) time.Time { return now.Add(-d) }
	const day = 24 * time.Hour
	generated := secret.Spec{Name: "a", Rotation: &secret.Rotation{Every: secret.Every(30 * day), Generated: &secret.Generated{}}}
	manual := secret.Spec{Name: "a", Rotation: &secret.Rotation{Generated: &secret.Generated{}}}
	elsewhere := secret.Spec{Name: "a", Rotation: &secret.Rotation{Every: secret.Every(30 * day), Postgres: &secret.Database{}}}
	addressed := elsewhere
	addressed.Name = "addressed"
	s := &localStack{Stack: &stack.Stack{Addresses: map[string]secret.Address{"addressed": {Host: "localhost"}}}}

	old := agefile.Entry{Version: 3, Updated: before(33 * day)}
	with := func(previous, pending *agefile.Other) agefile.Entry {
		return agefile.Entry{Version: 3, Updated: now, Previous: previous, Pending: pending}
	}
	for name, c := range map[string]struct {
		spec   secret.Spec
		entry  agefile.Entry
		want   string
		retire bool
	}{
		"due":                {generated, old, "rotation was due 3 days ago", false},
		"due now":            {generated, agefile.Entry{Version: 1, Updated: before(30 * day)}, "rotation was due just now", false},
		"not due":            {generated, agefile.Entry{Version: 1, Updated: before(30*day - 1)}, "", false},
		"at a target":        {addressed, old, "rotation was due 3 days ago", false},
		"without address":    {elsewhere, old, "", false},
		"manual":             {manual, old, "", false},
		"without rotation":   {secret.Spec{Name: "a"}, old, "", false},
		"not there":          {generated, agefile.Entry{}, "", false},
		"deleted":            {generated, agefile.Entry{Version: 3, Updated: before(33 * day), PurgeAfter: now}, "", false},
		"in its grace":       {manual, with(&agefile.Other{RetireAfter: now.Add(1)}, nil), "", false},
		"grace is over":      {manual, with(&agefile.Other{RetireAfter: before(5 * time.Hour)}, nil), "its previous value was to be retired 5 hours ago", true},
		"never scheduled":    {manual, with(&agefile.Other{}, nil), "the grace of its previous value is to begin", true},
		"staged":             {manual, with(nil, &agefile.Other{Updated: before(9 * time.Minute)}), "a rotation was interrupted 9 minutes ago", false},
		"due and in grace":   {generated, agefile.Entry{Version: 3, Updated: before(33 * day), Previous: &agefile.Other{RetireAfter: now.Add(1)}}, "rotation was due 3 days ago", false},
		"due and grace over": {generated, agefile.Entry{Version: 3, Updated: before(33 * day), Previous: &agefile.Other{RetireAfter: now}}, "rotation was due 3 days ago", false},
	} {
		got := s.todo(c.entry, c.spec, now)
		switch {
		case got == nil && c.want != "", got != nil && (got.why != c.want || got.rotate == c.retire):
			t.Errorf("%s: got %+v, want %q", name, got, c.want)
		}
	}
}

type onlyOne struct{ rotation.Target }

type sideBySide struct{ rotation.Revoker }

func TestOutcome(t *testing.T) {
	previous := &agefile.Other{Version: 3, RetireAfter: time.Date(2030, 5, 2, 12, 0, 0, 0, time.UTC)}
	for want, c := range map[string]struct {
		before, after agefile.Entry
		target        rotation.Target
	}{
		"rotated, version 3 → 4; the previous one works until 2030-05-02T12:00:00Z": {
			agefile.Entry{Version: 3}, agefile.Entry{Version: 4, Previous: previous}, sideBySide{},
		},
		"rotated, version 3 → 4; restart what uses it": {
			agefile.Entry{Version: 3}, agefile.Entry{Version: 4, Previous: previous}, onlyOne{},
		},
		"version 3 is retired": {agefile.Entry{Version: 4, Previous: previous}, agefile.Entry{Version: 4}, sideBySide{}},
		"version 4 is current; the previous one works until 2030-05-02T12:00:00Z": {
			agefile.Entry{Version: 4, Previous: &agefile.Other{Version: 3}}, agefile.Entry{Version: 4, Previous: previous}, sideBySide{},
		},
	} {
		if got := outcome(c.before, c.after, c.target); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
