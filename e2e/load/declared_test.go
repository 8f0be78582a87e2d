package load_test

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/components/awssecret"
	"github.com/secretstack/secretstack/components/azuresecret"
	"github.com/secretstack/secretstack/components/gcpsecret"
	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/components/secrettest"
	rotated "github.com/secretstack/secretstack/components/target"
	"github.com/secretstack/secretstack/internal/plan"
)

// What the rotators are given is in the graphs that the components register, and what they give themselves is in
// their sources: so neither is repeated here.

const image = "registry.example.com/rotator@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// specs are of databases with two users, as the tapes' target is one.
func specs(n int) (list []secret.Spec, targets map[string]rotated.Args) {
	targets = map[string]rotated.Args{}
	for i := range n {
		s := secret.Spec{Name: fmt.Sprintf("orders-db-%05d", i), Rotation: &secret.Rotation{
			Every: secret.Every(every), Grace: secret.Duration(grace),
			Postgres: &secret.Database{Users: []string{"orders_a", "orders_b"}, Admin: "admin"},
		}}
		list = append(list, s)
		targets[s.Name] = rotated.Args{Host: pulumi.String("orders-db.internal.example.com")}
	}
	return append(list, secret.Spec{Name: "admin"}), targets
}

type awsDeclared struct {
	concurrency int
	timeout     time.Duration
}

func declaredAWS(t *testing.T, n int) awsDeclared {
	g := secrettest.MustRecord(t, func(ctx *pulumi.Context) error {
		store, err := awssecret.NewStore(ctx, "shop", &awssecret.StoreArgs{Prefix: "shop/"})
		if err != nil {
			return err
		}
		list, targets := specs(n)
		_, err = awssecret.NewRotator(ctx, "shop-rotator", &awssecret.RotatorArgs{
			Store: store, Secrets: list, Targets: targets, Bundle: pulumi.NewFileArchive("rotate-lambda.zip"),
		})
		return err
	}, map[string]string{"aws:region": "eu-west-1"})
	f := only(t, g, "aws:lambda/function:Function")
	return awsDeclared{
		concurrency: int(f.Get("reservedConcurrentExecutions").AsNumber()),
		timeout:     time.Duration(f.Get("timeout").AsNumber()) * time.Second,
	}
}

type gcpDeclared struct {
	rotators    int // that the secrets need
	concurrency int // of each
	period      time.Duration
	deliveries  int
	backoff     [2]time.Duration
}

var hourly = regexp.MustCompile(`^([0-9]+) (?:\*|[0-9]+-23/([0-9]+)) \* \* \*$`)

// declaredGCP registers some of the secrets only. Their clocks strike in minutes that a hash chooses, so those of the
// others are as good as random.
func declaredGCP(t *testing.T, n int) gcpDeclared {
	const sample = 200
	var d gcpDeclared
	g := divided(t, n, &d.rotators, map[string]string{"gcp:project": "shop"}, func(ctx *pulumi.Context, list []secret.Spec, targets map[string]rotated.Args) error {
		store, err := gcpsecret.NewStore(ctx, "shop", &gcpsecret.StoreArgs{Prefix: "shop-", Locations: []string{"europe-west1"}})
		if err != nil {
			return err
		}
		rotator, err := gcpsecret.NewRotator(ctx, "shop-rotator", &gcpsecret.RotatorArgs{
			Store: store, Secrets: list, Targets: targets, Image: image,
		})
		if err != nil {
			return err
		}
		for _, s := range list[:sample] {
			if _, err := gcpsecret.NewSecret(ctx, s.Name, &gcpsecret.SecretArgs{Store: store, Spec: s, Rotator: rotator}); err != nil {
				return err
			}
		}
		return nil
	})
	minutes := map[string]bool{}
	for _, clock := range g.Of("gcp:cloudscheduler/job:Job") {
		m := hourly.FindStringSubmatch(clock.Inputs.Get("schedule").AsString())
		if m == nil {
			t.Fatalf("the schedule of %s is %s", clock, clock.Inputs.Get("schedule").AsString())
		}
		hours, _ := strconv.Atoi(m[2]) // none: each hour
		d.period, minutes[m[1]] = time.Duration(max(hours, 1))*time.Hour, true
	}
	if len(minutes) < 50 {
		t.Errorf("the clocks of %d secrets strike in %d minutes of the hour", sample, len(minutes))
	}
	template := only(t, g, "gcp:cloudrunv2/service:Service").Get("template").AsMap()
	d.concurrency = int(template.Get("scaling").AsMap().Get("maxInstanceCount").AsNumber() *
		template.Get("maxInstanceRequestConcurrency").AsNumber())
	for _, r := range g.Of("gcp:pubsub/subscription:Subscription") {
		if retry := r.Inputs.Get("retryPolicy"); retry.IsMap() {
			d.deliveries = int(r.Inputs.Get("deadLetterPolicy").AsMap().Get("maxDeliveryAttempts").AsNumber())
			d.backoff = [2]time.Duration{
				duration(t, retry.AsMap().Get("minimumBackoff")), duration(t, retry.AsMap().Get("maximumBackoff")),
			}
		}
	}
	return d
}

