package motoserver_test

import (
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/secretstack/secretstack/e2e/motoserver"
)

// TestStart checks that the clients reach their region of a server, that servers share
// nothing, and that they end with their test.
func TestStart(t *testing.T) {
	var url string
	t.Run("running", func(t *testing.T) {
		server, other := motoserver.Start(t), motoserver.Start(t)
		url = server.URL
		name := "app/db"
		_, err := server.SecretsManager("eu-west-1").CreateSecret(t.Context(),
			&secretsmanager.CreateSecretInput{Name: &name})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := server.KMS("eu-west-1").CreateKey(t.Context(), &kms.CreateKeyInput{}); err != nil {
			t.Fatal(err)
		}

		for _, tt := range []struct {
			name          string
			server        *motoserver.Server
			region        string
			secrets, keys int
		}{
			{"same region", server, "eu-west-1", 1, 1},
			{"other region", server, "eu-central-1", 0, 0},
			{"other server", other, "eu-west-1", 0, 0},
		} {
			secrets, err := tt.server.SecretsManager(tt.region).ListSecrets(t.Context(),
				&secretsmanager.ListSecretsInput{})
			if err != nil {
				t.Fatal(err)
			}
			keys, err := tt.server.KMS(tt.region).ListKeys(t.Context(), &kms.ListKeysInput{})
			if err != nil {
				t.Fatal(err)
			}
			if len(secrets.SecretList) != tt.secrets || len(keys.Keys) != tt.keys {
				t.Errorf("%s: %d secrets and %d keys, want %d and %d",
					tt.name, len(secrets.SecretList), len(keys.Keys), tt.secrets, tt.keys)
			}
		}
	})
	if resp, err := http.Get(url); err == nil {
		_ = resp.Body.Close()
		t.Error("the server is still there after its test")
	}
}
