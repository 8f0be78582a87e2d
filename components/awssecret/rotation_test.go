package awssecret_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/components/awssecret"
	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/components/secrettest"
	"github.com/secretstack/secretstack/components/target"
	"github.com/secretstack/secretstack/e2e/needs"
	"github.com/secretstack/secretstack/internal/bundle"
	"github.com/secretstack/secretstack/internal/iam"
	"github.com/secretstack/secretstack/internal/plan"
)

const (
	day   = 24 * time.Hour
	month = secret.Every(30 * day)
)

var (
	generated = &secret.Generated{}
	postgres  = &secret.Database{Users: []string{"a", "b"}, Admin: "admin"}
	code      = pulumi.NewFileArchive("rotate-lambda.zip")
	db        = target.Args{Host: pulumi.String("db.example.com")}
)

// rotating makes a store and secrets and, unless it is nil, a rotator for them.
func rotating(args awssecret.StoreArgs, r *awssecret.RotatorArgs, identities map[string]string, specs ...secret.Spec) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		store, err := awssecret.NewStore(ctx, "shop", &args)
		if err != nil {
			return err
		}
		var rotator *awssecret.Rotator
		read := map[string]bool{}
		if r != nil {
			with := *r
			with.Store, with.Secrets, with.Bundle = store, specs, code
			if rotator, err = awssecret.NewRotator(ctx, "rotator", &with); err != nil {
				return err
			}
			for _, s := range specs {
				if s.Rotation != nil {
					for _, name := range append(s.Rotation.Reads(), s.Name) {
						read[name] = true
					}
				}
			}
		}
		readers := map[string]pulumi.StringInput{}
		for name, arn := range identities {
			readers[name] = pulumi.String(arn).ToStringOutput()
		}
		for _, s := range specs {
			args := &awssecret.SecretArgs{Store: store, Spec: s, Readers: readers}
			if read[s.Name] {
				args.Rotator = rotator
			}
			if _, err := awssecret.NewSecret(ctx, s.Name, args); err != nil {
				return err
			}
		}
		return nil
	}
}

// alone makes a rotator and no secret.
func alone(name string, args awssecret.RotatorArgs) pulumi.RunFunc {
	return func(ctx *pulumi.Context) (err error) {
		if args.Store, err = awssecret.NewStore(ctx, "shop", nil); err == nil {
			_, err = awssecret.NewRotator(ctx, name, &args)
		}
		return err
	}
}

func rolePolicy(t *testing.T, g *plan.Graph, name string) string {
	t.Helper()
	return get(t, g, "aws:iam/rolePolicy:RolePolicy", name).Inputs.Get("policy").AsString()
}

