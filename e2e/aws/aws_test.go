// Package aws_test takes the sample stacks on AWS through the real Pulumi engine, against an emulator.
package aws_test

import (
	"crypto/rand"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"regexp"
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
	moto, tmp := motoserver.Start(t), t.TempDir()
	env := map[string]string{
		"PATH":             strings.Join([]string{awsprovider.Build(t), os.Getenv("PATH")}, string(filepath.ListSeparator)),
		"TMPDIR":           tmp, // always the same: the plugin keeps functions' code there
		awsprovider.EnvVar: awsprovider.TerraformProvider(t),
	}
	maps.Copy(env, moto.Env())
	s := engine.New(t, name, env)
	s.Configure(func(config map[string]any) {
		config["aws:allowedAccountIds"] = []string{account}
		config["secretstack:identities"].(map[string]any)["checkout"] = checkout
	})
	return s, &cloud{
		T: t, prefix: "shop/" + name + "/", moto: moto, tmp: tmp,
		secrets: moto.SecretsManager("eu-west-1"), kms: moto.KMS("eu-west-1"), replicaKMS: moto.KMS("eu-central-1"),
	}
}

// prebuilt spares the stack building the rotator again and again.
func prebuilt(t *testing.T, s *engine.Stack) {
	t.Helper()
	s.Write("rotate-lambda.zip", built(t))
	s.Configure(func(config map[string]any) {
		configured(config, "secretstack:aws")["rotatorBundle"] = "rotate-lambda.zip"
	})
}

// configured gives the settings below a key, which may have none yet.
func configured(config map[string]any, key string) map[string]any {
	if config[key] == nil {
		config[key] = map[string]any{}
	}
	return config[key].(map[string]any)
}

func TestDev(t *testing.T) {
	s, c := newStack(t, "dev")
	s.Configure(func(config map[string]any) {
		config["secretstack:identities"].(map[string]any)["reports"] = reports
	})
	prebuilt(t, s)
	t.Parallel()

	lifecycle(s, c, 82, reports, "shop-dev-alerts-read-by-stranger")
	key := *c.key(c.kms, "alias/shop/dev").KeyId

	s.WantEach(s.Destroy, "delete", 82)
	for _, name := range names {
		var notFound *smtypes.ResourceNotFoundException
		_, err := c.secrets.DescribeSecret(t.Context(), &secretsmanager.DescribeSecretInput{SecretId: new(c.prefix + name)})
		if !errors.As(err, &notFound) {
			t.Errorf("%s after destroy: got %v, want that it is not found", name, err)
		}
	}
	c.wantInDays(7, c.key(c.kms, key).DeletionDate) // AWS allows no less

	s.WantEach(s.Up, "create", 82) // nothing of the first life is in the way of a second
}

func TestProd(t *testing.T) {
	s, c := newStack(t, "prod")
	prebuilt(t, s)
	t.Parallel()

	value := lifecycle(s, c, 89, reportsOutside, "shop-prod-alerts-read-by-stranger", "shop-prod-alerts-read-by-stranger-2")
	key := *c.key(c.kms, "alias/shop/prod").KeyId

	s.WantRefusal(s.Destroy, "protected")
	c.wantReaders("orders-db", checkout)
	s.Declare("stripe-api-key", nil)
	s.WantRefusal(s.Preview, "protected")
	c.wantReaders("stripe-api-key", checkout)
	c.wantValue("orders-db", value)
	if meta := c.key(c.kms, key); meta.KeyState != kmstypes.KeyStateEnabled {
		t.Error("the key is ", meta.KeyState)
	}

	// Where it may be destroyed after all, it can be recovered, and is as safe as before.
	s.Configure(func(config map[string]any) { config["secretstack:allowDestroy"] = true })
	s.Declare("stripe-api-key", map[string]any{"readers": []string{"checkout"}, "description": "Charges cards at checkout"})
	s.Want(s.Up)
	s.WantEach(s.Destroy, "delete", 89)
	c.wantInDays(30, c.describe("orders-db").DeletedDate)
	c.wantInDays(30, c.key(c.kms, key).DeletionDate)
	_, err := c.secrets.RestoreSecret(t.Context(), &secretsmanager.RestoreSecretInput{SecretId: new(c.prefix + "orders-db")})
	if err != nil {
		t.Fatal(err)
	}
	c.wantReaders("orders-db", checkout)
	c.wantValue("orders-db", value)
}

// TestNetwork has a second rotator, in a VPC.
func TestNetwork(t *testing.T) {
	s, c := newStack(t, "dev")
	prebuilt(t, s)
	t.Parallel()
	subnets := regexp.MustCompile(`<(subnet|vpc)Id>([^<]+)<`).FindAllStringSubmatch(string(c.ask("ec2", "/?Action=DescribeSubnets&Version=2016-11-15")), -1)
	ids := map[string][]string{}
	for _, id := range subnets {
		ids[id[1]] = append(ids[id[1]], id[2])
	}
	s.Configure(func(config map[string]any) {
		configured(config, "secretstack:identities")["reports"] = reports
		configured(config, "secretstack:aws")["networks"] = map[string]any{
			"orders": map[string]any{"vpc": ids["vpc"][0], "subnets": ids["subnet"][:2], "secrets": []string{"orders-db"}},
		}
	})
	s.WantEach(s.Up, "create", 96)
	s.Want(s.Preview)
	s.Want(s.Refresh)
	for name, want := range map[string]int{"shop-dev-rotator": 0, "shop-dev-rotator-orders": 2} {
		var function struct {
			Configuration struct{ VpcConfig struct{ SubnetIDs []string } }
		}
		c.lambda("/2015-03-31/functions/"+name, &function)
		if got := len(function.Configuration.VpcConfig.SubnetIDs); got != want {
			t.Errorf("%s is in %d subnets, want %d", name, got, want)
		}
	}
	s.WantEach(s.Destroy, "delete", 96)
}

var names = []string{
	"orders-db", "orders-db-admin", "session-signing-key", "stripe-api-key", "stripe-webhook-key", "warehouse/api-token", "warehouse/rotation-key",
}

// lifecycle is what both stacks have in common: everything but their end. strangers are the rules that know who the
// readers are. It gives the value of orders-db.
func lifecycle(s *engine.Stack, c *cloud, resources int, reports string, strangers ...string) string {
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
	for _, rule := range strangers {
		changes = append(changes, "update aws:cloudwatch/eventRule:EventRule "+rule+" eventPattern")
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
	c.put("orders-db", first)
	c.put("orders-db", second)
	s.Want(s.Preview)
	s.Want(s.Refresh)
	s.Want(s.Up)
	c.wantValue("orders-db", second)
	s.RequireNowhere(first, second)
	return second
}
