package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/secretstack/secretstack/components/secret"
)

const (
	vault = "SECRETSTACK_VAULT=https://orders.vault.azure.net/"
	id    = "AZURE_CLIENT_ID=00000000-0000-0000-0000-000000000002"
	key   = `SECRETSTACK_ROTATION_1={"secret": "orders/key", "id": "orders--skey", "rotation": {"every": "30d", "generated": {}}}`
	other = `SECRETSTACK_ROTATION_2={"secret": "api", "id": "api", "rotation": {"every": "manual", "grace": "2h", "generated": {}}}`
)

func TestParse(t *testing.T) {
	c, err := parse([]string{"PATH=/bin", vault, key, other, id, "SECRETSTACK_TIMEOUT=50m0s", "SECRETSTACK_ROTATE=api", "SECRETSTACK_ROTATION_=x"})
	if err != nil {
		t.Fatal(err)
	}
	if c.vault != "https://orders.vault.azure.net" || c.timeout != 50*time.Minute || c.only != "api" || len(c.jobs) != 2 || c.jobs[0].Secret != "api" {
		t.Errorf("%+v", c)
	}
	if r := c.jobs[0].Rotation; r.Every != secret.Manual || r.GraceOrDefault() != 2*time.Hour || r.Generated == nil {
		t.Errorf("%+v", r)
	}
}

func TestParseFindsAllMistakes(t *testing.T) {
	for _, test := range []struct {
		environ []string
		want    []string
	}{
		{nil, []string{"SECRETSTACK_VAULT: must be the vault's address", "AZURE_CLIENT_ID: is missing"}},
		{[]string{vault, id, "SECRETSTACK_TIMEOUT=50"}, []string{"SECRETSTACK_TIMEOUT: must be a time of at least 1m30s"}},
		{[]string{vault, id, "SECRETSTACK_TIMEOUT=10s"}, []string{"SECRETSTACK_TIMEOUT: must be a time of at least 1m30s"}},
		{[]string{"SECRETSTACK_VAULT=http://orders.vault.azure.net", id}, []string{"SECRETSTACK_VAULT: must be the vault's address"}},
		{[]string{vault, id, "SECRETSTACK_ROTATION_1={", "SECRETSTACK_ROTATION_2={} {}"}, []string{"SECRETSTACK_ROTATION_1: unexpected EOF; deploy", "SECRETSTACK_ROTATION_2: there is more"}},
		{[]string{vault, id, `SECRETSTACK_ROTATION_1={"secret": "a", "id": "a", "newer": 1}`}, []string{`unknown field "newer"; deploy the stack again`}},
		{[]string{vault, id, `SECRETSTACK_ROTATION_1={"secret": "a", "id": "a--rotation"}`}, []string{"the id of a is not the name of a Key Vault secret"}},
		{[]string{vault, id, `SECRETSTACK_ROTATION_1={"secret": "a", "id": "../a"}`}, []string{"the id of a is not"}},
		{[]string{vault, id, key, strings.Replace(key, "_1", "_3", 1)}, []string{"two are of the secret orders/key"}},
		{[]string{vault, id, key, "SECRETSTACK_ROTATE=nope"}, []string{`SECRETSTACK_ROTATE: there is no rotation of a secret "nope", but of 1 others`}},
	} {
		c, err := parse(test.environ)
		if err == nil || c.vault != "" {
			t.Errorf("%q gives %+v, error %v", test.environ, c, err)
			continue
		}
		for _, want := range test.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%q: want %q in the error: %v", test.environ, want, err)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(vault, id, key, other)
	f.Add(vault, id, key, "SECRETSTACK_ROTATE=orders/key")
	f.Add(vault, id, `SECRETSTACK_ROTATION_7={"secret":"a","id":"a","rotation":{"every":"-1h","grace":"99999999w"},"reads":null}`, "SECRETSTACK_TIMEOUT=9999999h")
	f.Fuzz(func(t *testing.T, a, b, c, d string) {
		got, err := parse([]string{a, b, c, d})
		if err != nil {
			return
		}
		if got.timeout < reserve+enough || !strings.HasPrefix(got.vault, "https://") || got.clientID == "" {
			t.Errorf("%+v", got)
		}
		var names []string
		for _, job := range got.jobs {
			if job.Rotation.Every < 0 || strings.HasSuffix(job.ID, secret.CompanionSuffix) || strings.ContainsAny(job.ID, "/.") {
				t.Errorf("%+v", job)
			}
			names = append(names, job.Secret)
		}
		if slices.Sort(names); len(slices.Compact(names)) != len(got.jobs) {
			t.Errorf("%q", names)
		}
	})
}