type azureDeclared struct {
	jobs    int // that one vault's secrets need
	timeout time.Duration
}

func declaredAzure(t *testing.T, n int) azureDeclared {
	var d azureDeclared
	g := divided(t, n, &d.jobs, map[string]string{
		"azure-native:subscriptionId": "11111111-2222-4333-8444-555555555555",
		"azure-native:tenantId":       "66666666-7777-4888-8999-aaaaaaaaaaaa",
	}, func(ctx *pulumi.Context, list []secret.Spec, targets map[string]rotated.Args) error {
		store, err := azuresecret.NewStore(ctx, "shop", &azuresecret.StoreArgs{Vault: "shop-vault"})
		if err != nil {
			return err
		}
		_, err = azuresecret.NewRotator(ctx, "shop-rotator", &azuresecret.RotatorArgs{
			Store: store, Secrets: list, Targets: targets, Image: image,
			Subnet: pulumi.String("/subscriptions/11111111-2222-4333-8444-555555555555/resourceGroups/shop/providers/" +
				"Microsoft.Network/virtualNetworks/shop/subnets/rotator"),
		})
		return err
	})
	timeout := only(t, g, "azure-native:app/v20240301:Job").Get("configuration").AsMap().Get("replicaTimeout")
	d.timeout = time.Duration(timeout.AsNumber()) * time.Second
	return d
}

// divided records a program for as many rotators as it says that the secrets need: the part of one of them.
func divided(
	t *testing.T, n int, rotators *int, config map[string]string, program func(*pulumi.Context, []secret.Spec, map[string]rotated.Args) error,
) *plan.Graph {
	t.Helper()
	for *rotators = 1; ; *rotators++ {
		list, targets := specs((n + *rotators - 1) / *rotators)
		g, err := secrettest.Record(func(ctx *pulumi.Context) error { return program(ctx, list, targets) }, config, nil)
		switch {
		case err == nil:
			return g
		case *rotators == 100 || !strings.Contains(err.Error(), "make a second rotator"):
			t.Fatal(err)
		}
	}
}

// only gives the inputs of the one resource of a type.
func only(t *testing.T, g *plan.Graph, typ string) property.Map {
	t.Helper()
	all := g.Of(typ)
	if len(all) != 1 {
		t.Fatalf("there are %d %s among %q", len(all), typ, secrettest.Names(g))
	}
	return all[0].Inputs
}

func duration(t *testing.T, v property.Value) time.Duration {
	t.Helper()
	d, err := time.ParseDuration(v.AsString())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// constants gives the whole numbers among the constants of a program, which no test of another package can import.
// Durations are in nanoseconds.
func constants(t *testing.T, program string) func(name string) int {
	t.Helper()
	sources, err := filepath.Glob("../../cmd/" + program + "/*.go")
	if err != nil {
		t.Fatal(err)
	}
	fset := token.NewFileSet()
	var files []*ast.File
	for _, source := range sources {
		if strings.HasSuffix(source, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(fset, source, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	// Without what the program imports, but for the units of time, most of it has no types; its constants do.
	config := types.Config{Importer: units{}, Error: func(error) {}}
	checked, _ := config.Check(program, fset, files, nil)
	return func(name string) int {
		c, ok := checked.Scope().Lookup(name).(*types.Const)
		if !ok {
			t.Fatalf("cmd/%s has no constant %s", program, name)
		}
		n, ok := constant.Int64Val(constant.ToInt(c.Val()))
		if !ok {
			t.Fatalf("the constant %s of cmd/%s is no whole number", name, program)
		}
		return int(n)
	}
}

// units is an importer that knows the units of package time.
type units struct{}

func (units) Import(path string) (*types.Package, error) {
	if path != "time" {
		return nil, fmt.Errorf("%s is not looked at", path)
	}
	p := types.NewPackage(path, path)
	for name, unit := range map[string]time.Duration{"Second": time.Second, "Minute": time.Minute, "Hour": time.Hour} {
		p.Scope().Insert(types.NewConst(token.NoPos, p, name, types.Typ[types.Int64], constant.MakeInt64(int64(unit))))
	}
	p.MarkComplete()
	return p, nil
}
