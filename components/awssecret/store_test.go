package awssecret_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/components/awssecret"
	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/components/secrettest"
	"github.com/secretstack/secretstack/internal/plan"
)

func run(t *testing.T, program pulumi.RunFunc) *plan.Graph {
	t.Helper()
	return secrettest.MustRecord(t, program, config)
}

func TestGraph(t *testing.T) {
	for name, test := range map[string]struct {
		args                    awssecret.StoreArgs
		protect                 bool
		recovery, keyRecovery   float64
		alias                   string
		secretName, description string
	}{
		"zero": {
			awssecret.StoreArgs{},
			true, 30, 30,
			"alias/shop", "stripe-api-key", "Encrypts the secrets of shop",
		},
		"short recovery": {
			awssecret.StoreArgs{Prefix: "shop/dev/", Recovery: 7 * 24 * time.Hour},
			true, 7, 30,
			"alias/shop/dev", "shop/dev/stripe-api-key", "Encrypts the secrets of shop",
		},
		"throw-away": {
			awssecret.StoreArgs{Prefix: "shop.dev+", AllowDestroy: true},
			false, 0, 7,
			"alias/shop-dev", "shop.dev+stripe-api-key", "Encrypts the secrets of shop",
		},
		"throw-away with recovery": {
			awssecret.StoreArgs{AllowDestroy: true, Recovery: 14 * 24 * time.Hour},
			false, 14, 14,
			"alias/shop", "stripe-api-key", "Encrypts the secrets of shop",
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := run(t, shop(test.args, map[string]string{"checkout": checkout}, map[string][]string{"stripe-api-key": {"checkout"}}))
			want := []string{
				awssecret.SecretType + " stripe-api-key",
				"aws:secretsmanager/secret:Secret stripe-api-key",
				"aws:secretsmanager/secretPolicy:SecretPolicy stripe-api-key",
				awssecret.StoreType + " shop",
				"aws:kms/alias:Alias shop",
				"aws:kms/key:Key shop",
			}
			if diff := cmp.Diff(want, secrettest.Names(g)); diff != "" {
				t.Errorf("resources (-want +got):\n%s", diff)
			}
			key, aws := g.Of("aws:kms/key:Key")[0], g.Of("aws:secretsmanager/secret:Secret")[0]
			policy, alias := g.Of("aws:secretsmanager/secretPolicy:SecretPolicy")[0], g.Of("aws:kms/alias:Alias")[0]
			got := []any{
				key.Protect, aws.Protect, policy.RetainOnDelete,
				key.Inputs.Get("enableKeyRotation").AsBool(), policy.Inputs.Get("blockPublicPolicy").AsBool(),
				aws.Inputs.Get("recoveryWindowInDays").AsNumber(), key.Inputs.Get("deletionWindowInDays").AsNumber(),
				alias.Inputs.Get("name").AsString(), aws.Inputs.Get("name").AsString(), key.Inputs.Get("description").AsString(),
				aws.Inputs.Get("tags").AsMap().Get("secretstack:name").AsString(),
			}
			if diff := cmp.Diff([]any{
				test.protect, test.protect, true, true, true, test.recovery, test.keyRecovery,
				test.alias, test.secretName, test.description, "stripe-api-key",
			}, got); diff != "" {
				t.Errorf("inputs (-want +got):\n%s", diff)
			}
			if deps := aws.PropertyDependencies["kmsKeyId"]; len(deps) != 1 || deps[0] != key.URN {
				t.Errorf("the secret's key is of %v, want the store's", deps)
			}
		})
	}
}

// The caller's options are the component's, and so reach its children; a replica's key has its own provider.
func TestGraphOfReplicas(t *testing.T) {
	args := awssecret.StoreArgs{Replicas: []awssecret.Replica{{Region: "eu-central-1"}, {Region: "us-east-1"}}}
	g := run(t, func(ctx *pulumi.Context) error {
		store, err := awssecret.NewStore(ctx, "shop", &args, pulumi.Protect(true))
		if err == nil && len(store.ReplicaKeys) != 2 {
			err = fmt.Errorf("ReplicaKeys has %d keys, want 2", len(store.ReplicaKeys))
		}
		return err
	})
	for _, region := range []string{"eu-central-1", "us-east-1"} {
		provider := get(t, g, "pulumi:providers:aws", "shop-"+region)
		key := get(t, g, "aws:kms/key:Key", "shop-"+region)
		if key.Provider != provider.URN || provider.Inputs.Get("region").AsString() != region {
			t.Errorf("the key of %s is made by %q, want a provider of its region", region, key.Provider)
		}
	}
}

// In China ARNs have another partition, and kms:ViaService has not another ending.
func TestKeyPolicyInChina(t *testing.T) {
	g, err := plan.Run(t.Context(), shop(awssecret.StoreArgs{}, nil, nil), plan.Options{Config: map[string]string{"aws:region": "cn-north-1"}})
	if err != nil {
		t.Fatal(err)
	}
	policy := g.Of("aws:kms/key:Key")[0].Inputs.Get("policy").AsString()
	for _, want := range []string{`"arn:aws-cn:iam::`, `"kms:ViaService":"secretsmanager.cn-north-1.amazonaws.com"`} {
		if !strings.Contains(policy, want) {
			t.Errorf("the key's policy lacks %s:\n%s", want, policy)
		}
	}
}

