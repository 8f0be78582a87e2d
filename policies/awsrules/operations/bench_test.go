package operations_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/property"

	"github.com/secretstack/secretstack/policies/awsrules/operations"
	"github.com/secretstack/secretstack/policies/policy"
)

// BenchmarkRules runs all rules over secrets with a key, a rotator and its role and log group each, and an event rule for
// four of them.
func BenchmarkRules(b *testing.B) {
	for _, n := range []int{100, 1_000, 5_000} {
		b.Run(fmt.Sprintf("secrets=%d", n), func(b *testing.B) {
			resources := many(n)
			var chosen []policy.Chosen
			for _, rule := range operations.All {
				chosen = append(chosen, policy.Chosen{Rule: rule})
			}
			b.ReportAllocs()
			for b.Loop() {
				checker := policy.NewChecker(chosen, time.Now())
				for _, r := range resources {
					checker.Look(r)
				}
				for _, f := range checker.Finish() {
					if f.Verdict == policy.Broken || f.Rule == "aws-secret-access-alarm" {
						b.Fatal(f)
					}
				}
			}
		})
	}
}

func many(n int) []*policy.Resource {
	var all []*policy.Resource
	add := func(typ, name string, inputs map[string]property.Value) {
		all = append(all, &policy.Resource{
			URN: "urn:pulumi:test::shop::" + typ + "::" + name, Type: typ, Name: name, ID: name,
			Inputs: property.NewMap(inputs), Outputs: property.NewMap(inputs),
		})
	}
	text := func(format string, args ...any) property.Value { return property.New(fmt.Sprintf(format, args...)) }
	object := property.New[map[string]property.Value]
	pattern := ""
	for i := range n {
		name := fmt.Sprintf("shop/service-%04d", i)
		arn := fmt.Sprintf("arn:aws:secretsmanager:eu-west-1:%s:secret:%s-AbCdEf", own, name)
		function := fmt.Sprintf("arn:aws:lambda:eu-west-1:%s:function:rotator-%04d", own, i)
		add("aws:secretsmanager/secret:Secret", name, map[string]property.Value{"name": text("%s", name), "arn": text("%s", arn)})
		add("aws:kms/key:Key", name, map[string]property.Value{"keyId": text("key-%d", i), "arn": text("arn:aws:kms:eu-west-1:%s:key/key-%d", own, i)})
		add("aws:iam/role:Role", name, map[string]property.Value{"name": text("rotator-%04d", i), "arn": text("arn:aws:iam::%s:role/rotator-%04d", own, i)})
		add("aws:lambda/function:Function", name, map[string]property.Value{
			"name": text("rotator-%04d", i), "arn": property.New(function), "role": text("arn:aws:iam::%s:role/rotator-%04d", own, i),
			"loggingConfig": object(map[string]property.Value{"logGroup": text("/rotator/%04d", i)}),
		})
		add("aws:cloudwatch/logGroup:LogGroup", name, map[string]property.Value{"name": text("/rotator/%04d", i), "retentionInDays": property.New(30.0)})
		add("aws:secretsmanager/secretRotation:SecretRotation", name, map[string]property.Value{"secretId": text("%s", arn), "rotationLambdaArn": property.New(function)})
		pattern += fmt.Sprintf(`,"%s",{"suffix":":secret:%s"},{"suffix":"%s"}`, name, name, arn[len(arn)-30:])
		if i%4 == 3 || i == n-1 {
			rule := fmt.Sprintf("rule-%d", i)
			add("aws:cloudwatch/eventRule:EventRule", rule, map[string]property.Value{
				"name": text("%s", rule), "state": text("ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"),
				"eventPattern": text(`{"source":["aws.secretsmanager"],"detail":{"eventName":["GetSecretValue"],"requestParameters":{"secretId":[%s]}}}`, pattern[1:]),
			})
			add("aws:cloudwatch/eventTarget:EventTarget", rule, map[string]property.Value{
				"rule": text("%s", rule), "arn": text("arn:aws:sns:eu-west-1:%s:alerts", own),
			})
			pattern = ""
		}
	}
	return all
}