func TestRotator(t *testing.T) {
	g := run(t, rotating(
		awssecret.StoreArgs{Prefix: "shop/"}, &awssecret.RotatorArgs{}, nil,
		secret.Spec{Name: "session-key", Rotation: &secret.Rotation{Every: month, Generated: generated}},
	))
	want := []string{
		awssecret.RotatorType + " rotator",
		"aws:cloudwatch/eventRule:EventRule rotator-sweep",
		"aws:cloudwatch/eventTarget:EventTarget rotator-sweep",
		"aws:cloudwatch/logGroup:LogGroup rotator",
		"aws:iam/role:Role rotator",
		"aws:iam/rolePolicy:RolePolicy rotator",
		"aws:lambda/function:Function rotator",
		"aws:lambda/layerVersion:LayerVersion rotator",
		"aws:lambda/permission:Permission rotator",
		"aws:lambda/permission:Permission rotator-sweep",
		awssecret.SecretType + " session-key",
		"aws:secretsmanager/secret:Secret session-key",
		"aws:secretsmanager/secretPolicy:SecretPolicy session-key",
		"aws:secretsmanager/secretRotation:SecretRotation session-key",
		awssecret.StoreType + " shop",
		"aws:kms/alias:Alias shop",
		"aws:kms/key:Key shop",
	}
	if diff := cmp.Diff(want, secrettest.Names(g)); diff != "" {
		t.Errorf("resources (-want +got):\n%s", diff)
	}

	function, logs := get(t, g, "aws:lambda/function:Function", "rotator"), get(t, g, "aws:cloudwatch/logGroup:LogGroup", "rotator")
	started, swept := get(t, g, "aws:lambda/permission:Permission", "rotator"), get(t, g, "aws:lambda/permission:Permission", "rotator-sweep")
	rule, sweep := get(t, g, "aws:cloudwatch/eventRule:EventRule", "rotator-sweep"), get(t, g, "aws:cloudwatch/eventTarget:EventTarget", "rotator-sweep")
	got := []any{
		function.Inputs.Get("name").AsString(), function.Inputs.Get("runtime").AsString(), function.Inputs.Get("handler").AsString(),
		function.Inputs.Get("architectures").AsArray().Get(0).AsString(), function.Inputs.Get("environment").IsNull(),
		function.Inputs.Get("loggingConfig").AsMap().Get("logGroup").AsString(),
		function.Inputs.Get("vpcConfig").IsNull(),
		logs.Inputs.Get("name").AsString(), logs.Protect,
		started.Inputs.Get("principal").AsString(), started.Inputs.Get("sourceAccount").AsString(),
		swept.Inputs.Get("principal").AsString(), rule.Inputs.Get("scheduleExpression").AsString(), sweep.Inputs.Get("input").AsString(),
	}
	if diff := cmp.Diff([]any{
		"rotator", "provided.al2023", "bootstrap", "arm64", true, "/secretstack/shop/rotator", true,
		"/secretstack/shop/rotator", true,
		"secretsmanager.amazonaws.com", own, "events.amazonaws.com", "rate(1 hour)", `{"step":"retire"}`,
	}, got); diff != "" {
		t.Errorf("inputs (-want +got):\n%s", diff)
	}
	for what, on := range map[string][2]string{
		"the log group's key": {logs.PropertyDependencies["kmsKeyId"][0], get(t, g, "aws:kms/key:Key", "shop").URN},
		"the function's role": {function.PropertyDependencies["role"][0], get(t, g, "aws:iam/role:Role", "rotator").URN},
		"the sweep's rule":    {swept.PropertyDependencies["sourceArn"][0], rule.URN},
	} {
		if on[0] != on[1] {
			t.Errorf("%s is of %s, want %s", what, on[0], on[1])
		}
	}
}

// jobs are what a rotator is told of its secrets; false: it is not known yet.
func jobs(t *testing.T, g *plan.Graph, rotator string) (jobs map[string]secret.Job, known bool) {
	t.Helper()
	code := get(t, g, "aws:lambda/layerVersion:LayerVersion", rotator).Inputs.Get("code")
	if !code.IsArchive() {
		return nil, false
	}
	assets, ok := code.AsArchive().GetAssets()
	if !ok || len(assets) != 1 {
		t.Fatalf("the layer holds %v", assets)
	}
	text := assets["rotations.json"].(interface{ GetText() (string, bool) })
	content, _ := text.GetText()
	if err := json.Unmarshal([]byte(content), &jobs); err != nil {
		t.Fatal(err)
	}
	return jobs, true
}

