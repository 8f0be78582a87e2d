package strict

import "testing"

func TestLooksLikeCredential(t *testing.T) {
	// The credentials are put together here, so that no scanner takes this file for a leak.
	for _, text := range []string{
		"sk_" + "live_4eC39HqLyjWDarjtT1zdp7dc",
		"AKIA" + "IOSFODNN7EXAMPLE",
		"ghp" + "_16C7e42F292c6912E7710c838347Ae178B4a",
		"xoxb" + "-17653672481-19874698323-pdFZKVeTuE8sk7oOcHrzqqgy",
		"AIza" + "SyDdI0hCZtE6vySjMm-WEfRq3CPzqKqqsHI",
		"-----BEGIN RSA " + "PRIVATE KEY-----",
		"AGE-SECRET-" + "KEY-1QQQQQQQQQQQQQQQQQQQQQQQQ",
		"eyJhbGciOiJIUzI1NiJ9" + ".eyJzdWIiOiIxMjM0NTY3ODkwIn0.abc",
		"postgres://shop:" + "hunter2@db/orders",
		"the key is 4eC39HqLyj" + "WDarjtT1zdp7dc",
		"9f86d081884c7d659a2f" + "eaa0c55ad015a3bf4f1b",
	} {
		if !LooksLikeCredential(text) {
			t.Errorf("%q passes", text)
		}
	}
	for _, text := range []string{
		"", "checkout", "STRIPE_API_KEY", "Charges cards at checkout", "30d",
		"arn:aws:iam::111122223333:role/shop/checkout",
		"serviceAccount:checkout@shop-prod.iam.gserviceaccount.com",
		"3f2504e0-4f89-41d3-9a0c-0305e82c3301",
		"age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p",
		"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsKLqeplhpW+uObz5dvMgjz1OxfM/XXUB+VHtZ6isGN checkout@laptop",
		"PaymentsServiceApiKeyV2", "rg-Shop-Prod-WestEurope-01", "see runbooks/PaymentsV2/KeyRotationGuide",
		"https://docs.example.com/runbooks/rotate", "a-very-long-name-of-a-secret-in-the-shop-2",
		"principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/subject/ns/shop/sa/checkout",
	} {
		if LooksLikeCredential(text) {
			t.Errorf("%q is refused", text)
		}
	}
}
