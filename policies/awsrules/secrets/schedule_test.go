package secrets

import (
	"strings"
	"testing"
)

func TestLongestGap(t *testing.T) {
	for expression, want := range map[string]int{
		"rate(4 hours)":                 1,
		"rate(25 hours)":                2,
		"rate(1 day)":                   1,
		"rate(10 days)":                 10,
		"cron(0 /8 * * ? *)":            1,
		"cron(0 8/8 * * ? *)":           1,
		"cron(0 2/10 * * ? *)":          1,
		"cron(0 10 * * ? *)":            1,
		"cron(0 18 ? * SAT *)":          7,
		"cron(0 8 ? * MON-FRI *)":       3,
		"cron(0 8 ? * 2-6 *)":           3,
		"cron(0 8 ? * 1/2 *)":           2, // Sunday, Tuesday, Thursday, Saturday
		"cron(0 8 ? * L *)":             7,
		"cron(0 8 1 * ? *)":             31,
		"cron(0 17 L * ? *)":            31,
		"cron(0 17 31 * ? *)":           61, // from August to October
		"cron(0 16 1,15 * ? *)":         17, // from the 15th to the 1st
		"cron(0 16 */10 * ? *)":         10,
		"cron(0 0 ? * SUN#1 *)":         35,
		"cron(0 0 ? * SUN#5 *)":         119,
		"cron(0 0 ? * FRIL *)":          35,
		"cron(0 0 SUNL * ? *)":          35,
		"cron(0 1 ? 1/3 SUN#1 *)":       98,
		"cron(0 0 1 JAN,APR,7,OCT ? *)": 92,
		"cron(0 0 1 1-3 ? *)":           306, // from March to January
		"cron(0 0 ? 1/11 2#1 *)":        336,
		"cron(0 0 1 1 ? *)":             366,
		"cron(0 0 29 2 ? *)":            1461,
		"cron(0 0 ? 2 6#5 *)":           10227, // on a Friday, the 29th of February: each 28 years at best
		"cron(0 0 30 2 ? *)":            10227,
		"cron(0 0 ? * mon *)":           7,
	} {
		if got, err := longestGap(expression); err != nil || got != want {
			t.Errorf("%s: %d days, %v; want %d", expression, got, err, want)
		}
	}
}

func TestNoSchedule(t *testing.T) {
	for expression, want := range map[string]string{
		"30 days":                    "neither rate",
		"rate(0 days)":               "neither rate",
		"rate(2 weeks)":              "neither rate",
		"rate(99999999 days)":        "neither rate",
		"cron(0 3 * * ?)":            "six fields",
		"cron(0 3 1 * ? 2027)":       "year",
		"cron(0 24 1 * ? *)":         `"24" must be from 0 to 23`,
		"cron(0 3 0 * ? *)":          `"0" must be from 1 to 31`,
		"cron(0 3 20-10 * ? *)":      `"20-10" must be`,
		"cron(0 3 1W * ? *)":         `"1W" is no part`,
		"cron(0 3 ? * MOON *)":       "is no part",
		"cron(0 3 ? * 2#6 *)":        `"2#6" is no part`,
		"cron(0 3 1,,15 * ? *)":      `"" is no part`,
		"cron(0 3 1/0 * ? *)":        `"1/0" is no part`,
		"cron(0 3 1 * ? *) or never": "neither rate",
	} {
		if _, err := longestGap(expression); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %q", expression, err, want)
		}
	}
}

func BenchmarkLongestGap(b *testing.B) {
	for b.Loop() {
		if _, err := longestGap("cron(0 1 ? 1/3 SUN#1 *)"); err != nil {
			b.Fatal(err)
		}
	}
}
