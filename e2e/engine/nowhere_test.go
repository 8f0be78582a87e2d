package engine

import (
	"encoding/base64"
	"slices"
	"testing"
)

func TestLeaks(t *testing.T) {
	const value = "canary-1b5a"
	for _, tt := range []struct {
		name, place string
		leaks       bool
	}{
		{"nothing", "orders-db", false},
		{"the value", "orders-db: " + value, true},
		{"base64", "orders-db " + base64.StdEncoding.EncodeToString([]byte(value)), true},
		{"in base64, offset 1", "orders-db " + base64.StdEncoding.EncodeToString([]byte(`"`+value+`"`)), true},
		{"in base64, offset 2", "orders-db " + base64.StdEncoding.EncodeToString([]byte(`{"`+value+`"}`)), true},
		{"another value", "orders-db " + base64.StdEncoding.EncodeToString([]byte(value[:8])), false},
		{"nothing to search", "", true},
	} {
		if got := leaks(map[string][]byte{"here": []byte(tt.place)}, value); (len(got) > 0) != tt.leaks {
			t.Errorf("%s: %q", tt.name, got)
		}
	}
	if got := leaks(map[string][]byte{"here": []byte("orders-db first")}, "second", "first"); !slices.Equal(got, []string{"here: has value 1"}) {
		t.Errorf("got %q", got)
	}
}
