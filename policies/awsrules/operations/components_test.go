package operations_test

import (
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/components/awssecret"
	"github.com/secretstack/secretstack/components/notify"
	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/internal/plan"
	"github.com/secretstack/secretstack/policies/awsrules/operations"
	"github.com/secretstack/secretstack/policies/planned"
	"github.com/secretstack/secretstack/policies/policy"
)

const own = "111122223333"

// shop is a store with secrets, a rotator and alerts of the components.
func shop(ctx *pulumi.Context) error {
	store, err := awssecret.NewStore(ctx, "shop", &awssecret.StoreArgs{Prefix: "shop/"})
	if err != nil {
		return err
	}
	rotated := secret.Spec{Name: "session-key", Readers: []string{"checkout"}, Rotation: &secret.Rotation{
		Every: secret.Every(30 * 24 * time.Hour), Generated: &secret.Generated{},
	}}
	specs := []secret.Spec{rotated, {Name: "stripe-api-key", Readers: []string{"checkout"}}}
	rotator, err := awssecret.NewRotator(ctx, "rotator", &awssecret.RotatorArgs{
		Store: store, Secrets: specs, Bundle: pulumi.NewFileArchive("rotator.zip"),
	})
	if err != nil {
		return err
	}
	var secrets []*awssecret.Secret
	for _, spec := range specs {
		args := &awssecret.SecretArgs{Store: store, Spec: spec, Readers: map[string]pulumi.StringInput{
			"checkout": pulumi.String("arn:aws:iam::" + own + ":role/checkout"),
		}}
		if spec.Rotation != nil {
			args.Rotator = rotator
		}
		one, err := awssecret.NewSecret(ctx, spec.Name, args)
		if err != nil {
			return err
		}
		secrets = append(secrets, one)
	}
	_, err = awssecret.NewAlerts(ctx, "shop-alerts", &awssecret.AlertsArgs{
		Store: store, Secrets: secrets, Rotators: []*awssecret.Rotator{rotator}, Notify: notify.Args{Email: []string{"oncall@example.com"}},
	})
	return err
}

// made is what a cloud gives new resources.
func made(r plan.Resource) (string, property.Map) {
	outputs := map[string]property.Value{"arn": property.New("arn:aws:x:eu-west-1:" + own + ":" + r.Name)}
	id := r.Name
	switch r.Type {
	case "aws:kms/key:Key":
		outputs["arn"] = property.New("arn:aws:kms:eu-west-1:" + own + ":key/" + r.Name)
		outputs["keyId"] = property.New(r.Name)
	case "aws:secretsmanager/secret:Secret":
		id = "arn:aws:secretsmanager:eu-west-1:" + own + ":secret:shop/" + r.Name + "-AbCdEf"
		outputs["arn"] = property.New(id)
	case "aws:s3/bucketV2:BucketV2":
		outputs["bucket"] = property.New(r.Name + "-1a2b3c4")
	}
	return id, property.NewMap(outputs)
}

// TestComponents: what the components make passes the profile strict, before an update and after it, when all is known.
func TestComponents(t *testing.T) {
	for name, options := range map[string]plan.Options{"preview": {}, "update": {Create: made}} {
		t.Run(name, func(t *testing.T) {
			options.Config = map[string]string{"aws:region": "eu-west-1", "aws:allowedAccountIds": `["` + own + `"]`}
			graph, err := plan.Run(t.Context(), shop, options)
			if err != nil {
				t.Fatal(err)
			}
			var chosen []policy.Chosen
			for _, rule := range operations.All {
				if rule.Profile != policy.Hygiene {
					chosen = append(chosen, policy.Chosen{Rule: rule})
				}
			}
			checker := policy.NewChecker(chosen, time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC))
			var found []policy.Finding
			for r, err := range planned.Resources(graph) {
				if err != nil {
					t.Fatal(err)
				}
				if options.Create != nil { // the graph has the inputs only
					of, _ := graph.Get(r.URN)
					r.ID, r.Outputs = made(of)
				}
				found = append(found, checker.Look(r)...)
			}
			found = append(found, checker.Finish()...)
			if n := checker.Asked()["aws-secret-access-alarm"]; n != 2 {
				t.Errorf("the rules looked at %d secrets, want 2", n)
			}
			for _, f := range found {
				if f.Verdict != policy.Unknown || options.Create != nil {
					t.Errorf("%s %s %s %s: %s", f.Rule, f.Verdict, f.URN, f.Property, f.Message)
				}
			}
		})
	}
}
