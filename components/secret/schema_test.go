package secret_test

import (
	"testing"

	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/internal/golden"
)

func TestSchemaIsCurrent(t *testing.T) { golden.Compare(t, "schema.json", secret.Schema()) }
