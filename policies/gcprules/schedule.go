package gcprules

import (
	"math/bits"
	"strconv"
	"strings"
	"time"
)

// The names that unix-cron has for months and days of the week, by number:
// https://cloud.google.com/scheduler/docs/configuring/cron-job-schedules.
var (
	months   = []string{1: "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}
	weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}
)

// horizon is how many days schedules are followed. From there on they repeat, but for the 29th of February.
const horizon = 2 * 366

// longestGap is how many days a schedule in unix-cron lets pass at most from one time to the next, and 1 where it has
// several on each day. Of what it leaves out for a year or more, it only says that it is about as much.
func longestGap(schedule string) (gap int, ok bool) {
	fields := strings.Fields(strings.ToLower(schedule))
	if len(fields) != 5 {
		return 0, false
	}
	minute, hour := set(fields[0], 0, 59, nil), set(fields[1], 0, 23, nil)
	date, month, weekday := set(fields[2], 1, 31, nil), set(fields[3], 1, 12, months), set(fields[4], 0, 7, weekdays)
	if minute == 0 || hour == 0 || date == 0 || month == 0 || weekday == 0 {
		return 0, false
	}
	if bits.OnesCount64(date) == 31 && bits.OnesCount64(month) == 12 && strings.HasPrefix(fields[4], "*") {
		return 1, true // most schedules: no need to count
	}
	weekday |= weekday >> 7 // 7 is Sunday, as is 0
	since := 0
	begin := time.Date(2027, time.January, 1, 0, 0, 0, 0, time.UTC)
	for n := range horizon {
		since++
		t := begin.AddDate(0, 0, n)
		onDate, onWeekday := date>>t.Day()&1 == 1, weekday>>int(t.Weekday())&1 == 1
		on := onDate && onWeekday
		if !strings.HasPrefix(fields[2], "*") && !strings.HasPrefix(fields[4], "*") {
			on = onDate || onWeekday // https://man7.org/linux/man-pages/man5/crontab.5.html
		}
		if on && month>>int(t.Month())&1 == 1 {
			gap, since = max(gap, since), 0
		}
	}
	return max(gap, since), true
}

// set reads a field of cron as bits: *, numbers or names, ranges, and steps of them, with commas between. Zero: it is
// none.
func set(field string, low, high int, names []string) (all uint64) {
	for item := range strings.SplitSeq(field, ",") {
		span, stepText, stepped := strings.Cut(item, "/")
		from, to := low, high
		if span != "*" {
			first, last, isRange := strings.Cut(span, "-")
			from, to = value(first, names), value(first, names)
			if isRange {
				to = value(last, names)
			}
		}
		step := 1
		if stepped {
			step, _ = strconv.Atoi(stepText)
		}
		if from < low || to > high || from > to || step < 1 {
			return 0
		}
		for n := from; n <= to; n += step {
			all |= 1 << n
		}
	}
	return all
}

func value(text string, names []string) int {
	for n, name := range names {
		if name != "" && name == text {
			return n
		}
	}
	if n, err := strconv.Atoi(text); err == nil {
		return n
	}
	return -1
}
