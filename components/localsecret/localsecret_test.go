package localsecret_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/components/localsecret"
	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/internal/plan"
)

func newRecipient(t *testing.T) (public, private string) {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return id.Recipient().String(), id.String()
}

// shop makes a store and secrets that are read by checkout (twice), reports, and alice with her own key.
func shop(store localsecret.StoreArgs, alice string) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		s, err := localsecret.NewStore(ctx, "shop-dev", &store)
		if err != nil {
			return err
		}
		for _, spec := range []secret.Spec{
			{Name: "orders-db", Readers: []string{"reports", "checkout", "alice"}},
			{Name: "shop/api_key", Readers: []string{"checkout"}},
		} {
			_, err := localsecret.NewSecret(ctx, spec.Name, &localsecret.SecretArgs{
				Store: s, Spec: spec, Readers: map[string]pulumi.StringInput{"alice": pulumi.String(alice)},
			})
			if err != nil {
				return err
			}
		}
		return nil
	}
}

// TestWithoutReaders: what only a rotation reads is for a key of the rotator, which no reader has.
func TestWithoutReaders(t *testing.T) {
	g, err := plan.Run(t.Context(), func(ctx *pulumi.Context) error {
		s, err := localsecret.NewStore(ctx, "shop-dev", nil)
		if err != nil {
			return err
		}
		_, err = localsecret.NewSecret(ctx, "admin", &localsecret.SecretArgs{Store: s, Spec: secret.Spec{Name: "admin"}})
		return err
	}, plan.Options{Project: "shop", Stack: "dev"})
	if err != nil {
		t.Fatal(err)
	}
	keys := g.Of(localsecret.KeyType)
	readers := g.Of(localsecret.EntryType)[0].Inputs.Get("readers").AsMap()
	if len(keys) != 1 || keys[0].Inputs.Get("reader").AsString() != localsecret.Rotator || readers.Len() != 1 || !readers.Get(localsecret.Rotator).IsComputed() {
		t.Errorf("keys %v, readers %v", keys, readers)
	}
}

func TestGraph(t *testing.T) {
	alice, _ := newRecipient(t)
	for name, c := range map[string]struct {
		store   localsecret.StoreArgs
		file    string
		days    float64
		protect bool
	}{
		"zero value": {localsecret.StoreArgs{}, "secrets.dev.age.yaml", 30, true},
		"throw-away": {localsecret.StoreArgs{AllowDestroy: true}, "secrets.dev.age.yaml", 0, false},
		"own values": {localsecret.StoreArgs{File: "x/y.yaml", Recovery: 48 * time.Hour, AllowDestroy: true}, "x/y.yaml", 2, false},
	} {
		t.Run(name, func(t *testing.T) {
			g, err := plan.Run(t.Context(), shop(c.store, alice), plan.Options{Project: "shop", Stack: "dev"})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, r := range g.Resources {
				parent, _ := g.Get(r.Parent)
				got = append(got, fmt.Sprintf("%s < %s", r, parent.Name))
				if protect := c.protect && r.Type == localsecret.EntryType; r.Protect != protect {
					t.Errorf("%s: protect is %v", r, r.Protect)
				}
			}
			want := []string{
				"secretstack:local:Secret orders-db < ",
				"secretstack:local:Entry orders-db < orders-db",
				"secretstack:local:Secret shop/api_key < ",
				"secretstack:local:Entry shop/api_key < shop/api_key",
				"secretstack:local:Store shop-dev < ",
				"secretstack:local:Key shop-dev-checkout < shop-dev",
				"secretstack:local:Key shop-dev-reports < shop-dev",
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("resources (-want +got):\n%s", diff)
			}
			in := g.Of(localsecret.EntryType)[0].Inputs
			if file, days := in.Get("file").AsString(), in.Get("recoveryDays").AsNumber(); file != c.file || days != c.days {
				t.Errorf("file %q, %v days", file, days)
			}
			readers := in.Get("readers").AsMap()
			if readers.Len() != 3 || !readers.Get("checkout").IsComputed() || readers.Get("alice").AsString() != alice {
				t.Errorf("readers: %v", readers)
			}
		})
	}
}

func TestMistakes(t *testing.T) {
	public, private := newRecipient(t)
	for name, c := range map[string]struct {
		store  *localsecret.StoreArgs
		secret localsecret.SecretArgs
		want   []string
	}{
		"store": {
			&localsecret.StoreArgs{File: "../elsewhere.yaml", Recovery: time.Hour},
			localsecret.SecretArgs{},
			[]string{`the local store "store" cannot be made`, `File "../elsewhere.yaml" is not below`, "Recovery must be whole days"},
		},
		"nothing": {nil, localsecret.SecretArgs{}, []string{"Store is missing", `Spec.Name ""`}},
		"long name": {
			nil,
			localsecret.SecretArgs{Spec: secret.Spec{Name: strings.Repeat("x", 128), Readers: []string{"checkout"}}},
			[]string{"at most 127"},
		},
		"keys": {
			nil,
			localsecret.SecretArgs{
				Spec: secret.Spec{Name: "a", Readers: []string{"good", "bad", "worse"}},
				Readers: map[string]pulumi.StringInput{
					"good": pulumi.String(public), "bad": pulumi.String("ssh-rsa AAAA"), "worse": pulumi.String(private),
				},
			},
			[]string{`Readers[bad]: is not a public key`, `Readers[worse]: is a private key`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := plan.Run(t.Context(), func(ctx *pulumi.Context) error {
				if c.store != nil {
					_, err := localsecret.NewStore(ctx, "store", c.store)
					return err
				}
				_, err := localsecret.NewSecret(ctx, "secret", &c.secret)
				return err
			}, plan.Options{})
			if err == nil {
				t.Fatal("want an error")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want %q in it", err, want)
				}
			}
			if strings.Contains(err.Error(), private) {
				t.Error("the error holds a private key")
			}
		})
	}
}
