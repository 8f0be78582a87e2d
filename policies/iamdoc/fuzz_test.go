package iamdoc

import (
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/property"

	"github.com/secretstack/secretstack/policies/policy"
)

// FuzzRead checks that no text makes reading or the analysis panic, and that what it says does not depend on the order
// of statements.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		"", "{}", "[]", "null", `"*"`, `{"Statement": []}`, `{"Statement": "*"}`, `{"Statement": [{}]}`,
		`{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}}`,
		`{"Statement": [{"Effect": "Allow", "NotPrincipal": {"AWS": [1, null, {"x": []}]}, "NotAction": ["a:*", "?"], "NotResource": {}}]}`,
		`{"Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::*:root"}, "Condition": {"ForAllValues:StringLikeIfExists": {"aws:SourceArn": ["*", 1]}, "Null": {"aws:SourceArn": false}}},
			{"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*", "Condition": {"NotIpAddress": {"aws:SourceIp": ["::/0", "10.0.0.0/8"]}}}]}`,
		`{"Statement": [{"Effect": "Allow", "Action": "` + strings.Repeat("*a", 2000) + `"}]}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 20_000 { // the largest policy of AWS has 20,480 characters
			return
		}
		r := policy.Resource{Inputs: property.NewMap(map[string]property.Value{"policy": property.New(text)})}
		d, err := Read(r.Get("policy"))
		if err != nil {
			return
		}
		for _, s := range d.Statements {
			for _, action := range []string{"secretsmanager:GetSecretValue", "iam:PassRole", ""} {
				s.About(action)
			}
			s.On("arn:aws:secretsmanager:eu-west-1:111122223333:secret:shop-a1b2c3")
			for _, v := range s.Actions {
				HasScope(v.Text())
				LevelOf(v.Text())
			}
			for _, v := range s.Resources {
				Boundless(v.Text())
				AllOf(v.Text(), "kms", "key/")
			}
			for _, p := range s.Principals {
				_, _, _ = p.Class(), p.Account(), p.ServiceName()
			}
		}
		open := len(d.Public())
		if open > len(d.Statements) {
			t.Errorf("%d openings in %d statements", open, len(d.Statements))
		}
		d.Statements = slices.Clone(d.Statements)
		slices.Reverse(d.Statements)
		if again := len(d.Public()); again != open {
			t.Errorf("%d openings, %d in the other order", open, again)
		}
	})
}
