package secrets

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

var (
	rate  = regexp.MustCompile(`^rate\(([1-9][0-9]{0,5}) (hours?|days?)\)$`)
	cron  = regexp.MustCompile(`^cron\(([^()]*)\)$`)
	item  = regexp.MustCompile(`^(?:\*|([0-9]{1,2})(?:-([0-9]{1,2}))?)?(?:/([1-9][0-9]?))?$`)
	nth   = regexp.MustCompile(`^([1-7])#([1-5])$`)
	lastW = regexp.MustCompile(`^([1-7])L$`)
)

const (
	months   = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC"
	weekdays = "SUN MON TUE WED THU FRI SAT"
)

// longestGap is how many days at most are between two rotations by a schedule of Secrets Manager, rounded up:
// rate(10 days), or six fields in cron(0 3 ? * SUN *), as in
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_schedule.html. The error says why it is none.
func longestGap(expression string) (days int, err error) {
	if m := rate.FindStringSubmatch(expression); m != nil {
		n, _ := strconv.Atoi(m[1]) // six digits at most
		if strings.HasPrefix(m[2], "hour") {
			return (n + 23) / 24, nil
		}
		return n, nil
	}
	m := cron.FindStringSubmatch(expression)
	if m == nil {
		return 0, errors.New("it is neither rate(N hours), rate(N days) nor cron(six fields)")
	}
	fields := strings.Fields(strings.ToUpper(m[1]))
	if len(fields) != 6 {
		return 0, fmt.Errorf("cron has six fields (minutes, hours, day of month, month, day of week, year), not %d", len(fields))
	}
	if fields[5] != "*" {
		return 0, errors.New("the year must be *")
	}
	_, badMinutes := numbers(fields[0], 0, 59)
	_, badHours := numbers(fields[1], 0, 23)
	ofMonth, badDay := daysOf(fields[2], 31, func(d date) int { return d.day })
	inMonths, badMonth := numbers(named(fields[3], months), 1, 12)
	ofWeek, badWeekday := daysOf(named(fields[4], weekdays), 7, func(d date) int { return d.weekday })
	if err := errors.Join(badMinutes, badHours, badDay, badMonth, badWeekday); err != nil {
		return 0, errors.New(strings.ReplaceAll(err.Error(), "\n", ", "))
	}
	return walk(func(month time.Month) bool { return inMonths[month] }, func(d date) bool { return ofMonth(d) && ofWeek(d) }), nil
}

// date is a day as cron sees it.
type date struct{ day, weekday, last int } // weekday: from 1, a Sunday; last: of the month

// walk gives the longest gap in the 28 years after which the calendar repeats itself; what never comes has a gap of 28 years.
func walk(inMonth func(time.Month) bool, on func(date) bool) (longest int) {
	dayOf := func(month time.Month) int {
		return int(time.Date(2000, month, 1, 0, 0, 0, 0, time.UTC).Unix() / (24 * 60 * 60))
	}
	var days []int
	for month := time.January; month <= 28*12; month++ {
		first, next := dayOf(month), dayOf(month+1)
		for day := first; day < next && inMonth((month-1)%12+1); day++ {
			if on(date{day - first + 1, (day+4)%7 + 1, next - first}) { // 1970 began on a Thursday
				days = append(days, day)
			}
		}
	}
	all := dayOf(28*12+1) - dayOf(1)
	if len(days) == 0 {
		return all
	}
	for i, day := range append(days[1:], days[0]+all) {
		longest = max(longest, day-days[i])
	}
	return longest
}

// daysOf reads a list of days: numbers, L for the last one, FRIL for the last Friday of the month and FRI#2 for its second one.
func daysOf(text string, most int, number func(date) int) (func(date) bool, error) {
	if text == "?" {
		return func(date) bool { return true }, nil
	}
	var any []func(date) bool
	for part := range strings.SplitSeq(text, ",") {
		if m := nth.FindStringSubmatch(part); m != nil && most == 7 {
			weekday, week := int(m[1][0]-'0'), int(m[2][0]-'0')
			any = append(any, func(d date) bool { return d.weekday == weekday && (d.day+6)/7 == week })
			continue
		}
		if m := lastW.FindStringSubmatch(named(part, weekdays)); m != nil { // documented for both fields
			weekday := int(m[1][0] - '0')
			any = append(any, func(d date) bool { return d.weekday == weekday && d.day > d.last-7 })
			continue
		}
		if part == "L" && most == 31 {
			any = append(any, func(d date) bool { return d.day == d.last })
			continue
		}
		if part == "L" {
			part = strconv.Itoa(most)
		}
		set, err := numbers(part, 1, most)
		if err != nil {
			return nil, err
		}
		any = append(any, func(d date) bool { return set[number(d)] })
	}
	return func(d date) bool { return slices.ContainsFunc(any, func(is func(date) bool) bool { return is(d) }) }, nil
}

// numbers reads a list of numbers, ranges and steps.
func numbers(text string, least, most int) (set [60]bool, err error) {
	for part := range strings.SplitSeq(text, ",") {
		m := item.FindStringSubmatch(part)
		if part == "" || m == nil {
			return set, fmt.Errorf("%q is no part of a schedule", part)
		}
		from, to, step := least, most, 1
		if m[1] != "" {
			from, _ = strconv.Atoi(m[1])
			if to = from; m[3] != "" {
				to = most
			}
		}
		if m[2] != "" {
			to, _ = strconv.Atoi(m[2])
		}
		if m[3] != "" {
			step, _ = strconv.Atoi(m[3])
		}
		if from < least || to > most || from > to {
			return set, fmt.Errorf("%q must be from %d to %d", part, least, most)
		}
		for n := from; n <= to; n += step {
			set[n] = true
		}
	}
	return set, nil
}

// named writes the names of months or weekdays as numbers.
func named(text, names string) string {
	for i, name := range strings.Fields(names) {
		text = strings.ReplaceAll(text, name, strconv.Itoa(i+1))
	}
	return text
}
