package awssecret

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

var (
	rate     = regexp.MustCompile(`^rate\(([1-9][0-9]{0,8}) (hours?|days?)\)$`)
	cron     = regexp.MustCompile(`^cron\(([^()]*)\)$`)
	hours    = regexp.MustCompile(`^([0-9]{0,2})(?:/([0-9]{1,2}))?$`)
	cronItem = regexp.MustCompile(`^(?:\*|([0-9]{1,2})(?:-([0-9]{1,2}))?)(?:/[1-9][0-9]?)?$`)
	nthDay   = regexp.MustCompile(`^[1-7]#[1-5]$`)
)

// CheckSchedule gives the rule that a rotation's schedule breaks, or nil: rate(10 days), or six fields in
// cron(0 3 ? * SUN *), in UTC. The window is how long after the scheduled hour the rotation may begin: whole hours;
// zero: one hour where the schedule counts hours, until the end of the day (UTC) otherwise. The rules are those of
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_schedule.html.
func CheckSchedule(expression string, window time.Duration) error {
	if window < 0 || window > day || window%time.Hour != 0 {
		return errors.New("the window must be whole hours, from 1h to 24h")
	}
	if m := rate.FindStringSubmatch(expression); m != nil {
		n, _ := strconv.Atoi(m[1]) // nine digits at most
		unit := day
		if strings.HasPrefix(m[2], "hour") {
			unit = time.Hour
		}
		switch every := time.Duration(n) * unit; {
		case n > int(Limits.MaxEvery/unit) || every < Limits.MinEvery:
			return fmt.Errorf("a rate must be from 4 hours to 999 days, not %s %s", m[1], m[2])
		case window > every:
			return fmt.Errorf("the window of %dh reaches into the next one: the rate is %s %s", window/time.Hour, m[1], m[2])
		}
		return nil
	}
	m := cron.FindStringSubmatch(expression)
	if m == nil {
		return errors.New("must be rate(N hours), rate(N days) or cron(0 HOUR DAY-OF-MONTH MONTH DAY-OF-WEEK *)")
	}
	return checkCron(strings.Fields(m[1]), window)
}

func checkCron(fields []string, window time.Duration) error {
	switch {
	case len(fields) != 6:
		return fmt.Errorf("cron has six fields (minutes, hours, day of month, month, day of week, year), not %d", len(fields))
	case fields[0] != "0":
		return errors.New("the minutes must be 0: rotation windows begin on the hour")
	case fields[5] != "*":
		return errors.New("the year must be *")
	case (fields[2] == "?") == (fields[4] == "?"):
		return errors.New("one of day of month and day of week must be ?, and the other one not")
	}
	if err := checkHours(fields[1], window); err != nil {
		return err
	}
	if !validField(fields[2], 31, "") && fields[2] != "?" && fields[2] != "L" {
		return errors.New("the day of month must be 1-31, with , - * / or L")
	}
	if !validField(fields[3], 12, "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC") {
		return errors.New("the month must be 1-12 or JAN-DEC, with , - * or /")
	}
	if !validField(fields[4], 7, weekdays) && fields[4] != "?" && fields[4] != "L" && !nthDay.MatchString(numbers(fields[4], weekdays)) {
		return errors.New("the day of week must be 1-7 or SUN-SAT, with , - * / L or #")
	}
	return nil
}

// checkHours takes one hour, or steps from one on.
func checkHours(text string, window time.Duration) error {
	m := hours.FindStringSubmatch(text)
	if m == nil || m[0] == "" {
		return errors.New("the hours must be one from 0 to 23, or steps of at least 4 such as 2/10")
	}
	first, _ := strconv.Atoi(m[1]) // none: 0
	last := first
	if m[2] != "" {
		step, _ := strconv.Atoi(m[2])
		if step < 4 || step > 23 {
			return errors.New("a secret can be rotated each 4 hours at most, so steps of hours are from 4 to 23")
		}
		if window > time.Duration(step)*time.Hour {
			return fmt.Errorf("the window of %dh reaches into the next one, %d hours later", window/time.Hour, step)
		}
		last += (23 - first) / step * step
	}
	switch {
	case first > 23:
		return errors.New("the hours must be from 0 to 23")
	case last+int(window/time.Hour) > 24:
		return fmt.Errorf("the window of %dh from %d:00 on reaches into the next day (UTC)", window/time.Hour, last)
	}
	return nil
}

const weekdays = "SUN MON TUE WED THU FRI SAT"

// validField tells whether each item of a list is *, a number from 1 on or a range of them, with or without a step.
func validField(text string, most int, names string) bool {
	for item := range strings.SplitSeq(numbers(text, names), ",") {
		m := cronItem.FindStringSubmatch(item)
		if m == nil {
			return false
		}
		for _, digits := range m[1:] {
			if n, err := strconv.Atoi(digits); err == nil && (n < 1 || n > most) {
				return false
			}
		}
	}
	return true
}

// numbers writes names of months or days as numbers.
func numbers(text, names string) string {
	for i, name := range strings.Fields(names) {
		text = strings.ReplaceAll(text, name, strconv.Itoa(i+1))
	}
	return text
}
