package gcprules

import "testing"

func TestLongestGap(t *testing.T) {
	for schedule, want := range map[string]int{
		"27 * * * *":          1,
		"0 3 * * *":           1,
		"*/5 0-23/2 * * *":    1,
		"0 3 * * 1":           7,
		"0 3 * * MON":         7,
		"0 3 * * 7":           7,
		"0 3 * * 1-5":         3, // Friday to Monday
		"0 3 * * 1,3":         5,
		"0 3 1 * *":           31,
		"0 3 31 * *":          61, // from the last of March to that of May
		"0 3 1 */3 *":         92,
		"0 3 1 jan,jul *":     184,
		"0 3 1 1 *":           366,
		"0 3 1 * 1":           7,  // the first of the month, or Monday
		"0 3 */2 * 1":         21, // Mondays with an odd date
		"0 3 30 2 *":          horizon,
		"0 3 1-7,15-21 * *":   11,
		"0,30 3 * 1-6,8-12 *": 32,
	} {
		if got, ok := longestGap(schedule); !ok || got != want {
			t.Errorf("%s: %d, %t; want %d", schedule, got, ok, want)
		}
	}
	for _, schedule := range []string{
		"", "every 24 hours", "0 3 * *", "0 3 * * * *", "60 * * * *", "0 24 * * *", "0 3 0 * *", "0 3 1 13 *", "0 3 1 foo *",
		"0 3 5-1 * *", "0 3 */0 * *", "0 3 * * 8", "0 3 1- * *", "a b c d e", "0 3 ? * *",
	} {
		if got, ok := longestGap(schedule); ok {
			t.Errorf("%q is none, but gives %d", schedule, got)
		}
	}
}
