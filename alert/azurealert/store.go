package azurealert

import (
	"slices"
	"strings"

	"github.com/secretstack/secretstack/alert"
	"github.com/secretstack/secretstack/components/secret"
)

// Store is what the alerts of one store are about: a vault, whose secrets are all the store's. Identities in Watch are
// object ids in lower case.
//
// Secrets have ids in the vault: their names as secret.Escape writes them. Key Vault folds case, so here ids are in lower
// case. The companion of a rotated secret is in Secrets too, by the secret's name with secret.CompanionSuffix, and the
// rotator is its only reader.
type Store struct {
	alert.Watch

	Subscription  string // its id
	ResourceGroup string // of the vault
	Vault         string // its name

	// Workspace is the resource id of the Log Analytics workspace that has the audit log: audit-changed watches it, beside
	// the vault's diagnostic settings, the rules and the action group. Zero: none is watched.
	Workspace string
	// Setting is the name of the subscription's diagnostic setting that sends the activity log there: audit-changed
	// watches it. Zero: none is watched.
	Setting string

	// Job is the name of the rotator's Container Apps job. Zero: nothing is rotated.
	Job string

	names map[string]string // of the declared secrets, by their ids
	ids   map[string]string // and the other way round
	// Resource ids, in lower case as in _ResourceId.
	subscription, group, vault string
	within                     scopes
}

// RuleName is the name of the rule of an alert, which is in the vault's resource group; of further ones, where there are several,
// -2, -3 and so on come after it. audit-changed knows the rules by their names.
func RuleName(vault string, id alert.ID) string { return vault + "-" + string(id) }

// GroupName is the name of the action group, by which audit-changed knows it, too.
func GroupName(vault string) string { return vault + "-" + groupName }

const groupName = "alerts"

// Index makes the Store ready for all else. Its fields must not change afterwards.
func (s *Store) Index() {
	s.Watch.Index()
	s.subscription = strings.ToLower("/subscriptions/" + s.Subscription)
	s.group = s.subscription + "/resourcegroups/" + strings.ToLower(s.ResourceGroup)
	s.vault = s.group + "/providers/microsoft.keyvault/vaults/" + strings.ToLower(s.Vault)
	s.within = scopesOf(s)
	s.names, s.ids = make(map[string]string, len(s.Secrets)), make(map[string]string, len(s.Secrets))
	for _, w := range s.Secrets {
		s.ids[w.Name] = ""
	}
	for _, w := range s.Secrets {
		id, suffix := w.Name, ""
		if of, ok := strings.CutSuffix(w.Name, secret.CompanionSuffix); ok {
			if _, declared := s.ids[of]; declared {
				id, suffix = of, secret.CompanionSuffix
			}
		}
		id = strings.ToLower(secret.Escape(id, "") + suffix)
		s.ids[w.Name], s.names[id] = id, w.Name
	}
}

// Only is the Store with some of its secrets, for KQL.
func (s *Store) Only(secrets []string) *Store {
	part := *s
	part.Secrets = nil
	for _, w := range s.Secrets {
		if slices.Contains(secrets, w.Name) {
			part.Secrets = append(part.Secrets, w)
		}
	}
	return &part
}

// whole is the Secret of events that are about the vault itself, and so about all its secrets.
const whole = "*"

// secret gives the Secret of an event by its name in the vault.
func (s *Store) secret(id string) string {
	if name, ok := s.names[strings.ToLower(id)]; ok {
		return name
	}
	return secret.Unescape(id)
}