// TestJobs: a target's host is another resource's output.
func TestJobs(t *testing.T) {
	ordersDB := secret.Spec{Name: "orders-db", Rotation: &secret.Rotation{Every: month, Postgres: postgres}}
	program := func(host string) pulumi.RunFunc {
		return func(ctx *pulumi.Context) error {
			alias := struct {
				pulumi.CustomResourceState
				Arn pulumi.StringOutput `pulumi:"arn"`
			}{}
			if err := ctx.RegisterResource("aws:rds/instance:Instance", "db", nil, &alias); err != nil {
				return err
			}
			later := alias.Arn.ApplyT(func(string) string { return host }).(pulumi.StringOutput)
			return rotating(
				awssecret.StoreArgs{Prefix: "shop/"},
				&awssecret.RotatorArgs{Targets: map[string]target.Args{"orders-db": {Host: later, Database: "orders"}}}, nil,
				ordersDB, secret.Spec{Name: "admin"}, secret.Spec{Name: "unrotated"},
			)(ctx)
		}
	}
	if _, known := jobs(t, run(t, program("db.example.com")), "rotator"); known {
		t.Error("the jobs are known in a preview already")
	}
	g, _, err := up(program("db.example.com"))
	if err != nil {
		t.Fatal(err)
	}
	got, _ := jobs(t, g, "rotator")
	want := map[string]secret.Job{"shop/orders-db": {
		Secret: "orders-db", ID: "shop/orders-db", Rotation: *ordersDB.Rotation,
		Address: secret.Address{Host: "db.example.com", Database: "orders"}, Reads: map[string]string{"admin": "shop/admin"},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	_, made, err := up(program("db.example.com:5432"))
	if err == nil || !strings.Contains(err.Error(), `the target of the secret "orders-db".host`) {
		t.Errorf("the error is %v", err)
	}
	if slices.Contains(made, "aws:lambda/function:Function rotator") {
		t.Error("the function is made with a target that is wrong")
	}
}

func TestSchedules(t *testing.T) {
	hours := func(n int) secret.Every { return secret.Every(time.Duration(n) * time.Hour) }
	for name, test := range map[string]struct {
		rotation secret.Rotation
		schedule string
		window   time.Duration
		want     map[string]any // nil: nobody starts a rotation but a person
		now      bool
	}{
		"days":                 {secret.Rotation{Every: month, Generated: generated}, "", 0, map[string]any{"automaticallyAfterDays": 30.0}, true},
		"a day in hours":       {secret.Rotation{Every: hours(24), Generated: generated}, "", 0, map[string]any{"automaticallyAfterDays": 1.0}, true},
		"hours":                {secret.Rotation{Every: hours(36), Generated: generated}, "", 0, map[string]any{"scheduleExpression": "rate(36 hours)"}, true},
		"has a credential now": {secret.Rotation{Every: month, Postgres: postgres}, "", 0, map[string]any{"automaticallyAfterDays": 30.0}, false},
		"schedule":             {secret.Rotation{Every: month, Postgres: postgres}, "cron(0 3 ? * SUN *)", 0, map[string]any{"scheduleExpression": "cron(0 3 ? * SUN *)"}, false},
		"window": {
			secret.Rotation{Every: month, Postgres: postgres},
			"rate(10 days)", 3 * time.Hour,
			map[string]any{"scheduleExpression": "rate(10 days)", "duration": "3h"},
			false,
		},
		"manual": {secret.Rotation{Every: secret.Manual, Generated: generated}, "", 0, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			specs := []secret.Spec{{Name: "it", Rotation: &test.rotation}}
			g := run(t, func(ctx *pulumi.Context) error {
				store, err := awssecret.NewStore(ctx, "shop", nil)
				if err != nil {
					return err
				}
				args := &awssecret.RotatorArgs{Store: store, Secrets: specs, Bundle: code}
				if test.rotation.Postgres != nil {
					args.Targets = map[string]target.Args{"it": db}
				}
				r, err := awssecret.NewRotator(ctx, "rotator", args)
				if err != nil {
					return err
				}
				c, err := awssecret.NewSecret(ctx, "it", &awssecret.SecretArgs{
					Store: store, Spec: specs[0], Rotator: r, Schedule: test.schedule, Window: test.window,
				})
				if err == nil && (c.Rotation != nil) != (test.want != nil) {
					err = fmt.Errorf("Rotation is %v", c.Rotation)
				}
				return err
			})
			if test.want == nil {
				if all := g.Of("aws:secretsmanager/secretRotation:SecretRotation"); len(all) > 0 {
					t.Errorf("there is %v", all)
				}
				return
			}
			rotation := get(t, g, "aws:secretsmanager/secretRotation:SecretRotation", "it")
			rules := map[string]any{}
			for key, v := range rotation.Inputs.Get("rotationRules").AsMap().All {
				if v.IsNumber() {
					rules[key] = v.AsNumber()
				} else {
					rules[key] = v.AsString()
				}
			}
			if diff := cmp.Diff(test.want, rules); diff != "" {
				t.Errorf("rules (-want +got):\n%s", diff)
			}
			if now := rotation.Inputs.Get("rotateImmediately").AsBool(); now != test.now {
				t.Errorf("rotated at once: %t, want %t", now, test.now)
			}
		})
	}
}

func TestConcurrency(t *testing.T) {
	many := make([]secret.Spec, 10_000)
	for i := range many {
		many[i] = secret.Spec{Name: fmt.Sprintf("key-%d", i), Rotation: &secret.Rotation{Every: month, Generated: generated}}
	}
	for _, test := range []struct{ secrets, args, want int }{
		{1, 0, 2}, {499, 0, 2}, {500, 0, 3}, {10_000, 0, 20}, {10_000, 50, 50}, {1, -1, -1},
	} {
		g := run(t, alone("rotator", awssecret.RotatorArgs{Secrets: many[:test.secrets], Bundle: code, Concurrency: test.args}))
		got := get(t, g, "aws:lambda/function:Function", "rotator").Inputs.Get("reservedConcurrentExecutions").AsNumber()
		if int(got) != test.want {
			t.Errorf("%d secrets, Concurrency %d: %g are reserved, want %d", test.secrets, test.args, got, test.want)
		}
	}
}

func TestLogRetention(t *testing.T) {
	for retention, want := range map[time.Duration]float64{0: 400, 365 * day: 365, 3653 * day: 3653} {
		g := run(t, alone("rotator", awssecret.RotatorArgs{Bundle: code, LogRetention: retention}))
		if got := get(t, g, "aws:cloudwatch/logGroup:LogGroup", "rotator").Inputs.Get("retentionInDays").AsNumber(); got != want {
			t.Errorf("LogRetention %s: %g days, want %g", retention, got, want)
		}
	}
}

// Two rotators of a store each rotate their own secrets, one of them in a VPC.
func TestTwoRotators(t *testing.T) {
	outside := secret.Spec{Name: "session-key", Rotation: &secret.Rotation{Every: month, Generated: generated}}
	inside := secret.Spec{Name: "orders-db", Rotation: &secret.Rotation{Every: month, Postgres: postgres}}
	admin := secret.Spec{Name: "admin"}
	g, _, err := up(func(ctx *pulumi.Context) error {
		store, err := awssecret.NewStore(ctx, "shop", &awssecret.StoreArgs{Prefix: "shop/"})
		if err != nil {
			return err
		}
		one, err := awssecret.NewRotator(ctx, "rotator", &awssecret.RotatorArgs{Store: store, Secrets: []secret.Spec{outside}, Bundle: code})
		if err != nil {
			return err
		}
		two, err := awssecret.NewRotator(ctx, "rotator-orders", &awssecret.RotatorArgs{
			Store: store, Secrets: []secret.Spec{inside, admin}, Bundle: code, Targets: map[string]target.Args{"orders-db": db},
			Network: &awssecret.Network{VPC: pulumi.String("vpc-1"), Subnets: pulumi.ToStringArray([]string{"subnet-1", "subnet-2"})},
		})
		if err != nil {
			return err
		}
		if one.SecurityGroup != nil || two.SecurityGroup == nil {
			return fmt.Errorf("the security groups are %v and %v", one.SecurityGroup, two.SecurityGroup)
		}
		for _, args := range []*awssecret.SecretArgs{
			{Store: store, Spec: outside, Rotator: one}, {Store: store, Spec: inside, Rotator: two}, {Store: store, Spec: admin, Rotator: two},
		} {
			if _, err := awssecret.NewSecret(ctx, args.Spec.Name, args); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	rotators := []string{"rotator", "rotator-orders"}
	for name, mine := range map[string]string{"session-key": "rotator", "orders-db": "rotator-orders", "admin": "rotator-orders"} {
		p := policiesOf(t, g, name)
		for _, rotator := range rotators {
			who := iam.Principal{ARN: strings.Replace(rotatorRole, "rotator", rotator, 1), Account: own, Policy: parse(t, rolePolicy(t, g, rotator))}
			for action, want := range map[string]bool{"read": rotator == mine, "put": rotator == mine && name != "admin"} {
				if got := p.can(who, action, true); got != want {
					t.Errorf("%s: %s can %s: %t, want %t", name, rotator, action, got, want)
				}
			}
		}
	}
	for name, function := range map[string]string{"session-key": "rotator", "orders-db": "rotator-orders"} {
		rotation := get(t, g, "aws:secretsmanager/secretRotation:SecretRotation", name)
		if got, want := rotation.Inputs.Get("rotationLambdaArn").AsString(), "arn:aws:lambda:eu-west-1:"+own+":function:"+function; got != want {
			t.Errorf("%s is rotated by %s, want %s", name, got, want)
		}
	}

	function, group := get(t, g, "aws:lambda/function:Function", "rotator-orders"), get(t, g, "aws:ec2/securityGroup:SecurityGroup", "rotator-orders")
	vpc := function.Inputs.Get("vpcConfig").AsMap()
	if n := vpc.Get("subnetIds").AsArray().Len(); n != 2 || vpc.Get("securityGroupIds").AsArray().Get(0).AsString() != group.Name { // its id, in this world
		t.Errorf("the function is in %v", vpc)
	}
	if !group.Inputs.Get("ingress").IsNull() || group.Inputs.Get("vpcId").AsString() != "vpc-1" {
		t.Error("the security group lets something in, or is elsewhere")
	}
	for _, r := range g.Of("aws:ec2/securityGroup:SecurityGroup") {
		if r.Name != "rotator-orders" {
			t.Errorf("there is %s", r)
		}
	}
}

// TestRolePolicy: a role writes its records. With a network, Lambda may use that for it, and its code may not.
func TestRolePolicy(t *testing.T) {
	network := &awssecret.Network{VPC: pulumi.String("vpc-1"), Subnets: pulumi.ToStringArray([]string{"subnet-1"})}
	for name, test := range map[string]struct {
		network    *awssecret.Network
		statements int
	}{"without a network": {nil, 1}, "with a network": {network, 3}} {
		t.Run(name, func(t *testing.T) {
			g, _, err := up(alone("rotator", awssecret.RotatorArgs{Bundle: code, Network: test.network}))
			if err != nil {
				t.Fatal(err)
			}
			d := parse(t, rolePolicy(t, g, "rotator"))
			if len(d.Statement) != test.statements {
				t.Errorf("there are %d statements, want %d", len(d.Statement), test.statements)
			}
			for _, s := range d.Statement {
				if s.Sid == "LambdaConnectsNetwork" {
					continue // its code does not: see the questions
				}
				for _, r := range s.Resource {
					if s.Effect == "Allow" && !strings.HasSuffix(r, ":log-group:/secretstack/shop/rotator:*") {
						t.Errorf("%s is allowed for %s", s.Action, r)
					}
				}
			}
			nobodys := iam.Document{Version: "2012-10-17"}
			can := func(action, resource, function string) bool {
				context := map[string]string{}
				if function != "" {
					context["lambda:SourceFunctionArn"] = "arn:aws:lambda:eu-west-1:" + own + ":function:" + function
				}
				return nobodys.Allows(own, iam.Request{Principal: iam.Principal{ARN: rotatorRole, Account: own, Policy: d}, Action: action, Resource: resource, Context: context})
			}
			group := "arn:aws:logs:eu-west-1:" + own + ":log-group:/secretstack/shop/"
			for _, q := range []struct {
				action, resource, function string
				want                       bool
			}{
				{"logs:PutLogEvents", group + "rotator:log-stream:1", "rotator", true},
				{"logs:CreateLogStream", group + "rotator:log-stream:1", "rotator", true},
				{"logs:PutLogEvents", group + "rotator2:log-stream:1", "rotator", false},
				{"logs:CreateLogGroup", group + "rotator:", "rotator", false},
				{"secretsmanager:GetSecretValue", secretARN, "rotator", false},
				{"kms:Decrypt", keyARN, "rotator", false},
				{"ec2:CreateNetworkInterface", "*", "", test.network != nil}, // by Lambda itself
				{"ec2:CreateNetworkInterface", "*", "rotator", false},
				{"ec2:DescribeSubnets", "*", "rotator", false},
				{"ec2:RunInstances", "*", "", false},
			} {
				if got := can(q.action, q.resource, q.function); got != q.want {
					t.Errorf("%s on %s by %q: %t, want %t", q.action, q.resource, q.function, got, q.want)
				}
			}
		})
	}
}

func TestWrongRotatorArgs(t *testing.T) {
	rotated := func(name string, r secret.Rotation) secret.Spec { return secret.Spec{Name: name, Rotation: &r} }
	for name, test := range map[string]struct {
		name string
		args awssecret.RotatorArgs
		want []string
	}{
		"all at once": {
			"the rotator " + strings.Repeat("r", 60),
			awssecret.RotatorArgs{
				Secrets: []secret.Spec{
					rotated("often", secret.Rotation{Every: secret.Every(time.Hour), Generated: generated}),
					rotated("orders-db", secret.Rotation{Every: month, Postgres: postgres}),
					rotated("nothing", secret.Rotation{Every: month}),
				},
				Targets:      map[string]target.Args{"order-db": db},
				Network:      &awssecret.Network{VPC: pulumi.String("vpc-1")},
				Concurrency:  -2,
				LogRetention: 90 * day,
			},
			[]string{
				"the name has a character outside letters, digits, - and _", "the name has 72 characters; the names of all that is made from it allow 58",
				"LogRetention must be one of [365 400", "Concurrency must be -1", "Network needs VPC and Subnets",
				"Secrets[often].Rotation.every: must be 4h to 999d on aws, or manual, not 1h", "Targets: has none for orders-db",
				"Secrets[nothing].Rotation: does not say how", "Targets[order-db]: is for no secret that is rotated here",
			},
		},
		"retention that is not whole days": {"rotator", awssecret.RotatorArgs{LogRetention: 365*day + time.Hour}, []string{"LogRetention must be one of"}},
	} {
		t.Run(name, func(t *testing.T) {
			test.args.Bundle = code
			_, made, err := up(alone(test.name, test.args))
			ofRotator := slices.DeleteFunc(made, func(r string) bool { return strings.HasPrefix(r, "aws:kms/") })
			expect(t, ofRotator, err, append(test.want, "the AWS rotator", "cannot be made"))
		})
	}
	t.Run("no store", func(t *testing.T) {
		_, made, err := up(func(ctx *pulumi.Context) error {
			_, err := awssecret.NewRotator(ctx, "rotator", nil)
			return err
		})
		expect(t, made, err, []string{"Store is missing"})
	})
}

func TestWrongRotationOfSecret(t *testing.T) {
	rotation := &secret.Rotation{Every: month, Generated: generated}
	manual := &secret.Rotation{Every: secret.Manual, Generated: generated}
	for name, test := range map[string]struct {
		args awssecret.SecretArgs // its Rotator: nil: none; otherwise, which one
		with string               // the rotator: own, of another store, or none
		want []string
	}{
		"no rotator":           {awssecret.SecretArgs{Spec: secret.Spec{Name: "it", Rotation: rotation}}, "", []string{"Rotator: is missing; Spec.Rotation asks for a rotation"}},
		"of another store":     {awssecret.SecretArgs{Spec: secret.Spec{Name: "it", Rotation: rotation}}, "other", []string{"Rotator: is of another store"}},
		"not among its own":    {awssecret.SecretArgs{Spec: secret.Spec{Name: "it2", Rotation: rotation}}, "own", []string{"Rotator: does not have this Spec among its Secrets"}},
		"with another period":  {awssecret.SecretArgs{Spec: secret.Spec{Name: "it", Rotation: &secret.Rotation{Every: 2 * month, Generated: generated}}}, "own", []string{"Rotator: does not have this Spec among its Secrets"}},
		"read by no rotation":  {awssecret.SecretArgs{Spec: secret.Spec{Name: "admin"}}, "own", []string{"none of them reads it"}},
		"schedule of a person": {awssecret.SecretArgs{Spec: secret.Spec{Name: "by-hand", Rotation: manual}, Schedule: "rate(10 days)"}, "own", []string{"Schedule is for a secret with Spec.Rotation that is not manual"}},
		"schedule of nothing":  {awssecret.SecretArgs{Spec: secret.Spec{Name: "admin"}, Schedule: "rate(10 days)"}, "", []string{"Schedule is for a secret with Spec.Rotation that is not manual"}},
		"window of nothing":    {awssecret.SecretArgs{Spec: secret.Spec{Name: "it", Rotation: rotation}, Window: time.Hour}, "own", []string{"Window is for a secret with a Schedule"}},
		"all at once": {
			awssecret.SecretArgs{Spec: secret.Spec{Name: "db-secret", Readers: []string{"nobody"}, Rotation: rotation}, Schedule: "rate(1 hour)"},
			"other",
			[]string{"Spec.Name", "Readers: has no identity for nobody", "Rotator: is of another store", "Schedule: a rate must be from 4 hours"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, made, err := up(func(ctx *pulumi.Context) error {
				rotators := map[string]*awssecret.Rotator{"": nil}
				for _, name := range []string{"own", "other"} {
					store, err := awssecret.NewStore(ctx, name, nil)
					if err != nil {
						return err
					}
					specs := []secret.Spec{{Name: "it", Rotation: rotation}, {Name: "by-hand", Rotation: manual}, {Name: "admin"}}
					if rotators[name], err = awssecret.NewRotator(ctx, name+"-rotator", &awssecret.RotatorArgs{Store: store, Secrets: specs, Bundle: code}); err != nil {
						return err
					}
					if name == "own" {
						test.args.Store = store
					}
				}
				test.args.Rotator = rotators[test.with]
				_, err := awssecret.NewSecret(ctx, "it", &test.args)
				return err
			})
			ofSecret := slices.DeleteFunc(made, func(r string) bool { return !strings.HasPrefix(r, "aws:secretsmanager/") })
			expect(t, ofSecret, err, append(test.want, `the AWS secret "it" cannot be made`))
		})
	}
}

// The rotator counts among those that must fit in a secret's policy: what is accepted, AWS accepts.
func TestPolicySizeWithRotator(t *testing.T) {
	spec := secret.Spec{Name: "busy", Rotation: &secret.Rotation{Every: month, Generated: generated}}
	identities := map[string]pulumi.StringInput{}
	with := func(rotated bool) int {
		s := spec
		if !rotated {
			s.Rotation = nil
		}
		for {
			name := fmt.Sprintf("reader-%03d", len(s.Readers))
			identities[name] = pulumi.String("arn:aws:iam::" + own + ":role/" + name)
			s.Readers = append(s.Readers, name)
			if len(s.Readers) < 200 { // these fit
				continue
			}
			g, _, err := up(func(ctx *pulumi.Context) error {
				store, err := awssecret.NewStore(ctx, "shop", nil)
				if err != nil {
					return err
				}
				args := &awssecret.SecretArgs{Store: store, Spec: s, Readers: identities}
				if rotated {
					if args.Rotator, err = awssecret.NewRotator(ctx, "rotator", &awssecret.RotatorArgs{Store: store, Secrets: []secret.Spec{s}, Bundle: code}); err != nil {
						return err
					}
				}
				_, err = awssecret.NewSecret(ctx, "busy", args)
				return err
			})
			if err != nil {
				if !strings.Contains(err.Error(), "and AWS allows 20480") {
					t.Fatal(err)
				}
				return len(s.Readers) - 1
			}
			if n := len(secretPolicy(t, g, "busy")); n > 20480 {
				t.Fatalf("a policy of %d characters is accepted", n)
			}
		}
	}
	without, rotated := with(false), with(true)
	if rotated >= without || rotated < without-10 {
		t.Errorf("%d readers beside a rotator, %d without one", rotated, without)
	}
	t.Logf("readers with names of 10 characters: %d, and %d beside a rotator", without, rotated)
}

// With the longest names, everything that AWS limits still fits.
func TestLongNames(t *testing.T) {
	prefix, name := strings.Repeat("p", 249)+"/", strings.Repeat("r", 58)
	spec := secret.Spec{Name: "key", Rotation: &secret.Rotation{Every: month, Generated: generated}}
	g, _, err := up(func(ctx *pulumi.Context) error {
		store, err := awssecret.NewStore(ctx, "shop's * "+strings.Repeat("s", 191), &awssecret.StoreArgs{Prefix: prefix})
		if err != nil {
			return err
		}
		r, err := awssecret.NewRotator(ctx, name, &awssecret.RotatorArgs{
			Store: store, Secrets: []secret.Spec{spec}, Bundle: code,
			Network: &awssecret.Network{VPC: pulumi.String("vpc-1"), Subnets: pulumi.ToStringArray([]string{"subnet-1"})},
		})
		if err != nil {
			return err
		}
		_, err = awssecret.NewSecret(ctx, "key", &awssecret.SecretArgs{Store: store, Spec: spec, Rotator: r})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		typ, name, input, chars string
		most                    int
	}{
		{"aws:lambda/function:Function", name, "name", "-_", 64},
		{"aws:lambda/function:Function", name, "description", " -", 256},
		{"aws:lambda/layerVersion:LayerVersion", name, "layerName", "-_", 140},
		{"aws:iam/role:Role", name, "name", "+=,.@-_", 64},
		{"aws:iam/role:Role", name, "description", " -;'", 1000},
		{"aws:cloudwatch/eventRule:EventRule", name + "-sweep", "name", ".-_", 64},
		{"aws:cloudwatch/logGroup:LogGroup", name, "name", ".-_/#", 512},
		{"aws:ec2/securityGroup:SecurityGroup", name, "description", " -", 255},
		{"aws:secretsmanager/secret:Secret", "key", "name", "/_+=.@-", 512},
	} {
		got := get(t, g, test.typ, test.name).Inputs.Get(test.input).AsString()
		if len(got) == 0 || len(got) > test.most {
			t.Errorf("%s of %s has %d characters of %d", test.input, test.typ, len(got), test.most)
		}
		for _, c := range got {
			if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && !strings.ContainsRune(test.chars, c) {
				t.Errorf("%s of %s has a %q", test.input, test.typ, c)
			}
		}
	}
	if got, _ := jobs(t, g, name); got[prefix+"key"].ID != prefix+"key" {
		t.Errorf("the jobs are %v", got)
	}
	use := get(t, g, "aws:kms/key:Key", "shop's * "+strings.Repeat("s", 191)).Inputs.Get("policy").AsString()
	if !strings.Contains(use, get(t, g, "aws:cloudwatch/logGroup:LogGroup", name).Inputs.Get("name").AsString()[:200]) || strings.Contains(use, "/secretstack/shop's") {
		t.Error("the key is for other log groups")
	}
}

// Without a Bundle, the function's code is built in the folder of the program.
func TestBundle(t *testing.T) {
	root := t.TempDir()
	build := func() (*plan.Graph, error) {
		return plan.Run(t.Context(), alone("rotator", awssecret.RotatorArgs{}), plan.Options{Config: config, Root: root})
	}
	if _, err := build(); err == nil || !strings.Contains(err.Error(), "pass a prebuilt bundle") {
		t.Errorf("without a Go module there: %v", err)
	}
	module := "module example.com/shop\n\ngo 1.26.0\n\nrequire github.com/secretstack/secretstack v0.0.0\n\n" +
		"replace github.com/secretstack/secretstack => " + needs.Root(t) + "\n"
	if err := os.WriteFile(filepath.Join(root, "go.mod"), []byte(module), 0o600); err != nil {
		t.Fatal(err)
	}
	g, err := build()
	if err != nil {
		t.Fatal(err)
	}
	path, _ := get(t, g, "aws:lambda/function:Function", "rotator").Inputs.Get("code").AsArchive().GetPath()
	if want := filepath.Join(root, ".secretstack", "rotate-lambda.zip"); path != want {
		t.Errorf("the code is %s, want %s", path, want)
	}
	if err := bundle.Check(path); err != nil {
		t.Error(err)
	}
}