func TestWrongStoreArgs(t *testing.T) {
	many := make([]string, 1000)
	for i := range many {
		many[i] = fmt.Sprintf("%012d", i)
	}
	for name, test := range map[string]struct {
		args awssecret.StoreArgs
		want []string
	}{
		"all at once": {
			awssecret.StoreArgs{
				Prefix: "a b", Recovery: time.Hour, Organization: "acme", Accounts: []string{"1", partner, partner},
				Replicas: []awssecret.Replica{{Region: "Frankfurt"}, {Region: "eu-central-1"}, {Region: "eu-central-1"}},
			},
			[]string{
				`Prefix "a b"`, "Recovery must be whole days from 7d to 30d on aws, not 1h", "Organization must be the id of an organisation",
				`Accounts[0] "1"`, "Accounts[2] " + partner + " is there twice",
				"Replicas[0].Region must be a region", "Replicas[2].Region eu-central-1 is there twice",
			},
		},
		"reserved alias":    {awssecret.StoreArgs{Prefix: "aws/shop/"}, []string{`Prefix "aws/shop/" begins with aws/`}},
		"long alias":        {awssecret.StoreArgs{Prefix: strings.Repeat("a", 300)}, []string{"Prefix has 300 characters", "can have 250"}},
		"too many accounts": {awssecret.StoreArgs{Accounts: many}, []string{"Accounts has 1000 accounts"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, made, err := up(shop(test.args, nil, nil))
			expect(t, made, err, append(test.want, `the AWS store "shop" cannot be made`))
		})
	}
}

func TestWrongSecretArgs(t *testing.T) {
	many := map[string]pulumi.StringInput{}
	var manyNames []string
	for i := range 150 {
		name := fmt.Sprintf("reader-%03d", i)
		many[name] = pulumi.String(fmt.Sprintf("arn:aws:iam::%s:role/%s-%03d", own, strings.Repeat("r", 40), i))
		manyNames = append(manyNames, name)
	}
	for name, test := range map[string]struct {
		args awssecret.SecretArgs
		want []string
	}{
		"all at once": {
			awssecret.SecretArgs{
				Spec: secret.Spec{Name: "db-secret", Readers: []string{"a", "b", "c"}, Description: strings.Repeat("x", 2049)},
				Readers: map[string]pulumi.StringInput{
					"a": pulumi.String("arn:aws:sts::" + own + ":assumed-role/checkout/session"), "b": pulumi.String("arn:aws:iam::" + own + ":root"),
				},
			},
			[]string{
				`Spec.Name "db-secret": it ends in a hyphen and six letters or digits`, "Spec.Description has 2049 characters; AWS allows 2048",
				"Readers[a]: is", "one session of a role", "Readers[b]: is", "a whole account", "Readers: has no identity for c",
			},
		},
		"no name":      {awssecret.SecretArgs{}, []string{`Spec.Name ""`}},
		"many readers": {awssecret.SecretArgs{Spec: secret.Spec{Name: "busy", Readers: manyNames}, Readers: many}, []string{"for 150 readers, and AWS allows 20480"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, made, err := up(func(ctx *pulumi.Context) error {
				store, err := awssecret.NewStore(ctx, "shop", nil)
				if err != nil {
					return err
				}
				test.args.Store = store
				_, err = awssecret.NewSecret(ctx, "it", &test.args)
				return err
			})
			ofSecret := slices.DeleteFunc(made, func(r string) bool { return strings.HasPrefix(r, "aws:kms/") })
			expect(t, ofSecret, err, append(test.want, `the AWS secret "it" cannot be made`))
		})
	}
	t.Run("no store", func(t *testing.T) {
		_, made, err := up(func(ctx *pulumi.Context) error {
			_, err := awssecret.NewSecret(ctx, "it", nil)
			return err
		})
		expect(t, made, err, []string{"Store is missing"})
	})
}

// ARNs that become known only while the stack is updated stop the secret's policy.
func TestWrongReadersFoundLater(t *testing.T) {
	for name, test := range map[string]struct{ arn, want string }{
		"account that the key does not know": {partnerRole, "reader checkout: " + partnerRole + " is in another account than the secret (" + own + ")"},
		"whole account":                      {"arn:aws:iam::" + own + ":root", "is a whole account"},
	} {
		t.Run(name, func(t *testing.T) {
			_, made, err := up(shop(awssecret.StoreArgs{}, map[string]string{"checkout": test.arn}, map[string][]string{"key": {"checkout"}}))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
			if slices.Contains(made, "aws:secretsmanager/secretPolicy:SecretPolicy key") {
				t.Error("the policy was made all the same")
			}
		})
	}
}

// expect wants an error with all the texts, and nothing made.
func expect(t *testing.T, made []string, err error, texts []string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range texts {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q:\n%v", want, err)
		}
	}
	if len(made) > 0 {
		t.Errorf("made all the same: %v", made)
	}
}

// config is of a stack in the account of the tests.
var config = map[string]string{"aws:region": "eu-west-1", "aws:allowedAccountIds": `["` + own + `"]`}

func TestExample(t *testing.T) {
	if _, err := plan.Run(context.Background(), program, plan.Options{Config: config}); err != nil {
		t.Fatal(err)
	}
	run(t, func(ctx *pulumi.Context) error {
		store, err := awssecret.NewStore(ctx, "shop", nil)
		if err != nil {
			return err
		}
		rotator, err := awssecret.NewRotator(ctx, "rotator", &awssecret.RotatorArgs{Store: store, Bundle: code})
		if err != nil {
			return err
		}
		return watch(ctx, store, nil, rotator, pulumi.String("https://hooks.example.com/services/1"))
	})
}
