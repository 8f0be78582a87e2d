package plan_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/internal/plan"
)

// BenchmarkRun plans components of four children each, with the references and documents that real ones have.
func BenchmarkRun(b *testing.B) {
	for _, secrets := range []int{100, 1_000, 5_000} {
		b.Run(fmt.Sprintf("secrets=%d", secrets), func(b *testing.B) {
			b.ReportAllocs()
			var resources int
			for b.Loop() {
				graph, err := plan.Run(b.Context(), manySecrets(secrets), plan.Options{})
				if err != nil {
					b.Fatal(err)
				}
				resources = len(graph.Resources)
			}
			if want := 1 + 5*secrets; resources != want {
				b.Fatalf("the graph has %d resources, want %d", resources, want)
			}
			b.ReportMetric(float64(resources*b.N)/b.Elapsed().Seconds(), "resources/s")
		})
	}
}

func manySecrets(n int) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		key, err := custom(ctx, "test:index:Key", "key", pulumi.Map{"description": pulumi.String("shared")})
		if err != nil {
			return err
		}
		arns := pulumi.StringMap{}
		for i := range n {
			name := fmt.Sprintf("secret-%d", i)
			c := &pulumi.ResourceState{}
			if err := ctx.RegisterComponentResource("test:index:Secret", name, c); err != nil {
				return err
			}
			secret, err := custom(ctx, "test:index:Container", name, pulumi.Map{
				"name": pulumi.String(name), "keyId": key.Arn, "tags": pulumi.StringMap{"env": pulumi.String("dev")},
			}, pulumi.Parent(c))
			if err != nil {
				return err
			}
			arns[name] = secret.Arn
			for _, child := range []string{"Policy", "Grant", "Alarm"} {
				document := pulumi.All(secret.Arn, key.Arn).ApplyT(func(arns []any) (string, error) {
					b, err := json.Marshal(map[string]any{"Resource": arns, "Action": []string{"read", "describe"}})
					return string(b), err
				}).(pulumi.StringOutput)
				if _, err := custom(ctx, "test:index:"+child, name, pulumi.Map{
					"target": secret.Arn, "policy": document,
				}, pulumi.Parent(c)); err != nil {
					return err
				}
			}
		}
		ctx.Export("secrets", arns)
		return nil
	}
}
