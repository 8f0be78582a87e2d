package awssecret_test

import (
	"strings"
	"testing"
	"time"

	"github.com/secretstack/secretstack/components/awssecret"
)

func TestCheckSchedule(t *testing.T) {
	for _, c := range []struct {
		expression string
		window     time.Duration
		want       string // of the error; empty: none
	}{
		// The examples of the documentation.
		{"rate(4 hours)", 0, ""},
		{"rate(1 day)", 0, ""},
		{"rate(10 days)", 0, ""},
		{"cron(0 /8 * * ? *)", 0, ""},
		{"cron(0 4/12 * * ? *)", 0, ""},
		{"cron(0 10 * * ? *)", 0, ""},
		{"cron(0 18 ? * SAT *)", 0, ""},
		{"cron(0 8 1 * ? *)", 0, ""},
		{"cron(0 1 1 1/3 ? *)", 0, ""},
		{"cron(0 17 L * ? *)", 0, ""},
		{"cron(0 8 ? * 2-6 *)", 0, ""},
		{"cron(0 16 1,15 * ? *)", 0, ""},
		{"cron(0 0 ? * SUN#1 *)", 0, ""},
		{"cron(0 10 ? FEB,MAY,AUG,NOV TUE#2 *)", 0, ""},
		{"cron(0 3 ? * L *)", 0, ""},

		{"rate(999 days)", 24 * time.Hour, ""},
		{"rate(4 hours)", 4 * time.Hour, ""},
		{"cron(0 21 * * ? *)", 3 * time.Hour, ""},
		{"cron(0 2/10 * * ? *)", 2 * time.Hour, ""},

		{"rate(3 hours)", 0, "from 4 hours"},
		{"rate(1000 days)", 0, "to 999 days"},
		{"rate(23977 hours)", 0, "to 999 days"},
		{"rate(999999999 days)", 0, "to 999 days"},
		{"rate(4 hours)", 5 * time.Hour, "reaches into the next one"},
		{"rate(240 minutes)", 0, "must be rate(N hours)"},
		{"rate(0 days)", 0, "must be rate(N hours)"},
		{"30 days", 0, "must be rate(N hours)"},
		{"", 0, "must be rate(N hours)"},

		{"cron(0 3 * * ?)", 0, "six fields"},
		{"cron(30 3 * * ? *)", 0, "minutes must be 0"},
		{"cron(0 3 * * ? 2030)", 0, "year must be *"},
		{"cron(0 3 * * * *)", 0, "must be ?"},
		{"cron(0 3 ? * ? *)", 0, "must be ?"},
		{"cron(0 * * * ? *)", 0, "hours must be one"},
		{"cron(0 8,20 * * ? *)", 0, "hours must be one"},
		{"cron(0 24 * * ? *)", 0, "hours must be from 0 to 23"},
		{"cron(0 99/4 * * ? *)", 0, "hours must be from 0 to 23"},
		{"cron(0 /3 * * ? *)", 0, "each 4 hours"},
		{"cron(0 3 0 * ? *)", 0, "day of month"},
		{"cron(0 3 1-32 * ? *)", 0, "day of month"},
		{"cron(0 3 1 13 ? *)", 0, "month must be"},
		{"cron(0 3 1 ? ? *)", 0, "month must be"},
		{"cron(0 3 ? * 8 *)", 0, "day of week"},
		{"cron(0 3 ? * SUN#6 *)", 0, "day of week"},

		{"cron(0 22 * * ? *)", 3 * time.Hour, "into the next day"},
		{"cron(0 2/10 * * ? *)", 3 * time.Hour, "into the next day"}, // 2:00, 12:00 and 22:00
		{"cron(0 /4 * * ? *)", 5 * time.Hour, "reaches into the next one"},
		{"rate(10 days)", 90 * time.Minute, "whole hours"},
		{"rate(10 days)", 25 * time.Hour, "whole hours"},
		{"rate(10 days)", -time.Hour, "whole hours"},
	} {
		err := awssecret.CheckSchedule(c.expression, c.window)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s, %s: %v; want %q", c.expression, c.window, err, c.want)
		}
	}
}
