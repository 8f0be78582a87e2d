package anyrules_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/property"

	"github.com/secretstack/secretstack/policies/anyrules"
	"github.com/secretstack/secretstack/policies/policy"
)

// BenchmarkInputs asks the rules that look at every property, of 30,000 resources with 15 texts each, as functions have them.
func BenchmarkInputs(b *testing.B) {
	text := func(format string, args ...any) property.Value { return property.New(fmt.Sprintf(format, args...)) }
	resources := make([]*policy.Resource, 30_000)
	for i := range resources {
		document, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{
			"Sid": "ReadSecret", "Effect": "Allow", "Action": []string{"secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"},
			"Resource": fmt.Sprintf("arn:aws:secretsmanager:eu-west-1:111122223333:secret:shop/service-%05d/db-password-??????", i),
		}}})
		if err != nil {
			b.Fatal(err)
		}
		resources[i] = &policy.Resource{
			URN: fmt.Sprintf("urn:pulumi:test::shop::aws:example:Function::f%05d", i), Type: "aws:example:Function",
			Inputs: property.NewMap(map[string]property.Value{
				"architecture":   text("arm64"),
				"description":    text("Rotates the password of service %05d each 30 days", i),
				"handler":        text("bootstrap"),
				"imageUri":       text("111122223333.dkr.ecr.eu-west-1.amazonaws.com/service@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f%05d", i),
				"kmsKeyArn":      text("arn:aws:kms:eu-west-1:111122223333:key/3f2504e0-4f89-41d3-9a0c-0305e82%05d", i),
				"name":           text("shop-service-%05d", i),
				"policy":         property.New(string(document)),
				"role":           text("arn:aws:iam::111122223333:role/shop/service-%05d", i),
				"runtime":        text("provided.al2023"),
				"secretArn":      text("arn:aws:secretsmanager:eu-west-1:111122223333:secret:shop/service-%05d/db-password-a1B2c3", i),
				"sourceCodeHash": text("n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFb%05d=", i),
				"tags": property.New(map[string]property.Value{
					"owner": text("payments"), "service": text("service-%05d", i),
				}),
				"variables": property.New(map[string]property.Value{
					"LOG_LEVEL": text("info"), "DB_SECRET": text("shop/service-%05d/db-password", i),
				}),
			}),
		}
	}
	for _, rule := range anyrules.All {
		if len(rule.Types) > 0 {
			continue
		}
		b.Run(rule.Name, func(b *testing.B) {
			for b.Loop() {
				checker := policy.NewChecker([]policy.Chosen{{Rule: rule, Level: policy.Mandatory}}, time.Now())
				for _, r := range resources {
					if findings := checker.Look(r); findings != nil {
						b.Fatal(findings)
					}
				}
			}
		})
	}
}
