package awsalert_test

import (
	"net/netip"

	"github.com/secretstack/secretstack/alert"
	"github.com/secretstack/secretstack/alert/awsalert"
)

const (
	checkout = "arn:aws:iam::444455556666:role/shop/checkout"
	reports  = "arn:aws:iam::777788889999:role/reports" // in the account of the data platform
	rotator  = "arn:aws:iam::444455556666:role/shop-prod-rotator"
	deployer = "arn:aws:iam::444455556666:role/deploy"
)

// store is the sample stack prod, with networks.
func store() *awsalert.Store {
	const arn = "arn:aws:secretsmanager:eu-west-1:444455556666:secret:shop/prod/"
	s := &awsalert.Store{
		Watch: alert.Watch{
			Secrets: []alert.Secret{
				{Name: "orders-db", Readers: []string{checkout, reports, rotator}},
				{Name: "orders-db-admin", Readers: []string{rotator}},
				{Name: "session-signing-key", Readers: []string{checkout, rotator}},
				{Name: "stripe-api-key", Readers: []string{checkout}, Burst: 200},
				{Name: "warehouse/api-token", Readers: []string{reports, rotator}},
				{Name: "warehouse/rotation-key", Readers: []string{rotator}},
			},
			Rotators:  []string{rotator},
			Deployers: []string{deployer},
			Networks:  []netip.Prefix{netip.MustParsePrefix("10.20.0.0/16"), netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("2001:db8:20::/48")},
		},
		Region: "eu-west-1", Account: "444455556666", Replicas: []string{"eu-central-1"}, Prefix: "shop/prod/",
		ARNs: map[string]string{
			"orders-db": arn + "orders-db-Hq3xT8", "orders-db-admin": arn + "orders-db-admin-m2Kd9V",
			"session-signing-key": arn + "session-signing-key-Zr7LwP", "stripe-api-key": arn + "stripe-api-key-u5YbNc",
			"warehouse/api-token": arn + "warehouse/api-token-E1sGjR", "warehouse/rotation-key": arn + "warehouse/rotation-key-o8FvQa",
		},
		Keys: []string{
			"arn:aws:kms:eu-west-1:444455556666:key/1b2c3d4e-5f60-4718-9203-a4b5c6d7e8f9",
			"arn:aws:kms:eu-central-1:444455556666:key/9f8e7d6c-5b4a-4392-8170-6f5e4d3c2b1a",
		},
		Trail: "arn:aws:cloudtrail:eu-west-1:444455556666:trail/shop-prod", Alerts: "shop-prod-alerts",
		Bucket: "shop-prod-trail-444455556666", LogGroups: []string{"/secretstack/shop-prod/trail", "/secretstack/shop-prod/shop-prod-rotator"},
	}
	s.Index()
	return s
}
