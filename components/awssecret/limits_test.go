package awssecret_test

import (
	"strings"
	"testing"

	"github.com/secretstack/secretstack/components/awssecret"
)

func TestSecretName(t *testing.T) {
	for _, test := range []struct{ prefix, name, want, err string }{
		{"", "stripe-api-key", "stripe-api-key", ""},
		{"shop/dev/", "orders/db_url", "shop/dev/orders/db_url", ""},
		{"shop-", "orders", "", "a hyphen and six letters or digits"},
		{"", "db-secret", "", "a hyphen and six letters or digits"},
		{"", "db-secrets", "db-secrets", ""},
		{"", "my-db-url", "my-db-url", ""},
		{"shop:", "key", "", "outside letters"},
		{strings.Repeat("a", 509), "key", strings.Repeat("a", 509) + "key", ""},
		{strings.Repeat("a", 510), "key", "", "513 characters"},
	} {
		got, err := awssecret.Limits.SecretName(test.prefix, test.name)
		if got != test.want || (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
			t.Errorf("%s%s is %q, %v; want %q, %q", test.prefix, test.name, got, err, test.want, test.err)
		}
	}
}

func TestCheckIdentity(t *testing.T) {
	for arn, want := range map[string]string{
		"arn:aws:iam::111111111111:role/checkout":            "",
		"arn:aws:iam::111111111111:role/apps/eu/checkout@v1": "",
		"arn:aws:iam::111111111111:user/ci":                  "",
		"arn:aws-cn:iam::111111111111:role/checkout":         "",
		"arn:aws-us-gov:iam::111111111111:role/checkout":     "",

		"arn:aws:sts::111111111111:assumed-role/checkout/i-0": "one session of a role",
		"arn:aws:iam::111111111111:root":                      "a whole account",
		"arn:aws:iam::111111111111:role/*":                    "a wildcard",
		"arn:aws:iam::111111111111:role/${aws:username}":      "a wildcard or a variable",
		"*":                                            "a wildcard",
		"arn:aws:iam::111111111111:group/ops":          "a group",
		"arn:aws:iam::1111:role/checkout":              "not the ARN",
		"arn:aws:iam::111111111111:role/":              "not the ARN",
		"arn:aws:iam::111111111111:role/x\nother":      "not the ARN",
		"arn:aws:iam::111111111111:instance-profile/x": "not the ARN",

		"checkout": "not the ARN",
		"":         "not the ARN",
	} {
		err := awssecret.Limits.CheckIdentity(arn)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v; want %q", arn, err, want)
		}
	}
}
