package main

import (
	"slices"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/property"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"

	"github.com/secretstack/secretstack/internal/accesslog"
	"github.com/secretstack/secretstack/internal/agefile"
)

// What an update changes is in the stack's access log; what it leaves alone is not.
func TestRecords(t *testing.T) {
	s := serve(t)
	dir, err := agefile.KeyDir("shop", "local")
	if err != nil {
		t.Fatal(err)
	}
	file, err := agefile.KeyFile(dir, "checkout")
	if err != nil {
		t.Fatal(err)
	}
	key, err := agefile.EnsureKey(file)
	if err != nil {
		t.Fatal(err)
	}
	var id string
	var state property.Map
	up := func(recipients ...string) {
		t.Helper()
		if id, state, err = create(t, s, inputs("f.yaml", readers(recipients...)), false); err != nil {
			t.Fatal(err)
		}
	}
	up(key)
	up(key) // nothing to change
	up(key, newRecipient(t))
	if _, err := s.Delete(t.Context(), &pulumirpc.DeleteRequest{Id: id, Urn: urn, Properties: marshal(t, state)}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Delete(t.Context(), &pulumirpc.DeleteRequest{Id: id, Urn: urn, Properties: marshal(t, state)}); err != nil {
		t.Fatal(err)
	}
	up(key)

	log, err := accesslog.Open(".", "local")
	if err != nil {
		t.Fatal(err)
	}
	var got []accesslog.Operation
	_, err = log.Check(func(_ []byte, e accesslog.Entry) error {
		if e.Secret != "orders-db" || e.Version != 1 || e.Outcome != accesslog.OK {
			t.Errorf("%+v", e)
		}
		got = append(got, e.Operation)
		return nil
	})
	want := []accesslog.Operation{accesslog.Create, accesslog.SetReaders, accesslog.Delete, accesslog.Restore}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v, want %v", got, err, want)
	}
}
