// Package aws_test takes the sample stacks on AWS through the real Pulumi engine, against an emulator.
package aws_test

import (
	"crypto/rand"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	smtypes "github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"github.com/secretstack/secretstack/e2e/awsprovider"
	"github.com/secretstack/secretstack/e2e/engine"
	"github.com/secretstack/secretstack/e2e/motoserver"
)

// account is the emulator's.
const account = "123456789012"

var (
	checkout       = "arn:aws:iam::" + account + ":role/shop/checkout"
	reports        = "arn:aws:iam::" + account + ":role/shop/reports"
	reportsOutside = "arn:aws:iam::777788889999:role/reports" // of prod: in another account
)

func newStack(t *testing.T, name string) (*engine.Stack, *cloud) {
	t.Helper()
	moto := motoserver.Start(t)
	env := map[string]string{
		"PATH":             strings.Join([]string{awsprovider.Build(t), os.Getenv("PATH")}, string(filepath.ListSeparator)),
		awsprovider.EnvVar: awsprovider.TerraformProvider(t),
	}
	maps.Copy(env, moto.Env())
	s := engine.New(t, name, env)
	s.Configure(func(config map[string]any) {
		config["aws:allowedAccountIds"] = []string{account}
		config["secretstack:identities"].(map[string]any)["checkout"] = checkout
	})
	return s, &cloud{
		T: t, prefix: "shop/" + name + "/",
		secrets: moto.SecretsManager("eu-west-1"), kms: moto.KMS("eu-west-1"), replicaKMS: moto.KMS("eu-central-1"),
	}
}

func TestDev(t *testing.T) {
	s, c := newStack(t, "dev")
	s.Configure(func(config map[string]any) {
		config["secretstack:identities"].(map[string]any)["reports"] = reports
	})
	t.Parallel()

	lifecycle(s, c, 20, reports)
	key := *c.key(c.kms, "alias/shop/dev").KeyId

	s.WantEach(s.Destroy, "delete", 20)
	for _, name := range names {
		var notFound *smtypes.ResourceNotFoundException
		_, err := c.secrets.DescribeSecret(t.Context(), &secretsmanager.DescribeSecretInput{SecretId: new(c.prefix + name)})
		if !errors.As(err, &notFound) {
			t.Errorf("%s after destroy: got %v, want that it is not found", name, err)
		}
	}
	c.wantInDays(7, c.key(c.kms, key).DeletionDate) // AWS allows no less
}

func TestProd(t *testing.T) {
	s, c := newStack(t, "prod")
	t.Parallel()

	value := lifecycle(s, c, 22, reportsOutside)
	key := *c.key(c.kms, "alias/shop/prod").KeyId

	s.WantRefusal(s.Destroy, "protected")
	c.wantReaders("orders-db", checkout)
	s.Declare("orders-db", nil)
	s.WantRefusal(s.Preview, "protected")
	c.wantReaders("orders-db", checkout)
	c.wantValue("orders-db", value)
	if meta := c.key(c.kms, key); meta.KeyState != kmstypes.KeyStateEnabled {
		t.Error("the key is ", meta.KeyState)
	}

	// Where it may be destroyed after all, it can be recovered, and is as safe as before.
	s.Configure(func(config map[string]any) { config["secretstack:allowDestroy"] = true })
	s.Declare("orders-db", map[string]any{"readers": []string{"checkout"}, "description": "Another description"})
	s.Want(s.Up)
	s.WantEach(s.Destroy, "delete", 22)
	c.wantInDays(30, c.describe("orders-db").DeletedDate)
	c.wantInDays(30, c.key(c.kms, key).DeletionDate)
	_, err := c.secrets.RestoreSecret(t.Context(), &secretsmanager.RestoreSecretInput{SecretId: new(c.prefix + "orders-db")})
	if err != nil {
		t.Fatal(err)
	}
	c.wantReaders("orders-db", checkout)
	c.wantValue("orders-db", value)
}

var names = []string{"orders-db", "session-signing-key", "stripe-api-key", "stripe-webhook-key", "warehouse/api-token"}

// lifecycle is what both stacks have in common: everything but their end. It gives the value of orders-db.
func lifecycle(s *engine.Stack, c *cloud, resources int, reports string) string {
	c.Helper()
	s.WantEach(s.Preview, "create", resources)
	s.WantEach(s.Up, "create", resources)
	s.Want(s.Preview)
	for _, name := range names {
		c.wantEncrypted(name)
	}
	c.wantReaders("stripe-api-key", checkout)
	c.wantReaders("stripe-webhook-key", checkout)
	c.wantReaders("session-signing-key", checkout)
	c.wantReaders("orders-db", checkout, reports)
	c.wantReaders("warehouse/api-token", reports)

	// One reader comes, another goes.
	s.Declare("stripe-webhook-key", map[string]any{"readers": []string{"checkout", "reports"}})
	s.Declare("orders-db", map[string]any{"readers": []string{"checkout"}})
	changes := []string{
		"update aws:secretsmanager/secretPolicy:SecretPolicy orders-db policy",
		"update aws:secretsmanager/secretPolicy:SecretPolicy stripe-webhook-key policy",
	}
	s.Want(s.Preview, changes...)
	s.Want(s.Up, changes...)
	s.Want(s.Preview)
	c.wantReaders("stripe-webhook-key", checkout, reports)
	c.wantReaders("orders-db", checkout)

	s.Declare("orders-db", map[string]any{"description": "Another description"})
	changes = []string{"update aws:secretsmanager/secret:Secret orders-db description"}
	s.Want(s.Preview, changes...)
	s.Want(s.Up, changes...)
	if got := *c.describe("orders-db").Description; got != "Another description" {
		c.Errorf("the description is %q", got)
	}
	s.Want(s.Refresh)

	// Values are put outside: nothing to do for Pulumi.
	first, second := "canary-"+rand.Text(), "canary-"+rand.Text()
	for _, value := range []string{first, second} {
		_, err := c.secrets.PutSecretValue(c.Context(), &secretsmanager.PutSecretValueInput{
			SecretId: new(c.prefix + "orders-db"), SecretString: &value,
		})
		if err != nil {
			c.Fatal(err)
		}
	}
	s.Want(s.Preview)
	s.Want(s.Refresh)
	s.Want(s.Up)
	c.wantValue("orders-db", second)
	s.RequireNowhere(first, second)
	return second
}
